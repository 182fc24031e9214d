//! A hash for keys that no guest chooses: a few instructions where the standard one, which withstands
//! chosen keys, takes a few hundred. Only for maps on the path of every spawn or exit.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds it.
pub(crate) type FoldHash = BuildHasherDefault<Fold>;

/// An odd number with well mixed bits: 2^64 divided by the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// See the module.
#[derive(Default)]
pub(crate) struct Fold(u64);

impl Hasher for Fold {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.write_u64(u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last));
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * u128::from(MULTIPLIER);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn keys_that_differ_little_spread() {
        let hash = FoldHash::default();
        let texts = (0..10_000).map(|number| hash.hash_one(format!("app:program-{number}")));
        let low: HashSet<u64> = texts.map(|hash| hash & 0xFFFF).collect();
        // 10 000 random places of 65 536 leave 9 300 different ones.
        assert!(low.len() > 9_000, "{}", low.len());
        assert_ne!(hash.hash_one("ab"), hash.hash_one("ba"));
    }
}
