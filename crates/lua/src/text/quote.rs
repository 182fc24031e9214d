//! `%q` of `string.format`: values as text that the Lua reader reads back.

use super::cformat::{self, Flags, Spec};
use super::number;

/// As many bytes as [`quote_string`] appends at most.
#[must_use]
pub fn quoted_length(text: &[u8]) -> usize {
    let lengths = text.iter().map(|&byte| match byte {
        b'"' | b'\\' | b'\n' => 2,
        _ if byte.is_ascii_control() => 4,
        _ => 1,
    });
    lengths.sum::<usize>() + 2
}

/// Appends a string in quotes.
pub fn quote_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', byte]),
            _ if byte.is_ascii_control() => {
                out.push(b'\\');
                // A digit after a short escape would be read as part of it.
                if text.get(index + 1).is_some_and(u8::is_ascii_digit) {
                    let digits = [byte / 100, byte / 10 % 10, byte % 10];
                    out.extend(digits.map(|digit| b'0' + digit));
                } else {
                    number::format_int(i64::from(byte), out);
                }
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends an integer; the least one in hexadecimal, as its digits alone would be a float.
pub fn quote_int(value: i64, out: &mut Vec<u8>) {
    if value == i64::MIN {
        return out.extend_from_slice(b"0x8000000000000000");
    }
    number::format_int(value, out);
}

/// Appends a float, in hexadecimal so that no bit is lost.
pub fn quote_float(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"(0/0)");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"1e9999" } else { b"-1e9999" });
    } else {
        let spec = Spec { flags: Flags::default(), width: 0, precision: None, conversion: b'a' };
        cformat::format_float(&spec, value, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        quote_string(text, &mut out);
        out
    }

    #[test]
    fn strings() {
        assert_eq!(quoted(b"a\"b\\c\nd"), b"\"a\\\"b\\\\c\\\nd\"");
        assert_eq!(quoted(b"\r\0"), b"\"\\13\\0\"");
        assert_eq!(quoted(b"\x000\x7f1\x7f"), b"\"\\0000\\1271\\127\"");
        assert_eq!(quoted(b"\xff\xc3"), b"\"\xff\xc3\"");
    }

    #[test]
    fn numbers() {
        let mut out = Vec::new();
        for value in [0.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0] {
            quote_float(value, &mut out);
            out.push(b' ');
        }
        quote_int(i64::MIN, &mut out);
        quote_int(-7, &mut out);
        assert_eq!(out, b"0x1p-1 1e9999 -1e9999 (0/0) -0x0p+0 0x8000000000000000-7");
    }
}
