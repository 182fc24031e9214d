//! Weak tables: those whose metatable has a `__mode`.
//!
//! A reference that keeps nothing alive stays as it was, an index into the old array, until it is
//! known what lives; strings and integers are values and are kept. The value of a weak key waits with
//! an entry in a list that the header of the key leads to (so each is looked at twice, however they
//! depend on each other), and is forwarded when the key is. So does the key of a removed field of any
//! table, strings and integers included.

use super::{FORWARDED, To};
use crate::heap::{Heap, root};
use crate::library::library;
use crate::strings::is_string;
use procession_types::word::{self, Kind, Word, table};

/// Kind byte of a header in the old array that was replaced by the number of a waiting entry.
pub(super) const AWAITED: u8 = 0x80;

/// Flags of the header of a metatable whose mode is known in a collection of either epoch.
const KNOWN: [u32; 2] = [2, 4];
/// Its tables have weak keys.
const KEYS: u32 = 8;
/// Its tables have weak values.
const VALUES: u32 = 16;

/// What headers of tables that are metatables may say.
pub(crate) const METATABLE_FLAGS: u32 = KNOWN[0] | KNOWN[1] | KEYS | VALUES;

/// Flags of the hash part of a weak table while it is copied.
pub(super) const HASH_WEAK: u32 = KEYS | VALUES;
/// Flag of its array part.
pub(super) const ARRAY_WEAK: u32 = VALUES;

/// No entry.
const NONE: u32 = u32::MAX;

/// What is known about weak references in one collection.
pub(super) struct Weak {
    /// The flag of metatables that have been looked at.
    known: u32,
    /// The flag that the collection before has left.
    forgotten: u32,
    /// Tables with weak values in their array part.
    arrays: Vec<usize>,
    /// Hash parts with weak values.
    values: Vec<usize>,
    /// Hash parts with weak keys and values.
    keys: Vec<usize>,
    /// How many of `arrays` and of `values` have been cleared.
    cleared: (usize, usize),
    /// Entries with a key that has not been copied.
    waiting: Vec<Waiting>,
    /// First of the entries whose key has been copied since.
    awake: Vec<u32>,
}

/// An entry of a table with weak keys.
struct Waiting {
    /// Its position in the new array; 0 when it is settled.
    entry: usize,
    /// The next one with the same key.
    next: u32,
    /// The header of the key.
    head: Word,
}

impl Weak {
    /// Nothing is known; epochs alternate.
    pub(super) fn new(epoch: bool) -> Self {
        Self {
            known: KNOWN[usize::from(epoch)],
            forgotten: KNOWN[usize::from(!epoch)],
            arrays: Vec::new(),
            values: Vec::new(),
            keys: Vec::new(),
            cleared: (0, 0),
            waiting: Vec::new(),
            awake: Vec::new(),
        }
    }

    /// Whether nothing is to be settled.
    pub(super) fn is_empty(&self) -> bool {
        self.arrays.is_empty() && self.values.is_empty() && self.waiting.is_empty()
    }

    /// The header of a table without what the collection before has noted there.
    #[inline]
    pub(super) fn forget(&self, head: Word) -> Word {
        head & !(u64::from(self.forgotten) << 8)
    }
}

/// Whether a word refers to something that a weak reference does not keep.
fn is_object(value: Word) -> bool {
    word::is_reference(value)
        && word::tag(value) != word::TAG_STRING
        && !(word::tag(value) == word::TAG_OBJECT && word::space(value) == Kind::Integer as u16)
}

/// Has the parts of the table at `at` scanned as those of a weak table.
pub(super) fn mark_weak(at: usize, mode: u32, to: &mut To<'_>) {
    let array = to[at + table::ARRAY as usize] as u32 as usize;
    if array != 0 && mode & VALUES != 0 {
        to[array] |= u64::from(ARRAY_WEAK) << 8;
        to.weak.arrays.push(at);
    }
    let hash = to[at + table::HASH as usize] as u32 as usize;
    if hash != 0 {
        to[hash] |= u64::from(mode) << 8;
    }
}

impl Heap {
    /// The mode of tables with a metatable that was `meta` in the old array and was moved.
    #[inline(always)]
    pub(super) fn mode_of(&mut self, meta: Word, moved: Word, to: &mut To<'_>) -> u32 {
        if word::is_reference(moved) {
            let flags = word::header_flags(to[word::index(moved) as usize]);
            if flags & to.weak.known != 0 {
                return flags & (KEYS | VALUES);
            }
        }
        self.find_mode_of(meta, to)
    }

    #[cold]
    #[inline(never)]
    fn find_mode_of(&mut self, meta: Word, to: &mut To<'_>) -> u32 {
        let mut from = word::index(meta) as usize;
        if !word::is_reference(meta) {
            // A table of the library: if at all, the process's own copy has a mode.
            let own = self.get(root::OVERLAY + from);
            if own == word::NIL {
                return 0;
            }
            from = word::index(own) as usize;
        }
        let mode = self.find_mode(from, to);
        let new = word::header_length(self.get(from)) as usize;
        let kept = to[new] & !(u64::from(KEYS | VALUES) << 8);
        to[new] = kept | u64::from(mode | to.weak.known) << 8;
        mode
    }

    /// Looks for `__mode` in the table at `from` of the old array.
    fn find_mode(&self, from: usize, to: &To<'_>) -> u32 {
        let hash = self.get(from + table::HASH as usize) as u32 as usize;
        if hash == 0 {
            return 0;
        }
        let (used, _) = self.hash_size(hash);
        let first = hash + word::HASH_ENTRIES as usize;
        let name = library().names.mode;
        let found = (first..first + 2 * used).step_by(2).find(|&entry| {
            let key = self.get(entry);
            key == name
                || key >> 32 == word::TAG_STRING << 16 && self.old_text(key, to) == b"__mode"
        });
        let Some(entry) = found else { return 0 };
        let mode = self.get(entry + 1);
        if word::is_float(mode) || !is_string(mode) {
            return 0;
        }
        let text = match word::tag(mode) == word::TAG_STRING && word::space(mode) == 0 {
            true => self.old_text(mode, to).to_vec(),
            false => to.strings.bytes(self, mode).to_vec(),
        };
        let flag = |letter: u8, flag: u32| if text.contains(&letter) { flag } else { 0 };
        flag(b'k', KEYS) | flag(b'v', VALUES)
    }

    /// The bytes of a string of the old array, which may have been copied.
    fn old_text<'a>(&'a self, string: Word, to: &'a To<'_>) -> &'a [u8] {
        let at = word::index(string) as usize;
        let head = self.get(at);
        let (words, at, head) = match word::header_kind(head) {
            FORWARDED => {
                let new = word::header_length(head) as usize;
                (&to.words[..], new, to.words[new])
            }
            // As the key of a removed field somewhere.
            AWAITED => (self.words(), at, to.weak.waiting[word::header_length(head) as usize].head),
            _ => (self.words(), at, head),
        };
        let length = word::header_length(head) as usize;
        &bytemuck::cast_slice(&words[at + 1..=at + word::string_words(length)])[..length]
    }

    /// The position of an object of the old array in the new one, if it has been copied.
    fn new_place(&self, value: Word) -> Option<Word> {
        let head = self.get(word::index(value) as usize);
        (word::header_kind(head) == FORWARDED)
            .then(|| value & !0xFFFF_FFFF | Word::from(word::header_length(head)))
    }

    pub(super) fn scan_weak_array(&mut self, at: usize, to: &mut To<'_>) {
        let head = to[at];
        to[at] = head & !(u64::from(ARRAY_WEAK) << 8);
        for index in at + 1..=at + word::header_length(head) as usize {
            if !is_object(to[index]) {
                to[index] = self.forward(to[index], to);
            }
        }
    }

    pub(super) fn scan_weak_hash(&mut self, at: usize, used: usize, to: &mut To<'_>) {
        let mode = word::header_flags(to[at]) & HASH_WEAK;
        to[at] &= !(u64::from(HASH_WEAK) << 8);
        let first = at + word::HASH_ENTRIES as usize;
        if mode & VALUES != 0 {
            to.weak.values.push(at);
        }
        if mode == HASH_WEAK {
            to.weak.keys.push(at);
        }
        for entry in (first..first + 2 * used).step_by(2) {
            let key = to[entry];
            if mode & KEYS == 0 || !is_object(key) {
                to[entry] = self.forward(key, to);
            } else if mode == KEYS {
                match self.new_place(key) {
                    Some(key) => to[entry] = key,
                    None => {
                        self.await_key(entry, key, to);
                        continue;
                    }
                }
            }
            if mode & VALUES == 0 || !is_object(to[entry + 1]) {
                to[entry + 1] = self.forward(to[entry + 1], to);
            }
        }
    }

    /// Lets a removed entry wait for its key, if that has not been copied.
    #[cold]
    pub(super) fn await_removed(&mut self, entry: usize, key: Word, to: &mut To<'_>) {
        match self.new_place(key) {
            Some(key) => to[entry] = key,
            None => self.await_key(entry, key, to),
        }
    }

    /// Lets an entry wait for its key.
    fn await_key(&mut self, entry: usize, key: Word, to: &mut To<'_>) {
        let at = word::index(key) as usize;
        let mut head = self.get(at);
        let mut next = NONE;
        if word::header_kind(head) == AWAITED {
            next = word::header_length(head);
            head = to.weak.waiting[next as usize].head;
        }
        self.set(at, u64::from(AWAITED) | (to.weak.waiting.len() as u64) << 32);
        to.weak.waiting.push(Waiting { entry, next, head });
    }

    /// Copies a key for which entries wait.
    #[cold]
    pub(super) fn forward_awaited(&mut self, at: usize, to: &mut To<'_>) -> usize {
        let first = word::header_length(self.get(at));
        self.set(at, to.weak.waiting[first as usize].head);
        to.weak.awake.push(first);
        self.forward_object(at, to)
    }

    /// Forwards the values of keys that have been copied; false when there are none.
    pub(super) fn wake_ephemerons(&mut self, to: &mut To<'_>) -> bool {
        let Some(mut number) = to.weak.awake.pop() else { return false };
        while number != NONE {
            let waiting = &mut to.weak.waiting[number as usize];
            let entry = std::mem::take(&mut waiting.entry);
            number = waiting.next;
            to[entry] = self.forward(to[entry], to);
            to[entry + 1] = self.forward(to[entry + 1], to);
        }
        true
    }

    /// Removes the weak values that have not been copied, from the tables found since the last time.
    pub(super) fn clear_values(&mut self, to: &mut To<'_>) {
        let (arrays, values) = to.weak.cleared;
        for number in arrays..to.weak.arrays.len() {
            let at = to.weak.arrays[number] + table::ARRAY as usize;
            let (block, mut used) = (to[at] as u32 as usize, (to[at] >> 32) as usize);
            for index in block + 1..=block + used {
                self.clear_value(index, to);
            }
            // The last used slot is never nil.
            while used > 0 && to[block + used] == word::NIL {
                used -= 1;
            }
            to[at] = block as u64 | (used as u64) << 32;
        }
        for number in values..to.weak.values.len() {
            let block = to.weak.values[number];
            let first = block + word::HASH_ENTRIES as usize;
            let used = to[block + word::HASH_USED as usize] as u32 as usize;
            for entry in (first..first + 2 * used).step_by(2) {
                self.clear_value(entry + 1, to);
            }
        }
        to.weak.cleared = (to.weak.arrays.len(), to.weak.values.len());
    }

    fn clear_value(&mut self, index: usize, to: &mut To<'_>) {
        if is_object(to[index]) {
            to[index] = self.new_place(to[index]).unwrap_or(word::NIL);
        }
    }

    /// Removes the entries whose weak keys have not been copied.
    pub(super) fn clear_keys(&mut self, to: &mut To<'_>) {
        for number in 0..to.weak.waiting.len() {
            let entry = to.weak.waiting[number].entry;
            if entry != 0 {
                remove(entry, to);
            }
        }
        for number in 0..to.weak.keys.len() {
            let block = to.weak.keys[number];
            let first = block + word::HASH_ENTRIES as usize;
            let used = to[block + word::HASH_USED as usize] as u32 as usize;
            for entry in (first..first + 2 * used).step_by(2) {
                if is_object(to[entry]) {
                    match self.new_place(to[entry]) {
                        Some(key) => to[entry] = key,
                        None => remove(entry, to),
                    }
                }
            }
        }
    }
}

/// Whether a word stands for a key that is gone.
pub(crate) fn is_dead_key(value: Word) -> bool {
    word::tag(value) == word::TAG_SPECIAL && word::space(value) == word::SPACE_DEAD_KEY
}

/// Removes an entry whose key is gone. What stands for the key is different in every entry, so that
/// they do not all meet at one place of an index.
fn remove(entry: usize, to: &mut To<'_>) {
    to[entry] = word::make(word::TAG_SPECIAL, word::SPACE_DEAD_KEY, entry as u32);
    to[entry + 1] = word::NIL;
}
