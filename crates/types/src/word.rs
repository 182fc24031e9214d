//! The encoding of values: every value is one 64-bit word, every object a run of words.
//!
//! A word is a double, or a negative quiet NaN whose upper 16 bits are a tag and whose lower 48 bits
//! are the payload. References are 32-bit indices into the array of words that holds the object (a
//! process's heap or a fragment), never addresses. This module only encodes; it must never allocate.

/// One value.
pub type Word = u64;

const SHIFT: u32 = 48;
const PAYLOAD: u64 = (1 << SHIFT) - 1;

/// Words up to this one (unsigned) are doubles; it is also the one NaN that arithmetic makes.
pub const FLOAT_LAST: Word = 0xFFF8_0000_0000_0000;
/// Tag of integers of 48 bits.
pub const TAG_INT: u64 = 0xFFF9;
/// Tag of strings of up to five bytes, held in the word.
pub const TAG_SHORT: u64 = 0xFFFA;
/// Tag of nil, booleans and built-in functions.
pub const TAG_SPECIAL: u64 = 0xFFFB;
/// Tag of longer strings, in the heap (space 0) or among an image's constants (space 1 + image).
pub const TAG_STRING: u64 = 0xFFFC;
/// Tag of tables, in the heap (space 0) or the standard library's (space 1).
pub const TAG_TABLE: u64 = 0xFFFD;
/// Tag of Lua functions: closures in the heap (space 0) or library functions (space 1).
pub const TAG_FUNCTION: u64 = 0xFFFE;
/// Tag of everything else in the heap; the space is the object's [`Kind`].
pub const TAG_OBJECT: u64 = 0xFFFF;

/// Words from this one on refer to objects: in the heap, in a fragment, among an image's constants or
/// in the library.
pub const REFERENCE_FIRST: Word = TAG_STRING << SHIFT;
/// The word of `nil`.
pub const NIL: Word = TAG_SPECIAL << SHIFT;
/// The word of `false`.
pub const FALSE: Word = NIL | 1;
/// The word of `true`.
pub const TRUE: Word = NIL | 2;
// Spaces under `TAG_SPECIAL`; 0 is that of nil, false and true.

/// Built-in functions.
pub const SPACE_BUILTIN: u16 = 1;
/// The one word that marks a call of a built-in function that goes on.
pub const SPACE_CONTINUED: u16 = 2;
/// The largest (index 0) and the smallest integer (index 1) where there is no heap to hold them.
pub const SPACE_EXTREME: u16 = 3;
/// What stands for keys that are gone: of weak tables, and of removed fields. Their values are nil, so
/// programs never see one.
pub const SPACE_DEAD_KEY: u16 = 4;

/// Smallest and largest integer that fits into a word.
pub const INT_MIN: i64 = -(1 << 47);
/// See [`INT_MIN`].
pub const INT_MAX: i64 = (1 << 47) - 1;
/// Longest string that fits into a word.
pub const SHORT_MAX: usize = 5;

/// The kinds of objects, as their header's lowest byte says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Bytes: header (length in bytes, hash), then the bytes, eight a word, zero-padded.
    String = 1,
    /// See [`crate::word::table`].
    Table = 2,
    /// A table's array part: header (capacity), then the values.
    Array = 3,
    /// A table's hash part: header (words), used | capacity, entries of key and value in order of
    /// insertion, index of entries.
    Hash = 4,
    /// An integer that does not fit into a word: header, the 64 bits.
    Integer = 5,
    /// A captured variable: header, the value.
    Box = 6,
    /// A Lua closure: header (upvalues), prototype, captured words.
    Closure = 7,
    /// A coroutine.
    Coroutine = 8,
    /// A coroutine's stack: header (capacity), values.
    Stack = 9,
    /// An object of the runtime (error, message, channel …): header (fields, class), fields.
    User = 10,
}

impl Kind {
    /// The kind with this number.
    #[must_use]
    pub const fn from_u8(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::String,
            2 => Self::Table,
            3 => Self::Array,
            4 => Self::Hash,
            5 => Self::Integer,
            6 => Self::Box,
            7 => Self::Closure,
            8 => Self::Coroutine,
            9 => Self::Stack,
            10 => Self::User,
            _ => return None,
        })
    }
}

/// Field positions of a table object (4 words).
pub mod table {
    /// Words of a table object.
    pub const WORDS: u32 = 4;
    /// Array block (low 32 bits, 0 = none) and used length (high 32 bits).
    pub const ARRAY: u32 = 1;
    /// Hash block (low 32 bits, 0 = none).
    pub const HASH: u32 = 2;
    /// The metatable's word, or nil.
    pub const META: u32 = 3;
}

/// The class of errors, the only objects of the runtime that travel: the flags of their header.
pub const USER_ERROR: u32 = 0;
/// Fields of an error object.
pub const USER_ERROR_FIELDS: u32 = 5;

/// Position of used (low 32 bits) | capacity (high 32 bits) in a hash block.
pub const HASH_USED: u32 = 1;
/// Position of the first entry in a hash block.
pub const HASH_ENTRIES: u32 = 2;
/// Largest capacity of a hash block that is searched without an index.
pub const HASH_LINEAR_MAX: u32 = 8;

/// Flag of a hash block: its index is to be built before it is searched.
pub const HASH_STALE: u32 = 2;

/// Words of the index of a hash block with this capacity: two 32-bit slots (entry number + 1, 0 =
/// free) a word, at least twice as many slots as entries.
#[must_use]
pub const fn hash_index_words(capacity: u32) -> u32 {
    if capacity <= HASH_LINEAR_MAX { 0 } else { capacity.next_power_of_two() }
}

/// Whether the index of a hash block with `used` entries leads to entries only, and has a free slot at
/// which every search ends.
#[must_use]
pub fn is_sound_index(index: &[Word], used: u32) -> bool {
    let slots = index.iter().flat_map(|&packed| [packed as u32, (packed >> 32) as u32]);
    let mut taken = 0;
    slots.filter(|&number| number != 0).all(|number| {
        taken += 1;
        number <= used && taken <= used
    })
}

/// An object's header: kind (8 bits), flags (24 bits), length (32 bits).
#[must_use]
#[inline]
pub const fn header(kind: Kind, flags: u32, length: u32) -> Word {
    kind as u64 | ((flags & 0xFF_FFFF) as u64) << 8 | (length as u64) << 32
}

/// The kind byte of a header.
#[must_use]
#[inline]
pub const fn header_kind(header: Word) -> u8 {
    header as u8
}

/// The 24 flag bits of a header.
#[must_use]
#[inline]
pub const fn header_flags(header: Word) -> u32 {
    (header >> 8) as u32 & 0xFF_FFFF
}

/// The length of a header (its unit depends on the kind).
#[must_use]
#[inline]
pub const fn header_length(header: Word) -> u32 {
    (header >> 32) as u32
}

/// A word from tag, space and index.
#[must_use]
#[inline]
pub const fn make(tag: u64, space: u16, index: u32) -> Word {
    tag << SHIFT | (space as u64) << 32 | index as u64
}

/// A reference to a heap object that has no tag of its own.
#[must_use]
#[inline]
pub const fn object(kind: Kind, index: u32) -> Word {
    make(TAG_OBJECT, kind as u16, index)
}

/// The tag of a word; meaningful when the word is no double.
#[must_use]
#[inline]
pub const fn tag(word: Word) -> u64 {
    word >> SHIFT
}

/// The space of a reference.
#[must_use]
#[inline]
pub const fn space(word: Word) -> u16 {
    (word >> 32) as u16
}

/// The index of a reference.
#[must_use]
#[inline]
pub const fn index(word: Word) -> u32 {
    word as u32
}

/// Whether the word refers to an object in the same array of words.
#[must_use]
#[inline(always)]
pub const fn is_reference(word: Word) -> bool {
    let tag = tag(word);
    tag >= TAG_STRING && (tag == TAG_OBJECT || space(word) == 0)
}

/// Whether the word holds all of its value and means the same everywhere: numbers that fit, nil,
/// booleans, short strings. (All of these sort up to true, so this is one comparison.)
#[must_use]
#[inline(always)]
pub const fn is_scalar(word: Word) -> bool {
    word <= TRUE
}

/// Whether the word is a double.
#[must_use]
#[inline]
pub const fn is_float(word: Word) -> bool {
    word <= FLOAT_LAST
}

/// Whether the word is an integer held in the word.
#[must_use]
#[inline]
pub const fn is_int(word: Word) -> bool {
    tag(word) == TAG_INT
}

/// Whether a condition on the word is false.
#[must_use]
#[inline]
pub const fn is_falsy(word: Word) -> bool {
    word.wrapping_sub(NIL) <= 1
}

/// The double's word; a NaN keeps its sign only.
#[must_use]
#[inline]
pub fn from_f64(value: f64) -> Word {
    let bits = value.to_bits();
    if bits <= FLOAT_LAST { bits } else { FLOAT_LAST }
}

/// The double in a word for which [`is_float`] holds.
#[must_use]
#[inline]
pub const fn to_f64(word: Word) -> f64 {
    f64::from_bits(word)
}

/// The integer's word, if it fits.
#[must_use]
#[inline]
pub const fn from_int(value: i64) -> Option<Word> {
    if value >= INT_MIN && value <= INT_MAX { Some(int_wrapping(value)) } else { None }
}

/// The word of the integer's low 48 bits.
#[must_use]
#[inline]
pub const fn int_wrapping(value: i64) -> Word {
    TAG_INT << SHIFT | (value as u64 & PAYLOAD)
}

/// The integer in a word for which [`is_int`] holds.
#[must_use]
#[inline]
pub const fn to_int(word: Word) -> i64 {
    (word << 16) as i64 >> 16
}

/// The boolean's word.
#[must_use]
#[inline]
pub const fn from_bool(value: bool) -> Word {
    if value { TRUE } else { FALSE }
}

/// The word of a string of up to five bytes; `None` when it is longer.
#[must_use]
#[inline]
pub fn short(bytes: &[u8]) -> Option<Word> {
    if bytes.len() > SHORT_MAX {
        return None;
    }
    let text = match *bytes {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, ref rest @ ..] => {
            u64::from(u32::from_le_bytes([a, b, c, d])) | u64::from(rest[0]) << 32
        }
    };
    Some(TAG_SHORT << SHIFT | (bytes.len() as u64) << 40 | text)
}

/// Length of a short string.
#[must_use]
#[inline]
pub const fn short_len(word: Word) -> usize {
    (word >> 40) as usize & 7
}

/// Whether a word with the tag of short strings is the one word of its bytes.
#[must_use]
#[inline]
pub const fn is_sound_short(word: Word) -> bool {
    let (length, text) = (short_len(word), word & ((1 << 40) - 1));
    length <= SHORT_MAX && text >> (8 * length) == 0 && space(word) >> 11 == 0
}

/// Bits of the flags of a hash block for a number under which its keys hash; 0 is the usual way. Where
/// keys lie in the index follows from it, and nothing else: any number is sound.
pub const HASH_SALT: u32 = 0xFF_FF00;

/// Flags that the header of a hash part may have: some key hashes by its position, the index must be
/// rebuilt before use, and the salt.
pub const HASH_FLAGS: u32 = 3 | HASH_SALT;

/// The bytes of a short string, and how many of them count.
#[must_use]
#[inline]
pub const fn short_bytes(word: Word) -> ([u8; 8], usize) {
    (word.to_le_bytes(), short_len(word))
}

/// Words that the bytes of a string take, without its header.
#[must_use]
#[inline]
pub const fn string_words(bytes: usize) -> usize {
    bytes.div_ceil(8)
}

/// The 24-bit hash of a string, never 0. FNV-1a over eight bytes at a time, folded; the seed is fixed
/// because a fragment carries its hashes with it. (Who chooses keys of equal hashes finds them under a
/// salt: see [`HASH_SALT`].)
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u32 {
    const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325 ^ bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(PRIME);
    hash ^= hash >> 32;
    let folded = (hash ^ hash >> 24) as u32 & 0xFF_FFFF;
    if folded == 0 { 1 } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_round_trip_at_the_limits() {
        for value in [0, 1, -1, INT_MIN, INT_MAX] {
            assert_eq!(from_int(value).map(to_int), Some(value));
        }
        assert_eq!(from_int(INT_MAX + 1), None);
        assert_eq!(from_int(INT_MIN - 1), None);
    }

    #[test]
    fn floats_are_never_tags() {
        for value in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, 1e308] {
            let word = from_f64(value);
            assert!(is_float(word));
            assert_eq!(to_f64(word).is_nan(), value.is_nan());
            assert_eq!(to_f64(word).is_sign_negative(), value.is_sign_negative());
        }
        assert_eq!(from_f64(f64::from_bits(u64::MAX)), FLOAT_LAST);
    }

    #[test]
    fn short_strings_hold_any_bytes() {
        for bytes in [&b""[..], b"\0", b"abc", b"\xff\0\xff\0\xff"] {
            let word = short(bytes).unwrap();
            let (held, length) = short_bytes(word);
            assert_eq!(&held[..length], bytes);
        }
        assert_eq!(short(b"sixsix"), None);
    }

    #[test]
    fn only_nil_and_false_are_falsy() {
        assert!(is_falsy(NIL) && is_falsy(FALSE));
        for word in [TRUE, int_wrapping(0), from_f64(0.0), short(b"").unwrap()] {
            assert!(!is_falsy(word));
        }
    }
}
