//! What processes print and log, written by a thread of its own.
//!
//! Workers append to a buffer and never wait. When the buffer is over its mark, the process that
//! printed gets no turns until the writer has caught up: nothing is dropped, and nobody else waits.

use crate::config::Sinks;
use crate::inbox::Inbox;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes in the buffer above which printing processes are held.
const HIGH_BYTES: usize = 1 << 20;
/// Longest log line; the rest is cut off and the cut is marked.
const LOG_LINE_BYTES_MAX: usize = 16 << 10;

#[derive(Default)]
struct State {
    print: Vec<u8>,
    log: Vec<u8>,
    /// The writer is asleep.
    asleep: bool,
    /// The writer has written everything it took.
    idle: bool,
    closed: bool,
}

/// See the module.
pub(crate) struct Output {
    state: Mutex<State>,
    work: Condvar,
    done: Condvar,
    full: AtomicBool,
    failures: AtomicU64,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State { idle: true, ..State::default() }),
            work: Condvar::new(),
            done: Condvar::new(),
            full: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        }
    }

    /// Adds a line to what is printed; true when the caller should be held.
    pub(crate) fn print(&self, line: &[u8]) -> bool {
        let mut state = self.lock();
        state.print.extend_from_slice(line);
        state.print.push(b'\n');
        self.added(state)
    }

    /// Adds a line to the log; true when the caller should be held.
    pub(crate) fn log(&self, line: &str) -> bool {
        let mut state = self.lock();
        let mut end = line.len().min(LOG_LINE_BYTES_MAX);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        state.log.extend_from_slice(&line.as_bytes()[..end]);
        if end < line.len() {
            state.log.extend_from_slice(b" [cut]");
        }
        state.log.push(b'\n');
        self.added(state)
    }

    /// Whether those that print should be held.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Writes that failed, as to a closed pipe.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Waits until everything added before is written.
    pub(crate) fn flush(&self) {
        let mut state = self.lock();
        while !(state.closed || state.idle && state.print.is_empty() && state.log.is_empty()) {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the writer, once it has written everything.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_one();
    }

    /// The writer thread.
    pub(crate) fn write(&self, mut sinks: Sinks, inboxes: &[Arc<Inbox>]) {
        let (mut print, mut log) = (Vec::new(), Vec::new());
        loop {
            let mut state = self.lock();
            while state.print.is_empty() && state.log.is_empty() {
                state.idle = true;
                self.done.notify_all();
                if state.closed {
                    return;
                }
                state.asleep = true;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            (state.idle, state.asleep) = (false, false);
            std::mem::swap(&mut state.print, &mut print);
            std::mem::swap(&mut state.log, &mut log);
            drop(state);
            if self.full.swap(false, Ordering::Relaxed) {
                inboxes.iter().for_each(|inbox| inbox.poke());
            }
            self.put(&mut sinks.log, &mut log);
            self.put(&mut sinks.print, &mut print);
        }
    }

    fn put(&self, sink: &mut Box<dyn Write + Send>, bytes: &mut Vec<u8>) {
        if !bytes.is_empty() && sink.write_all(bytes).and_then(|()| sink.flush()).is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        bytes.clear();
        bytes.shrink_to(HIGH_BYTES);
    }

    fn added(&self, mut state: MutexGuard<'_, State>) -> bool {
        let full = state.print.len() + state.log.len() > HIGH_BYTES;
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
