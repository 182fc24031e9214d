//! What threads hand to the writer. They append to a buffer and never wait.
//!
//! When the buffer is over its mark, the process that printed gets no turns until the writer has
//! caught up: nothing of a process is dropped, and nobody else waits. An event has no process that
//! could be held: over a second mark it is dropped and counted, and the next record says so.

use crate::entry;
use crate::record::{Kind, Source};
use procession_types::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes in the buffer above which printing processes are held.
const HIGH_BYTES: usize = 1 << 20;
/// Bytes in the buffer above which events are dropped.
const EVENTS_BYTES_MAX: usize = 16 << 20;

#[derive(Debug, Default)]
struct State {
    /// Each with its length before it.
    entries: Vec<u8>,
    /// Lines that are not kept, when nothing is.
    print: Vec<u8>,
    dropped: u64,
    /// The writer is asleep.
    asleep: bool,
    /// The writer has written everything it took.
    idle: bool,
    closed: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.print.is_empty()
    }

    fn is_written(&self) -> bool {
        self.idle && self.is_empty()
    }
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) entries: Vec<u8>,
    /// Lines that are only printed.
    pub(crate) print: Vec<u8>,
    /// Events that were dropped before it.
    pub(crate) dropped: u64,
}

impl Batch {
    /// The entries one after another.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.entries[..];
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first_chunk::<4>()?;
            let (entry, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = tail;
            Some(entry)
        })
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    done: Condvar,
    full: AtomicBool,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State { idle: true, ..State::default() }),
            work: Condvar::new(),
            done: Condvar::new(),
            full: AtomicBool::new(false),
        }
    }

    /// Adds a line that is only printed; true when the caller should be held.
    pub(crate) fn print_only(&self, line: &[u8]) -> bool {
        let mut state = self.lock();
        state.print.extend_from_slice(line);
        state.print.push(b'\n');
        self.added(state)
    }

    /// Adds a printed line that is kept; true when the caller should be held.
    pub(crate) fn print(&self, time: Timestamp, source: &Source<'_>, line: &[u8]) -> bool {
        let mut state = self.lock();
        with_length(&mut state.entries, |out| entry::put_print(out, time, source, line));
        self.added(state)
    }

    /// Adds anything else that a process is held for; true when it should be.
    pub(crate) fn log<N: AsRef<str>, V: AsRef<str>>(
        &self,
        (kind, time): (Kind, Timestamp),
        source: &Source<'_>,
        fields: &[(N, V)],
        message: &str,
    ) -> bool {
        let mut state = self.lock();
        let what = (kind, time);
        with_length(&mut state.entries, |out| entry::put(out, what, source, fields, message));
        self.added(state)
    }

    /// Adds entries, `count` of them, each with its length before it; they are dropped and counted
    /// when there is no room.
    pub(crate) fn events(&self, entries: &[u8], count: u64) {
        let mut state = self.lock();
        if state.entries.len() > EVENTS_BYTES_MAX {
            state.dropped += count;
            return;
        }
        state.entries.extend_from_slice(entries);
        self.added(state);
    }

    /// Whether those that print should be held.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Waits until everything added is written.
    pub(crate) fn flush(&self) {
        let state = self.lock();
        let is_behind = |state: &mut State| !state.closed && !state.is_written();
        drop(self.done.wait_while(state, is_behind).unwrap_or_else(PoisonError::into_inner));
    }

    /// Likewise, also when it is closed, but not longer than the time; whether it is written.
    pub(crate) fn flush_within(&self, most: Duration) -> bool {
        let is_behind = |state: &mut State| !state.is_written();
        let waited = self.done.wait_timeout_while(self.lock(), most, is_behind);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Ends the writer, once it has written everything.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_one();
    }

    /// Takes everything in exchange for an empty batch; waits for something, but not longer than the
    /// time. `None` when it is closed and empty.
    pub(crate) fn take(&self, batch: &mut Batch, most: Option<Duration>) -> Option<()> {
        batch.entries.clear();
        batch.entries.shrink_to(HIGH_BYTES);
        batch.print.clear();
        batch.print.shrink_to(HIGH_BYTES);
        let mut state = self.lock();
        state.idle = state.is_empty();
        if state.idle {
            self.done.notify_all();
        }
        let is_idle = |state: &mut State| state.is_empty() && !state.closed;
        if is_idle(&mut state) {
            state.asleep = true;
            state = match most {
                None => self.work.wait_while(state, is_idle),
                Some(most) => {
                    let waited = self.work.wait_timeout_while(state, most, is_idle);
                    waited
                        .map(|(state, _)| state)
                        .map_err(|error| PoisonError::new(error.into_inner().0))
                }
            }
            .unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
        }
        if state.closed && state.is_empty() {
            state.idle = true;
            self.done.notify_all();
            return None;
        }
        state.idle = false;
        std::mem::swap(&mut state.entries, &mut batch.entries);
        std::mem::swap(&mut state.print, &mut batch.print);
        batch.dropped = std::mem::take(&mut state.dropped);
        Some(())
    }

    /// There is room again: true when those that were held must be told.
    pub(crate) fn reopen(&self) -> bool {
        self.full.swap(false, Ordering::Relaxed)
    }

    fn added(&self, mut state: MutexGuard<'_, State>) -> bool {
        let full = state.entries.len() + state.print.len() > HIGH_BYTES;
        if full {
            self.full.store(true, Ordering::Relaxed);
        }
        if std::mem::take(&mut state.asleep) {
            drop(state);
            self.work.notify_one();
        }
        full
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends what `put` appends, with its length before it.
pub(crate) fn with_length(out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    put(out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_longer_than_the_time_for_a_writer_that_is_stuck() {
        let queue = Queue::new();
        assert!(queue.flush_within(Duration::ZERO));
        queue.print_only(b"one");
        assert!(!queue.flush_within(Duration::from_millis(1)));
        let mut batch = Batch::default();
        assert!(queue.take(&mut batch, None).is_some());
        // It is being written, and that takes its time.
        queue.close();
        assert!(!queue.flush_within(Duration::from_millis(1)));
        assert!(queue.take(&mut batch, None).is_none());
        assert!(queue.flush_within(Duration::ZERO));
    }
}
