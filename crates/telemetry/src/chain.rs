//! Sinks in order: records go to the first that works. One that fails is left alone for a while,
//! tried again, and used again when it works. It is said once when it fails and once when it is back.

use crate::chunk::Chunk;
use crate::shelf::Shelf;
use procession_types::Timestamp;
use std::io;
use std::sync::Arc;

/// Wait before a failed sink is tried again: at first, and at most; it doubles from try to try.
const RETRY_FIRST_NS: u64 = 1_000_000_000;
const RETRY_MAX_NS: u64 = 60_000_000_000;

/// Where records go.
pub(crate) trait Sink: Send {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// The number of the last record it has, when it wants to catch up with what it has missed.
    fn written(&self) -> Option<u64> {
        None
    }

    /// Writes chunks, oldest first.
    ///
    /// # Errors
    /// When some of it could not be written.
    fn put(&mut self, chunks: &[Arc<Chunk>], now: Timestamp) -> io::Result<()>;
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A sink failed, and another one is used.
    Failed { sink: &'static str, error: String, next: &'static str },
    /// It works again.
    Recovered { sink: &'static str, after_ns: u64 },
}

/// A sink that has failed.
#[derive(Debug, Clone, Copy)]
struct Down {
    since: Timestamp,
    retry_at: Timestamp,
    wait_ns: u64,
}

struct Link {
    sink: Box<dyn Sink>,
    down: Option<Down>,
    failures: u64,
}

/// What is known of a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkState {
    /// What it is called: `file` or `stderr`.
    pub name: &'static str,
    /// Attempts that failed.
    pub failures: u64,
    /// Whether it is not used at the moment.
    pub is_down: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Chain {
    links: Vec<Link>,
}

impl Chain {
    pub(crate) fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        let links = sinks.into_iter().map(|sink| Link { sink, down: None, failures: 0 });
        Self { links: links.collect() }
    }

    /// Hands the records after this number to the first sink that takes them. They are on the shelf
    /// in any case: the memory is the last resort.
    pub(crate) fn put(&mut self, shelf: &Shelf, after: u64, now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        for at in 0..self.links.len() {
            let next = self.links.get(at + 1).map_or("memory", |link| link.sink.name());
            let link = &mut self.links[at];
            if link.down.is_some_and(|down| now < down.retry_at) {
                continue;
            }
            let chunks = shelf.lock().chunks.after(link.sink.written().unwrap_or(after));
            if chunks.is_empty() {
                // Nothing to try it with.
                if link.down.is_some() {
                    continue;
                }
                break;
            }
            match link.put(&chunks, next, now) {
                Ok(notice) => {
                    notices.extend(notice);
                    break;
                }
                Err(notice) => notices.extend(notice),
            }
        }
        notices
    }

    /// When the next sink that has something to catch up with should be tried again.
    pub(crate) fn next_retry(&self) -> Option<Timestamp> {
        let waiting = self.links.iter().filter(|link| link.sink.written().is_some());
        waiting.filter_map(|link| Some(link.down?.retry_at)).min()
    }

    pub(crate) fn states(&self, out: &mut Vec<SinkState>) {
        out.clear();
        out.extend(self.links.iter().map(|link| SinkState {
            name: link.sink.name(),
            failures: link.failures,
            is_down: link.down.is_some(),
        }));
    }
}

impl Link {
    fn put(
        &mut self,
        chunks: &[Arc<Chunk>],
        next: &'static str,
        now: Timestamp,
    ) -> Result<Option<Notice>, Option<Notice>> {
        let sink = self.sink.name();
        let Err(error) = self.sink.put(chunks, now) else {
            let after = |down: Down| u64::try_from(now.0.saturating_sub(down.since.0)).unwrap_or(0);
            return Ok(self
                .down
                .take()
                .map(|down| Notice::Recovered { sink, after_ns: after(down) }));
        };
        self.failures += 1;
        let (since, wait_ns, notice) = match self.down {
            Some(down) => (down.since, (down.wait_ns * 2).min(RETRY_MAX_NS), None),
            None => {
                let failed = Notice::Failed { sink, error: error.to_string(), next };
                (now, RETRY_FIRST_NS, Some(failed))
            }
        };
        self.down = Some(Down { since, wait_ns, retry_at: now.after(wait_ns) });
        Err(notice)
    }
}
