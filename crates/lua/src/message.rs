//! Moving values between a heap and fragments.
//!
//! Out: a copy of everything reachable from the values, with references counted from the fragment's
//! start. In: the objects are appended to the heap and their references shifted, in one pass.

mod pack;
mod path;

use crate::collect::object_words;
use crate::vm::Vm;
use pack::{Bench, Packed, Packer};
use procession_types::Fragment;
use procession_types::word::{self, Kind, Word, table};
use smallvec::SmallVec;
use std::cell::RefCell;

const TABLE: u8 = Kind::Table as u8;
const HASH: u8 = Kind::Hash as u8;
const ARRAY: u8 = Kind::Array as u8;
const USER: u8 = Kind::User as u8;

/// Room that is kept for packing from message to message, in words.
const BENCH_WORDS_MAX: usize = 1 << 14;

/// Words of all messages' arrays that a thread keeps for further messages.
const SPARE_WORDS_MAX: usize = 1 << 16;

thread_local! {
    static WORKSHOP: RefCell<Workshop> = RefCell::default();
}

/// What a thread keeps for packing.
#[derive(Default)]
struct Workshop {
    bench: Bench,
    /// Arrays of messages that have been unpacked: getting one costs less than allocating it.
    spare: Vec<Vec<Word>>,
    spare_words: usize,
}

impl Workshop {
    /// An empty array for so many words, and not many more.
    fn array(&mut self, words: usize) -> Vec<Word> {
        if let Some(array) = self.spare.pop() {
            self.spare_words -= array.capacity();
            if (words..=2 * words).contains(&array.capacity()) {
                return array;
            }
        }
        Vec::with_capacity(words)
    }

    fn fragment(&mut self, packed: &Packed, values: &[Word]) -> Fragment {
        if packed.words == 0 {
            return Fragment::from_words(SmallVec::from_slice(values), values.len() as u32);
        }
        let references = &packed.bench.references;
        let list = if packed.is_listed { Fragment::list_words(references.len()) } else { 0 };
        let mut words = self.array(packed.words + values.len() + list);
        words.extend_from_slice(&packed.bench.out[..packed.words]);
        words.extend_from_slice(values);
        if packed.is_listed {
            return Fragment::with_references(words, values.len() as u32, references);
        }
        Fragment::from_words(SmallVec::from_vec(words), values.len() as u32)
    }

    fn keep(&mut self, mut array: Vec<Word>) {
        if self.spare_words + array.capacity() <= SPARE_WORDS_MAX {
            array.clear();
            self.spare_words += array.capacity();
            self.spare.push(array);
        }
    }
}

/// Keeps the array of a message that has been unpacked.
pub(crate) fn recycle(fragment: Fragment) {
    let words = fragment.into_room();
    if words.spilled() {
        WORKSHOP.with_borrow_mut(|workshop| workshop.keep(words.into_vec()));
    }
}

/// Why values could not be packed.
#[derive(Debug)]
pub(crate) enum PackError {
    /// Something in them can't be sent.
    Unsendable,
    /// They are larger than the limit.
    TooLarge,
}

impl Vm<'_> {
    /// Packs values into a fragment.
    pub(crate) fn pack(&mut self, values: &[Word], bytes_max: u64) -> Result<Fragment, PackError> {
        if let [value] = values
            && word::is_scalar(*value)
        {
            return Ok(Fragment::scalar(*value));
        }
        let strings = self.strings();
        let words_max = usize::try_from(bytes_max / 8).unwrap_or(usize::MAX);
        let mut values: SmallVec<[Word; 8]> = SmallVec::from_slice(values);
        let (result, steps) = WORKSHOP.with_borrow_mut(|workshop| {
            let bench = std::mem::take(&mut workshop.bench);
            let mut packer = Packer::new(self.heap.words_mut(), strings, bench, words_max);
            let result = packer.pack(&mut values);
            let packed = packer.finish();
            let steps = packed.words / 4 + packed.wrappers;
            let result = result.map(|()| workshop.fragment(&packed, &values));
            workshop.bench = packed.bench;
            workshop.bench.trim(BENCH_WORDS_MAX);
            (result, steps)
        });
        // Also what could not be packed has cost something.
        self.fuel -= steps as i64;
        result
    }

    /// Unpacks a fragment: its values' words. The heap grows by its objects.
    pub(crate) fn unpack(&mut self, fragment: &Fragment) -> SmallVec<[Word; 4]> {
        self.fuel -= (fragment.words().len() / 4) as i64;
        if fragment.objects().is_empty() {
            return SmallVec::from_slice(fragment.values());
        }
        unpack(self.heap, fragment)
    }
}

/// See [`Vm::unpack`].
pub(crate) fn unpack(heap: &mut crate::heap::Heap, fragment: &Fragment) -> SmallVec<[Word; 4]> {
    let objects = fragment.objects();
    let base = heap.allocate(objects.len());
    let words = &mut heap.words_mut()[base..];
    words.copy_from_slice(objects);
    match fragment.references() {
        Some((list, count)) => shift_listed(words, list, count, base),
        None => shift_all(words, base),
    }
    let mut values: SmallVec<[Word; 4]> = SmallVec::from_slice(fragment.values());
    values.iter_mut().for_each(|value| shift(value, base));
    values
}

/// Whatever a fragment refers to is in it.
#[inline(always)]
fn shift(value: &mut Word, base: usize) {
    if *value >= word::REFERENCE_FIRST {
        *value += base as u64;
    }
}

/// Shifts the words at the listed positions, of which there are two in a word.
fn shift_listed(words: &mut [Word], list: &[Word], count: usize, base: usize) {
    for &pair in &list[..count / 2] {
        words[pair as u32 as usize] += base as u64;
        words[(pair >> 32) as usize] += base as u64;
    }
    if count % 2 == 1 {
        words[list[count / 2] as u32 as usize] += base as u64;
    }
}

/// Shifts all references, and the blocks of tables.
fn shift_all(words: &mut [Word], base: usize) {
    let shift = |value: &mut Word| shift(value, base);
    let mut scan = 0;
    while scan < words.len() {
        let head = words[scan];
        match word::header_kind(head) {
            TABLE => {
                let fields = &mut words[scan..scan + table::WORDS as usize];
                for field in [table::ARRAY as usize, table::HASH as usize] {
                    // 0 is no block.
                    let shift = if fields[field] as u32 == 0 { 0 } else { base as u64 };
                    fields[field] += shift;
                }
                scan += table::WORDS as usize;
            }
            HASH => {
                if word::header_flags(head) & crate::table::HASH_BY_POSITION != 0 {
                    words[scan] = head | u64::from(crate::table::HASH_STALE) << 8;
                }
                let used = words[scan + word::HASH_USED as usize] as u32 as usize;
                let first = scan + word::HASH_ENTRIES as usize;
                words[first..first + 2 * used].iter_mut().for_each(shift);
                scan += object_words(head);
            }
            ARRAY | USER => {
                let end = scan + 1 + word::header_length(head) as usize;
                words[scan + 1..end].iter_mut().for_each(shift);
                scan = end;
            }
            _ => scan += object_words(head),
        }
    }
}
