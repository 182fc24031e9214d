//! `procession store`: what durable processes have left on the disk, looked at while no node has it.

use crate::connect::FormArguments;
use crate::failure::{ExitStatus, Failure};
use crate::output::{Column, Format, bytes, column, list, printable};
use clap::{Args, Subcommand};
use procession_store::{
    Counts, DiskConfig, DiskStore, Missing, Space, Store as _, StoreError, TravelError, Travelled,
    check, export, import,
};
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};

/// What `store` is told.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// What can be done with a store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Read everything and name what is damaged; exit code 1 when something is
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Give back the room of what was removed
    Compact {
        #[command(flatten)]
        place: Place,
    },
    /// Write everything to a file
    Export {
        #[command(flatten)]
        place: Place,
        /// The file; standard output without it
        file: Option<PathBuf>,
    },
    /// Make a store of an export, which is verified before anything is to be seen
    Import {
        #[command(flatten)]
        place: Place,
        /// The file; standard input without it
        file: Option<PathBuf>,
    },
    /// Count what there is
    Stats {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        form: FormArguments,
    },
}

/// Where a store is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The store's directory
    #[arg(long = "store", value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &StoreArguments) -> Result<String, Failure> {
    match &arguments.command {
        StoreCommand::Check { place } => check_all(&place.directory),
        StoreCommand::Compact { place } => compact(&place.directory),
        StoreCommand::Export { place, file } => export_to(&place.directory, file.as_deref()),
        StoreCommand::Import { place, file } => import_from(&place.directory, file.as_deref()),
        StoreCommand::Stats { place, form } => stats(&place.directory, form.format()?),
    }
}

fn check_all(directory: &Path) -> Result<String, Failure> {
    let store = open("check", directory)?;
    let mut out = io::stdout().lock();
    // Told at once: a big store takes its time.
    let told = check(&store, &mut |damage| {
        let _ = writeln!(out, "damaged: {}", printable(&damage.to_string()));
    });
    let counts = told.map_err(|error| failed("check", directory, &error))?;
    drop(out);
    let shown = directory.display();
    match counts.damaged() {
        0 => Ok(format!("{shown}: {}, all as it was written\n", summary(&counts))),
        damaged => Err(Failure::new(
            ExitStatus::Failure,
            format!("{shown}: {damaged} damaged; beside that {}", summary(&counts)),
        )
        .with_hint("bring back a copy of the directory, or import the last export")),
    }
}

fn summary(counts: &Counts) -> String {
    let records = counts.spaces[usize::from(Space::Log.number())].entries;
    let values = counts.spaces.iter().map(|space| space.entries).sum::<u64>() - records;
    format!("{} logs with {records} records, and {values} values", counts.logs)
}

fn compact(directory: &Path) -> Result<String, Failure> {
    let store = open("compact", directory)?;
    let failed = |error: StoreError| failed("compact", directory, &error);
    let before = store.size().map_err(failed)?.bytes;
    store.compact().map_err(failed)?;
    // What closing gives back counts, too.
    drop(store);
    let after = open("compact", directory)?.size().map_err(failed)?.bytes;
    Ok(format!("{}: {} before, {} now\n", directory.display(), bytes(before), bytes(after)))
}

fn export_to(directory: &Path, file: Option<&Path>) -> Result<String, Failure> {
    let store = open("export", directory)?;
    let Some(file) = file else {
        if io::stdout().is_terminal() {
            return Err(Failure::usage("an export is no text for a terminal")
                .with_hint("name a file, or pipe it on"));
        }
        let done = export(&store, BufWriter::new(io::stdout().lock()));
        done.map_err(|error| travel_failed("export", directory, &error))?;
        return Ok(String::new());
    };
    // Under its name only when it is whole.
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    let made = File::create(&part).map_err(|error| Failure::file("make", &part, &error))?;
    let done = export(&store, BufWriter::new(&made)).map_err(|error| {
        let _ = fs::remove_file(&part);
        travel_failed("export", directory, &error)
    })?;
    made.sync_all()
        .and_then(|()| fs::rename(&part, file))
        .map_err(|error| Failure::file("write", file, &error))?;
    Ok(format!("{}: {}\n", file.display(), travelled(done)))
}

fn import_from(directory: &Path, file: Option<&Path>) -> Result<String, Failure> {
    let from: Box<dyn Read> = match file {
        Some(file) => {
            Box::new(File::open(file).map_err(|error| Failure::file("open", file, &error))?)
        }
        None => Box::new(io::stdin().lock()),
    };
    let done = import(directory, BufReader::new(from))
        .map_err(|error| travel_failed("import", directory, &error))?;
    Ok(format!("{}: {}\n", directory.display(), travelled(done)))
}

fn travelled(done: Travelled) -> String {
    let Travelled { logs, records, values } = done;
    format!("{logs} logs with {records} records, and {values} values")
}

/// How much of a space there is.
#[derive(Debug, Serialize)]
struct Row {
    space: &'static str,
    entries: u64,
    bytes: u64,
}

const COLUMNS: &[Column<Row>] = &[
    column("SPACE", |it| it.space.to_owned()),
    column("ENTRIES", |it| it.entries.to_string()),
    column("SIZE", |it| bytes(it.bytes)),
];

fn stats(directory: &Path, format: Format) -> Result<String, Failure> {
    let store = open("count", directory)?;
    let failed = |error: StoreError| failed("count", directory, &error);
    let counts = check(&store, &mut |_| {}).map_err(failed)?;
    let rows: Vec<Row> = Space::ALL
        .into_iter()
        .zip(counts.spaces)
        .map(|(space, it)| Row { space: space.name(), entries: it.entries, bytes: it.bytes })
        .collect();
    let mut shown = list(format, &rows, COLUMNS, |it| it.space.to_owned());
    if matches!(format, Format::Table | Format::Wide) {
        let size = store.size().map_err(failed)?;
        shown.push_str(&format!(
            "{} logs, {} of them trimmed; {} on the disk, {} free there\n",
            counts.logs,
            counts.trimmed,
            bytes(size.bytes),
            bytes(size.free_bytes),
        ));
        if counts.damaged() > 0 {
            shown.push_str(&format!("{} damaged: see procession store check\n", counts.damaged()));
        }
    }
    Ok(shown)
}

/// Opens a store that is there, and tells of what was cut off.
fn open(doing: &str, directory: &Path) -> Result<DiskStore, Failure> {
    let config = DiskConfig { missing: Missing::Fail, ..DiskConfig::default() };
    let (store, torn) =
        DiskStore::open(directory, config).map_err(|error| failed(doing, directory, &error))?;
    for tail in torn {
        let where_now = match &tail.kept {
            Some(kept) => format!("they are in {} now", kept.display()),
            None => "there was no room to keep them".to_owned(),
        };
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(
            io::stderr(),
            "note: {} bytes at the end of {} were half written and have never been acknowledged; \
             {where_now}",
            tail.bytes,
            tail.journal.display(),
        );
    }
    Ok(store)
}

/// A failed operation on a store.
pub(crate) fn failed(doing: &str, directory: &Path, error: &StoreError) -> Failure {
    let status = match error {
        StoreError::Locked { .. } | StoreError::Conflict { .. } => ExitStatus::Conflict,
        StoreError::Full { .. } => ExitStatus::Limit,
        StoreError::Version { .. } => ExitStatus::InvalidProgram,
        StoreError::Io { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => ExitStatus::NotFound,
            io::ErrorKind::PermissionDenied => ExitStatus::PermissionDenied,
            _ => ExitStatus::Failure,
        },
        StoreError::Damaged { .. }
        | StoreError::Broken { .. }
        | StoreError::Failed { .. }
        | StoreError::Closed
        | StoreError::Invalid { .. } => ExitStatus::Failure,
    };
    let failure = Failure::new(
        status,
        format!("failed to {doing} the store {}: {error}", directory.display()),
    );
    match error {
        StoreError::Damaged { .. } => {
            failure.with_hint("procession store check names everything that is damaged")
        }
        _ => failure,
    }
}

fn travel_failed(doing: &str, directory: &Path, error: &TravelError) -> Failure {
    match error {
        TravelError::Store(error) => failed(doing, directory, error),
        TravelError::Occupied(_) => {
            Failure::new(ExitStatus::Conflict, format!("failed to {doing}: {error}"))
        }
        TravelError::Portable(_) | TravelError::Write(_) => Failure::new(
            ExitStatus::Failure,
            format!("failed to {doing} the store {}: {error}", directory.display()),
        ),
    }
}
