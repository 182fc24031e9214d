//! Expressions: into a register of the caller's choice, or wherever is best.

use super::{Generator, Register};
use crate::bytecode::Op;
use crate::compile::ast::{Expr, ExprKind, Operation, UnaryOp};

/// A value that is evaluated, as far as need be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    /// It is in this register.
    Register(Register),
    /// It is in the box in this register: a local, which is read when the instruction that needs it
    /// is emitted, because PUC Lua uses such locals in place.
    Box(Register),
}

impl<'c> Generator<'c, '_, '_> {
    /// Evaluates an expression to one value in `dest`.
    pub(super) fn value(&mut self, expr: &'c Expr, dest: Register) {
        let expr = expr.bare();
        match &expr.kind {
            ExprKind::Constant(constant) => self.at(expr.line).load(*constant, dest),
            ExprKind::VarArg => {
                self.at(expr.line).emit_abc(Op::VarArg, dest, 0, 2);
            }
            ExprKind::Function(function) => self.closure(function, dest),
            ExprKind::Local(id) => {
                let (register, is_boxed) = (self.register(*id), self.is_boxed(*id));
                match is_boxed {
                    true => {
                        self.at(expr.line).emit_abc(Op::GetBox, dest, register, 0);
                    }
                    false => self.at(expr.line).copy(dest, register),
                }
            }
            ExprKind::Upvalue(index) => {
                self.at(expr.line).upvalue(*index, dest);
            }
            ExprKind::Global(name, env) => self.global(*name, *env, expr.line, dest),
            ExprKind::Suffixed(suffixed) => self.suffixed(suffixed, dest),
            ExprKind::Table(items) => self.table(items, expr.line, dest),
            ExprKind::Unary(op, operation) => {
                let Operation { operand, line } = &**operation;
                match op {
                    UnaryOp::Not => self.not(operand, dest),
                    UnaryOp::Minus => self.unary(Op::Unm, operand, *line, dest),
                    UnaryOp::Length => self.unary(Op::Len, operand, *line, dest),
                    UnaryOp::BNot => self.unary(Op::BNot, operand, *line, dest),
                }
            }
            ExprKind::Arithmetic(chain) => self.arithmetic(chain, dest),
            ExprKind::Comparison(chain) => self.comparison(chain, dest),
            ExprKind::Concat(concat) => self.concat(concat, dest),
            ExprKind::And(_) | ExprKind::Or(_) => self.logic(expr, dest),
            ExprKind::Paren(_) => unreachable!("`bare` strips parentheses"),
        }
    }

    /// Evaluates an expression into the next register.
    pub(super) fn push(&mut self, expr: &'c Expr) -> Register {
        let register = self.reserve(1);
        self.value(expr, register);
        register
    }

    /// Evaluates an expression to where its value can be used: the local's register when it is a
    /// local, else `spare`, a temporary of the caller's, else a new register.
    pub(super) fn operand(&mut self, expr: &'c Expr, spare: Option<Register>) -> Operand {
        if let ExprKind::Local(id) = expr.bare().kind {
            let register = self.register(id);
            return match self.is_boxed(id) {
                true => Operand::Box(register),
                false => Operand::Register(register),
            };
        }
        let register = spare.unwrap_or_else(|| self.reserve(1));
        self.value(expr, register);
        Operand::Register(register)
    }

    /// The register of an operand; a boxed local is read into a new one.
    pub(super) fn settle(&mut self, operand: Operand) -> Register {
        match operand {
            Operand::Register(register) => register,
            Operand::Box(holder) => {
                let register = self.reserve(1);
                self.emit_abc(Op::GetBox, register, holder, 0);
                register
            }
        }
    }

    /// Brings an operand into a register of its own.
    pub(super) fn settle_into(&mut self, operand: Operand, dest: Register) {
        match operand {
            Operand::Register(register) => self.copy(dest, register),
            Operand::Box(holder) => {
                self.emit_abc(Op::GetBox, dest, holder, 0);
            }
        }
    }

    /// Evaluates an expression to any register.
    pub(super) fn any(&mut self, expr: &'c Expr) -> Register {
        let operand = self.operand(expr, None);
        self.settle(operand)
    }

    /// `dest` if it may hold intermediate results.
    pub(super) fn spare(&self, dest: Register) -> Option<Register> {
        self.is_fresh(dest).then_some(dest)
    }

    pub(super) fn upvalue(&mut self, index: u8, dest: Register) {
        let op = if self.is_boxed_upvalue(index) { Op::GetUpBox } else { Op::GetUp };
        self.emit_abc(op, dest, u32::from(index), 0);
    }
}
