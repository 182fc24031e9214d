//! Words in as few bytes as can be told fast: a head, then 0 to 8 bytes.
//!
//! The head's upper half tells what the word is, its lower half how many bytes follow and what of.
//! Every word has one form.

use super::{Damaged, Reader};
use procession_types::word::{self, Word};

/// Bytes of a word's form at most.
pub(super) const BYTES_MAX: usize = 9;

/// The upper half is 0: `n` bytes of the lower half, the last of them not 0.
const LOW: u8 = 0x00;
/// An integer: 2 to 7 with `n` bytes of its zigzag, the last of them not 0.
const INT: u8 = 0x10;
/// A short string: its `n` bytes.
const SHORT: u8 = 0x20;
/// Nil, false, true, and other payloads of their tag: `n` bytes, the last of them not 0.
const SPECIAL: u8 = 0x30;
/// References to strings, tables and what else; the index `n` bytes, the last of them not 0. Only
/// with the space that a fragment has.
const STRING: u8 = 0x40;
const TABLE: u8 = 0x50;
const INTEGER: u8 = 0x60;
const USER: u8 = 0x70;
/// Any other word: 1 to 4 bytes of the lower half and 1 to 4 of the upper half, one less of each in
/// two bits of the head; the last of more than one is not 0, nor that of the upper half.
const PAIR: u8 = 0x80;

const REFERENCES: [(u8, Word); 4] = [
    (STRING, word::make(word::TAG_STRING, 0, 0)),
    (TABLE, word::make(word::TAG_TABLE, 0, 0)),
    (INTEGER, word::object(word::Kind::Integer, 0)),
    (USER, word::object(word::Kind::User, 0)),
];

/// How many bytes hold the value.
#[inline]
const fn size(value: u64) -> usize {
    (64 - value.leading_zeros()).div_ceil(8) as usize
}

/// Writes a word's form to the front of `out`, and anything behind it; gives its length.
#[inline]
pub(super) fn put(value: Word, out: &mut [u8; BYTES_MAX]) -> usize {
    let (class, payload, bytes) = classified(value);
    out[0] = class | bytes as u8;
    out[1..].copy_from_slice(&payload.to_le_bytes());
    if class != PAIR {
        return 1 + bytes;
    }
    let (low, high) = (size(payload & 0xFFFF_FFFF).max(1), size(payload >> 32));
    out[0] = PAIR | (low - 1) as u8 | ((high - 1) << 2) as u8;
    let upper = (payload >> 32) as u32;
    out[1 + low..5 + low].copy_from_slice(&upper.to_le_bytes());
    1 + low + high
}

/// The class, what is written, and how many bytes of it; for a pair the word itself and 0.
#[inline]
fn classified(value: Word) -> (u8, u64, usize) {
    if value >> 32 == 0 {
        return (LOW, value, size(value));
    }
    let payload = value << 16 >> 16;
    match word::tag(value) {
        word::TAG_INT => {
            let number = word::to_int(value);
            let zigzag = (number << 1 ^ number >> 63) as u64;
            (INT, zigzag, size(zigzag))
        }
        word::TAG_SHORT if word::is_sound_short(value) => {
            let (bytes, length) = word::short_bytes(value);
            (SHORT, u64::from_le_bytes(bytes), length)
        }
        word::TAG_SPECIAL => (SPECIAL, payload, size(payload)),
        _ => reference(value).unwrap_or((PAIR, value, 0)),
    }
}

#[inline]
fn reference(value: Word) -> Option<(u8, u64, usize)> {
    let index = u64::from(word::index(value));
    let (class, _) = REFERENCES.iter().find(|(_, base)| *base == value & !0xFFFF_FFFF)?;
    Some((*class, index, size(index)))
}

/// Takes a word's form.
#[inline]
pub(super) fn take(from: &mut Reader<'_>) -> Result<Word, Damaged> {
    let before = from.clone();
    let head = from.byte("a word")?;
    let (class, count) = (head & 0xF0, usize::from(head & 0x0F));
    let damaged = || before.damaged("a word");
    if class == PAIR {
        let (low, high) = (1 + (count & 3), 1 + (count >> 2));
        let (first, second) = (number(from, low)?, number(from, high)?);
        let is_least = (low == 1 || size(first) == low) && size(second) == high;
        let value = first | second << 32;
        // What has another form must not have this one too.
        return if is_least && classified(value).0 == PAIR { Ok(value) } else { Err(damaged()) };
    }
    if count > 8 {
        return Err(damaged());
    }
    let payload = number(from, count)?;
    let is_least = class == SHORT || size(payload) == count;
    let tagged = |base: Word, bytes: usize| (count <= bytes).then_some(base | payload);
    let value = match class {
        LOW => tagged(0, 4),
        INT if count <= 6 => {
            Some(word::int_wrapping((payload >> 1) as i64 ^ -((payload & 1) as i64)))
        }
        SHORT => word::short(&payload.to_le_bytes()[..count]),
        SPECIAL => tagged(word::NIL, 6),
        STRING => tagged(REFERENCES[0].1, 4),
        TABLE => tagged(REFERENCES[1].1, 4),
        INTEGER => tagged(REFERENCES[2].1, 4),
        USER => tagged(REFERENCES[3].1, 4),
        _ => None,
    };
    value.filter(|_| is_least).ok_or_else(damaged)
}

/// A number of up to 8 bytes.
#[inline]
fn number(from: &mut Reader<'_>, count: usize) -> Result<u64, Damaged> {
    if let Some(eight) = from.rest().first_chunk::<8>() {
        from.bytes(count, "a word")?;
        let unused = 64 - 8 * count as u32;
        return Ok(u64::from_le_bytes(*eight).checked_shl(unused).unwrap_or(0) >> (unused & 63));
    }
    let mut padded = [0; 8];
    padded[..count].copy_from_slice(from.bytes(count, "a word")?);
    Ok(u64::from_le_bytes(padded))
}
