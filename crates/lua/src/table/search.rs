//! Finding the entries of a hash part: by comparing, or with its index.
//!
//! The index is open addressing with linear probing; a slot holds the number of an entry, counted
//! from 1. Objects hash by their position, so an index with such keys is stale after a collection
//! and is rebuilt when it is next used.

use super::keyed::{STEPS_MAX, salt_of, salted_word};
use super::{HASH_SALT, HASH_STALE};
use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word};

impl Heap {
    /// Where the entry of a key is, if it exists (also when its value is nil).
    pub(crate) fn find(&mut self, strings: Strings<'_>, block: usize, key: Word) -> Option<usize> {
        match word::tag(key) {
            word::TAG_STRING => self.find_str(strings, block, key),
            word::TAG_OBJECT if word::space(key) == Kind::Integer as u16 => {
                let value = self.get(word::index(key) as usize + 1) as i64;
                self.find_big(strings, block, value)
            }
            _ => self.find_word(strings, block, key, mix(key)),
        }
    }

    /// Where the entry of a string key is.
    #[inline(always)]
    pub(crate) fn find_str(
        &mut self,
        strings: Strings<'_>,
        block: usize,
        key: Word,
    ) -> Option<usize> {
        let (used, capacity) = self.hash_size(block);
        if capacity <= word::HASH_LINEAR_MAX as usize {
            let first = block + word::HASH_ENTRIES as usize;
            for entry in (first..first + 2 * used).step_by(2) {
                if self.get(entry) == key {
                    return Some(entry);
                }
            }
            if word::tag(key) == word::TAG_SHORT {
                return None;
            }
            return self.find_text_linear(strings, first, used, key);
        }
        if word::tag(key) == word::TAG_SHORT {
            return self.find_word(strings, block, key, mix(key));
        }
        self.find_text(strings, block, key)
    }

    /// Equal strings may be different words when they come from different places.
    #[inline(never)]
    fn find_text_linear(
        &mut self,
        strings: Strings<'_>,
        first: usize,
        used: usize,
        key: Word,
    ) -> Option<usize> {
        (first..first + 2 * used).step_by(2).find(|&entry| strings.same(self, self.get(entry), key))
    }

    fn find_text(&mut self, strings: Strings<'_>, block: usize, key: Word) -> Option<usize> {
        self.refresh(strings, block);
        let hash = match salt_of(self.get(block)) {
            0 => strings.hash(self, key),
            salt => self.salted_hash(strings, key, salt),
        };
        let mut probe = self.probe(block, hash);
        loop {
            let entry = self.probed(&mut probe)?;
            let found = self.get(entry);
            if found == key || strings.same(self, found, key) {
                return Some(entry);
            }
        }
    }

    pub(super) fn find_word(
        &mut self,
        strings: Strings<'_>,
        block: usize,
        key: Word,
        hash: u32,
    ) -> Option<usize> {
        let (used, capacity) = self.hash_size(block);
        if capacity <= word::HASH_LINEAR_MAX as usize {
            let first = block + word::HASH_ENTRIES as usize;
            return (first..first + 2 * used).step_by(2).find(|&entry| self.get(entry) == key);
        }
        let hash = self.prepared(strings, block, key, hash);
        let mut probe = self.probe(block, hash);
        loop {
            let entry = self.probed(&mut probe)?;
            if self.get(entry) == key {
                return Some(entry);
            }
        }
    }

    /// Integers that do not fit into a word are equal when their values are.
    pub(super) fn find_big(
        &mut self,
        strings: Strings<'_>,
        block: usize,
        value: i64,
    ) -> Option<usize> {
        let (used, capacity) = self.hash_size(block);
        if capacity <= word::HASH_LINEAR_MAX as usize {
            let first = block + word::HASH_ENTRIES as usize;
            let mut entries = (first..first + 2 * used).step_by(2);
            return entries.find(|&entry| self.is_big(self.get(entry), value));
        }
        let hash = self.prepared(strings, block, value as u64, mix(value as u64));
        let mut probe = self.probe(block, hash);
        loop {
            let entry = self.probed(&mut probe)?;
            if self.is_big(self.get(entry), value) {
                return Some(entry);
            }
        }
    }

    fn is_big(&self, key: Word, value: i64) -> bool {
        word::tag(key) == word::TAG_OBJECT
            && word::space(key) == Kind::Integer as u16
            && self.get(word::index(key) as usize + 1) as i64 == value
    }

    fn probe(&self, block: usize, hash: u32) -> Probe {
        let (_, capacity) = self.hash_size(block);
        let slots = 2 * word::hash_index_words(capacity as u32) as usize;
        Probe {
            index: block + word::HASH_ENTRIES as usize + 2 * capacity,
            entries: block + word::HASH_ENTRIES as usize,
            mask: slots - 1,
            slot: hash as usize & (slots - 1),
        }
    }

    /// The next entry on a probe's way; `None` at a free slot.
    #[inline(always)]
    fn probed(&self, probe: &mut Probe) -> Option<usize> {
        let packed = self.get(probe.index + probe.slot / 2);
        let number = (packed >> (32 * (probe.slot & 1))) as u32;
        probe.slot = (probe.slot + 1) & probe.mask;
        (number != 0).then(|| probe.entries + 2 * (number as usize - 1))
    }

    /// Makes sure that the index may be searched; the hash of a key that is one word, or an integer's
    /// 64 bits. Usually that is `hash`.
    #[inline(always)]
    fn prepared(&mut self, strings: Strings<'_>, block: usize, key: Word, hash: u32) -> u32 {
        if word::header_flags(self.get(block)) & (HASH_STALE | HASH_SALT) == 0 {
            return hash;
        }
        self.prepared_slowly(strings, block, key, hash)
    }

    #[cold]
    #[inline(never)]
    fn prepared_slowly(&mut self, strings: Strings<'_>, block: usize, key: Word, hash: u32) -> u32 {
        self.refresh(strings, block);
        match salt_of(self.get(block)) {
            0 => hash,
            salt => salted_word(key, salt),
        }
    }

    /// Enters entry `number` into the index; says how many steps from its own place it lies.
    pub(super) fn index_entry(&mut self, block: usize, hash: u32, number: usize) -> usize {
        let mut probe = self.probe(block, hash);
        let first = probe.slot;
        loop {
            let slot = probe.slot;
            if self.probed(&mut probe).is_none() {
                let at = probe.index + slot / 2;
                let packed = self.get(at) | (number as u64 + 1) << (32 * (slot & 1));
                self.set(at, packed);
                return slot.wrapping_sub(first) & probe.mask;
            }
        }
    }

    pub(super) fn refresh(&mut self, strings: Strings<'_>, block: usize) {
        if word::header_flags(self.get(block)) & HASH_STALE != 0 {
            self.rebuild(strings, block);
        }
    }

    /// Builds the index of a hash block.
    pub(super) fn rebuild(&mut self, strings: Strings<'_>, block: usize) {
        let head = self.get(block);
        let flags = word::header_flags(head) & !HASH_STALE;
        self.set(block, word::header(Kind::Hash, flags, word::header_length(head)));
        if !self.enter_all(strings, block, STEPS_MAX) {
            self.salt(strings, block);
        }
    }

    /// Enters all entries into an empty index; false when one comes to lie more than `steps_max` steps
    /// from its own place, where this ends.
    pub(super) fn enter_all(
        &mut self,
        strings: Strings<'_>,
        block: usize,
        steps_max: usize,
    ) -> bool {
        let (used, capacity) = self.hash_size(block);
        let first = block + word::HASH_ENTRIES as usize;
        let index = first + 2 * capacity;
        let words = word::hash_index_words(capacity as u32) as usize;
        let salt = salt_of(self.get(block));
        self.fill(index, index + words, 0);
        if words == 0 {
            return true;
        }
        for number in 0..used {
            let key = self.get(first + 2 * number);
            let hash = self.key_hash(strings, salt, key);
            if self.index_entry(block, hash, number) > steps_max {
                return false;
            }
        }
        true
    }

    /// The hash of a key in the index of a block with this salt.
    #[inline(always)]
    pub(super) fn key_hash(&mut self, strings: Strings<'_>, salt: u32, key: Word) -> u32 {
        if salt != 0 {
            return self.salted_hash(strings, key, salt);
        }
        match word::tag(key) {
            word::TAG_STRING => strings.hash(self, key),
            word::TAG_OBJECT if word::space(key) == Kind::Integer as u16 => {
                mix(self.get(word::index(key) as usize + 1))
            }
            _ => mix(key),
        }
    }
}

struct Probe {
    index: usize,
    entries: usize,
    mask: usize,
    slot: usize,
}

/// Hash of a word that is equal to another value only when it is the same word.
#[inline(always)]
pub(crate) fn mix(word: Word) -> u32 {
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}
