//! Arithmetic, bits, `not`, `#` and `..`.

use super::run::Run;
use super::{Done, Next};
use crate::bytecode::Instruction;
use crate::index::is_heap_table;
use crate::numeric;
use crate::operate::Outcome;
use crate::vm::{Raise, Vm};
use procession_types::word::{self, TAG_INT, Word, table};

/// Sum of two integer words; `None` when it does not fit into a word.
#[inline(always)]
const fn add_words(x: Word, y: Word) -> Option<Word> {
    let (sum, overflow) = ((x << 16) as i64).overflowing_add((y << 16) as i64);
    if overflow { None } else { Some(TAG_INT << 48 | sum as u64 >> 16) }
}

#[inline(always)]
const fn subtract_words(x: Word, y: Word) -> Option<Word> {
    let (difference, overflow) = ((x << 16) as i64).overflowing_sub((y << 16) as i64);
    if overflow { None } else { Some(TAG_INT << 48 | difference as u64 >> 16) }
}

#[inline(always)]
const fn multiply_words(x: Word, y: Word) -> Option<Word> {
    let (product, overflow) = ((x << 16) as i64).overflowing_mul(word::to_int(y));
    if overflow { None } else { Some(TAG_INT << 48 | product as u64 >> 16) }
}

/// Whether both are integers held in the word.
#[inline(always)]
pub(super) const fn both_int(x: Word, y: Word) -> bool {
    word::is_int(x) && word::is_int(y)
}

/// Whether both are doubles.
#[inline(always)]
pub(super) const fn both_float(x: Word, y: Word) -> bool {
    word::is_float(x) && word::is_float(y)
}

/// The double in a word that is a double or a small integer.
#[inline(always)]
fn small_number(x: Word) -> Option<f64> {
    if word::is_float(x) {
        Some(word::to_f64(x))
    } else if word::is_int(x) {
        Some(word::to_int(x) as f64)
    } else {
        None
    }
}

impl Run<'_, '_> {
    #[inline(always)]
    pub(super) fn add(&mut self, i: Instruction, y: Word) -> Done {
        self.arithmetic(i, y, add_words, |x, y| x + y)
    }

    #[inline(always)]
    pub(super) fn subtract(&mut self, i: Instruction, y: Word) -> Done {
        self.arithmetic(i, y, subtract_words, |x, y| x - y)
    }

    #[inline(always)]
    pub(super) fn multiply(&mut self, i: Instruction, y: Word) -> Done {
        self.arithmetic(i, y, multiply_words, |x, y| x * y)
    }

    #[inline(always)]
    fn arithmetic(
        &mut self,
        i: Instruction,
        y: Word,
        words: impl Fn(Word, Word) -> Option<Word>,
        floats: impl Fn(f64, f64) -> f64,
    ) -> Done {
        let x = self.r(i.b());
        if both_int(x, y) {
            self.set(i.a(), words(x, y)?)
        } else if both_float(x, y) {
            self.set(i.a(), word::from_f64(floats(word::to_f64(x), word::to_f64(y))))
        } else {
            self.set(i.a(), word::from_f64(floats(small_number(x)?, small_number(y)?)))
        }
    }

    #[inline(always)]
    pub(super) fn divide(&mut self, i: Instruction, y: Word) -> Done {
        let quotient = small_number(self.r(i.b()))? / small_number(y)?;
        self.set(i.a(), word::from_f64(quotient))
    }

    #[inline(always)]
    pub(super) fn modulo(&mut self, i: Instruction, y: Word) -> Done {
        self.integers(i, y, numeric::floor_modulo)
    }

    #[inline(always)]
    pub(super) fn divide_down(&mut self, i: Instruction, y: Word) -> Done {
        self.integers(i, y, numeric::floor_divide)
    }

    /// Divides by an integer above 0.
    #[inline(always)]
    fn integers(&mut self, i: Instruction, y: Word, divide: impl Fn(i64, i64) -> i64) -> Done {
        let x = self.r(i.b());
        if !both_int(x, y) || word::to_int(y) <= 0 {
            return None;
        }
        self.set(i.a(), word::int_wrapping(divide(word::to_int(x), word::to_int(y))))
    }

    #[inline(always)]
    pub(super) fn bits(&mut self, i: Instruction, combine: impl Fn(i64, i64) -> i64) -> Done {
        let (x, y) = (self.r(i.b()), self.r(i.c()));
        if !both_int(x, y) {
            return None;
        }
        self.set(i.a(), word::int_wrapping(combine(word::to_int(x), word::to_int(y))))
    }

    #[inline(always)]
    pub(super) fn negate(&mut self, i: Instruction) -> Done {
        let x = self.r(i.b());
        if !word::is_float(x) {
            return None;
        }
        self.set(i.a(), word::from_f64(-word::to_f64(x)))
    }

    #[inline(always)]
    pub(super) fn not(&mut self, i: Instruction) -> Done {
        self.set(i.a(), word::from_bool(word::is_falsy(self.r(i.b()))))
    }

    /// The length of a string, or of a table that is an array.
    #[inline(always)]
    pub(super) fn length(&mut self, i: Instruction) -> Done {
        let target = self.r(i.b());
        let at = word::index(target) as usize;
        if word::tag(target) == word::TAG_SHORT {
            return self.set(i.a(), word::int_wrapping(word::short_len(target) as i64));
        }
        if word::tag(target) == word::TAG_STRING {
            let head = match word::space(target) {
                0 => self.words[at],
                image => self.shared.images[image as usize - 1].strings[at],
            };
            return self.set(i.a(), word::int_wrapping(i64::from(word::header_length(head))));
        }
        if !is_heap_table(target) {
            return None;
        }
        if self.words[at + table::META as usize] != word::NIL
            || self.words[at + table::HASH as usize] as u32 != 0
        {
            return None;
        }
        let used = self.words[at + table::ARRAY as usize] >> 32;
        self.set(i.a(), word::int_wrapping(used as i64))
    }
}

impl Vm<'_> {
    /// An operator of arithmetic or bits on R[b] and `y` (unary ones ignore that).
    pub(super) fn operate(&mut self, i: Instruction, y: Word) -> Result<Next, Raise> {
        let outcome = self.arithmetic(i.op(), self.r(i.b()), y)?;
        self.take(i, outcome)
    }

    /// The outcome of an operator goes to register a.
    fn take(&mut self, i: Instruction, outcome: Outcome) -> Result<Next, Raise> {
        match outcome {
            Outcome::Value(value) => self.set(i.a(), value),
            Outcome::Called => Ok(Next::Frame),
        }
    }

    pub(super) fn length(&mut self, i: Instruction) -> Result<Next, Raise> {
        let outcome = self.len(self.r(i.b()))?;
        self.take(i, outcome)
    }

    pub(super) fn concatenate(&mut self, i: Instruction) -> Result<Next, Raise> {
        self.concat(i.a() as usize, i.b() as usize, i.b() as usize)?;
        Ok(Next::Frame)
    }
}
