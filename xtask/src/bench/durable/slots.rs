//! Slots of one process: how many it takes per second, what they cost on disk, how fast they are run again,
//! how soon one can be read while the process computes.

use super::disk;
use super::node::{Argument, number, spawn, start, stop};
use crate::Outcome;
use procession_runtime::{Node, PastRecord};
use procession_types::Pid;
use std::path::Path;
use std::time::{Duration, Instant};

/// Slots of the process that is run again.
const SLOTS: i64 = 100_000;
/// Slots of the process that is looked at while it computes.
const SLOTS_READ: i64 = 1000;
/// How long it may take for them.
const SLOTS_TIME_MAX: Duration = Duration::from_secs(10);
/// Looks at it.
const READS: usize = 2000;
/// Processes stay in memory.
const NEVER: Duration = Duration::from_secs(600);

/// Entries of the small and of the large state.
pub(super) const ACCOUNTS: [i64; 2] = [10, 10_000];

/// What one process of so many slots has cost.
pub(super) struct Lived {
    /// Slots per second as it lived.
    pub(super) per_second: f64,
    /// Processor time per slot, in nanoseconds.
    pub(super) cpu_ns: f64,
    /// On disk per slot, when the node has stopped.
    pub(super) bytes: f64,
    /// Slots per second when they are run again from the first one on.
    pub(super) replayed_per_second: f64,
}

/// A process that takes one message a turn, so that each slot is a record of its own.
pub(super) fn alone(store: &Path, accounts: i64) -> Result<Lived, String> {
    let node = start(store, NEVER)?;
    let pid = spawn(&node, "book", &[Argument::Number(accounts)])?;
    lived(store, node, pid, |node, text| {
        number(node, "turns", &[Argument::Text(text), Argument::Number(SLOTS)])
    })
}

/// A process that is fed as fast as it goes, so that many slots share a record.
pub(super) fn fed(store: &Path) -> Result<Lived, String> {
    let node = start(store, NEVER)?;
    let pid = spawn(&node, "counter", &[])?;
    lived(store, node, pid, |node, text| {
        number(node, "feed", &[Argument::Text(text), Argument::Number(SLOTS)])
    })
}

fn lived(
    store: &Path,
    node: Node,
    pid: Pid,
    live: impl FnOnce(&Node, &str) -> Result<i64, String>,
) -> Result<Lived, String> {
    let text = node.pid_text(pid);
    let (begun, cpu) = (Instant::now(), cpu_time()?);
    let count = live(&node, &text)?;
    node.flush_store();
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_time()? - cpu);
    if count != SLOTS {
        return Err(format!("{SLOTS} messages were sent, {count} were taken"));
    }
    stop(node);
    let bytes = disk::bytes(store).map_err(|error| error.to_string())?;
    // Nothing of it is in memory any more.
    let node = start(store, NEVER)?;
    let begun = Instant::now();
    let replayed = node.replay(pid, 0, u64::MAX).map_err(|error| error.to_string())?;
    let again = begun.elapsed().as_secs_f64();
    if let Some(difference) = replayed.difference {
        return Err(format!("its replay differs: {}", difference.what));
    }
    if replayed.slot < SLOTS as u64 {
        return Err(format!("only {} slots were run again", replayed.slot));
    }
    stop(node);
    let slots = SLOTS as f64;
    Ok(Lived {
        per_second: slots / seconds,
        cpu_ns: cpu.as_nanos() as f64 / slots,
        bytes: bytes as f64 / slots,
        replayed_per_second: slots / again,
    })
}

/// How long it takes to read what a slot was, while its process computes: median and 99th percentile, in
/// nanoseconds.
pub(super) fn read(store: &Path) -> Result<(f64, f64), String> {
    let node = start(store, NEVER)?;
    let pid = spawn(&node, "busy", &[Argument::Number(SLOTS_READ)])?;
    for at in 0..SLOTS_READ {
        let message = super::node::message(&at.to_string());
        node.send(pid, message).map_err(|error| error.to_string())?;
    }
    // Everything that it has taken so far is in the log before it gets the message that it computes over.
    wait_for_slots(&node, pid)?;
    node.send(pid, super::node::message("go")).map_err(|error| error.to_string())?;
    let mut took = Vec::with_capacity(READS);
    for at in 0..READS {
        let slot = 1 + (at * 7) as u64 % (SLOTS_READ - 1) as u64;
        let begun = Instant::now();
        let found = node.history(pid, slot, 1).map_err(|error| error.to_string())?;
        took.push(begun.elapsed());
        let has_slot = |it: &PastRecord| it.slot <= slot && slot < it.slot + u64::from(it.inputs);
        if !found.first().is_some_and(has_slot) {
            return Err(format!("slot {slot} is not there"));
        }
    }
    node.terminate(pid).map_err(|error| error.to_string())?;
    stop(node);
    took.sort_unstable();
    Ok((took[READS / 2].as_nanos() as f64, took[READS * 99 / 100].as_nanos() as f64))
}

/// Waits until the log has all slots of the process that is looked at.
fn wait_for_slots(node: &Node, pid: Pid) -> Outcome {
    let begun = Instant::now();
    while begun.elapsed() < SLOTS_TIME_MAX {
        let last = SLOTS_READ as u64 - 1;
        let found = node.history(pid, last, 1).map_err(|error| error.to_string())?;
        if found.first().is_some_and(|it| it.slot + u64::from(it.inputs) > last) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err("the process does not take what was sent to it".to_owned())
}

/// Processor time of this process so far.
fn cpu_time() -> Result<Duration, String> {
    /// The system counts in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let text = std::fs::read_to_string("/proc/self/stat").map_err(|error| error.to_string())?;
    // The name of the program comes second, in parentheses; times of the process are fields 14 and 15.
    let fields =
        text.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().skip(11).take(2));
    let ticks =
        fields.map(|fields| fields.filter_map(|field| field.parse::<u32>().ok()).sum::<u32>());
    ticks.map(|ticks| TICK * ticks).ok_or_else(|| "/proc/self/stat can't be read".to_owned())
}
