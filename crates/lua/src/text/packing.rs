//! The formats of `string.pack`: what each option asks for, and integers as bytes.

/// Largest size of an integer, in bytes.
const INTEGER_BYTES_MAX: usize = 16;
/// Bytes of a Lua integer.
const LUA_INTEGER_BYTES: usize = 8;
/// Largest alignment that `!` alone sets: that of this machine model's widest number.
const NATIVE_ALIGNMENT: usize = 8;
/// Largest size that a format may state, and largest result of `string.packsize`.
pub const SIZE_MAX: usize = i32::MAX as usize;

/// What an option of a format stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// A float of 4 or 8 bytes.
    Float,
    /// A string of a fixed number of bytes.
    Fixed,
    /// A string after its length.
    Counted,
    /// A string that ends with a zero.
    Terminated,
    /// One byte of padding.
    Padding,
    /// Alignment to the option that follows.
    Alignment,
    /// A setting, or a space.
    Nothing,
}

/// One option of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Bytes that it takes, or that the length of a counted string takes.
    pub size: usize,
    /// Bytes of padding before it.
    pub padding: usize,
}

/// What is wrong with a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatError {
    /// A message of its own, in the bytes of the format.
    Message(Vec<u8>),
    /// A message about the format as an argument.
    Argument(&'static str),
}

/// Reads a format from its start to its end (or its first zero byte).
#[derive(Debug)]
pub struct Reader<'a> {
    format: &'a [u8],
    at: usize,
    /// Integers and floats have their lowest byte first.
    pub is_little: bool,
    alignment_max: usize,
}

impl<'a> Reader<'a> {
    /// A reader with the settings of a format's start.
    #[must_use]
    pub fn new(format: &'a [u8]) -> Self {
        let end = format.iter().position(|&byte| byte == 0).unwrap_or(format.len());
        Self { format: &format[..end], at: 0, is_little: true, alignment_max: 1 }
    }

    /// The next option where `total` bytes come before it; `None` at the end.
    ///
    /// # Errors
    /// When the format is faulty there.
    pub fn next(&mut self, total: usize) -> Result<Option<Item>, FormatError> {
        let Some((kind, size)) = self.option()? else { return Ok(None) };
        let mut align = size;
        if kind == Kind::Alignment {
            let invalid = FormatError::Argument("invalid next option for option 'X'");
            align = match self.option()? {
                None | Some((Kind::Fixed, _) | (_, 0)) => return Err(invalid),
                Some((_, size)) => size,
            };
        }
        let mut padding = 0;
        if align > 1 && kind != Kind::Fixed {
            align = align.min(self.alignment_max);
            if !align.is_power_of_two() {
                return Err(FormatError::Argument("format asks for alignment not power of 2"));
            }
            padding = total.wrapping_neg() & (align - 1);
        }
        Ok(Some(Item { kind, size, padding }))
    }

    /// An option with its size, without alignment.
    fn option(&mut self) -> Result<Option<(Kind, usize)>, FormatError> {
        let Some(&letter) = self.format.get(self.at) else { return Ok(None) };
        self.at += 1;
        Ok(Some(match letter {
            b'b' => (Kind::Signed, 1),
            b'B' => (Kind::Unsigned, 1),
            b'h' => (Kind::Signed, 2),
            b'H' => (Kind::Unsigned, 2),
            b'l' | b'j' => (Kind::Signed, LUA_INTEGER_BYTES),
            b'L' | b'J' | b'T' => (Kind::Unsigned, LUA_INTEGER_BYTES),
            b'i' => (Kind::Signed, self.limited(4)?),
            b'I' => (Kind::Unsigned, self.limited(4)?),
            b'f' => (Kind::Float, 4),
            b'd' | b'n' => (Kind::Float, 8),
            b's' => (Kind::Counted, self.limited(8)?),
            b'z' => (Kind::Terminated, 0),
            b'x' => (Kind::Padding, 1),
            b'X' => (Kind::Alignment, 0),
            b' ' => (Kind::Nothing, 0),
            b'c' => match self.number() {
                Some(size) => (Kind::Fixed, size),
                None => {
                    let message = b"missing size for format option 'c'".to_vec();
                    return Err(FormatError::Message(message));
                }
            },
            b'<' | b'=' | b'>' => {
                self.is_little = letter != b'>';
                (Kind::Nothing, 0)
            }
            b'!' => {
                self.alignment_max = self.limited(NATIVE_ALIGNMENT)?;
                (Kind::Nothing, 0)
            }
            _ => {
                let mut message = b"invalid format option '".to_vec();
                message.extend([letter, b'\'']);
                return Err(FormatError::Message(message));
            }
        }))
    }

    /// The number that follows, as far as it is taken: a larger one goes on as an option.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.format.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            let value = number.unwrap_or(0) * 10 + usize::from(digit - b'0');
            number = Some(value);
            self.at += 1;
            if value > (SIZE_MAX - 9) / 10 {
                break;
            }
        }
        number
    }

    /// The size of an integer that follows, or the default.
    fn limited(&mut self, default: usize) -> Result<usize, FormatError> {
        let size = self.number().unwrap_or(default);
        if (1..=INTEGER_BYTES_MAX).contains(&size) {
            return Ok(size);
        }
        let limit = INTEGER_BYTES_MAX;
        let message = format!("integral size ({size}) out of limits [1,{limit}]");
        Err(FormatError::Message(message.into_bytes()))
    }
}

/// Appends an integer of `size` bytes; beyond its own eight its sign goes on when it is `is_signed`.
pub fn push_integer(value: i64, size: usize, is_signed: bool, is_little: bool, out: &mut Vec<u8>) {
    let fill = if is_signed && value < 0 { 0xFF } else { 0 };
    let bytes = value.to_le_bytes();
    let start = out.len();
    out.extend((0..size).map(|position| *bytes.get(position).unwrap_or(&fill)));
    if !is_little {
        out[start..].reverse();
    }
}

/// The integer in some bytes; `None` when it does not fit into a Lua integer.
#[must_use]
pub fn read_integer(bytes: &[u8], is_signed: bool, is_little: bool) -> Option<i64> {
    let byte = |position: usize| match is_little {
        true => bytes[position],
        false => bytes[bytes.len() - 1 - position],
    };
    let taken = bytes.len().min(LUA_INTEGER_BYTES);
    let value =
        (0..taken).rev().fold(0_u64, |value, position| value << 8 | u64::from(byte(position)));
    if taken < LUA_INTEGER_BYTES {
        let unused = 64 - 8 * taken as u32;
        let value = value << unused;
        return Some(if is_signed { value as i64 >> unused } else { (value >> unused) as i64 });
    }
    let fill = if is_signed && (value as i64) < 0 { 0xFF } else { 0 };
    (taken..bytes.len()).all(|position| byte(position) == fill).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_round_trip_in_every_size_and_order() {
        for size in 1..=INTEGER_BYTES_MAX {
            for is_little in [true, false] {
                for value in [0, 1, -1, 100, -128, i64::MIN, i64::MAX] {
                    let bits = 8 * size as u32;
                    let fits = bits >= 64 || value >= -1 << (bits - 1) && value < 1 << (bits - 1);
                    if fits {
                        let mut bytes = Vec::new();
                        push_integer(value, size, true, is_little, &mut bytes);
                        assert_eq!(bytes.len(), size);
                        assert_eq!(read_integer(&bytes, true, is_little), Some(value));
                    }
                }
            }
        }
        assert_eq!(read_integer(&[0, 0, 0, 0, 0, 0, 0, 0, 1], true, true), None);
        assert_eq!(read_integer(&[0xFF, 0xFF], false, true), Some(0xFFFF));
    }

    #[test]
    fn options_align_and_fail() {
        let mut reader = Reader::new(b"!4 b i8 X\0");
        for expected in [0, 0, 1, 0] {
            let item = reader.next(0).unwrap().unwrap();
            assert_eq!((item.size, item.padding), (expected, 0));
        }
        let item = reader.next(1).unwrap().unwrap();
        assert_eq!((item.kind, item.size, item.padding), (Kind::Signed, 8, 3));
        assert_eq!(reader.next(12).unwrap().unwrap().kind, Kind::Nothing);
        assert!(matches!(reader.next(12), Err(FormatError::Argument(_))));
        assert!(matches!(Reader::new(b"i17").next(0), Err(FormatError::Message(_))));
        assert_eq!(Reader::new(b"").next(0), Ok(None));
    }
}
