//! Files of processes: what is written is read; a file that was damaged, cut or forged is refused, or is what
//! would be written again.

use super::{Finding, Target};
use crate::mutate::mutate;
use crate::ours::caught;
use crate::random::Random;
use crate::values::any;
use procession_durable::portable::{Portable, PortableError, read, write};
use std::ops::Range;

/// Copies of each file that are damaged.
const COPIES: usize = 40;
/// Bytes before the body, and behind it.
const HEAD_BYTES: usize = 28;
const HASH_BYTES: usize = 32;

const WORDS: &[&[u8]] = &[
    b"procession-state",
    b"\x01\x00\x00\x00",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
];

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Portables {
    accepted: u64,
    refused: u64,
}

impl Portables {
    fn try_seed(&mut self, seed: u64) -> Option<Finding> {
        let mut random = Random::new(seed);
        let portable: Portable = any(&mut random);
        let file = write(&portable);
        let finding = |title: &str, input: &[u8]| Some(Finding::new(seed, title.to_owned(), input));
        match caught(|| read(&file)) {
            Ok(Ok(again)) if again == portable => {}
            Ok(_) => return finding("it does not come back", &file),
            Err(panic) => return finding(&format!("panics: {panic}"), &file),
        }
        for _ in 0..COPIES {
            let mut copy = file.clone();
            let is_sealed = random.one_in(2);
            mutate(&mut random, &mut copy, WORDS);
            if is_sealed {
                seal(&mut copy);
            }
            match caught(|| read(&copy)) {
                Ok(Ok(again)) if write(&again) == copy => self.accepted += 1,
                Ok(Ok(_)) => return finding("accepted, and written otherwise", &copy),
                Ok(Err(PortableError::Cut { has, of })) if has >= of => {
                    return finding("cut off, and not too short", &copy);
                }
                Ok(Err(_)) => self.refused += 1,
                Err(panic) => return finding(&format!("panics: {panic}"), &copy),
            }
        }
        None
    }
}

/// Gives a file the length and the checksum that it would have.
fn seal(file: &mut [u8]) {
    if file.len() < HEAD_BYTES + HASH_BYTES {
        return;
    }
    let body = file.len() - HASH_BYTES;
    file[HEAD_BYTES - 8..HEAD_BYTES].copy_from_slice(&((body - HEAD_BYTES) as u64).to_le_bytes());
    let hash = blake3::hash(&file[..body]);
    file[body..].copy_from_slice(hash.as_bytes());
}

impl Target for Portables {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(|seed| self.try_seed(seed)).collect()
    }

    fn statistics(&self) -> String {
        format!("{} damaged files refused, {} accepted", self.refused, self.accepted)
    }
}
