//! Loops.

use super::{Generator, LoopState};
use crate::bytecode::Op;
use crate::compile::ast::{Block, Constant, Expr, GenericFor, NumericFor};

/// Registers of a generic loop before its variables: iterator, state, control, closing value.
const GENERIC_STATE: usize = 4;
/// Registers that the iterator's call needs from the first variable on.
const ITERATOR_FRAME: u32 = 5;

impl<'c> Generator<'c, '_, '_> {
    fn enter_loop(&mut self, closes_at_end: bool) {
        let closing_depth = self.current.closing.len();
        self.current.loops.push(LoopState { breaks: Vec::new(), closing_depth, closes_at_end });
    }

    /// Makes the next instruction the one behind the loop.
    fn leave_loop(&mut self) {
        if let Some(state) = self.current.loops.pop() {
            self.land(state.breaks);
        }
    }

    pub(super) fn while_loop(&mut self, condition: &'c Expr, body: &'c Block) {
        let start = self.here();
        let exits = self.jump_if(condition, false);
        self.enter_loop(false);
        self.block(body);
        self.jump_back(start);
        self.land(exits);
        self.leave_loop();
    }

    /// The condition sees the body's locals, so what is to be closed is closed behind it, on the
    /// way back and on the way out.
    pub(super) fn repeat_loop(&mut self, body: &'c Block, condition: &'c Expr) {
        let start = self.here();
        self.enter_loop(false);
        let (mark, depth) = (self.current.locals_end, self.current.closing.len());
        self.statements(body);
        let exits = self.jump_if(condition, true);
        self.close_from(depth);
        self.jump_back(start);
        self.land(exits);
        self.close_from(depth);
        self.current.closing.truncate(depth);
        self.deactivate(mark);
        self.leave_loop();
    }

    pub(super) fn numeric_for(&mut self, numeric: &'c NumericFor) {
        let mark = self.current.locals_end;
        let base = self.push(&numeric.start);
        self.push(&numeric.limit);
        match &numeric.step {
            Some(step) => {
                self.push(step);
            }
            None => {
                let register = self.reserve(1);
                self.load(Constant::Int(1), register);
            }
        }
        let variable = self.reserve(1);
        self.activate(&[numeric.variable], variable);
        self.enter_loop(false);
        let prepare = self.at(numeric.line_do).emit_ad(Op::ForPrep, base, 0);
        let start = self.here();
        self.box_locals(&[numeric.variable]);
        self.block(&numeric.body);
        self.at(numeric.line).emit_ad(Op::ForLoop, base, start);
        self.land([prepare]);
        self.deactivate(mark);
        self.leave_loop();
    }

    pub(super) fn generic_for(&mut self, generic: &'c GenericFor, line: u32) {
        let mark = self.current.locals_end;
        let base = self.list(&generic.values, GENERIC_STATE);
        self.enter_loop(true);
        let depth = self.current.closing.len();
        self.current.closing.push(base + GENERIC_STATE as u32 - 1);
        let first = self.reserve(generic.variables.len());
        self.need(first + ITERATOR_FRAME);
        self.activate(&generic.variables, first);
        let prepare = self.at(generic.line_do).emit_ad(Op::ForInPrep, base, 0);
        let start = self.here();
        self.box_locals(&generic.variables);
        self.block(&generic.body);
        self.land([prepare]);
        let results = generic.variables.len() as u32;
        self.at(generic.line).emit_abc(Op::ForInCall, base, 0, results);
        self.emit_ad(Op::ForInLoop, base, start);
        self.deactivate(mark);
        self.leave_loop();
        self.at(line).close_from(depth);
        self.current.closing.truncate(depth);
    }
}
