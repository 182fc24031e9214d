//! Byte forms of what durable processes keep: values come back from theirs; of foreign bytes, those
//! that are accepted are the form of what they are taken for.

use super::{Finding, Target};
use crate::mutate::mutate;
use crate::ours::caught;
use crate::random::Random;
use crate::values::{self, Sample, for_every_form};
use procession_durable::bytes::{Bytes, decoded, encoded};
#[allow(clippy::wildcard_imports, reason = "the forms are those of all their types")]
use procession_environment::*;
#[allow(clippy::wildcard_imports, reason = "likewise")]
use procession_types::*;
use std::collections::BTreeMap;
use std::ops::Range;

/// Copies of each form that are damaged.
const COPIES: usize = 60;

const WORDS: &[&[u8]] = &[
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\xff\xff\xff\xff\x07",
    b"\x41\x40\x01",
    b"\x40\x02\x02",
    b"\x04\x01\x04\x01\x04\x01",
    b"\x01\x8c\x06",
];

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Durable {
    accepted: u64,
    refused: u64,
}

type Case = fn(&mut Durable, u64) -> Option<Finding>;

macro_rules! cases {
    ($($name:ident: $type:ty,)*) => {
        const CASES: &[Case] = &[$(|durable, seed| durable.case::<$type>(stringify!($name), seed)),*];
    };
}

for_every_form!(cases);

impl Durable {
    fn case<T: Bytes + Sample + PartialEq>(&mut self, name: &str, seed: u64) -> Option<Finding> {
        let mut random = Random::new(seed);
        let value: T = values::any(&mut random);
        let whole = encoded(&value);
        let finding =
            |title: &str, input: &[u8]| Some(Finding::new(seed, format!("{name}: {title}"), input));
        match caught(|| decoded::<T>(&whole)) {
            Ok(Ok(taken)) if taken == value => {}
            Ok(_) => return finding("it does not come back", &whole),
            Err(panic) => return finding(&format!("panics: {panic}"), &whole),
        }
        for _ in 0..COPIES {
            let mut copy = whole.clone();
            if random.one_in(8) {
                copy = (0..random.below(64)).map(|_| random.next() as u8).collect();
            }
            mutate(&mut random, &mut copy, WORDS);
            match caught(|| decoded::<T>(&copy).map(|value| encoded(&value))) {
                Ok(Ok(again)) if again == copy => self.accepted += 1,
                Ok(Ok(_)) => return finding("accepted, and given another form", &copy),
                Ok(Err(damaged)) if damaged.at <= copy.len() => self.refused += 1,
                Ok(Err(_)) => return finding("the damage is said to be behind the end", &copy),
                Err(panic) => return finding(&format!("panics: {panic}"), &copy),
            }
        }
        None
    }
}

impl Target for Durable {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(|seed| CASES[(seed % CASES.len() as u64) as usize](self, seed)).collect()
    }

    fn statistics(&self) -> String {
        format!("{} damaged ones accepted, {} refused", self.accepted, self.refused)
    }
}
