//! The collector: copies what is reachable into a fresh array, in order, and leaves the rest behind.
//!
//! Its work is proportional to what lives. It looks at headers and at words that are references; the
//! bytes of strings, raw integers and the index words of hash parts are never taken for values.

use crate::heap::{Heap, root, take_array};
use crate::table::{HASH_BY_POSITION, HASH_STALE};
use procession_types::word::{self, Kind, Word, table};

/// Kind byte of a header that was replaced by the object's new position.
const FORWARDED: u8 = 0;

/// Words of the object with this header, header included.
pub(crate) fn object_words(head: Word) -> usize {
    let length = word::header_length(head) as usize;
    match Kind::from_u8(word::header_kind(head)) {
        Some(Kind::String) => 1 + word::string_words(length),
        Some(Kind::Table) => table::WORDS as usize,
        _ => 1 + length,
    }
}

/// The array that is copied to. It comes from the pool and is not cleared: what lies above `top` is
/// never read.
struct To {
    words: Vec<Word>,
    top: usize,
}

impl To {
    /// An array that can hold `words` words: what lives is never more than what is there.
    fn new(words: usize) -> Self {
        Self { words: take_array(words), top: 0 }
    }

    #[inline(always)]
    fn append(&mut self, object: &[Word]) -> usize {
        let at = self.top;
        self.top += object.len();
        self.words[at..self.top].copy_from_slice(object);
        at
    }
}

impl std::ops::Index<usize> for To {
    type Output = Word;

    #[inline(always)]
    fn index(&self, index: usize) -> &Word {
        &self.words[index]
    }
}

impl std::ops::IndexMut<usize> for To {
    #[inline(always)]
    fn index_mut(&mut self, index: usize) -> &mut Word {
        &mut self.words[index]
    }
}

impl Heap {
    /// Collects. `stack_end` is the end of the live part of the running coroutine's stack, relative
    /// to its stack object; the stacks of the others end where their coroutines say.
    pub(crate) fn collect(&mut self) {
        let mut to = To::new(self.used());
        to.append(&self.words()[..root::END]);
        for index in (1..root::RAW).chain(root::OVERLAY..root::END) {
            to[index] = self.forward(to[index], &mut to);
        }
        let mut scan = root::END;
        while scan < to.top {
            scan += self.scan(scan, &mut to);
        }
        self.replace(to.words, to.top);
    }

    #[inline(always)]
    fn forward(&mut self, value: Word, to: &mut To) -> Word {
        if !word::is_reference(value) {
            return value;
        }
        let at = self.forward_object(word::index(value) as usize, to);
        value & !0xFFFF_FFFF | at as u64
    }

    fn forward_object(&mut self, at: usize, to: &mut To) -> usize {
        let head = self.get(at);
        if word::header_kind(head) == FORWARDED {
            return word::header_length(head) as usize;
        }
        let new = to.append(&self.words()[at..at + object_words(head)]);
        self.set(at, (new as u64) << 32);
        new
    }

    /// Forwards what the object at `at` refers to; gives its size.
    fn scan(&mut self, at: usize, to: &mut To) -> usize {
        let head = to[at];
        let size = object_words(head);
        let (from, end) = match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::String | Kind::Integer) | None => return size,
            Some(Kind::Table) => {
                self.scan_table(at, to);
                return size;
            }
            Some(Kind::Hash) => {
                let used = to[at + 1] as u32 as usize;
                if word::header_flags(head) & HASH_BY_POSITION != 0 {
                    to[at] = head | u64::from(HASH_STALE) << 8;
                }
                let first = at + word::HASH_ENTRIES as usize;
                (first, first + 2 * used)
            }
            Some(Kind::Array | Kind::Box | Kind::Closure | Kind::Coroutine | Kind::User) => {
                (at + 1, at + size)
            }
            Some(Kind::Stack) => (at + 1, at + size),
        };
        for index in from..end {
            to[index] = self.forward(to[index], to);
        }
        size
    }

    fn scan_table(&mut self, at: usize, to: &mut To) {
        let array = to[at + table::ARRAY as usize];
        if array as u32 != 0 {
            let new = self.forward_object(array as u32 as usize, to);
            to[at + table::ARRAY as usize] = array & !0xFFFF_FFFF | new as u64;
        }
        let hash = to[at + table::HASH as usize];
        if hash as u32 != 0 {
            let new = self.forward_object(hash as u32 as usize, to);
            to[at + table::HASH as usize] = new as u64;
        }
        to[at + table::META as usize] = self.forward(to[at + table::META as usize], to);
    }
}
