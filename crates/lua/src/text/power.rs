//! `x ^ y`: the double nearest to the power for whole exponents, that of `libm` for others.
//!
//! `libm` is off by one in the last place now and then where C's library is not, which shows in
//! numbers as plain as 13^16. For a whole exponent the power is a few products, and those can be
//! kept with twice the digits. The same on every machine: nothing but additions and products.

/// Exponents up to here are taken as whole numbers.
const WHOLE_MAX: f64 = 1024.0;
/// Powers of two within which no product, and no rest of one, is too large or too small.
const SCALE_MAX: f64 = 900.0;

/// `x ^ y`.
pub(crate) fn power(x: f64, y: f64) -> f64 {
    if y == 2.0 {
        return x * x;
    }
    whole_power(x, y).unwrap_or_else(|| libm::pow(x, y))
}

/// A number with twice the digits: the nearest double and the rest.
#[derive(Clone, Copy)]
struct Wide(f64, f64);

impl Wide {
    fn times(self, other: Self) -> Self {
        let (product, rest) = product(self.0, other.0);
        let rest = rest + (self.0 * other.1 + self.1 * other.0);
        let sum = product + rest;
        Self(sum, rest - (sum - product))
    }

    /// One divided by it.
    fn inverse(self) -> f64 {
        let rough = 1.0 / self.0;
        let (one, rest) = product(rough, self.0);
        let missing = (1.0 - one) - rest - rough * self.1;
        rough + missing * rough
    }
}

/// A product and what rounding took from it.
fn product(x: f64, y: f64) -> (f64, f64) {
    let product = x * y;
    let ((a, b), (c, d)) = (halves(x), halves(y));
    (product, ((a * c - product) + a * d + b * c) + b * d)
}

/// Two numbers of 26 binary digits each whose sum it is.
fn halves(x: f64) -> (f64, f64) {
    const SPLIT: f64 = 134_217_729.0;
    let scaled = SPLIT * x;
    let high = scaled - (scaled - x);
    (high, x - high)
}

/// The power for a whole exponent; `None` for others, and where a result would be very large or small.
fn whole_power(x: f64, y: f64) -> Option<f64> {
    if y.abs() > WHOLE_MAX || libm::trunc(y) != y || !x.is_normal() {
        return None;
    }
    let scale = libm::log2(libm::fabs(x)) * y;
    if libm::fabs(scale) > SCALE_MAX {
        return None;
    }
    let mut left = libm::fabs(y) as i32;
    let (mut result, mut square) = (Wide(1.0, 0.0), Wide(x, 0.0));
    while left != 0 {
        if left & 1 != 0 {
            result = result.times(square);
        }
        left >>= 1;
        if left != 0 {
            square = square.times(square);
        }
    }
    Some(if y < 0.0 { result.inverse() } else { result.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_powers_are_the_nearest_doubles() {
        assert_eq!(power(13.0, 16.0) as i64, 665_416_609_183_179_904);
        assert_eq!(power(-3.0, 33.0), -5_559_060_566_555_523.0);
        assert_eq!(power(10.0, -3.0), 0.001);
        assert_eq!(power(10.0, 22.0), 1e22);
        // Rust reads a decimal as the nearest double.
        for n in -270..=270 {
            let nearest: f64 = format!("1e{n}").parse().expect("a number");
            assert_eq!(power(10.0, f64::from(n)), nearest, "10^{n}");
        }
        for n in 0..64 {
            let exact = 3_u128.pow(n);
            assert_eq!(power(3.0, f64::from(n)), exact as f64, "3^{n}");
        }
    }

    #[test]
    fn the_rest_is_as_it_was() {
        assert_eq!(power(2.0, 0.5), std::f64::consts::SQRT_2);
        assert_eq!(power(0.0, -1.0), f64::INFINITY);
        assert_eq!(power(-2.0, 1023.0), -power(2.0, 1023.0));
        assert_eq!(power(2.0, -1074.0), 5e-324);
        assert_eq!(power(1.5, 0.0), 1.0);
        assert_eq!(power(f64::INFINITY, -3.0), 0.0);
        assert!(power(f64::NAN, 3.0).is_nan() && power(-8.0, 0.3).is_nan());
    }
}
