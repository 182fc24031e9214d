//! The last number and hash of logs that were written lately.

use crate::chain::Hash;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number of the next record.
    pub(crate) next: u64,
    /// The hash of the last one.
    pub(crate) hash: Hash,
}

/// A map by the ids of processes, which nobody outside can choose.
pub(crate) type ById<T> = HashMap<u64, T, BuildHasherDefault<IdHasher>>;

/// Spreads ids over all bits.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        let mixed = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A bounded cache in two generations: when the young one is full, it becomes the old one.
#[derive(Debug)]
pub(crate) struct Heads {
    young: ById<Head>,
    old: ById<Head>,
    generation_max: usize,
}

impl Heads {
    /// Room for `heads_max` logs.
    pub(crate) fn new(heads_max: usize) -> Self {
        let generation_max = (heads_max / 2).max(1);
        Self { young: ById::default(), old: ById::default(), generation_max }
    }

    pub(crate) fn get(&mut self, id: u64) -> Option<Head> {
        if let Some(head) = self.young.get(&id) {
            return Some(*head);
        }
        let head = self.old.remove(&id)?;
        self.set(id, head);
        Some(head)
    }

    pub(crate) fn set(&mut self, id: u64, head: Head) {
        if self.young.len() >= self.generation_max && !self.young.contains_key(&id) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, head);
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.young.remove(&id);
        self.old.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_bounded_and_keeps_what_is_used() {
        let mut heads = Heads::new(8);
        let head = |next| Head { next, hash: [0; 32] };
        heads.set(0, head(1));
        for id in 1..100 {
            heads.set(id, head(id));
            assert_eq!(heads.get(0), Some(head(1)), "used all the time");
            assert!(heads.young.len() + heads.old.len() <= 8);
        }
        assert_eq!(heads.get(1), None);
        heads.remove(0);
        assert_eq!(heads.get(0), None);
    }
}
