//! Values to text, with a stack of its own: no depth of tables can exhaust the machine's.

use super::{DEPTH_MAX, TEXT_BYTES_MAX};
use crate::heap::Heap;
use crate::index::is_heap_table;
use crate::library::class;
use crate::strings::{Strings, is_string};
use crate::text::number::format_int;
use procession_types::word::{self, Kind, Word};
use std::fmt::Write as _;

/// Slots of tables that are looked at. A text of the largest size has fewer values; only a value
/// that holds huge emptied tables many times has more.
const SLOTS_MAX: usize = 16 << 20;
/// Characters of one key that a message shows.
const KEY_SHOWN_MAX: usize = 40;

/// Why a value has no text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EncodeError {
    /// Something in it can't be encoded.
    #[error("{path}{}cannot encode {what}", if .path.is_empty() { "" } else { ": " })]
    Unencodable {
        /// Where, as in `handlers.on_done`; empty for the value itself.
        path: String,
        /// What, with its article.
        what: String,
    },
    /// See [`DEPTH_MAX`].
    #[error("cannot encode more than {DEPTH_MAX} levels of tables")]
    TooDeep,
    /// See [`TEXT_BYTES_MAX`] and [`SLOTS_MAX`].
    #[error("cannot encode more than {TEXT_BYTES_MAX} bytes")]
    TooLarge,
}

/// What a table is encoded as.
enum Shape {
    Array { length: i64 },
    Object,
}

/// A table whose text is being written.
struct Open {
    at: usize,
    place: Place,
}

/// How far it is.
enum Place {
    /// This item of so many.
    Array { item: i64, length: i64 },
    /// The entry before this cursor of `Heap::next_entry`, and its key (nil before it is written).
    Object { cursor: usize, key: Word },
}

/// See the module.
pub(super) struct Encoder<'h, 'i> {
    heap: &'h mut Heap,
    strings: Strings<'i>,
    open: Vec<Open>,
    /// The text so far.
    pub(super) text: Vec<u8>,
    /// Slots of tables looked at.
    pub(super) slots: usize,
}

impl<'h, 'i> Encoder<'h, 'i> {
    pub(super) fn new(heap: &'h mut Heap, strings: Strings<'i>) -> Self {
        Self { heap, strings, open: Vec::new(), text: Vec::new(), slots: 0 }
    }

    /// Writes the text of a value.
    ///
    /// # Errors
    /// See [`EncodeError`]; the text is then of no use.
    pub(super) fn run(&mut self, value: Word) -> Result<(), EncodeError> {
        self.value(value)?;
        while let Some(open) = self.open.last_mut() {
            match &mut open.place {
                Place::Array { item, length } if item == length => self.close(b']'),
                Place::Array { item, .. } => {
                    *item += 1;
                    let (at, item) = (open.at, *item);
                    if item > 1 {
                        self.text.push(b',');
                    }
                    let value = self.heap.get_int(self.strings, at, item);
                    self.value(value)?;
                }
                Place::Object { cursor, key } => {
                    let is_first = *cursor == 0;
                    *key = word::NIL;
                    match self.heap.next_entry(open.at, *cursor) {
                        None => self.close(b'}'),
                        Some((next, key, value)) => {
                            *cursor = next;
                            if !is_first {
                                self.text.push(b',');
                            }
                            self.entry(key, value)?;
                        }
                    }
                }
            }
            self.check_length()?;
        }
        Ok(())
    }

    fn check_length(&self) -> Result<(), EncodeError> {
        if self.text.len() > TEXT_BYTES_MAX { Err(EncodeError::TooLarge) } else { Ok(()) }
    }

    fn close(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.open.pop();
    }

    fn entry(&mut self, name: Word, value: Word) -> Result<(), EncodeError> {
        self.string(name, "a key that is not UTF-8")?;
        self.text.push(b':');
        if let Some(Open { place: Place::Object { key, .. }, .. }) = self.open.last_mut() {
            *key = name;
        }
        self.value(value)
    }

    /// Writes a value; a table is only opened.
    fn value(&mut self, value: Word) -> Result<(), EncodeError> {
        if word::is_float(value) {
            return self.float(word::to_f64(value));
        }
        match word::tag(value) {
            word::TAG_INT => format_int(word::to_int(value), &mut self.text),
            word::TAG_SHORT | word::TAG_STRING => {
                return self.string(value, "a string that is not UTF-8");
            }
            word::TAG_SPECIAL => match value {
                word::NIL => self.text.extend_from_slice(b"null"),
                word::TRUE => self.text.extend_from_slice(b"true"),
                word::FALSE => self.text.extend_from_slice(b"false"),
                _ => return Err(self.unencodable("a function")),
            },
            word::TAG_TABLE if is_heap_table(value) => {
                return self.table(word::index(value) as usize);
            }
            word::TAG_TABLE => return Err(self.unencodable("a library table")),
            word::TAG_FUNCTION => return Err(self.unencodable("a function")),
            _ => return self.object(value),
        }
        Ok(())
    }

    fn float(&mut self, value: f64) -> Result<(), EncodeError> {
        if value.is_nan() {
            return Err(self.unencodable("NaN"));
        }
        if value.is_infinite() {
            return Err(self.unencodable("an infinite number"));
        }
        // The shortest text that reads as the same float, always with a point or an exponent.
        serde_json::to_writer(&mut self.text, &value).expect("a Vec takes every write");
        Ok(())
    }

    /// A string; other bytes than UTF-8 are refused, since replacing them would lose them unseen.
    fn string(&mut self, value: Word, refused: &str) -> Result<(), EncodeError> {
        let bytes = self.strings.bytes(self.heap, value);
        if self.text.len() + bytes.len() > TEXT_BYTES_MAX {
            return Err(EncodeError::TooLarge);
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(self.unencodable(refused));
        };
        serde_json::to_writer(&mut self.text, text).expect("a Vec takes every write");
        // Escapes are longer than what they stand for.
        self.check_length()
    }

    fn object(&mut self, value: Word) -> Result<(), EncodeError> {
        let at = word::index(value) as usize;
        let space = word::space(value);
        if space == Kind::Integer as u16 {
            format_int(self.heap.get(at + 1) as i64, &mut self.text);
            return Ok(());
        }
        if space == Kind::User as u16 {
            let class = word::header_flags(self.heap.get(at)) as usize;
            let name = class::NAMES.get(class).copied().unwrap_or("userdata");
            let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            return Err(self.unencodable(&format!("{article} {name}")));
        }
        Err(self.unencodable("a coroutine"))
    }

    fn table(&mut self, at: usize) -> Result<(), EncodeError> {
        if self.open.iter().any(|open| open.at == at) {
            return Err(self.unencodable("a table inside itself"));
        }
        if self.open.len() == DEPTH_MAX {
            return Err(EncodeError::TooDeep);
        }
        let place = match self.shape(at)? {
            Shape::Array { length } => {
                self.text.push(b'[');
                Place::Array { item: 0, length }
            }
            Shape::Object => {
                self.text.push(b'{');
                Place::Object { cursor: 0, key: word::NIL }
            }
        };
        self.open.push(Open { at, place });
        Ok(())
    }

    fn shape(&mut self, at: usize) -> Result<Shape, EncodeError> {
        let hash = self.heap.hash_part(at);
        let entries = if hash == 0 { 0 } else { self.heap.hash_size(hash).0 };
        self.slots += self.heap.array_part(at).1 + entries + 1;
        if self.slots > SLOTS_MAX {
            return Err(EncodeError::TooLarge);
        }
        let (mut integers, mut names) = (0, 0);
        let (mut smallest, mut largest) = (i64::MAX, i64::MIN);
        let mut cursor = 0;
        while let Some((next, key, _)) = self.heap.next_entry(at, cursor) {
            cursor = next;
            if is_string(key) {
                names += 1;
            } else if let Some(number) = self.integer(key) {
                integers += 1;
                smallest = smallest.min(number);
                largest = largest.max(number);
            } else {
                let what = format!("a table with a {} as key", self.key_kind(key));
                return Err(self.unencodable(&what));
            }
        }
        match (integers, names) {
            (0, 0) => Ok(Shape::Array { length: 0 }),
            (0, _) => Ok(Shape::Object),
            (_, 1..) => Err(self.unencodable("a table with both integer and string keys")),
            // So many different integers from 1 to their number are all of these.
            (count, 0) if smallest == 1 && largest == count => Ok(Shape::Array { length: count }),
            _ => Err(self.unencodable("a table with integer keys other than 1 to n")),
        }
    }

    fn integer(&self, key: Word) -> Option<i64> {
        if word::is_int(key) {
            return Some(word::to_int(key));
        }
        let is_big = word::tag(key) == word::TAG_OBJECT && word::space(key) == Kind::Integer as u16;
        is_big.then(|| self.heap.get(word::index(key) as usize + 1) as i64)
    }

    fn key_kind(&self, key: Word) -> &'static str {
        if word::is_float(key) {
            return "float";
        }
        match word::tag(key) {
            word::TAG_SPECIAL if matches!(key, word::TRUE | word::FALSE) => "boolean",
            word::TAG_SPECIAL | word::TAG_FUNCTION => "function",
            word::TAG_TABLE => "table",
            _ if word::space(key) == Kind::Coroutine as u16 => "coroutine",
            _ => "userdata",
        }
    }

    #[cold]
    fn unencodable(&self, what: &str) -> EncodeError {
        EncodeError::Unencodable { path: self.path(), what: what.to_owned() }
    }

    /// Where the value is that is being written.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match open.place {
                Place::Object { key: word::NIL, .. } => {}
                Place::Array { item, .. } => {
                    let _ = write!(path, "[{item}]");
                }
                Place::Object { key, .. } => {
                    push_key(&self.strings.bytes(self.heap, key), &mut path);
                }
            }
        }
        path
    }
}

/// Appends a key as Lua code would name it.
fn push_key(key: &[u8], path: &mut String) {
    let is_name = key.first().is_some_and(|byte| !byte.is_ascii_digit())
        && key.len() <= KEY_SHOWN_MAX
        && key.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric());
    let text = String::from_utf8_lossy(key);
    if !is_name {
        let mut shown: String = text.chars().take(KEY_SHOWN_MAX).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        let _ = write!(path, "[{shown:?}]");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&text);
}
