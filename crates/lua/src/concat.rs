//! The operator `..`.

use crate::bytecode::Operand;
use crate::strings::is_string;
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Word};

impl Vm<'_> {
    /// Concatenates the `left` first of the `total` values from register `a` on into register `a`.
    pub(crate) fn concat(&mut self, a: usize, left: usize, total: usize) -> Result<(), Raise> {
        let mut left = left;
        while left > 1 {
            let first = self.base + a;
            let joinable = |vm: &Self, position: usize| {
                let value = vm.heap.get(first + position);
                is_string(value) || vm.number(value).is_some()
            };
            let mut from = left;
            while from > 0 && joinable(self, from - 1) {
                from -= 1;
            }
            if left - from >= 2 {
                // Registers to the right are spent: the instruction can't be started again, so a
                // collection happens here.
                let joined = match self.join(first + from, left - from) {
                    Err(Raise::Collect(extra)) => {
                        self.collect(extra)?;
                        continue;
                    }
                    joined => joined?,
                };
                self.heap.set(first + from, joined);
                left = from + 1;
                continue;
            }
            let (x, y) = (self.heap.get(first + left - 2), self.heap.get(first + left - 1));
            let method = self.method_of(self.library.names.concat, x, y);
            if method == word::NIL {
                let second = joinable(self, left - 2);
                let position = if second { left - 1 } else { left - 2 };
                let value = if second { y } else { x };
                let place = position as u8;
                return Err(self.type_error_at("concatenate", value, Operand::First, place));
            }
            self.heap.set(first + total, word::int_wrapping(left as i64 - 1));
            match self.call_meta(method, &[x, y]) {
                Err(Raise::Collect(extra)) => self.collect(extra)?,
                done => return done,
            }
        }
        Ok(())
    }

    /// One string of `count` strings and numbers at `from` and on.
    fn join(&mut self, from: usize, count: usize) -> Result<Word, Raise> {
        let mut length = 0;
        for at in from..from + count {
            let value = self.heap.get(at);
            length += if is_string(value) { self.strings().length(self.heap, value) } else { 32 };
        }
        self.reserve_text(length)?;
        self.fuel -= (length / 64) as i64;
        let mut small = [0_u8; 120];
        if length <= small.len() {
            let mut used = 0;
            for at in from..from + count {
                let value = self.heap.get(at);
                if is_string(value) {
                    let bytes = self.bytes(value);
                    small[used..used + bytes.len()].copy_from_slice(&bytes);
                    used += bytes.len();
                } else {
                    let text = self.number_text(value);
                    small[used..used + text.len()].copy_from_slice(text.as_bytes());
                    used += text.len();
                }
            }
            return Ok(self.heap.string(&small[..used]));
        }
        let mut joined = Vec::with_capacity(length);
        for at in from..from + count {
            let value = self.heap.get(at);
            if is_string(value) {
                joined.extend_from_slice(&self.bytes(value));
            } else {
                self.push_number(value, &mut joined);
            }
        }
        Ok(self.heap.string(&joined))
    }
}
