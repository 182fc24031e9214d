//! Byte forms of random values: they come back, they are canonical, and damage does no harm.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

#[allow(dead_code)]
#[path = "../../fuzz/src/random.rs"]
mod random;
#[path = "support/values.rs"]
mod values;

use procession_durable::bytes::{Bytes, Damaged, decoded, encoded};
use random::Random;
use std::fmt::Debug;
use values::{Sample, for_every_form};

const SEEDS: u64 = 200;

/// What was accepted is canonical.
fn look_at<T: Bytes>(bytes: &[u8]) -> Result<(), Damaged> {
    let value: T = decoded(bytes)?;
    assert_eq!(encoded(&value), bytes, "accepted, and given another form");
    Ok(())
}

fn check<T: Bytes + Sample + PartialEq + Debug>(name: &str) {
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let value: T = values::any(&mut random);
        let bytes = encoded(&value);
        assert_eq!(decoded::<T>(&bytes).as_ref(), Ok(&value), "{name}, seed {seed}");
        // Every form says where it ends, so no part of it is one, nor is more than it.
        for cut in 0..bytes.len() {
            assert!(decoded::<T>(&bytes[..cut]).is_err(), "{name}, seed {seed}, cut at {cut}");
        }
        let damaged = Damaged { what: "what follows the end", at: bytes.len() };
        assert_eq!(decoded::<T>(&[&bytes[..], &[0]].concat()), Err(damaged), "{name}");
        for _ in 0..20 {
            let mut copy = bytes.clone();
            for _ in 0..=random.below(2) {
                let at = random.below(copy.len());
                let other = [copy[at] ^ 1 << random.below(8), random.next() as u8, 255];
                copy[at] = random.pick(&other);
            }
            let _ = look_at::<T>(&copy);
        }
    }
}

macro_rules! checks {
    ($($name:ident: $type:ty,)*) => {
        #[allow(non_snake_case)]
        mod forms {
            use super::*;
            #[allow(unused_imports)]
            use procession_environment::*;
            use procession_types::*;
            use std::collections::BTreeMap;
            $(#[test]
            fn $name() {
                check::<$type>(stringify!($name));
            })*
        }
    };
}

for_every_form!(checks);
