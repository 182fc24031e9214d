//! `procession logs`: what processes print and log.

use crate::failure::Failure;
use crate::records::{self, RecordArguments};
use clap::{Args, ValueEnum};

/// What `logs` is told.
#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    #[command(flatten)]
    pub(crate) records: RecordArguments,
    /// Of at least this level; what is printed counts as info
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub(crate) level: Option<Level>,
}

/// How much a record weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &LogsArguments) -> Result<String, Failure> {
    let level = arguments.level.map(|level| match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    });
    records::run("logs", &arguments.records, |query| query.level = level.map(str::to_owned))
}
