//! Tables: an array part for the keys 1 … n and a hash part in order of insertion.
//!
//! The hash part is a list of entries with, beyond eight of them, an index of open addressing. So
//! iteration order is the order of insertion: the same on every machine, and not changed by the
//! collector. A removed entry keeps its key with the value nil until the next growth, so that a
//! traversal may remove what it visits.
//!
//! Invariants: a hash part holds no key within the array part's capacity; the array part's last used
//! slot is not nil; a key is never nil, NaN, or a float with an integer's value.

mod search;
pub(crate) mod seen;

pub(crate) use search::mix;

use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word, table};

/// Flag of a hash block: some key hashes by its position in the heap.
pub(crate) const HASH_BY_POSITION: u32 = 1;
/// Flag of a hash block: the index must be rebuilt before use (objects have moved).
pub(crate) const HASH_STALE: u32 = word::HASH_STALE;

/// Flag of a table: its finalizer is to be called.
pub(crate) const TABLE_FINALIZABLE: u32 = 1;
/// All flags that a table can have.
pub(crate) const TABLE_FLAGS: u32 = TABLE_FINALIZABLE | crate::collect::METATABLE_FLAGS;

impl Heap {
    /// A new table with room for `array` items and `fields` fields.
    pub(crate) fn table(&mut self, array: usize, fields: usize) -> usize {
        let array_at = if array == 0 { 0 } else { self.array_block(array) };
        let hash_at = if fields == 0 { 0 } else { self.hash_block(fields as u32) };
        let at = self.allocate(table::WORDS as usize);
        self.set(at, word::header(Kind::Table, 0, 0));
        self.set(at + 1, array_at as u64);
        self.set(at + 2, hash_at as u64);
        self.set(at + 3, word::NIL);
        at
    }

    fn array_block(&mut self, capacity: usize) -> usize {
        let at = self.allocate(1 + capacity);
        self.set(at, word::header(Kind::Array, 0, capacity as u32));
        self.fill(at + 1, at + 1 + capacity, word::NIL);
        at
    }

    fn hash_block(&mut self, capacity: u32) -> usize {
        let payload = 1 + 2 * capacity + word::hash_index_words(capacity);
        let at = self.allocate(1 + payload as usize);
        self.set(at, word::header(Kind::Hash, 0, payload));
        self.set(at + 1, u64::from(capacity) << 32);
        self.fill(at + 2, at + 2 + 2 * capacity as usize, word::NIL);
        self.fill(at + 2 + 2 * capacity as usize, at + 1 + payload as usize, 0);
        at
    }

    /// Array block (0 = none) and how many of its slots are used.
    #[inline(always)]
    pub(crate) fn array_part(&self, at: usize) -> (usize, usize) {
        let packed = self.get(at + table::ARRAY as usize);
        (packed as u32 as usize, (packed >> 32) as usize)
    }

    #[inline(always)]
    fn set_array_part(&mut self, at: usize, block: usize, used: usize) {
        self.set(at + table::ARRAY as usize, block as u64 | (used as u64) << 32);
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
        let packed = self.get(block + word::HASH_USED as usize);
        (packed as u32 as usize, (packed >> 32) as usize)
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
                    self.set(block + 1 + position, word::NIL);
                    self.set_array_part(at, block, used);
                }
                // Beyond the used part every slot is nil already.
            } else {
                self.set(block + 1 + position, value);
                self.set_array_part(at, block, used.max(position + 1));
            }
            return;
        }
        if position == used as u64 && used == capacity {
            if value == word::NIL {
                self.set_hashed_int(strings, at, key, value);
                return;
            }
            let hash = self.hash_part(at);
            if hash != 0 && self.hash_size(hash).0 != 0 {
                // The key may live in the hash part already, and its successors may move over.
                self.grow_array(strings, at, used + 1, Some((key, value)));
            } else {
                self.append(at, block, used, value);
            }
            return;
        }
        self.set_hashed_int(strings, at, key, value);
    }

    /// Appends to a full array part of a table with nothing in its hash part.
    fn append(&mut self, at: usize, block: usize, used: usize, value: Word) {
        let bigger = self.array_block((used * 2).max(4));
        self.copy(block + 1, bigger + 1, used);
        self.set(bigger + 1 + used, value);
        self.set_array_part(at, bigger, used + 1);
    }

    /// Gives the array part of a new table room for `needed` items: when nil is among them, the last
    /// one still is where `#` finds it, as in PUC Lua.
    pub(crate) fn make_array_room(&mut self, strings: Strings<'_>, at: usize, needed: usize) {
        let (block, used) = self.array_part(at);
        if needed <= self.array_capacity(block) {
            return;
        }
        if self.hash_part(at) != 0 {
            self.grow_array(strings, at, needed, None);
            return;
        }
        let bigger = self.array_block(needed);
        self.copy(block + 1, bigger + 1, used);
        self.set_array_part(at, bigger, used);
    }

    fn set_hashed_int(&mut self, strings: Strings<'_>, at: usize, key: i64, value: Word) {
        let key_word = match word::from_int(key) {
            Some(word) => word,
            None => self.integer(key),
        };
        self.set_hashed(strings, at, key_word, value);
    }

    /// Grows the array part to hold at least `needed` slots and moves what belongs there out of the
    /// hash part.
    fn grow_array(
        &mut self,
        strings: Strings<'_>,
        at: usize,
        needed: usize,
        extra: Option<(i64, Word)>,
    ) {
        let (block, used) = self.array_part(at);
        let capacity = needed.next_power_of_two().max(4);
        let bigger = self.array_block(capacity);
        self.copy(block + 1, bigger + 1, used);
        let mut new_used = used;
        let hash = self.hash_part(at);
        let mut moved = false;
        if hash != 0 {
            let first = hash + word::HASH_ENTRIES as usize;
            let (entries, _) = self.hash_size(hash);
            for entry in (first..first + 2 * entries).step_by(2) {
                let (key, value) = (self.get(entry), self.get(entry + 1));
                let position = word::to_int(key) as u64;
                if word::is_int(key) && position.wrapping_sub(1) < capacity as u64 {
                    moved = true;
                    self.set(entry + 1, word::NIL);
                    self.set(entry, word::NIL);
                    if value != word::NIL {
                        self.set(bigger + position as usize, value);
                        new_used = new_used.max(position as usize);
                    }
                }
            }
        }
        self.set_array_part(at, bigger, new_used);
        if moved {
            self.rehash(strings, at, 0);
        }
        if let Some((key, value)) = extra {
            self.set_int(strings, at, key, value);
        }
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

    /// Adds an entry for a key that has none.
    fn insert(&mut self, strings: Strings<'_>, at: usize, key: Word, value: Word) {
        let mut block = self.hash_part(at);
        let full = block == 0 || {
            let (used, capacity) = self.hash_size(block);
            used == capacity
        };
        if full {
            if word::is_int(key) && self.integers_want_array(strings, at, key) {
                // The array part has grown over the key.
                self.set_int(strings, at, word::to_int(key), value);
                return;
            }
            self.rehash(strings, at, 1);
            block = self.hash_part(at);
        }
        self.refresh(strings, block);
        let (used, capacity) = self.hash_size(block);
        let entry = block + word::HASH_ENTRIES as usize + 2 * used;
        self.set(entry, key);
        self.set(entry + 1, value);
        self.set(block + 1, (used as u64 + 1) | (capacity as u64) << 32);
        let by_position = word::is_reference(key)
            && word::tag(key) != word::TAG_STRING
            && !(word::tag(key) == word::TAG_OBJECT && word::space(key) == Kind::Integer as u16);
        if by_position {
            let head = self.get(block);
            let flags = word::header_flags(head) | HASH_BY_POSITION;
            self.set(block, word::header(Kind::Hash, flags, word::header_length(head)));
        }
        if capacity > word::HASH_LINEAR_MAX as usize {
            let hash = self.key_hash(strings, key);
            self.index_entry(block, hash, used);
        }
    }

    /// Builds the hash part anew without removed entries, with room for `extra` more.
    fn rehash(&mut self, strings: Strings<'_>, at: usize, extra: usize) {
        let old = self.hash_part(at);
        let (used, _) = if old == 0 { (0, 0) } else { self.hash_size(old) };
        let first = old + word::HASH_ENTRIES as usize;
        let live = (0..used).filter(|&n| self.get(first + 2 * n + 1) != word::NIL).count();
        let wanted = live + extra;
        if wanted == 0 {
            self.set(at + table::HASH as usize, 0);
            return;
        }
        let capacity = if wanted <= 2 { wanted } else { wanted.next_power_of_two() };
        let block = self.hash_block(capacity as u32);
        let mut count = 0;
        let flags = if old == 0 { 0 } else { word::header_flags(self.get(old)) };
        for number in 0..used {
            let (key, value) = (self.get(first + 2 * number), self.get(first + 2 * number + 1));
            if value != word::NIL {
                let entry = block + word::HASH_ENTRIES as usize + 2 * count;
                self.set(entry, key);
                self.set(entry + 1, value);
                count += 1;
            }
        }
        self.set(block + 1, count as u64 | (capacity as u64) << 32);
        let length = word::header_length(self.get(block));
        self.set(block, word::header(Kind::Hash, flags & HASH_BY_POSITION, length));
        self.set(at + table::HASH as usize, block as u64);
        if capacity > word::HASH_LINEAR_MAX as usize {
            self.rebuild(strings, block);
        }
    }

    /// Whether the integer keys of the table, with one more, fill more than half of an array that
    /// holds that key; if so the array part has been grown to it.
    fn integers_want_array(&mut self, strings: Strings<'_>, at: usize, key: Word) -> bool {
        let key = word::to_int(key);
        if !(1..=1 << 30).contains(&key) {
            return false;
        }
        let block = self.hash_part(at);
        // counts[b]: integer keys in (2^(b-1), 2^b].
        let mut counts = [0_usize; 32];
        let mut count = |key: i64| {
            if (1..=1 << 30).contains(&key) {
                counts[(64 - (key as u64 - 1).leading_zeros()) as usize] += 1;
            }
        };
        count(key);
        if block != 0 {
            let (used, _) = self.hash_size(block);
            let first = block + word::HASH_ENTRIES as usize;
            for entry in (first..first + 2 * used).step_by(2) {
                let found = self.get(entry);
                if word::is_int(found) && self.get(entry + 1) != word::NIL {
                    count(word::to_int(found));
                }
            }
        }
        let (_, array_used) = self.array_part(at);
        let mut total = array_used;
        let mut best = 0;
        for (power, &found) in counts.iter().enumerate() {
            total += found;
            if total > (1 << power) / 2 {
                best = 1_usize << power;
            }
        }
        let (array, _) = self.array_part(at);
        if best < key as usize || best <= self.array_capacity(array) {
            return false;
        }
        self.grow_array(strings, at, best, None);
        true
    }

    /// A border of the table (`#t` without metamethods).
    #[inline(always)]
    pub(crate) fn length(&mut self, strings: Strings<'_>, at: usize) -> i64 {
        let (_, used) = self.array_part(at);
        if self.hash_part(at) == 0 {
            return used as i64;
        }
        let mut length = used as i64;
        while self.get_int_hashed(strings, at, length + 1) != word::NIL {
            length += 1;
        }
        length
    }

    /// The entry after position `cursor` (0 = start): the next cursor, key and value.
    pub(crate) fn next_entry(&self, at: usize, mut cursor: usize) -> Option<(usize, Word, Word)> {
        let (array, used) = self.array_part(at);
        let capacity = self.array_capacity(array);
        while cursor < used {
            cursor += 1;
            let value = self.get(array + cursor);
            if value != word::NIL {
                return Some((cursor, word::int_wrapping(cursor as i64), value));
            }
        }
        let hash = self.hash_part(at);
        if hash == 0 {
            return None;
        }
        let mut number = cursor.saturating_sub(capacity);
        let (entries, _) = self.hash_size(hash);
        while number < entries {
            let entry = hash + word::HASH_ENTRIES as usize + 2 * number;
            number += 1;
            let (key, value) = (self.get(entry), self.get(entry + 1));
            if value != word::NIL {
                return Some((capacity + number, key, value));
            }
        }
        None
    }

    /// Array items and fields there are, removed ones included.
    pub(crate) fn entries(&self, at: usize) -> usize {
        let hash = self.hash_part(at);
        let (_, used) = self.array_part(at);
        if hash == 0 { used } else { used + self.hash_size(hash).0 }
    }

    /// The cursor of a key for [`Heap::next_entry`]; `None` when the table never had it.
    pub(crate) fn cursor(&mut self, strings: Strings<'_>, at: usize, key: Word) -> Option<usize> {
        if key == word::NIL {
            return Some(0);
        }
        let (array, _) = self.array_part(at);
        let capacity = self.array_capacity(array);
        if word::is_int(key) {
            let position = word::to_int(key) as u64;
            if position.wrapping_sub(1) < capacity as u64 {
                return Some(position as usize);
            }
        }
        let hash = self.hash_part(at);
        if hash == 0 {
            return None;
        }
        let entry = self.find(strings, hash, key)?;
        Some(capacity + 1 + (entry - hash - word::HASH_ENTRIES as usize) / 2)
    }

    /// Words that setting one more key may allocate at most.
    #[inline(always)]
    pub(crate) fn growth(&self, at: usize) -> usize {
        let (_, used) = self.array_part(at);
        let hash = self.hash_part(at);
        let entries = if hash == 0 { 0 } else { self.hash_size(hash).1 };
        8 * (used + entries) + 64
    }
}
