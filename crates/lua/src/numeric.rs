//! Arithmetic and order of numbers: pure functions.

use crate::bytecode::Op;
use crate::text::number::{self, Number};
use crate::text::power::power;
use std::cmp::Ordering;

/// The operator on two numbers; `None` when an operand has no integer representation.
pub(crate) fn compute(op: Op, x: Number, y: Number) -> Result<Option<Number>, &'static str> {
    use Number::{Float, Int};
    let float = |f: fn(f64, f64) -> f64| Some(Float(f(as_float(x), as_float(y))));
    Ok(match op {
        Op::Add | Op::AddK => match (x, y) {
            (Int(x), Int(y)) => Some(Int(x.wrapping_add(y))),
            _ => float(|x, y| x + y),
        },
        Op::Sub | Op::SubK => match (x, y) {
            (Int(x), Int(y)) => Some(Int(x.wrapping_sub(y))),
            _ => float(|x, y| x - y),
        },
        Op::Mul | Op::MulK => match (x, y) {
            (Int(x), Int(y)) => Some(Int(x.wrapping_mul(y))),
            _ => float(|x, y| x * y),
        },
        Op::Div | Op::DivK => float(|x, y| x / y),
        Op::Pow | Op::PowK => float(power),
        Op::IDiv | Op::IDivK => match (x, y) {
            (Int(_), Int(0)) => return Err("attempt to divide by zero"),
            (Int(x), Int(y)) => Some(Int(floor_divide(x, y))),
            _ => float(|x, y| libm::floor(x / y)),
        },
        Op::Mod | Op::ModK => match (x, y) {
            (Int(_), Int(0)) => return Err("attempt to perform 'n%0'"),
            (Int(x), Int(y)) => Some(Int(floor_modulo(x, y))),
            _ => float(float_modulo),
        },
        Op::Unm => Some(match x {
            Int(x) => Int(x.wrapping_neg()),
            Float(x) => Float(-x),
        }),
        _ => match (as_integer(x), as_integer(y)) {
            (Some(x), Some(y)) => Some(Int(bitwise(op, x, y))),
            _ => None,
        },
    })
}

/// Whether the operator works on bits.
pub(crate) const fn is_bitwise(op: Op) -> bool {
    matches!(op, Op::BAnd | Op::BOr | Op::BXor | Op::Shl | Op::Shr | Op::BNot)
}

/// The number as a double.
#[allow(clippy::cast_precision_loss)]
pub(crate) const fn as_float(number: Number) -> f64 {
    match number {
        Number::Int(value) => value as f64,
        Number::Float(value) => value,
    }
}

/// The number as an integer, if it has an integer's value.
pub(crate) fn as_integer(number: Number) -> Option<i64> {
    match number {
        Number::Int(value) => Some(value),
        Number::Float(value) => number::float_to_int(value),
    }
}

/// `x // y` for y other than 0.
#[inline]
pub(crate) const fn floor_divide(x: i64, y: i64) -> i64 {
    let quotient = x.wrapping_div(y);
    if x.wrapping_rem(y) != 0 && (x ^ y) < 0 { quotient - 1 } else { quotient }
}

/// `x % y` for y other than 0.
#[inline]
pub(crate) const fn floor_modulo(x: i64, y: i64) -> i64 {
    let rest = x.wrapping_rem(y);
    if rest != 0 && (rest ^ y) < 0 { rest + y } else { rest }
}

/// `x % y` for doubles.
#[inline]
pub(crate) fn float_modulo(x: f64, y: f64) -> f64 {
    let rest = x % y;
    if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
}

fn bitwise(op: Op, x: i64, y: i64) -> i64 {
    match op {
        Op::BAnd => x & y,
        Op::BOr => x | y,
        Op::BXor => x ^ y,
        Op::Shl => shift_left(x, y),
        Op::Shr => shift_left(x, y.checked_neg().unwrap_or(i64::MAX)),
        _ => !x,
    }
}

/// `x << y`; negative counts shift right, and both fill with zeros.
#[inline]
pub(crate) const fn shift_left(x: i64, y: i64) -> i64 {
    match y {
        0..=63 => ((x as u64) << y) as i64,
        -63..=-1 => ((x as u64) >> -y) as i64,
        _ => 0,
    }
}

/// Whether two numbers are mathematically equal.
pub(crate) fn numbers_equal(x: Number, y: Number) -> bool {
    compare_numbers(x, y) == Some(Ordering::Equal)
}

/// Order of two numbers, exact also between integers and doubles; `None` with NaN.
pub(crate) fn compare_numbers(x: Number, y: Number) -> Option<Ordering> {
    match (x, y) {
        (Number::Int(x), Number::Int(y)) => Some(x.cmp(&y)),
        (Number::Float(x), Number::Float(y)) => x.partial_cmp(&y),
        (Number::Int(x), Number::Float(y)) => compare_mixed(x, y),
        (Number::Float(x), Number::Int(y)) => compare_mixed(y, x).map(Ordering::reverse),
    }
}

fn compare_mixed(x: i64, y: f64) -> Option<Ordering> {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if y.is_nan() {
        return None;
    }
    if y >= TWO_63 {
        return Some(Ordering::Less);
    }
    if y < -TWO_63 {
        return Some(Ordering::Greater);
    }
    let floor = libm::floor(y);
    let order = x.cmp(&(floor as i64));
    Some(if order == Ordering::Equal && y > floor { Ordering::Less } else { order })
}
