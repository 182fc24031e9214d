//! `procession replay`: the past of a durable process run again, and compared.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{one, printable_lines};
use crate::progress::Progress;
use crate::time;
use clap::Args;
use procession_api::ReplayView;
use std::io::{Write as _, stdout};
use std::time::Duration;

/// What `replay` is told.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID (also of one that has ended), an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
    /// From the newest snapshot before this slot on [default: from what is kept]
    #[arg(long, value_name = "SLOT")]
    pub(crate) from: Option<u64>,
    /// Until this slot is next [default: to the end]
    #[arg(long, value_name = "SLOT")]
    pub(crate) to: Option<u64>,
    /// How long it may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Runs the command; fails when the past is not the same.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let progress = Progress::begin(format!("running the past of {process} again"));
    let replayed = client.replay(process, (arguments.from, arguments.to), arguments.timeout);
    drop(progress);
    let replayed = replayed.map_err(|error| failed(&format!("replay {process}"), &error))?;
    let shown = one(format, &replayed, text, |it| it.slot.to_string());
    let Some(difference) = &replayed.difference else { return Ok(shown) };
    // The output says what was found, in every form; the exit code that it is not the same.
    let _ = stdout().write_all(shown.as_bytes());
    let message = format!(
        "the past of {process} is not the same: record {}, after slot {}: {}",
        difference.record, difference.slot, difference.what
    );
    Err(Failure::new(ExitStatus::Failure, printable_lines(&message)))
}

fn text(replayed: &ReplayView) -> String {
    let ReplayView { first_record, records, slot, snapshots, difference, .. } = replayed;
    let outcome = if difference.is_none() { "the same" } else { "not the same" };
    format!(
        "{records} records from {first_record} on, to slot {slot}, {snapshots} snapshots met: {outcome}\n"
    )
}
