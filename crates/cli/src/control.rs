//! What `start` and `restart` have in common: services that are told something, and waited for.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::select::WhichServices;
use crate::time;
use clap::Args;
use std::time::Duration;

/// What they are told.
#[derive(Debug, Args)]
pub(crate) struct ControlArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: WhichServices,
    /// How long to wait until it is done, 5m at most; what was asked goes on after that
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Tells the services `start` or `restart`; there is no output.
pub(crate) fn run(arguments: &ControlArguments, verb: &str) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    arguments.which.each(&client, |service| {
        let _progress = Progress::begin(format!("waiting for {service}"));
        let controlled = client.control(service, verb, arguments.timeout);
        controlled.map(drop).map_err(|error| failed(&format!("{verb} {service}"), &error))
    })?;
    Ok(String::new())
}
