//! A turn of the machine: from where the heap says until something ends it.

use crate::coroutine::{Pending, PendingKind, field, wait};
use crate::heap::root;
use crate::vm::{Raise, Stop, Vm};
use procession_types::word;

/// Heaps above this size, in words (2 MiB), are collected on another thread: that takes milliseconds.
pub(crate) const ASIDE_WORDS: usize = 1 << 18;

impl Vm<'_> {
    /// Runs from where the heap says until something ends the turn.
    pub(crate) fn run_turn(&mut self) -> Stop {
        let mut next = self.begin_turn();
        loop {
            let raise = match next {
                Ok(()) => self.steps().err(),
                Err(raise) => Some(raise),
            };
            next = match raise {
                None => Ok(()),
                Some(Raise::Error(value)) => self.raise(value),
                Some(Raise::Collect(extra)) => {
                    // The instruction is executed again.
                    if self.is_lua_frame() && self.pc > 0 {
                        self.pc -= 1;
                    }
                    if self.leaves && self.heap.used() > ASIDE_WORDS {
                        Err(Raise::Stop(Stop::Aside(extra)))
                    } else {
                        self.collect(extra).map(|()| self.start_finalizers())
                    }
                }
                Some(Raise::Stop(stop)) => {
                    if matches!(stop, Stop::NewImage | Stop::Loaded)
                        && self.is_lua_frame()
                        && self.pc > 0
                    {
                        self.pc -= 1;
                    }
                    self.pay();
                    self.save_coroutine();
                    return stop;
                }
            };
        }
    }

    fn begin_turn(&mut self) -> Result<(), Raise> {
        if self.goes_on_alone() {
            self.start_finalizers();
            return Ok(());
        }
        self.wake_all();
        let task = word::index(self.heap.get(root::TASK)) as usize;
        let waits = self.heap.get(task + field::WAIT) != wait::NOTHING;
        let starts =
            Pending::decode(self.heap.get(task + field::PENDING)).kind == PendingKind::Start;
        if waits {
            self.schedule()?;
        } else if starts {
            self.run_task(task)?;
        }
        self.start_finalizers();
        Ok(())
    }

    /// Whether the process has one task, which waits for a message: it goes on where it is, and looks
    /// itself whether the message has come.
    fn goes_on_alone(&mut self) -> bool {
        let (task, current) = (self.heap.get(root::TASK), self.heap.get(root::CURRENT));
        let is_first = self.heap.get(root::TASKS) == task;
        let at = word::index(task) as usize;
        // One slice, so that its bounds are checked once.
        let fields = &mut self.heap.words_mut()[at..=at + field::COUNT];
        let is_alone = is_first
            && fields[field::NEXT] == word::NIL
            && fields[field::LEAF] == current
            && wait::is_queue(fields[field::WAIT])
            && Pending::decode(fields[field::PENDING]).kind != PendingKind::Start;
        if is_alone {
            fields[field::WAIT] = wait::NOTHING;
            self.fuel -= 1;
        }
        is_alone
    }

    /// Pays for what the heap has had to do beyond the instructions.
    #[inline(always)]
    pub(crate) fn pay(&mut self) {
        if self.heap.toil != 0 {
            std::hint::cold_path();
            self.fuel -= std::mem::take(&mut self.heap.toil);
        }
    }

    /// Instructions executed in this turn so far.
    pub(crate) fn executed(&self) -> i64 {
        self.budget - self.fuel
    }
}
