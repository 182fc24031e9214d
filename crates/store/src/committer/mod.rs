//! The one thread that writes: it takes what all writers wait for, applies it as one group with one
//! sync, and tells each how it went.
//!
//! What is submitted first is on disk first: when a commit is durable, all that were submitted before
//! it are decided. Nobody who submits ever waits.
//!
//! In a simulation there is no thread: [`Committer::stepped`].

mod queue;
mod statistics;

use crate::commit::Commit;
use crate::error::StoreError;
use crate::store::Store;
use queue::{Queue, Waiting};
pub use statistics::Statistics;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long nothing has come when the store is told that it can settle.
const IDLE: Duration = Duration::from_millis(100);

/// Called on the committer's thread with what became of a commit. It has to be quick: all others wait.
/// It may submit, but not [`Committer::flush`].
pub type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What the committer calls on its thread beside the `done`s. It has to be quick, too.
pub struct Bells {
    /// A commit was refused because the queue was full, and the queue has become half empty.
    pub on_room: Box<dyn Fn() + Send + Sync>,
    /// The `done`s of a group were called, all of them; [`Committer::flush`] does not return before.
    pub on_decided: Box<dyn Fn() + Send + Sync>,
}

/// Bounds of the committer.
#[derive(Debug, Clone, Copy)]
pub struct CommitterConfig {
    /// The most commits that wait.
    pub queue_commits_max: usize,
    /// The most bytes that wait, as [`Commit::bytes`] counts them; one bigger commit may wait alone.
    pub queue_bytes_max: usize,
    /// The most commits that are applied with one sync.
    pub group_commits_max: usize,
    /// The most bytes that are applied with one sync; one bigger commit is a group of its own.
    pub group_bytes_max: usize,
}

impl Default for CommitterConfig {
    fn default() -> Self {
        Self {
            queue_commits_max: 65_536,
            queue_bytes_max: 64 << 20,
            group_commits_max: 8_192,
            group_bytes_max: 8 << 20,
        }
    }
}

/// A commit that was not taken, as it was given.
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// The commit.
    pub commit: Commit,
    /// What would have been called.
    pub done: Done,
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refused").field("refusal", &self.refusal).finish_non_exhaustive()
    }
}

/// Why a commit was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much waits. `on_room` will be called.
    #[error("too many commits wait for the disk")]
    Full,
    /// The committer was closed.
    #[error("the store is closed")]
    Closed,
}

/// The way of all commits to the disk.
pub struct Committer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Arc<dyn Store>, config: CommitterConfig, bells: Bells) -> io::Result<Self> {
        let shared = Shared::new(store, config, bells);
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || of_thread.work())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Without a thread, for simulations: groups are written by [`Committer::step`] alone.
    /// [`Committer::flush`] would wait for ever.
    pub fn stepped(store: Arc<dyn Store>, config: CommitterConfig, bells: Bells) -> Self {
        Self { shared: Shared::new(store, config, bells), thread: Mutex::new(None) }
    }

    /// Writes the next group of a stepped committer, of so many commits at most. Says whether there
    /// was one.
    pub fn step(&self, commits_max: usize) -> bool {
        let config = CommitterConfig { group_commits_max: commits_max, ..self.shared.config };
        let mut queue = self.shared.queue();
        let group = (!queue.is_empty()).then(|| queue.take(&config));
        drop(queue);
        group.map(|(group, room)| self.shared.write(group, room)).is_some()
    }

    /// Puts a commit at the end of the queue; `done` will be called exactly once.
    ///
    /// # Errors
    /// Gives both back when there is no room, or after [`Committer::close`].
    pub fn submit(&self, commit: Commit, done: Done) -> Result<(), Refused> {
        let waiting = Waiting { bytes: commit.bytes(), commit, done };
        let (result, wake) = self.shared.queue().push(waiting, &self.shared.config);
        if wake {
            self.shared.work.notify_one();
        }
        result.map_err(|(refusal, Waiting { commit, done, .. })| Refused { refusal, commit, done })
    }

    /// Waits until everything that was submitted before is decided and its `done` was called. Must not
    /// be called from a `done`, or from the [`Bells`].
    pub fn flush(&self) {
        let mut queue = self.shared.queue();
        let target = queue.submitted();
        while queue.statistics.decided < target {
            queue = self.shared.decided.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What it has done so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.queue().statistics()
    }

    /// Takes no more commits, and waits until all that were taken are decided. Dropping does the same.
    pub fn close(&self) {
        self.shared.queue().close();
        self.shared.work.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The last owner may be a `done`, which runs on that thread.
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            // It catches the panics of what it calls.
            let _ = thread.join();
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Shared {
    store: Arc<dyn Store>,
    config: CommitterConfig,
    bells: Bells,
    queue: Mutex<Queue>,
    work: Condvar,
    decided: Condvar,
}

impl Shared {
    fn new(store: Arc<dyn Store>, config: CommitterConfig, bells: Bells) -> Arc<Self> {
        Arc::new(Self {
            store,
            config,
            bells,
            queue: Mutex::default(),
            work: Condvar::new(),
            decided: Condvar::new(),
        })
    }

    /// Nothing that can panic runs under the lock.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some((group, room)) = self.next_group(&*self.store) {
            self.write(group, room);
        }
    }

    /// Writes a group, and tells everybody.
    fn write(&self, group: Vec<Waiting>, room: bool) {
        if room {
            let _ = catch_unwind(AssertUnwindSafe(|| (self.bells.on_room)()));
        }
        let mut bytes = 0_u64;
        let mut commits = Vec::with_capacity(group.len());
        let mut dones = Vec::with_capacity(group.len());
        for waiting in group {
            bytes += waiting.bytes as u64;
            commits.push(waiting.commit);
            dones.push(waiting.done);
        }
        let started = Instant::now();
        let results = apply(&*self.store, commits);
        let taken = started.elapsed();
        let refused = results.iter().filter(|result| result.is_err()).count();
        self.queue().statistics.count_group(dones.len(), refused, bytes, taken);
        let count = dones.len();
        for (done, result) in dones.into_iter().zip(results) {
            // A panic of one must not keep the others from hearing.
            let _ = catch_unwind(AssertUnwindSafe(|| done(result)));
        }
        let _ = catch_unwind(AssertUnwindSafe(|| (self.bells.on_decided)()));
        self.queue().statistics.decided += count as u64;
        self.decided.notify_all();
    }

    /// Waits for a group; `None` when the committer is closed and nothing waits. Says whether there is
    /// room again. The store can settle while nothing comes.
    fn next_group(&self, store: &dyn Store) -> Option<(Vec<Waiting>, bool)> {
        let mut settles = true;
        let mut queue = self.queue();
        loop {
            if !queue.is_empty() {
                return Some(queue.take(&self.config));
            }
            if queue.is_closed() {
                return None;
            }
            if !settles {
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.work.wait_timeout(queue, IDLE);
            let (waiting, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = waiting;
            if timeout.timed_out() && queue.is_empty() && !queue.is_closed() {
                drop(queue);
                settles = catch_unwind(AssertUnwindSafe(|| store.settle())).unwrap_or(false);
                queue = self.queue();
            }
        }
    }
}

/// Applies a group. A store that panics has failed, as far as its writers can know.
fn apply(store: &dyn Store, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
    let count = commits.len();
    let applied = catch_unwind(AssertUnwindSafe(|| store.apply(commits)));
    applied.ok().filter(|results| results.len() == count).unwrap_or_else(|| {
        let what = "a fault of the store, see the report of the panic".to_owned();
        vec![Err(StoreError::Failed { what }); count]
    })
}

#[cfg(test)]
mod tests;
