//! UTF-8 as the `utf8` library has it: codes up to 2^31, and up to 2^20 + 2^16 without surrogates
//! when strict.
//!
//! Positions that come from Lua are 1-based and may count from the end; those that go back are
//! 1-based too. Offsets are 0-based. What is linear in its range takes a range, so that a caller
//! can go by blocks.

use std::fmt;

/// The greatest code that six bytes hold.
pub const CODE_MAX: u32 = 0x7FFF_FFFF;
/// The greatest code of Unicode.
pub const UNICODE_MAX: u32 = 0x10_FFFF;

/// Which codes decoding takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Those of Unicode, without surrogates.
    Strict,
    /// All up to `CODE_MAX`.
    Lax,
}

/// Arguments or text that a function of the `utf8` library refuses; the text is PUC's, and
/// `argument` says which argument it is about, where it is about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utf8Error {
    /// Text that is not UTF-8.
    InvalidCode,
    /// `utf8.len`: the first position is not in the string.
    InitialOutOfBounds,
    /// `utf8.len`: the last position is not in the string.
    FinalOutOfBounds,
    /// `utf8.codepoint`: the first position.
    FirstOutOfBounds,
    /// `utf8.codepoint`: the last position.
    LastOutOfBounds,
    /// `utf8.codepoint`: more codes than can be returned.
    SliceTooLong,
    /// `utf8.offset`: the position is not in the string.
    PositionOutOfBounds,
    /// `utf8.offset`: it is within a character.
    InitialIsContinuation,
}

impl Utf8Error {
    /// The number of the argument that is wrong; `None` for an error of its own.
    #[must_use]
    pub fn argument(self) -> Option<u8> {
        match self {
            Self::InitialOutOfBounds | Self::FirstOutOfBounds => Some(2),
            Self::FinalOutOfBounds | Self::LastOutOfBounds | Self::PositionOutOfBounds => Some(3),
            Self::InvalidCode | Self::SliceTooLong | Self::InitialIsContinuation => None,
        }
    }
}

impl fmt::Display for Utf8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCode => "invalid UTF-8 code",
            Self::InitialOutOfBounds => "initial position out of bounds",
            Self::FinalOutOfBounds => "final position out of bounds",
            Self::FirstOutOfBounds | Self::LastOutOfBounds => "out of bounds",
            Self::SliceTooLong => "string slice too long",
            Self::PositionOutOfBounds => "position out of bounds",
            Self::InitialIsContinuation => "initial position is a continuation byte",
        })
    }
}

impl std::error::Error for Utf8Error {}

/// Appends the bytes of a code: one to six. `utf8.char` and the escape `\u{…}`; the caller has
/// refused codes over `CODE_MAX`.
pub fn encode(code: u32, out: &mut Vec<u8>) {
    if code < 0x80 {
        return out.push(code as u8);
    }
    let mut bytes = [0; 6];
    let mut at = bytes.len();
    let mut rest = code & CODE_MAX;
    // What fits in the first byte beside the bits that say how many follow.
    let mut first_max = 0x3F;
    while rest > first_max {
        at -= 1;
        bytes[at] = 0x80 | (rest & 0x3F) as u8;
        rest >>= 6;
        first_max >>= 1;
    }
    at -= 1;
    bytes[at] = (!first_max << 1) as u8 | rest as u8;
    out.extend_from_slice(&bytes[at..]);
}

/// The code that `bytes` begin with, and how many of them it takes. `None` where that is no code,
/// at the end too.
#[inline]
#[must_use]
pub fn decode(bytes: &[u8], strictness: Strictness) -> Option<(u32, usize)> {
    match bytes.first() {
        Some(&byte) if byte < 0x80 => Some((u32::from(byte), 1)),
        Some(&byte) => decode_long(byte, bytes, strictness),
        None => None,
    }
}

fn decode_long(first: u8, bytes: &[u8], strictness: Strictness) -> Option<(u32, usize)> {
    /// The least code that this many bytes are needed for.
    const LEAST: [u32; 7] = [u32::MAX, u32::MAX, 0x80, 0x800, 0x1_0000, 0x20_0000, 0x400_0000];
    let length = first.leading_ones() as usize;
    if !(2..=6).contains(&length) {
        return None;
    }
    let mut code = u32::from(first) & (0x7F >> length);
    for &byte in bytes.get(1..length)? {
        if byte & 0xC0 != 0x80 {
            return None;
        }
        code = code << 6 | u32::from(byte & 0x3F);
    }
    if code < LEAST[length] {
        return None;
    }
    let unicode = code <= UNICODE_MAX && !(0xD800..=0xDFFF).contains(&code);
    (strictness == Strictness::Lax || unicode).then_some((code, length))
}

/// Whether `byte` is not the first of its character.
#[inline]
#[must_use]
pub fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

fn continues(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|&byte| is_continuation(byte))
}

/// A position from Lua made absolute: negative ones count from the end, 0 if before the first.
#[must_use]
pub fn position(position: i64, length: usize) -> i64 {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    match position {
        0.. => position,
        _ if position.unsigned_abs() > length.unsigned_abs() => 0,
        _ => length + position + 1,
    }
}

/// The offsets `utf8.len` goes over: characters that begin at `first..=last`, both 0-based, `last`
/// exclusive here.
///
/// # Errors
/// `InitialOutOfBounds`, `FinalOutOfBounds`.
pub fn len_range(length: usize, i: i64, j: i64) -> Result<(usize, usize), Utf8Error> {
    let limit = i64::try_from(length).unwrap_or(i64::MAX);
    let first = position(i, length) - 1;
    if !(0..=limit).contains(&first) {
        return Err(Utf8Error::InitialOutOfBounds);
    }
    let end = position(j, length);
    if end > limit {
        return Err(Utf8Error::FinalOutOfBounds);
    }
    Ok((first as usize, end as usize))
}

/// The outcome of counting characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many began within the range; the next begins at this offset.
    Characters {
        /// How many.
        count: usize,
        /// Where a count that goes on begins.
        next: usize,
    },
    /// At this 1-based position is no character.
    InvalidAt(usize),
}

/// Counts the characters that begin at offsets `from..to`: `utf8.len` over `len_range`, at once or
/// block by block. Linear in the range.
#[must_use]
pub fn len(text: &[u8], from: usize, to: usize, strictness: Strictness) -> Count {
    let (mut at, mut count) = (from, 0);
    while at < to {
        match decode(text.get(at..).unwrap_or_default(), strictness) {
            Some((_, length)) => at += length,
            None => return Count::InvalidAt(at + 1),
        }
        count += 1;
    }
    Count::Characters { count, next: at }
}

/// The offsets `utf8.codepoint` goes over, 0-based, the second exclusive; the same twice when
/// there is nothing to return. The caller goes over them with `decode`, and raises `InvalidCode`
/// where that gives nothing.
///
/// # Errors
/// `FirstOutOfBounds`, `LastOutOfBounds`, `SliceTooLong`.
pub fn codepoint_range(length: usize, i: i64, j: Option<i64>) -> Result<(usize, usize), Utf8Error> {
    let first = position(i, length);
    let last = position(j.unwrap_or(first), length);
    if first < 1 {
        return Err(Utf8Error::FirstOutOfBounds);
    }
    if last > i64::try_from(length).unwrap_or(i64::MAX) {
        return Err(Utf8Error::LastOutOfBounds);
    }
    if first > last {
        return Ok((0, 0));
    }
    if last - first >= i64::from(i32::MAX) {
        return Err(Utf8Error::SliceTooLong);
    }
    Ok((first as usize - 1, last as usize))
}

/// `utf8.offset`: the 1-based position of the `n`-th character from position `i` on; `None` when
/// there are not so many. Without `i`, from the end for a negative `n` and from the beginning
/// otherwise. Linear in the distance.
///
/// # Errors
/// `PositionOutOfBounds`, `InitialIsContinuation`.
pub fn offset(text: &[u8], n: i64, i: Option<i64>) -> Result<Option<usize>, Utf8Error> {
    let start = match i {
        Some(i) => position(i, text.len()),
        None if n >= 0 => 1,
        None => i64::try_from(text.len()).unwrap_or(i64::MAX - 1) + 1,
    };
    let Some(mut at) = usize::try_from(start).ok().and_then(|start| start.checked_sub(1)) else {
        return Err(Utf8Error::PositionOutOfBounds);
    };
    if at > text.len() {
        return Err(Utf8Error::PositionOutOfBounds);
    }
    if n == 0 {
        while at > 0 && continues(text, at) {
            at -= 1;
        }
        return Ok(Some(at + 1));
    }
    if continues(text, at) {
        return Err(Utf8Error::InitialIsContinuation);
    }
    let mut left = n;
    while left < 0 && at > 0 {
        at -= 1;
        while at > 0 && continues(text, at) {
            at -= 1;
        }
        left += 1;
    }
    // The character at the position is the first, so one step fewer forwards.
    left -= i64::from(n > 0);
    while left > 0 && at < text.len() {
        at += 1;
        while continues(text, at) {
            at += 1;
        }
        left -= 1;
    }
    Ok((left == 0).then_some(at + 1))
}

/// One step of the iterator of `utf8.codes`: the 1-based position and the code of the character
/// after position `control` (0 at first); `None` at the end.
///
/// # Errors
/// `InvalidCode`.
pub fn next_code(
    text: &[u8],
    control: i64,
    strictness: Strictness,
) -> Result<Option<(usize, u32)>, Utf8Error> {
    // PUC takes the control value as unsigned: a negative one is beyond any end.
    let mut at = usize::try_from(control).unwrap_or(usize::MAX);
    while continues(text, at) {
        at += 1;
    }
    let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else {
        return Ok(None);
    };
    match decode(rest, strictness) {
        Some((code, _)) => Ok(Some((at + 1, code))),
        None => Err(Utf8Error::InvalidCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_way_there_and_back() {
        for code in [0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x1_0000, 0x20_0000, 0x400_0000, CODE_MAX]
        {
            let mut bytes = Vec::new();
            encode(code, &mut bytes);
            assert_eq!(decode(&bytes, Strictness::Lax), Some((code, bytes.len())));
            let strict = decode(&bytes, Strictness::Strict).is_some();
            assert_eq!(strict, code <= UNICODE_MAX, "{code:x}");
        }
    }

    #[test]
    fn what_is_no_code() {
        let cases: [&[u8]; 8] = [
            b"",
            b"\x80",
            b"\xc0\x80",
            b"\xc3",
            b"\xc3\x28",
            b"\xe0\x80\x80",
            b"\xff",
            b"\xfe\x80",
        ];
        for bytes in cases {
            assert_eq!(decode(bytes, Strictness::Lax), None, "{bytes:?}");
        }
        assert_eq!(decode(b"\xed\xa0\x80", Strictness::Strict), None);
        assert_eq!(decode(b"\xed\xa0\x80", Strictness::Lax), Some((0xD800, 3)));
    }

    #[test]
    fn counts_characters_by_blocks() {
        let text = "aé€😀".as_bytes();
        assert_eq!(len_range(text.len(), 1, -1), Ok((0, 10)));
        let whole = Count::Characters { count: 4, next: 10 };
        assert_eq!(len(text, 0, 10, Strictness::Strict), whole);
        let front = Count::Characters { count: 2, next: 3 };
        assert_eq!(len(text, 0, 2, Strictness::Strict), front);
        assert_eq!(len(text, 2, 10, Strictness::Strict), Count::InvalidAt(3));
        assert_eq!(len_range(3, 5, -1), Err(Utf8Error::InitialOutOfBounds));
        assert_eq!(len_range(3, 1, 4), Err(Utf8Error::FinalOutOfBounds));
    }

    #[test]
    fn offsets_of_characters() {
        let text = "aé€b".as_bytes();
        assert_eq!(offset(text, 3, None), Ok(Some(4)));
        assert_eq!(offset(text, -1, None), Ok(Some(7)));
        assert_eq!(offset(text, 5, None), Ok(Some(8)));
        assert_eq!(offset(text, 6, None), Ok(None));
        assert_eq!(offset(text, 0, Some(5)), Ok(Some(4)));
        assert_eq!(offset(text, 1, Some(3)), Err(Utf8Error::InitialIsContinuation));
        assert_eq!(offset(text, 1, Some(9)), Err(Utf8Error::PositionOutOfBounds));
    }

    #[test]
    fn iterates_over_codes() {
        let text = "é😀".as_bytes();
        assert_eq!(next_code(text, 0, Strictness::Strict), Ok(Some((1, 0xE9))));
        assert_eq!(next_code(text, 1, Strictness::Strict), Ok(Some((3, 0x1F600))));
        assert_eq!(next_code(text, 3, Strictness::Strict), Ok(None));
        // PUC 5.4.4 skips stray continuation bytes; later versions refuse them.
        assert_eq!(next_code(b"a\x80b", 1, Strictness::Strict), Ok(Some((3, 0x62))));
        assert_eq!(next_code(b"\x80a", 0, Strictness::Strict), Ok(Some((2, 0x61))));
        assert_eq!(next_code(b"\xff", 0, Strictness::Strict), Err(Utf8Error::InvalidCode));
    }
}
