//! `procession restart`: let services, supervisors and pools go down and come up again.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::time;
use clap::Args;
use std::time::Duration;

/// What `restart` is told.
#[derive(Debug, Args)]
pub(crate) struct RestartArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Ids of services, supervisors or pools, or the parts of them behind the colon
    #[arg(value_name = "SERVICE", required = true)]
    pub(crate) services: Vec<String>,
    /// How long to wait until it is done, 5m at most; what was asked goes on after that
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &RestartArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    for service in &arguments.services {
        let _progress = Progress::begin(format!("waiting for {service}"));
        let controlled = client.control(service, "restart", arguments.timeout);
        controlled.map_err(|error| failed(&format!("restart {service}"), &error))?;
    }
    Ok(String::new())
}
