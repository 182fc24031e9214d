//! Snapshots of random programs, damaged: one is refused, or the process that is restored runs on to
//! some end; nothing panics.

use super::{Finding, Target};
use crate::generate::{self, Dialect};
use crate::ours::{FILE, caught};
use crate::random::Random;
use crate::support::{TestHost, session};
use procession_environment::{Environment, Image, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use std::ops::Range;
use std::sync::Arc;

/// Damaged copies that are tried of each snapshot.
const COPIES: usize = 12;
/// Turns that a restored process gets, and instructions of each.
const TURNS: usize = 60;
const BUDGET: u64 = 2000;
/// Memory of a restored process.
const MEMORY_BYTES_MAX: u64 = 16 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Snapshot {
    restored: u64,
    refused: u64,
}

impl Snapshot {
    pub(super) fn new() -> Self {
        Self { restored: 0, refused: 0 }
    }

    fn case(&mut self, seed: u64) -> Option<Finding> {
        let mut random = Random::new(seed);
        let source = generate::program(random.next(), Dialect::Everything);
        let program = session::program(FILE, source.as_bytes());
        let image = LuaEnvironment::new().load(&program).ok()?;
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).ok()?;
        let mut host = TestHost::default();
        for _ in 0..4 {
            let budget = 1 + random.below(3000) as u64;
            if !matches!(guest.run(&mut host, budget), Turn::Preempted) {
                break;
            }
            let whole = guest.snapshot()?;
            for _ in 0..COPIES {
                let damaged = damaged(&mut random, &whole);
                match caught(|| restore_and_run(&image, &damaged)) {
                    Ok(true) => self.restored += 1,
                    Ok(false) => self.refused += 1,
                    Err(panic) => {
                        return Some(Finding::new(seed, format!("panics: {panic}"), &damaged));
                    }
                }
            }
        }
        None
    }
}

impl Target for Snapshot {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(|seed| self.case(seed)).collect()
    }

    fn statistics(&self) -> String {
        format!("{} restored, {} refused", self.restored, self.refused)
    }
}

/// A changed copy.
fn damaged(random: &mut Random, whole: &[u8]) -> Vec<u8> {
    let mut copy = whole.to_vec();
    for _ in 0..=random.below(2) {
        match random.below(6) {
            0 => copy.truncate(random.below(copy.len())),
            1 => change_word(random, &mut copy),
            2 => {
                // A word of the array in the place of another.
                let [from, to] = [0, 0].map(|_| random.below(copy.len() / 8) * 8);
                let word = copy.get(from..from + 8).map(<[u8]>::to_vec).unwrap_or_default();
                copy.splice(to..(to + word.len()).min(copy.len()), word);
            }
            3 => {
                let at = random.below(48.min(copy.len()));
                if let Some(byte) = copy.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            _ => {
                let at = random.below(copy.len().max(1));
                if let Some(byte) = copy.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    copy
}

fn change_word(random: &mut Random, bytes: &mut [u8]) {
    let at = random.below(bytes.len() / 8) * 8;
    let Some(place) = bytes.get_mut(at..at + 8) else { return };
    let mut word = [0; 8];
    word.copy_from_slice(place);
    let word = u64::from_le_bytes(word);
    let new = match random.below(4) {
        0 => word.wrapping_add(1),
        1 => word.wrapping_sub(1),
        2 => word ^ 1 << random.below(64),
        _ => word & !0xFFFF_FFFF | random.below(4096) as u64,
    };
    place.copy_from_slice(&new.to_le_bytes());
}

/// Whether it was restored at all.
fn restore_and_run(image: &Arc<dyn Image>, snapshot: &[u8]) -> bool {
    let limits = Limits { memory_bytes_max: MEMORY_BYTES_MAX, ..Limits::default() };
    let Ok(mut guest) = image.restore(snapshot, &limits) else { return false };
    let mut host = TestHost::default();
    let _ = (0..TURNS).any(|_| !matches!(guest.run(&mut host, BUDGET), Turn::Preempted));
    let _ = guest.snapshot();
    guest.trim();
    true
}
