//! Indices that withstand chosen keys.
//!
//! The usual hashes are fast and known to everybody, so somebody may choose keys that all meet at one
//! place. When an entry lies too far from its own place in an index, the block gets a *salt*: from then
//! on its keys hash by SipHash under it. The salt follows from all keys that are there: it is the same
//! in every replay, and whoever chooses keys for a salt gets another one by choosing them. It is never
//! seen, since `pairs` goes by the order of insertion.

use super::{HASH_SALT, HASH_SALT_SHIFT};
use crate::heap::Heap;
use crate::strings::Strings;
use procession_types::word::{self, Kind, Word};

/// Steps from its own place that an entry may lie off. In an index that is half full, as none is more,
/// one of 10^10 random keys does.
pub(super) const STEPS_MAX: usize = 128;
/// Salts that are tried one after the other. Chance needs a second one hardly ever; foreign bytes with
/// equal keys in many entries are helped by none.
const SALTS_MAX: usize = 4;
/// Entries that are entered anew for one instruction.
const ENTRIES_PER_FUEL: usize = 4;

/// The salt of a hash block; 0 = its keys hash as usual.
pub(super) const fn salt_of(head: Word) -> u32 {
    word::header_flags(head) >> HASH_SALT_SHIFT
}

/// The hash, under a salt, of a key that is one word, or of an integer's 64 bits.
#[inline(never)]
pub(super) fn salted_word(word: u64, salt: u32) -> u32 {
    let mut digest = Sip::new(salt);
    digest.write(word);
    digest.finish() as u32
}

impl Heap {
    /// Gives a hash block whose index has come to be too long another salt, and a new index.
    #[cold]
    #[inline(never)]
    pub(super) fn salt(&mut self, strings: Strings<'_>, block: usize) {
        for tried in 1..=SALTS_MAX {
            let salt = self.next_salt(strings, block);
            let head = self.get(block);
            let flags = word::header_flags(head) & !HASH_SALT | salt << HASH_SALT_SHIFT;
            self.set(block, word::header(Kind::Hash, flags, word::header_length(head)));
            let (used, _) = self.hash_size(block);
            self.toil += (used / ENTRIES_PER_FUEL) as i64;
            let steps_max = if tried == SALTS_MAX { usize::MAX } else { STEPS_MAX };
            if self.enter_all(strings, block, steps_max) {
                return;
            }
        }
    }

    /// A salt that follows from the one that a block has, and from all of its keys.
    fn next_salt(&mut self, strings: Strings<'_>, block: usize) -> u32 {
        let (used, _) = self.hash_size(block);
        let first = block + word::HASH_ENTRIES as usize;
        let mut digest = Sip::new(salt_of(self.get(block)));
        for entry in (first..first + 2 * used).step_by(2) {
            let key = self.get(entry);
            self.digest_key(strings, key, &mut digest);
        }
        (digest.finish() as u32 & HASH_SALT >> HASH_SALT_SHIFT).max(1)
    }

    /// The hash of any key under a salt.
    #[inline(never)]
    pub(super) fn salted_hash(&mut self, strings: Strings<'_>, key: Word, salt: u32) -> u32 {
        let mut digest = Sip::new(salt);
        self.digest_key(strings, key, &mut digest);
        digest.finish() as u32
    }

    fn digest_key(&mut self, strings: Strings<'_>, key: Word, digest: &mut Sip) {
        if word::tag(key) == word::TAG_STRING {
            let bytes = strings.bytes(self, key);
            let (chunks, rest) = bytes.as_chunks::<8>();
            digest.write(bytes.len() as u64);
            chunks.iter().for_each(|chunk| digest.write(u64::from_le_bytes(*chunk)));
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            digest.write(u64::from_le_bytes(last));
            let words = chunks.len();
            self.toil_over(words);
        } else if word::tag(key) == word::TAG_OBJECT && word::space(key) == Kind::Integer as u16 {
            digest.write(self.get(word::index(key) as usize + 1));
        } else {
            digest.write(key);
        }
    }
}

/// SipHash-1-3 over words.
struct Sip([u64; 4]);

impl Sip {
    fn new(salt: u32) -> Self {
        let (first, second) =
            (u64::from(salt), u64::from(salt).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self([
            first ^ 0x736F_6D65_7073_6575,
            second ^ 0x646F_7261_6E64_6F6D,
            first ^ 0x6C79_6765_6E65_7261,
            second ^ 0x7465_6462_7974_6573,
        ])
    }

    fn round(&mut self) {
        let [a, b, c, d] = &mut self.0;
        *a = a.wrapping_add(*b);
        *b = b.rotate_left(13) ^ *a;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*d);
        *d = d.rotate_left(16) ^ *c;
        *a = a.wrapping_add(*d);
        *d = d.rotate_left(21) ^ *a;
        *c = c.wrapping_add(*b);
        *b = b.rotate_left(17) ^ *c;
        *c = c.rotate_left(32);
    }

    fn write(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.0[0] ^= word;
    }

    fn finish(mut self) -> u64 {
        self.0[2] ^= 0xFF;
        (0..3).for_each(|_| self.round());
        self.0.into_iter().fold(0, |all, part| all ^ part)
    }
}
