//! Going through the entries of a table, in order: items, then fields as they were added.

use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Word};

impl Heap {
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
}
