//! Loops over numbers, and over what an iterator gives.

use super::arithmetic::both_int;
use super::run::Run;
use super::{Done, Next};
use crate::bytecode::Instruction;
use crate::call::Called;
use crate::coroutine::FrameKind;
use crate::vm::{Raise, Vm};
use procession_types::word;

/// Whether a loop in such steps goes on at `index`.
#[inline(always)]
const fn is_within(index: i64, limit: i64, step: i64) -> bool {
    if step > 0 { index <= limit } else { index >= limit }
}

impl Run<'_, '_> {
    #[inline(always)]
    pub(super) fn prepare_loop(&mut self, i: Instruction) -> Done {
        let (start, limit, step) = (self.r(i.a()), self.r(i.a() + 1), self.r(i.a() + 2));
        if !both_int(start, limit) || !word::is_int(step) || word::to_int(step) == 0 {
            return None;
        }
        if is_within(word::to_int(start), word::to_int(limit), word::to_int(step)) {
            self.set(i.a() + 3, start)
        } else {
            self.jump(i)
        }
    }

    #[inline(always)]
    pub(super) fn count_loop(&mut self, i: Instruction) -> Done {
        let (index, limit, step) = (self.r(i.a()), self.r(i.a() + 1), self.r(i.a() + 2));
        if !both_int(index, limit) || !word::is_int(step) {
            return None;
        }
        let next = word::to_int(index) + word::to_int(step);
        if !is_within(next, word::to_int(limit), word::to_int(step)) {
            return Some(());
        }
        self.jump_back(i)?;
        let next = word::int_wrapping(next);
        self.set(i.a(), next)?;
        self.set(i.a() + 3, next)
    }

    #[inline(always)]
    pub(super) fn iterate(&mut self, i: Instruction) -> Done {
        let control = self.r(i.a() + 4);
        if control == word::NIL {
            return Some(());
        }
        self.jump_back(i)?;
        self.set(i.a() + 2, control)
    }
}

impl Vm<'_> {
    pub(super) fn prepare_loop(&mut self, i: Instruction) -> Result<Next, Raise> {
        if !self.for_prepare(self.base + i.a() as usize)? {
            self.pc = i.d() as usize;
        }
        Ok(Next::Step)
    }

    pub(super) fn count_loop(&mut self, i: Instruction) -> Result<Next, Raise> {
        if self.for_next(self.base + i.a() as usize) { self.jump_back(i) } else { Ok(Next::Step) }
    }

    pub(super) fn prepare_iteration(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.mark_close(self.base + i.a() as usize + 3)?;
        self.pc = i.d() as usize;
        Ok(Next::Step)
    }

    pub(super) fn call_iterator(&mut self, i: Instruction) -> Result<Next, Raise> {
        let at = self.base + i.a() as usize;
        let wanted = i.c() as usize;
        if self.heap.get(at) == self.library_next() && self.next_in_place(at, wanted) {
            return Ok(Next::Step);
        }
        self.poll_call()?;
        let at = self.base + i.a() as usize;
        self.heap.copy(at, at + 4, 1);
        self.heap.copy(at + 1, at + 7, 2);
        match self.call_value(at + 4, 2, i.c() as u8 + 1, FrameKind::Call)? {
            Called::Entered => Ok(Next::Frame),
            Called::Returned(slot, count) => {
                self.heap.fill(slot + count.min(wanted), slot + wanted, word::NIL);
                Ok(Next::Step)
            }
        }
    }

    pub(super) fn iterate(&mut self, i: Instruction) -> Result<Next, Raise> {
        let control = self.r(i.a() + 4);
        if control == word::NIL {
            return Ok(Next::Step);
        }
        self.set(i.a() + 2, control)?;
        self.jump_back(i)
    }
}
