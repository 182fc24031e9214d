//! A process's heap: one array of words, allocated from the front.
//!
//! The first words are the roots (see [`root`]); after them lie objects, each with a header. Nothing
//! in the heap is an address, so copying the array copies the process.

use procession_types::word::{self, Kind, Word};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Positions of the roots.
pub(crate) mod root {
    /// The running coroutine.
    pub(crate) const CURRENT: usize = 1;
    /// The coroutine of the running task (the bottom of the chain of resumes).
    pub(crate) const TASK: usize = 2;
    /// First of the list of tasks, linked by `coroutine::NEXT`.
    pub(crate) const TASKS: usize = 3;
    /// The arguments of the program's function: a table with `n`, until they are taken.
    pub(crate) const ARGUMENTS: usize = 4;
    /// Cache of `require`d modules, and other state of the library: a table, or nil.
    pub(crate) const STATE: usize = 5;
    /// The channel of the inbox, or nil.
    pub(crate) const INBOX: usize = 6;
    /// The channel of the events, or nil.
    pub(crate) const EVENTS: usize = 7;
    /// Sources of the chunks loaded at run time, in order of their image numbers, or nil.
    pub(crate) const SOURCES: usize = 8;
    /// A value on its way while a collection may happen.
    pub(crate) const SCRATCH: usize = 9;
    /// Objects whose finalizer is due, the next one last: an array, or nil.
    pub(crate) const PENDING: usize = 10;
    /// The coroutine that calls finalizers, or nil.
    pub(crate) const FINALIZER: usize = 11;
    /// First of the words that the collector does not look at, or in a way of their own.
    pub(crate) const RAW: usize = 12;
    /// Objects that have a finalizer, in the order in which they got it: an array that keeps none of
    /// them alive, or 0.
    pub(crate) const FINALIZABLE: usize = 12;
    /// How many there are.
    pub(crate) const FINALIZABLE_COUNT: usize = 13;
    /// How many of `PENDING` there are.
    pub(crate) const PENDING_COUNT: usize = 14;
    /// Instructions executed.
    pub(crate) const INSTRUCTIONS: usize = 15;
    /// Last id given by `tostring` of an object.
    pub(crate) const LAST_ID: usize = 16;
    /// State of the random number generator (4 words).
    pub(crate) const RANDOM: usize = 17;
    /// Flags: see below.
    pub(crate) const FLAGS: usize = 21;
    /// First of the words for the library tables that the process has written to: its own copies.
    pub(crate) const OVERLAY: usize = 22;
    /// Library tables there may be at most.
    pub(crate) const OVERLAY_MAX: usize = 48;
    /// First word that is no root.
    pub(crate) const END: usize = OVERLAY + OVERLAY_MAX;

    /// The program's top level has been executed.
    pub(crate) const FLAG_LOADED: u64 = 1;
    /// The random number generator has been seeded.
    pub(crate) const FLAG_SEEDED: u64 = 2;
    /// Changes with every collection.
    pub(crate) const FLAG_EPOCH: u64 = 4;
    /// The process has ended but for its finalizers: no object gets another one.
    pub(crate) const FLAG_CLOSING: u64 = 8;
}

/// Smallest array that is allocated, in words.
const WORDS_MIN: usize = 192;
/// Garbage in words that a heap may hold however little lives in it: of one that was not collected
/// lately, and of one that is collected all the time. With the latter, what lives and the garbage fit
/// into a core's nearest cache.
const HEADROOM_MIN: usize = 512;
const HEADROOM_MAX: usize = 4096;
/// Arrays of up to this many words are kept for the next process.
const POOLED_WORDS_MAX: usize = 8192;
/// Words that are left to an idle process for its next message.
const SLACK: usize = 32;
/// What the header of a string can say of its length.
pub(crate) const STRING_BYTES_MAX: usize = u32::MAX as usize;
/// How many arrays are kept per thread.
const POOLED_MAX: usize = 256;

thread_local! {
    /// Arrays of processes that ended: touching a fresh page costs more than a small process.
    static POOL: RefCell<Vec<Vec<Word>>> = const { RefCell::new(Vec::new()) };
}

/// The words of a process.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    words: Vec<Word>,
    top: usize,
    /// Collection is due when `top` passes this.
    pub(crate) threshold: usize,
    /// The most words the process may hold.
    pub(crate) limit: usize,
    /// Garbage that a small heap may hold before the next collection.
    pub(crate) headroom: usize,
    /// Words in use when it was last collected because the process was idle; 0 = never.
    pub(crate) trimmed: usize,
    /// It was idle: the next growth is by no more than is needed, since it may be idle again at once.
    is_lean: bool,
    /// Work beyond what instructions count for that the machine has yet to pay, in instructions; between
    /// turns there is none.
    pub(crate) toil: i64,
    /// Which arrangement of objects this is, for who looks at it in parts: no other one of any heap has
    /// this number; 0 when nobody has asked.
    pub(crate) layout: u64,
}

impl Heap {
    /// A heap with empty roots.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        let mut heap = Self::from_words(&[], limit_bytes);
        heap.words[..root::END].fill(word::NIL);
        heap.words[root::RAW..root::OVERLAY].fill(0);
        heap.top = root::END;
        heap
    }

    /// A heap with this content.
    pub(crate) fn from_words(content: &[Word], limit_bytes: u64) -> Self {
        let mut words = take_array(content.len().max(WORDS_MIN));
        words[..content.len()].copy_from_slice(content);
        // References have 32 bits, and the top bit is kept free.
        let limit = usize::try_from(limit_bytes / 8).unwrap_or(usize::MAX).min(1 << 31);
        let mut heap = Self {
            words,
            top: content.len(),
            threshold: 0,
            limit,
            headroom: HEADROOM_MIN,
            trimmed: 0,
            is_lean: false,
            toil: 0,
            layout: 0,
        };
        heap.set_threshold(content.len(), 0);
        heap
    }

    /// Gives the arrangement of objects a number, if it has none.
    pub(crate) fn number_layout(&mut self) {
        static LAST: AtomicU64 = AtomicU64::new(0);
        if self.layout == 0 {
            self.layout = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        }
    }

    /// After a collection left `live` words: when the next one is due, with room for `extra` more.
    pub(crate) fn set_threshold(&mut self, live: usize, extra: usize) {
        self.threshold = (live * 2 + extra).max(live + self.headroom).min(self.threshold_max());
    }

    /// Beyond the limit there is an eighth of garbage, or a process that lives close to its limit would
    /// be collected all the time.
    pub(crate) fn threshold_max(&self) -> usize {
        self.limit + self.limit / 8
    }

    /// Whether this may be a heap's [`Heap::headroom`].
    pub(crate) const fn is_headroom(words: usize) -> bool {
        words >= HEADROOM_MIN && words <= HEADROOM_MAX
    }

    /// The process makes garbage fast: it gets more room for it.
    pub(crate) fn widen(&mut self) {
        self.headroom = (self.headroom * 2).min(HEADROOM_MAX);
    }

    /// Words in use.
    pub(crate) fn used(&self) -> usize {
        self.top
    }

    /// Words held, used or not.
    pub(crate) fn held(&self) -> usize {
        self.words.capacity()
    }

    /// The words in use.
    pub(crate) fn words(&self) -> &[Word] {
        &self.words[..self.top]
    }

    /// The words in use.
    pub(crate) fn words_mut(&mut self) -> &mut [Word] {
        &mut self.words[..self.top]
    }

    /// The words of the whole array.
    #[inline(always)]
    pub(crate) fn array(&self) -> &[Word] {
        &self.words
    }

    /// The words of the whole array, and how many of them are in use: for who allocates in place.
    #[inline(always)]
    pub(crate) fn parts(&mut self) -> (&mut [Word], &mut usize) {
        (&mut self.words, &mut self.top)
    }

    /// Replaces the content by what a collection copied: the first `top` words of an array.
    pub(crate) fn replace(&mut self, mut words: Vec<Word>, top: usize) {
        if words.len() > POOLED_WORDS_MAX && top * 3 < words.len() {
            // A large heap gives back what it no longer needs.
            words.truncate(top * 2);
            words.shrink_to_fit();
        }
        self.layout = 0;
        self.top = top;
        give_array(std::mem::replace(&mut self.words, words));
    }

    /// The word at an index.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> Word {
        self.words[index]
    }

    /// Sets the word at an index.
    #[inline(always)]
    pub(crate) fn set(&mut self, index: usize, word: Word) {
        self.words[index] = word;
    }

    /// Copies words within the heap.
    #[inline]
    pub(crate) fn copy(&mut self, from: usize, to: usize, count: usize) {
        if count < 4 {
            if from >= to {
                for offset in 0..count {
                    self.words[to + offset] = self.words[from + offset];
                }
            } else {
                for offset in (0..count).rev() {
                    self.words[to + offset] = self.words[from + offset];
                }
            }
        } else {
            self.words.copy_within(from..from + count, to);
        }
    }

    /// Fills words.
    #[inline]
    pub(crate) fn fill(&mut self, from: usize, to: usize, word: Word) {
        if from < to {
            self.words[from..to].fill(word);
        }
    }

    /// Room for an object of `count` words; its content is unspecified. The caller has made sure that
    /// the process may hold it (`Vm::reserve`), unless it is small.
    #[inline(always)]
    pub(crate) fn allocate(&mut self, count: usize) -> usize {
        let at = self.top;
        let end = at + count;
        if end > self.words.len() {
            self.grow(end);
        }
        self.top = end;
        at
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, end: usize) {
        let is_lean = std::mem::take(&mut self.is_lean);
        let length = if is_lean { lean_length(end) } else { end.max(self.words.len() * 2) };
        if self.words.len() < POOLED_WORDS_MAX && length < POOLED_WORDS_MAX {
            // What is in the pool may be much larger.
            let mut bigger = if is_lean { vec![0; length] } else { take_array(length) };
            bigger[..self.top].copy_from_slice(&self.words[..self.top]);
            give_array(std::mem::replace(&mut self.words, bigger));
        } else {
            self.words.resize(length, 0);
        }
    }

    /// Whether there is no garbage to speak of: it was trimmed, and has hardly made anything since. That
    /// follows from what a snapshot has, so that a copy is collected where the original is.
    pub(crate) fn is_trim(&self) -> bool {
        self.trimmed != 0 && self.top <= self.trimmed + SLACK / 4
    }

    /// Gives back what is not used, but for a little: whoever gets a message now and then and is
    /// trimmed each time keeps the same array.
    pub(crate) fn shrink(&mut self) {
        self.headroom = HEADROOM_MIN;
        if self.is_lean && self.words.len() - self.top >= SLACK - SLACK / 4 {
            return;
        }
        let wanted = lean_length(self.top);
        if wanted < self.words.len() && self.words.len() <= POOLED_WORDS_MAX {
            // Shrinking in place would leave holes too small for anybody.
            let mut words = Vec::with_capacity(wanted);
            words.extend_from_slice(&self.words[..wanted]);
            give_array(std::mem::replace(&mut self.words, words));
        } else {
            self.words.truncate(wanted);
            self.words.shrink_to_fit();
        }
        self.is_lean = true;
    }

    /// Gives back the array; only [`Heap::refill`] brings it back.
    pub(crate) fn empty(&mut self) {
        give_array(std::mem::take(&mut self.words));
    }

    /// An array for the content that `empty` gave away, to be written by the caller.
    pub(crate) fn refill(&mut self) -> &mut [Word] {
        self.words = vec![0; lean_length(self.top)];
        self.is_lean = true;
        &mut self.words[..self.top]
    }

    /// Another heap with all of this one's numbers, and no array.
    pub(crate) fn twin(&self) -> Self {
        Self { words: Vec::new(), ..*self }
    }

    /// A new string object; at most [`word::SHORT_MAX`] bytes give a short string.
    #[inline]
    pub(crate) fn string(&mut self, bytes: &[u8]) -> Word {
        match word::short(bytes) {
            Some(word) => word,
            None => self.long_string(bytes),
        }
    }

    #[inline(never)]
    fn long_string(&mut self, bytes: &[u8]) -> Word {
        // See `Vm::reserve_text`. A length that is cut off would make nonsense of the array.
        assert!(bytes.len() <= STRING_BYTES_MAX, "nobody makes a string of {} bytes", bytes.len());
        let count = word::string_words(bytes.len());
        let at = self.allocate(1 + count);
        self.words[at] = word::header(Kind::String, 0, bytes.len() as u32);
        self.words[at + count] = 0;
        bytemuck::cast_slice_mut(&mut self.words[at + 1..=at + count])[..bytes.len()]
            .copy_from_slice(bytes);
        word::make(word::TAG_STRING, 0, at as u32)
    }

    /// An integer of any size.
    #[inline]
    pub(crate) fn integer(&mut self, value: i64) -> Word {
        match word::from_int(value) {
            Some(word) => word,
            None => {
                let at = self.allocate(2);
                self.words[at] = word::header(Kind::Integer, 0, 1);
                self.words[at + 1] = value as u64;
                word::object(Kind::Integer, at as u32)
            }
        }
    }

    /// A new object of the runtime with its fields.
    pub(crate) fn user(&mut self, class: u32, fields: &[Word]) -> Word {
        let at = self.allocate(1 + fields.len());
        self.words[at] = word::header(Kind::User, class, fields.len() as u32);
        self.words[at + 1..=at + fields.len()].copy_from_slice(fields);
        word::object(Kind::User, at as u32)
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        give_array(std::mem::take(&mut self.words));
    }
}

/// Words of the array of an idle process that uses `used` of them.
const fn lean_length(used: usize) -> usize {
    (used + SLACK).next_multiple_of(16)
}

/// An array of at least `length` words, all of them usable.
pub(crate) fn take_array(length: usize) -> Vec<Word> {
    let length = length.next_multiple_of(64);
    if length <= POOLED_WORDS_MAX {
        let pooled = POOL.with(|pool| {
            let mut pool = pool.borrow_mut();
            let fits = pool.last().is_some_and(|array| array.len() >= length);
            fits.then(|| pool.pop()).flatten()
        });
        if let Some(array) = pooled {
            return array;
        }
    }
    vec![0; length]
}

fn give_array(mut array: Vec<Word>) {
    if array.capacity() == 0 || array.capacity() > POOLED_WORDS_MAX || array.len() < WORDS_MIN {
        return;
    }
    array.resize(array.capacity(), 0);
    POOL.with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < POOLED_MAX {
            pool.push(array);
        }
    });
}
