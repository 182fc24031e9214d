//! The writer: the one thread that turns entries into lines of the streams and into records.

use crate::chain::Notice;
use crate::config::Streams;
use crate::entry::{self, Entry};
use crate::event::{Event, EventKind};
use crate::journal::Journal;
use crate::line;
use crate::queue::Batch;
use crate::record::{Kind, Source};
use crate::shared::Shared;
use crate::sources::{NOBODY, Sources};
use procession_environment::Level;
use procession_types::{Timestamp, token};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Room that a buffer keeps between two batches.
const BUFFER_BYTES_KEPT: usize = 1 << 20;
/// What stands for a program in records of the node's own.
const NODE: Source<'_> = Source { pid: None, host: "", program: "procession", service: "" };
const NO_FIELDS: &[(&str, &str)] = &[];

/// A stream, what is to be written to it, and whether it has failed before.
struct Out {
    name: &'static str,
    out: Box<dyn Write + Send>,
    bytes: Vec<u8>,
    has_failed: bool,
}

impl Out {
    fn new(name: &'static str, out: Box<dyn Write + Send>) -> Self {
        Self { name, out, bytes: Vec::new(), has_failed: false }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.bytes).and_then(|()| self.out.flush());
        self.bytes.clear();
        self.bytes.shrink_to(BUFFER_BYTES_KEPT);
        written
    }
}

/// See the module. [`Writer::run`] is the body of its thread.
pub struct Writer {
    shared: Arc<Shared>,
    sources: Sources,
    logs: Journal,
    events: Journal,
    print: Out,
    log: Out,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        logs: Journal,
        events: Journal,
        streams: Streams,
    ) -> Self {
        let (print, log) = (Out::new("print", streams.print), Out::new("log", streams.log));
        Self { shared, sources: Sources::default(), logs, events, print, log }
    }

    /// Writes until the telemetry is closed. `on_room` is called when those that were held because
    /// they print too fast may go on.
    pub fn run(mut self, on_room: impl Fn()) {
        let mut batch = Batch::default();
        while self.shared.queue.take(&mut batch, self.patience()).is_some() {
            if self.shared.queue.reopen() {
                on_room();
            }
            // Whoever has printed a token did not mean to.
            token::mask(&mut batch.entries);
            token::mask(&mut batch.print);
            if !batch.print.is_empty() {
                std::mem::swap(&mut self.print.bytes, &mut batch.print);
            }
            self.step(&batch, (self.shared.clock)());
        }
    }

    /// How long nothing needs to be tried again.
    fn patience(&self) -> Option<Duration> {
        let next = [self.logs.next_retry(), self.events.next_retry()];
        let at = next.into_iter().flatten().min()?;
        let rest = at.0.saturating_sub((self.shared.clock)().0);
        Some(Duration::from_nanos(u64::try_from(rest).unwrap_or_default()))
    }

    /// Writes what threads have handed over.
    pub(crate) fn step(&mut self, batch: &Batch, now: Timestamp) {
        let before = (self.logs.last(), self.events.last());
        for entry in batch.entries() {
            self.take(entry);
        }
        if batch.dropped > 0 {
            self.miss(batch.dropped, now);
        }
        for out in [&mut self.log, &mut self.print] {
            let Err(error) = out.write() else { continue };
            self.shared.stream_failures.fetch_add(1, Ordering::Relaxed);
            if !std::mem::replace(&mut out.has_failed, true) {
                let (stream, error) = (out.name, error.to_string());
                let message =
                    format!("what processes {stream} can't be written to its stream: {error}");
                let event = Event::new(EventKind::SinkFailed, message).with("stream", stream);
                self.shared.keep(&mut self.events, &event, now);
            }
        }
        if self.shared.keeps {
            self.commit(before, now);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let pid = entry::pid(bytes);
        match entry::kind(bytes) {
            Some(Kind::Print) => {
                self.print.bytes.extend_from_slice(entry::message(bytes).unwrap_or_default());
                self.print.bytes.push(b'\n');
            }
            Some(Kind::Event(kind)) => {
                self.events.add(pid, self.sources.of(pid), bytes);
                if let (EventKind::ProcessExited, Some(pid)) = (kind, pid) {
                    self.sources.forget(pid);
                }
                return;
            }
            Some(Kind::Log(_) | Kind::Gap) => {
                if let Some(entry) = Entry::read(bytes) {
                    line::put(&mut self.log.bytes, &entry, self.shared.node.as_deref());
                }
            }
            None => {
                if let Some((pid, description)) = entry::description(bytes) {
                    self.sources.describe(pid, description);
                }
                return;
            }
        }
        if self.shared.keeps {
            self.logs.add(pid, self.sources.of(pid), bytes);
        }
    }

    /// Says that events were dropped.
    fn miss(&mut self, count: u64, now: Timestamp) {
        self.events.counts.dropped += count;
        let message = format!("{count} events were dropped here: the writer could not keep up");
        let (mut bytes, lost) = (Vec::new(), count.to_string());
        entry::put(&mut bytes, (Kind::Gap, now), &NODE, &[("lost", &lost)], &message);
        self.events.add(None, NOBODY, &bytes);
    }

    /// Hands the records to the sinks, and keeps what is to be said about those.
    fn commit(&mut self, (mut logs, mut events): (u64, u64), now: Timestamp) {
        // What is said about a sink is a record, too. A sink that has failed is not tried again at
        // the same time, so this ends.
        loop {
            let of_logs = self.logs.commit(now, logs);
            let of_events = self.events.commit(now, events);
            (logs, events) = (self.logs.last(), self.events.last());
            if of_logs.is_empty() && of_events.is_empty() {
                break;
            }
            for notice in &of_logs {
                let event = said("logs", notice);
                let mut bytes = Vec::new();
                let level =
                    if event.kind == EventKind::SinkFailed { Level::Warn } else { Level::Info };
                entry::put(&mut bytes, (Kind::Log(level), now), &NODE, NO_FIELDS, &event.message);
                self.logs.add(None, NOBODY, &bytes);
            }
            let said = |(stream, notices): (&'static str, &[Notice])| {
                notices.iter().map(|notice| said(stream, notice)).collect::<Vec<_>>()
            };
            for event in [("logs", &of_logs[..]), ("events", &of_events)].into_iter().flat_map(said)
            {
                self.shared.keep(&mut self.events, &event, now);
            }
        }
        let mut counts = self.shared.lock_counts();
        counts[0].copy(&self.logs.counts);
        counts[1].copy(&self.events.counts);
    }
}

/// A notice as an event.
fn said(stream: &str, notice: &Notice) -> Event {
    match notice {
        Notice::Failed { sink, error, next } => {
            let message = format!(
                "the {sink} sink of {stream} failed: {error}; using {next} until it works again"
            );
            let event = Event::new(EventKind::SinkFailed, message);
            event.with("stream", stream).with("sink", sink).with("next", next)
        }
        Notice::Recovered { sink, after_ns } => {
            let seconds = *after_ns as f64 / 1e9;
            let message = format!("the {sink} sink of {stream} works again after {seconds:.1} s");
            let event = Event::new(EventKind::SinkRecovered, message);
            event.with("stream", stream).with("sink", sink)
        }
    }
}
