//! The writer's side of a stream: it numbers records, puts them on the shelf, and hands them to the
//! sinks.

use crate::chain::{Chain, Notice, SinkState};
use crate::chunk::{CHUNK_BYTES, Chunk};
use crate::frame;
use crate::shelf::Shelf;
use crate::sources::{Key, key};
use procession_types::{Pid, Timestamp};
use std::sync::Arc;

/// What a stream has taken and lost since the node was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records taken.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Records that were dropped because the writer could not keep up.
    pub dropped: u64,
    /// Bytes in memory, with those of each process.
    pub memory_bytes: usize,
    /// Bytes in files.
    pub file_bytes: u64,
    /// Files.
    pub files: usize,
    /// See [`SinkState`], in the order in which they are used.
    pub sinks: Vec<SinkState>,
}

impl Counts {
    /// Takes over what the writer counts.
    pub(crate) fn copy(&mut self, of: &Self) {
        (self.records, self.bytes, self.dropped) = (of.records, of.bytes, of.dropped);
        self.sinks.clone_from(&of.sinks);
    }
}

/// See the module.
pub(crate) struct Journal {
    pub(crate) shelf: Arc<Shelf>,
    chain: Chain,
    next: u64,
    frames: Vec<u8>,
    /// The number of the first of `frames`.
    first: u64,
    /// Where those of processes are in them.
    of: Vec<(Key, usize, usize)>,
    /// Whether each process's newest records are kept, too.
    by_process: bool,
    pub(crate) counts: Counts,
}

impl Journal {
    pub(crate) fn new(shelf: Arc<Shelf>, chain: Chain, by_process: bool) -> Self {
        let next = shelf.run;
        let (frames, of) = (Vec::new(), Vec::new());
        let mut journal = Self {
            shelf,
            chain,
            next,
            frames,
            first: next,
            of,
            by_process,
            counts: Counts::default(),
        };
        journal.chain.states(&mut journal.counts.sinks);
        journal
    }

    /// Takes an entry; `description` is what `sources` knows of its process.
    pub(crate) fn add(&mut self, pid: Option<Pid>, description: &[u8], entry: &[u8]) {
        let start = self.frames.len();
        frame::put(&mut self.frames, self.next, description, entry);
        self.next += 1;
        if self.by_process
            && let Some(pid) = pid
        {
            self.of.push((key(pid), start, self.frames.len()));
        }
        self.counts.records += 1;
        self.counts.bytes += (self.frames.len() - start) as u64;
        if self.frames.len() >= CHUNK_BYTES {
            self.shelve();
        }
    }

    /// Puts what was taken where readers and sinks find it.
    fn shelve(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        let mut frames = Vec::with_capacity(self.frames.len());
        frames.append(&mut self.frames);
        let chunk = Chunk { first: self.first, last: self.next - 1, frames };
        self.first = self.next;
        self.shelf.push(Arc::new(chunk), &self.of);
        self.of.clear();
    }

    /// Hands everything taken since the last time to the sinks, and tries those again that have
    /// failed; what is to be said about sinks comes back.
    pub(crate) fn commit(&mut self, now: Timestamp, written: u64) -> Vec<Notice> {
        self.shelve();
        let notices = self.chain.put(&self.shelf, written, now);
        if self.next - 1 > written {
            self.shelf.ring();
        }
        self.chain.states(&mut self.counts.sinks);
        notices
    }

    /// The number of the newest record.
    pub(crate) fn last(&self) -> u64 {
        self.next - 1
    }

    pub(crate) fn next_retry(&self) -> Option<Timestamp> {
        self.chain.next_retry()
    }
}
