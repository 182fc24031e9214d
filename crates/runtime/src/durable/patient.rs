//! A store that waits while the disk is full: nothing that was handed over is refused for that, the node
//! only stands still with what is durable, and goes on when there is room.

use procession_store::{Commit, Store, StoreError, forward_store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often it is looked whether there is room again.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// See the module.
pub(crate) struct Patient {
    inner: Arc<dyn Store>,
    gauge: Arc<Gauge>,
}

/// Whether a node's store takes what it is given.
#[derive(Default)]
pub(crate) struct Gauge {
    /// It does not: the disk is full, or the store has failed.
    pub(crate) is_stalled: AtomicBool,
    /// Groups of commits that were written, or refused: what is in the store of one that is counted,
    /// everybody finds there. Who is told of a commit is told before the next group is counted.
    pub(crate) groups: AtomicU64,
    /// The node ends: nobody waits any more.
    pub(crate) is_closing: AtomicBool,
}

impl Patient {
    pub(crate) fn new(inner: Arc<dyn Store>, gauge: Arc<Gauge>) -> Self {
        Self { inner, gauge }
    }

    /// Waits until there is room, or the node ends.
    fn wait_for_room(&self) {
        while !self.gauge.is_closing.load(Ordering::Relaxed) {
            let has_room = match self.inner.has_room() {
                Ok(has_room) => has_room,
                // It has failed: what is asked of it is told so.
                Err(_) => {
                    self.gauge.is_stalled.store(true, Ordering::Relaxed);
                    return;
                }
            };
            self.gauge.is_stalled.store(!has_room, Ordering::Relaxed);
            if has_room {
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

impl Store for Patient {
    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        if !commits.iter().all(Commit::only_removes) {
            self.wait_for_room();
        }
        let results = self.inner.apply(commits);
        self.gauge.groups.fetch_add(1, Ordering::SeqCst);
        let has_failed = |result: &Result<(), StoreError>| {
            matches!(result, Err(StoreError::Failed { .. } | StoreError::Full { .. }))
        };
        if results.iter().any(has_failed) {
            self.gauge.is_stalled.store(true, Ordering::Relaxed);
        }
        results
    }

    forward_store!(inner: get inspect log_ends trimmed_logs compact settle size has_room);
}
