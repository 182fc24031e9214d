//! Variables that are to be closed: a list of the slots that hold them, and calling `__close`.

use crate::bytecode::{Op, Operand};
use crate::call::Called;
use crate::coroutine::{CLOSING, FINALIZING, FrameKind, Link, UNWINDING, field};
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Word};

impl Vm<'_> {
    /// Marks a slot as holding a variable to be closed.
    pub(crate) fn mark_close(&mut self, slot: usize) -> Result<(), Raise> {
        let value = self.heap.get(slot);
        if word::is_falsy(value) {
            return Ok(());
        }
        if self.metamethod(value, self.library.names.close) == word::NIL {
            let name = match self.hint(Operand::First, 0) {
                Some(hint) => hint.name.to_string(),
                None if self.instruction().op() == Op::ForInPrep => "(for state)".to_owned(),
                None => "?".to_owned(),
            };
            return Err(self.error(&format!("variable '{name}' got a non-closable value")));
        }
        self.push_mark(slot);
        Ok(())
    }

    /// Closes the last marked variable at or above `from`, if there is one: then a frame of its
    /// `__close` is on top, or it has run already; the caller starts again.
    pub(crate) fn close_next(&mut self, from: usize, error: Option<Word>) -> Result<bool, Raise> {
        loop {
            let Some(marked) = self.last_mark().filter(|&slot| slot >= from) else {
                return Ok(false);
            };
            let value = self.heap.get(marked);
            let method = self.metamethod(value, self.library.names.close);
            let passed = error.unwrap_or(word::NIL);
            // The top of an open list of values and the error wait below the frame. A frame gets
            // its room before the mark is gone, since then this can't be tried again.
            let live = self.live_end().max(marked + 1);
            let top = self.top - self.stack;
            let registers = match self.is_plain_function(method) {
                true => 2 * self.prototype(method).registers as usize,
                false => 0,
            };
            let offset = match self.ensure_stack(live, registers + 64) {
                Err(Raise::Error(value)) => {
                    self.pop_mark();
                    return Err(Raise::Error(value));
                }
                offset => offset?,
            };
            self.pop_mark();
            self.heap.set(offset, word::int_wrapping(top as i64));
            self.heap.set(offset + 1, passed);
            let slot = offset + 2;
            self.heap.set(slot, method);
            self.heap.set(slot + 3, value);
            self.heap.set(slot + 4, passed);
            let mode = if error.is_some() { UNWINDING } else { CLOSING };
            match self.call_value(slot, 2, mode, FrameKind::Close)? {
                Called::Entered => return Ok(true),
                Called::Returned(..) => {}
            }
        }
    }

    /// A `__close` method has returned.
    pub(crate) fn closed(&mut self, slot: usize, link: Link) -> Result<(), Raise> {
        self.top = self.stack + word::to_int(self.heap.get(slot - 2)) as usize;
        if link.results == UNWINDING {
            let error = self.heap.get(slot - 1);
            return self.unwind(error);
        }
        if link.results == FINALIZING {
            return Ok(());
        }
        // The instruction that closes is executed again until nothing is left to close.
        self.pc -= 1;
        Ok(())
    }

    /// The last marked slot of the running coroutine.
    pub(crate) fn last_mark(&self) -> Option<usize> {
        let mark = self.heap.get(self.co + field::CLOSE);
        if mark == word::NIL {
            return None;
        }
        Some(self.stack + self.heap.get(word::index(mark) as usize + 1) as u32 as usize)
    }

    /// Adds to the list that the coroutine leads to.
    fn push_mark(&mut self, slot: usize) {
        let before = self.heap.get(self.co + field::CLOSE);
        let offset = word::int_wrapping((slot - self.stack) as i64);
        let node = self.heap.user(crate::library::class::COUNT, &[offset, before]);
        self.heap.set(self.co + field::CLOSE, node);
    }

    fn pop_mark(&mut self) {
        let mark = word::index(self.heap.get(self.co + field::CLOSE)) as usize;
        self.heap.set(self.co + field::CLOSE, self.heap.get(mark + 2));
    }
}
