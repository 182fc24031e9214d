//! Waiting for the end of a process from outside of the node.

use crate::fold::FoldHash;
use crate::shared::Shared;
use procession_types::{ExitReason, Pid};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
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

/// Somebody who is told of the end of a process; dropping it takes that back.
pub struct Watching {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pid: Pid,
    pub(crate) number: u64,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.shared.watches.remove(self.pid, self.number);
    }
}

/// What is done with the end of a process, on the worker that carries it out: it must be quick.
pub(crate) type Tell = Box<dyn FnOnce(&Arc<ExitReason>) + Send>;

/// Who waits, with a number of its own.
type Waiter = (u64, Tell);

type Waiters = HashMap<Pid, Vec<Waiter>, FoldHash>;

/// Counters of those who wait: a process that ends is looked up only when its own is not 0, since
/// somebody waits for some process at most times.
const COUNTERS: usize = 32;

/// Who waits for whom.
#[derive(Default)]
pub(crate) struct Watches {
    map: Mutex<Waiters>,
    counters: [AtomicUsize; COUNTERS],
    last: AtomicU64,
}

impl Watches {
    /// Waits for the end of a process that `is_alive`; `None` when it is dead.
    pub(crate) fn add(&self, pid: Pid, is_alive: impl FnOnce() -> bool) -> Option<Ending> {
        let (sender, receiver) = channel();
        // Nobody may wait any more; that is fine.
        let tell = move |reason: &Arc<ExitReason>| drop(sender.send(Arc::clone(reason)));
        self.add_with(pid, Box::new(tell), is_alive).map(|_| Ending(receiver))
    }

    /// Tells of the end of a process that `is_alive`; `None` when it is dead. Gives the number by
    /// which [`Watches::remove`] takes it back.
    pub(crate) fn add_with(
        &self,
        pid: Pid,
        tell: Tell,
        is_alive: impl FnOnce() -> bool,
    ) -> Option<u64> {
        let mut map = self.lock();
        // Under the lock: a process that lives now is announced later.
        self.counter(pid).fetch_add(1, Ordering::SeqCst);
        if !is_alive() {
            self.counter(pid).fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        map.entry(pid).or_default().push((number, tell));
        Some(number)
    }

    /// Nobody waits for that end any more.
    pub(crate) fn remove(&self, pid: Pid, number: u64) {
        let mut map = self.lock();
        let Some(waiters) = map.get_mut(&pid) else { return };
        let before = waiters.len();
        waiters.retain(|(other, _)| *other != number);
        self.counter(pid).fetch_sub(before - waiters.len(), Ordering::SeqCst);
        if waiters.is_empty() {
            map.remove(&pid);
        }
    }

    /// How many wait for that end.
    pub(crate) fn waiters(&self, pid: Pid) -> usize {
        self.lock().get(&pid).map_or(0, Vec::len)
    }

    /// Announces an end.
    #[inline]
    pub(crate) fn ended(&self, pid: Pid, reason: &Arc<ExitReason>) {
        if self.counter(pid).load(Ordering::SeqCst) > 0 {
            self.tell(pid, reason);
        }
    }

    fn tell(&self, pid: Pid, reason: &Arc<ExitReason>) {
        let waiters = self.lock().remove(&pid).unwrap_or_default();
        self.counter(pid).fetch_sub(waiters.len(), Ordering::SeqCst);
        waiters.into_iter().for_each(|(_, tell)| tell(reason));
    }

    /// Counts who waits for this process, and for others.
    fn counter(&self, pid: Pid) -> &AtomicUsize {
        &self.counters[pid.slot as usize % COUNTERS]
    }

    /// Nothing will be announced any more.
    pub(crate) fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_to_those_who_wait_for_it_whoever_shares_its_counter() {
        let watches = Watches::default();
        let pid = |slot| Pid { host: 0, shard: 0, epoch: 1, slot, generation: 1 };
        let (one, other) = (pid(3), pid(3 + COUNTERS as u32));
        let wait = |pid| watches.add(pid, || true).unwrap();
        let (first, second) = (wait(one), wait(other));
        assert!(watches.add(one, || false).is_none());
        let reason = Arc::new(ExitReason::Normal(procession_types::Fragment::default()));
        watches.ended(pid(4), &reason);
        watches.ended(one, &reason);
        assert!(first.wait_for(Duration::ZERO).is_ok());
        assert_eq!(second.wait_for(Duration::ZERO).err(), Some(RecvTimeoutError::Timeout));
        watches.ended(other, &reason);
        assert!(second.wait_for(Duration::ZERO).is_ok());
        assert_eq!(watches.counter(one).load(Ordering::SeqCst), 0);
    }
}
