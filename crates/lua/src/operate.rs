//! Operators: the ways out of the interpreter's fast paths.

use crate::bytecode::{Op, Operand};
use crate::numeric::{as_integer, compare_numbers, compute, is_bitwise, numbers_equal};
use crate::strings::is_string;
use crate::text::number::{self, Number};
use crate::vm::{Raise, Vm};
use procession_types::word::{self, Kind, Word};
use std::cmp::Ordering;

/// What an operator came to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// Its value.
    Value(Word),
    /// A metamethod is called; the instruction takes its result.
    Called,
}

impl Vm<'_> {
    /// The number in a word, without coercion.
    #[inline]
    pub(crate) fn number(&self, value: Word) -> Option<Number> {
        if word::is_float(value) {
            return Some(Number::Float(word::to_f64(value)));
        }
        if word::is_int(value) {
            return Some(Number::Int(word::to_int(value)));
        }
        let big =
            word::tag(value) == word::TAG_OBJECT && word::space(value) == Kind::Integer as u16;
        big.then(|| Number::Int(self.heap.get(word::index(value) as usize + 1) as i64))
    }

    /// The number in a word, strings converted.
    pub(crate) fn coerced(&mut self, value: Word) -> Option<Number> {
        if is_string(value) {
            self.fuel -= (self.strings().length(self.heap, value) / 8) as i64;
            return number::parse(&self.bytes(value));
        }
        self.number(value)
    }

    /// The word of a number.
    #[inline]
    pub(crate) fn number_word(&mut self, number: Number) -> Word {
        match number {
            Number::Int(value) => self.heap.integer(value),
            Number::Float(value) => word::from_f64(value),
        }
    }

    /// A number's text.
    pub(crate) fn number_text(&self, value: Word) -> String {
        let mut text = Vec::new();
        self.push_number(value, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Appends a number's text.
    pub(crate) fn push_number(&self, value: Word, out: &mut Vec<u8>) {
        match self.number(value) {
            Some(Number::Int(value)) => number::format_int(value, out),
            Some(Number::Float(value)) => number::format_float(value, out),
            None => {}
        }
    }

    /// An arithmetic or bitwise operator on any two values (the second is ignored by unary ones).
    pub(crate) fn arithmetic(&mut self, op: Op, a: Word, b: Word) -> Result<Outcome, Raise> {
        if let (Some(x), Some(y)) = (self.number(a), self.number(b)) {
            match compute(op, x, y) {
                Ok(Some(value)) => return Ok(Outcome::Value(self.number_word(value))),
                Ok(None) => {}
                Err(message) => return Err(self.error(message)),
            }
        }
        let method = self.binary_method(op, a, b);
        if method != word::NIL {
            self.call_meta(method, &[a, b])?;
            return Ok(Outcome::Called);
        }
        // In PUC these are metamethods of strings, so their errors have no position.
        if let (Some(x), Some(y)) = (self.coerced(a), self.coerced(b))
            && !is_bitwise(op)
        {
            match compute(op, x, y) {
                Ok(Some(value)) => return Ok(Outcome::Value(self.number_word(value))),
                Ok(None) => {}
                Err(message) => return Err(self.bare_error(message)),
            }
        }
        Err(self.arithmetic_error(op, a, b))
    }

    fn binary_method(&mut self, op: Op, a: Word, b: Word) -> Word {
        let names = &self.library.names;
        let name = match op {
            Op::Add | Op::AddK => names.add,
            Op::Sub | Op::SubK => names.sub,
            Op::Mul | Op::MulK => names.mul,
            Op::Div | Op::DivK => names.div,
            Op::Mod | Op::ModK => names.modulo,
            Op::Pow | Op::PowK => names.pow,
            Op::IDiv | Op::IDivK => names.idiv,
            Op::BAnd => names.band,
            Op::BOr => names.bor,
            Op::BXor => names.bxor,
            Op::Shl => names.shl,
            Op::Shr => names.shr,
            Op::Unm => names.unm,
            _ => names.bnot,
        };
        self.method_of(name, a, b)
    }

    pub(crate) fn method_of(&mut self, name: Word, a: Word, b: Word) -> Word {
        let method = self.metamethod(a, name);
        if method == word::NIL { self.metamethod(b, name) } else { method }
    }

    fn arithmetic_error(&mut self, op: Op, a: Word, b: Word) -> Raise {
        if is_bitwise(op) {
            if let (Some(x), Some(_)) = (self.number(a), self.number(b)) {
                let second = as_integer(x).is_some();
                let operand = if second { Operand::Second } else { Operand::First };
                let name = self.described(operand, 0);
                return self.error(&format!("number{name} has no integer representation"));
            }
            // PUC blames the first operand that is no number.
            let second = self.number(a).is_some();
            let (value, operand) = pick(second, a, b);
            return self.type_error("perform bitwise operation on", value, operand);
        }
        if is_string(a) || is_string(b) {
            // PUC's metamethods of strings speak here, and they know nothing of `__name`.
            if let Some(name) = op.event() {
                let (first, second) = (self.type_text(a), self.type_text(b));
                let text = format!("attempt to {name} a '{first}' with a '{second}'");
                return self.error(&text);
            }
        }
        let second = self.coerced(a).is_some();
        let (value, operand) = pick(second, a, b);
        self.type_error("perform arithmetic on", value, operand)
    }

    /// `a == b` without metamethods.
    #[inline]
    pub(crate) fn raw_equal(&mut self, a: Word, b: Word) -> bool {
        if a == b {
            return !word::is_float(a) || !word::to_f64(a).is_nan();
        }
        let (tag_a, tag_b) = (word::tag(a), word::tag(b));
        if tag_a == word::TAG_STRING && tag_b == word::TAG_STRING {
            return self.strings().same(self.heap, a, b);
        }
        match (self.number(a), self.number(b)) {
            (Some(x), Some(y)) => numbers_equal(x, y),
            _ => false,
        }
    }

    /// `a == b`: the metamethod to ask, if any.
    pub(crate) fn equal(&mut self, a: Word, b: Word) -> Result<Outcome, Raise> {
        if self.raw_equal(a, b) {
            return Ok(Outcome::Value(word::TRUE));
        }
        let tables = |value| !word::is_float(value) && word::tag(value) == word::TAG_TABLE;
        let users = |value| {
            !word::is_float(value)
                && word::tag(value) == word::TAG_OBJECT
                && word::space(value) == Kind::User as u16
        };
        if (tables(a) && tables(b)) || (users(a) && users(b)) {
            let method = self.method_of(self.library.names.eq, a, b);
            if method != word::NIL {
                self.call_meta(method, &[a, b])?;
                return Ok(Outcome::Called);
            }
        }
        Ok(Outcome::Value(word::FALSE))
    }

    /// `a < b` (op Lt) or `a <= b` (op Le).
    pub(crate) fn less(&mut self, op: Op, a: Word, b: Word) -> Result<Outcome, Raise> {
        let or_equal = op == Op::Le;
        if let (Some(x), Some(y)) = (self.number(a), self.number(b)) {
            let order = compare_numbers(x, y);
            let holds = order == Some(Ordering::Less) || or_equal && order == Some(Ordering::Equal);
            return Ok(Outcome::Value(word::from_bool(holds)));
        }
        if is_string(a) && is_string(b) {
            let order = self.bytes(a).cmp(&self.bytes(b));
            self.fuel -= (self.strings().length(self.heap, a) / 64) as i64;
            let holds = order == Ordering::Less || or_equal && order == Ordering::Equal;
            return Ok(Outcome::Value(word::from_bool(holds)));
        }
        let names = &self.library.names;
        let name = if or_equal { names.le } else { names.lt };
        let method = self.method_of(name, a, b);
        if method != word::NIL {
            self.call_meta(method, &[a, b])?;
            return Ok(Outcome::Called);
        }
        if or_equal {
            // As PUC with LUA_COMPAT_LT_LE, which Debian sets: a <= b is not (b < a).
            let method = self.method_of(names.lt, b, a);
            if method != word::NIL {
                let not = self.library_function("not_less");
                self.call_meta(not, &[method, b, a])?;
                return Ok(Outcome::Called);
            }
        }
        let message = self.order_message(a, b);
        Err(self.error(&message))
    }

    /// "attempt to compare …".
    pub(crate) fn order_message(&mut self, a: Word, b: Word) -> String {
        let (x, y) = (self.type_name(a), self.type_name(b));
        if x == y {
            format!("attempt to compare two {x} values")
        } else {
            format!("attempt to compare {x} with {y}")
        }
    }

    /// `#value`.
    pub(crate) fn len(&mut self, value: Word) -> Result<Outcome, Raise> {
        if is_string(value) {
            let length = self.strings().length(self.heap, value);
            return Ok(Outcome::Value(word::int_wrapping(length as i64)));
        }
        let method = self.metamethod(value, self.library.names.len);
        if method != word::NIL {
            self.call_meta(method, &[value, value])?;
            return Ok(Outcome::Called);
        }
        if !word::is_float(value) && word::tag(value) == word::TAG_TABLE {
            return Ok(Outcome::Value(word::int_wrapping(self.raw_len(value))));
        }
        Err(self.type_error("get length of", value, Operand::First))
    }

    /// The border of a table.
    pub(crate) fn raw_len(&mut self, value: Word) -> i64 {
        match self.place_of(value) {
            crate::index::Place::Heap(at) => self.heap.length(self.strings(), at),
            crate::index::Place::Frozen(_) | crate::index::Place::Nowhere => 0,
        }
    }

    /// The type of a value as `type` says.
    pub(crate) fn type_text(&self, value: Word) -> &'static str {
        if word::is_float(value) {
            return "number";
        }
        match word::tag(value) {
            word::TAG_INT => "number",
            word::TAG_SPECIAL => match value {
                word::NIL => "nil",
                word::TRUE | word::FALSE => "boolean",
                _ => "function",
            },
            word::TAG_SHORT | word::TAG_STRING => "string",
            word::TAG_TABLE => "table",
            word::TAG_FUNCTION => "function",
            _ => match word::space(value) {
                space if space == Kind::Integer as u16 => "number",
                space if space == Kind::Coroutine as u16 => "thread",
                _ => "userdata",
            },
        }
    }

    /// The type of a value for messages: `__name` of its metatable, or its type.
    pub(crate) fn type_name(&mut self, value: Word) -> String {
        String::from_utf8_lossy(&self.type_name_bytes(value)).into_owned()
    }

    /// Likewise, for a text that the program gets: what it calls its types may be no UTF-8.
    pub(crate) fn type_name_bytes(&mut self, value: Word) -> Vec<u8> {
        let name = self.metamethod(value, self.library.names.name);
        if is_string(name) && !is_string(value) {
            // As in C, where a zero ends it.
            let name = self.bytes(name);
            return name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
        }
        self.type_text(value).into()
    }
}

const fn pick(second: bool, a: Word, b: Word) -> (Word, Operand) {
    if second { (b, Operand::Second) } else { (a, Operand::First) }
}
