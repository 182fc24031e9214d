//! `procession check`: is this a valid application?

use crate::application;
use crate::failure::Failure;
use clap::Args;
use std::path::PathBuf;

/// What `check` is told.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The application's directory
    #[arg(default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Unknown kinds, keys and modules are warnings
    #[arg(long)]
    pub(crate) lenient: bool,
}

/// Runs the command; gives its output. Exit code 9 when the application is not valid.
pub(crate) fn run(arguments: &CheckArguments) -> Result<String, Failure> {
    let (checked, _) = application::read(&arguments.directory, arguments.lenient)?;
    Ok(format!("{}: {}\n", arguments.directory.display(), application::summary(&checked)))
}
