//! Requests to other machines that wait for a thread, in the order in which their processes have their
//! turns: however many one process makes, the others have their share.

use crate::io_pool::IoPool;
use crate::web_cancel::Wanted;
use procession_kernel::CallId;
use procession_types::{Error, Limit, Pid};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests under way, of the node and of one process.
const RUNNING_MAX: usize = 32;
const RUNNING_OF_ONE_MAX: usize = RUNNING_MAX / 4;
/// Requests that wait, of the node and of one process.
const WAITING_MAX: usize = 1024;
const WAITING_OF_ONE_MAX: usize = WAITING_MAX / 4;
/// Bytes of what they will send, likewise.
const BYTES_MAX: usize = 512 << 20;
const BYTES_OF_ONE_MAX: usize = BYTES_MAX / 4;

/// Makes a request and says to whoever has asked how that went.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

struct Waiting {
    call: CallId,
    bytes: usize,
    job: Job,
}

/// What one process has.
#[derive(Default)]
struct Share {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    running: Vec<(CallId, Arc<Wanted>)>,
}

#[derive(Default)]
struct State {
    /// Those who have something here.
    shares: HashMap<Pid, Share>,
    /// Those of them for whom something waits; the first whose share allows it is next.
    turns: VecDeque<Pid>,
    waiting: usize,
    bytes: usize,
    /// Threads that take from here, or will at once. There are as many as may be whenever something waits
    /// that could begin.
    threads: usize,
}

/// A request that begins.
struct Begun {
    pid: Pid,
    wanted: Arc<Wanted>,
    job: Job,
}

impl State {
    fn can_take(&self, pid: Pid, bytes: usize) -> bool {
        let (count, held) =
            self.shares.get(&pid).map_or((0, 0), |share| (share.waiting.len(), share.bytes));
        // One alone is let in whatever its size.
        self.waiting < WAITING_MAX
            && count < WAITING_OF_ONE_MAX
            && (self.bytes == 0 || self.bytes + bytes <= BYTES_MAX)
            && (held == 0 || held + bytes <= BYTES_OF_ONE_MAX)
    }

    fn add(&mut self, pid: Pid, request: Waiting) {
        let share = self.shares.entry(pid).or_default();
        if share.waiting.is_empty() {
            self.turns.push_back(pid);
        }
        self.waiting += 1;
        self.bytes += request.bytes;
        share.bytes += request.bytes;
        share.waiting.push_back(request);
    }

    fn may_begin(&self, pid: Pid) -> bool {
        self.shares.get(&pid).is_none_or(|share| share.running.len() < RUNNING_OF_ONE_MAX)
    }

    /// What begins next.
    fn next(&mut self) -> Option<Begun> {
        let turn = self.turns.iter().position(|pid| self.may_begin(*pid))?;
        let pid = self.turns.remove(turn)?;
        let share = self.shares.get_mut(&pid)?;
        let Waiting { call, bytes, job } = share.waiting.pop_front()?;
        let wanted = Arc::new(Wanted::default());
        share.bytes -= bytes;
        share.running.push((call, Arc::clone(&wanted)));
        if !share.waiting.is_empty() {
            self.turns.push_back(pid);
        }
        self.waiting -= 1;
        self.bytes -= bytes;
        Some(Begun { pid, wanted, job })
    }

    fn finished(&mut self, pid: Pid, wanted: &Arc<Wanted>) {
        let Some(share) = self.shares.get_mut(&pid) else { return };
        share.running.retain(|(_, other)| !Arc::ptr_eq(other, wanted));
        self.forget_if_empty(pid);
    }

    /// Takes back what waits for a call.
    fn take_back(&mut self, pid: Pid, call: CallId) -> Option<Waiting> {
        let share = self.shares.get_mut(&pid)?;
        let at = share.waiting.iter().position(|waiting| waiting.call == call)?;
        let request = share.waiting.remove(at)?;
        share.bytes -= request.bytes;
        self.waiting -= 1;
        self.bytes -= request.bytes;
        if share.waiting.is_empty() {
            self.turns.retain(|other| *other != pid);
        }
        self.forget_if_empty(pid);
        Some(request)
    }

    fn forget_if_empty(&mut self, pid: Pid) {
        let is_empty = |share: &Share| share.waiting.is_empty() && share.running.is_empty();
        if self.shares.get(&pid).is_some_and(is_empty) {
            self.shares.remove(&pid);
        }
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct WebQueue {
    state: Arc<Mutex<State>>,
    threads: IoPool,
}

impl WebQueue {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), threads: IoPool::new("net", RUNNING_MAX, RUNNING_MAX) }
    }

    /// Hands over the request of a call, which holds so many bytes.
    ///
    /// # Errors
    /// Limit `calls` when too many wait, of the process or of the node.
    pub(crate) fn submit(
        &self,
        (pid, call): (Pid, CallId),
        bytes: usize,
        job: Job,
    ) -> Result<(), Error> {
        let mut state = self.lock();
        if !state.can_take(pid, bytes) {
            return Err(Error::limit(Limit::Calls, "too many requests are waiting"));
        }
        state.add(pid, Waiting { call, bytes, job });
        if state.threads < RUNNING_MAX && state.may_begin(pid) {
            state.threads += 1;
            let queue = self.clone();
            if self.threads.submit(Box::new(move || queue.work())).is_err() {
                state.threads -= 1;
                drop(state.take_back(pid, call));
                return Err(Error::limit(Limit::Calls, "no thread can be started for the request"));
            }
        }
        Ok(())
    }

    /// Nobody waits for the answers of calls any more: requests that wait do not begin, and those under way
    /// are ended. First the former, or they would follow the latter.
    pub(crate) fn abandon(&self, calls: &[(Pid, CallId)]) {
        if calls.is_empty() {
            return;
        }
        let mut state = self.lock();
        let waiting: Vec<_> =
            calls.iter().filter_map(|(pid, call)| state.take_back(*pid, *call)).collect();
        let running = calls.iter().flat_map(|(pid, call)| {
            let share = state.shares.get(pid).into_iter();
            share.flat_map(|share| &share.running).filter(move |(other, _)| other == call)
        });
        let running: Vec<_> = running.map(|(_, wanted)| Arc::clone(wanted)).collect();
        drop(state);
        drop(waiting);
        running.iter().for_each(Wanted::give_up);
    }

    /// Forgets what waits; what runs ends by itself, and nobody waits for it.
    pub(crate) fn leave(&self) {
        let mut state = self.lock();
        state.turns.clear();
        let forgotten: Vec<_> =
            state.shares.values_mut().map(|share| std::mem::take(&mut share.waiting)).collect();
        drop(state);
        drop(forgotten);
        self.threads.leave();
    }

    /// What a thread does until nothing is left that may begin.
    fn work(&self) {
        let mut state = self.lock();
        while let Some(Begun { pid, wanted, job }) = state.next() {
            drop(state);
            // Whoever has asked is told by the end of its time-out.
            let _ = catch_unwind(AssertUnwindSafe(|| wanted.during(job)));
            state = self.lock();
            state.finished(pid, &wanted);
        }
        state.threads -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn process(slot: u32) -> Pid {
        Pid { host: 0, shard: 0, epoch: 1, slot, generation: 0 }
    }

    fn add(state: &mut State, slot: u32, calls: std::ops::Range<u64>) {
        for call in calls {
            state.add(
                process(slot),
                Waiting { call: CallId(call), bytes: 10, job: Box::new(|| ()) },
            );
        }
    }

    /// What begins until nothing may: slots and calls.
    fn all(state: &mut State) -> Vec<(u32, u64)> {
        let begun = std::iter::from_fn(|| {
            let pid = state.next()?.pid;
            state.shares[&pid].running.last().map(|(call, _)| (pid.slot, call.0))
        });
        begun.collect()
    }

    #[test]
    fn processes_take_turns_and_have_a_share() {
        let mut state = State::default();
        add(&mut state, 1, 0..20);
        add(&mut state, 2, 0..2);
        add(&mut state, 3, 0..1);
        let mut wanted = vec![(1, 0), (2, 0), (3, 0), (1, 1), (2, 1)];
        wanted.extend((2..8).map(|call| (1, call)));
        assert_eq!(all(&mut state), wanted);
        // Others go on, and one that ends makes room for the next of its process.
        add(&mut state, 2, 2..3);
        assert_eq!(all(&mut state), [(2, 2)]);
        let done = Arc::clone(&state.shares[&process(1)].running[0].1);
        state.finished(process(1), &done);
        assert_eq!(all(&mut state), [(1, 8)]);
        assert_eq!((state.waiting, state.bytes), (11, 110));
    }

    #[test]
    fn what_is_taken_back_does_not_begin() {
        let mut state = State::default();
        add(&mut state, 1, 0..3);
        add(&mut state, 2, 0..1);
        assert!(state.take_back(process(1), CallId(1)).is_some());
        assert!(state.take_back(process(1), CallId(1)).is_none());
        assert!(state.take_back(process(2), CallId(0)).is_some());
        assert_eq!(all(&mut state), [(1, 0), (1, 2)]);
        assert_eq!((state.waiting, state.bytes, state.turns.len()), (0, 0, 0));
        let running = std::mem::take(&mut state.shares.get_mut(&process(1)).unwrap().running);
        state.shares.get_mut(&process(1)).unwrap().running = running.clone();
        running.iter().for_each(|(_, wanted)| state.finished(process(1), wanted));
        assert!(state.shares.is_empty());
    }

    #[test]
    fn one_process_can_not_fill_the_queue() {
        let mut state = State::default();
        add(&mut state, 1, 0..WAITING_OF_ONE_MAX as u64);
        assert!(!state.can_take(process(1), 0));
        assert!(state.can_take(process(2), BYTES_OF_ONE_MAX + 1));
        add(&mut state, 2, 0..1);
        assert!(state.can_take(process(2), BYTES_OF_ONE_MAX - 10));
        assert!(!state.can_take(process(2), BYTES_OF_ONE_MAX));
        for slot in 2..5 {
            add(&mut state, slot, 1..WAITING_OF_ONE_MAX as u64 + 1);
        }
        assert!(!state.can_take(process(9), 0));
    }

    #[test]
    fn a_request_that_panics_does_not_stop_others() {
        let queue = WebQueue::new();
        let (sender, receiver) = channel();
        for call in 0..100 {
            let sender = sender.clone();
            let job = Box::new(move || {
                sender.send(call).unwrap();
                assert!(call % 2 == 0, "on purpose");
            });
            queue.submit((process(1), CallId(call)), 0, job).unwrap();
        }
        drop(sender);
        assert_eq!(receiver.iter().count(), 100);
        queue.leave();
    }
}
