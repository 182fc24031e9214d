//! How tables lie in their words: for [`Heap`](crate::heap::Heap) and for the interpreter's short ways
//! alike, which have nothing but the words. What is asserted here holds for forged snapshots too.

use procession_types::word::{self, Kind, Word, table};

/// Writes a table without metatable. Its array part has no items yet.
#[inline(always)]
pub(crate) fn put_table(words: &mut [Word], at: usize, array: usize, hash: usize) {
    words[at] = word::header(Kind::Table, 0, 0);
    words[at + table::ARRAY as usize] = array as Word;
    words[at + table::HASH as usize] = hash as Word;
    words[at + table::META as usize] = word::NIL;
}

/// Words of a hash block.
#[inline(always)]
pub(crate) const fn hash_words(capacity: u32) -> usize {
    (word::HASH_ENTRIES + 2 * capacity + word::hash_index_words(capacity)) as usize
}

/// Writes the head of a hash block of `size` words, as [`hash_words`] says; the caller clears its
/// entries, which follow, to nil, and its index to 0.
#[inline(always)]
pub(crate) fn put_hash(words: &mut [Word], at: usize, capacity: u32, size: usize) {
    debug_assert_eq!(size, hash_words(capacity));
    words[at] = word::header(Kind::Hash, 0, size as u32 - 1);
    words[at + word::HASH_USED as usize] = Word::from(capacity) << 32;
}

/// Used entries and capacity of a hash block.
#[inline(always)]
pub(crate) fn hash_size(words: &[Word], block: usize) -> (usize, usize) {
    let packed = words[block + word::HASH_USED as usize];
    (packed as u32 as usize, (packed >> 32) as usize)
}

/// Sets how many entries of a hash block are used.
#[inline(always)]
pub(crate) fn put_hash_size(words: &mut [Word], block: usize, used: usize, capacity: usize) {
    debug_assert!(used <= capacity);
    words[block + word::HASH_USED as usize] = used as Word | (capacity as Word) << 32;
}

/// Adds an entry to a hash block that has room; gives its number. It is not in the index, if there is
/// one.
#[inline(always)]
pub(crate) fn put_entry(words: &mut [Word], block: usize, key: Word, value: Word) -> usize {
    let (used, capacity) = hash_size(words, block);
    debug_assert!(used < capacity && key != word::NIL && value != word::NIL);
    let entry = block + word::HASH_ENTRIES as usize + 2 * used;
    put_hash_size(words, block, used + 1, capacity);
    words[entry] = key;
    words[entry + 1] = value;
    used
}

/// Array block (0 = none) of a table, and how many of its slots are used.
#[inline(always)]
pub(crate) fn array_part(words: &[Word], at: usize) -> (usize, usize) {
    let packed = words[at + table::ARRAY as usize];
    (packed as u32 as usize, (packed >> 32) as usize)
}

/// Sets which array block a table has, and how many of its slots are used.
#[inline(always)]
pub(crate) fn put_array_part(words: &mut [Word], at: usize, block: usize, used: usize) {
    words[at + table::ARRAY as usize] = block as Word | (used as Word) << 32;
}

/// Sets the item at a position (from 0) behind the used part of an array block, within its capacity.
#[inline(always)]
pub(crate) fn put_item(words: &mut [Word], at: usize, block: usize, position: usize, value: Word) {
    debug_assert!(position < word::header_length(words[block]) as usize && value != word::NIL);
    words[block + 1 + position] = value;
    put_array_part(words, at, block, position + 1);
}
