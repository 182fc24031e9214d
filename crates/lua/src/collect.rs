//! The collector: copies what is reachable into a fresh array, in order, and leaves the rest behind.
//!
//! Its work is proportional to what lives. It looks at headers and at words that are references; the
//! bytes of strings, raw integers and the index words of hash parts are never taken for values.
//!
//! Weak tables and finalizers are in files of their own; a process without them pays one look at the
//! header of each metatable.

mod finalizable;
mod stacks;
mod weak;

pub(crate) use stacks::Extent;
pub(crate) use weak::{METATABLE_FLAGS, is_dead_key};

use crate::heap::{Heap, root, take_array};
use crate::strings::Strings;
use crate::table::{HASH_BY_POSITION, HASH_STALE};
use procession_types::word::{self, Kind, Word, table};
use weak::{ARRAY_WEAK, AWAITED, HASH_WEAK, Weak, mark_weak};

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
struct To<'a> {
    words: Vec<Word>,
    top: usize,
    /// The next object whose references are to be forwarded.
    scan: usize,
    strings: Strings<'a>,
    /// How far the stack of the running coroutine is used.
    running: Extent,
    weak: Weak,
}

impl<'a> To<'a> {
    /// An array that can hold `words` words: what lives is never more than what is there.
    fn new(words: usize, strings: Strings<'a>, running: Extent, weak: Weak) -> Self {
        Self { words: take_array(words), top: 0, scan: root::END, strings, running, weak }
    }

    #[inline(always)]
    fn append(&mut self, object: &[Word]) -> usize {
        let at = self.top;
        self.top += object.len();
        self.words[at..self.top].copy_from_slice(object);
        at
    }
}

impl std::ops::Index<usize> for To<'_> {
    type Output = Word;

    #[inline(always)]
    fn index(&self, index: usize) -> &Word {
        &self.words[index]
    }
}

impl std::ops::IndexMut<usize> for To<'_> {
    #[inline(always)]
    fn index_mut(&mut self, index: usize) -> &mut Word {
        &mut self.words[index]
    }
}

impl Heap {
    /// Collects while the process does not run.
    pub(crate) fn collect_idle(&mut self, strings: Strings<'_>) {
        let current = word::index(self.get(root::CURRENT)) as usize;
        self.collect(strings, self.running_extent(current, strings.images));
    }

    /// Collects. The stack of the running coroutine is used as far as `running` says, those of others as
    /// far as they say themselves.
    pub(crate) fn collect(&mut self, strings: Strings<'_>, running: Extent) {
        let epoch = self.get(root::FLAGS) ^ root::FLAG_EPOCH;
        self.set(root::FLAGS, epoch);
        // What is made here beyond what there was: two headers, and what is due already a second time.
        let due = self.get(root::PENDING_COUNT) as usize;
        let weak = Weak::new(epoch & root::FLAG_EPOCH != 0);
        let mut to = To::new(self.used() + 2 + due, strings, running, weak);
        to.append(&self.words()[..root::END]);
        for index in (1..root::RAW).chain(root::OVERLAY..root::END) {
            to[index] = self.forward(to[index], &mut to);
        }
        self.scan_all(&mut to);
        if self.get(root::FINALIZABLE_COUNT) != 0 || !to.weak.is_empty() {
            self.settle(&mut to);
        }
        self.replace(to.words, to.top);
    }

    /// Forwards what everything that was copied refers to.
    fn scan_all(&mut self, to: &mut To<'_>) {
        loop {
            let mut scan = to.scan;
            while scan < to.top {
                scan += self.scan(scan, to);
            }
            to.scan = scan;
            if !self.wake_ephemerons(to) {
                return;
            }
        }
    }

    /// Decides about weak references and finalizers when all that lives without them is copied, in
    /// the order of PUC's `atomic`.
    fn settle(&mut self, to: &mut To<'_>) {
        self.clear_values(to);
        let list = self.separate(to);
        self.scan_all(to);
        self.clear_keys(to);
        self.clear_values(to);
        self.keep_finalizable(&list, to);
    }

    #[inline(always)]
    fn forward(&mut self, value: Word, to: &mut To<'_>) -> Word {
        if !word::is_reference(value) {
            return value;
        }
        let at = self.forward_object(word::index(value) as usize, to);
        value & !0xFFFF_FFFF | at as u64
    }

    fn forward_object(&mut self, at: usize, to: &mut To<'_>) -> usize {
        let head = self.get(at);
        if word::header_kind(head).wrapping_sub(1) >= AWAITED - 1 {
            if word::header_kind(head) == AWAITED {
                return self.forward_awaited(at, to);
            }
            return word::header_length(head) as usize;
        }
        let new = to.append(&self.words()[at..at + object_words(head)]);
        self.set(at, (new as u64) << 32);
        new
    }

    /// Forwards what the object at `at` refers to; gives its size.
    fn scan(&mut self, at: usize, to: &mut To<'_>) -> usize {
        let head = to[at];
        let size = object_words(head);
        let (from, end) = match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::String | Kind::Integer) | None => return size,
            Some(Kind::Table) => {
                if word::header_flags(head) != 0 {
                    to[at] = to.weak.forget(head);
                }
                self.scan_table(at, to);
                return size;
            }
            Some(Kind::Hash) => {
                let used = to[at + 1] as u32 as usize;
                if word::header_flags(head) & HASH_BY_POSITION != 0 {
                    to[at] = head | u64::from(HASH_STALE) << 8;
                }
                let first = at + word::HASH_ENTRIES as usize;
                if word::header_flags(head) & HASH_WEAK != 0 {
                    self.scan_weak_hash(at, used, to);
                } else {
                    self.scan_hash(first, used, to);
                }
                return size;
            }
            Some(Kind::Array) if word::header_flags(head) & ARRAY_WEAK != 0 => {
                self.scan_weak_array(at, to);
                return size;
            }
            Some(Kind::Coroutine) => {
                self.scan_coroutine(at, to);
                return size;
            }
            Some(Kind::Array | Kind::Box | Kind::Closure | Kind::User) => (at + 1, at + size),
            Some(Kind::Stack) => {
                let live = word::header_flags(head) as usize;
                to[at] = word::header(Kind::Stack, 0, word::header_length(head));
                (at + 1, at + 1 + live)
            }
        };
        for index in from..end {
            to[index] = self.forward(to[index], to);
        }
        size
    }

    /// The key of a removed entry is kept if something else keeps it: `next` may be asked for what follows
    /// it.
    #[inline(always)]
    fn scan_hash(&mut self, first: usize, used: usize, to: &mut To<'_>) {
        for entry in (first..first + 2 * used).step_by(2) {
            let (key, value) = (to[entry], to[entry + 1]);
            if value == word::NIL && word::is_reference(key) {
                self.await_removed(entry, key, to);
                continue;
            }
            to[entry] = self.forward(key, to);
            to[entry + 1] = self.forward(value, to);
        }
    }

    fn scan_table(&mut self, at: usize, to: &mut To<'_>) {
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
        let meta = to[at + table::META as usize];
        if meta != word::NIL {
            let moved = self.forward(meta, to);
            to[at + table::META as usize] = moved;
            let mode = self.mode_of(meta, moved, to);
            if mode != 0 {
                mark_weak(at, mode, to);
            }
        }
    }
}
