//! `procession snapshot`: snapshots of durable processes, and processes in files.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{Column, bytes, column, list, one, wide};
use crate::progress::Progress;
use crate::time;
use clap::{Args, Subcommand};
use procession_api::{ForkView, ImportQuery, RestoreView, SnapshotView};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
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
    /// Let a process go on from a snapshot of its own
    Restore(RestoreArguments),
    /// Write a process to a file
    Export(ExportArguments),
    /// Make a process of what a file holds
    Import(ImportArguments),
}

/// What commands are told that run a past again.
#[derive(Debug, Args)]
pub(crate) struct Replayed {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
    /// How long the replay to its last state may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// What `snapshot create` is told.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    pub(crate) of: Replayed,
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

/// What `snapshot restore` is told.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    #[command(flatten)]
    pub(crate) of: Replayed,
    /// What the snapshot is known by: see procession snapshot list
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshot: u64,
}

/// What `snapshot export` is told.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) of: Replayed,
    /// The file; standard output without it
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// As it was when it had taken so many inputs [default: all]
    #[arg(long, value_name = "SLOT")]
    pub(crate) at: Option<u64>,
}

/// What `snapshot import` is told.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The file; standard input without it
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A name for the process, which nobody may hold
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Id of the process host [default: app:processes]
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
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
        SnapshotCommand::Create(arguments) => create(&arguments.of),
        SnapshotCommand::List(arguments) => all(arguments),
        SnapshotCommand::Restore(arguments) => restore(arguments),
        SnapshotCommand::Export(arguments) => export(arguments),
        SnapshotCommand::Import(arguments) => import(arguments),
    }
}

fn create(arguments: &Replayed) -> Result<String, Failure> {
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

fn restore(arguments: &RestoreArguments) -> Result<String, Failure> {
    let Replayed { common, process, timeout } = &arguments.of;
    let (client, format) = common.client()?;
    let progress = Progress::begin(format!("taking {process} back"));
    let restored = client.restore(process, arguments.snapshot, *timeout);
    drop(progress);
    let restored = restored.map_err(|error| failed(&format!("restore {process}"), &error))?;
    let text =
        |it: &RestoreView| format!("slot {}: the state of slot {} again\n", it.slot, it.from_slot);
    Ok(one(format, &restored, text, |it| it.slot.to_string()))
}

fn export(arguments: &ExportArguments) -> Result<String, Failure> {
    let Replayed { common, process, timeout } = &arguments.of;
    let (client, _) = common.client()?;
    let progress = Progress::begin(format!("running the past of {process} again"));
    let file = client.export(process, arguments.at, *timeout);
    drop(progress);
    let file = file.map_err(|error| failed(&format!("export {process}"), &error))?;
    let written = match &arguments.file {
        Some(path) => {
            std::fs::write(path, &file).map_err(|error| (path.display().to_string(), error))
        }
        None => {
            std::io::stdout().write_all(&file).map_err(|error| ("the output".to_owned(), error))
        }
    };
    written.map_err(|(what, error)| {
        Failure::new(ExitStatus::Failure, format!("failed to write {what}: {error}"))
    })?;
    Ok(String::new())
}

fn import(arguments: &ImportArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let mut file = Vec::new();
    let (what, read) = match &arguments.file {
        Some(path) => {
            let read = std::fs::read(path).map(|bytes| file = bytes);
            (path.display().to_string(), read)
        }
        None => ("the input".to_owned(), std::io::stdin().read_to_end(&mut file).map(drop)),
    };
    read.map_err(|error| {
        Failure::new(ExitStatus::Failure, format!("failed to read {what}: {error}"))
    })?;
    let query = ImportQuery { host: arguments.host.clone(), name: arguments.name.clone() };
    let progress = Progress::begin(format!("importing {what}"));
    let imported = client.import(file, &query);
    drop(progress);
    let imported = imported.map_err(|error| failed(&format!("import {what}"), &error))?;
    let text = |it: &ForkView| format!("{}  (slot {} of {})\n", it.pid, it.slot, it.of);
    Ok(one(format, &imported, text, |it| it.pid.clone()))
}

/// As much of a hash as people compare.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect()
}
