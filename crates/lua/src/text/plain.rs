//! Plain search: `string.find` without specials.
//!
//! It begins as a search for the first byte and a comparison; when comparisons cost more than the
//! ground they gain, it goes on with the two-way algorithm (Crochemore and Perrin 1991, in the
//! form of Rust's `str::find`), whose work is linear and whose state is four numbers. The state of
//! a search is one offset: a search that ran out of fuel is a search that begins there.

/// Needles over this length stay with plain comparison, so that no preparation is long between
/// two looks at the fuel. Their worst case is quadratic, but charged and stoppable.
const TWO_WAY_NEEDLE_BYTES_MAX: usize = 1 << 16;
/// Bytes looked at between two looks at the fuel.
const BLOCK_BYTES: usize = 1 << 12;
/// Bytes that one unit of fuel pays for.
const BYTES_PER_FUEL: i64 = 16;
/// Comparisons may waste this many bytes before the search changes its method.
const WASTE_BYTES_MAX: usize = 1 << 10;

/// What one call of `PlainSearch::run` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PlainStep {
    /// The needle stands at this offset.
    Found(usize),
    /// It is nowhere; final.
    Absent,
    /// The fuel is used up; call again with the same texts to continue.
    OutOfFuel,
}

/// A search in progress. All of it is three numbers: keep them to continue elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainSearch {
    /// The place in force.
    pub at: usize,
    /// Bytes of the needle's front known to stand at `at`.
    pub known: usize,
    /// Bytes compared in vain so far; beyond `WASTE_BYTES_MAX` the search is two-way.
    pub wasted: usize,
}

impl PlainSearch {
    /// A search from offset `init` on.
    #[must_use]
    pub fn new(init: usize) -> Self {
        Self { at: init, known: 0, wasted: 0 }
    }

    /// Searches on. Takes 1 of `fuel` per 16 bytes passed over or compared, at least 1 a step, and
    /// may overdraw by the cost of a block of 4 KiB (two-way: of one needle). Neither the result
    /// nor the cost depends on where it was stopped.
    pub fn run(&mut self, subject: &[u8], needle: &[u8], fuel: &mut i64) -> PlainStep {
        if self.at > subject.len() {
            return PlainStep::Absent;
        }
        let Some(&first) = needle.first() else {
            return PlainStep::Found(self.at);
        };
        while subject.len() - self.at >= needle.len() {
            if *fuel <= 0 {
                return PlainStep::OutOfFuel;
            }
            if self.wasted > WASTE_BYTES_MAX && needle.len() <= TWO_WAY_NEEDLE_BYTES_MAX {
                return TwoWay::new(needle).run(self, subject, fuel);
            }
            if self.known == 0 {
                let last = subject.len() - needle.len();
                let window = &subject[self.at..=last.min(self.at + BLOCK_BYTES)];
                let found = find_byte(window, first);
                let skipped = found.unwrap_or(window.len());
                *fuel -= charge(skipped);
                self.at += skipped;
                if found.is_none() {
                    continue;
                }
                self.known = 1;
            }
            if self.compare(subject, needle, fuel) {
                return PlainStep::Found(self.at);
            }
        }
        PlainStep::Absent
    }

    /// Compares the next block at `at`; whether the needle is complete.
    fn compare(&mut self, subject: &[u8], needle: &[u8], fuel: &mut i64) -> bool {
        let rest = needle.get(self.known..).unwrap_or_default();
        let block = &rest[..rest.len().min(BLOCK_BYTES)];
        let there = subject.get(self.at + self.known..).unwrap_or_default();
        let equal = common_prefix(there, block);
        *fuel -= charge(equal);
        self.known += equal;
        if equal == block.len() {
            return equal == rest.len();
        }
        self.wasted = self.wasted.saturating_add(self.known);
        self.at += 1;
        self.known = 0;
        false
    }
}

/// The first place of `byte`, a block at a time so that the compiler can use vectors.
#[inline]
#[must_use]
pub fn find_byte(bytes: &[u8], byte: u8) -> Option<usize> {
    const LANES: usize = 32;
    let (blocks, rest) = bytes.as_chunks::<LANES>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, &b| found | (b == byte)) {
            return first_in_words(block, byte).map(|within| index * LANES + within);
        }
    }
    let skipped = bytes.len() - rest.len();
    first_in_words(rest, byte).map(|within| skipped + within)
}

/// The first place of `byte`, eight bytes at a time.
#[inline]
fn first_in_words(bytes: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // The lowest byte that is zero borrows into its own top bit; those above may be wrong.
        let zero = u64::from_le_bytes(*word) ^ (ONES * u64::from(byte));
        let found = zero.wrapping_sub(ONES) & !zero & (ONES << 7);
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let within = rest.iter().position(|&b| b == byte)?;
    Some(bytes.len() - rest.len() + within)
}

#[inline]
fn charge(bytes: usize) -> i64 {
    1 + bytes as i64 / BYTES_PER_FUEL
}

/// How many bytes are equal from the beginning on, a block at a time.
#[inline]
pub(super) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    const LANES: usize = 32;
    if left.first() != right.first() {
        return 0;
    }
    let (left_blocks, _) = left.as_chunks::<LANES>();
    let (right_blocks, _) = right.as_chunks::<LANES>();
    let blocks = left_blocks.iter().zip(right_blocks).take_while(|(a, b)| a == b).count();
    let at = blocks * LANES;
    let tail = left[at..].iter().zip(&right[at..]).take_while(|(a, b)| a == b).count();
    at + tail
}

/// The two-way algorithm for one needle, which is not empty. Made anew at each call: that is not
/// charged, so that the cost of a search does not depend on its stops.
struct TwoWay<'a> {
    needle: &'a [u8],
    critical: usize,
    period: usize,
    /// Whether `period` is the needle's true period, so that a match of a prefix is remembered.
    periodic: bool,
}

impl<'a> TwoWay<'a> {
    fn new(needle: &'a [u8]) -> Self {
        let smaller = maximal_suffix(needle, |a, b| a < b);
        let greater = maximal_suffix(needle, |a, b| a > b);
        let (critical, period) = if smaller.0 > greater.0 { smaller } else { greater };
        let periodic = needle.get(period..period + critical) == Some(&needle[..critical]);
        let period = if periodic { period } else { critical.max(needle.len() - critical) + 1 };
        Self { needle, critical, period, periodic }
    }

    fn run(&self, search: &mut PlainSearch, subject: &[u8], fuel: &mut i64) -> PlainStep {
        let length = self.needle.len();
        while let Some(window) = subject.get(search.at..search.at + length) {
            if *fuel <= 0 {
                return PlainStep::OutOfFuel;
            }
            let known = search.known.min(length);
            let right = self.critical.max(known);
            let equal = common_prefix(&window[right..], &self.needle[right..]);
            *fuel -= charge(equal);
            if right + equal < length {
                search.at += right + equal - self.critical + 1;
                search.known = 0;
                continue;
            }
            let left = known.min(self.critical)..self.critical;
            if window[left.clone()] == self.needle[left] {
                return PlainStep::Found(search.at);
            }
            search.at += self.period;
            search.known = if self.periodic { length - self.period } else { 0 };
        }
        PlainStep::Absent
    }
}

/// Where the greatest suffix in this order begins, and its period.
fn maximal_suffix(needle: &[u8], before: impl Fn(u8, u8) -> bool) -> (usize, usize) {
    let (mut left, mut right, mut offset, mut period) = (0, 1, 0, 1);
    while let Some(&next) = needle.get(right + offset) {
        let best = needle[left + offset];
        if before(next, best) {
            right += offset + 1;
            offset = 0;
            period = right - left;
        } else if next == best {
            if offset + 1 == period {
                right += offset + 1;
                offset = 0;
            } else {
                offset += 1;
            }
        } else {
            (left, right, offset, period) = (right, right + 1, 0, 1);
        }
    }
    (left, period)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first place of `needle` in `subject` from `init` on.
    fn find_plain(subject: &[u8], needle: &[u8], init: usize) -> Option<usize> {
        let mut fuel = i64::MAX;
        match PlainSearch::new(init).run(subject, needle, &mut fuel) {
            PlainStep::Found(at) => Some(at),
            PlainStep::Absent | PlainStep::OutOfFuel => None,
        }
    }

    fn naive(subject: &[u8], needle: &[u8], init: usize) -> Option<usize> {
        if needle.is_empty() {
            return (init <= subject.len()).then_some(init);
        }
        let rest = subject.get(init..)?;
        rest.windows(needle.len()).position(|w| w == needle).map(|at| at + init)
    }

    /// A text over a small alphabet, so that prefixes repeat.
    fn text(seed: &mut u64, length: usize, letters: u64) -> Vec<u8> {
        let mut next = || {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            b'a' + ((*seed >> 33) % letters) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn agrees_with_the_naive_search_wherever_it_is_stopped() {
        let mut seed = 7;
        for round in 0..3000_usize {
            let letters = 1 + (round % 3) as u64;
            let subject = text(&mut seed, round % 97, letters);
            let needle = text(&mut seed, 1 + round % 11, letters);
            let expected = naive(&subject, &needle, round % 5);
            for wasted in [0, WASTE_BYTES_MAX + 1] {
                let mut search = PlainSearch { at: round % 5, known: 0, wasted };
                let mut spent = 0;
                let found = loop {
                    let mut fuel = 1;
                    let step = search.run(&subject, &needle, &mut fuel);
                    spent += 1 - fuel;
                    match step {
                        PlainStep::Found(at) => break Some(at),
                        PlainStep::Absent => break None,
                        PlainStep::OutOfFuel => {}
                    }
                };
                assert_eq!(found, expected, "{subject:?} {needle:?}");
                let mut fuel = 1_000_000;
                let mut whole = PlainSearch { at: round % 5, known: 0, wasted };
                let _ = whole.run(&subject, &needle, &mut fuel);
                assert_eq!(1_000_000 - fuel, spent);
            }
        }
    }

    #[test]
    fn a_bad_needle_costs_linear_work() {
        let subject = vec![b'a'; 1 << 20];
        let mut needle = vec![b'a'; 1 << 14];
        needle.push(b'b');
        let mut fuel = i64::MAX;
        let step = PlainSearch::new(0).run(&subject, &needle, &mut fuel);
        assert_eq!(step, PlainStep::Absent);
        assert!(i64::MAX - fuel < 4 << 20, "{}", i64::MAX - fuel);
    }

    #[test]
    fn finds_bytes_anywhere_in_a_block() {
        for length in [0, 1, 31, 32, 33, 100] {
            for at in 0..length {
                let mut bytes = vec![b'.'; length];
                bytes[at] = b'x';
                assert_eq!(find_byte(&bytes, b'x'), Some(at));
            }
            assert_eq!(find_byte(&vec![b'.'; length], b'x'), None);
        }
        assert_eq!(find_plain(b"abc", b"", 3), Some(3));
        assert_eq!(find_plain(b"abc", b"", 4), None);
    }
}
