//! Threads for operations that block. They are started when there is work, and end with the node.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Threads at most.
const THREADS_MAX: usize = 4;
/// Operations waiting for a thread at most.
const JOBS_MAX: usize = 10_000;

pub(crate) type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: Vec<JoinHandle<()>>,
    asleep: usize,
    closed: bool,
}

/// See the module.
#[derive(Clone, Default)]
pub(crate) struct IoPool {
    inner: Arc<(Mutex<State>, Condvar)>,
}

impl IoPool {
    /// Hands over an operation.
    ///
    /// # Errors
    /// The operation, when too many wait or no thread can be started.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.closed || state.jobs.len() >= JOBS_MAX {
            return Err(job);
        }
        if state.asleep <= state.jobs.len() && state.threads.len() < THREADS_MAX {
            let pool = self.clone();
            let name = format!("io-{}", state.threads.len());
            match std::thread::Builder::new().name(name).spawn(move || pool.work()) {
                Ok(thread) => state.threads.push(thread),
                Err(_) if state.threads.is_empty() => return Err(job),
                Err(_) => {}
            }
        }
        state.jobs.push_back(job);
        drop(state);
        self.inner.1.notify_one();
        Ok(())
    }

    /// Forgets what waits, and waits for what runs.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        drop(jobs);
        self.inner.1.notify_all();
        for thread in threads {
            // A job that panicked has been noted by its caller's missing reply.
            let _ = thread.join();
        }
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if state.closed {
                return;
            }
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.lock();
                continue;
            }
            state.asleep += 1;
            state = self.inner.1.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
