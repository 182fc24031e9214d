//! `procession ps`: the processes of a node.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{self, Column, age, bytes, column, count, list, wide};
use clap::Args;
use procession_api::ProcessView;
use std::io::Write as _;

/// Processes that are shown when nobody says how many.
const SHOWN: u32 = 1000;

/// What `ps` is told.
#[derive(Debug, Args)]
pub(crate) struct PsArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Those that match: program, host, state, name, parent, service, or labels of that; as in program=app:worker,state!=paused
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = SHOWN, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// The columns of a list of processes.
pub(crate) const COLUMNS: &[Column<ProcessView>] = &[
    column("ID", |it| it.id.clone()),
    column("NAME", |it| it.names.join(",")),
    column("PROGRAM", |it| it.program.clone()),
    column("STATE", |it| it.state.clone()),
    column("AGE", |it| age(&it.started)),
    column("MAILBOX", |it| it.mailbox_messages.to_string()),
    column("MEMORY", |it| bytes(it.memory_bytes)),
    column("INSTRUCTIONS", |it| count(it.instructions)),
    wide("HOST", |it| it.host.clone()),
    wide("SINCE", |it| age(&it.since)),
    wide("PID", |it| it.pid.clone()),
    wide("PARENT", |it| it.parent.clone().unwrap_or_default()),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &PsArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let limit = arguments.limit as usize;
    let (processes, has_more) = client
        .processes(arguments.selector.as_deref(), limit)
        .map_err(|error| failed("list processes", &error))?;
    if has_more {
        let note = format!("procession: there are more than {limit}; --limit COUNT shows more");
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(std::io::stderr(), "{note}");
    }
    Ok(list(format, &processes, COLUMNS, name))
}

/// What a process is called by scripts: its first name, or its id.
pub(crate) fn name(process: &ProcessView) -> String {
    output::printable(process.names.first().unwrap_or(&process.id))
}
