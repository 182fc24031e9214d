//! How tables grow: what goes where when there is no room left.

use super::keyed::{STEPS_MAX, salt_of};
use super::{HASH_BY_POSITION, HASH_SALT, layout};
use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word, table};

/// Slots of an array part that are looked at to see how many are in use.
const SLOTS_LOOKED_AT_MAX: usize = 1024;

impl Heap {
    /// Gives the array part of a new table room for `needed` items: when nil is among them, the last
    /// one still is where `#` finds it, as in PUC Lua.
    pub(crate) fn make_array_room(&mut self, strings: Strings<'_>, at: usize, needed: usize) {
        let (block, used) = self.array_part(at);
        if needed <= self.array_capacity(block) {
            return;
        }
        if self.hash_part(at) != 0 {
            self.grow_array(strings, at, needed);
            return;
        }
        let bigger = self.array_block(needed);
        self.copy(block + 1, bigger + 1, used);
        self.set_array_part(at, bigger, used);
    }

    /// Grows the array part to hold at least `needed` slots and moves what belongs there out of the
    /// hash part.
    pub(super) fn grow_array(&mut self, strings: Strings<'_>, at: usize, needed: usize) {
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
    }

    /// Adds an entry for a key that has none.
    pub(super) fn insert(&mut self, strings: Strings<'_>, at: usize, key: Word, value: Word) {
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
        layout::put_entry(self.parts().0, block, key, value);
        let by_position = word::is_reference(key)
            && word::tag(key) != word::TAG_STRING
            && !(word::tag(key) == word::TAG_OBJECT && word::space(key) == Kind::Integer as u16);
        if by_position {
            let head = self.get(block);
            let flags = word::header_flags(head) | HASH_BY_POSITION;
            self.set(block, word::header(Kind::Hash, flags, word::header_length(head)));
        }
        if capacity > word::HASH_LINEAR_MAX as usize {
            let hash = self.key_hash(strings, salt_of(self.get(block)), key);
            if self.index_entry(block, hash, used) > STEPS_MAX {
                self.salt(strings, block);
            }
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
        let capacity = roomy(wanted, used > live);
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
        layout::put_hash_size(self.parts().0, block, count, capacity);
        let is_indexed = capacity > word::HASH_LINEAR_MAX as usize;
        let kept = if is_indexed { HASH_BY_POSITION | HASH_SALT } else { HASH_BY_POSITION };
        let length = word::header_length(self.get(block));
        self.set(block, word::header(Kind::Hash, flags & kept, length));
        self.set(at + table::HASH as usize, block as u64);
        if is_indexed {
            self.rebuild(strings, block);
        }
    }

    /// Whether the integer keys of the table, with one more, fill more than half of an array that
    /// holds that key; if so the array part has been grown to it.
    pub(super) fn integers_want_array(
        &mut self,
        strings: Strings<'_>,
        at: usize,
        key: Word,
    ) -> bool {
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
        let (array, array_used) = self.array_part(at);
        let mut total = self.items(array, array_used);
        let mut best = 0;
        for (power, &found) in counts.iter().enumerate() {
            total += found;
            if total > (1 << power) / 2 {
                best = 1_usize << power;
            }
        }
        if best < key as usize || best <= self.array_capacity(array) {
            return false;
        }
        self.grow_array(strings, at, best);
        true
    }

    /// About how many slots of an array part are in use: the keys 1, 2, 4, 8 and so on are no reason to
    /// double it each time. Of a long one some slots are looked at, so that whoever makes it ask again and
    /// again costs its shard nothing.
    fn items(&self, block: usize, used: usize) -> usize {
        let step = used.div_ceil(SLOTS_LOOKED_AT_MAX).max(1);
        let slots = &self.words()[block + 1..=block + used];
        step * slots.iter().step_by(step).filter(|&&value| value != word::NIL).count()
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

/// The capacity of a hash part for so many entries. Where removed ones have made room, it must not be
/// so little that the next few bring us here again.
const fn roomy(wanted: usize, has_removed: bool) -> usize {
    if wanted <= 2 {
        return wanted;
    }
    let capacity = wanted.next_power_of_two();
    let is_scarce = wanted > capacity - capacity / 8 && capacity > word::HASH_LINEAR_MAX as usize;
    if has_removed && is_scarce { 2 * capacity } else { capacity }
}
