//! Calls and returns.

use super::run::Run;
use super::{Done, Next};
use crate::bytecode::{Instruction, Prototype};
use crate::call::{BUILTIN_FUEL, Called};
use crate::coroutine::{FrameKind, Link, TAIL_CALLED};
use crate::frame::closure_place;
use crate::library::is_builtin;
use crate::vm::{Raise, Stop, Vm};
use procession_types::word::{self, Word};

/// Slots that a frame leaves free above its registers.
const SLOTS_FREE: usize = 16;

/// Up to so many arguments cost no more than the instruction.
const ARGUMENTS_FEW: usize = 15;

impl<'a> Run<'_, 'a> {
    /// The prototype of a function in Lua.
    #[inline(always)]
    fn function(&self, callee: Word) -> Option<&'a Prototype> {
        if callee >> 33 != word::TAG_FUNCTION << 15 {
            return None;
        }
        let place = match word::space(callee) {
            0 => self.words[word::index(callee) as usize + 1],
            _ => closure_place(0, word::index(callee)),
        };
        // A `wrap` function names an image that does not exist.
        let image = self.shared.images.get((place >> 32) as u16 as usize)?;
        image.prototypes.get(place as u32 as usize)
    }

    /// Calls a function in Lua that takes no varargs.
    #[inline(always)]
    pub(super) fn call(&mut self, i: Instruction) -> Done {
        let slot = self.base + i.a() as usize;
        let Some(callee) = self.function(self.words[slot]) else {
            return self.call_short(i, slot);
        };
        self.poll()?;
        if callee.is_vararg || slot + callee.registers as usize + SLOTS_FREE > self.stack_end {
            return None;
        }
        let count = self.arguments(i, slot);
        let link = Link {
            pc: self.pc() as u32,
            results: i.c() as u8,
            kind: FrameKind::Call,
            shift: 3,
            delta: i.a(),
        };
        let (first, second) = link.encode();
        let base = slot + 3;
        self.words[base - 2] = first;
        self.words[base - 1] = second;
        self.clear(base + count, base + callee.parameters as usize);
        self.enter(callee, 0, base)
    }

    /// Calls a built-in function that has a short way.
    #[inline(always)]
    fn call_short(&mut self, i: Instruction, slot: usize) -> Done {
        let callee = self.words[slot];
        if !is_builtin(callee) {
            return None;
        }
        let library = self.shared.library;
        let short = library.builtins.get(word::index(callee) as usize)?.short?;
        self.poll()?;
        let value = short(self.words, library, slot + 3, self.arguments(i, slot))?;
        self.charge(BUILTIN_FUEL);
        self.words[slot] = value;
        match i.c() as usize {
            0 => *self.top = slot + 1,
            wanted => self.clear(slot + 1, slot + wanted - 1),
        }
        Some(())
    }

    /// Has such a function take over the frame.
    #[inline(always)]
    pub(super) fn call_last(&mut self, i: Instruction) -> Done {
        let slot = self.base + i.a() as usize;
        let callee = self.function(self.words[slot])?;
        self.poll()?;
        let count = self.arguments(i, slot);
        let is_plain = !callee.is_vararg
            && count <= ARGUMENTS_FEW
            && slot + count + callee.registers as usize + SLOTS_FREE <= self.stack_end
            && !self.is_library(self.words[slot]);
        if !is_plain {
            return None;
        }
        let link = self.link();
        let to = self.base - link.shift as usize;
        self.words[to] = self.words[slot];
        self.words.copy_within(slot + 3..slot + 3 + count, to + 3);
        let (first, second) = Link { shift: 3, ..link }.encode();
        self.words[to + 1] = first | TAIL_CALLED;
        self.words[to + 2] = second;
        self.clear(to + 3 + count, to + 3 + callee.parameters as usize);
        self.enter(callee, 0, to + 3)
    }

    /// Whether a function in Lua is the library's, which looks from outside like a built-in function.
    #[inline(always)]
    fn is_library(&self, callee: Word) -> bool {
        word::space(callee) != 0 || (self.words[word::index(callee) as usize + 1] >> 32) as u16 == 0
    }

    /// How many arguments a call of what is at `slot` has.
    #[inline(always)]
    fn arguments(&self, i: Instruction, slot: usize) -> usize {
        match i.b() {
            0 => *self.top - slot - 3,
            b => b as usize - 1,
        }
    }

    /// The function in Lua that called the running one, directly or by `pcall`; that its `true` is
    /// there already is all that has changed.
    #[inline(always)]
    fn caller(&mut self) -> Option<Caller<'a>> {
        let link = self.link();
        // Below the first frame of a coroutine there is none.
        if !matches!(link.kind, FrameKind::Call | FrameKind::Protected) {
            return None;
        }
        let slot = self.base - link.shift as usize;
        let base = slot.wrapping_sub(link.delta as usize);
        let prototype = self.function(self.words[base.wrapping_sub(3)])?;
        let end = slot + link.results.saturating_sub(1) as usize;
        match link.kind {
            FrameKind::Call => Some(Caller { prototype, base, link, slot, end }),
            FrameKind::Protected => {
                self.words[slot] = word::TRUE;
                Some(Caller { prototype, base, link, slot: slot + 1, end })
            }
            _ => None,
        }
    }

    /// Goes on in the caller, whose `count` results are in place.
    #[inline(always)]
    fn resume(&mut self, caller: Caller<'a>, count: usize) -> Done {
        if caller.link.results == 0 {
            *self.top = caller.slot + count;
        } else {
            self.clear(caller.slot + count, caller.end);
        }
        self.enter(caller.prototype, caller.link.pc, caller.base)
    }

    #[inline(always)]
    pub(super) fn return_none(&mut self) -> Done {
        let caller = self.caller()?;
        self.resume(caller, 0)
    }

    #[inline(always)]
    pub(super) fn return_one(&mut self, i: Instruction) -> Done {
        let value = self.r(i.a());
        let caller = self.caller()?;
        self.words[caller.slot] = value;
        self.resume(caller, 1)
    }

    /// Returns several values when there is nothing to close.
    #[inline(always)]
    pub(super) fn return_many(&mut self, i: Instruction) -> Done {
        if i.c() != 0 {
            return None;
        }
        let first = self.base + i.a() as usize;
        let count = match i.b() {
            0 => *self.top - first,
            b => b as usize - 1,
        };
        let caller = self.caller()?;
        let taken = match (caller.link.results, caller.link.kind) {
            (0, _) | (_, FrameKind::Protected) => count,
            _ => count.min(caller.end - caller.slot),
        };
        self.words.copy_within(first..first + taken, caller.slot);
        self.resume(caller, count)
    }
}

/// Where a function returns to.
struct Caller<'a> {
    prototype: &'a Prototype,
    base: usize,
    link: Link,
    /// Where the results go.
    slot: usize,
    /// Where they end, unless the caller takes all there are.
    end: usize,
}

impl Vm<'_> {
    /// As `poll`, before a call, which is then executed again.
    pub(super) fn poll_call(&mut self) -> Result<(), Raise> {
        if self.fuel <= 0 {
            self.pc -= 1;
            return Err(Raise::Stop(Stop::Preempted));
        }
        if self.heap.used() > self.heap.threshold {
            return Err(Raise::Collect(0));
        }
        Ok(())
    }

    /// The slot of a call's callee, and how many arguments there are.
    fn callee(&self, i: Instruction) -> (usize, usize) {
        let slot = self.base + i.a() as usize;
        let count = match i.b() {
            0 => self.top - slot - 3,
            b => b as usize - 1,
        };
        (slot, count)
    }

    pub(super) fn call(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.poll_call()?;
        let (slot, count) = self.callee(i);
        let Called::Returned(slot, count) = self.call_other(slot, count, i.c() as u8)? else {
            return Ok(Next::Frame);
        };
        match i.c() {
            0 => self.top = slot + count,
            wanted => self.heap.fill(slot + count, slot + wanted as usize - 1, word::NIL),
        }
        Ok(Next::Step)
    }

    pub(super) fn call_last(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.poll_call()?;
        let (slot, count) = self.callee(i);
        self.tail_call(slot, count)?;
        Ok(Next::Frame)
    }

    pub(super) fn close_and_return(&mut self, i: Instruction) -> Result<Next, Raise> {
        let first = self.base + i.a() as usize;
        let count = match i.b() {
            0 => self.top - first,
            b => b as usize - 1,
        };
        if i.c() != 0 {
            if i.b() != 0 {
                self.top = first + count;
            }
            if self.close_next(self.base, None)? {
                return Ok(Next::Frame);
            }
        }
        self.leave(i, count)
    }

    /// Returns `count` values.
    pub(super) fn leave(&mut self, i: Instruction, count: usize) -> Result<Next, Raise> {
        self.return_values(self.base + i.a() as usize, count)?;
        Ok(Next::Frame)
    }
}
