//! Snapshots: the array as bytes, with a header that says what it belongs to.
//!
//! Layout, all numbers little-endian: magic (8 bytes), format version (4), reserved (4), hash of the
//! library and the program's sources (8), collection threshold in words (8), number of words (8), checksum of the
//! words (8), headroom of the collector in words (4), words that the last trim left (4), instructions
//! still to be paid for (8), the words. Reading checks all of it, and that every reference leads to an
//! object of its kind, before anything is executed: damaged or foreign bytes are an error, never a
//! fault.
//!
//! A restored process goes on exactly as the original does: it is preempted and collected at the same
//! instructions, so its next snapshot has the same bytes. Recovery by replay rests on that.

mod frames;
mod objects;
mod tasks;

use crate::collect::object_words;
use crate::heap::{Heap, root};
use crate::image::Image;
use objects::Checker;
use procession_types::Error;
use procession_types::word::{self, Kind, Word};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"PROCLUA\0";
const VERSION: u32 = 5;
const HEADER_BYTES: usize = 64;

/// A snapshot that was read.
pub(crate) struct State {
    pub(crate) words: Vec<Word>,
    pub(crate) threshold: usize,
    pub(crate) headroom: usize,
    pub(crate) trimmed: usize,
    pub(crate) debt: i64,
}

/// Continues a 64-bit hash over bytes (FNV-1a by words with a final mix). It tells programs and
/// damaged snapshots apart; it is no defence against somebody who forges one.
pub(crate) fn content_hash(start: u64, bytes: &[u8]) -> u64 {
    let mut hash = start ^ 0xCBF2_9CE4_8422_2325 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(padded)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
    }
    hash
}

/// The state as bytes: a heap, and the instructions that are still to be paid for.
pub(crate) fn write(heap: &Heap, debt: i64, program: &[u8; 8]) -> Vec<u8> {
    let words: &[u8] = bytemuck::cast_slice(heap.words());
    let mut bytes = Vec::with_capacity(HEADER_BYTES + words.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(program);
    bytes.extend_from_slice(&(heap.threshold as u64).to_le_bytes());
    bytes.extend_from_slice(&(heap.used() as u64).to_le_bytes());
    bytes.extend_from_slice(&content_hash(0, words).to_le_bytes());
    bytes.extend_from_slice(&(heap.headroom as u32).to_le_bytes());
    bytes.extend_from_slice(&(heap.trimmed as u32).to_le_bytes());
    bytes.extend_from_slice(&debt.to_le_bytes());
    bytes.extend_from_slice(words);
    bytes
}

/// Reads what [`write`] wrote.
pub(crate) fn read(bytes: &[u8], program: &[u8; 8]) -> Result<State, Error> {
    let refuse = |what: &str| Error::invalid(format!("snapshot is {what}"));
    let number = |at: usize| -> u64 {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(number)
    };
    if bytes.len() < HEADER_BYTES || &bytes[..8] != MAGIC {
        return Err(refuse("damaged: it has no header"));
    }
    if bytes[8..12] != VERSION.to_le_bytes() {
        return Err(refuse("of another format version"));
    }
    if &bytes[16..24] != program {
        return Err(refuse("of another program, or of another version of the library"));
    }
    let count = usize::try_from(number(32)).unwrap_or(usize::MAX);
    let body = &bytes[HEADER_BYTES..];
    if count.checked_mul(8) != Some(body.len()) || count < root::END {
        return Err(refuse("damaged: it is cut or has a wrong length"));
    }
    if content_hash(0, body) != number(40) {
        return Err(refuse("damaged: its checksum is wrong"));
    }
    let (pace, debt) = (number(48), number(56) as i64);
    let (headroom, trimmed) = (pace as u32 as usize, (pace >> 32) as usize);
    if !Heap::is_headroom(headroom) || debt < 0 {
        return Err(refuse("damaged: its pace makes no sense"));
    }
    let (chunks, _) = body.as_chunks::<8>();
    let words = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
    let threshold = usize::try_from(number(24)).unwrap_or(usize::MAX);
    Ok(State { words, threshold, headroom, trimmed, debt })
}

/// Gives a changed snapshot the checksum of its words, as somebody who forges one would: for tests of
/// what is checked behind it. What is too short for a header stays as it is.
pub fn seal(snapshot: &mut [u8]) {
    if let Some((header, words)) = snapshot.split_at_mut_checked(HEADER_BYTES) {
        header[32..40].copy_from_slice(&(words.len() as u64 / 8).to_le_bytes());
        header[40..48].copy_from_slice(&content_hash(0, words).to_le_bytes());
    }
}

/// What is wrong with a heap that came from outside, and where.
struct Damage {
    /// Index of the word.
    at: usize,
    /// What it should not be.
    what: &'static str,
}

impl Damage {
    #[cold]
    const fn new(at: usize, what: &'static str) -> Self {
        Self { at, what }
    }
}

/// Whether a heap that came from outside is one that the machine can run: whatever it takes for
/// granted is checked. What programs can do to themselves is not.
///
/// # Errors
/// Says which word is wrong.
pub(crate) fn check(heap: &Heap, images: &[Arc<Image>]) -> Result<(), Error> {
    let checked = Checker::new(heap.words(), images).and_then(|checker| {
        checker.roots()?;
        checker.objects()?;
        checker.coroutines()
    });
    checked.map_err(|Damage { at, what }| {
        Error::invalid(format!("snapshot is damaged: word {at} is, or leads to, {what}"))
    })
}

/// Whether a word is a string that lies within its heap or image.
pub(crate) fn is_sound_string(heap: &Heap, images: &[Arc<Image>], value: Word) -> bool {
    let (space, at) = (word::space(value) as usize, word::index(value) as usize);
    let words = match (word::tag(value), space) {
        (word::TAG_SHORT, _) => return word::short_len(value) <= word::SHORT_MAX,
        (word::TAG_STRING, 0) => heap.words(),
        (word::TAG_STRING, _) => match images.get(space - 1) {
            Some(image) => &image.strings[..],
            None => return false,
        },
        _ => return false,
    };
    words.get(at).is_some_and(|&head| {
        word::header_kind(head) == Kind::String as u8 && at + object_words(head) <= words.len()
    })
}
