//! Durable processes as they were, and their pasts run again.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_durable::bytes::{decoded, encoded};
use procession_environment::{OnError, Program};
use procession_runtime::Node;
use procession_store::{Change, Commit, MemoryStore, Space, Store};
use procession_types::{ErrorKind, Pid};
use std::sync::Arc;

/// Adds up what it receives and says the sum; at 0 it ends with it.
const ADDER: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  process.listen('other')
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return sum end
    if value == 'fail' then error('as asked') end
    sum = sum + value
    print(sum)
  end
end }";

fn adder(rule: OnError) -> Vec<Program> {
    vec![program("adder", ADDER, Some(rule))]
}

fn slots(node: &Node, pid: Pid) -> u64 {
    node.history(pid, 0, usize::MAX).unwrap().iter().map(|it| u64::from(it.inputs)).sum()
}

/// Sends one by one.
fn feed(node: &Node, pid: Pid, values: impl Iterator<Item = i64>) {
    for value in values {
        let before = slots(node, pid);
        send(node, pid, numbers(&[value]));
        until(|| slots(node, pid) > before);
    }
}

/// Sends all at once, so that records have several inputs.
fn flood(node: &Node, pid: Pid, values: std::ops::RangeInclusive<i64>) {
    let all = slots(node, pid) + values.clone().count() as u64;
    node.pause(pid).unwrap();
    values.for_each(|value| send(node, pid, numbers(&[value])));
    node.resume(pid).unwrap();
    until(|| slots(node, pid) == all);
}

#[test]
fn a_process_is_shown_as_it_was() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, adder(OnError::Skip));
    let (long, short) =
        (start(&node, "adder", numbers(&[])).pid, start(&node, "adder", numbers(&[])).pid);
    feed(&node, long, 1..=9);
    feed(&node, short, 1..=4);
    let (then, now) = (node.state_at(long, 4).unwrap(), node.state_at(short, u64::MAX).unwrap());
    assert_eq!((then.slot, now.slot), (4, 4));
    assert!(then.hash.is_some() && then.hash == now.hash, "the same inputs lead to the same state");
    assert_ne!(node.state_at(long, 5).unwrap().hash, then.hash);
    assert_eq!(then.topics.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["other"]);
    assert_eq!(then.coroutines[0].awaited.as_deref(), Some("inbox"));
    assert!(then.place.unwrap().starts_with("adder.lua:"), "where it waits");
    assert!(then.instructions > 0 && then.memory_bytes > 0 && !then.has_ended);
    let first = node.state_at(long, 0).unwrap();
    assert!(first.slot == 0 && first.instructions < then.instructions);
}

#[test]
fn slots_within_a_record_are_shown_too() {
    // What it has taken can be seen from outside.
    let source = "return { main = function()
  local inbox = process.inbox()
  while true do process.listen('took ' .. inbox:receive():payload()) end
end }";
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, vec![program("listener", source, Some(OnError::Skip))]);
    let pid = start(&node, "listener", numbers(&[])).pid;
    flood(&node, pid, 1..=12);
    let most = node.history(pid, 0, 100).unwrap().iter().map(|it| it.inputs).max();
    assert!(most > Some(1), "a record has several inputs: {most:?}");
    for slot in 0..=12 {
        let shown = node.state_at(pid, slot).unwrap();
        let topics: Vec<_> = (1..=slot).map(|value| format!("took {value}")).collect();
        assert_eq!(shown.slot, slot);
        assert_eq!(shown.topics.iter().map(|it| it.as_str()).collect::<Vec<_>>(), topics);
        // At first it has begun, and may not have come to its inbox.
        let awaited = shown.coroutines[0].awaited.as_deref();
        assert!(slot == 0 || awaited == Some("inbox"), "slot {slot}: {awaited:?}");
    }
}

#[test]
fn those_that_ended_or_stand_still_are_shown_too() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, adder(OnError::Halt));
    let (ended, halted) =
        (start(&first, "adder", numbers(&[])).pid, start(&first, "adder", numbers(&[])).pid);
    feed(&first, ended, 1..=3);
    feed(&first, ended, 0..=0);
    feed(&first, halted, 1..=3);
    send(&first, halted, text("fail"));
    until(|| slots(&first, halted) == 4);
    drop(first);
    let next = node(&store, adder(OnError::Halt));
    let (last, before) = (next.state_at(ended, 4).unwrap(), next.state_at(ended, 3).unwrap());
    assert!(last.has_ended && last.hash.is_none() && last.coroutines.is_empty());
    assert!(!before.has_ended && before.slot == 3);
    let stands = next.state_at(halted, 100).unwrap();
    assert_eq!((stands.slot, stands.hash), (4, before.hash));
    let replayed = next.replay(ended, 0, u64::MAX).unwrap();
    assert_eq!((replayed.first, replayed.slot, replayed.difference), (0, 4, None));
}

/// Two tasks, one of which goes on when the other has its message.
#[test]
fn a_state_that_never_was_is_not_shown() {
    let source = "return { main = function()
  local inbox = process.inbox()
  local channel = channel.new(10)
  coroutine.spawn(function() while true do print(channel:receive()) end end)
  while true do channel:send(inbox:receive():payload()) end
end }";
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, vec![program("pair", source, Some(OnError::Skip))]);
    let pid = start(&node, "pair", numbers(&[])).pid;
    flood(&node, pid, 1..=6);
    let records = node.history(pid, 0, 100).unwrap();
    for slot in 0..=6 {
        let shown = node.state_at(pid, slot).unwrap();
        let rest = |it: &procession_runtime::PastRecord| it.slot == shown.slot;
        assert!(shown.slot == slot || shown.slot < slot && records.iter().any(rest), "{slot}");
        assert_eq!(node.replay(pid, 0, slot).unwrap().difference, None);
    }
}

#[test]
fn a_replay_finds_differences() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, adder(OnError::Skip));
    let pid = start(&first, "adder", numbers(&[])).pid;
    feed(&first, pid, 1..=40);
    first.shutdown(PATIENCE);
    let next = node(&store, adder(OnError::Skip));
    let replayed = next.replay(pid, 0, u64::MAX).unwrap();
    assert_eq!((replayed.first, replayed.slot, replayed.difference), (0, 40, None));
    assert_eq!(replayed.records, next.history(pid, 0, 1000).unwrap().len() as u64);
    drop(next);
    // The program in the store is another one now: it says more from 55 on.
    let mut changes = Vec::new();
    store
        .scan(Space::Program, &[], &[], false, &mut |key, bytes| {
            let mut program: Program = decoded(bytes).unwrap();
            let source = ADDER.replace("print(sum)", "print(sum > 50 and sum + 1 or sum)");
            program.main.source = source.as_bytes().into();
            changes.push(Change::put(Space::Program, key, encoded(&program)));
            true
        })
        .unwrap();
    store.apply(vec![Commit::of(changes)]).pop().unwrap().unwrap();
    let last = node(&store, Vec::new());
    let difference = last.replay(pid, 0, u64::MAX).unwrap().difference.unwrap();
    assert_eq!(difference.slot, 10, "1 + … + 10 = 55: {difference:?}");
    let there = last.history(pid, 9, 1).unwrap().remove(0);
    assert_eq!(difference.n, there.n);
    assert!(difference.what.contains("Printed"), "{difference:?}");
    assert_eq!(last.replay(pid, 0, 9).unwrap().difference, None);
    assert_eq!(last.state_at(pid, 10).unwrap_err().kind, ErrorKind::Internal);
}

#[test]
fn a_replay_begins_with_a_snapshot_and_meets_the_others() {
    let source = "return { main = function()
  local inbox, last = process.inbox(), ''
  while true do last = inbox:receive():payload() end
end }";
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, vec![program("holder", source, Some(OnError::Skip))]);
    let pid = start(&node, "holder", numbers(&[])).pid;
    // A snapshot is due when the log has grown by a MiB.
    let large = |number: u64| text(&format!("{number:02}").repeat(20_000));
    for number in 0..30 {
        send(&node, pid, large(number));
        until(|| slots(&node, pid) == number + 1);
    }
    until(|| node.replay(pid, 0, u64::MAX).unwrap().snapshots > 0);
    let all = node.replay(pid, 0, u64::MAX).unwrap();
    assert_eq!((all.first, all.slot, all.difference), (0, 30, None));
    let last = node.replay(pid, 30, u64::MAX).unwrap();
    assert!(last.first > 0 && last.records < all.records, "{last:?}");
    assert_eq!((last.slot, last.difference), (30, None));
    let states = [node.state_at(pid, 30).unwrap(), node.state_at(pid, u64::MAX).unwrap()];
    assert_eq!(states[0].hash, states[1].hash);
    // One that is not what was made there.
    let mut changes = Vec::new();
    store
        .scan(Space::Snapshot, &[], &[], false, &mut |key, bytes| {
            let mut snapshot: procession_durable::snapshot::Snapshot = decoded(bytes).unwrap();
            snapshot.hash[0] ^= 1;
            changes.push(Change::put(Space::Snapshot, key, encoded(&snapshot)));
            true
        })
        .unwrap();
    store.apply(vec![Commit::of(changes)]).pop().unwrap().unwrap();
    let difference = node.replay(pid, 0, u64::MAX).unwrap().difference.unwrap();
    assert!(difference.what.contains("snapshot"), "{difference:?}");
}
