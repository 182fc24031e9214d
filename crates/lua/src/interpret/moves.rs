//! Registers, constants, upvalues and boxes.

use super::run::Run;
use super::{Done, Next};
use crate::bytecode::{Instruction, Prototype};
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Kind, Word};

/// Up to so many extra arguments cost no more than the instruction.
const VARARGS_FEW: usize = 7;

impl Run<'_, '_> {
    #[inline(always)]
    pub(super) fn copy(&mut self, i: Instruction) -> Done {
        self.set(i.a(), self.r(i.b()))
    }

    #[inline(always)]
    pub(super) fn load(&mut self, i: Instruction) -> Done {
        self.set(i.a(), self.k(i.d()))
    }

    #[inline(always)]
    pub(super) fn load_nil(&mut self, i: Instruction) -> Done {
        if i.b() == 1 {
            return self.set(i.a(), word::NIL);
        }
        let first = self.base + i.a() as usize;
        self.clear(first, first + i.b() as usize);
        Some(())
    }

    /// A few extra arguments.
    #[inline(always)]
    pub(super) fn load_varargs(&mut self, i: Instruction) -> Done {
        let extra = self.link().shift as usize - 6 - self.function.prototype.parameters as usize;
        let count = match i.c() {
            0 => extra,
            c => c as usize - 1,
        };
        let first = self.base + i.a() as usize;
        if count > VARARGS_FEW || first + count + 8 > self.stack_end {
            return None;
        }
        let from = self.base - 3 - extra;
        self.words.copy_within(from..from + count.min(extra), first);
        self.clear(first + extra, first + count);
        if i.c() == 0 {
            *self.top = first + count;
        }
        Some(())
    }

    #[inline(always)]
    pub(super) fn get_upvalue(&mut self, i: Instruction) -> Done {
        self.set(i.a(), self.upvalue(i.b()))
    }

    #[inline(always)]
    pub(super) fn get_upvalue_box(&mut self, i: Instruction) -> Done {
        self.set(i.a(), self.words[content(self.upvalue(i.b()))])
    }

    #[inline(always)]
    pub(super) fn set_upvalue_box(&mut self, i: Instruction) -> Done {
        self.words[content(self.upvalue(i.a()))] = self.r(i.b());
        Some(())
    }

    #[inline(always)]
    pub(super) fn new_box(&mut self, i: Instruction) -> Done {
        let at = self.allocate(2)?;
        self.words[at] = word::header(Kind::Box, 0, 1);
        self.words[at + 1] = self.r(i.a());
        self.set(i.a(), word::object(Kind::Box, at as u32))
    }

    #[inline(always)]
    pub(super) fn get_box(&mut self, i: Instruction) -> Done {
        self.set(i.a(), self.words[content(self.r(i.b()))])
    }

    #[inline(always)]
    pub(super) fn set_box(&mut self, i: Instruction) -> Done {
        self.words[content(self.r(i.a()))] = self.r(i.b());
        Some(())
    }
}

/// Where the variable of a box is.
#[inline(always)]
const fn content(boxed: Word) -> usize {
    word::index(boxed) as usize + 1
}

impl Vm<'_> {
    /// Register x of the running frame.
    #[inline(always)]
    pub(super) fn r(&self, x: u32) -> Word {
        self.heap.get(self.base + x as usize)
    }

    /// Sets register x; goes on in the same frame.
    #[inline(always)]
    pub(super) fn set(&mut self, x: u32, value: Word) -> Result<Next, Raise> {
        self.heap.set(self.base + x as usize, value);
        Ok(Next::Step)
    }

    pub(super) fn load_big(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        let value = self.heap.integer(of.big[i.d() as usize]);
        self.set(i.a(), value)
    }

    pub(super) fn load_varargs(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.varargs(i.a() as usize, i.c() as usize)?;
        Ok(Next::Step)
    }

    pub(super) fn new_box(&mut self, i: Instruction) -> Result<Next, Raise> {
        let at = self.heap.allocate(2);
        self.heap.set(at, word::header(Kind::Box, 0, 1));
        self.heap.set(at + 1, self.r(i.a()));
        self.set(i.a(), word::object(Kind::Box, at as u32))
    }
}
