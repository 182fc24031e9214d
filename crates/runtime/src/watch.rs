//! Waiting for the end of a process from outside of the node.

use crate::fold::FoldHash;
use procession_types::{ExitReason, Pid};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The end of a process, to come.
#[derive(Debug)]
pub struct Ending(Receiver<Arc<ExitReason>>);

impl Ending {
    /// Waits for it; `None` when the node has been stopped before.
    #[must_use]
    pub fn wait(&self) -> Option<Arc<ExitReason>> {
        self.0.recv().ok()
    }

    /// Waits for it, but not longer than this.
    ///
    /// # Errors
    /// When the time is over, or the node has been stopped.
    pub fn wait_for(&self, most: Duration) -> Result<Arc<ExitReason>, RecvTimeoutError> {
        self.0.recv_timeout(most)
    }
}

type Waiting = HashMap<Pid, Vec<Sender<Arc<ExitReason>>>, FoldHash>;

/// Who waits for whom.
#[derive(Default)]
pub(crate) struct Watches {
    map: Mutex<Waiting>,
    count: AtomicUsize,
}

impl Watches {
    /// Waits for the end of a process that `is_alive`; `None` when it is dead.
    pub(crate) fn add(&self, pid: Pid, is_alive: impl FnOnce() -> bool) -> Option<Ending> {
        let mut map = self.lock();
        // Under the lock: a process that lives now is announced later.
        self.count.fetch_add(1, Ordering::SeqCst);
        if !is_alive() {
            self.count.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        let (sender, receiver) = channel();
        map.entry(pid).or_default().push(sender);
        Some(Ending(receiver))
    }

    /// Announces an end.
    #[inline]
    pub(crate) fn ended(&self, pid: Pid, reason: &Arc<ExitReason>) {
        if self.count.load(Ordering::SeqCst) > 0 {
            self.tell(pid, reason);
        }
    }

    fn tell(&self, pid: Pid, reason: &Arc<ExitReason>) {
        let senders = self.lock().remove(&pid).unwrap_or_default();
        self.count.fetch_sub(senders.len(), Ordering::SeqCst);
        for sender in senders {
            // Nobody waits any more; that is fine.
            let _ = sender.send(Arc::clone(reason));
        }
    }

    /// Nothing will be announced any more.
    pub(crate) fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
