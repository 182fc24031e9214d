//! The telemetry of a node, as everybody but the writer sees it.

use crate::chain::{Chain, Sink};
use crate::chunk::Chunks;
use crate::config::{Budget, Config, OpenError, SECRET_BYTES_MIN};
use crate::entry;
use crate::event::Event;
use crate::files::{self, Files, Found};
use crate::journal::{Counts, Journal};
use crate::line::Lines;
use crate::metrics::SERIES_MAX;
use crate::process_rings::ProcessRings;
use crate::query::Query;
use crate::queue::{Queue, with_length};
use crate::record::{Kind, Source};
use crate::search::{self, Page};
use crate::shelf::Shelf;
use crate::sources::{NOBODY, bytes_of};
use crate::writer::Writer;
use crate::{EventKind, Follower};
use procession_environment::LogRecord;
use procession_types::{Pid, SmolStr, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One of the two sequences of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What processes print and log.
    Logs,
    /// What happens to processes, services and pools.
    Events,
}

pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) keeps: bool,
    pub(crate) node: Option<SmolStr>,
    pub(crate) clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Writes to the streams that failed.
    pub(crate) stream_failures: AtomicU64,
    hosts: Vec<SmolStr>,
    secrets: Vec<String>,
    logs: Arc<Shelf>,
    events: Arc<Shelf>,
    /// Of logs and events, as of the writer's last batch.
    counts: Mutex<[Counts; 2]>,
    /// Events published, by kind and service.
    published: Mutex<Published>,
    /// Held as long as the directory is used.
    _lock: Option<File>,
}

/// A handle; clones are of the same telemetry.
#[derive(Clone)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").field("keeps", &self.shared.keeps).finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Makes the telemetry of a node with these process hosts. [`Writer::run`] must be given a
    /// thread.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(config: Config, hosts: Vec<SmolStr>) -> Result<(Self, Writer), OpenError> {
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
        let mut secrets = config.secrets;
        secrets.retain(|secret| secret.len() >= SECRET_BYTES_MIN);
        // A secret may be the start of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let shared = Arc::new(Shared {
            queue: Queue::new(),
            keeps: records.keeps,
            node: config.node,
            clock: config.clock,
            stream_failures: AtomicU64::new(0),
            hosts,
            secrets,
            logs: Arc::clone(&logs.shelf),
            events: Arc::clone(&events.shelf),
            counts: Mutex::new([logs.counts.clone(), events.counts.clone()]),
            published: Mutex::default(),
            _lock: lock,
        });
        let telemetry = Self { shared: Arc::clone(&shared) };
        [torn_log, torn_event].into_iter().flatten().for_each(|event| telemetry.publish(&event));
        Ok((telemetry, Writer::new(shared, logs, events, config.streams)))
    }

    /// Whether records are kept; if not, there is no use in publishing.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.shared.keeps
    }

    /// Adds a line that a process has printed; true when the process should be held until the
    /// writer calls `on_room`.
    pub fn print(&self, time: Timestamp, source: &Source<'_>, line: &[u8]) -> bool {
        self.shared.queue.print(time, source, line)
    }

    /// Likewise, of a line that is not kept.
    pub fn print_only(&self, line: &[u8]) -> bool {
        self.shared.queue.print_only(line)
    }

    /// Adds what a process has logged; likewise.
    pub fn log(&self, time: Timestamp, source: &Source<'_>, record: &LogRecord) -> bool {
        let kind = Kind::Log(record.level);
        self.shared.queue.log((kind, time), source, &record.fields, &record.message)
    }

    /// Whether those that print should be held.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.shared.queue.is_full()
    }

    /// Adds an event that happens now. It never waits: when the writer is far behind, the event is
    /// dropped, counted, and a gap stands in its place.
    pub fn publish(&self, event: &Event) {
        self.shared.count(event);
        if self.shared.keeps {
            let mut entries = Vec::with_capacity(256);
            let now = (self.shared.clock)();
            with_length(&mut entries, |out| self.shared.put(out, event, now));
            self.shared.queue.events(&entries, 1);
        }
    }

    /// Appends an event to a buffer of the caller's, for [`Telemetry::publish_all`].
    pub fn note(
        &self,
        buffer: &mut Vec<u8>,
        (kind, time): (EventKind, Timestamp),
        source: &Source<'_>,
        fields: &[(&str, &str)],
        message: &str,
    ) {
        let what = (Kind::Event(kind), time);
        with_length(buffer, |out| {
            if self.shared.secrets.is_empty() {
                return entry::put(out, what, source, fields, message);
            }
            let clean = |&(name, value)| (name, self.shared.without_secrets(value));
            let fields: Vec<_> = fields.iter().map(clean).collect();
            entry::put(out, what, source, &fields, &self.shared.without_secrets(message));
        });
    }

    /// Adds all events of such a buffer, `count` of them, and empties it.
    pub fn publish_all(&self, buffer: &mut Vec<u8>, count: u64) {
        self.shared.queue.events(buffer, count);
        buffer.clear();
    }

    /// From now on the records of a process bear the id of its service or pool, and its labels. It
    /// is forgotten when the process has ended.
    pub fn describe(&self, pid: Pid, service: &str, labels: &[(SmolStr, SmolStr)]) {
        if self.shared.keeps {
            let mut entries = Vec::new();
            let description = bytes_of(service, labels);
            with_length(&mut entries, |out| entry::put_description(out, pid, &description));
            self.shared.queue.events(&entries, 0);
        }
    }

    /// What was printed and logged. It may read files: not for a thread that must not wait.
    #[must_use]
    pub fn logs(&self, query: &Query) -> Page {
        self.query(Stream::Logs, query)
    }

    /// What has happened; likewise.
    #[must_use]
    pub fn events(&self, query: &Query) -> Page {
        self.query(Stream::Events, query)
    }

    /// Either; likewise.
    #[must_use]
    pub fn query(&self, stream: Stream, query: &Query) -> Page {
        search::page(self.shelf(stream), query, self.shared.node.as_ref())
    }

    /// Follows a stream: first what the query asks for of the past (from `after` on, or the last
    /// `tail`; with neither nothing), then what comes. `news` is called on the writer's thread when
    /// there may be something; it must not wait. Someone who waits can use [`Follower::wait`]
    /// instead.
    #[must_use]
    pub fn follow(
        &self,
        stream: Stream,
        query: Query,
        news: Option<Box<dyn Fn() + Send + Sync>>,
    ) -> Follower {
        Follower::new(self.clone(), stream, query, self.shelf(stream), news)
    }

    /// What a stream has taken and lost.
    #[must_use]
    pub fn counts(&self, stream: Stream) -> Counts {
        let mut counts = self.shared.lock_counts()[stream as usize].clone();
        let state = self.shelf(stream).lock();
        counts.memory_bytes = state.chunks.bytes() + state.processes.bytes();
        counts.file_bytes = state.files.iter().map(|file| file.bytes).sum();
        counts.files = state.files.len();
        counts
    }

    /// How many events have been published one by one, by kind and service; those of a service that
    /// comes too late to have a number of its own are under `other`.
    #[must_use]
    pub fn published(&self) -> Vec<((EventKind, SmolStr), u64)> {
        let published = self.shared.published.lock().unwrap_or_else(PoisonError::into_inner);
        published.iter().map(|(key, count)| (key.clone(), *count)).collect()
    }

    /// Writes to the print and log streams that failed, as to a closed pipe.
    #[must_use]
    pub fn stream_failures(&self) -> u64 {
        self.shared.stream_failures.load(Ordering::Relaxed)
    }

    /// Waits until everything added before is written.
    pub fn flush(&self) {
        self.shared.queue.flush();
    }

    /// Ends the writer, once it has written everything.
    pub fn close(&self) {
        self.shared.queue.close();
    }

    fn shelf(&self, stream: Stream) -> &Arc<Shelf> {
        match stream {
            Stream::Logs => &self.shared.logs,
            Stream::Events => &self.shared.events,
        }
    }
}

/// See [`Telemetry::published`].
type Published = BTreeMap<(EventKind, SmolStr), u64>;

impl Shared {
    fn count(&self, event: &Event) {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (event.kind, event.service.clone().unwrap_or_default());
        if published.len() >= SERIES_MAX && !published.contains_key(&key) {
            key.1 = SmolStr::new_static("other");
        }
        *published.entry(key).or_insert(0) += 1;
    }

    /// Appends an event, without secrets.
    fn put(&self, out: &mut Vec<u8>, event: &Event, time: Timestamp) {
        let host = event.pid.and_then(|pid| self.hosts.get(usize::from(pid.host)));
        let host = host.map_or("", |host| host.as_str());
        let service = event.service.as_deref().unwrap_or_default();
        let source = Source { pid: event.pid, host, program: &event.program, service };
        let message = self.without_secrets(&event.message);
        let fields = event.fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), self.without_secrets(value)));
        let fields: Vec<_> = fields.collect();
        entry::put(out, (Kind::Event(event.kind), time), &source, &fields, &message);
    }

    /// Puts an event of the writer's own into its journal.
    pub(crate) fn keep(&self, events: &mut Journal, event: &Event, now: Timestamp) {
        if self.keeps {
            let mut bytes = Vec::new();
            self.put(&mut bytes, event, now);
            events.add(None, NOBODY, &bytes);
        }
    }

    fn without_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), "[secret]"));
            }
        }
        text
    }

    pub(crate) fn lock_counts(&self) -> MutexGuard<'_, [Counts; 2]> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
