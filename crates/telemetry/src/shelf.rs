//! What readers see of a stream: the newest records in memory, and the list of its files. The writer
//! changes it, anybody reads; the lock is held for copying a few pointers.

use crate::chunk::{Chunk, Chunks};
use crate::process_rings::ProcessRings;
use crate::sources::Key;
use procession_types::Timestamp;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// A file of the stream.
#[derive(Debug, Clone)]
pub(crate) struct SegmentFile {
    pub(crate) path: PathBuf,
    /// See [`crate::segment::Header`].
    pub(crate) run: u64,
    pub(crate) first: u64,
    pub(crate) time: Timestamp,
    /// Bytes that are whole, as far as is known.
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) chunks: Chunks,
    pub(crate) processes: ProcessRings,
    /// Oldest first.
    pub(crate) files: VecDeque<SegmentFile>,
    /// The number of the newest record, or the one before the first of this run.
    pub(crate) last: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Shelf {
    state: Mutex<State>,
    /// The first number of this run of the node.
    pub(crate) run: u64,
    bells: Mutex<Vec<Weak<Bell>>>,
}

impl Shelf {
    pub(crate) fn new(
        run: u64,
        chunks: Chunks,
        processes: ProcessRings,
        files: VecDeque<SegmentFile>,
    ) -> Self {
        let last = run.saturating_sub(1);
        let state = Mutex::new(State { chunks, processes, files, last });
        Self { state, run, bells: Mutex::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a chunk of new records; `of` says where in it those of processes are.
    pub(crate) fn push(&self, chunk: Arc<Chunk>, of: &[(Key, usize, usize)]) {
        let mut state = self.lock();
        for &(key, start, end) in of {
            state.processes.push(key, &chunk.frames[start..end]);
        }
        state.last = chunk.last;
        state.chunks.push(chunk);
    }

    /// A bell that rings whenever there are new records, as long as it is held.
    pub(crate) fn bell(&self, news: Option<News>) -> Arc<Bell> {
        let bell = Arc::new(Bell { rung: Mutex::new(false), condition: Condvar::new(), news });
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|bell| bell.strong_count() > 0);
        bells.push(Arc::downgrade(&bell));
        bell
    }

    pub(crate) fn ring(&self) {
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.iter().filter_map(Weak::upgrade).for_each(|bell| bell.ring());
    }
}

/// What is called, on the writer's thread, when there is something new. It must not wait.
pub(crate) type News = Box<dyn Fn() + Send + Sync>;

/// Wakes one follower.
pub(crate) struct Bell {
    rung: Mutex<bool>,
    condition: Condvar,
    news: Option<News>,
}

impl std::fmt::Debug for Bell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bell").field("rung", &self.rung).finish_non_exhaustive()
    }
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.condition.notify_all();
        if let Some(news) = &self.news {
            news();
        }
    }

    /// Waits until it has been rung since the last wait, or the time is over; false then.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.condition.wait_timeout_while(rung, timeout, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rung)
    }
}
