//! Copying what is reachable from some values out of a heap.
//!
//! Words are copied and looked at in one go; the positions of those that refer to objects are noted,
//! and each of them is then replaced by the place of its object's copy. While that lasts, the headers
//! of copied objects name these places; [`Packer::finish`] puts them back.

use super::PackError;
use crate::collect::object_words;
use crate::library::class;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word, table};

/// Kind byte of a header that was replaced by the object's position in the copy.
const MOVED: u8 = 0xFF;
/// Likewise of a wrapper's, which has no copy, by its number in [`Packer::wrappers`].
const UNWRAPPED: u8 = 0xFE;
const TABLE: u8 = Kind::Table as u8;
const USER: u8 = Kind::User as u8;
const STRING: u8 = Kind::String as u8;
/// A wrapper's header, but for its length.
const PAYLOAD: Word = word::header(Kind::User, class::PAYLOAD, 0);
/// What the collector and finalizers note in the header of a table: it is about its process.
const NOTES: Word = (crate::table::TABLE_FLAGS as u64) << 8;
/// Bit of a header's flags.
const STALE: Word = (crate::table::HASH_STALE as u64) << 8;
/// Words of the room that is made first.
const ROOM_MIN: usize = 64;
/// So many words are copied faster one by one.
const FEW: usize = 4;

/// What packing works with, kept from message to message.
#[derive(Debug, Default)]
pub(super) struct Bench {
    /// The copy. All of its words may be written to.
    pub(super) out: Vec<Word>,
    /// Positions in the copy of words that hold an index: first into the heap, then into the copy.
    pub(super) references: Vec<u32>,
    /// Positions in the copy of the blocks' indices in tables. They are right at once.
    blocks: Vec<u32>,
    /// Positions in the heap of objects that have been copied.
    moved: Vec<u32>,
}

/// A wrapper that has been looked into.
#[derive(Debug)]
struct Wrapper {
    /// Its position in the heap.
    at: u32,
    /// Its header.
    head: Word,
    /// The word for the copy of what is in it.
    content: Word,
}

impl Bench {
    /// Gives back what a large message has needed.
    pub(super) fn trim(&mut self, words_max: usize) {
        if self.out.len() > words_max {
            *self = Self::default();
        }
    }
}

pub(super) struct Packer<'a, 'b> {
    heap: &'a mut [Word],
    strings: Strings<'b>,
    bench: Bench,
    /// Words of the copy so far.
    top: usize,
    words_max: usize,
    /// Wrappers so far. Few messages have any.
    wrappers: Vec<Wrapper>,
    /// All of `bench.references` are.
    is_listed: bool,
    /// The headers of all tables so far, one upon the other.
    heads: Word,
}

/// What packing has made: the first words of the bench's array.
pub(super) struct Packed {
    pub(super) bench: Bench,
    pub(super) words: usize,
    /// Wrappers that were looked into.
    pub(super) wrappers: usize,
    /// Whether `bench.references` lists the references.
    pub(super) is_listed: bool,
}

impl<'a, 'b> Packer<'a, 'b> {
    /// Packs from the words of a heap, at most `words_max` words.
    pub(super) fn new(
        heap: &'a mut [Word],
        strings: Strings<'b>,
        bench: Bench,
        words_max: usize,
    ) -> Self {
        Self {
            heap,
            strings,
            bench,
            top: 0,
            words_max,
            wrappers: Vec::new(),
            is_listed: true,
            heads: 0,
        }
    }

    /// Copies what the values refer to, and makes them refer to the copies.
    pub(super) fn pack(&mut self, values: &mut [Word]) -> Result<(), PackError> {
        self.bench.references.clear();
        if values.iter().all(|&value| word::is_scalar(value)) {
            return Ok(());
        }
        // Index 0 of a table means "no block", so nothing may live there.
        let at = self.room(2)?;
        self.bench.out[at..at + 2].copy_from_slice(&[word::header(Kind::Box, 0, 1), word::NIL]);
        for value in values {
            *value = self.value(*value)?;
        }
        let mut next = 0;
        while let Some(&at) = self.bench.references.get(next) {
            let moved = self.value(self.bench.out[at as usize])?;
            self.bench.out[at as usize] = moved;
            next += 1;
        }
        Ok(())
    }

    /// Puts the headers back.
    pub(super) fn finish(mut self) -> Packed {
        let Bench { out, moved, references, blocks } = &mut self.bench;
        for &at in &*moved {
            let head = &mut self.heap[at as usize];
            let copy = &mut out[word::header_length(*head) as usize];
            *head = *copy;
            if self.heads & NOTES != 0 && word::header_kind(*copy) == TABLE {
                *copy &= !NOTES;
            }
        }
        moved.clear();
        for Wrapper { at, head, .. } in &self.wrappers {
            self.heap[*at as usize] = *head;
        }
        references.append(blocks);
        let (words, is_listed) = (self.top, self.is_listed);
        Packed { bench: self.bench, words, wrappers: self.wrappers.len(), is_listed }
    }

    /// The word for the copy.
    #[inline(always)]
    fn value(&mut self, value: Word) -> Result<Word, PackError> {
        if value >> 32 == word::TAG_TABLE << 16 || value >> 32 == word::TAG_STRING << 16 {
            return self.object(value);
        }
        self.other(value)
    }

    #[inline(never)]
    fn other(&mut self, value: Word) -> Result<Word, PackError> {
        if word::is_scalar(value) {
            return Ok(value);
        }
        match word::tag(value) {
            word::TAG_STRING => self.constant(value),
            word::TAG_SPECIAL if crate::collect::is_dead_key(value) => {
                // It is among the references, and is none.
                self.is_listed = false;
                Ok(value)
            }
            word::TAG_OBJECT if word::space(value) == Kind::Integer as u16 => self.object(value),
            word::TAG_OBJECT if word::space(value) == Kind::User as u16 => {
                let head = self.heap[word::index(value) as usize];
                match word::header_flags(head) {
                    // An error object may have been moved already.
                    _ if word::header_kind(head) == MOVED => self.object(value),
                    _ if word::header_kind(head) == UNWRAPPED => self.unwrapped(value),
                    class::ERROR => self.object(value),
                    class::PAYLOAD => self.unwrapped(value),
                    _ => Err(PackError::Unsendable),
                }
            }
            _ => Err(PackError::Unsendable),
        }
    }

    /// What is in a wrapper, and may be in one of its own; they are noted, so that each is looked into once.
    /// A wrapper is made with its content, so they make no circle, but a snapshot may come from anywhere.
    fn unwrapped(&mut self, mut value: Word) -> Result<Word, PackError> {
        let first = self.wrappers.len();
        let content = loop {
            let at = word::index(value) as usize;
            let is_object = value >> 32 == word::TAG_OBJECT << 16 | Kind::User as u64;
            let head = if is_object { self.heap[at] } else { 0 };
            if head as u32 == PAYLOAD as u32 {
                if self.wrappers.len() >= self.words_max {
                    return Err(PackError::TooLarge);
                }
                let number = self.wrappers.len();
                self.heap[at] = u64::from(UNWRAPPED) | (number as u64) << 32;
                self.wrappers.push(Wrapper { at: at as u32, head, content: word::NIL });
                value = self.heap[at + 1];
            } else if is_object && word::header_kind(head) == UNWRAPPED {
                let number = word::header_length(head) as usize;
                if number >= first {
                    return Err(PackError::Unsendable);
                }
                break self.wrappers[number].content;
            } else if word::is_scalar(value) {
                break value;
            } else {
                break self.value(value)?;
            }
        };
        for wrapper in &mut self.wrappers[first..] {
            wrapper.content = content;
        }
        if word::is_scalar(content) {
            // It is among the references, and is none.
            self.is_listed = false;
        }
        Ok(content)
    }

    /// Room for so many words more.
    #[inline(always)]
    fn room(&mut self, words: usize) -> Result<usize, PackError> {
        let (at, end) = (self.top, self.top + words);
        if end > self.bench.out.len() || end > self.words_max {
            self.grow(end)?;
        }
        self.top = end;
        Ok(at)
    }

    #[cold]
    fn grow(&mut self, end: usize) -> Result<(), PackError> {
        if end > self.words_max {
            return Err(PackError::TooLarge);
        }
        let words = end.max(self.bench.out.len() * 2).max(ROOM_MIN);
        self.bench.out.resize(words, 0);
        Ok(())
    }

    fn constant(&mut self, value: Word) -> Result<Word, PackError> {
        let words = self.strings.constant(value);
        let at = self.room(words.len())?;
        self.bench.out[at..at + words.len()].copy_from_slice(words);
        Ok(word::make(word::TAG_STRING, 0, at as u32))
    }

    /// The reference to the copy of an object, which is made if there is none yet.
    #[inline(always)]
    fn object(&mut self, value: Word) -> Result<Word, PackError> {
        let at = word::index(value) as usize;
        let head = self.heap[at];
        let new = match word::header_kind(head) {
            MOVED => word::header_length(head) as usize,
            TABLE => self.table(at, head)?,
            STRING => self.string(at, head)?,
            _ => self.plain(at, head)?,
        };
        Ok(value & !0xFFFF_FFFF | new as u64)
    }

    /// Notes where the copy of an object is. It begins with the object's header.
    #[inline(always)]
    fn mark(&mut self, at: usize, new: usize) {
        self.heap[at] = u64::from(MOVED) | (new as u64) << 32;
        self.bench.moved.push(at as u32);
    }

    #[inline(always)]
    fn string(&mut self, at: usize, head: Word) -> Result<usize, PackError> {
        let words = 1 + word::string_words(word::header_length(head) as usize);
        let new = self.room(words)?;
        let (from, out) = (&self.heap[at..at + words], &mut self.bench.out[new..new + words]);
        if words <= FEW {
            out.iter_mut().zip(from).for_each(|(to, &word)| *to = word);
        } else {
            out.copy_from_slice(from);
        }
        self.mark(at, new);
        Ok(new)
    }

    /// Copies an integer that does not fit into a word, or an error.
    #[inline(never)]
    fn plain(&mut self, at: usize, head: Word) -> Result<usize, PackError> {
        let words = object_words(head);
        let new = self.room(words)?;
        let from = &self.heap[at..at + words];
        let Bench { out, references, .. } = &mut self.bench;
        out[new] = head;
        if word::header_kind(head) == USER {
            copy_values(&from[1..], &mut out[new + 1..], new + 1, references);
        } else {
            out[new + 1..new + words].copy_from_slice(&from[1..]);
        }
        self.mark(at, new);
        Ok(new)
    }

    /// Copies a table with its blocks behind it. Nothing else refers to these, so they need no marks.
    #[inline(always)]
    fn table(&mut self, at: usize, head: Word) -> Result<usize, PackError> {
        const WORDS: usize = table::WORDS as usize;
        let fields = &self.heap[at..at + WORDS];
        let array = fields[table::ARRAY as usize];
        let hash = fields[table::HASH as usize];
        let array_words = self.block_words(array);
        let hash_words = self.block_words(hash);
        let new = self.room(WORDS + array_words + hash_words)?;
        let Bench { out, references, blocks, .. } = &mut self.bench;
        let (out, parts) = out[new..new + WORDS + array_words + hash_words].split_at_mut(WORDS);
        self.heads |= head;
        out.copy_from_slice(&[head, array, hash, word::NIL]);
        if array_words > 0 {
            out[table::ARRAY as usize] = moved(array, new + WORDS);
            blocks.push((new + table::ARRAY as usize) as u32);
            let from = &self.heap[array as u32 as usize..][..array_words];
            let out = &mut parts[..array_words];
            out[0] = from[0];
            copy_values(&from[1..], &mut out[1..], new + WORDS + 1, references);
        }
        if hash_words > 0 {
            blocks.push((new + table::HASH as usize) as u32);
            let new = new + WORDS + array_words;
            out[table::HASH as usize] = moved(hash, new);
            let from = &self.heap[hash as u32 as usize..][..hash_words];
            copy_hash(from, &mut parts[array_words..], new, references);
        }
        self.mark(at, new);
        Ok(new)
    }

    /// Words of a table's array or hash part; 0 when there is none.
    #[inline(always)]
    fn block_words(&self, block: Word) -> usize {
        match block as u32 as usize {
            0 => 0,
            first => 1 + word::header_length(self.heap[first]) as usize,
        }
    }
}

/// A table's word for its block at another place.
#[inline(always)]
fn moved(block: Word, to: usize) -> Word {
    block & !0xFFFF_FFFF | to as u64
}

/// Copies values to `out`, which is at `at` in the copy, and notes where in the copy those are that
/// refer to objects.
#[expect(clippy::explicit_counter_loop, reason = "half the instructions of a zipped range")]
#[inline(always)]
fn copy_values(from: &[Word], out: &mut [Word], at: usize, references: &mut Vec<u32>) {
    let mut at = at as u32;
    for (to, &value) in out.iter_mut().zip(from) {
        *to = value;
        if !word::is_scalar(value) {
            references.push(at);
        }
        at += 1;
    }
}

/// Likewise, the hash part of a table. What lies behind its entries is an index of numbers.
#[inline(always)]
fn copy_hash(from: &[Word], out: &mut [Word], at: usize, references: &mut Vec<u32>) {
    const FIRST: usize = word::HASH_ENTRIES as usize;
    let (head, count) = (from[0], from[word::HASH_USED as usize]);
    let by_position = word::header_flags(head) & crate::table::HASH_BY_POSITION != 0;
    out[0] = if by_position { head | STALE } else { head };
    out[word::HASH_USED as usize] = count;
    let end = FIRST + 2 * count as u32 as usize;
    copy_entries(&from[FIRST..end], &mut out[FIRST..end], at + FIRST, references);
    if end < from.len() {
        out[end..].copy_from_slice(&from[end..]);
    }
}

/// Likewise, an even number of words: half the turns.
#[inline(always)]
fn copy_entries(from: &[Word], out: &mut [Word], at: usize, references: &mut Vec<u32>) {
    let mut at = at as u32;
    for (to, from) in out.as_chunks_mut::<2>().0.iter_mut().zip(from.as_chunks::<2>().0) {
        *to = *from;
        if !word::is_scalar(from[0]) {
            references.push(at);
        }
        if !word::is_scalar(from[1]) {
            references.push(at + 1);
        }
        at += 2;
    }
}
