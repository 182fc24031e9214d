//! The math library. Functions of real numbers come from `libm`, so that every machine computes the
//! same bits; random numbers come from a generator whose state is in the heap.

use crate::heap::root;
use crate::library::{Builtin, plain, short};
use crate::numeric::{as_float, as_integer, compare_numbers};
use crate::strings::is_string;
use crate::text::number::{Number, float_to_int};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word;
use std::cmp::Ordering;

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("math.abs", abs),
    plain("math.ceil", |vm, args| round(vm, args, libm::ceil)),
    plain("math.floor", |vm, args| round(vm, args, libm::floor)).with_short(short::floor),
    plain("math.max", |vm, args| extreme(vm, args, Ordering::Greater, "general_math_max"))
        .with_short(short::extreme::<true>),
    plain("math.min", |vm, args| extreme(vm, args, Ordering::Less, "general_math_min"))
        .with_short(short::extreme::<false>),
    plain("math.sqrt", |vm, args| real(vm, args, libm::sqrt)),
    plain("math.sin", |vm, args| real(vm, args, libm::sin)),
    plain("math.cos", |vm, args| real(vm, args, libm::cos)),
    plain("math.tan", |vm, args| real(vm, args, libm::tan)),
    plain("math.asin", |vm, args| real(vm, args, libm::asin)),
    plain("math.acos", |vm, args| real(vm, args, libm::acos)),
    plain("math.atan", atan),
    plain("math.exp", |vm, args| real(vm, args, libm::exp)),
    plain("math.deg", |vm, args| real(vm, args, |x| x * (180.0 / std::f64::consts::PI))),
    plain("math.rad", |vm, args| real(vm, args, |x| x * (std::f64::consts::PI / 180.0))),
    plain("math.log", log),
    plain("math.fmod", fmod),
    plain("math.modf", modf),
    plain("math.tointeger", tointeger),
    plain("math.type", math_type),
    plain("math.ult", ult),
    plain("math.random", random),
    plain("math.randomseed", randomseed),
];

fn give_number(vm: &mut Vm<'_>, args: Args, number: Number) -> Result<Flow, Raise> {
    let word = vm.number_word(number);
    vm.give(args, word)
}

fn real(vm: &mut Vm<'_>, args: Args, function: fn(f64) -> f64) -> Result<Flow, Raise> {
    let x = as_float(vm.number_arg(args, 1)?);
    vm.give(args, word::from_f64(function(x)))
}

fn abs(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let is_text = crate::strings::is_string(vm.arg(args, 1));
    let number = match vm.number_arg(args, 1)? {
        Number::Int(x) if is_text => Number::Float(as_float(Number::Int(x)).abs()),
        Number::Int(x) => Number::Int(x.wrapping_abs()),
        Number::Float(x) => Number::Float(x.abs()),
    };
    give_number(vm, args, number)
}

fn round(vm: &mut Vm<'_>, args: Args, function: fn(f64) -> f64) -> Result<Flow, Raise> {
    let is_text = is_string(vm.arg(args, 1));
    let number = match vm.number_arg(args, 1)? {
        Number::Int(x) if !is_text => Number::Int(x),
        // As in PUC Lua, a text is taken for a double, however it is written.
        number => {
            let x = as_float(number);
            let rounded = function(x);
            float_to_int(rounded).map_or(Number::Float(rounded), Number::Int)
        }
    };
    give_number(vm, args, number)
}

/// The largest or the smallest of numbers or strings; other values are compared by library code in Lua.
fn extreme(vm: &mut Vm<'_>, args: Args, wanted: Ordering, name: &str) -> Result<Flow, Raise> {
    let mut best = vm.any_arg(args, 1)?;
    for number in 2..=args.count {
        let value = vm.arg(args, number);
        let order = match (vm.number(value), vm.number(best)) {
            (Some(value), Some(best)) => compare_numbers(value, best),
            _ => return vm.hand_over(args, name),
        };
        if order == Some(wanted) {
            best = value;
        }
    }
    vm.give(args, best)
}

fn atan(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let y = as_float(vm.number_arg(args, 1)?);
    let x = if vm.arg(args, 2) == word::NIL { 1.0 } else { as_float(vm.number_arg(args, 2)?) };
    vm.give(args, word::from_f64(libm::atan2(y, x)))
}

fn log(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let x = as_float(vm.number_arg(args, 1)?);
    if vm.arg(args, 2) == word::NIL {
        return vm.give(args, word::from_f64(libm::log(x)));
    }
    let base = as_float(vm.number_arg(args, 2)?);
    let result = if base == 2.0 {
        libm::log2(x)
    } else if base == 10.0 {
        libm::log10(x)
    } else {
        libm::log(x) / libm::log(base)
    };
    vm.give(args, word::from_f64(result))
}

fn fmod(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (x, y) = (vm.number(vm.arg(args, 1)), vm.number(vm.arg(args, 2)));
    let number = match (x, y) {
        (Some(Number::Int(_)), Some(Number::Int(0))) => {
            return Err(vm.bad_argument(2, "zero", args));
        }
        (Some(Number::Int(x)), Some(Number::Int(y))) => Number::Int(x.wrapping_rem(y)),
        _ => {
            // PUC looks at the second one first.
            let y = as_float(vm.number_arg(args, 2)?);
            Number::Float(as_float(vm.number_arg(args, 1)?) % y)
        }
    };
    give_number(vm, args, number)
}

fn modf(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let x = as_float(vm.number_arg(args, 1)?);
    if let Some(Number::Int(_)) = vm.number(vm.arg(args, 1)) {
        let whole = vm.arg(args, 1);
        return vm.give_all(args, &[whole, word::from_f64(0.0)]);
    }
    let whole = if x >= 0.0 { libm::floor(x) } else { libm::ceil(x) };
    let rest = if x.is_infinite() { 0.0 } else { x - whole };
    // A whole part that fits is an integer.
    let number = float_to_int(whole).map_or(Number::Float(whole), Number::Int);
    let whole = vm.number_word(number);
    vm.give_all(args, &[whole, word::from_f64(rest)])
}

fn tointeger(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    let number = vm.coerced(value).and_then(as_integer);
    let word = match number {
        Some(integer) => vm.heap.integer(integer),
        None => word::NIL,
    };
    vm.give(args, word)
}

fn math_type(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.any_arg(args, 1)?;
    let names = &vm.library.names;
    let word = match vm.number(value) {
        Some(Number::Int(_)) => names.integer,
        Some(Number::Float(_)) => names.float,
        None => word::NIL,
    };
    vm.give(args, word)
}

fn ult(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (x, y) = (vm.integer_arg(args, 1)?, vm.integer_arg(args, 2)?);
    vm.give(args, word::from_bool((x as u64) < y as u64))
}

impl Vm<'_> {
    fn seed(&mut self, high: u64, low: u64) {
        for (offset, value) in [high, 0xFF, low, 0].into_iter().enumerate() {
            self.heap.set(root::RANDOM + offset, value);
        }
        let flags = self.heap.get(root::FLAGS);
        self.heap.set(root::FLAGS, flags | root::FLAG_SEEDED);
        for _ in 0..16 {
            self.random_bits();
        }
    }

    /// 64 random bits: xoshiro256** (Blackman and Vigna 2018), as PUC Lua uses.
    fn random_bits(&mut self) -> u64 {
        if self.heap.get(root::FLAGS) & root::FLAG_SEEDED == 0 {
            let (high, low) = (self.host.random(), self.host.random());
            self.seed(high, low);
        }
        let mut s = [0, 1, 2, 3].map(|offset| self.heap.get(root::RANDOM + offset));
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        for (offset, value) in s.into_iter().enumerate() {
            self.heap.set(root::RANDOM + offset, value);
        }
        result
    }
}

fn random(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (low, high) = match args.count {
        0 => {
            let bits = vm.random_bits();
            let value = (bits >> 11) as f64 * (0.5 / (1_u64 << 52) as f64);
            return vm.give(args, word::from_f64(value));
        }
        1 => {
            let high = vm.integer_arg(args, 1)?;
            if high == 0 {
                let bits = vm.random_bits();
                return give_number(vm, args, Number::Int(bits as i64));
            }
            (1, high)
        }
        2 => (vm.integer_arg(args, 1)?, vm.integer_arg(args, 2)?),
        _ => return Err(vm.error("wrong number of arguments")),
    };
    if low > high {
        return Err(vm.bad_argument(1, "interval is empty", args));
    }
    let range = (high as u64).wrapping_sub(low as u64);
    let bits = vm.random_bits();
    let value = if range & range.wrapping_add(1) == 0 {
        bits & range
    } else {
        // The smallest 2^n - 1 that covers the range; numbers beyond the range are drawn again.
        let mask = u64::MAX >> range.leading_zeros();
        let mut drawn = bits & mask;
        while drawn > range {
            drawn = vm.random_bits() & mask;
        }
        drawn
    };
    give_number(vm, args, Number::Int(value.wrapping_add(low as u64) as i64))
}

fn randomseed(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let (high, low) = if args.count == 0 {
        (vm.host.random(), vm.host.random())
    } else {
        (vm.integer_arg(args, 1)? as u64, vm.integer_or(args, 2, 0)? as u64)
    };
    vm.seed(high, low);
    let (high, low) = (vm.heap.integer(high as i64), vm.heap.integer(low as i64));
    vm.give_all(args, &[high, low])
}
