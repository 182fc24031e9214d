//! Arithmetic, unary operators and concatenation.

use super::expression::Operand;
use super::{Generator, Register};
use crate::bytecode::{Op, Operand as Side};
use crate::compile::ast::{ArithmeticOp, Chain, Concat, Expr, Link};

impl<'c> Generator<'c, '_, '_> {
    /// Operators from left to right.
    pub(super) fn arithmetic(&mut self, chain: &'c Chain<ArithmeticOp>, dest: Register) {
        let mark = self.current.free;
        let spare = self.spare(dest);
        let mut left = self.operand(&chain.first, spare);
        let mut left_name = self.name_of(&chain.first);
        for (position, link) in chain.links.iter().enumerate() {
            let right = self.right_side(link);
            let register = self.at(link.line).settle(left);
            let right = match right {
                RightSide::Constant(op, index) => (op, 0, index),
                RightSide::Value(operand) => (register_op(link.op), self.settle(operand), 0),
            };
            self.release(mark);
            let target = match (position + 1 == chain.links.len(), spare) {
                (true, _) => dest,
                (false, Some(spare)) => spare,
                (false, None) => self.reserve(1),
            };
            let (op, right, index) = right;
            let pc = self.emit(op, [target, register, right], index);
            self.hint(pc, Side::First, left_name.take());
            let right_name = self.name_of(&link.right);
            self.hint(pc, Side::Second, right_name);
            left = Operand::Register(target);
        }
        self.release(mark);
    }

    fn right_side(&mut self, link: &'c Link<ArithmeticOp>) -> RightSide {
        if let Some(op) = constant_op(link.op)
            && let Some(index) = self.number(&link.right)
        {
            return RightSide::Constant(op, index);
        }
        RightSide::Value(self.operand(&link.right, None))
    }

    /// A unary operator on this line.
    pub(super) fn unary(&mut self, op: Op, operand: &'c Expr, line: u32, dest: Register) {
        let mark = self.current.free;
        let spare = self.spare(dest);
        let value = self.operand(operand, spare);
        let register = self.at(line).settle(value);
        let pc = self.emit_abc(op, dest, register, 0);
        if op != Op::Not {
            let name = self.name_of(operand);
            self.hint(pc, Side::First, name);
        }
        self.release(mark);
    }

    pub(super) fn concat(&mut self, concat: &'c Concat, dest: Register) {
        let mark = self.current.free;
        let base = if self.is_top(dest) { dest } else { self.reserve(1) };
        for (position, operand) in concat.operands.iter().enumerate() {
            match position {
                0 => self.value(operand, base),
                _ => {
                    self.push(operand);
                }
            }
        }
        let count = concat.operands.len() as u32;
        // One more for the instruction's own use.
        self.need(base + count + 1);
        let pc = self.at(concat.line).emit_abc(Op::Concat, base, count, 0);
        for (position, operand) in concat.operands.iter().enumerate() {
            let name = self.name_of(operand);
            self.hint_at(pc, Side::First, position as u8, name);
        }
        self.copy(dest, base);
        self.release(mark);
    }
}

enum RightSide {
    /// The instruction for a constant on the right, and the constant's index
    Constant(Op, u32),
    Value(Operand),
}

/// The form of an operator that takes two registers.
pub(crate) fn register_op(op: ArithmeticOp) -> Op {
    match op {
        ArithmeticOp::Add => Op::Add,
        ArithmeticOp::Sub => Op::Sub,
        ArithmeticOp::Mul => Op::Mul,
        ArithmeticOp::Div => Op::Div,
        ArithmeticOp::Mod => Op::Mod,
        ArithmeticOp::Pow => Op::Pow,
        ArithmeticOp::IDiv => Op::IDiv,
        ArithmeticOp::BAnd => Op::BAnd,
        ArithmeticOp::BOr => Op::BOr,
        ArithmeticOp::BXor => Op::BXor,
        ArithmeticOp::Shl => Op::Shl,
        ArithmeticOp::Shr => Op::Shr,
    }
}

/// The form of an operator that takes a numeric constant on the right.
fn constant_op(op: ArithmeticOp) -> Option<Op> {
    Some(match op {
        ArithmeticOp::Add => Op::AddK,
        ArithmeticOp::Sub => Op::SubK,
        ArithmeticOp::Mul => Op::MulK,
        ArithmeticOp::Div => Op::DivK,
        ArithmeticOp::Mod => Op::ModK,
        ArithmeticOp::Pow => Op::PowK,
        ArithmeticOp::IDiv => Op::IDivK,
        ArithmeticOp::BAnd
        | ArithmeticOp::BOr
        | ArithmeticOp::BXor
        | ArithmeticOp::Shl
        | ArithmeticOp::Shr => return None,
    })
}
