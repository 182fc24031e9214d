//! Jumps, tests and comparisons.

use super::arithmetic::{both_float, both_int};
use super::run::Run;
use super::{Done, Next};
use crate::bytecode::{Instruction, Op, Prototype};
use crate::operate::Outcome;
use crate::vm::{Raise, Stop, Vm};
use procession_types::word::{self, Word};

impl Run<'_, '_> {
    #[inline(always)]
    pub(super) fn jump(&mut self, i: Instruction) -> Done {
        self.go_to(i.d())
    }

    #[inline(always)]
    pub(super) fn jump_back(&mut self, i: Instruction) -> Done {
        self.poll()?;
        self.jump(i)
    }

    #[inline(always)]
    fn jump_if(&mut self, i: Instruction, holds: bool) -> Done {
        if holds == (i.c() != 0) {
            self.go_to(i.d())?;
        }
        Some(())
    }

    #[inline(always)]
    pub(super) fn test(&mut self, i: Instruction) -> Done {
        self.jump_if(i, !word::is_falsy(self.r(i.a())))
    }

    #[inline(always)]
    pub(super) fn test_set(&mut self, i: Instruction) -> Done {
        let value = self.r(i.b());
        if word::is_falsy(value) == (i.c() == 0) {
            self.go_to(i.d())?;
            self.set(i.a(), value)?;
        }
        Some(())
    }

    /// Compares R[a] with `y`.
    #[inline(always)]
    pub(super) fn compare(
        &mut self,
        i: Instruction,
        y: Word,
        integers: impl Fn(i64, i64) -> bool,
        floats: impl Fn(f64, f64) -> bool,
    ) -> Done {
        let x = self.r(i.a());
        if both_int(x, y) {
            self.jump_if(i, integers(word::to_int(x), word::to_int(y)))
        } else if both_float(x, y) {
            self.jump_if(i, floats(word::to_f64(x), word::to_f64(y)))
        } else {
            None
        }
    }

    #[inline(always)]
    pub(super) fn equal(&mut self, i: Instruction) -> Done {
        let (x, y) = (self.r(i.a()), self.r(i.b()));
        let equal = equal_words(x, y)?;
        self.jump_if(i, equal)
    }

    #[inline(always)]
    pub(super) fn equal_constant(&mut self, i: Instruction) -> Done {
        let (x, y) = (self.r(i.a()), self.k(i.b()));
        let equal = equal_words(x, y)?;
        self.jump_if(i, equal)
    }
}

/// Whether two values are equal, if their words tell.
#[inline(always)]
fn equal_words(x: Word, y: Word) -> Option<bool> {
    if both_int(x, y) {
        return Some(x == y);
    }
    if word::is_float(x) || word::is_float(y) {
        return both_float(x, y).then(|| word::to_f64(x) == word::to_f64(y));
    }
    if x == y {
        return Some(true);
    }
    // What has a word for each value is equal to no other word that is not a number.
    let is_unique = |value| word::is_scalar(value) && !word::is_int(value);
    (is_unique(x) || is_unique(y)).then_some(false)
}

impl Vm<'_> {
    fn jump_if(&mut self, i: Instruction, holds: bool) -> Result<Next, Raise> {
        if holds == (i.c() != 0) {
            self.pc = i.d() as usize;
        }
        Ok(Next::Step)
    }

    fn jump_on(&mut self, i: Instruction, outcome: Outcome) -> Result<Next, Raise> {
        match outcome {
            Outcome::Value(value) => self.jump_if(i, value == word::TRUE),
            Outcome::Called => Ok(Next::Frame),
        }
    }

    pub(super) fn compare_equal(&mut self, i: Instruction) -> Result<Next, Raise> {
        let outcome = self.equal(self.r(i.a()), self.r(i.b()))?;
        self.jump_on(i, outcome)
    }

    /// No constant has a metamethod that could make it equal to something else.
    pub(super) fn compare_constant(
        &mut self,
        of: &Prototype,
        i: Instruction,
    ) -> Result<Next, Raise> {
        let equal = self.raw_equal(self.r(i.a()), of.constants[i.b() as usize]);
        self.jump_if(i, equal)
    }

    pub(super) fn compare_order(&mut self, of: &Prototype, i: Instruction) -> Result<Next, Raise> {
        let x = self.r(i.a());
        let constant = |number: u32| of.constants[number as usize];
        let (op, x, y) = match i.op() {
            Op::Lt => (Op::Lt, x, self.r(i.b())),
            Op::Le => (Op::Le, x, self.r(i.b())),
            Op::LtK => (Op::Lt, x, constant(i.b())),
            Op::LeK => (Op::Le, x, constant(i.b())),
            Op::GtK => (Op::Lt, constant(i.b()), x),
            _ => (Op::Le, constant(i.b()), x),
        };
        let outcome = self.less(op, x, y)?;
        self.jump_on(i, outcome)
    }

    pub(super) fn jump_back(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.pc = i.d() as usize;
        self.poll()
    }

    /// Has the turn end here if its fuel is used up, and a collection happen if that is due.
    fn poll(&mut self) -> Result<Next, Raise> {
        if self.fuel <= 0 {
            return Err(Raise::Stop(Stop::Preempted));
        }
        if self.heap.used() > self.heap.threshold {
            // After the collection it goes on one instruction before that.
            self.pc += 1;
            return Err(Raise::Collect(0));
        }
        Ok(Next::Step)
    }
}
