//! `procession resume`: let paused processes go on.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::select::Which;
use clap::Args;

/// What `resume` is told.
#[derive(Debug, Args)]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &ResumeArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    arguments.which.each(&client, |process| {
        client.resume(process).map_err(|error| failed(&format!("resume {process}"), &error))
    })?;
    Ok(String::new())
}
