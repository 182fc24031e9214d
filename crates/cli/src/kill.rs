//! `procession kill`: end processes at once.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::select::Which;
use clap::Args;

/// What `kill` is told.
#[derive(Debug, Args)]
pub(crate) struct KillArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &KillArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    arguments.which.each(&client, |process| {
        client.terminate(process).map_err(|error| failed(&format!("kill {process}"), &error))
    })?;
    Ok(String::new())
}
