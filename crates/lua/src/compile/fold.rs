//! Constant folding, with the restraint of PUC Lua: what would raise an error, and what would give
//! a NaN or a float zero, is left for the run.

use super::ast::{ArithmeticOp, Constant, UnaryOp};
use super::codegen::register_op;
use crate::bytecode::Op;
use crate::numeric;
use crate::text::number::Number;

/// The value of a unary operator on a constant.
pub(crate) fn unary(op: UnaryOp, operand: Constant) -> Option<Constant> {
    let op = match op {
        UnaryOp::Not => return Some(Constant::Boolean(!operand.is_truthy())),
        UnaryOp::Minus => Op::Unm,
        UnaryOp::BNot => Op::BNot,
        UnaryOp::Length => return None,
    };
    let operand = number(operand)?;
    constant(numeric::compute(op, operand, operand).ok()??)
}

/// The value of a binary operator on two constants.
pub(crate) fn binary(op: ArithmeticOp, left: Constant, right: Constant) -> Option<Constant> {
    use ArithmeticOp::{Div, IDiv, Mod};
    let (left, right) = (number(left)?, number(right)?);
    if matches!(op, Div | IDiv | Mod) && numeric::as_float(right) == 0.0 {
        return None;
    }
    constant(numeric::compute(register_op(op), left, right).ok()??)
}

fn number(constant: Constant) -> Option<Number> {
    match constant {
        Constant::Int(value) => Some(Number::Int(value)),
        Constant::Float(value) => Some(Number::Float(value)),
        _ => None,
    }
}

fn constant(number: Number) -> Option<Constant> {
    match number {
        Number::Int(value) => Some(Constant::Int(value)),
        Number::Float(value) => (!value.is_nan() && value != 0.0).then_some(Constant::Float(value)),
    }
}
