//! `procession upgrade`: let another program go on in the place of a process's.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::{time, values};
use clap::Args;
use procession_api::UpgradeRequest;
use std::time::Duration;

/// What `upgrade` is told.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    pub(crate) process: String,
    /// Id of the program [default: its own, as it is defined now]
    pub(crate) program: Option<String>,
    /// After its turn, whatever it has in hand, and not as soon as it waits for a message
    #[arg(long)]
    pub(crate) now: bool,
    /// How long it may take until it waits for a message, 1m at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
    /// Each of ARGS is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Arguments of its main function
    #[arg(value_name = "ARGS", last = true)]
    pub(crate) arguments: Vec<String>,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &UpgradeArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    let request = UpgradeRequest {
        program: arguments.program.clone(),
        args: values::read(&arguments.arguments, arguments.json)?,
        now: arguments.now,
        timeout: Some(format!("{}ms", arguments.timeout.as_millis())),
    };
    let process = &arguments.process;
    let _progress = Progress::begin(format!("waiting until {process} is at rest"));
    client
        .upgrade(process, &request)
        .map_err(|error| failed(&format!("upgrade {process}"), &error))?;
    Ok(String::new())
}
