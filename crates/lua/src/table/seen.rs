//! Looking for a string key without changing anything, not even an index that is out of date: for
//! the interpreter's short ways.

use super::search::mix;
use super::{HASH_SALT, HASH_STALE};
use crate::image::Image;
use procession_types::word::{self, Word};
use std::sync::Arc;

/// What a look tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The key's entry is here.
    At(usize),
    /// There is no such key.
    Absent,
    /// It takes more than a look.
    Unknown,
}

/// Whether a key of a table, which is another word, can be the same string.
#[inline(always)]
const fn may_be(found: Word, key: Word) -> bool {
    // Constants of one image are all different.
    let both_of_one_image = found >> 32 == key >> 32 && word::space(key) != 0;
    word::tag(found) == word::TAG_STRING && !both_of_one_image
}

/// The entry of a string key in a hash block.
#[inline(always)]
pub(crate) fn see_string(words: &[Word], images: &[Arc<Image>], block: usize, key: Word) -> Seen {
    let size = words[block + word::HASH_USED as usize];
    let (used, capacity) = (size as u32 as usize, (size >> 32) as usize);
    if capacity > word::HASH_LINEAR_MAX as usize {
        return probe_string(words, images, block, key);
    }
    let first = block + word::HASH_ENTRIES as usize;
    for entry in (first..first + 2 * used).step_by(2) {
        if words[entry] == key {
            return Seen::At(entry);
        }
    }
    if word::tag(key) == word::TAG_STRING {
        for entry in (first..first + 2 * used).step_by(2) {
            if may_be(words[entry], key) {
                return Seen::Unknown;
            }
        }
    }
    Seen::Absent
}

/// Likewise in a block with an index.
#[inline(never)]
fn probe_string(words: &[Word], images: &[Arc<Image>], block: usize, key: Word) -> Seen {
    let hash = match word::tag(key) {
        word::TAG_SHORT => mix(key),
        _ => known_hash(words, images, key),
    };
    if hash == 0 || word::header_flags(words[block]) & (HASH_STALE | HASH_SALT) != 0 {
        return Seen::Unknown;
    }
    let entries = block + word::HASH_ENTRIES as usize;
    let capacity = (words[block + word::HASH_USED as usize] >> 32) as usize;
    let index = entries + 2 * capacity;
    let mask = 2 * word::hash_index_words(capacity as u32) as usize - 1;
    let mut slot = hash as usize & mask;
    loop {
        let packed = words[index + slot / 2];
        let number = (packed >> (32 * (slot & 1))) as u32;
        slot = (slot + 1) & mask;
        if number == 0 {
            return Seen::Absent;
        }
        let entry = entries + 2 * (number as usize - 1);
        let found = words[entry];
        if found == key {
            return Seen::At(entry);
        }
        if word::tag(key) == word::TAG_STRING && may_be(found, key) {
            let other = known_hash(words, images, found);
            if other == 0 || other == hash {
                return Seen::Unknown;
            }
        }
    }
}

/// The hash of a string that is not short; 0 when it has not been computed yet.
fn known_hash(words: &[Word], images: &[Arc<Image>], value: Word) -> u32 {
    let strings = match word::space(value) {
        0 => words,
        image => &images[image as usize - 1].strings,
    };
    word::header_flags(strings[word::index(value) as usize])
}
