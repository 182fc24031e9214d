//! Copying what is reachable from some values out of a heap: Cheney's algorithm, with the fragment as
//! the space that is copied to.
//!
//! While it runs, the headers of copied objects name their new places; [`Packer::finish`] puts them
//! back.

use super::PackError;
use crate::collect::object_words;
use crate::heap::Heap;
use crate::library::class;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word, table};
use smallvec::SmallVec;

/// Kind byte of a header that was replaced by the object's position in the fragment.
const MOVED: u8 = 0xFF;
/// Bit of a header's flags.
const STALE: Word = (crate::table::HASH_STALE as u64) << 8;

pub(super) struct Packer<'a, 'b> {
    heap: &'a mut Heap,
    strings: Strings<'b>,
    out: Vec<Word>,
    /// Positions in the heap whose headers were replaced, with those headers.
    moved: Vec<(usize, Word)>,
    words_max: usize,
    /// What has gone wrong: the words written since then mean nothing.
    error: Option<PackError>,
}

impl<'a, 'b> Packer<'a, 'b> {
    /// Packs into `out`, at most `words_max` words; `moved` is an empty list to work with.
    pub(super) fn new(
        heap: &'a mut Heap,
        strings: Strings<'b>,
        out: Vec<Word>,
        moved: Vec<(usize, Word)>,
        words_max: usize,
    ) -> Self {
        Self { heap, strings, out, moved, words_max, error: None }
    }

    /// Packs the values: objects first, the values at the end.
    pub(super) fn pack(&mut self, values: &[Word]) -> Result<(), PackError> {
        if !values.iter().all(|&value| word::is_scalar(value)) {
            // Index 0 of a table means "no block", so nothing may live there.
            self.out.push(word::header(Kind::Box, 0, 1));
            self.out.push(word::NIL);
        }
        let roots: SmallVec<[Word; 8]> = values.iter().map(|&value| self.value(value)).collect();
        let mut scan = 0;
        while scan < self.out.len() && self.error.is_none() {
            scan += self.scan(scan);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.out.len() > self.words_max {
            return Err(PackError::TooLarge);
        }
        self.out.extend_from_slice(&roots);
        Ok(())
    }

    /// Puts the headers back; gives the fragment's words and the empty list.
    pub(super) fn finish(mut self) -> (Vec<Word>, Vec<(usize, Word)>) {
        for (at, head) in self.moved.drain(..) {
            self.heap.set(at, head);
        }
        (self.out, self.moved)
    }

    /// The word for the fragment.
    #[inline(always)]
    fn value(&mut self, value: Word) -> Word {
        if word::is_scalar(value) {
            return value;
        }
        if value >> 32 == word::TAG_TABLE << 16 || value >> 32 == word::TAG_STRING << 16 {
            return self.object(value);
        }
        self.other(value)
    }

    #[inline(never)]
    fn other(&mut self, value: Word) -> Word {
        match word::tag(value) {
            word::TAG_STRING => self.constant(value),
            word::TAG_SPECIAL if crate::collect::is_dead_key(value) => value,
            word::TAG_OBJECT if word::space(value) == Kind::Integer as u16 => self.object(value),
            word::TAG_OBJECT if word::space(value) == Kind::User as u16 => {
                let head = self.heap.get(word::index(value) as usize);
                // An error object may have been moved already.
                let is_error =
                    word::header_kind(head) == MOVED || word::header_flags(head) == class::ERROR;
                if is_error { self.object(value) } else { self.fail(PackError::Unsendable) }
            }
            _ => self.fail(PackError::Unsendable),
        }
    }

    #[cold]
    fn fail(&mut self, error: PackError) -> Word {
        self.error.get_or_insert(error);
        word::NIL
    }

    fn constant(&mut self, value: Word) -> Word {
        let at = self.out.len() as u32;
        let hash = self.strings.hash(self.heap, value);
        let bytes = self.strings.bytes(self.heap, value);
        self.out.push(word::header(Kind::String, hash, bytes.len() as u32));
        for chunk in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            self.out.push(u64::from_le_bytes(padded));
        }
        word::make(word::TAG_STRING, 0, at)
    }

    #[inline(always)]
    fn object(&mut self, value: Word) -> Word {
        value & !0xFFFF_FFFF | self.copied(word::index(value) as usize) as u64
    }

    /// Where the object is in the fragment; copied there if it is not yet.
    #[inline(never)]
    fn copied(&mut self, at: usize) -> usize {
        let words = self.heap.words_mut();
        let head = words[at];
        if word::header_kind(head) == MOVED {
            return word::header_length(head) as usize;
        }
        let new = self.out.len();
        words[at] = u64::from(MOVED) | (new as u64) << 32;
        self.moved.push((at, head));
        if word::header_kind(head) == Kind::Table as u8 {
            return self.copied_table(at, head);
        }
        let size = object_words(head);
        if new + size > self.words_max {
            self.fail(PackError::TooLarge);
            return 0;
        }
        self.out.push(head);
        self.out.extend_from_slice(&self.heap.words()[at + 1..at + size]);
        new
    }

    /// Copies a table with its blocks behind it: nothing else refers to these, so they need no marks,
    /// and what is copied of the table itself is right at once.
    #[inline(always)]
    fn copied_table(&mut self, at: usize, head: Word) -> usize {
        let words = self.heap.words();
        let new = self.out.len();
        let (array, hash) = (words[at + table::ARRAY as usize], words[at + table::HASH as usize]);
        let block = |word: Word| match word as u32 as usize {
            0 => &[][..],
            first => &words[first..first + object_words(words[first])],
        };
        let (array_block, hash_block) = (block(array), block(hash));
        let array_at = new + table::WORDS as usize;
        let hash_at = array_at + array_block.len();
        if hash_at + hash_block.len() > self.words_max {
            self.fail(PackError::TooLarge);
            return 0;
        }
        let moved = |word: Word, block: &[Word], to: usize| {
            if block.is_empty() { word } else { word & !0xFFFF_FFFF | to as u64 }
        };
        self.out.extend_from_slice(&[
            head,
            moved(array, array_block, array_at),
            moved(hash, hash_block, hash_at),
            word::NIL,
        ]);
        self.out.extend_from_slice(array_block);
        self.out.extend_from_slice(hash_block);
        new
    }

    /// Replaces the references of the object at `at` in the fragment; gives its size. Those of a table
    /// are right already.
    #[inline(always)]
    fn scan(&mut self, at: usize) -> usize {
        const HASH: u8 = Kind::Hash as u8;
        const ARRAY: u8 = Kind::Array as u8;
        const USER: u8 = Kind::User as u8;
        let head = self.out[at];
        let size = object_words(head);
        match word::header_kind(head) {
            HASH => {
                if word::header_flags(head) & crate::table::HASH_BY_POSITION != 0 {
                    self.out[at] = head | STALE;
                }
                let used = self.out[at + 1] as u32 as usize;
                self.scan_values(at + 2, at + 2 + 2 * used);
            }
            ARRAY | USER => self.scan_values(at + 1, at + size),
            _ => {}
        }
        size
    }

    #[inline(always)]
    fn scan_values(&mut self, first: usize, end: usize) {
        for index in first..end {
            let value = self.out[index];
            if !word::is_scalar(value) {
                self.out[index] = self.value(value);
            }
        }
    }
}
