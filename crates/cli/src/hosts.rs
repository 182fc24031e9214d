//! `procession hosts`: where processes run, and what durable ones take there.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{self, Column, bytes, column, list, wide};
use clap::Args;
use procession_api::HostView;

/// Hosts that are shown.
const SHOWN: usize = 10_000;

/// What `hosts` is told.
#[derive(Debug, Args)]
pub(crate) struct HostsArguments {
    #[command(flatten)]
    pub(crate) common: Common,
}

const COLUMNS: &[Column<HostView>] = &[
    column("HOST", |it| it.id.clone()),
    column("PRIORITY", |it| it.priority.clone()),
    column("PROCESSES", |it| it.processes.to_string()),
    column("RESIDENT", |it| it.durable.resident.to_string()),
    column("SLEEPING", |it| it.durable.sleeping.to_string()),
    column("MEMORY", |it| bytes(it.durable.resident_bytes)),
    column("BUDGET", |it| it.durable.resident_bytes_max.map_or_else(String::new, bytes)),
    wide("MAX", |it| it.processes_max.to_string()),
    wide("EVICTIONS", |it| it.durable.evictions.to_string()),
    wide("WAKES", |it| it.durable.wakes.to_string()),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &HostsArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let (hosts, _) = client.hosts(SHOWN).map_err(|error| failed("list hosts", &error))?;
    Ok(list(format, &hosts, COLUMNS, |host| output::printable(&host.id)))
}
