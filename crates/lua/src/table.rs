//! Tables: an array part for the keys 1 … n and a hash part in order of insertion.
//!
//! The hash part is a list of entries with, beyond eight of them, an index of open addressing. So
//! iteration order is the order of insertion: the same on every machine, and not changed by the
//! collector. A removed entry keeps its key with the value nil until the next growth, so that a
//! traversal may remove what it visits.
//!
//! Invariants: a hash part holds no key within the array part's capacity; the array part's last used
//! slot is not nil; a key is never nil, NaN, or a float with an integer's value.

mod grow;
mod keyed;
pub(crate) mod layout;
mod search;
pub(crate) mod seen;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use search::mix;

use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word, table};

/// Flag of a hash block: some key hashes by its position in the heap.
pub(crate) const HASH_BY_POSITION: u32 = 1;
/// Flag of a hash block: the index must be rebuilt before use (objects have moved).
pub(crate) const HASH_STALE: u32 = word::HASH_STALE;

/// Bits of a hash block's flags for its salt; see [`keyed`].
const HASH_SALT: u32 = word::HASH_SALT;
const HASH_SALT_SHIFT: u32 = HASH_SALT.trailing_zeros();

/// Flag of a table: its finalizer is to be called.
pub(crate) const TABLE_FINALIZABLE: u32 = 1;
/// Slots of an array part that are looked at for one instruction.
const SLOTS_PER_FUEL: usize = 16;
/// All flags that a table can have.
pub(crate) const TABLE_FLAGS: u32 = TABLE_FINALIZABLE | crate::collect::METATABLE_FLAGS;

impl Heap {
    /// A new table with room for `array` items and `fields` fields.
    pub(crate) fn table(&mut self, array: usize, fields: usize) -> usize {
        let array_at = if array == 0 { 0 } else { self.array_block(array) };
        let hash_at = if fields == 0 { 0 } else { self.hash_block(fields as u32) };
        let at = self.allocate(table::WORDS as usize);
        layout::put_table(self.parts().0, at, array_at, hash_at);
        at
    }

    /// A new table with these fields, as if they had been set one after the other: at most
    /// [`word::HASH_LINEAR_MAX`], whose keys are different strings.
    pub(crate) fn record(&mut self, fields: &[(Word, Word)]) -> usize {
        debug_assert!(fields.len() <= word::HASH_LINEAR_MAX as usize, "a record has few fields");
        let at = self.table(0, fields.len());
        let block = self.hash_part(at);
        if block == 0 {
            return at;
        }
        let mut entry = block + word::HASH_ENTRIES as usize;
        let mut used = 0;
        for &(key, value) in fields.iter().filter(|(_, value)| *value != word::NIL) {
            self.set(entry, key);
            self.set(entry + 1, value);
            (entry, used) = (entry + 2, used + 1);
        }
        layout::put_hash_size(self.parts().0, block, used, fields.len());
        at
    }

    fn array_block(&mut self, capacity: usize) -> usize {
        let at = self.allocate(1 + capacity);
        self.set(at, word::header(Kind::Array, 0, capacity as u32));
        self.fill(at + 1, at + 1 + capacity, word::NIL);
        at
    }

    fn hash_block(&mut self, capacity: u32) -> usize {
        let words = layout::hash_words(capacity);
        let at = self.allocate(words);
        layout::put_hash(self.parts().0, at, capacity, words);
        let index = at + word::HASH_ENTRIES as usize + 2 * capacity as usize;
        self.fill(at + word::HASH_ENTRIES as usize, index, word::NIL);
        self.fill(index, at + words, 0);
        at
    }

    /// Array block (0 = none) and how many of its slots are used.
    #[inline(always)]
    pub(crate) fn array_part(&self, at: usize) -> (usize, usize) {
        layout::array_part(self.array(), at)
    }

    #[inline(always)]
    fn set_array_part(&mut self, at: usize, block: usize, used: usize) {
        layout::put_array_part(self.parts().0, at, block, used);
    }

    /// Capacity of an array block (0 = none).
    #[inline(always)]
    fn array_capacity(&self, block: usize) -> usize {
        if block == 0 { 0 } else { word::header_length(self.get(block)) as usize }
    }

    /// The hash block of a table (0 = none).
    #[inline(always)]
    pub(crate) fn hash_part(&self, at: usize) -> usize {
        self.get(at + table::HASH as usize) as u32 as usize
    }

    /// Used entries and capacity of a hash block.
    #[inline(always)]
    pub(crate) fn hash_size(&self, block: usize) -> (usize, usize) {
        layout::hash_size(self.array(), block)
    }

    /// The value at an integer key.
    #[inline(always)]
    pub(crate) fn get_int(&mut self, strings: Strings<'_>, at: usize, key: i64) -> Word {
        let (block, used) = self.array_part(at);
        let position = (key as u64).wrapping_sub(1);
        if position < used as u64 {
            return self.get(block + 1 + position as usize);
        }
        self.get_int_hashed(strings, at, key)
    }

    #[inline(never)]
    fn get_int_hashed(&mut self, strings: Strings<'_>, at: usize, key: i64) -> Word {
        let block = self.hash_part(at);
        if block == 0 {
            return word::NIL;
        }
        match word::from_int(key) {
            Some(key) => match self.find_word(strings, block, key, mix(key)) {
                Some(entry) => self.get(entry + 1),
                None => word::NIL,
            },
            None => match self.find_big(strings, block, key) {
                Some(entry) => self.get(entry + 1),
                None => word::NIL,
            },
        }
    }

    /// The value at a string key.
    #[inline(always)]
    pub(crate) fn get_str(&mut self, strings: Strings<'_>, at: usize, key: Word) -> Word {
        let block = self.hash_part(at);
        if block == 0 {
            return word::NIL;
        }
        match self.find_str(strings, block, key) {
            Some(entry) => self.get(entry + 1),
            None => word::NIL,
        }
    }

    /// The value at any key (normalised: see `normal_key`).
    pub(crate) fn get_any(&mut self, strings: Strings<'_>, at: usize, key: Word) -> Word {
        if word::is_int(key) {
            return self.get_int(strings, at, word::to_int(key));
        }
        let block = self.hash_part(at);
        if block == 0 {
            return word::NIL;
        }
        match self.find(strings, block, key) {
            Some(entry) => self.get(entry + 1),
            None => word::NIL,
        }
    }

    /// Sets an integer key; never fails, may allocate.
    #[inline(always)]
    pub(crate) fn set_int(&mut self, strings: Strings<'_>, at: usize, key: i64, value: Word) {
        let (block, used) = self.array_part(at);
        let position = (key as u64).wrapping_sub(1);
        if position < used as u64 && (value != word::NIL || position + 1 < used as u64) {
            self.set(block + 1 + position as usize, value);
            return;
        }
        self.set_int_slow(strings, at, key, value);
    }

    #[inline(never)]
    fn set_int_slow(&mut self, strings: Strings<'_>, at: usize, key: i64, value: Word) {
        let (block, used) = self.array_part(at);
        let capacity = self.array_capacity(block);
        let position = (key as u64).wrapping_sub(1);
        if position < capacity as u64 {
            let position = position as usize;
            if value == word::NIL {
                if position + 1 == used {
                    let mut used = position;
                    while used > 0 && self.get(block + used) == word::NIL {
                        used -= 1;
                    }
                    self.toil += ((position - used) / SLOTS_PER_FUEL) as i64;
                    self.set(block + 1 + position, word::NIL);
                    self.set_array_part(at, block, used);
                }
                // Beyond the used part every slot is nil already.
            } else {
                debug_assert!(position >= used, "items that are there are set elsewhere");
                layout::put_item(self.parts().0, at, block, position, value);
            }
            return;
        }
        if position == used as u64 && used == capacity && value != word::NIL {
            let hash = self.hash_part(at);
            if hash == 0 || self.hash_size(hash).0 == 0 {
                self.append(at, block, used, value);
            } else {
                self.set_next(strings, at, key, value);
            }
            return;
        }
        self.set_hashed_int(strings, at, key, value);
    }

    /// Sets the first key behind a full array part. A field that is there stays where it is: whoever
    /// goes through the table may assign to it, and must not lose its place.
    #[inline(never)]
    fn set_next(&mut self, strings: Strings<'_>, at: usize, key: i64, value: Word) {
        let block = self.hash_part(at);
        let key_word = word::int_wrapping(key);
        if let Some(entry) = self.find_word(strings, block, key_word, mix(key_word)) {
            self.set(entry + 1, value);
            return;
        }
        // What follows the key may live in the hash part already.
        let follows = self.get_int_hashed(strings, at, key + 1) != word::NIL;
        if !follows || !self.integers_want_array(strings, at, key_word) {
            self.grow_array(strings, at, key as usize);
        }
        self.set_int(strings, at, key, value);
    }

    /// Appends to a full array part of a table with nothing in its hash part.
    fn append(&mut self, at: usize, block: usize, used: usize, value: Word) {
        let bigger = self.array_block((used * 2).max(4));
        self.copy(block + 1, bigger + 1, used);
        self.set(bigger + 1 + used, value);
        self.set_array_part(at, bigger, used + 1);
    }

    fn set_hashed_int(&mut self, strings: Strings<'_>, at: usize, key: i64, value: Word) {
        let key_word = match word::from_int(key) {
            Some(word) => word,
            None => self.integer(key),
        };
        self.set_hashed(strings, at, key_word, value);
    }

    /// Sets any normalised key that is neither nil nor NaN.
    pub(crate) fn set_any(&mut self, strings: Strings<'_>, at: usize, key: Word, value: Word) {
        if word::is_int(key) {
            self.set_int(strings, at, word::to_int(key), value);
        } else {
            self.set_hashed(strings, at, key, value);
        }
    }

    /// Sets a key of the hash part.
    pub(crate) fn set_hashed(&mut self, strings: Strings<'_>, at: usize, key: Word, value: Word) {
        let block = self.hash_part(at);
        if block != 0
            && let Some(entry) = self.find(strings, block, key)
        {
            self.set(entry + 1, value);
            return;
        }
        if value == word::NIL {
            return;
        }
        self.insert(strings, at, key, value);
    }

    /// A border of the table (`#t` without metamethods).
    #[inline(always)]
    pub(crate) fn length(&mut self, strings: Strings<'_>, at: usize) -> i64 {
        let (_, used) = self.array_part(at);
        if self.hash_part(at) == 0 {
            return used as i64;
        }
        self.length_hashed(strings, at, used as i64)
    }

    /// Likewise, where items may go on in the hash part. Of several borders it is the one that PUC's
    /// `hash_search` finds.
    #[inline(never)]
    fn length_hashed(&mut self, strings: Strings<'_>, at: usize, used: i64) -> i64 {
        let mut is_there = |key| self.get_int_hashed(strings, at, key) != word::NIL;
        if !is_there(used + 1) {
            return used;
        }
        let (mut low, mut high) = (0, used.max(1));
        while low == 0 || is_there(high) {
            if high == i64::MAX {
                return high;
            }
            low = high;
            high = if high > i64::MAX / 2 { i64::MAX } else { 2 * high };
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_there(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}
