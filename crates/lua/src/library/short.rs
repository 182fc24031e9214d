//! Short ways of built-in functions: the usual case of those that only look at a few words, done
//! without leaving the interpreter's loop. They cost the same fuel as the functions themselves, and
//! what they can't do they leave to them.

use super::{Library, class};
use procession_types::word::{self, Kind, Word};

/// The words of the heap, the library, the position of the first argument, and how many arguments
/// there are. `None` when the function itself must be called.
pub(crate) type Short = fn(&[Word], &Library, usize, usize) -> Option<Word>;

/// A field of the message that is the only argument.
pub(crate) fn message_field<const FIELD: usize>(
    words: &[Word],
    _: &Library,
    at: usize,
    count: usize,
) -> Option<Word> {
    const MESSAGE: Word = word::header(Kind::User, class::MESSAGE, 0);
    let value = words[at];
    if count != 1 || value >> 32 != word::TAG_OBJECT << 16 | Kind::User as u64 {
        return None;
    }
    let at = word::index(value) as usize;
    (words[at] as u32 == MESSAGE as u32).then(|| words[at + FIELD])
}

/// The largest integer up to a number.
pub(crate) fn floor(words: &[Word], _: &Library, at: usize, count: usize) -> Option<Word> {
    let value = words[at];
    if count != 1 || word::is_int(value) {
        return (count == 1).then_some(value);
    }
    if !word::is_float(value) {
        return None;
    }
    let rounded = libm::floor(word::to_f64(value));
    let is_small = (word::INT_MIN as f64..=word::INT_MAX as f64).contains(&rounded);
    is_small.then(|| word::int_wrapping(rounded as i64))
}

/// The larger, or the smaller, of two numbers of the same kind.
pub(crate) fn extreme<const LARGEST: bool>(
    words: &[Word],
    _: &Library,
    at: usize,
    count: usize,
) -> Option<Word> {
    if count != 2 {
        return None;
    }
    let (first, second) = (words[at], words[at + 1]);
    let (is_less, is_more) = if word::is_int(first) && word::is_int(second) {
        let (x, y) = (word::to_int(second), word::to_int(first));
        (x < y, x > y)
    } else if word::is_float(first) && word::is_float(second) {
        let (x, y) = (word::to_f64(second), word::to_f64(first));
        (x < y, x > y)
    } else {
        return None;
    };
    let is_second = if LARGEST { is_more } else { is_less };
    Some(if is_second { second } else { first })
}

/// The name of a value's type.
pub(crate) fn type_of(words: &[Word], library: &Library, at: usize, count: usize) -> Option<Word> {
    if count == 0 {
        return None;
    }
    let value = words[at];
    let names = &library.names;
    if word::is_float(value) {
        return Some(names.number);
    }
    match word::tag(value) {
        word::TAG_INT => Some(names.number),
        word::TAG_SHORT | word::TAG_STRING => Some(names.string),
        word::TAG_TABLE => Some(names.table),
        word::TAG_FUNCTION => Some(names.function),
        word::TAG_SPECIAL => Some(match value {
            word::NIL => names.nil,
            word::TRUE | word::FALSE => names.boolean,
            _ => names.function,
        }),
        _ => None,
    }
}
