//! Whether the coroutines of a snapshot hang together: the list of tasks, the coroutine that runs, who
//! resumed whom, and what each goes on with.
//!
//! A coroutine is in one of these states: it runs for a task or has resumed one that does, it waits to
//! be resumed, or it is dead. The machine follows the links between them without counting, so none may
//! lead in a circle, and no coroutine may be in two places.

use super::Damage;
use super::frames::{Frame, Resumption};
use super::objects::{Checked, Checker, IN_TASK};
use crate::coroutine::{DISTANCE_MAX, Pending, PendingKind, field, status, wait};
use crate::heap::root;
use crate::library::{class, is_builtin};
use procession_types::word::{self, Kind};

/// Slots that a frame leaves free above it.
const SLOTS_FREE: usize = 8;

impl Checker<'_> {
    /// Checks all coroutines and what the roots say of them.
    pub(super) fn coroutines(&self) -> Checked {
        for at in [root::CURRENT, root::TASK, root::TASKS] {
            self.expect(at, Kind::Coroutine)?;
        }
        for co in self.all(Kind::Coroutine) {
            self.fields(co)?;
        }
        self.tasks()?;
        self.all(Kind::Coroutine)
            .filter(|&co| !self.is_marked(co, IN_TASK))
            .try_for_each(|co| self.apart(co))
    }

    fn flags(&self, co: usize) -> u32 {
        word::header_flags(self.words[co])
    }

    fn pending(&self, co: usize) -> Pending {
        Pending::decode(self.words[co + field::PENDING])
    }

    /// Slots of its stack.
    fn slots(&self, co: usize) -> usize {
        let stack = word::index(self.words[co + field::STACK]) as usize;
        word::header_length(self.words[stack]) as usize
    }

    /// Whether a coroutine has ended and needs no stack any more.
    fn is_without_stack(&self, co: usize) -> bool {
        let is_none = |at: usize| self.words[co + at] == word::NIL;
        self.state(co) == status::DEAD
            && [field::STACK, field::ERROR, field::CLOSE].into_iter().all(is_none)
    }

    /// The fields of a coroutine by themselves.
    fn fields(&self, co: usize) -> Checked {
        let slots = if self.is_without_stack(co) {
            0
        } else {
            let stack = self.expect_own(co + field::STACK, Kind::Stack)?;
            i64::from(word::header_length(self.words[stack]))
        };
        if slots > DISTANCE_MAX as i64 {
            return Err(Damage::new(co + field::STACK, "a stack that is longer than any"));
        }
        for (at, most) in [(field::BASE, slots + 1), (field::TOP, slots + 1), (field::PC, i64::MAX)]
        {
            let value = self.words[co + at];
            if !word::is_int(value) || !(0..=most).contains(&word::to_int(value)) {
                return Err(Damage::new(co + at, "a place that is not on the stack"));
            }
        }
        for at in [field::RESUMER, field::NEXT, field::LEAF] {
            if self.words[co + at] != word::NIL {
                self.expect(co + at, Kind::Coroutine)?;
            }
        }
        // Only who has died of an error has one.
        if self.words[co + field::ERROR] != word::NIL && self.state(co) != status::DEAD {
            return Err(Damage::new(co + field::ERROR, "an error that killed nobody"));
        }
        self.value(co + field::ERROR)?;
        self.marks(co, slots)?;
        let pending = self.words[co + field::PENDING];
        let slot = i64::from(self.pending(co).slot);
        // Of others it is left over.
        let waits = matches!(self.state(co), status::SUSPENDED | status::NORMAL);
        if self.pending(co).encode() != pending || waits && !(1..slots).contains(&slot) {
            return Err(Damage::new(co + field::PENDING, "a place that is not on the stack"));
        }
        let waits = self.words[co + field::WAIT];
        let is_known = [wait::NOTHING, wait::WAKE, wait::ANYTHING, wait::EVENT].contains(&waits);
        if !is_known && !word::is_int(waits) {
            return Err(Damage::new(co + field::WAIT, "nothing that can be waited for"));
        }
        Ok(())
    }

    /// The list of variables to be closed, the last one first.
    fn marks(&self, co: usize, slots: i64) -> Checked {
        let mut place = co + field::CLOSE;
        let mut above = slots + 1;
        while self.words[place] != word::NIL {
            let mark = self.expect(place, Kind::User)?;
            let offset = self.words[mark + 1];
            let is_mark = word::header_flags(self.words[mark]) == class::COUNT
                && word::is_int(offset)
                && (1..above).contains(&word::to_int(offset));
            if !is_mark {
                return Err(Damage::new(place, "no variable to be closed"));
            }
            above = word::to_int(offset);
            place = mark + 2;
        }
        Ok(())
    }

    /// The list of tasks with the coroutines that work for each.
    fn tasks(&self) -> Checked {
        let running = self.words[root::TASK];
        let (mut place, mut is_listed) = (root::TASKS, false);
        while self.words[place] != word::NIL {
            let task = self.expect(place, Kind::Coroutine)?;
            if self.flags(task) & status::TASK == 0 || self.is_marked(task, IN_TASK) {
                return Err(Damage::new(place, "a task that is none"));
            }
            let runs = word::index(running) as usize == task;
            is_listed |= runs;
            self.task(task, runs)?;
            place = task + field::NEXT;
        }
        if is_listed { Ok(()) } else { Err(Damage::new(root::TASK, "a task that is not listed")) }
    }

    /// A task, and the coroutines between it and the innermost one.
    fn task(&self, task: usize, runs: bool) -> Checked {
        let is_ready = self.words[task + field::WAIT] == wait::NOTHING;
        let place = if runs && is_ready { root::CURRENT } else { task + field::LEAF };
        let leaf = self.expect(place, Kind::Coroutine)?;
        if runs && word::index(self.words[root::CURRENT]) as usize != leaf {
            return Err(Damage::new(root::CURRENT, "another coroutine than its task runs"));
        }
        if leaf == task && self.pending(task).kind == PendingKind::Start {
            self.mark(task, IN_TASK);
            let count = word::to_int(self.words[task + field::TOP]) as usize;
            let is_new = matches!(self.state(task), status::SUSPENDED | status::NORMAL);
            // Where it is when it begins is where its LEAF says.
            let is_own = word::index(self.words[task + field::LEAF]) as usize == task;
            if !is_new || !is_own || !is_ready || self.words[task + field::RESUMER] != word::NIL {
                return Err(Damage::new(task, "a task that can't begin"));
            }
            return self.begins(task, count);
        }
        let (mut co, mut is_leaf) = (leaf, true);
        loop {
            if self.mark(co, IN_TASK) {
                return Err(Damage::new(co, "a coroutine that runs twice"));
            }
            let expected = if is_leaf { status::RUNNING } else { status::NORMAL };
            if self.state(co) != expected || (self.flags(co) & status::TASK != 0) != (co == task) {
                return Err(Damage::new(co, "a coroutine that runs in another state"));
            }
            let resumption = if is_leaf { self.next(co) } else { self.resumed(co)? };
            self.frames(self.frame(co, resumption))?;
            let resumer = co + field::RESUMER;
            if co == task {
                let is_first = self.words[resumer] == word::NIL;
                return if is_first {
                    Ok(())
                } else {
                    Err(Damage::new(resumer, "a task that was resumed"))
                };
            }
            co = self.expect(resumer, Kind::Coroutine)?;
            is_leaf = false;
        }
    }

    /// A coroutine that is not at work.
    fn apart(&self, co: usize) -> Checked {
        if self.words[co + field::RESUMER] != word::NIL {
            return Err(Damage::new(
                co + field::RESUMER,
                "a coroutine that nobody runs was resumed",
            ));
        }
        let is_task = self.flags(co) & status::TASK != 0;
        match self.state(co) {
            status::DEAD if self.words[co + field::ERROR] == word::NIL => Ok(()),
            // A traceback shows where the error was.
            status::DEAD => self.frames(self.frame(co, Resumption::Never)),
            status::SUSPENDED if !is_task && self.pending(co).kind == PendingKind::Start => {
                // There will be room for its first frame when it is resumed.
                let slot = co + field::PENDING;
                if self.pending(co).slot == 1 {
                    Ok(())
                } else {
                    Err(Damage::new(slot, "no first frame"))
                }
            }
            status::SUSPENDED if !is_task => self.frames(self.frame(co, self.resumed(co)?)),
            _ => Err(Damage::new(co, "a coroutine that nobody runs")),
        }
    }

    fn state(&self, co: usize) -> u32 {
        self.flags(co) & status::MASK
    }

    fn next(&self, co: usize) -> Resumption {
        let stack = word::index(self.words[co + field::STACK]) as usize;
        Resumption::Next { top: stack + word::to_int(self.words[co + field::TOP]) as usize }
    }

    /// How a coroutine goes on that resumed another one or yielded.
    fn resumed(&self, co: usize) -> Result<Resumption, Damage> {
        let pending = self.pending(co);
        if pending.kind == PendingKind::Start {
            return Err(Damage::new(
                co + field::PENDING,
                "a coroutine that runs and has not begun",
            ));
        }
        let stack = word::index(self.words[co + field::STACK]) as usize;
        let base = word::to_int(self.words[co + field::BASE]) as usize;
        let slot = pending.slot as usize;
        if slot < base {
            return Err(Damage::new(co + field::PENDING, "results in the midst of a frame"));
        }
        Ok(Resumption::Results { slot: stack + slot, results: pending.results })
    }

    fn frame(&self, co: usize, resumption: Resumption) -> Frame {
        let stack = word::index(self.words[co + field::STACK]) as usize;
        let base = stack + word::to_int(self.words[co + field::BASE]) as usize;
        Frame { stack, base, pc: word::to_int(self.words[co + field::PC]) as usize, resumption }
    }

    /// Whether a task with so many arguments can begin: there must be room for its first frame.
    fn begins(&self, co: usize, count: usize) -> Checked {
        let stack = word::index(self.words[co + field::STACK]) as usize;
        let callee = self.words[stack + 1];
        let needed = match self.code(callee) {
            Some(code) => {
                let actual = count.max(code.prototype.parameters as usize);
                let registers = code.prototype.registers as usize;
                if code.prototype.is_vararg {
                    6 + actual + registers
                } else {
                    3 + actual.max(registers)
                }
            }
            None if is_builtin(callee) => 3 + count,
            None => 4 + count,
        };
        let begins = self.pending(co).slot == 1 && needed + SLOTS_FREE <= self.slots(co);
        if begins { Ok(()) } else { Err(Damage::new(co, "a task that can't begin")) }
    }
}
