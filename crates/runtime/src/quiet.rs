//! The moment at which a node that shuts down has no processes any more.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// See the module.
#[derive(Default)]
pub(crate) struct Quiet {
    lock: Mutex<()>,
    bell: Condvar,
}

impl Quiet {
    /// Says that it may have come. What made it so has happened before.
    pub(crate) fn ring(&self) {
        // Whoever waits has looked either after that, or before it took the lock to wait.
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_all();
    }

    /// Waits until it has come, or the time is over.
    pub(crate) fn wait(&self, end: Instant, has_come: impl Fn() -> bool) {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !has_come() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.bell.wait_timeout(guard, left);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
