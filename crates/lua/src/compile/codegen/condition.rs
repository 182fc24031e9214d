//! Conditions: expressions that become jumps.

use super::emit::JumpList;
use super::expression::Operand;
use super::{Generator, Register};
use crate::bytecode::Op;
use crate::compile::ast::{Chain, ComparisonOp, Constant, Expr, ExprKind, Link, UnaryOp};

/// A comparison whose operands are evaluated.
#[derive(Debug, Clone, Copy)]
struct Test {
    op: Op,
    a: u32,
    b: u32,
    /// `c` of the instruction that jumps when the comparison is true.
    when_true: bool,
}

impl<'c> Generator<'c, '_, '_> {
    /// Emits jumps that are taken when the truth of the expression is `when`.
    pub(super) fn jump_if(&mut self, expr: &'c Expr, when: bool) -> JumpList {
        let expr = expr.bare();
        match &expr.kind {
            ExprKind::Constant(constant) if constant.is_truthy() == when => {
                vec![self.at(expr.line).jump()]
            }
            ExprKind::Constant(_) => Vec::new(),
            ExprKind::Unary(UnaryOp::Not, operation) => self.jump_if(&operation.operand, !when),
            ExprKind::Comparison(chain) => vec![self.jump_if_compared(chain, expr.line, when)],
            ExprKind::And(operands) => self.jump_if_all(operands, false, when),
            ExprKind::Or(operands) => self.jump_if_all(operands, true, when),
            _ => {
                let mark = self.current.free;
                let register = self.any(expr);
                let pc = self.at(expr.line).emit_abc(Op::Test, register, 0, u32::from(when));
                self.release(mark);
                vec![pc]
            }
        }
    }

    /// Operands of which the first one with truth `deciding` decides.
    fn jump_if_all(&mut self, operands: &'c [Expr], deciding: bool, when: bool) -> JumpList {
        if deciding == when {
            return operands.iter().flat_map(|operand| self.jump_if(operand, when)).collect();
        }
        let Some((last, others)) = operands.split_last() else { return Vec::new() };
        let skips: JumpList =
            others.iter().flat_map(|operand| self.jump_if(operand, deciding)).collect();
        let jumps = self.jump_if(last, when);
        self.land(skips);
        jumps
    }

    fn jump_if_compared(&mut self, chain: &'c Chain<ComparisonOp>, line: u32, when: bool) -> u32 {
        let mark = self.current.free;
        let test = self.chain_test(chain, None);
        let pc = self.at(line).emit_test(test, when);
        self.release(mark);
        pc
    }

    fn emit_test(&mut self, test: Test, when: bool) -> u32 {
        let c = test.when_true == when;
        self.emit_abc(test.op, test.a, test.b, u32::from(c))
    }

    /// A comparison as a value.
    pub(super) fn comparison(&mut self, chain: &'c Chain<ComparisonOp>, dest: Register) {
        let mark = self.current.free;
        let spare = self.spare(dest);
        let test = self.chain_test(chain, spare);
        let line = chain.links.last().map_or(self.current.line, |link| link.right.line);
        self.at(line).test_value(test, dest);
        self.release(mark);
    }

    /// Evaluates all of a chain but its last comparison.
    fn chain_test(&mut self, chain: &'c Chain<ComparisonOp>, spare: Option<Register>) -> Test {
        let Some((last, others)) = chain.links.split_last() else {
            unreachable!("a chain has at least one link")
        };
        if others.is_empty() {
            return self.test(Side::Expr(&chain.first), last, spare);
        }
        let work = spare.unwrap_or_else(|| self.reserve(1));
        let mark = self.current.free;
        let mut left = Side::Expr(&chain.first);
        for link in others {
            let test = self.test(left, link, Some(work));
            self.at(link.right.line).test_value(test, work);
            self.release(mark);
            left = Side::Register(work);
        }
        self.test(left, last, None)
    }

    /// Evaluates the operands of a comparison.
    fn test(
        &mut self,
        left: Side<'c>,
        link: &'c Link<ComparisonOp>,
        spare: Option<Register>,
    ) -> Test {
        let (right, is_equality) =
            (&link.right, matches!(link.op, ComparisonOp::Eq | ComparisonOp::Ne));
        if let Some(b) = self.test_constant(right, is_equality) {
            let left = self.side(left, spare);
            let (op, when_true) = constant_test(link.op);
            return Test { op, a: self.settle(left), b, when_true };
        }
        if let Side::Expr(expr) = left
            && let Some(b) = self.test_constant(expr, is_equality)
        {
            let right = self.operand(right, spare);
            let (op, when_true) = constant_test(mirrored(link.op));
            return Test { op, a: self.settle(right), b, when_true };
        }
        let left = self.side(left, spare);
        let right = self.operand(right, None);
        let (left, right) = (self.settle(left), self.settle(right));
        let (op, a, b, when_true) = match link.op {
            ComparisonOp::Eq => (Op::Eq, left, right, true),
            ComparisonOp::Ne => (Op::Eq, left, right, false),
            ComparisonOp::Lt => (Op::Lt, left, right, true),
            ComparisonOp::Le => (Op::Le, left, right, true),
            ComparisonOp::Gt => (Op::Lt, right, left, true),
            ComparisonOp::Ge => (Op::Le, right, left, true),
        };
        Test { op, a, b, when_true }
    }

    fn side(&mut self, side: Side<'c>, spare: Option<Register>) -> Operand {
        match side {
            Side::Expr(expr) => self.operand(expr, spare),
            Side::Register(register) => Operand::Register(register),
        }
    }

    /// The constant that a side is: any for equality, a number for order.
    fn test_constant(&mut self, side: &'c Expr, is_equality: bool) -> Option<u32> {
        if is_equality { self.short_constant(side) } else { self.short_number(side) }
    }

    /// Loads the outcome of a comparison.
    fn test_value(&mut self, test: Test, dest: Register) {
        let constant_b = !matches!(test.op, Op::Eq | Op::Lt | Op::Le);
        if test.a != dest && (constant_b || test.b != dest) {
            self.load(Constant::Boolean(true), dest);
            let end = self.emit_test(test, true);
            self.load(Constant::Boolean(false), dest);
            self.land([end]);
            return;
        }
        let yes = self.emit_test(test, true);
        self.load(Constant::Boolean(false), dest);
        let end = self.jump();
        self.land([yes]);
        self.load(Constant::Boolean(true), dest);
        self.land([end]);
    }
}

/// The left side of a comparison.
#[derive(Debug, Clone, Copy)]
enum Side<'e> {
    Expr(&'e Expr),
    /// The outcome of the comparison before
    Register(Register),
}

/// The comparison with its sides exchanged.
fn mirrored(op: ComparisonOp) -> ComparisonOp {
    match op {
        ComparisonOp::Eq | ComparisonOp::Ne => op,
        ComparisonOp::Lt => ComparisonOp::Gt,
        ComparisonOp::Le => ComparisonOp::Ge,
        ComparisonOp::Gt => ComparisonOp::Lt,
        ComparisonOp::Ge => ComparisonOp::Le,
    }
}

/// The instruction that compares with a constant on the right, and when it jumps.
fn constant_test(op: ComparisonOp) -> (Op, bool) {
    match op {
        ComparisonOp::Eq => (Op::EqK, true),
        ComparisonOp::Ne => (Op::EqK, false),
        ComparisonOp::Lt => (Op::LtK, true),
        ComparisonOp::Le => (Op::LeK, true),
        ComparisonOp::Gt => (Op::GtK, true),
        ComparisonOp::Ge => (Op::GeK, true),
    }
}
