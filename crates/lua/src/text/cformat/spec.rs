//! Reading a conversion of a format, with PUC's checks and error texts.

use std::fmt;

/// Longest conversion that PUC takes, from after the `%` to the conversion's letter.
const FORM_BYTES_MAX: usize = 21;
/// The flags of a conversion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-`: pad on the right.
    pub left: bool,
    /// `+`: show the sign of what is not negative.
    pub plus: bool,
    /// A space in the place of that sign.
    pub space: bool,
    /// `#`: prefixes, and a point even without digits after it.
    pub alternate: bool,
    /// `0`: pad with zeros.
    pub zero: bool,
}

/// One conversion of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its flags.
    pub flags: Flags,
    /// Least bytes of output, 0 to 99.
    pub width: u8,
    /// Digits or bytes, 0 to 99, where given.
    pub precision: Option<u8>,
    /// Its letter: one of `aAcdeEfgGiopqsuxX`.
    pub conversion: u8,
}

/// A conversion that PUC refuses, with its text from `%` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// Over the length that any conversion can have.
    TooLong,
    /// No such conversion.
    UnknownConversion(Vec<u8>),
    /// Flags, width or precision that the conversion does not take.
    InvalidSpecification(Vec<u8>),
    /// `%q` takes none at all.
    QuoteModifiers,
}

impl SpecError {
    /// PUC's text, as bytes: the format is quoted in it and need not be UTF-8.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        match self {
            Self::TooLong => b"invalid format (too long)".to_vec(),
            Self::UnknownConversion(form) => {
                [b"invalid conversion '", &form[..], b"' to 'format'"].concat()
            }
            Self::InvalidSpecification(form) => {
                [b"invalid conversion specification: '", &form[..], b"'"].concat()
            }
            Self::QuoteModifiers => b"specifier '%q' cannot have modifiers".to_vec(),
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message()))
    }
}

impl std::error::Error for SpecError {}

/// The letter of the conversion that `bytes` (after a `%` that is not `%%`) begins with, and the
/// bytes up to and with it. PUC does only this before it looks at the argument, and refuses flags
/// (`Spec::parse`) after it, except for `%c`, `%a` and `%A`: a caller that wants its errors in
/// PUC's order does the same.
///
/// # Errors
/// `TooLong`, `UnknownConversion`, `QuoteModifiers`.
pub fn conversion(bytes: &[u8]) -> Result<(u8, usize), SpecError> {
    // A search in a slice would be a call for each byte.
    let modifier = |byte: &u8| matches!(byte, b'-' | b'+' | b' ' | b'#' | b'0'..=b'9' | b'.');
    let span = bytes.iter().position(|byte| !modifier(byte)).unwrap_or(bytes.len());
    if span >= FORM_BYTES_MAX {
        return Err(SpecError::TooLong);
    }
    match bytes.get(span) {
        Some(b'q') if span > 0 => Err(SpecError::QuoteModifiers),
        Some(&letter) if is_conversion(letter) => Ok((letter, span + 1)),
        _ => Err(SpecError::UnknownConversion(form(bytes, span + 1))),
    }
}

const fn is_conversion(letter: u8) -> bool {
    matches!(
        letter,
        b'a' | b'A' | b'c'..=b'g' | b'E' | b'G' | b'i' | b'o'..=b'q' | b's' | b'u' | b'x' | b'X'
    )
}

impl Spec {
    /// The conversion that `bytes` (after a `%` that is not `%%`) begins with, and how many of
    /// them it takes.
    ///
    /// # Errors
    /// As `conversion`, and `InvalidSpecification`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), SpecError> {
        let (letter, used) = conversion(bytes)?;
        let mut spec =
            Self { flags: Flags::default(), width: 0, precision: None, conversion: letter };
        if used == 1 {
            return Ok((spec, used));
        }
        let (allowed, precision): (&[u8], bool) = match letter {
            b'd' | b'i' => (b"-+ 0", true),
            b'u' => (b"-0", true),
            b'o' | b'x' | b'X' => (b"-#0", true),
            b's' => (b"-", true),
            b'c' | b'p' => (b"-", false),
            _ => (b"-+ #0", true),
        };
        let mut rest = &bytes[..used - 1];
        while let [flag, after @ ..] = rest
            && allowed.contains(flag)
        {
            spec.flags.set(*flag);
            rest = after;
        }
        // A width can't begin with '0': where that is no flag, it stays and is refused.
        if rest.first() != Some(&b'0') {
            (spec.width, rest) = two_digits(rest);
            if let [b'.', after @ ..] = rest
                && precision
            {
                let (digits, after) = two_digits(after);
                (spec.precision, rest) = (Some(digits), after);
            }
        }
        match rest.is_empty() {
            true => Ok((spec, used)),
            false => Err(SpecError::InvalidSpecification(form(bytes, used))),
        }
    }

    /// Whether it has neither flags nor width nor precision.
    #[must_use]
    pub fn has_no_modifiers(&self) -> bool {
        self.width == 0 && self.precision.is_none() && self.flags == Flags::default()
    }
}

impl Flags {
    fn set(&mut self, flag: u8) {
        match flag {
            b'-' => self.left = true,
            b'+' => self.plus = true,
            b' ' => self.space = true,
            b'#' => self.alternate = true,
            _ => self.zero = true,
        }
    }
}

/// The conversion as PUC's message shows it: a C string.
fn form(bytes: &[u8], len: usize) -> Vec<u8> {
    let shown = bytes.iter().take(len).take_while(|&&byte| byte != 0);
    std::iter::once(&b'%').chain(shown).copied().collect()
}

/// A number of two digits at most.
fn two_digits(bytes: &[u8]) -> (u8, &[u8]) {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => ((a - b'0') * 10 + (b - b'0'), rest),
        [a @ b'0'..=b'9', rest @ ..] => (a - b'0', rest),
        _ => (0, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_specifications() {
        let cases = [
            ("123d", "invalid conversion specification: '%123d'"),
            ("5q", "specifier '%q' cannot have modifiers"),
            ("y", "invalid conversion '%y' to 'format'"),
            (".123d", "invalid conversion specification: '%.123d'"),
            ("010c", "invalid conversion specification: '%010c'"),
            ("", "invalid conversion '%' to 'format'"),
            ("5", "invalid conversion '%5' to 'format'"),
            ("F", "invalid conversion '%F' to 'format'"),
            ("\0d", "invalid conversion '%' to 'format'"),
            ("#d", "invalid conversion specification: '%#d'"),
            ("05s", "invalid conversion specification: '%05s'"),
            (".3p", "invalid conversion specification: '%.3p'"),
            (".20.3d", "invalid conversion specification: '%.20.3d'"),
            ("0123456789012345678901d", "invalid format (too long)"),
        ];
        for (form, message) in cases {
            let error = Spec::parse(form.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
