//! Tasks: the coroutines that a process schedules itself. One runs until it waits.

use crate::coroutine::{Pending, PendingKind, coroutine, field, status, wait};
use crate::coroutines::create;
use crate::heap::root;
use crate::vm::{Args, Raise, Stop, Vm};
use procession_types::word::{self, Kind, Word};

impl Vm<'_> {
    /// Starts a task: a scheduled coroutine of this process.
    pub(crate) fn spawn_task(&mut self, args: Args) -> Result<usize, Raise> {
        let function = self.heap.get(args.at);
        let count = args.count - 1;
        let co = create(self.heap, function);
        self.room_in(co, count)?;
        let stack = word::index(self.heap.get(co + field::STACK)) as usize;
        self.heap.copy(args.at + 1, stack + 4, count);
        let head = self.heap.get(co);
        // Its turn comes by itself: nobody may resume or close it.
        let flags = word::header_flags(head) & !status::MASK | status::NORMAL | status::TASK;
        self.heap.set(co, word::header(Kind::Coroutine, flags, word::header_length(head)));
        self.heap.set(co + field::TOP, word::int_wrapping(count as i64));
        self.heap.set(co + field::WAIT, wait::NOTHING);
        self.heap.set(co + field::LEAF, coroutine(co));
        // At the end of the list: tasks run in the order in which they were spawned.
        let mut last = word::index(self.heap.get(root::TASKS)) as usize;
        while self.heap.get(last + field::NEXT) != word::NIL {
            self.fuel -= 1;
            last = word::index(self.heap.get(last + field::NEXT)) as usize;
        }
        self.heap.set(last + field::NEXT, coroutine(co));
        Ok(co)
    }

    /// The running task waits; another one runs, or the turn ends.
    #[inline]
    pub(crate) fn wait(&mut self, what: Word) -> Result<(), Raise> {
        let task = word::index(self.heap.get(root::TASK)) as usize;
        self.heap.set(task + field::WAIT, what);
        self.heap.set(task + field::LEAF, coroutine(self.co));
        self.set_looked(task, false);
        let is_alone = self.heap.get(root::TASKS) == coroutine(task)
            && self.heap.get(task + field::NEXT) == word::NIL;
        if is_alone && wait::is_queue(what) {
            // Nobody else runs, and a queue was empty a moment ago.
            self.fuel -= 1;
            return Err(Raise::Stop(Stop::Waiting));
        }
        self.save_coroutine();
        self.schedule()
    }

    /// Notes whether a task has looked in this turn; see [`status::LOOKED`].
    pub(crate) fn set_looked(&mut self, task: usize, looked: bool) {
        const BIT: Word = (status::LOOKED as u64) << 8;
        let head = self.heap.get(task);
        self.heap.set(task, if looked { head | BIT } else { head & !BIT });
    }

    /// Chooses a task that can run, starting after the running one.
    pub(crate) fn schedule(&mut self) -> Result<(), Raise> {
        let current = word::index(self.heap.get(root::TASK)) as usize;
        let mut task = current;
        let mut outside = false;
        loop {
            let next = self.heap.get(task + field::NEXT);
            let next = if next == word::NIL { self.heap.get(root::TASKS) } else { next };
            task = word::index(next) as usize;
            let waits = self.heap.get(task + field::WAIT);
            self.fuel -= 1;
            if self.is_ready(waits) {
                return self.run_task(task);
            }
            outside |= waits != wait::WAKE;
            if task == current {
                break;
            }
        }
        Err(Raise::Stop(if outside { Stop::Waiting } else { self.deadlock() }))
    }

    fn is_ready(&self, waits: Word) -> bool {
        match waits {
            wait::NOTHING => true,
            wait::WAKE => false,
            // It looks itself whether what it waits for has come.
            wait::ANYTHING => false,
            wait::EVENT => self.host.has_event(),
            _ => {
                let number = word::to_int(waits);
                if number >= 0 {
                    self.host.has_message(procession_environment::Queue(number as u32))
                } else {
                    self.host.is_finished(procession_environment::CallId((-1 - number) as u64))
                }
            }
        }
    }

    pub(crate) fn run_task(&mut self, task: usize) -> Result<(), Raise> {
        self.heap.set(task + field::WAIT, wait::NOTHING);
        self.heap.set(root::TASK, coroutine(task));
        let leaf = self.heap.get(task + field::LEAF);
        self.heap.set(root::CURRENT, leaf);
        self.load_coroutine();
        let pending = Pending::decode(self.heap.get(self.co + field::PENDING));
        if pending.kind == PendingKind::Start && word::index(leaf) as usize == task {
            // A new task: its arguments are on its stack already.
            let count = self.top - self.stack;
            let begun = Pending { kind: PendingKind::Plain, ..pending };
            self.heap.set(self.co + field::PENDING, begun.encode());
            self.set_status(task, status::RUNNING);
            return self.begin(self.stack + 1, count);
        }
        Ok(())
    }

    /// Wakes a task that waits for it.
    pub(crate) fn wake(&mut self, task: usize) {
        if self.heap.get(task + field::WAIT) != wait::NOTHING {
            self.heap.set(task + field::WAIT, wait::NOTHING);
        }
    }

    /// Tasks that wait for anything from outside look again at the start of a turn.
    pub(crate) fn wake_all(&mut self) {
        let mut task = self.heap.get(root::TASKS);
        while task != word::NIL {
            let at = word::index(task) as usize;
            if self.heap.get(at + field::WAIT) == wait::ANYTHING {
                self.heap.set(at + field::WAIT, wait::NOTHING);
            }
            self.set_looked(at, false);
            task = self.heap.get(at + field::NEXT);
        }
    }

    /// A task has ended: the process with it when it is the first one.
    pub(crate) fn finish_task(&mut self, first: usize, count: usize) -> Result<(), Raise> {
        let task = self.co;
        let main = word::index(self.heap.get(root::TASKS)) as usize;
        if task == main {
            let reason = self.exit_reason(first, count);
            return Err(Raise::Stop(Stop::Exited(Box::new(reason))));
        }
        let mut before = main;
        loop {
            let next = word::index(self.heap.get(before + field::NEXT)) as usize;
            if next == task {
                break;
            }
            before = next;
        }
        self.heap.set(before + field::NEXT, self.heap.get(task + field::NEXT));
        self.heap.set(root::TASK, coroutine(before));
        // Whatever wakes that task, the next turn must not find the dead coroutine running.
        self.heap.set(root::CURRENT, self.heap.get(before + field::LEAF));
        self.schedule()
    }

    /// All tasks wait for each other.
    fn deadlock(&mut self) -> Stop {
        let mut places = Vec::new();
        let mut task = self.heap.get(root::TASKS);
        while task != word::NIL && places.len() < 16 {
            let at = word::index(task) as usize;
            let leaf = self.heap.get(at + field::LEAF);
            self.heap.set(root::CURRENT, leaf);
            self.load_coroutine();
            places.push(self.whereabouts().unwrap_or_else(|| "?".to_owned()));
            task = self.heap.get(at + field::NEXT);
        }
        let text = format!("every coroutine waits: {}", places.join("; "));
        let failure = procession_types::Failure::Deadlock(text.into_boxed_str());
        Stop::Exited(Box::new(procession_types::ExitReason::failed(failure)))
    }
}
