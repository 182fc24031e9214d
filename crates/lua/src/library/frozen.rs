//! Immutable tables of the library.

use super::extreme;
use procession_types::word::{self, Word};

/// Multipliers that are tried for an index before it gets twice the room.
const TRIES: u64 = 64;

/// An immutable table of the library. Its index is a perfect hash: one look finds a key or not.
#[derive(Debug)]
pub(crate) struct Frozen {
    /// Keys and values in order.
    pub(crate) entries: Vec<(Word, Word)>,
    /// Keys with the values that are good as they are; a power of two of them.
    index: Box<[(Word, Word)]>,
    multiplier: u64,
}

impl Frozen {
    pub(crate) fn new(entries: Vec<(Word, Word)>) -> Self {
        let mut size = (entries.len() * 2).next_power_of_two();
        loop {
            // Any odd numbers do; these are the multiples of one with well mixed bits.
            let multipliers = (0..TRIES).map(|n| (2 * n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for multiplier in multipliers {
                if let Some(index) = perfect(&entries, size, multiplier) {
                    return Self { entries, index, multiplier };
                }
            }
            size *= 2;
        }
    }

    /// The value at a key in its canonical form.
    pub(crate) fn get(&self, key: Word) -> Word {
        let value = self.plain(key);
        if value != word::NIL {
            return value;
        }
        let entry = self.entries.iter().find(|(found, _)| *found == key);
        entry.map_or(word::NIL, |&(_, value)| value)
    }

    /// Likewise, but nil also for an integer that does not fit into a word.
    #[inline(always)]
    pub(crate) fn plain(&self, key: Word) -> Word {
        let mask = self.index.len() - 1;
        match self.index.get(place(key, self.multiplier) & mask) {
            Some(&(found, value)) if found == key => value,
            _ => word::NIL,
        }
    }
}

#[inline(always)]
const fn place(key: Word, multiplier: u64) -> usize {
    (key.wrapping_mul(multiplier) >> 32) as usize
}

/// An index of this size in which every key has a place of its own; `None` when two have the same.
fn perfect(entries: &[(Word, Word)], size: usize, multiplier: u64) -> Option<Box<[(Word, Word)]>> {
    let mut index = vec![(word::NIL, word::NIL); size].into_boxed_slice();
    for &(key, value) in entries {
        let slot = &mut index[place(key, multiplier) & (size - 1)];
        if slot.0 != word::NIL {
            return None;
        }
        *slot = (key, if extreme(value).is_some() { word::NIL } else { value });
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        for count in [0_i64, 1, 2, 60, 300] {
            let entries: Vec<_> =
                (0..count).map(|n| (word::int_wrapping(n * 7), word::int_wrapping(n))).collect();
            let frozen = Frozen::new(entries);
            for n in 0..count * 7 + 7 {
                let expected = if n % 7 == 0 && n / 7 < count { n / 7 } else { -1 };
                let found = frozen.get(word::int_wrapping(n));
                let found = if found == word::NIL { -1 } else { word::to_int(found) };
                assert_eq!(found, expected, "{n} of {count}");
            }
            assert_eq!(frozen.get(word::NIL), word::NIL);
        }
    }

    #[test]
    fn extreme_integers_are_found_but_not_plain() {
        let extreme = word::make(word::TAG_SPECIAL, word::SPACE_EXTREME, 0);
        let key = word::int_wrapping(1);
        let frozen = Frozen::new(vec![(key, extreme)]);
        assert_eq!(frozen.get(key), extreme);
        assert_eq!(frozen.plain(key), word::NIL);
    }
}
