//! Character classes of Lua patterns as table look-ups, in the "C" locale.
//!
//! One `u16` of bits per byte answers a single test; one 256-bit set per class builds the bitmap
//! of a bracket set. Both tables are made at compile time; no test depends on a locale.

/// A set of byte values, one bit each.
pub type ByteSet = [u64; 4];

const ALPHA: u16 = 1 << 0;
const CONTROL: u16 = 1 << 1;
const DIGIT: u16 = 1 << 2;
const GRAPH: u16 = 1 << 3;
const LOWER: u16 = 1 << 4;
const PUNCT: u16 = 1 << 5;
const SPACE: u16 = 1 << 6;
const UPPER: u16 = 1 << 7;
const ALNUM: u16 = 1 << 8;
const XDIGIT: u16 = 1 << 9;
const ZERO: u16 = 1 << 10;

const CLASS_COUNT: usize = 11;

static CLASSES_OF: [u16; 256] = classes_of_bytes();
static SET_OF: [ByteSet; CLASS_COUNT] = sets_of_classes();
/// For every byte after `%`: the bits of the class it names (either case), 0 when it names none.
static CLASS_NAMED: [u16; 256] = class_names();

/// The class that the letter after `%` names: its bits and whether it is the complement.
/// `None` when the byte names no class and stands for itself.
#[inline]
#[must_use]
pub fn class_named(letter: u8) -> Option<(u16, bool)> {
    match CLASS_NAMED[usize::from(letter)] {
        0 => None,
        bits => Some((bits, letter.is_ascii_uppercase())),
    }
}

/// Whether `byte` is in the class with these bits.
#[inline]
#[must_use]
pub fn in_class(byte: u8, bits: u16) -> bool {
    CLASSES_OF[usize::from(byte)] & bits != 0
}

/// Whether `byte` is white space as C's `isspace` has it.
#[inline]
#[must_use]
pub fn is_space(byte: u8) -> bool {
    in_class(byte, SPACE)
}

/// Whether `byte` is in `set`.
#[inline]
#[must_use]
pub fn in_set(byte: u8, set: &ByteSet) -> bool {
    set[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
}

/// The bitmap of a bracket set: `body` is what stands between `[` and the closing `]`.
#[must_use]
pub fn set_of(body: &[u8]) -> ByteSet {
    let mut set = [0; 4];
    let (complement, body) = match body.split_first() {
        Some((b'^', rest)) => (true, rest),
        _ => (false, body),
    };
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        if byte == b'%' {
            // A lone '%' is last when it is the escape of "%%" whose first half ended a range,
            // as in "[a-%%]"; PUC then takes the bracket as the letter.
            let letter = body.get(at + 1).copied().unwrap_or(b']');
            add_class(&mut set, letter);
            at += 2;
        } else if let (Some(b'-'), Some(&last)) = (body.get(at + 1), body.get(at + 2)) {
            for member in byte..=last {
                add(&mut set, member);
            }
            at += 3;
        } else {
            add(&mut set, byte);
            at += 1;
        }
    }
    if complement { set.map(|word| !word) } else { set }
}

fn add_class(set: &mut ByteSet, letter: u8) {
    let Some((bits, complement)) = class_named(letter) else {
        return add(set, letter);
    };
    let class = &SET_OF[bits.trailing_zeros() as usize % CLASS_COUNT];
    for (word, &members) in set.iter_mut().zip(class) {
        *word |= if complement { !members } else { members };
    }
}

#[inline]
const fn add(set: &mut ByteSet, byte: u8) {
    set[(byte >> 6) as usize] |= 1 << (byte & 63);
}

const fn classes_of_bytes() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let mut bits = 0;
        if byte.is_ascii_alphabetic() {
            bits |= ALPHA;
        }
        if byte.is_ascii_control() {
            bits |= CONTROL;
        }
        if byte.is_ascii_digit() {
            bits |= DIGIT;
        }
        if byte.is_ascii_graphic() {
            bits |= GRAPH;
        }
        if byte.is_ascii_lowercase() {
            bits |= LOWER;
        }
        if byte.is_ascii_punctuation() {
            bits |= PUNCT;
        }
        if byte == b' ' || (byte >= 9 && byte <= 13) {
            bits |= SPACE;
        }
        if byte.is_ascii_uppercase() {
            bits |= UPPER;
        }
        if byte.is_ascii_alphanumeric() {
            bits |= ALNUM;
        }
        if byte.is_ascii_hexdigit() {
            bits |= XDIGIT;
        }
        if byte == 0 {
            bits |= ZERO;
        }
        table[index] = bits;
        index += 1;
    }
    table
}

const fn sets_of_classes() -> [ByteSet; CLASS_COUNT] {
    let table = classes_of_bytes();
    let mut sets = [[0; 4]; CLASS_COUNT];
    let mut class = 0;
    while class < CLASS_COUNT {
        let mut index = 0;
        while index < 256 {
            if table[index] >> class & 1 != 0 {
                add(&mut sets[class], index as u8);
            }
            index += 1;
        }
        class += 1;
    }
    sets
}

const fn class_names() -> [u16; 256] {
    let mut table = [0; 256];
    // 'z' is deprecated since 5.2 but PUC 5.4 still knows it.
    let letters = *b"acdglpsuwxz";
    let bits = [ALPHA, CONTROL, DIGIT, GRAPH, LOWER, PUNCT, SPACE, UPPER, ALNUM, XDIGIT, ZERO];
    let mut index = 0;
    while index < letters.len() {
        table[letters[index] as usize] = bits[index];
        table[letters[index].to_ascii_uppercase() as usize] = bits[index];
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_name_their_classes() {
        let (digit, complement) = class_named(b'D').unwrap();
        assert!(complement);
        assert!(in_class(b'7', digit));
        assert!(!in_class(b'a', digit));
        assert_eq!(class_named(b'.'), None);
        assert_eq!(class_named(b'q'), None);
    }

    #[test]
    fn sets_hold_ranges_classes_and_escapes() {
        let cases: [(&[u8], &[u8], &[u8]); 7] = [
            (b"a-c", b"abc", b"d-A"),
            (b"^a-c", b"dA-", b"abc"),
            (b"%a_", b"aZ_", b"0 %"),
            (b"%]-", b"]-", b"%a"),
            (b"a-", b"a-", b"b"),
            (b"]", b"]", b"["),
            (b"%D%d", b"0a\xff\0", b""),
        ];
        for (body, inside, outside) in cases {
            let set = set_of(body);
            assert!(inside.iter().all(|&b| in_set(b, &set)), "{body:?}");
            assert!(!outside.iter().any(|&b| in_set(b, &set)), "{body:?}");
        }
    }
}
