//! Calls: the callee, two free registers, the arguments.

use super::expression::Operand;
use super::hints::Name;
use super::{Generator, Register};
use crate::bytecode::{NameKind, Op, Operand as Side};
use crate::compile::ast::{Expr, SuffixKind, Suffixed};

/// Registers between the callee and its arguments.
const LINKS: usize = 2;

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallSite {
    /// `Call` or `TailCall`
    pub(super) op: Op,
    /// Where the frame starts: the last temporary
    pub(super) base: Register,
    /// Count of results, as in the instruction: one more, or 0 for all
    pub(super) results: u32,
}

impl<'c> Generator<'c, '_, '_> {
    /// Calls what a base with suffixes ends in. `base`, the last temporary, is where the frame
    /// starts and the results begin; `results` is their count + 1, or 0 for all.
    pub(super) fn call(&mut self, suffixed: &'c Suffixed, base: Register, results: u32) {
        let last = suffixed.suffixes.len() - 1;
        let callee = self.prefix(suffixed, last, Some(base));
        self.apply(suffixed, last, callee, CallSite { op: Op::Call, base, results });
    }

    /// `return f(…)`
    pub(super) fn tail_call(&mut self, suffixed: &'c Suffixed) {
        let base = self.reserve(1);
        let last = suffixed.suffixes.len() - 1;
        let callee = self.prefix(suffixed, last, Some(base));
        self.apply(suffixed, last, callee, CallSite { op: Op::TailCall, base, results: 0 });
        // A callee that can't take the frame over returns here, with an open list of results.
        self.emit_abc(Op::Return, base, 0, 0);
    }

    /// Makes the call of suffix `position` on `callee` (for a method its object).
    pub(super) fn apply(
        &mut self,
        suffixed: &'c Suffixed,
        position: usize,
        callee: Operand,
        site: CallSite,
    ) {
        let suffix = &suffixed.suffixes[position];
        let (name, arguments) = match &suffix.kind {
            SuffixKind::Call(arguments) => {
                self.at(suffixed.base.line).settle_into(callee, site.base);
                let name = self.name_of_prefix(suffixed, position);
                self.reserve(LINKS);
                (name, self.arguments(arguments, 0))
            }
            SuffixKind::Method { name, line_name, arguments } => {
                let object_name = self.name_of_prefix(suffixed, position);
                let object = match callee {
                    Operand::Register(register) => register,
                    Operand::Box(_) => {
                        self.at(*line_name).settle_into(callee, site.base);
                        site.base
                    }
                };
                let key = self.string(*name);
                let pc = self.at(*line_name).emit(Op::Method, [site.base, object, 0], key);
                self.hint(pc, Side::First, object_name);
                self.reserve(LINKS + 1);
                let text = self.chunk.names.text(*name);
                (Some(Name { kind: NameKind::Method, text }), self.arguments(arguments, 1))
            }
            SuffixKind::Field(_) | SuffixKind::Index(_) => unreachable!("a field is no call"),
        };
        let pc = self.at(suffix.line).emit_abc(site.op, site.base, arguments, site.results);
        self.hint(pc, Side::First, name);
        self.release(site.base + 1);
    }

    /// Evaluates arguments behind `before` others; returns their count for the instruction.
    fn arguments(&mut self, arguments: &'c [Expr], before: u32) -> u32 {
        match self.open_list(arguments) {
            0 => 0,
            count => count + before,
        }
    }
}
