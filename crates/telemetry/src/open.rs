//! Opening the telemetry of a node: its directory, its streams, their sinks.

use crate::chain::{Chain, Sink};
use crate::chunk::Chunks;
use crate::config::{Budget, Config, OpenError, Streams};
use crate::event::{Event, EventKind};
use crate::files::{self, Files, Found};
use crate::journal::Journal;
use crate::line::Lines;
use crate::process_rings::ProcessRings;
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::shared::Shared;
use crate::shelf::Shelf;
use procession_types::{HostIds, SmolStr, Timestamp};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// What has been opened.
pub(crate) struct Opened {
    pub(crate) shared: Arc<Shared>,
    pub(crate) logs: Journal,
    pub(crate) events: Journal,
    /// What is to be said about files that a crash has torn.
    pub(crate) torn: Vec<Event>,
    pub(crate) streams: Streams,
}

/// Opens all of it.
pub(crate) fn open(config: Config, hosts: HostIds) -> Result<Opened, OpenError> {
    let now = (config.clock)();
    let records = config.records;
    let directory = records.directory.as_deref().filter(|_| records.keeps);
    let lock = directory.map(lock_directory).transpose()?;
    let fallback = config.fallback.filter(|_| directory.is_some());
    let fallback = fallback.map(|out| Arc::new(Mutex::new(out)));
    let node = &config.node;
    let open = |name: &str, budget, process_bytes, processes_bytes| {
        let directory = directory.map(|directory| directory.join(name));
        let rings = ProcessRings::new(process_bytes, processes_bytes);
        open_journal(directory.as_deref(), budget, rings, &fallback, node, now)
    };
    let (logs, torn_log) =
        open("logs", records.logs, records.process_bytes, records.processes_bytes)?;
    let (events, torn_event) = open("events", records.events, 0, 0)?;
    let torn = [torn_log, torn_event].into_iter().flatten().collect();
    let secrets = Secrets::new(config.secrets);
    let shared = Arc::new(Shared {
        queue: Queue::new(),
        keeps: records.keeps,
        node: config.node,
        clock: config.clock,
        stream_failures: AtomicU64::new(0),
        hosts,
        exported: Mutex::default(),
        secrets,
        logs: Arc::clone(&logs.shelf),
        events: Arc::clone(&events.shelf),
        counts: Mutex::new([logs.counts.clone(), events.counts.clone()]),
        published: Mutex::default(),
        lock,
    });
    Ok(Opened { shared, logs, events, torn, streams: config.streams })
}

/// The sink of last resort before memory, of both streams.
type Fallback = Arc<Mutex<Box<dyn Write + Send>>>;

struct SharedOut(Fallback);

impl Write for SharedOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Makes a stream's journal, and an event to publish when the end of its last file was torn.
fn open_journal(
    directory: Option<&Path>,
    budget: Budget,
    processes: ProcessRings,
    fallback: &Option<Fallback>,
    node: &Option<SmolStr>,
    now: Timestamp,
) -> Result<(Journal, Option<Event>), OpenError> {
    let found = match directory {
        None => Found::default(),
        Some(path) => files::find(path).map_err(|source| unusable(path, source))?,
    };
    // Above all numbers that any earlier run may have shown to anybody, also those of records that
    // a crash has lost: no node makes a million records in each second of its life.
    let micros = u64::try_from(now.0 / 1000).unwrap_or(0);
    let run = micros.max(found.last + 1);
    let by_process = processes.is_wanted();
    let torn = found.torn.map(|(path, bytes)| {
        let message = format!(
            "the last {bytes} bytes of {} are no whole record; they are ignored",
            path.display()
        );
        Event::new(EventKind::RecordsTorn, message).with("bytes", bytes)
    });
    let shelf = Arc::new(Shelf::new(run, Chunks::new(budget.memory_bytes), processes, found.files));
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if let Some(path) = directory {
        sinks.push(Box::new(Files::new(path.to_owned(), budget, node.clone(), Arc::clone(&shelf))));
    }
    if let Some(out) = fallback {
        sinks.push(Box::new(Lines::new(Box::new(SharedOut(Arc::clone(out))), node.clone())));
    }
    Ok((Journal::new(shelf, Chain::new(sinks), by_process), torn))
}

/// Keeps other nodes out of the directory, as long as the file is open.
fn lock_directory(directory: &Path) -> Result<File, OpenError> {
    let opened = std::fs::create_dir_all(directory).and_then(|()| {
        let mut options = File::options();
        options.create(true).truncate(false).write(true).open(directory.join("lock"))
    });
    let file = opened.map_err(|source| unusable(directory, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(directory.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(unusable(directory, source)),
    }
}

fn unusable(path: &Path, source: io::Error) -> OpenError {
    OpenError::Directory { path: path.to_owned(), source }
}
