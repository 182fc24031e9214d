//! What those outside of all processes want to know about one.

use crate::worker::Worker;
use procession_kernel::SlotIndex;
use procession_types::Pid;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is looked at on the shard of a process, and told to whoever asked; `None` when the process
/// is dead.
pub(crate) type Look = Box<dyn FnOnce(Option<(&mut Worker, SlotIndex, Pid)>) + Send>;

/// Those outside of all processes who wait for an answer.
#[derive(Default)]
pub(crate) struct Questions {
    waiting: Mutex<HashMap<u64, Look>>,
    last: AtomicU64,
}

impl Questions {
    /// A number for a question, and where the answer comes out: what `look` finds.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Worker, SlotIndex, Pid) -> Option<T> + Send + 'static,
    ) -> (u64, Receiver<Option<T>>) {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = channel();
        let look = move |found: Option<(&mut Worker, SlotIndex, Pid)>| {
            let answer = found.and_then(|(worker, slot, pid)| look(worker, slot, pid));
            // Whoever asked may have given up.
            let _ = sender.send(answer);
        };
        self.lock().insert(number, Box::new(look));
        (number, receiver)
    }

    /// The question with this number, if anybody still waits for its answer.
    pub(crate) fn take(&self, number: u64) -> Option<Look> {
        self.lock().remove(&number)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Look>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
