//! Lists of expressions, the last of which may have any number of values.

use super::{Generator, Register};
use crate::bytecode::Op;
use crate::compile::ast::{Expr, ExprKind};

impl<'c> Generator<'c, '_, '_> {
    /// Evaluates a list into the next registers, with all values of the last expression. Returns
    /// the count of values for an instruction: one more, or 0 for "up to the top".
    pub(super) fn open_list(&mut self, list: &'c [Expr]) -> u32 {
        let Some((last, others)) = list.split_last() else { return 1 };
        for expr in others {
            self.push(expr);
        }
        let base = self.reserve(1);
        if last.is_multiple() {
            self.multiple(last, base, 0);
            return 0;
        }
        self.value(last, base);
        list.len() as u32 + 1
    }

    /// Evaluates a list to exactly `want` values in the next registers; returns the first.
    pub(super) fn list(&mut self, list: &'c [Expr], want: usize) -> Register {
        let first = self.current.free;
        for (position, expr) in list.iter().enumerate() {
            let is_last = position + 1 == list.len();
            if is_last && expr.is_multiple() && position < want {
                let base = self.reserve(1);
                let count = want - position;
                self.multiple(expr, base, count as u32 + 1);
                self.reserve(count - 1);
                return first;
            }
            let register = self.push(expr);
            if position >= want {
                // It is evaluated for its effects only.
                self.release(register);
            }
        }
        if list.len() < want {
            let missing = want - list.len();
            let register = self.reserve(missing);
            self.emit_abc(Op::LoadNil, register, missing as u32, 0);
        }
        first
    }

    /// Evaluates a call or `...` from `base`, the last temporary, on: `results` values + 1, or all.
    pub(super) fn multiple(&mut self, expr: &'c Expr, base: Register, results: u32) {
        match &expr.kind {
            ExprKind::Suffixed(suffixed) => self.call(suffixed, base, results),
            _ => {
                self.at(expr.line).emit_abc(Op::VarArg, base, 0, results);
            }
        }
    }
}
