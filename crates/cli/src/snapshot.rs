//! `procession snapshot`: snapshots of durable processes.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Column, bytes, column, list, wide};
use crate::progress::Progress;
use crate::time;
use clap::{Args, Subcommand};
use procession_api::SnapshotView;
use std::time::Duration;

/// What `snapshot` is told.
#[derive(Debug, Args)]
pub(crate) struct SnapshotArguments {
    #[command(subcommand)]
    pub(crate) command: SnapshotCommand,
}

/// What can be done with snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Write a snapshot of a process as it is now
    Create(CreateArguments),
    /// List those that the store has of a process, the newest first
    List(ListArguments),
}

/// What `snapshot create` is told.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
    /// How long the replay to its last state may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// What `snapshot list` is told.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID (also of one that has ended), an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
}

const COLUMNS: &[Column<SnapshotView>] = &[
    column("SNAPSHOT", |it| it.snapshot.to_string()),
    column("SLOT", |it| it.slot.to_string()),
    column("AT", |it| it.at.clone()),
    column("PROGRAM", |it| it.program.clone()),
    column("STATE", |it| bytes(it.state_bytes)),
    column("HASH", |it| short(&it.hash)),
    wide("VERSION", |it| short(&it.program_hash)),
    wide("INSTRUCTIONS", |it| it.instructions.to_string()),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &SnapshotArguments) -> Result<String, Failure> {
    match &arguments.command {
        SnapshotCommand::Create(arguments) => create(arguments),
        SnapshotCommand::List(arguments) => all(arguments),
    }
}

fn create(arguments: &CreateArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let progress = Progress::begin(format!("running the past of {process} again"));
    let made = client.make_snapshot(process, arguments.timeout);
    drop(progress);
    let made = made.map_err(|error| failed(&format!("make a snapshot of {process}"), &error))?;
    Ok(list(format, &[made], COLUMNS, |it| it.snapshot.to_string()))
}

fn all(arguments: &ListArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let all = client.snapshots(process);
    let all = all.map_err(|error| failed(&format!("list the snapshots of {process}"), &error))?;
    Ok(list(format, &all, COLUMNS, |it| it.snapshot.to_string()))
}

/// As much of a hash as people compare.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect()
}
