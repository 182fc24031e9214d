//! Snapshots: the array as bytes, with a header that says what it belongs to.
//!
//! Layout, all numbers little-endian: magic (8 bytes), format version (4), reserved (4), hash of the
//! program's sources (8), collection threshold in words (8), number of words (8), checksum of the
//! words (8), the words. Reading checks all of it, and that every reference leads to an object of
//! its kind, before anything is executed: damaged or foreign bytes are an error, never a fault.

use crate::collect::object_words;
use crate::heap::{Heap, root};
use crate::image::Image;
use crate::library::{class, library};
use procession_types::Error;
use procession_types::word::{self, Kind, Word, table};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"PROCLUA\0";
const VERSION: u32 = 4;
const HEADER_BYTES: usize = 48;

/// A snapshot that was read.
pub(crate) struct State {
    pub(crate) words: Vec<Word>,
    pub(crate) threshold: usize,
}

/// Continues a 64-bit hash over bytes (FNV-1a by words with a final mix). It tells programs and
/// damaged snapshots apart; it is no defence against somebody who forges one.
pub(crate) fn content_hash(start: u64, bytes: &[u8]) -> u64 {
    let mut hash = start ^ 0xCBF2_9CE4_8422_2325 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(padded)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
    }
    hash
}

/// The state as bytes.
pub(crate) fn write(heap: &Heap, program: &[u8; 8]) -> Vec<u8> {
    let words: &[u8] = bytemuck::cast_slice(heap.words());
    let mut bytes = Vec::with_capacity(HEADER_BYTES + words.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(program);
    bytes.extend_from_slice(&(heap.threshold as u64).to_le_bytes());
    bytes.extend_from_slice(&(heap.used() as u64).to_le_bytes());
    bytes.extend_from_slice(&content_hash(0, words).to_le_bytes());
    bytes.extend_from_slice(words);
    bytes
}

/// Reads what [`write`] wrote.
pub(crate) fn read(bytes: &[u8], program: &[u8; 8]) -> Result<State, Error> {
    let refuse = |what: &str| Error::invalid(format!("snapshot is {what}"));
    let number = |at: usize| -> u64 {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(number)
    };
    if bytes.len() < HEADER_BYTES || &bytes[..8] != MAGIC {
        return Err(refuse("damaged: it has no header"));
    }
    if bytes[8..12] != VERSION.to_le_bytes() {
        return Err(refuse("of another format version"));
    }
    if &bytes[16..24] != program {
        return Err(refuse("of another program"));
    }
    let count = usize::try_from(number(32)).unwrap_or(usize::MAX);
    let body = &bytes[HEADER_BYTES..];
    if count.checked_mul(8) != Some(body.len()) || count < root::END {
        return Err(refuse("damaged: it is cut or has a wrong length"));
    }
    if content_hash(0, body) != number(40) {
        return Err(refuse("damaged: its checksum is wrong"));
    }
    let (chunks, _) = body.as_chunks::<8>();
    let words = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
    Ok(State { words, threshold: usize::try_from(number(24)).unwrap_or(usize::MAX) })
}

/// Gives a changed snapshot the checksum of its words, as somebody who forges one would: for tests of
/// what is checked behind it. What is too short for a header stays as it is.
pub fn seal(snapshot: &mut [u8]) {
    if let Some((header, words)) = snapshot.split_at_mut_checked(HEADER_BYTES) {
        header[32..40].copy_from_slice(&(words.len() as u64 / 8).to_le_bytes());
        header[40..48].copy_from_slice(&content_hash(0, words).to_le_bytes());
    }
}

/// Whether a heap that came from outside is sound: objects follow each other without gaps, and every
/// reference leads to an object of its kind.
pub(crate) fn check(heap: &Heap, images: &[Arc<Image>]) -> Result<(), Error> {
    let words = heap.words();
    let mut starts = vec![0_u8; words.len()];
    let mut at = root::END;
    while at < words.len() {
        let kind = Kind::from_u8(word::header_kind(words[at]));
        let size = object_words(words[at]);
        let (Some(kind), true) = (kind, at + size <= words.len()) else {
            return Err(damaged("an object"));
        };
        starts[at] = kind as u8;
        at += size;
    }
    let checker = Checker { words, starts: &starts, images };
    for index in (1..root::RAW).chain(root::OVERLAY..root::END) {
        checker.value(words[index])?;
    }
    for (list, count) in
        [(root::FINALIZABLE, root::FINALIZABLE_COUNT), (root::PENDING, root::PENDING_COUNT)]
    {
        checker.list_of_tables(words[list], words[count])?;
    }
    let finalizer = words[root::FINALIZER];
    if finalizer != word::NIL {
        checker.expect(finalizer, Kind::Coroutine)?;
    }
    let mut at = root::END;
    while at < words.len() {
        checker.object(at)?;
        at += object_words(words[at]);
    }
    for place in [root::CURRENT, root::TASK, root::TASKS] {
        checker.expect(words[place], Kind::Coroutine)?;
    }
    Ok(())
}

/// Whether a word is a string that lies within its heap or image.
pub(crate) fn is_sound_string(heap: &Heap, images: &[Arc<Image>], value: Word) -> bool {
    let (space, at) = (word::space(value) as usize, word::index(value) as usize);
    let words = match (word::tag(value), space) {
        (word::TAG_SHORT, _) => return word::short_len(value) <= word::SHORT_MAX,
        (word::TAG_STRING, 0) => heap.words(),
        (word::TAG_STRING, _) => match images.get(space - 1) {
            Some(image) => &image.strings[..],
            None => return false,
        },
        _ => return false,
    };
    words.get(at).is_some_and(|&head| {
        word::header_kind(head) == Kind::String as u8 && at + object_words(head) <= words.len()
    })
}

fn damaged(what: &str) -> Error {
    Error::invalid(format!("snapshot is damaged: {what} is not sound"))
}

struct Checker<'a> {
    words: &'a [Word],
    starts: &'a [u8],
    images: &'a [Arc<Image>],
}

impl Checker<'_> {
    fn is(&self, at: u32, kind: Kind) -> bool {
        self.starts.get(at as usize) == Some(&(kind as u8))
    }

    fn expect(&self, value: Word, kind: Kind) -> Result<(), Error> {
        let right = word::tag(value) == word::TAG_OBJECT
            && word::space(value) == kind as u16
            && self.is(word::index(value), kind);
        if right { Ok(()) } else { Err(damaged("a reference")) }
    }

    /// A list whose first `count` items are tables; nil or 0 when there are none.
    fn list_of_tables(&self, list: Word, count: Word) -> Result<(), Error> {
        if list == word::NIL || list == 0 {
            return if count == 0 { Ok(()) } else { Err(damaged("a list")) };
        }
        self.expect(list, Kind::Array)?;
        let at = word::index(list) as usize;
        if count > u64::from(word::header_length(self.words[at])) {
            return Err(damaged("a list"));
        }
        let items = &self.words[at + 1..at + 1 + count as usize];
        let sound = items.iter().all(|&item| crate::index::is_heap_table(item));
        if sound { Ok(()) } else { Err(damaged("a list")) }
    }

    fn value(&self, value: Word) -> Result<(), Error> {
        if word::is_float(value) {
            return Ok(());
        }
        let (space, at) = (word::space(value), word::index(value));
        let sound = match word::tag(value) {
            word::TAG_INT => true,
            word::TAG_SHORT => word::short_len(value) <= word::SHORT_MAX,
            word::TAG_SPECIAL => match space {
                0 => at <= 2,
                1 => (at as usize) < library().builtins.len(),
                _ => true,
            },
            word::TAG_STRING if space == 0 => self.is(at, Kind::String),
            word::TAG_STRING => self.images.get(space as usize - 1).is_some_and(|image| {
                image.strings.get(at as usize).is_some_and(|&head| {
                    word::header_kind(head) == Kind::String as u8
                        && at as usize + object_words(head) <= image.strings.len()
                })
            }),
            word::TAG_TABLE if space == 0 => self.is(at, Kind::Table),
            word::TAG_TABLE => space == 1 && (at as usize) < library().tables.len(),
            word::TAG_FUNCTION if space == 0 => self.is(at, Kind::Closure),
            word::TAG_FUNCTION => (at as usize) < self.images[0].prototypes.len(),
            _ => Kind::from_u8(space as u8).is_some_and(|kind| self.is(at, kind)),
        };
        if sound { Ok(()) } else { Err(damaged("a value")) }
    }

    fn object(&self, at: usize) -> Result<(), Error> {
        let head = self.words[at];
        let size = object_words(head);
        let range = match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::Table) => return self.table(at),
            Some(Kind::Hash) => {
                let used = self.words[at + 1] as u32 as usize;
                let capacity = (self.words[at + 1] >> 32) as usize;
                let index = word::hash_index_words(capacity as u32) as usize;
                if used > capacity
                    || size != 2 + 2 * capacity + index
                    || !word::is_sound_index(&self.words[at + size - index..at + size], used as u32)
                {
                    return Err(damaged("a hash part"));
                }
                at + 2..at + 2 + 2 * used
            }
            Some(Kind::Closure) => {
                let place = self.words[at + 1];
                let image = (place >> 32) as u16 as usize;
                let known = self.images.get(image).is_some_and(|image| {
                    let prototype = image.prototypes.get(place as u32 as usize);
                    prototype.is_some_and(|prototype| prototype.upvalues.len() + 2 == size)
                });
                if !known && (image != u16::MAX as usize || size != 3) {
                    return Err(damaged("a function"));
                }
                at + 2..at + size
            }
            Some(Kind::User) if word::header_flags(head) > class::COUNT => {
                return Err(damaged("an object's class"));
            }
            Some(Kind::Array | Kind::Box | Kind::Coroutine | Kind::Stack | Kind::User) => {
                at + 1..at + size
            }
            Some(Kind::String | Kind::Integer) | None => return Ok(()),
        };
        range.into_iter().try_for_each(|index| self.value(self.words[index]))
    }

    fn table(&self, at: usize) -> Result<(), Error> {
        let array = self.words[at + table::ARRAY as usize];
        let (block, used) = (array as u32, (array >> 32) as u32);
        let array_sound = if block == 0 {
            used == 0
        } else {
            self.is(block, Kind::Array) && used <= word::header_length(self.words[block as usize])
        };
        let hash = self.words[at + table::HASH as usize] as u32;
        if !array_sound || (hash != 0 && !self.is(hash, Kind::Hash)) {
            return Err(damaged("a table"));
        }
        let meta = self.words[at + table::META as usize];
        if meta != word::NIL && word::tag(meta) != word::TAG_TABLE {
            return Err(damaged("a metatable"));
        }
        self.value(meta)
    }
}
