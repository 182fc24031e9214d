//! Instructions that need more than a few lines: varargs, constructors, closures, numeric loops, tail
//! calls, and the fast path of `next`.

use crate::bytecode::Upvalue;
use crate::call::Called;
use crate::coroutine::{FrameKind, TAIL_CALLED};
use crate::index::is_heap_table;
use crate::library::is_builtin;
use crate::numeric::as_float;
use crate::strings::is_string;
use crate::text::number::Number;
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Kind, Word};

/// Removed entries that `next` passes over for nothing.
const SKIPPED_MAX: usize = 64;

impl Vm<'_> {
    /// How many extra arguments the running vararg function got.
    fn extra_arguments(&self) -> usize {
        let prototype = self.prototype(self.heap.get(self.base - 3));
        let shift = self.link(self.base).shift as usize;
        shift - 6 - prototype.parameters as usize
    }

    /// Copies `wanted - 1` varargs (0: all) to register `a` and on.
    pub(crate) fn varargs(&mut self, a: usize, wanted: usize) -> Result<(), Raise> {
        let extra = self.extra_arguments();
        let count = if wanted == 0 { extra } else { wanted - 1 };
        self.ensure_stack(self.base + a, count + 8)?;
        let first = self.base - 3 - extra;
        let to = self.base + a;
        self.heap.copy(first, to, count.min(extra));
        self.heap.fill(to + extra.min(count), to + count, word::NIL);
        if wanted == 0 {
            self.top = to + count;
        }
        self.fuel -= (count / 8) as i64;
        Ok(())
    }

    /// `{…}`: puts `count` values above register `a` into the table there, after index `from`.
    pub(crate) fn set_list(&mut self, a: usize, count: usize, from: usize) -> Result<(), Raise> {
        let target = self.heap.get(self.base + a);
        let at = word::index(target) as usize;
        self.reserve(2 * (from + count) + self.heap.growth(at))?;
        self.heap.make_array_room(self.strings(), at, from + count);
        for position in 0..count {
            let value = self.heap.get(self.base + a + 1 + position);
            let key = (from + position + 1) as i64;
            self.heap.set_int(self.strings(), at, key, value);
        }
        self.fuel -= (count / 8) as i64;
        Ok(())
    }

    /// A closure of prototype `index` of the running function's image.
    pub(crate) fn closure(&mut self, base: usize, index: u32) -> Word {
        let callee = self.heap.get(base - 3);
        let image = if word::space(callee) == 0 {
            (self.heap.get(word::index(callee) as usize + 1) >> 32) as u16
        } else {
            0
        };
        let prototype = &self.images[image as usize].prototypes[index as usize];
        let count = prototype.upvalues.len();
        let at = self.heap.allocate(2 + count);
        let closure = word::make(word::TAG_FUNCTION, 0, at as u32);
        self.heap.set(at, word::header(Kind::Closure, 0, 1 + count as u32));
        self.heap.set(at + 1, closure_place(image, index));
        for (number, &source) in prototype.upvalues.iter().enumerate() {
            let value = match source {
                Upvalue::Register(register) => self.heap.get(base + register as usize),
                Upvalue::Outer(outer) => self.upvalue(base, u32::from(outer)),
                Upvalue::Itself => closure,
            };
            self.heap.set(at + 2 + number, value);
        }
        closure
    }

    /// Prepares a numeric loop whose start, limit and step are at `at`; false: no iteration.
    pub(crate) fn for_prepare(&mut self, at: usize) -> Result<bool, Raise> {
        let [start, _, step] = [0, 1, 2].map(|offset| self.number(self.heap.get(at + offset)));
        // PUC looks at this before it looks at the limit, when both are integers.
        if let (Some(Number::Int(_)), Some(Number::Int(0))) = (start, step) {
            return Err(self.error("'for' step is zero"));
        }
        let mut value = [word::NIL; 3];
        for (position, name) in [(1, "limit"), (2, "step"), (0, "initial")] {
            value[position] = self.heap.get(at + position);
            if self.coerced(value[position]).is_none() {
                let kind = self.type_name(value[position]);
                let message = if name == "initial" { "initial value" } else { name };
                let message = format!("bad 'for' {message} (number expected, got {kind})");
                return Err(self.error(&message));
            }
        }
        // A string is taken as a number, but then the loop does not count in integers.
        let [start, limit, step] = value.map(|value| self.coerced(value));
        let texts = is_string(value[0]) || is_string(value[2]);
        let (Some(start), Some(limit), Some(step)) = (start, limit, step) else {
            return Ok(false);
        };
        if let (Number::Int(start), Number::Int(step), false) = (start, step, texts) {
            let Some(limit) = integer_limit(start, limit, step) else { return Ok(false) };
            let limit = self.heap.integer(limit);
            self.heap.set(at + 1, limit);
            self.heap.copy(at, at + 3, 1);
            return Ok(true);
        }
        let (start, limit, step) = (as_float(start), as_float(limit), as_float(step));
        if step == 0.0 {
            return Err(self.error("'for' step is zero"));
        }
        // Written as PUC has it: a NaN skips nothing here.
        if if step > 0.0 { limit < start } else { start < limit } {
            return Ok(false);
        }
        for (position, value) in [(0, start), (1, limit), (2, step), (3, start)] {
            self.heap.set(at + position, word::from_f64(value));
        }
        Ok(true)
    }

    /// The next iteration of a numeric loop over doubles or large integers.
    pub(crate) fn for_next(&mut self, at: usize) -> bool {
        let [index, limit, step] = [0, 1, 2].map(|offset| self.number(self.heap.get(at + offset)));
        let next = match (index, limit, step) {
            (Some(Number::Int(index)), Some(Number::Int(limit)), Some(Number::Int(step))) => {
                let Some(next) = index.checked_add(step) else { return false };
                if !(if step > 0 { next <= limit } else { next >= limit }) {
                    return false;
                }
                self.heap.integer(next)
            }
            (Some(index), Some(limit), Some(step)) => {
                let (limit, step) = (as_float(limit), as_float(step));
                let next = as_float(index) + step;
                if !(if step > 0.0 { next <= limit } else { limit <= next }) {
                    return false;
                }
                word::from_f64(next)
            }
            _ => return false,
        };
        self.heap.set(at, next);
        self.heap.set(at + 3, next);
        true
    }

    /// Returns what the callee at `slot` returns, in place of the running frame.
    pub(crate) fn tail_call(&mut self, slot: usize, count: usize) -> Result<(), Raise> {
        let callee = self.heap.get(slot);
        // An object that is called is the first argument of its `__call`.
        let own = usize::from(!self.is_function(callee));
        let function = if own == 0 { callee } else { self.call_method(callee, FrameKind::Call)? };
        // Library code in Lua looks from outside like any built-in function, so it is called.
        let in_place = self.is_plain_function(function) && !self.is_library(function);
        let link = self.link(self.base);
        if in_place {
            let prototype = self.prototype(function);
            let need = 7 + count + prototype.registers as usize + 8;
            let slot = self.ensure_stack(slot, need)?;
            let to = self.base - link.shift as usize;
            self.ensure_stack(to, need)?;
            self.heap.copy(slot + 3, to + 3 + own, count);
            if own > 0 {
                self.heap.set(to + 3, callee);
            }
            self.heap.set(to, function);
            let count = count + own;
            self.fuel -= (count / 16) as i64;
            self.base = to - link.delta as usize;
            self.pc = link.pc as usize;
            self.push_frame(prototype, to, count, link.results, link.kind)?;
            self.heap.set(self.base - 2, self.heap.get(self.base - 2) | TAIL_CALLED);
            return Ok(());
        }
        match self.call_value(slot, count, 0, FrameKind::Call)? {
            // The `Return` that the compiler puts after a tail call passes the results on.
            Called::Entered => Ok(()),
            Called::Returned(first, count) => self.return_values(first, count),
        }
    }

    /// The word of `next`.
    #[inline(always)]
    pub(crate) fn library_next(&self) -> Word {
        crate::library::builtin_word(crate::library::base::NEXT)
    }

    /// Executes `next` for a generic loop at `at` with `wanted` variables; false: take the slow way.
    #[inline]
    pub(crate) fn next_in_place(&mut self, at: usize, wanted: usize) -> bool {
        let target = self.heap.get(at + 1);
        if !is_heap_table(target) {
            return false;
        }
        let target = word::index(target) as usize;
        let Some(cursor) = self.heap.cursor(self.strings(), target, self.heap.get(at + 2)) else {
            return false;
        };
        let (key, value) = match self.heap.next_entry(target, cursor) {
            // What is skipped in between is charged there.
            Some((next, ..)) if next > cursor + SKIPPED_MAX => return false,
            None if self.heap.entries(target) > cursor + SKIPPED_MAX => return false,
            Some((_, key, value)) => (key, value),
            None => (word::NIL, word::NIL),
        };
        self.heap.set(at + 4, key);
        if wanted > 1 {
            self.heap.set(at + 5, value);
            self.heap.fill(at + 6, at + 4 + wanted, word::NIL);
        }
        true
    }

    /// Whether the frame at the base is one of the program's own.
    pub(crate) fn is_lua_frame(&self) -> bool {
        !is_builtin(self.heap.get(self.base - 3))
    }
}

/// The word that says where a closure's prototype is.
pub(crate) const fn closure_place(image: u16, index: u32) -> Word {
    word::TAG_INT << 48 | (image as u64) << 32 | index as u64
}

/// The limit of an integer loop as an integer; `None` when there is no iteration.
fn integer_limit(start: i64, limit: Number, step: i64) -> Option<i64> {
    let limit = match limit {
        Number::Int(limit) => limit,
        // PUC takes a NaN for a limit below every number.
        Number::Float(limit) if limit.is_nan() && step > 0 => return None,
        Number::Float(limit) if limit.is_nan() => i64::MIN,
        Number::Float(limit) => {
            let rounded = if step > 0 { libm::floor(limit) } else { libm::ceil(limit) };
            match crate::text::number::float_to_int(rounded) {
                Some(limit) => limit,
                None if limit > 0.0 && step > 0 => i64::MAX,
                None if limit < 0.0 && step < 0 => i64::MIN,
                None => return None,
            }
        }
    };
    (if step > 0 { start <= limit } else { start >= limit }).then_some(limit)
}
