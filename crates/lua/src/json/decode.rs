//! Text to values: `serde_json` reads, tables of the right size are built as it goes.
//!
//! `null` is nil: an object has no such field, an array has a hole there (and is shorter by those at
//! its end). A number without fraction and exponent is an integer when it fits 64 bits, otherwise a
//! float; `-0` is the float -0.0, and a number too large for a float is refused. Of equal names
//! the last one counts.

use super::DEPTH_MAX;
use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Word, table};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// Different names of fields that are remembered, so that equal ones share their string.
const NAMES_MAX: usize = 1024;
/// Stands for a value that there was no room for. Not nil, which would not be counted.
const NOT_BUILT: Word = word::TRUE;

/// What became of a correct text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// Its value.
    Value(Word),
    /// A collection is due before its value can be built.
    NoRoom,
}

/// Reads a text; also says how many words its value takes. What it has built is unreachable unless
/// the value is given.
///
/// # Errors
/// The first mistake in the text, with its line and column.
pub(super) fn decode(
    heap: &mut Heap,
    strings: Strings<'_>,
    text: &[u8],
) -> (Result<Decoded, String>, usize) {
    let mut builder = Builder {
        heap,
        strings,
        items: Vec::new(),
        names: HashMap::new(),
        words: 0,
        has_room: true,
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = builder.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    let decoded = match read {
        Ok(value) if builder.has_room => Ok(Decoded::Value(value)),
        Ok(_) => Ok(Decoded::NoRoom),
        Err(error) => Err(message(&error)),
    };
    (decoded, builder.words)
}

fn message(error: &serde_json::Error) -> String {
    error.to_string().replacen("EOF while", "unexpected end while", 1).replacen(
        "recursion limit exceeded",
        &format!("more than {DEPTH_MAX} levels"),
        1,
    )
}

/// Builds values in a heap until there is no room; from then on it only counts.
struct Builder<'h, 'i> {
    heap: &'h mut Heap,
    strings: Strings<'i>,
    /// Values (names and values) of the arrays and objects that are being read.
    items: Vec<Word>,
    names: HashMap<Box<[u8]>, Word>,
    /// Words that the values read so far take.
    words: usize,
    has_room: bool,
}

impl Builder<'_, '_> {
    /// Counts words; whether they may be allocated.
    fn take(&mut self, words: usize) -> bool {
        self.words += words;
        self.has_room &= self.heap.used() + words <= self.heap.threshold;
        self.has_room
    }

    fn string(&mut self, bytes: &[u8]) -> Word {
        if let Some(word) = word::short(bytes) {
            return word;
        }
        if self.take(1 + word::string_words(bytes.len())) {
            self.heap.string(bytes)
        } else {
            NOT_BUILT
        }
    }

    fn name(&mut self, bytes: &[u8]) -> Word {
        if let Some(&known) = self.names.get(bytes) {
            return known;
        }
        let word = self.string(bytes);
        if bytes.len() > word::SHORT_MAX && self.names.len() < NAMES_MAX {
            self.names.insert(bytes.into(), word);
        }
        word
    }

    /// The array of the items from `start` on.
    fn array(&mut self, start: usize) -> Word {
        let items = &self.items[start..];
        let length = items.iter().rposition(|&item| item != word::NIL).map_or(0, |last| last + 1);
        let words = table::WORDS as usize + if length == 0 { 0 } else { 1 + length };
        let mut made = NOT_BUILT;
        if self.take(words) {
            let at = self.heap.table(length, 0);
            for (item, key) in self.items[start..start + length].iter().zip(1..) {
                if *item != word::NIL {
                    self.heap.set_int(self.strings, at, key, *item);
                }
            }
            made = word::make(word::TAG_TABLE, 0, at as u32);
        }
        self.items.truncate(start);
        made
    }

    /// The object of the names and values from `start` on.
    fn object(&mut self, start: usize) -> Word {
        let (pairs, _) = self.items[start..].as_chunks::<2>();
        let count = pairs.iter().filter(|[_, value]| *value != word::NIL).count();
        let fields = 2 + 2 * count + word::hash_index_words(count as u32) as usize;
        let words = table::WORDS as usize + if count == 0 { 0 } else { fields };
        let mut made = NOT_BUILT;
        if self.take(words) {
            let (pairs, _) = self.items[start..].as_chunks::<2>();
            let at = self.heap.table(0, count);
            for &[name, value] in pairs {
                self.heap.set_hashed(self.strings, at, name, value);
            }
            made = word::make(word::TAG_TABLE, 0, at as u32);
        }
        self.items.truncate(start);
        made
    }
}

/// The names of an object's fields.
struct Name<'b, 'h, 'i>(&'b mut Builder<'h, 'i>);

impl<'de> DeserializeSeed<'de> for Name<'_, '_, '_> {
    type Value = Word;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Word, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_, '_> {
    type Value = Word;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, text: &str) -> Result<Word, E> {
        Ok(self.0.name(text.as_bytes()))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Builder<'_, '_> {
    type Value = Word;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Word, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Builder<'_, '_> {
    type Value = Word;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Word, E> {
        Ok(word::NIL)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Word, E> {
        Ok(word::from_bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Word, E> {
        if let Some(word) = word::from_int(value) {
            return Ok(word);
        }
        Ok(if self.take(2) { self.heap.integer(value) } else { NOT_BUILT })
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Word, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Ok(word::from_f64(value as f64)),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<Word, E> {
        Ok(word::from_f64(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Word, E> {
        Ok(self.string(text.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Word, A::Error> {
        let start = self.items.len();
        while let Some(item) = items.next_element_seed(&mut *self)? {
            self.items.push(item);
        }
        Ok(self.array(start))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Word, A::Error> {
        let start = self.items.len();
        while let Some(name) = fields.next_key_seed(Name(&mut *self))? {
            let value = fields.next_value_seed(&mut *self)?;
            self.items.extend([name, value]);
        }
        Ok(self.object(start))
    }
}
