//! Forging a snapshot: changes of single words that keep most of it sound, so that what is behind the
//! first checks is reached. The result has a right checksum.

use crate::random::Random;
use procession_lua::seal_snapshot;
use procession_types::word::{self, Kind};

/// Bytes before the words; the words from here on are roots.
const HEADER_BYTES: usize = 64;
/// The first word that is no root.
const ROOTS: usize = 70;

/// Where in a snapshot there is what can be forged.
#[derive(Debug, Default)]
struct Places {
    headers: Vec<usize>,
    /// Words that refer to objects, and functions of the library.
    references: Vec<usize>,
    /// Integers: positions, counts, links of frames.
    integers: Vec<usize>,
    /// Words of coroutines, stacks, table objects and of the heads of hash parts.
    inner: Vec<usize>,
    /// All words that belong to no string.
    words: Vec<usize>,
}

impl Places {
    fn find(words: &[u64]) -> Self {
        let mut places = Self::default();
        (1..ROOTS.min(words.len())).for_each(|at| places.note(words, at));
        let mut at = ROOTS;
        while at < words.len() {
            let head = words[at];
            let length = word::header_length(head) as usize;
            let size = match Kind::from_u8(word::header_kind(head)) {
                Some(Kind::String) => 1 + word::string_words(length),
                Some(Kind::Table) => word::table::WORDS as usize,
                _ => 1 + length,
            };
            let end = (at + size).min(words.len());
            places.headers.push(at);
            match Kind::from_u8(word::header_kind(head)) {
                Some(Kind::String) => {}
                kind => {
                    (at + 1..end).for_each(|at| places.note(words, at));
                    match kind {
                        Some(Kind::Coroutine | Kind::Table) => places.inner.extend(at + 1..end),
                        Some(Kind::Stack) => {
                            let used = |&at: &usize| words[at] != word::NIL;
                            places.inner.extend((at + 1..end).filter(used));
                        }
                        Some(Kind::Hash | Kind::Closure) => places.inner.push(at + 1),
                        _ => {}
                    }
                }
            }
            at = end;
        }
        places
    }

    fn note(&mut self, words: &[u64], at: usize) {
        let value = words[at];
        self.words.push(at);
        if word::is_int(value) {
            self.integers.push(at);
        }
        let is_library = word::tag(value) >= word::TAG_SPECIAL && word::space(value) == 1;
        if word::tag(value) >= word::TAG_STRING || is_library {
            self.references.push(at);
        }
    }
}

/// A forged copy of a snapshot.
pub(super) fn forged(random: &mut Random, whole: &[u8]) -> Vec<u8> {
    let (chunks, _) = whole[HEADER_BYTES..].as_chunks::<8>();
    let mut words: Vec<u64> = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
    let places = Places::find(&words);
    for _ in 0..=random.below(3) {
        change(random, &mut words, &places);
    }
    let mut copy = whole[..HEADER_BYTES].to_vec();
    copy.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    seal_snapshot(&mut copy);
    copy
}

fn place(random: &mut Random, places: &[usize]) -> usize {
    if places.is_empty() { 1 } else { random.pick(places) }
}

fn change(random: &mut Random, words: &mut [u64], places: &Places) {
    let lists = [&places.references, &places.integers, &places.inner, &places.words];
    let list = random.pick(&lists);
    let [at, other] = [0, 0].map(|_| place(random, list));
    match random.below(12) {
        // Two words of one sort change places, or one stands for the other too.
        0 | 1 => words.swap(at, other),
        2 | 3 => words[at] = words[other],
        // A pair of words: the links of another frame, an entry of another table.
        4 => {
            let end = (other + 2).min(words.len());
            if at + (end - other) <= words.len() {
                words.copy_within(other..end, at);
            }
        }
        5 => {
            let at = place(random, &places.integers);
            words[at] = small_change(random, words[at]);
        }
        6 => {
            let at = place(random, &places.inner);
            words[at] = small_change(random, words[at]);
        }
        7 => words[at] ^= 1 << random.below(64),
        8 => {
            let at = place(random, &places.headers);
            words[at] = other_header(random, words[at]);
        }
        // Another function of the library, in Rust or in Lua, or another table of it.
        9 => {
            let (tag, space) = random.pick(&[
                (word::TAG_SPECIAL, 1),
                (word::TAG_FUNCTION, 1),
                (word::TAG_TABLE, 1),
            ]);
            words[at] = word::make(tag, space, random.below(300) as u32);
        }
        10 => words[at] = any_value(random, words, places),
        _ => {
            let near = at.saturating_add_signed(random.below(9) as isize - 4);
            if near > 0 && near < words.len() {
                words.swap(at, near);
            }
        }
    }
}

/// One more or less, in the lower or the upper half, or in one of the bytes above.
fn small_change(random: &mut Random, value: u64) -> u64 {
    let step = [1, 1, 2, 16][random.below(4)] << [0, 0, 24, 32, 40][random.below(5)];
    if random.one_in(2) { value.wrapping_add(step) } else { value.wrapping_sub(step) }
}

/// A header with another kind, size or flag.
fn other_header(random: &mut Random, head: u64) -> u64 {
    match random.below(4) {
        0 => head & !0xFF | (1 + random.below(10) as u64),
        1 => head.wrapping_add(1 << 32),
        2 => head.wrapping_sub(1 << 32),
        _ => head ^ 1 << (8 + random.below(8)),
    }
}

fn any_value(random: &mut Random, words: &[u64], places: &Places) -> u64 {
    match random.below(6) {
        0 => word::NIL,
        1 => word::TRUE,
        2 => {
            word::int_wrapping(random.pick(&[0, 1, -1, 255, 1 << 20, word::INT_MAX, word::INT_MIN]))
        }
        3 => word::from_f64(random.pick(&[0.5, -0.0, f64::NAN, f64::INFINITY, 1e300])),
        // What a builtin keeps in its frame to go on with.
        4 => word::make(word::TAG_SPECIAL, 2, 0),
        _ => {
            // A reference to some object by the tag of another.
            let tag = words[place(random, &places.references)] & !0xFFFF_FFFF;
            tag | place(random, &places.headers) as u64
        }
    }
}
