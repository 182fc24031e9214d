//! Words in as few bytes as can be told fast: a head, then 0 to 8 bytes.
//!
//! The head's upper half tells what the word is, its lower half how many bytes follow and what of.
//! Every word has one form.

use procession_types::word::{self, Kind, Word};

/// Bytes of a word's form at most.
pub(super) const BYTES_MAX: usize = 9;

/// A word whose upper half is 0: `n` bytes of the lower half, the last of them not 0.
const LOW: u8 = 0;
/// An integer: `n` bytes of its zigzag, the last of them not 0.
const INT: u8 = 1;
/// A short string: its `n` bytes.
const SHORT: u8 = 2;
/// Nil, false, true, and other payloads of their tag: `n` bytes, the last of them not 0.
const SPECIAL: u8 = 3;
/// References to strings, tables, long integers and errors of the same fragment: `n` bytes of the
/// index, the last of them not 0.
const STRING: u8 = 4;
const TABLE: u8 = 5;
const INTEGER: u8 = 6;
const USER: u8 = 7;
/// Any other word: 1 to 4 bytes of the lower half and 1 to 4 of the upper half, one less of each in
/// two bits of the head; the last of the upper half is not 0, nor that of the lower one when there are
/// several.
const PAIR: u8 = 8;

/// What the words of a class but [`PAIR`] have in common, and how many bytes follow its head at most.
const CLASSES: [(Word, u32); 8] = [
    (0, 4),
    (word::TAG_INT << 48, 6),
    (word::TAG_SHORT << 48, word::SHORT_MAX as u32),
    (word::NIL, 6),
    (word::make(word::TAG_STRING, 0, 0), 4),
    (word::make(word::TAG_TABLE, 0, 0), 4),
    (word::object(Kind::Integer, 0), 4),
    (word::object(Kind::User, 0), 4),
];

/// How many bytes hold the value.
#[inline]
const fn size(value: u64) -> u32 {
    (64 - value.leading_zeros()).div_ceil(8)
}

/// The lowest `count` bytes, 8 at most.
#[inline]
const fn lowest(value: u64, count: u32) -> u64 {
    if count == 0 { 0 } else { value << (64 - 8 * count) >> (64 - 8 * count) }
}

/// Writes a word's form to the front of `out`, and anything behind it; gives its length.
#[inline]
pub(super) fn put(value: Word, out: &mut [u8; BYTES_MAX]) -> usize {
    let [head, room @ ..] = out;
    if let Some((class, payload, bytes)) = classified(value) {
        *head = class << 4 | bytes as u8;
        *room = payload.to_le_bytes();
        return 1 + bytes as usize;
    }
    let (low, high) = (size(value & 0xFFFF_FFFF).max(1), size(value >> 32));
    *head = PAIR << 4 | ((high - 1) << 2) as u8 | (low - 1) as u8;
    *room = (value >> 32 << (8 * low) | value & 0xFFFF_FFFF).to_le_bytes();
    (1 + low + high) as usize
}

/// The class, what is written, and how many bytes of it; `None` for a pair.
#[inline]
fn classified(value: Word) -> Option<(u8, u64, u32)> {
    if value >> 32 == 0 {
        return Some((LOW, value, size(value)));
    }
    if value <= word::FLOAT_LAST {
        return None;
    }
    let payload = lowest(value, 6);
    let index = u64::from(word::index(value));
    let (class, written) = match word::tag(value) {
        word::TAG_INT => {
            let number = word::to_int(value);
            (INT, (number << 1 ^ number >> 63) as u64)
        }
        word::TAG_SHORT if word::is_sound_short(value) => {
            return Some((SHORT, payload, word::short_len(value) as u32));
        }
        word::TAG_SPECIAL => (SPECIAL, payload),
        word::TAG_STRING if word::space(value) == 0 => (STRING, index),
        word::TAG_TABLE if word::space(value) == 0 => (TABLE, index),
        word::TAG_OBJECT if word::space(value) == Kind::Integer as u16 => (INTEGER, index),
        word::TAG_OBJECT if word::space(value) == Kind::User as u16 => (USER, index),
        _ => return None,
    };
    Some((class, written, size(written)))
}

/// Takes a word's form from the front; `None` when there is none.
#[inline]
pub(super) fn take(rest: &mut &[u8]) -> Option<Word> {
    let (&head, room) = rest.split_first()?;
    // As a number at once: a copy in between would be waited for.
    let eight = room.first_chunk().map_or_else(|| few(room), |room| u64::from_le_bytes(*room));
    let (class, count) = (head >> 4, u32::from(head & 0x0F));
    if class >= PAIR {
        let (low, high) = (1 + (count & 3), 1 + (count >> 2));
        let (first, second) = (lowest(eight, low), lowest(eight >> (8 * low), high));
        let is_least = (low == 1 || size(first) == low) && size(second) == high;
        let value = first | second << 32;
        *rest = rest.get((1 + low + high) as usize..)?;
        // What has another form must not have this one too.
        let is_pair = class == PAIR && is_least && classified(value).is_none();
        return is_pair.then_some(value);
    }
    let (base, most) = CLASSES[usize::from(class)];
    if count > most {
        return None;
    }
    *rest = rest.get((1 + count) as usize..)?;
    let payload = lowest(eight, count);
    let is_least = class == SHORT || size(payload) == count;
    let payload = match class {
        INT => lowest(payload >> 1 ^ (payload & 1).wrapping_neg(), 6),
        SHORT => payload | u64::from(count) << 40,
        _ => payload,
    };
    is_least.then_some(base | payload)
}

/// The last bytes of all, fewer than eight.
#[cold]
fn few(room: &[u8]) -> u64 {
    room.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_one_form() {
        let tags = [
            word::TAG_INT,
            word::TAG_SHORT,
            word::TAG_SPECIAL,
            word::TAG_STRING,
            word::TAG_TABLE,
            word::TAG_FUNCTION,
            word::TAG_OBJECT,
        ];
        let bases = tags.iter().map(|tag| tag << 48).chain([0, 1 << 48, 0xFFF8 << 48, 5 << 32]);
        for base in bases {
            for shift in 0..64 {
                for value in
                    [base, base | 1 << shift, base | ((1 << shift) - 1), base | 0x5A << shift]
                {
                    let mut form = [0xEE; BYTES_MAX];
                    let length = put(value, &mut form);
                    for behind in [0, 9] {
                        let bytes = [&form[..length], &vec![0xFF; behind]].concat();
                        let mut rest = &bytes[..];
                        assert_eq!(take(&mut rest), Some(value), "{value:#x}");
                        assert_eq!(rest.len(), behind, "{value:#x}");
                    }
                    assert_eq!(take(&mut &form[..length - 1]), None, "{value:#x} cut");
                }
            }
        }
    }

    #[test]
    fn what_is_read_has_no_other_form() {
        let mut accepted = 0;
        for head in 0..=255 {
            for fill in [0, 1, 0x80, 0xFF, 0xFA] {
                for last in 1..BYTES_MAX {
                    for value in [0, 1, 0xF9, 0xFB, 0xFC, 0xFF] {
                        let mut form = [fill; BYTES_MAX];
                        (form[0], form[last]) = (head, value);
                        let mut rest = &form[..];
                        let Some(word) = take(&mut rest) else { continue };
                        let mut again = [0; BYTES_MAX];
                        let length = put(word, &mut again);
                        assert_eq!(again[..length], form[..BYTES_MAX - rest.len()], "{word:#x}");
                        accepted += 1;
                    }
                }
            }
        }
        assert!(accepted > 10_000, "{accepted}");
    }
}
