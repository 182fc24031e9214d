//! Hibernation: the array of a process that has been idle for long, packed.
//!
//! What the processes of a program hold at the point where they wait differs in little. So the first
//! of them that is packed becomes the program's pattern, and the others are written down as what
//! differs from it: they are compressed with the pattern as the dictionary. Everything else about the
//! process stays as it is, and unpacking gives the same array, bit for bit.

use crate::heap::{Heap, root};
use lz4_flex::block::{
    compress_into_with_dict, decompress_into_with_dict, get_maximum_output_size,
};
use std::cell::RefCell;
use std::sync::OnceLock;

/// Words of the largest heap that is packed: more would take a shard longer than a slice, and little
/// is won by it where processes are few and large.
const WORDS_MAX: usize = 1 << 15;
/// The compressor looks back no further.
const PATTERN_BYTES_MAX: usize = 64 << 10;
/// A scratch buffer that is larger is given back after use.
const SCRATCH_KEPT_MAX: usize = 64 << 10;

thread_local! {
    /// Where the compressor writes.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What the processes of a program have in common; made by the first one that is packed.
pub(crate) type Pattern = OnceLock<Box<[u8]>>;

/// A packed array, and what must be known about it without unpacking.
pub(crate) struct Packed {
    bytes: Box<[u8]>,
    /// Instructions executed.
    pub(crate) instructions: u64,
    /// Words that were held.
    pub(crate) held: usize,
}

/// Packs the words of a heap, which has none then; `None` when it is too large.
pub(crate) fn pack(heap: &mut Heap, pattern: &Pattern) -> Option<Packed> {
    if heap.used() > WORDS_MAX {
        return None;
    }
    let words: &[u8] = bytemuck::cast_slice(heap.words());
    let pattern = pattern.get_or_init(|| words[..words.len().min(PATTERN_BYTES_MAX)].into());
    let bytes = SCRATCH.with(|scratch| {
        let mut scratch = scratch.borrow_mut();
        let most = get_maximum_output_size(words.len());
        if scratch.len() < most {
            scratch.resize(most, 0);
        }
        let length = compress_into_with_dict(words, &mut scratch, pattern).ok()?;
        let bytes = Box::from(&scratch[..length]);
        if scratch.len() > SCRATCH_KEPT_MAX {
            *scratch = Vec::new();
        }
        Some(bytes)
    })?;
    let (instructions, held) = (heap.get(root::INSTRUCTIONS), heap.held());
    heap.empty();
    Some(Packed { bytes, instructions, held })
}

/// Gives a heap its words back.
pub(crate) fn unpack(packed: &Packed, heap: &mut Heap, pattern: &Pattern) {
    let pattern = pattern.get().map_or(&[][..], |pattern| pattern);
    let words = bytemuck::cast_slice_mut(heap.refill());
    let length = decompress_into_with_dict(&packed.bytes, words, pattern);
    assert_eq!(length.ok(), Some(words.len()), "what was packed can be unpacked");
}
