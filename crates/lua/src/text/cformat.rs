//! The conversions of C's `printf` that `string.format` has, over bytes and without libc.
//!
//! Output is the same on every machine: it depends on no locale and on no C library. Nothing here
//! writes more than a width or precision of 99 asks for, plus the digits of the largest float.

mod spec;

pub use self::spec::{Flags, Spec, SpecError, conversion};
use super::decimal::{Scientific, push_fixed};
use super::number::{push_exponential, push_general};

/// Digits after the point where no precision is given.
const PRECISION_DEFAULT: usize = 6;

/// Appends an integer: `%d %i %u %o %x %X`; the last four take it as unsigned.
pub fn format_int(spec: &Spec, value: i64, out: &mut Vec<u8>) {
    if spec.has_no_modifiers() && matches!(spec.conversion, b'd' | b'i') {
        return super::number::format_int(value, out);
    }
    let mark = out.len();
    let (negative, magnitude) = match spec.conversion {
        b'd' | b'i' => (value < 0, value.unsigned_abs()),
        _ => (false, value as u64),
    };
    if matches!(spec.conversion, b'd' | b'i') {
        push_sign(spec, negative, out);
    }
    let mut text = [0; 24];
    let mut digits = digits_of(spec.conversion, magnitude, &mut text);
    if spec.precision == Some(0) && magnitude == 0 {
        digits = &[];
    }
    let mut least = usize::from(spec.precision.unwrap_or(1));
    if spec.flags.alternate {
        match spec.conversion {
            b'x' | b'X' if magnitude != 0 => out.extend_from_slice(&[b'0', spec.conversion]),
            // '#' asks for one zero in front, whether as padding or not.
            b'o' if digits.first() != Some(&b'0') => least = least.max(digits.len() + 1),
            _ => {}
        }
    }
    let body = out.len();
    out.resize(body + least.saturating_sub(digits.len()), b'0');
    out.extend_from_slice(digits);
    let zeros = spec.flags.zero && spec.precision.is_none();
    pad(spec, mark, zeros.then_some(body), out);
}

/// The digits of an integer, in `text`.
fn digits_of(conversion: u8, value: u64, text: &mut [u8; 24]) -> &[u8] {
    let (shift, letters): (u32, &[u8; 16]) = match conversion {
        b'o' => (3, b"0123456789abcdef"),
        b'x' => (4, b"0123456789abcdef"),
        b'X' => (4, b"0123456789ABCDEF"),
        _ => {
            let Some(tail) = text.last_chunk_mut::<20>() else { return &[] };
            let at = super::decimal::unsigned_into(value, tail);
            return &text[4 + at..];
        }
    };
    let mut rest = value;
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = letters[(rest & ((1 << shift) - 1)) as usize];
        rest >>= shift;
        if rest == 0 {
            return &text[at..];
        }
    }
}

/// Appends a float: `%a %A %e %E %f %g %G`, exactly and correctly rounded.
pub fn format_float(spec: &Spec, value: f64, out: &mut Vec<u8>) {
    let mark = out.len();
    push_sign(spec, value.is_sign_negative(), out);
    let magnitude = value.abs();
    let upper = spec.conversion.is_ascii_uppercase();
    if !magnitude.is_finite() {
        let name = match (magnitude.is_nan(), upper) {
            (true, false) => b"nan",
            (true, true) => b"NAN",
            (false, false) => b"inf",
            (false, true) => b"INF",
        };
        out.extend_from_slice(name);
        return pad(spec, mark, None, out);
    }
    let e = if upper { b'E' } else { b'e' };
    let precision = spec.precision.map_or(PRECISION_DEFAULT, usize::from);
    let mut body = out.len();
    match spec.conversion {
        b'a' | b'A' => {
            out.extend_from_slice(if upper { b"0X" } else { b"0x" });
            body = out.len();
            push_hex(spec, magnitude, out);
        }
        b'f' | b'F' => {
            push_fixed(magnitude, precision, out);
            if precision == 0 && spec.flags.alternate {
                out.push(b'.');
            }
        }
        b'e' | b'E' => {
            let digits = Scientific::new(magnitude, precision + 1);
            push_exponential(&digits, e, out);
            if precision == 0 && spec.flags.alternate {
                out.insert(body + 1, b'.');
            }
        }
        _ => general(spec, magnitude, (precision.max(1), e), out),
    }
    let zeros = spec.flags.zero;
    pad(spec, mark, zeros.then_some(body), out);
}

/// `%g`: `%e` or `%f`, whichever is shorter, without zeros at the end unless `#` is there.
fn general(spec: &Spec, magnitude: f64, (precision, e): (usize, u8), out: &mut Vec<u8>) {
    let mut digits = Scientific::new(magnitude, precision);
    if !spec.flags.alternate {
        digits.trim();
        return push_general(&digits, precision, e, out);
    }
    let mark = out.len();
    push_general(&digits, precision, e, out);
    if !out[mark..].contains(&b'.') {
        let digits_end = out[mark..].iter().position(|&byte| byte == e);
        out.insert(digits_end.map_or(out.len(), |at| mark + at), b'.');
    }
}

/// `%a` as glibc has it, less the prefix: one digit before the point, which is 0 for subnormals.
fn push_hex(spec: &Spec, magnitude: f64, out: &mut Vec<u8>) {
    const FRACTION_BITS: u32 = 52;
    const FRACTION_DIGITS: usize = 13;
    let bits = magnitude.to_bits();
    let biased = (bits >> FRACTION_BITS) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let mut significand = fraction | u64::from(biased != 0) << FRACTION_BITS;
    let exponent = match (biased, fraction) {
        (0, 0) => 0,
        (0, _) => -1022,
        _ => biased - 1023,
    };
    let precision = spec.precision.map(usize::from);
    if let Some(digits) = precision.filter(|&digits| digits < FRACTION_DIGITS) {
        // Half to even; a carry shows as a first digit of 2, as glibc prints it.
        let dropped = FRACTION_BITS - 4 * digits as u32;
        let rest = significand & ((1 << dropped) - 1);
        let half = 1 << (dropped - 1);
        significand >>= dropped;
        if rest > half || rest == half && significand & 1 == 1 {
            significand += 1;
        }
        significand <<= dropped;
    }
    let mut text = [0; 24];
    let letter = if spec.conversion == b'A' { b'X' } else { b'x' };
    out.extend_from_slice(digits_of(letter, significand >> FRACTION_BITS, &mut text));
    let mark = out.len();
    out.push(b'.');
    // A one above the fraction keeps its leading zeros.
    let marked = significand & ((1 << FRACTION_BITS) - 1) | 1 << FRACTION_BITS;
    out.extend_from_slice(&digits_of(letter, marked, &mut text)[1..]);
    match precision {
        Some(digits) => out.resize(mark + 1 + digits, b'0'),
        None => {
            let digits = out[mark + 1..].iter().rposition(|&byte| byte != b'0');
            out.truncate(mark + 1 + digits.map_or(0, |last| last + 1));
        }
    }
    if out.len() == mark + 1 && !spec.flags.alternate {
        out.truncate(mark);
    }
    push_exponent_plain(exponent, spec.conversion, out);
}

/// Appends `p±d`: unlike that of `%e`, the exponent is not padded to two digits.
fn push_exponent_plain(exponent: i32, conversion: u8, out: &mut Vec<u8>) {
    out.push(if conversion == b'A' { b'P' } else { b'p' });
    out.push(if exponent < 0 { b'-' } else { b'+' });
    super::decimal::push_unsigned(u64::from(exponent.unsigned_abs()), out);
}

/// Appends a string: `%s`, cut to the precision.
pub fn format_string(spec: &Spec, text: &[u8], out: &mut Vec<u8>) {
    let mark = out.len();
    let len = spec.precision.map_or(text.len(), |most| text.len().min(usize::from(most)));
    out.extend_from_slice(&text[..len]);
    pad(spec, mark, None, out);
}

/// Appends a byte: `%c`. PUC takes an integer and keeps its low byte: `value as u8`.
pub fn format_char(spec: &Spec, byte: u8, out: &mut Vec<u8>) {
    let mark = out.len();
    out.push(byte);
    pad(spec, mark, None, out);
}

#[inline]
fn push_sign(spec: &Spec, negative: bool, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    } else if spec.flags.plus {
        out.push(b'+');
    } else if spec.flags.space {
        out.push(b' ');
    }
}

/// Pads what was written since `mark` to the width: with spaces, or with zeros from `zeros_at` on.
#[inline]
fn pad(spec: &Spec, mark: usize, zeros_at: Option<usize>, out: &mut Vec<u8>) {
    let written = out.len() - mark;
    let missing = usize::from(spec.width).saturating_sub(written);
    if missing == 0 {
        return;
    }
    let end = out.len();
    if spec.flags.left {
        return out.resize(end + missing, b' ');
    }
    let (at, filler) = zeros_at.map_or((mark, b' '), |at| (at, b'0'));
    out.resize(end + missing, filler);
    out.copy_within(at..end, at + missing);
    out[at..at + missing].fill(filler);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Spec {
        let (spec, used) = Spec::parse(text.as_bytes()).unwrap();
        assert_eq!(used, text.len());
        spec
    }

    fn int(form: &str, value: i64) -> String {
        let mut out = b"<".to_vec();
        format_int(&spec(form), value, &mut out);
        String::from_utf8(out.split_off(1)).unwrap()
    }

    fn float(form: &str, value: f64) -> String {
        let mut out = b"<".to_vec();
        format_float(&spec(form), value, &mut out);
        String::from_utf8(out.split_off(1)).unwrap()
    }

    #[test]
    fn integers() {
        assert_eq!(int("5d", 42), "   42");
        assert_eq!(int("-5d", 42), "42   ");
        assert_eq!(int("05d", -42), "-0042");
        assert_eq!(int("+.3d", 7), "+007");
        assert_eq!(int("08.3d", 7), "     007");
        assert_eq!(int(".0d", 0), "");
        assert_eq!(int("d", i64::MIN), "-9223372036854775808");
        assert_eq!(int("u", -1), "18446744073709551615");
        assert_eq!(int("x", -1), "ffffffffffffffff");
        assert_eq!(int("#X", 255), "0XFF");
        assert_eq!(int("#010x", 255), "0x000000ff");
        assert_eq!(int("#o", 8), "010");
        assert_eq!(int("#.3o", 8), "010");
        assert_eq!(int("#.0o", 0), "0");
        assert_eq!(int("o", -1), "1777777777777777777777");
    }

    #[test]
    fn floats() {
        assert_eq!(float(".2f", 3.21159), "3.21");
        assert_eq!(float("5.1f", 9.96), " 10.0");
        assert_eq!(float("f", 1e22), "10000000000000000000000.000000");
        assert_eq!(float("#.0f", 1.0), "1.");
        assert_eq!(float("e", 0.0), "0.000000e+00");
        assert_eq!(float("#.0e", 12345.0), "1.e+04");
        assert_eq!(float("E", 1e-100), "1.000000E-100");
        assert_eq!(float("g", 100_000.0), "100000");
        assert_eq!(float("g", 1e6), "1e+06");
        assert_eq!(float("g", 999_999.5), "1e+06");
        assert_eq!(float("g", 0.0001), "0.0001");
        assert_eq!(float("g", 0.00001), "1e-05");
        assert_eq!(float("#g", 1.0), "1.00000");
        assert_eq!(float("#.1g", 1e20), "1.e+20");
        assert_eq!(float(".0g", 123.0), "1e+02");
        assert_eq!(float("08.2f", -1.5), "-0001.50");
        assert_eq!(float("06f", f64::INFINITY), "   inf");
        assert_eq!(float("+G", f64::NEG_INFINITY), "-INF");
    }

    #[test]
    fn hexadecimal_floats() {
        assert_eq!(float("a", 1.0), "0x1p+0");
        assert_eq!(float("a", 0.1), "0x1.999999999999ap-4");
        assert_eq!(float("A", 0.5), "0X1P-1");
        assert_eq!(float("a", 5e-324), "0x0.0000000000001p-1022");
        assert_eq!(float(".0a", 1.5), "0x2p+0");
        assert_eq!(float(".0a", 2.5), "0x1p+1");
        assert_eq!(float(".20a", 1.0), "0x1.00000000000000000000p+0");
        assert_eq!(float("020a", 1.5), "0x0000000000001.8p+0");
        assert_eq!(float("#a", 0.0), "0x0.p+0");
    }

    #[test]
    fn strings_and_bytes() {
        let mut out = Vec::new();
        format_string(&spec("5.2s"), b"xyz", &mut out);
        format_string(&spec("-4s"), b"ab", &mut out);
        format_char(&spec("3c"), 0, &mut out);
        assert_eq!(out, b"   xyab    \0");
    }
}
