//! Threads for operations that block. They are started when there is work, and end with the node.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: Vec<JoinHandle<()>>,
    asleep: usize,
    /// Operations under way.
    running: usize,
    closed: bool,
}

/// An operation that is under way, also one that panics.
struct Running<'a>(&'a IoPool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        let is_last = state.closed && state.running == 0;
        drop(state);
        if is_last {
            self.0.inner.1.notify_all();
        }
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct IoPool {
    inner: Arc<(Mutex<State>, Condvar)>,
    /// What its threads are called.
    name: &'static str,
    threads_max: usize,
    /// Operations that may wait for a thread.
    jobs_max: usize,
}

impl IoPool {
    pub(crate) fn new(name: &'static str, threads_max: usize, jobs_max: usize) -> Self {
        Self { inner: Arc::default(), name, threads_max, jobs_max }
    }

    /// Hands over an operation.
    ///
    /// # Errors
    /// The operation, when too many wait or no thread can be started.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.closed || state.jobs.len() >= self.jobs_max {
            return Err(job);
        }
        if state.asleep <= state.jobs.len() && state.threads.len() < self.threads_max {
            let pool = self.clone();
            let name = format!("{}-{}", self.name, state.threads.len());
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
        for thread in self.end() {
            // A job that panicked has been noted by its caller's missing reply.
            let _ = thread.join();
        }
    }

    /// Forgets what waits, and waits for what runs, but not longer than the time.
    pub(crate) fn close_within(&self, most: Duration) {
        drop(self.end());
        let waited = self.inner.1.wait_timeout_while(self.lock(), most, |state| state.running > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Forgets what waits; what runs ends by itself, and nobody waits for it.
    pub(crate) fn leave(&self) {
        drop(self.end());
    }

    fn end(&self) -> Vec<JoinHandle<()>> {
        let mut state = self.lock();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        drop(jobs);
        self.inner.1.notify_all();
        threads
    }

    /// Does one of the jobs that would be under way, in a simulation: a pool without threads. False when
    /// there is none.
    #[cfg(test)]
    #[cfg(not(loom))]
    pub(crate) fn step(&self, choose: impl FnOnce(usize) -> usize) -> bool {
        let mut state = self.lock();
        let count = state.jobs.len();
        let job = if count == 0 { None } else { state.jobs.remove(choose(count)) };
        drop(state);
        job.map(|job| job()).is_some()
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if state.closed {
                return;
            }
            if let Some(job) = state.jobs.pop_front() {
                state.running += 1;
                drop(state);
                let running = Running(self);
                job();
                drop(running);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn what_does_not_end_is_not_waited_for() {
        let pool = IoPool::new("io", 2, 10);
        let (begun, has_begun) = channel();
        let (release, released) = channel::<()>();
        let job = move || {
            begun.send(()).unwrap();
            let _ = released.recv();
        };
        assert!(pool.submit(Box::new(job)).is_ok());
        has_begun.recv().unwrap();
        pool.close_within(Duration::from_millis(1));
        assert!(pool.submit(Box::new(|| ())).is_err());
        // One that ends in time is waited for, also when it panics.
        drop(release);
        pool.close_within(Duration::from_secs(60));
        assert_eq!(pool.lock().running, 0);
    }
}
