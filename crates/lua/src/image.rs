//! Compiled programs: immutable, shared by all processes that run them.

use crate::bytecode::Prototype;
use procession_types::word::{self, Kind, Word};
use std::collections::HashMap;

/// Compiled code with its constants. A process numbers its images: 0 is the standard library, 1 the
/// program with everything it imports, the rest are chunks it loaded itself.
#[derive(Debug, Default)]
pub struct Image {
    /// All prototypes; a closure names its prototype by its index here.
    pub prototypes: Vec<Prototype>,
    /// The string constants, laid out as in a heap.
    pub strings: Vec<Word>,
    /// How messages name the source files.
    pub files: Vec<Box<str>>,
    /// Which prototype is the main chunk of each module, by `require` name; the program's own main
    /// chunk comes first.
    pub modules: Vec<(Box<str>, u32)>,
    /// For each module: its `_ENV` upvalue is a box.
    pub env_is_boxed: Vec<bool>,
    /// Names of the runtime's modules that the program may `require`.
    pub allowed: Vec<Box<str>>,
    /// What its messages' payloads are.
    pub payloads: Payloads,
    /// Bytes of the text that it was compiled from, when a process has loaded it itself: whoever restores
    /// the process compiles it again, also where the heap has one text for many chunks.
    pub source_bytes: usize,
}

/// What `message:payload()` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payloads {
    /// The value itself.
    #[default]
    Plain,
    /// A wrapper with `:data()` and `:get_format()`, as `payload.new` makes it.
    Wrapped,
}

impl Image {
    /// Whether it has no code at all: that of a chunk that has been given back.
    pub(crate) fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// Words of memory that it takes, about.
    pub(crate) fn words(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        let prototypes = self.prototypes.iter().map(|prototype| {
            let names = prototype.names.len() * 6 + prototype.upvalue_names.len() * 4;
            prototype.code.len() * 2
                + prototype.known.len() * 3
                + prototype.constants.len()
                + prototype.big.len()
                + names
                + 32
        });
        prototypes.sum::<usize>() + self.strings.len() + self.source_bytes / 8 + 64
    }
}

/// Collects what becomes an [`Image`].
#[derive(Debug)]
pub struct ImageBuilder<'a> {
    /// The image so far.
    pub image: Image,
    number: u16,
    interned: HashMap<Box<[u8]>, Word>,
    library: Option<&'a HashMap<Box<[u8]>, Word>>,
}

impl<'a> ImageBuilder<'a> {
    /// A builder of image `number`. `library` holds the string constants of the standard library:
    /// they are taken from there, so that equal constants are equal words.
    #[must_use]
    pub fn new(number: u16, library: Option<&'a HashMap<Box<[u8]>, Word>>) -> Self {
        Self { image: Image::default(), number, interned: HashMap::new(), library }
    }

    /// The word of a string constant; equal strings give the same word.
    pub fn string(&mut self, bytes: &[u8]) -> Word {
        if let Some(word) = word::short(bytes) {
            return word;
        }
        if let Some(&word) = self.library.and_then(|library| library.get(bytes)) {
            return word;
        }
        if let Some(&word) = self.interned.get(bytes) {
            return word;
        }
        let at = self.image.strings.len() as u32;
        let head = word::header(Kind::String, word::hash_bytes(bytes), bytes.len() as u32);
        self.image.strings.push(head);
        for chunk in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            self.image.strings.push(u64::from_le_bytes(padded));
        }
        let word = word::make(word::TAG_STRING, 1 + self.number, at);
        self.interned.insert(bytes.into(), word);
        word
    }

    /// The image and its string constants.
    #[must_use]
    pub fn finish(self) -> (Image, HashMap<Box<[u8]>, Word>) {
        (self.image, self.interned)
    }
}
