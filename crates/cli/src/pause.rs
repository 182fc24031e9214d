//! `procession pause`: let processes stand still until they are resumed.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::select::Which;
use clap::Args;

/// What `pause` is told.
#[derive(Debug, Args)]
pub(crate) struct PauseArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &PauseArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    arguments.which.each(&client, |process| {
        client.pause(process).map_err(|error| failed(&format!("pause {process}"), &error))
    })?;
    Ok(String::new())
}
