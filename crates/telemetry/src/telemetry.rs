//! The telemetry of a node, as everybody but the writer sees it.

use crate::config::{Config, OpenError};
use crate::entry;
use crate::event::{Event, EventKind};
use crate::export::Exported;
use crate::follow::Follower;
use crate::journal::Counts;
use crate::open::{Opened, open};
use crate::query::Query;
use crate::queue::with_length;
use crate::record::{Kind, Source};
use crate::search::{self, Page};
use crate::shared::Shared;
use crate::shelf::Shelf;
use crate::sources::bytes_of;
use crate::writer::Writer;
use procession_environment::LogRecord;
use procession_types::{HostIds, Pid, SmolStr, Timestamp};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// One of the two sequences of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What processes print and log.
    Logs,
    /// What happens to processes, services and pools.
    Events,
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
    pub fn open(config: Config, hosts: impl Into<HostIds>) -> Result<(Self, Writer), OpenError> {
        let Opened { shared, logs, events, torn, streams } = open(config, hosts.into())?;
        let telemetry = Self { shared: Arc::clone(&shared) };
        torn.iter().for_each(|event| telemetry.publish(event));
        Ok((telemetry, Writer::new(shared, logs, events, streams)))
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

    /// Records of the node's own do not show these from now on, as those that it was given first.
    pub fn hide(&self, secrets: Vec<String>) {
        self.shared.secrets.add(secrets);
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

    /// The number of a stream's newest record, or the one before the first of this run.
    #[must_use]
    pub fn last(&self, stream: Stream) -> u64 {
        self.shelf(stream).lock().last
    }

    /// The node's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.shared.clock)()
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
        let published = self.shared.lock_published();
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

    /// The same, also when it is closed, but not longer than the time: what reads a pipe may have stopped.
    /// Whether everything is written.
    #[must_use]
    pub fn flush_within(&self, most: Duration) -> bool {
        self.shared.queue.flush_within(most)
    }

    /// Ends the writer, once it has written everything.
    pub fn close(&self) {
        self.shared.queue.close();
    }

    pub(crate) fn lock_exported(&self) -> MutexGuard<'_, Option<Exported>> {
        self.shared.exported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self, stream: Stream) -> &Arc<Shelf> {
        match stream {
            Stream::Logs => &self.shared.logs,
            Stream::Events => &self.shared.events,
        }
    }
}
