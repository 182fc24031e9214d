//! A million durable processes, of which ten thousand have work, on a host that may take so much memory.

use super::node::{born, start_within};
use super::restart::{again, line};
use super::senders::to_all;
use crate::Outcome;
use crate::bench::memory;
use std::path::Path;
use std::time::{Duration, Instant};

const PROCESSES: i64 = 1_000_000;
/// Born at once.
const BORN: i64 = 100_000;
/// One of so many has work.
const ACTIVE_OF: i64 = 100;
/// What those in memory may take: less than the active ones are, so that they push each other out.
const RESIDENT_MAX: u64 = 64 << 20;
/// Nobody leaves memory for being idle.
const IDLE: Duration = Duration::from_secs(600);
/// Senders at once, and for how long.
const SENDERS: usize = 1024;
const SENDING: Duration = Duration::from_secs(10);

/// What the command line says after the command to be the node that is measured.
pub(super) const MANY: &str = "many";

/// What was measured.
pub(super) struct Figures {
    /// Births and first messages a second.
    pub(super) born_per_second: f64,
    /// The most that the node's process ever had in memory, in bytes.
    pub(super) peak_bytes: f64,
    /// Acknowledged messages a second to the active ones.
    pub(super) per_second: f64,
}

/// In a process of its own, whose memory is nobody else's.
pub(super) fn measured(store: &Path) -> Result<Figures, String> {
    let mut child = again(&[MANY, &store.display().to_string()])?;
    let said = line(&mut child);
    let _ = child.wait();
    let said = said?;
    let figures: Vec<f64> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    match figures[..] {
        [born_per_second, peak_bytes, per_second] => {
            Ok(Figures { born_per_second, peak_bytes, per_second })
        }
        _ => Err(format!("expected three figures: {said}")),
    }
}

/// Bears the processes, has the active ones work, and says what that took.
pub(super) fn measure(store: &Path) -> Outcome {
    let node = start_within(store, IDLE, Some(RESIDENT_MAX))?;
    let (begun, mut active) = (Instant::now(), Vec::new());
    for _ in 0..PROCESSES / BORN {
        active.extend(born(&node, BORN, ACTIVE_OF)?);
    }
    node.flush_store();
    let born_per_second = PROCESSES as f64 / begun.elapsed().as_secs_f64();
    // Each has had a message at its birth.
    let sent = to_all(&node, (&active, active.len() as i64), SENDERS, SENDING)?;
    let peak = memory::peak_bytes()?;
    println!("{born_per_second} {peak} {}", sent.per_second);
    std::process::exit(0);
}
