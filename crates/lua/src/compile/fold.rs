//! Constant folding, with the restraint of PUC Lua: what would raise an error, and what would give
//! a NaN or a float zero, is left for the run.

use super::ast::{ArithmeticOp, Constant, UnaryOp};
use crate::text::power::power;

/// The value of a unary operator on a constant.
pub(crate) fn unary(op: UnaryOp, operand: Constant) -> Option<Constant> {
    match (op, operand) {
        (UnaryOp::Not, _) => Some(Constant::Boolean(!operand.is_truthy())),
        (UnaryOp::Minus, Constant::Int(value)) => Some(Constant::Int(value.wrapping_neg())),
        (UnaryOp::Minus, Constant::Float(value)) => float(-value),
        (UnaryOp::BNot, _) => integer(operand).map(|value| Constant::Int(!value)),
        _ => None,
    }
}

/// The value of a binary operator on two constants.
pub(crate) fn binary(op: ArithmeticOp, left: Constant, right: Constant) -> Option<Constant> {
    use ArithmeticOp::{BAnd, BOr, BXor, Div, Pow, Shl, Shr};
    match op {
        BAnd | BOr | BXor | Shl | Shr => {
            Some(Constant::Int(bitwise(op, integer(left)?, integer(right)?)))
        }
        Div | Pow => floats(op, number(left)?, number(right)?),
        _ => match (left, right) {
            (Constant::Int(left), Constant::Int(right)) => integers(op, left, right),
            _ => floats(op, number(left)?, number(right)?),
        },
    }
}

fn number(constant: Constant) -> Option<f64> {
    match constant {
        Constant::Int(value) => Some(value as f64),
        Constant::Float(value) => Some(value),
        _ => None,
    }
}

/// The integer that a number is exactly.
fn integer(constant: Constant) -> Option<i64> {
    match constant {
        Constant::Int(value) => Some(value),
        Constant::Float(value) => {
            // Both bounds are powers of two, so the comparison is exact.
            let fits = value.floor() == value && (-TWO_POW_63..TWO_POW_63).contains(&value);
            fits.then_some(value as i64)
        }
        _ => None,
    }
}

const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;

fn float(value: f64) -> Option<Constant> {
    (!value.is_nan() && value != 0.0).then_some(Constant::Float(value))
}

fn bitwise(op: ArithmeticOp, left: i64, right: i64) -> i64 {
    match op {
        ArithmeticOp::BAnd => left & right,
        ArithmeticOp::BOr => left | right,
        ArithmeticOp::BXor => left ^ right,
        ArithmeticOp::Shr => shift_left(left, right.wrapping_neg()),
        _ => shift_left(left, right),
    }
}

/// Shifts by 64 and more give 0; negative ones go the other way.
fn shift_left(value: i64, by: i64) -> i64 {
    let bits = value as u64;
    match by {
        0..64 => (bits << by) as i64,
        -63..0 => (bits >> -by) as i64,
        _ => 0,
    }
}

fn integers(op: ArithmeticOp, left: i64, right: i64) -> Option<Constant> {
    let floors = right != 0 && left.wrapping_rem(right) != 0 && (left ^ right) < 0;
    let value = match op {
        ArithmeticOp::Add => left.wrapping_add(right),
        ArithmeticOp::Sub => left.wrapping_sub(right),
        ArithmeticOp::Mul => left.wrapping_mul(right),
        ArithmeticOp::IDiv | ArithmeticOp::Mod if right == 0 => return None,
        ArithmeticOp::IDiv => left.wrapping_div(right).wrapping_sub(i64::from(floors)),
        ArithmeticOp::Mod if floors => left.wrapping_rem(right).wrapping_add(right),
        ArithmeticOp::Mod => left.wrapping_rem(right),
        _ => return None,
    };
    Some(Constant::Int(value))
}

fn floats(op: ArithmeticOp, left: f64, right: f64) -> Option<Constant> {
    match op {
        ArithmeticOp::Add => float(left + right),
        ArithmeticOp::Sub => float(left - right),
        ArithmeticOp::Mul => float(left * right),
        ArithmeticOp::Div | ArithmeticOp::IDiv | ArithmeticOp::Mod if right == 0.0 => None,
        ArithmeticOp::Div => float(left / right),
        ArithmeticOp::IDiv => float((left / right).floor()),
        ArithmeticOp::Mod => {
            let rest = left % right;
            let floors = if rest > 0.0 { right < 0.0 } else { rest < 0.0 && right > 0.0 };
            float(if floors { rest + right } else { rest })
        }
        ArithmeticOp::Pow => float(power(left, right)),
        _ => None,
    }
}
