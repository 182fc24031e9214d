//! Fragments are built.

use super::Fragment;
use crate::word::{self, Kind, Word, table};
use smallvec::SmallVec;

/// Builds fragments outside of a guest: events, results of host calls, command-line arguments.
#[derive(Debug, Default)]
pub struct FragmentBuilder {
    words: SmallVec<[Word; 3]>,
}

impl FragmentBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A string of any bytes.
    pub fn string(&mut self, bytes: &[u8]) -> Word {
        if let Some(word) = word::short(bytes) {
            return word;
        }
        let at = self.next();
        self.words.push(word::header(Kind::String, word::hash_bytes(bytes), bytes.len() as u32));
        for chunk in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            self.words.push(u64::from_le_bytes(padded));
        }
        word::make(word::TAG_STRING, 0, at)
    }

    /// An integer of any size.
    pub fn integer(&mut self, value: i64) -> Word {
        word::from_int(value).unwrap_or_else(|| {
            let at = self.next();
            self.words.push(word::header(Kind::Integer, 0, 1));
            self.words.push(value as u64);
            word::object(Kind::Integer, at)
        })
    }

    /// A table with the values at 1, 2, ….
    pub fn list(&mut self, values: &[Word]) -> Word {
        let array = self.array(values);
        self.table(array, values.len() as u32, 0)
    }

    /// A table with the given fields (names distinct; nil values are left out).
    pub fn record(&mut self, fields: &[(&str, Word)]) -> Word {
        let entries: SmallVec<[(Word, Word); 8]> = fields
            .iter()
            .filter(|(_, value)| *value != word::NIL)
            .map(|&(name, value)| (self.string(name.as_bytes()), value))
            .collect();
        let mut hash = 0;
        if !entries.is_empty() {
            hash = self.next();
            let count = entries.len() as u32;
            let index = word::hash_index_words(count);
            // Whoever unpacks it builds the index, since that needs the hash of every key.
            let flags = if index == 0 { 0 } else { word::HASH_STALE };
            self.words.push(word::header(Kind::Hash, flags, 1 + 2 * count + index));
            self.words.push(u64::from(count) | u64::from(count) << 32);
            for (key, value) in entries {
                self.words.push(key);
                self.words.push(value);
            }
            self.words.extend(std::iter::repeat_n(0, index as usize));
        }
        self.table(0, 0, hash)
    }

    /// The values of another fragment, with a copy of its objects.
    pub fn include(&mut self, fragment: &Fragment) -> SmallVec<[Word; 4]> {
        let mut values = SmallVec::from_slice(fragment.values());
        let objects = fragment.objects();
        if objects.is_empty() {
            return values;
        }
        // A block that lies at index 0 holds nothing, and only there.
        let is_box = word::header_kind(objects[0]) == Kind::Box as u8;
        let skipped = if is_box { 1 + word::header_length(objects[0]) as usize } else { 0 };
        let start = self.next() as usize;
        self.words.extend_from_slice(&objects[skipped..]);
        let by = (start as u64).wrapping_sub(skipped as u64);
        shift_objects(&mut self.words[start..], by);
        values.iter_mut().for_each(|value| shift(value, by));
        values
    }

    /// The fragment with these values.
    #[must_use]
    pub fn finish(mut self, values: &[Word]) -> Fragment {
        self.words.extend_from_slice(values);
        Fragment::from_words(self.words, values.len() as u32)
    }

    fn next(&mut self) -> u32 {
        if self.words.is_empty() {
            // Index 0 means "no block" in a table, so no object may live there.
            self.words.push(word::header(Kind::Box, 0, 1));
            self.words.push(word::NIL);
        }
        self.words.len() as u32
    }

    fn array(&mut self, values: &[Word]) -> u32 {
        if values.is_empty() {
            return 0;
        }
        let at = self.next();
        self.words.push(word::header(Kind::Array, 0, values.len() as u32));
        self.words.extend_from_slice(values);
        at
    }

    fn table(&mut self, array: u32, length: u32, hash: u32) -> Word {
        let at = self.next();
        self.words.push(word::header(Kind::Table, 0, 0));
        self.words.push(u64::from(array) | u64::from(length) << 32);
        self.words.push(u64::from(hash));
        self.words.push(word::NIL);
        word::make(word::TAG_TABLE, 0, at)
    }
}

fn shift(value: &mut Word, by: u64) {
    if *value >= word::REFERENCE_FIRST {
        *value = value.wrapping_add(by);
    }
}

/// Moves what objects refer to.
fn shift_objects(words: &mut [Word], by: u64) {
    let mut at = 0;
    while at < words.len() {
        let head = words[at];
        let length = word::header_length(head) as usize;
        let (size, values) = match Kind::from_u8(word::header_kind(head)) {
            Some(Kind::String) => (1 + word::string_words(length), 0..0),
            Some(Kind::Table) => {
                for field in [table::ARRAY, table::HASH] {
                    let block = &mut words[at + field as usize];
                    // 0 is no block.
                    if *block as u32 != 0 {
                        *block = block.wrapping_add(by);
                    }
                }
                (table::WORDS as usize, 0..0)
            }
            Some(Kind::Hash) => {
                let used = words[at + word::HASH_USED as usize] as u32 as usize;
                let first = at + word::HASH_ENTRIES as usize;
                (1 + length, first..first + 2 * used)
            }
            Some(Kind::Array | Kind::User) => (1 + length, at + 1..at + 1 + length),
            Some(Kind::Integer | Kind::Box | Kind::Closure | Kind::Coroutine | Kind::Stack)
            | None => (1 + length, 0..0),
        };
        words[values].iter_mut().for_each(|value| shift(value, by));
        at += size;
    }
}
