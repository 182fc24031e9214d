//! Decimal digits of floats, correctly rounded (half to even on the exact value, as glibc).
//!
//! Most floats that programs print have a small exponent and want few digits: those are scaled in
//! 128-bit integers, exactly. All others go through Rust's own exact formatting. Both give the
//! same digits on every machine.

use std::io::Write;

/// Most significant digits asked for: `%.99e`.
pub const DIGITS_MAX: usize = 100;

/// Powers of ten that fit beside a 53-bit significand in 128 bits.
static POWERS: [u128; 23] = powers();

const fn powers() -> [u128; 23] {
    let mut table = [1; 23];
    let mut index = 1;
    while index < table.len() {
        table[index] = table[index - 1] * 10;
        index += 1;
    }
    table
}

/// The first digits of a float: `d.ddd… × 10^exponent`.
#[derive(Clone, Debug)]
pub struct Scientific {
    digits: [u8; DIGITS_MAX],
    len: usize,
    /// Power of ten of the first digit.
    pub exponent: i32,
}

impl Scientific {
    /// The first `count` digits (1 to `DIGITS_MAX`) of `magnitude`, which is finite and not
    /// negative.
    #[must_use]
    pub fn new(magnitude: f64, count: usize) -> Self {
        let len = count.clamp(1, DIGITS_MAX);
        let mut this = Self { digits: [b'0'; DIGITS_MAX], len, exponent: 0 };
        if magnitude == 0.0 {
            return this;
        }
        if let Some((mut value, exponent)) = significant(magnitude, len) {
            for digit in this.digits[..len].iter_mut().rev() {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
            }
            this.exponent = exponent;
        } else {
            this.exact(magnitude);
        }
        this
    }

    /// The digits as ASCII, as many as were asked for.
    #[must_use]
    pub fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// Drops zeros at the end, but never the first digit.
    pub fn trim(&mut self) {
        while self.len > 1 && self.digits[self.len - 1] == b'0' {
            self.len -= 1;
        }
    }

    fn exact(&mut self, magnitude: f64) {
        // d . ddd e -ddd
        let mut text = [0; DIGITS_MAX + 8];
        let mut rest = &mut text[..];
        // The buffer holds the longest of them, so writing can't fail.
        let _ = write!(rest, "{magnitude:.*e}", self.len - 1);
        let left = rest.len();
        let written = &text[..text.len() - left];
        let mut at = 0;
        let mut bytes = written.iter();
        for &byte in bytes.by_ref().take_while(|&&byte| byte != b'e') {
            if byte != b'.' {
                self.digits[at] = byte;
                at += 1;
            }
        }
        let negative = bytes.as_slice().first() == Some(&b'-');
        let power = bytes.filter(|&&b| b != b'-').fold(0, |n, &b| n * 10 + i32::from(b - b'0'));
        self.exponent = if negative { -power } else { power };
    }
}

/// Appends `magnitude` (finite, not negative) with `precision` digits after the point; the point
/// itself only where digits follow.
pub fn push_fixed(magnitude: f64, precision: usize, out: &mut Vec<u8>) {
    let Some(scaled) = i32::try_from(precision).ok().and_then(|p| scaled(magnitude, p)) else {
        // Writing to a Vec can't fail.
        let _ = write!(out, "{magnitude:.precision$}");
        return;
    };
    if precision == 0 {
        return push_unsigned(scaled, out);
    }
    // `scaled` fits 20 digits and the fast path takes a precision of 22 at most.
    let mut text = [b'0'; 48];
    let mut at = text.len();
    let mut value = scaled;
    let point = text.len() - precision - 1;
    while value > 0 || at > point - 1 {
        at -= 1;
        if at == point {
            text[at] = b'.';
        } else {
            text[at] = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends an integer in decimal.
#[inline]
pub fn push_unsigned(value: u64, out: &mut Vec<u8>) {
    let mut text = [0; 20];
    let at = unsigned_into(value, &mut text);
    out.extend_from_slice(&text[at..]);
}

/// Writes an integer in decimal at the end of `text`, two digits at a time; where it begins.
#[inline]
pub(super) fn unsigned_into(mut value: u64, text: &mut [u8; 20]) -> usize {
    const PAIRS: &[u8; 200] = b"\
        0001020304050607080910111213141516171819\
        2021222324252627282930313233343536373839\
        4041424344454647484950515253545556575859\
        6061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899";
    let mut at = text.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        let pair = value as usize * 2;
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        text[at] = b'0' + value as u8;
    }
    at
}

/// The first `count` digits as a number, and the exponent of the first; `None` beyond the reach
/// of 128 bits.
fn significant(magnitude: f64, count: usize) -> Option<(u64, i32)> {
    if count > 17 {
        return None;
    }
    let wanted = count as i32;
    let binary = (magnitude.to_bits() >> 52) as i32 - 1023;
    // log10(2) rounded so that the estimate is never above the true exponent, and 1 below at most.
    let factor = if binary < 0 { 78_914 } else { 78_913 };
    let mut exponent = (binary * factor) >> 18;
    let mut value = scaled(magnitude, wanted - 1 - exponent)?;
    if u128::from(value) >= POWERS[count] {
        exponent += 1;
        // Rounded again from the exact value, never from digits already rounded.
        value = scaled(magnitude, wanted - 1 - exponent)?;
    }
    Some((value, exponent))
}

/// `magnitude × 10^power` rounded half to even, when it can be had in 128 bits.
fn scaled(magnitude: f64, power: i32) -> Option<u64> {
    let ten = *POWERS.get(power.unsigned_abs() as usize)?;
    let bits = magnitude.to_bits();
    let biased = (bits >> 52) as i32;
    if biased == 0 {
        return (bits == 0).then_some(0);
    }
    let significand = bits & ((1 << 52) - 1) | 1 << 52;
    let binary = biased - 1075;
    if power >= 0 {
        let product = u128::from(significand) * ten;
        if binary >= 0 {
            let shift = binary.unsigned_abs();
            if shift >= product.leading_zeros() {
                return None;
            }
            return u64::try_from(product << shift).ok();
        }
        let shift = binary.unsigned_abs();
        if shift > 127 {
            return None;
        }
        let quotient = u64::try_from(product >> shift).ok()?;
        return Some(round(quotient, product & ((1 << shift) - 1), 1 << (shift - 1)));
    }
    let (dividend, divisor) = if binary >= 0 {
        (shifted(u128::from(significand), binary.unsigned_abs())?, ten)
    } else {
        (u128::from(significand), shifted(ten, binary.unsigned_abs())?)
    };
    // A division of 128 bits is slow; most fit 64.
    if let (Ok(dividend), Ok(divisor)) = (u64::try_from(dividend), u64::try_from(divisor)) {
        let (quotient, remainder) = (dividend / divisor, dividend % divisor);
        return Some(round(quotient, u128::from(remainder) * 2, u128::from(divisor)));
    }
    let quotient = u64::try_from(dividend / divisor).ok()?;
    // Powers of ten are far below 2^127 unless shifted, and a shifted one is below it too.
    Some(round(quotient, (dividend % divisor).checked_mul(2)?, divisor))
}

fn shifted(value: u128, shift: u32) -> Option<u128> {
    (shift + 1 < value.leading_zeros()).then(|| value << shift)
}

fn round(quotient: u64, remainder: u128, half: u128) -> u64 {
    let up = remainder > half || remainder == half && quotient & 1 == 1;
    quotient + u64::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(value: f64, precision: usize) -> String {
        let mut out = Vec::new();
        push_fixed(value, precision, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Floats of all sizes, many of them short decimals or near ties.
    fn floats() -> impl Iterator<Item = f64> {
        let mut seed = 1_u64;
        (0..60_000).map(move |round| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            let any = f64::from_bits(seed >> 1);
            let value = match round % 5 {
                0 => any,
                1 => (seed >> 40) as f64 / 1000.0,
                2 => (seed >> 50) as f64 / 1024.0,
                3 => (seed >> 11) as f64 * 0.37,
                _ => (seed >> 45) as f64 * 1e-9,
            };
            if value.is_finite() { value } else { 0.5 }
        })
    }

    #[test]
    fn fixed_agrees_with_exact_formatting() {
        for value in floats() {
            for precision in [0, 1, 2, 3, 6, 14, 17, 22, 23, 60] {
                assert_eq!(fixed(value, precision), format!("{value:.precision$}"));
            }
        }
    }

    #[test]
    fn digits_agree_with_exact_formatting() {
        for value in floats() {
            for count in [1, 2, 6, 14, 15, 16, 17, 18, 100] {
                let have = Scientific::new(value, count);
                let text = format!("{value:.*e}", count - 1);
                let (digits, exponent) = text.split_once('e').unwrap();
                assert_eq!(have.digits(), digits.replace('.', "").as_bytes(), "{value:e}");
                assert_eq!(have.exponent, exponent.parse::<i32>().unwrap(), "{value:e}");
            }
        }
    }

    #[test]
    fn ties_go_to_even() {
        assert_eq!(fixed(0.5, 0), "0");
        assert_eq!(fixed(1.5, 0), "2");
        assert_eq!(fixed(2.5, 0), "2");
        assert_eq!(fixed(0.125, 2), "0.12");
        assert_eq!(fixed(0.375, 2), "0.38");
        assert_eq!(fixed(9.995, 2), "9.99");
    }
}
