//! Flat values that travel: messages, arguments, results, details of errors.
//!
//! A fragment is an array of words: objects first, then the values themselves. References are
//! indices into the same array, so moving it into a heap is one pass that adds the heap's offset.
//! The same bytes go to another process, to disk and to the wire.

mod builder;

use crate::word::{self, Kind, Word, table};
use smallvec::SmallVec;

pub use builder::FragmentBuilder;

/// Zero or more values with everything they refer to.
#[derive(Debug, Clone, Default)]
pub struct Fragment {
    /// Objects, values, and the list of references, two a word.
    words: SmallVec<[Word; 3]>,
    values: u32,
    /// Length of the list of references; [`UNLISTED`] when there is none.
    references: u32,
}

/// The references of a fragment have to be looked for.
const UNLISTED: u32 = u32::MAX;

impl Fragment {
    /// A fragment from its words: objects, then `values` values.
    ///
    /// # Panics
    /// When there are fewer words than values.
    #[must_use]
    pub fn from_words(words: SmallVec<[Word; 3]>, values: u32) -> Self {
        assert!(values as usize <= words.len(), "a fragment holds its values");
        Self { words, values, references: UNLISTED }
    }

    /// A fragment from its words, and the positions of all words in its objects that hold an index
    /// into it (references, and the blocks of tables). It moves into a heap the faster.
    ///
    /// # Panics
    /// When there are fewer words than values.
    #[must_use]
    pub fn with_references(mut words: Vec<Word>, values: u32, references: &[u32]) -> Self {
        assert!(values as usize <= words.len(), "a fragment holds its values");
        let (pairs, last) = references.as_chunks::<2>();
        words.extend(
            pairs.iter().map(|&[first, second]| u64::from(first) | u64::from(second) << 32),
        );
        words.extend(last.iter().map(|&last| u64::from(last)));
        let references = references.len() as u32;
        Self { words: SmallVec::from_vec(words), values, references }
    }

    /// Words that `with_references` needs for a list of this length.
    #[must_use]
    pub const fn list_words(references: usize) -> usize {
        references.div_ceil(2)
    }

    /// The single value `nil`.
    #[must_use]
    pub fn nil() -> Self {
        Self::scalar(word::NIL)
    }

    /// A single value that refers to nothing.
    #[must_use]
    #[inline]
    pub fn scalar(value: Word) -> Self {
        let words = SmallVec::from_buf_and_len([value, 0, 0], 1);
        Self { words, values: 1, references: UNLISTED }
    }

    /// How many values.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.values as usize
    }

    /// Whether there are no values.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.values == 0
    }

    /// All words: objects and values.
    #[must_use]
    #[inline]
    pub fn words(&self) -> &[Word] {
        &self.words[..self.end()]
    }

    /// The room of all words, to be used for something else.
    #[must_use]
    #[inline]
    pub fn into_room(self) -> SmallVec<[Word; 3]> {
        self.words
    }

    /// The words of the objects.
    #[must_use]
    #[inline]
    pub fn objects(&self) -> &[Word] {
        &self.words[..self.end() - self.values as usize]
    }

    /// The values.
    #[must_use]
    #[inline]
    pub fn values(&self) -> &[Word] {
        let end = self.end();
        &self.words[end - self.values as usize..end]
    }

    /// The list of references, two positions a word, and its length; `None` when it was not made.
    #[must_use]
    #[inline]
    pub fn references(&self) -> Option<(&[Word], usize)> {
        let list = &self.words[self.end()..];
        (self.references != UNLISTED).then_some((list, self.references as usize))
    }

    /// Where the words end and the list begins.
    #[inline]
    fn end(&self) -> usize {
        match self.references {
            UNLISTED => self.words.len(),
            references => self.words.len() - Self::list_words(references as usize),
        }
    }

    /// Size in bytes.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> usize {
        self.end() * 8
    }

    /// The string in `value`, a word of this fragment.
    #[must_use]
    pub fn string(&self, value: Word) -> Option<Vec<u8>> {
        match word::tag(value) {
            word::TAG_SHORT => {
                let (bytes, length) = word::short_bytes(value);
                Some(bytes[..length].to_vec())
            }
            word::TAG_STRING if word::space(value) == 0 => {
                let at = word::index(value) as usize;
                let head = *self.words.get(at)?;
                let length = word::header_length(head) as usize;
                let words = self.words.get(at + 1..at + 1 + word::string_words(length))?;
                let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
                bytes.truncate(length);
                Some(bytes)
            }
            _ => None,
        }
    }

    /// The integer in `value`, a word of this fragment.
    #[must_use]
    pub fn integer(&self, value: Word) -> Option<i64> {
        if word::is_int(value) {
            return Some(word::to_int(value));
        }
        let big =
            word::tag(value) == word::TAG_OBJECT && word::space(value) == Kind::Integer as u16;
        big.then(|| self.words.get(word::index(value) as usize + 1).map(|&bits| bits as i64))?
    }

    /// The values at 1, 2, … of the table in `value`; `None` when it is no table.
    #[must_use]
    pub fn items(&self, value: Word) -> Option<&[Word]> {
        if word::tag(value) != word::TAG_TABLE {
            return None;
        }
        let array = *self.words.get(word::index(value) as usize + table::ARRAY as usize)?;
        let (block, used) = (array as u32 as usize, (array >> 32) as usize);
        if block == 0 { Some(&[]) } else { self.words.get(block + 1..block + 1 + used) }
    }

    /// The field `name` of the table in `value`; `None` when it is no table or has no such field.
    #[must_use]
    pub fn field(&self, value: Word, name: &[u8]) -> Option<Word> {
        self.fields(value)
            .find(|(key, _)| self.string(*key).is_some_and(|key| key == name))
            .map(|(_, value)| value)
    }

    /// Keys and values of the hash part of the table in `value`, in order of insertion; what was
    /// removed is left out. Nothing when it is no table.
    pub fn fields(&self, value: Word) -> impl Iterator<Item = (Word, Word)> {
        let entries = self.hash_entries(value).unwrap_or_default().chunks_exact(2);
        entries.map(|entry| (entry[0], entry[1])).filter(|&(_, value)| value != word::NIL)
    }

    /// The fields of the error object in `value`: kind, message, retryable, details, traceback;
    /// `None` when it is no error object.
    #[must_use]
    pub fn error_fields(&self, value: Word) -> Option<&[Word]> {
        let is_user = word::tag(value) == word::TAG_OBJECT
            && word::space(value) == Kind::User as u16
            && word::header_flags(*self.words.get(word::index(value) as usize)?)
                == word::USER_ERROR;
        let first = word::index(value) as usize + 1;
        is_user.then(|| self.words.get(first..first + word::USER_ERROR_FIELDS as usize))?
    }

    fn hash_entries(&self, value: Word) -> Option<&[Word]> {
        if word::tag(value) != word::TAG_TABLE {
            return None;
        }
        let hash = *self.words.get(word::index(value) as usize + table::HASH as usize)? as u32;
        if hash == 0 {
            return None;
        }
        let used = *self.words.get(hash as usize + word::HASH_USED as usize)? as u32 as usize;
        let first = hash as usize + word::HASH_ENTRIES as usize;
        self.words.get(first..first + 2 * used)
    }
}

/// Equal words; how they came to be does not matter.
impl PartialEq for Fragment {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.words() == other.words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_need_no_objects() {
        let fragment = FragmentBuilder::new().finish(&[word::TRUE, word::int_wrapping(7)]);
        assert_eq!((fragment.len(), fragment.objects().len()), (2, 0));
    }

    #[test]
    fn what_is_included_is_what_it_was() {
        let mut inner = FragmentBuilder::new();
        let (text, big) = (inner.string(b"a longer string"), inner.integer(i64::MIN));
        let list = inner.list(&[text, word::TRUE, big]);
        let record = inner.record(&[("list", list), ("a longer name", text)]);
        let inner = inner.finish(&[record, word::NIL]);
        for _ in 0..3 {
            let mut builder = FragmentBuilder::new();
            let first = builder.include(&inner);
            let own = builder.string(b"something of its own");
            let second = builder.include(&inner);
            let fragment = builder.finish(&[first[0], own, second[0], second[1]]);
            let checked = Fragment::from_foreign(fragment.words().into(), 4).unwrap();
            for record in [first[0], second[0]] {
                let name = checked.field(record, b"a longer name").unwrap();
                assert_eq!(checked.string(name).unwrap(), b"a longer string");
            }
            assert_eq!(checked.string(own).unwrap(), b"something of its own");
        }
        let mut builder = FragmentBuilder::new();
        assert_eq!(builder.include(&Fragment::nil()).as_slice(), [word::NIL]);
    }

    #[test]
    fn records_and_strings_are_readable() {
        let mut builder = FragmentBuilder::new();
        let text = builder.string(b"a longer string");
        let big = builder.integer(i64::MAX);
        let record = builder.record(&[("name", text), ("count", big), ("gone", word::NIL)]);
        let fragment = builder.finish(&[record]);
        let name = fragment.field(record, b"name").unwrap();
        assert_eq!(fragment.string(name).unwrap(), b"a longer string");
        let count = fragment.field(record, b"count").unwrap();
        assert_eq!(fragment.integer(count), Some(i64::MAX));
        assert_eq!(fragment.field(record, b"gone"), None);
        assert_eq!(fragment.items(record), Some(&[][..]));
        let mut builder = FragmentBuilder::new();
        let list = builder.list(&[word::TRUE, word::NIL]);
        assert_eq!(builder.finish(&[list]).items(list), Some(&[word::TRUE, word::NIL][..]));
        assert_eq!(fragment.fields(record).count(), 2);
        assert_eq!(fragment.error_fields(record), None);
    }

    #[test]
    fn large_records_and_lists_are_readable_and_sound() {
        let names: Vec<String> = (0..1000).map(|number| format!("field {number}")).collect();
        let fields: Vec<(&str, Word)> = names.iter().map(|name| (&**name, word::TRUE)).collect();
        let mut builder = FragmentBuilder::new();
        let record = builder.record(&fields);
        let list = builder.list(&[record, word::NIL, word::FALSE]);
        let fragment = builder.finish(&[list]);
        assert_eq!(fragment.items(list), Some(&[record, word::NIL, word::FALSE][..]));
        assert_eq!(fragment.fields(record).count(), 1000);
        assert_eq!(fragment.field(record, b"field 999"), Some(word::TRUE));
        let words = fragment.words().into();
        assert_eq!(Fragment::from_foreign(words, 1), Ok(fragment));
    }
}
