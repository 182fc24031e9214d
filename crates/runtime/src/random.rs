//! Random numbers for guests: SplitMix64, seeded by the system or by the configuration. Not for
//! secrets.

use std::hash::{BuildHasher, RandomState};

/// See the module.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of a shard.
    pub(crate) fn new(seed: Option<u64>, shard: u16) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0));
        Self(seed ^ (u64::from(shard) << 48))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }
}
