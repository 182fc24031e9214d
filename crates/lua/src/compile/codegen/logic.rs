//! `and`, `or` and `not` as values.

use super::emit::JumpList;
use super::{Generator, Register};
use crate::bytecode::Op;
use crate::compile::ast::{Constant, Expr, ExprKind, UnaryOp};

/// Jumps out of a logical expression whose value is decided.
#[derive(Default)]
struct Exits {
    /// The value is in its register.
    done: JumpList,
    /// The value is `true`, still to be loaded.
    truths: JumpList,
    /// The value is `false`, still to be loaded.
    falsehoods: JumpList,
}

impl<'c> Generator<'c, '_, '_> {
    /// The value of an `and` or an `or`.
    pub(super) fn logic(&mut self, expr: &'c Expr, dest: Register) {
        let (operands, deciding) = match &expr.kind {
            ExprKind::And(operands) => (operands, false),
            ExprKind::Or(operands) => (operands, true),
            _ => unreachable!("neither `and` nor `or`"),
        };
        let Some((last, others)) = operands.split_last() else { return };
        let mut exits = Exits::default();
        for operand in others {
            self.exit_if(operand, deciding, dest, &mut exits);
        }
        let mut falls_through = true;
        if is_boolean(last) {
            let truths = self.jump_if(last, true);
            exits.truths.extend(truths);
            falls_through = false;
        } else {
            self.value(last, dest);
        }
        self.at(expr.line).load_outcomes(exits, falls_through, dest);
    }

    /// `not operand` as a value.
    pub(super) fn not(&mut self, operand: &'c Expr, dest: Register) {
        let bare = operand.bare();
        if !is_boolean(bare) && !matches!(bare.kind, ExprKind::And(_) | ExprKind::Or(_)) {
            return self.unary(Op::Not, bare, bare.line, dest);
        }
        let truths = self.jump_if(bare, false);
        let exits = Exits { truths, ..Exits::default() };
        self.at(bare.line).load_outcomes(exits, false, dest);
    }

    /// If the truth of the expression is `when`, brings its value into `dest` and exits; otherwise
    /// continues.
    fn exit_if(&mut self, expr: &'c Expr, when: bool, dest: Register, exits: &mut Exits) {
        let expr = expr.bare();
        match &expr.kind {
            ExprKind::Constant(constant) => {
                if constant.is_truthy() == when {
                    self.at(expr.line).load(*constant, dest);
                    exits.done.push(self.jump());
                }
            }
            ExprKind::And(operands) => self.exit_if_all(operands, (false, when), dest, exits),
            ExprKind::Or(operands) => self.exit_if_all(operands, (true, when), dest, exits),
            _ if is_boolean(expr) => {
                let jumps = self.jump_if(expr, when);
                let list = if when { &mut exits.truths } else { &mut exits.falsehoods };
                list.extend(jumps);
            }
            ExprKind::Local(_) => self.exit_if_value(expr, when, dest, exits),
            _ if !self.is_fresh(dest) => self.exit_if_value(expr, when, dest, exits),
            _ => {
                self.value(expr, dest);
                let pc = self.at(expr.line).emit_abc(Op::Test, dest, 0, u32::from(when));
                exits.done.push(pc);
            }
        }
    }

    /// Operands of which the first one with truth `deciding` decides.
    fn exit_if_all(
        &mut self,
        operands: &'c [Expr],
        (deciding, when): (bool, bool),
        dest: Register,
        exits: &mut Exits,
    ) {
        let Some((last, others)) = operands.split_last() else { return };
        let mut skips = Vec::new();
        for operand in others {
            if deciding == when {
                self.exit_if(operand, when, dest, exits);
            } else {
                skips.extend(self.jump_if(operand, deciding));
            }
        }
        self.exit_if(last, when, dest, exits);
        self.land(skips);
    }

    /// Tests a value where it is, because `dest` must not change unless it is the outcome.
    fn exit_if_value(&mut self, expr: &'c Expr, when: bool, dest: Register, exits: &mut Exits) {
        let mark = self.current.free;
        let register = self.any(expr);
        let when = u32::from(when);
        let pc = match register == dest {
            true => self.at(expr.line).emit_abc(Op::Test, dest, 0, when),
            false => self.at(expr.line).emit_abc(Op::TestSet, dest, register, when),
        };
        exits.done.push(pc);
        self.release(mark);
    }

    /// Loads the booleans that exits ask for. Code that falls through has its value in `dest`, or
    /// means `false`.
    fn load_outcomes(&mut self, mut exits: Exits, falls_through: bool, dest: Register) {
        if falls_through && (!exits.truths.is_empty() || !exits.falsehoods.is_empty()) {
            exits.done.push(self.jump());
        }
        if !falls_through || !exits.falsehoods.is_empty() {
            self.land(exits.falsehoods);
            self.load(Constant::Boolean(false), dest);
            if !exits.truths.is_empty() {
                exits.done.push(self.jump());
            }
        }
        if !exits.truths.is_empty() {
            self.land(exits.truths);
            self.load(Constant::Boolean(true), dest);
        }
        self.land(exits.done);
    }
}

/// Whether an expression is a condition whose value is `true` or `false`.
fn is_boolean(expr: &Expr) -> bool {
    matches!(expr.bare().kind, ExprKind::Comparison(_) | ExprKind::Unary(UnaryOp::Not, _))
}
