//! Snapshots, forged and damaged: one is refused, or the process that is restored runs on to some end;
//! nothing panics or takes for ever, and what it becomes can be restored again.

mod forge;

use super::{Finding, Target};
use crate::generate::{self, Dialect};
use crate::ours::{FILE, caught};
use crate::random::Random;
use crate::support::{TestHost, session};
use forge::forged;
use procession_environment::{Environment, Guest, Image, Seen, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits, Message, Topic};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Programs in which much is under way at once; each begins with a line of three dashes.
const RICH: &str = include_str!("snapshot/rich.lua");
/// Copies that are tried of each snapshot.
const COPIES: usize = 40;
/// Snapshots that are taken of one process.
const SNAPSHOTS: usize = 5;
/// Turns that a restored process gets, and instructions of each.
const TURNS: usize = 60;
const BUDGET: u64 = 2000;
/// Memory of a restored process.
const MEMORY_BYTES_MAX: u64 = 4 << 20;
/// All of its turns together take a few milliseconds.
const TIME_MAX: Duration = Duration::from_secs(4);

/// See the module.
#[derive(Debug)]
pub(super) struct Snapshot {
    restored: u64,
    refused: u64,
}

/// What became of a forged snapshot.
enum Fate {
    Refused,
    Ran,
    /// It ran, and something is wrong.
    Wrong(String),
}

impl Snapshot {
    pub(super) fn new() -> Self {
        Self { restored: 0, refused: 0 }
    }

    fn case(&mut self, seed: u64) -> Option<Finding> {
        let mut random = Random::new(seed);
        let source = source(&mut random);
        let program = session::program(FILE, source.as_bytes());
        let image = LuaEnvironment::new().load(&program).ok()?;
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).ok()?;
        let mut host = host();
        for _ in 0..SNAPSHOTS {
            let most = [60, 600, 3000][random.below(3)];
            let turn = guest.run(&mut host, 1 + random.below(most) as u64);
            if !matches!(turn, Turn::Preempted | Turn::Waiting) {
                break;
            }
            let whole = guest.snapshot()?;
            for _ in 0..COPIES {
                let copy = if random.one_in(8) {
                    damaged(&mut random, &whole)
                } else {
                    forged(&mut random, &whole)
                };
                keep(&source, &copy);
                let began = Instant::now();
                let wrong = match caught(|| restore_and_run(&image, &copy)) {
                    Ok(Fate::Refused) => {
                        self.refused += 1;
                        continue;
                    }
                    Ok(Fate::Ran) if began.elapsed() < TIME_MAX => {
                        self.restored += 1;
                        continue;
                    }
                    Ok(Fate::Ran) => "takes too long".to_owned(),
                    Ok(Fate::Wrong(what)) => what,
                    Err(panic) => format!("panics: {panic}"),
                };
                let mut finding = Finding::new(seed, wrong, &copy);
                finding.report = differences(&whole, &copy);
                finding.original = source.into_bytes();
                return Some(finding);
            }
        }
        None
    }
}

impl Target for Snapshot {
    fn batch(&mut self, seeds: Range<u64>) -> Vec<Finding> {
        seeds.filter_map(|seed| self.case(seed)).collect()
    }

    // So that what hangs is soon found among few.
    fn batch_size(&self) -> u64 {
        4
    }

    fn batch_time_max(&self) -> Duration {
        Duration::from_secs(180)
    }

    fn statistics(&self) -> String {
        format!("{} restored, {} refused", self.restored, self.refused)
    }
}

/// A program: one of the rich ones, or a random one.
fn source(random: &mut Random) -> String {
    if random.one_in(4) {
        return generate::program(random.next(), Dialect::Everything);
    }
    let programs: Vec<&str> = RICH.split("--- ").skip(1).collect();
    format!("-- {}", random.pick(&programs))
}

/// A host with a few messages.
fn host() -> TestHost {
    let mut host = TestHost::default();
    for _ in 0..3 {
        let topic = Topic::new("news");
        host.inbox.push_back(Message { topic, from: None, payload: Fragment::nil() });
    }
    host
}

/// Writes what is about to be tried to the directory that `FUZZ_KEEP` names: what hangs can't be
/// reported by who tries it.
fn keep(source: &str, copy: &[u8]) {
    let Some(directory) = std::env::var_os("FUZZ_KEEP") else { return };
    let directory = std::path::Path::new(&directory);
    for (name, bytes) in [("kept.lua", source.as_bytes()), ("kept.bin", copy)] {
        if let Err(error) = std::fs::write(directory.join(name), bytes) {
            panic!("{name} can't be written to {}: {error}", directory.display());
        }
    }
}

/// Which words were changed.
fn differences(whole: &[u8], copy: &[u8]) -> String {
    let mut text = String::new();
    let pairs = whole.as_chunks::<8>().0.iter().zip(copy.as_chunks::<8>().0).enumerate();
    for (number, (before, after)) in pairs.filter(|(number, (a, b))| *number > 7 && a != b).take(8)
    {
        let [before, after] = [before, after].map(|bytes| u64::from_le_bytes(*bytes));
        text.push_str(&format!("word {}: {before:016x} became {after:016x}\n", number - 8));
    }
    text
}

/// A copy with random damage, mostly found out by its checksum.
fn damaged(random: &mut Random, whole: &[u8]) -> Vec<u8> {
    let mut copy = whole.to_vec();
    match random.below(3) {
        0 => copy.truncate(random.below(copy.len())),
        _ => {
            let most = if random.one_in(2) { 64 } else { copy.len() };
            let at = random.below(most);
            copy[at] ^= 1 << random.below(8);
        }
    }
    copy
}

fn restore_and_run(image: &Arc<dyn Image>, snapshot: &[u8]) -> Fate {
    let limits = Limits { memory_bytes_max: MEMORY_BYTES_MAX, ..Limits::default() };
    let Ok(mut guest) = image.restore(snapshot, &limits) else { return Fate::Refused };
    look(guest.as_mut());
    let mut host = host();
    for _ in 0..TURNS {
        match guest.run(&mut host, BUDGET) {
            Turn::Preempted => {}
            Turn::Waiting => break,
            Turn::Aside => guest.work(),
            Turn::Exited(_) | Turn::Replaced => return Fate::Ran,
        }
    }
    look(guest.as_mut());
    guest.trim();
    let Some(next) = guest.snapshot() else { return Fate::Ran };
    match image.restore(&next, &limits) {
        Ok(_) => Fate::Ran,
        Err(error) => Fate::Wrong(format!("becomes what can't be restored: {}", error.message)),
    }
}

/// Everything that can be asked of a process between its turns.
fn look(guest: &mut dyn Guest) {
    let _ = (guest.usage(), guest.place(), guest.inspect(4000, Seen::default()));
}
