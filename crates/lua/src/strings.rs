//! Access to strings wherever they are: in the word, in the heap, among an image's constants.

use crate::heap::Heap;
use crate::image::Image;
use procession_types::word::{self, Word};
use std::ops::Deref;
use std::sync::Arc;

/// The images of a process, as far as strings need them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strings<'a> {
    pub(crate) images: &'a [Arc<Image>],
}

/// The bytes of a string.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text<'a> {
    Short([u8; 8], usize),
    Long(&'a [u8]),
}

impl Deref for Text<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(bytes, length) => &bytes[..*length],
            Self::Long(bytes) => bytes,
        }
    }
}

/// Words of strings that are looked at within the price of an instruction, and for one more.
const FREE_WORDS: usize = 64;
const WORDS_PER_FUEL: usize = 8;

impl Heap {
    /// Notes that the words of a string were looked at.
    #[inline(always)]
    pub(crate) fn toil_over(&mut self, words: usize) {
        if words > FREE_WORDS {
            self.toil += (words / WORDS_PER_FUEL) as i64;
        }
    }
}

/// Whether the word is a string.
#[inline(always)]
pub(crate) fn is_string(value: Word) -> bool {
    let tag = word::tag(value);
    tag == word::TAG_STRING || tag == word::TAG_SHORT
}

impl<'a> Strings<'a> {
    /// The words that hold a long string, and where in them its header is.
    #[inline]
    fn place<'b>(self, heap: &'b Heap, value: Word) -> (&'b [Word], usize)
    where
        'a: 'b,
    {
        let at = word::index(value) as usize;
        match word::space(value) {
            0 => (heap.words(), at),
            image => (&self.images[image as usize - 1].strings, at),
        }
    }

    /// The words of a constant of an image: header with hash, then the bytes.
    pub(crate) fn constant(self, value: Word) -> &'a [Word] {
        let at = word::index(value) as usize;
        let words = &self.images[word::space(value) as usize - 1].strings;
        let length = word::header_length(words[at]) as usize;
        &words[at..=at + word::string_words(length)]
    }

    /// The bytes of a string; any other value has none.
    #[inline(always)]
    pub(crate) fn bytes<'b>(self, heap: &'b Heap, value: Word) -> Text<'b>
    where
        'a: 'b,
    {
        if word::tag(value) == word::TAG_SHORT {
            let (bytes, length) = word::short_bytes(value);
            return Text::Short(bytes, length);
        }
        if word::tag(value) != word::TAG_STRING {
            return Text::Long(&[]);
        }
        let (words, at) = self.place(heap, value);
        let length = word::header_length(words[at]) as usize;
        let bytes: &[u8] =
            bytemuck::cast_slice(&words[at + 1..at + 1 + word::string_words(length)]);
        Text::Long(&bytes[..length])
    }

    /// Length of a string in bytes; any other value has none.
    #[inline]
    pub(crate) fn length(self, heap: &Heap, value: Word) -> usize {
        if word::tag(value) == word::TAG_SHORT {
            return word::short_len(value);
        }
        if word::tag(value) != word::TAG_STRING {
            return 0;
        }
        let (words, at) = self.place(heap, value);
        word::header_length(words[at]) as usize
    }

    /// The hash of a string; remembered in the header of a heap string.
    pub(crate) fn hash(self, heap: &mut Heap, value: Word) -> u32 {
        if word::tag(value) == word::TAG_SHORT {
            return crate::table::mix(value);
        }
        let (words, at) = self.place(heap, value);
        let head = words[at];
        let known = word::header_flags(head);
        if known != 0 {
            return known;
        }
        heap.toil_over(word::string_words(word::header_length(head) as usize));
        let hash = word::hash_bytes(&self.bytes(heap, value));
        heap.set(at, head | u64::from(hash) << 8);
        hash
    }

    /// Whether two words, at least one of them a string, are equal strings.
    pub(crate) fn same(self, heap: &mut Heap, a: Word, b: Word) -> bool {
        if a == b {
            return true;
        }
        // A short string is always one word; constants of one image are all different.
        if word::tag(a) != word::TAG_STRING || word::tag(b) != word::TAG_STRING {
            return false;
        }
        let (space_a, space_b) = (word::space(a), word::space(b));
        if space_a == space_b && space_a != 0 {
            return false;
        }
        let (words_a, at_a) = self.place(heap, a);
        let (words_b, at_b) = self.place(heap, b);
        let (head_a, head_b) = (words_a[at_a], words_b[at_b]);
        if word::header_length(head_a) != word::header_length(head_b) {
            return false;
        }
        let (hash_a, hash_b) = (word::header_flags(head_a), word::header_flags(head_b));
        if hash_a != hash_b && hash_a != 0 && hash_b != 0 {
            return false;
        }
        let count = word::string_words(word::header_length(head_a) as usize);
        let is_same = words_a[at_a + 1..=at_a + count] == words_b[at_b + 1..=at_b + count];
        heap.toil_over(count);
        is_same
    }
}
