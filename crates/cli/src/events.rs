//! `procession events`: what happens to processes, services and pools.

use crate::failure::Failure;
use crate::records::{self, RecordArguments};
use clap::Args;

/// What `events` is told.
#[derive(Debug, Args)]
pub(crate) struct EventsArguments {
    #[command(flatten)]
    pub(crate) records: RecordArguments,
    /// Only of this kind, as in process.exited; may be given several times
    #[arg(long = "kind", value_name = "KIND")]
    pub(crate) kinds: Vec<String>,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &EventsArguments) -> Result<String, Failure> {
    let kinds = Some(arguments.kinds.join(",")).filter(|kinds| !kinds.is_empty());
    records::run("events", &arguments.records, |query| query.kinds = kinds)
}
