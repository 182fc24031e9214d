//! Numbers from text and to text, as `tonumber` and `tostring` have them.

use super::class::is_space;
use super::decimal::{Scientific, push_unsigned, unsigned_into};

/// Digits of a float in `tostring`: PUC's "%.14g".
const FLOAT_DIGITS: usize = 14;

/// A Lua number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
}

/// The number that a text denotes, as `lua_stringtonumber`: white space around it is allowed, a
/// decimal integer too large is a float, a hexadecimal one wraps modulo 2^64. Linear.
#[must_use]
pub fn parse(text: &[u8]) -> Option<Number> {
    let text = trim(text);
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if let [b'0', b'x' | b'X', hex @ ..] = digits {
        return parse_hex(negative, hex);
    }
    match parse_decimal(negative, digits) {
        Some(int) => Some(Number::Int(int)),
        None => parse_float(text, digits).map(Number::Float),
    }
}

/// The integer that a text denotes in `base` (2 to 36), as `tonumber(text, base)`; wraps modulo
/// 2^64.
#[must_use]
pub fn parse_radix(text: &[u8], base: u32) -> Option<i64> {
    let text = trim(text);
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for &byte in digits {
        let digit = char::from(byte).to_digit(36).filter(|&digit| digit < base)?;
        value = value.wrapping_mul(u64::from(base)).wrapping_add(u64::from(digit));
    }
    Some(signed(negative, value))
}

/// The integer equal to a float, if there is one.
#[inline]
#[must_use]
pub fn float_to_int(value: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    // The conversion cuts off the fraction; a float that survives the way back had none.
    let int = value as i64;
    ((-LIMIT..LIMIT).contains(&value) && int as f64 == value).then_some(int)
}

/// Appends an integer in decimal, as `tostring`.
#[inline]
pub fn format_int(value: i64, out: &mut Vec<u8>) {
    let mut text = [0; 20];
    let at = unsigned_into(value.unsigned_abs(), &mut text);
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends a float, as `tostring`: "%.14g", with ".0" after what would read as an integer.
pub fn format_float(value: f64, out: &mut Vec<u8>) {
    // PUC on Linux prints the sign of a NaN, and 0/0 has one there.
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs();
    if magnitude.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if magnitude.is_infinite() {
        return out.extend_from_slice(b"inf");
    }
    if magnitude < 1e14 && magnitude.trunc() == magnitude {
        push_unsigned(magnitude as u64, out);
        return out.extend_from_slice(b".0");
    }
    let mut digits = Scientific::new(magnitude, FLOAT_DIGITS);
    digits.trim();
    let integral = digits.exponent < FLOAT_DIGITS as i32
        && digits.digits().len() as i32 <= digits.exponent + 1;
    push_general(&digits, FLOAT_DIGITS, b'e', out);
    if integral {
        out.extend_from_slice(b".0");
    }
}

/// Appends digits as `%g` arranges them for this precision.
pub(super) fn push_general(value: &Scientific, precision: usize, e: u8, out: &mut Vec<u8>) {
    let digits = value.digits();
    let exponent = value.exponent;
    if exponent < -4 || exponent >= precision as i32 {
        return push_exponential(value, e, out);
    }
    let whole = (exponent + 1).max(0) as usize;
    if whole == 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-1 - exponent) as usize, b'0');
        return out.extend_from_slice(digits);
    }
    let (before, after) = digits.split_at(whole.min(digits.len()));
    out.extend_from_slice(before);
    out.resize(out.len() + whole - before.len(), b'0');
    if !after.is_empty() {
        out.push(b'.');
        out.extend_from_slice(after);
    }
}

/// Appends digits as `%e` does: `d.ddde±dd`.
pub(super) fn push_exponential(value: &Scientific, e: u8, out: &mut Vec<u8>) {
    let (first, rest) = value.digits().split_at(1);
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    push_exponent(value.exponent, e, out);
}

/// Appends `e±dd`.
pub(super) fn push_exponent(exponent: i32, e: u8, out: &mut Vec<u8>) {
    out.push(e);
    out.push(if exponent < 0 { b'-' } else { b'+' });
    let size = exponent.unsigned_abs();
    if size < 10 {
        out.push(b'0');
    }
    push_unsigned(u64::from(size), out);
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

#[inline]
fn signed(negative: bool, magnitude: u64) -> i64 {
    (if negative { magnitude.wrapping_neg() } else { magnitude }) as i64
}

/// Digits only, and in the range of integers.
fn parse_decimal(negative: bool, digits: &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    let limit = i64::MAX as u64 + u64::from(negative);
    (!digits.is_empty() && value <= limit).then(|| signed(negative, value))
}

/// A decimal float as `strtod` reads it, less "inf" and "nan".
fn parse_float(text: &[u8], digits: &[u8]) -> Option<f64> {
    let whole = leading(digits, u8::is_ascii_digit);
    let mut rest = &digits[whole..];
    let mut count = whole;
    if let [b'.', after @ ..] = rest {
        let fraction = leading(after, u8::is_ascii_digit);
        count += fraction;
        rest = &after[fraction..];
    }
    if count == 0 {
        return None;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            digits => digits,
        };
        if exponent.is_empty() || leading(exponent, u8::is_ascii_digit) < exponent.len() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    // All of it is ASCII now, and in the grammar of Rust's floats, which round correctly.
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn leading(bytes: &[u8], accepts: fn(&u8) -> bool) -> usize {
    bytes.iter().position(|byte| !accepts(byte)).unwrap_or(bytes.len())
}

/// A hexadecimal integer or float; `text` is what follows "0x".
fn parse_hex(negative: bool, text: &[u8]) -> Option<Number> {
    let mut wrapped = 0_u64;
    let mut float = HexFloat::default();
    let mut digits = 0_usize;
    let mut point = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte == b'.' && !point {
            point = true;
        } else if let Some(digit) = char::from(byte).to_digit(16) {
            wrapped = wrapped.wrapping_mul(16).wrapping_add(u64::from(digit));
            float.push(digit, point);
            digits += 1;
        } else {
            break;
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    let rest = text.get(at..).unwrap_or_default();
    if rest.is_empty() && !point {
        return Some(Number::Int(signed(negative, wrapped)));
    }
    if let [b'p' | b'P', exponent @ ..] = rest {
        float.exponent = float.exponent.saturating_add(parse_exponent(exponent)?);
    } else if !rest.is_empty() {
        return None;
    }
    let value = float.value();
    Some(Number::Float(if negative { -value } else { value }))
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_i64;
    for &byte in digits {
        let digit = char::from(byte).to_digit(10)?;
        value = value.saturating_mul(10).saturating_add(i64::from(digit));
    }
    // Half of the range, so that adding the digits' own exponent can't wrap.
    let value = value.min(i64::MAX / 2);
    Some(if negative { -value } else { value })
}

/// A binary float of any length being read: the first 60 bits, and whether any bit follows.
#[derive(Default)]
struct HexFloat {
    bits: u64,
    exponent: i64,
    more: bool,
}

impl HexFloat {
    fn push(&mut self, digit: u32, fraction: bool) {
        if self.bits >> 60 == 0 {
            self.bits = self.bits << 4 | u64::from(digit);
            self.exponent -= if fraction { 4 } else { 0 };
        } else {
            self.more |= digit != 0;
            self.exponent += if fraction { 0 } else { 4 };
        }
    }

    /// Rounded once, half to even, subnormals included.
    fn value(&self) -> f64 {
        if self.bits == 0 {
            return 0.0;
        }
        let zeros = self.bits.leading_zeros();
        // With 57 to 64 bits read before any is dropped, bit 0 is far below the rounding.
        let bits = self.bits << zeros | u64::from(self.more);
        let top = self.exponent.saturating_sub(i64::from(zeros)).saturating_add(63);
        if top > 1023 {
            return f64::INFINITY;
        }
        let kept = if top >= -1022 { 53 } else { 53 - (-1022 - top).min(100) };
        if kept < 0 {
            return 0.0;
        }
        let dropped = 64 - kept as u32;
        let mut kept_bits = (u128::from(bits) >> dropped) as u64;
        let rest = u128::from(bits) & ((1 << dropped) - 1);
        let half = 1 << (dropped - 1);
        if rest > half || rest == half && kept_bits & 1 == 1 {
            kept_bits += 1;
        }
        // The leading bit, or a carry, adds one to the exponent field by itself.
        let field = if top >= -1022 { (top + 1022) as u64 } else { 0 };
        f64::from_bits((field << 52) + kept_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float_text(value: f64) -> String {
        let mut out = Vec::new();
        format_float(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_in_all_forms() {
        let cases: [(&str, i64); 11] = [
            ("0", 0),
            (" 10 ", 10),
            ("-0x10", -16),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("0xffffffffffffffff", -1),
            ("0x1ffffffffffffffff", -1),
            ("\t\n\u{b}\u{c}\r7\n", 7),
            ("+5", 5),
            ("0XaB", 171),
            ("00000000000000000000000000012", 12),
        ];
        for (text, value) in cases {
            assert_eq!(parse(text.as_bytes()), Some(Number::Int(value)), "{text}");
        }
    }

    #[test]
    fn floats_in_all_forms() {
        let cases: [(&str, f64); 16] = [
            ("1.", 1.0),
            (".5", 0.5),
            ("-1e2", -100.0),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("1e999", f64::INFINITY),
            ("1e-999", 0.0),
            ("0x.8", 0.5),
            ("0x1p4", 16.0),
            ("0xA.8p-1", 5.25),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x1.8p-1075", 5e-324),
            ("0x1.fffffffffffff8p1023", f64::INFINITY),
            ("0x1.00000000000008p0", 1.0),
            ("0x1.000000000000080000000000000001p0", 1.000_000_000_000_000_2),
            ("0x1p99999999999999999999", f64::INFINITY),
        ];
        for (text, value) in cases {
            assert_eq!(parse(text.as_bytes()), Some(Number::Float(value)), "{text}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "", " ", "-", "+-1", "- 1", "1e", "1e+", "0x", "0x.", "0x.p1", "0x1p", "inf", "nan",
            "1 2", "1_0", ".", ".e1", "1..2", "1\0", "0x1g", "infinity", "1e1.0", "1f", "--1",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn other_bases() {
        assert_eq!(parse_radix(b" -ff ", 16), Some(-255));
        assert_eq!(parse_radix(b"ZZ", 36), Some(1295));
        assert_eq!(parse_radix(b"12", 2), None);
        assert_eq!(parse_radix(b"", 10), None);
        assert_eq!(parse_radix(b"-", 10), None);
        assert_eq!(parse_radix(b"1 1", 10), None);
        assert_eq!(parse_radix(b"ffffffffffffffffff", 16), Some(-1));
    }

    #[test]
    fn floats_as_text() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e14, "1e+14"),
            (99_999_999_999_999.0, "99999999999999.0"),
            (99_999_999_999_999.7, "1e+14"),
            (12_345_678_901_234.5, "12345678901234.0"),
            (1.0 / 3.0, "0.33333333333333"),
            (1e-5, "1e-05"),
            (0.000_123, "0.000123"),
            (1e100, "1e+100"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN.copysign(1.0), "nan"),
            (f64::NAN.copysign(-1.0), "-nan"),
        ];
        for (value, text) in cases {
            assert_eq!(float_text(value), text);
        }
    }

    #[test]
    fn exact_conversion_to_integers() {
        assert_eq!(float_to_int(3.0), Some(3));
        assert_eq!(float_to_int(3.5), None);
        assert_eq!(float_to_int(-9_223_372_036_854_775_808.0), Some(i64::MIN));
        assert_eq!(float_to_int(9_223_372_036_854_775_808.0), None);
        assert_eq!(float_to_int(f64::NAN), None);
        assert_eq!(float_to_int(f64::INFINITY), None);
    }
}
