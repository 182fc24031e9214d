//! Constants of a prototype.

use super::{Generator, Register};
use crate::bytecode::Op;
use crate::compile::ast::{Constant, Expr};
use crate::compile::names::Symbol;
use procession_types::word::{self, Word};

/// Constants that an 8-bit operand reaches.
const SHORT_INDICES: u32 = 256;

impl Generator<'_, '_, '_> {
    /// The word of a constant; `None` for an integer that does not fit into one.
    fn word(&mut self, constant: Constant) -> Option<Word> {
        match constant {
            Constant::Nil => Some(word::NIL),
            Constant::Boolean(value) => Some(word::from_bool(value)),
            Constant::Int(value) => word::from_int(value),
            Constant::Float(value) => Some(word::from_f64(value)),
            Constant::String(symbol) => Some(self.builder.string(self.chunk.names.bytes(symbol))),
        }
    }

    fn index_of(&mut self, word: Word) -> u32 {
        let constants = &mut self.current.prototype.constants;
        *self.current.constants.entry(word).or_insert_with(|| {
            constants.push(word);
            constants.len() as u32 - 1
        })
    }

    /// The index of a string constant.
    pub(super) fn string(&mut self, symbol: Symbol) -> u32 {
        let word = self.builder.string(self.chunk.names.bytes(symbol));
        self.index_of(word)
    }

    /// The index of the numeric constant that an expression is, if it is one and fits into a word.
    pub(super) fn number(&mut self, expr: &Expr) -> Option<u32> {
        let constant = expr.constant()?;
        if !matches!(constant, Constant::Int(_) | Constant::Float(_)) {
            return None;
        }
        let word = self.word(constant)?;
        Some(self.index_of(word))
    }

    /// Like [`Self::number`], for an 8-bit operand.
    pub(super) fn short_number(&mut self, expr: &Expr) -> Option<u32> {
        self.number(expr).filter(|&index| index < SHORT_INDICES)
    }

    /// The index of the constant that an expression is, for an 8-bit operand.
    pub(super) fn short_constant(&mut self, expr: &Expr) -> Option<u32> {
        let word = self.word(expr.constant()?)?;
        Some(self.index_of(word)).filter(|&index| index < SHORT_INDICES)
    }

    /// Loads a constant into a register.
    pub(super) fn load(&mut self, constant: Constant, dest: Register) {
        match (constant, self.word(constant)) {
            (Constant::Nil, _) => {
                self.emit_abc(Op::LoadNil, dest, 1, 0);
            }
            (_, Some(word)) => {
                let index = self.index_of(word);
                self.emit_ad(Op::LoadK, dest, index);
            }
            (Constant::Int(value), None) => {
                let index = self.big(value);
                self.emit_ad(Op::LoadBig, dest, index);
            }
            (_, None) => unreachable!("only integers do not fit into a word"),
        }
    }

    fn big(&mut self, value: i64) -> u32 {
        let big = &mut self.current.prototype.big;
        *self.current.big.entry(value).or_insert_with(|| {
            big.push(value);
            big.len() as u32 - 1
        })
    }
}
