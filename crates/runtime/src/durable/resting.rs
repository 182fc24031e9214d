//! How many messages wait for processes that are not brought back: nobody takes them, so there is a limit.

use super::keeper::locked;
use procession_types::Pid;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Messages that are written down for one process that stays at rest or stands still, in one start of the
/// node. Those of durable processes come on top: they were accepted before.
pub(crate) const RESTING_MESSAGES_MAX: usize = 10_000;

/// See the module. `has_some` is written under the lock and read without it: whoever sends takes no lock
/// as long as nobody is at rest.
#[derive(Default)]
pub(crate) struct Resting {
    waiting: Mutex<HashMap<Pid, usize>>,
    has_some: AtomicBool,
}

impl Resting {
    /// How many more messages are written down for a process.
    pub(crate) fn room(&self, pid: Pid) -> usize {
        if !self.has_some.load(Ordering::Acquire) {
            return RESTING_MESSAGES_MAX;
        }
        let waiting = locked(&self.waiting).get(&pid).copied().unwrap_or_default();
        RESTING_MESSAGES_MAX.saturating_sub(waiting)
    }

    /// So many more wait.
    pub(crate) fn add(&self, pid: Pid, count: usize) {
        if count > 0 {
            let mut waiting = locked(&self.waiting);
            *waiting.entry(pid).or_default() += count;
            self.has_some.store(true, Ordering::Release);
        }
    }

    /// It is back, or will never be.
    pub(crate) fn forget(&self, pid: Pid) {
        if self.has_some.load(Ordering::Acquire) {
            let mut waiting = locked(&self.waiting);
            waiting.remove(&pid);
            self.has_some.store(!waiting.is_empty(), Ordering::Release);
        }
    }
}
