//! Forks of durable processes, and snapshots on demand.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::{OnError, Program};
use procession_runtime::{Deed, Forked, Node, Origin, PastRecord};
use procession_store::{MemoryStore, Store as _};
use procession_types::{Error, ErrorKind, Pid, SmolStr};
use std::sync::Arc;

/// Adds up what it receives and says the sum; at 0 it ends with it, over a text it fails.
const ADDER: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  local others = process.listen('other')
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return sum end
    if value == -1 then print(process.pid()) else
      sum = sum + value
      print(sum)
    end
  end
end }";

fn adder() -> Vec<Program> {
    vec![program("adder", ADDER, Some(OnError::Halt))]
}

fn records(node: &Node, pid: Pid) -> Vec<PastRecord> {
    node.history(pid, 0, usize::MAX).unwrap()
}

/// Sends one by one, each when the one before is written down.
fn feed(node: &Node, pid: Pid, values: impl IntoIterator<Item = i64>) {
    for value in values {
        let slots =
            || node.history_page(pid, procession_runtime::HistoryFrom::Slot(0), 1).unwrap().slots;
        let before = slots();
        send(node, pid, numbers(&[value]));
        until(|| slots() > before);
    }
}

fn printed(node: &Node, pid: Pid) -> Vec<String> {
    let went = records(node, pid).into_iter().flat_map(|it| it.went.list);
    went.filter(|it| it.kind == "print").map(|it| it.text).collect()
}

fn fork(node: &Node, pid: Pid, slot: impl Into<Option<u64>>) -> Result<Forked, Error> {
    node.fork(pid, slot.into(), None, None)
}

fn refusal(node: &Node, pid: Pid, slot: u64) -> (ErrorKind, String) {
    let error = fork(node, pid, slot).unwrap_err();
    (error.kind, error.message)
}

#[test]
fn a_fork_has_the_past_and_a_life_of_its_own() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, adder());
    let pid = start(&first, "adder", numbers(&[])).pid;
    feed(&first, pid, 1..=5);
    let before = records(&first, pid);
    let forked = fork(&first, pid, 3).unwrap();
    assert_eq!((forked.slot, &*forked.program), (3, "app:adder"));
    assert!(forked.pid != pid && first.is_alive(forked.pid));
    assert_eq!(Some(forked.hash), first.state_at(pid, 3).unwrap().hash);
    assert_eq!(records(&first, pid), before, "nothing has happened to the other");
    // Each goes on from its own state.
    feed(&first, forked.pid, [10, -1]);
    feed(&first, pid, [-1]);
    let (text, other) = (first.pid_text(forked.pid), first.pid_text(pid));
    assert_eq!(printed(&first, forked.pid), ["16", text.as_str()]);
    assert_eq!(printed(&first, pid), ["1", "3", "6", "10", "15", other.as_str()]);
    let own = records(&first, forked.pid);
    assert_eq!((own[0].n, own[0].slot, own[0].inputs), (0, 3, 0));
    assert_eq!(own[0].deed, Deed::Given(Origin::Fork { of: pid, slot: 3 }));
    assert!(own[1].used < own[0].instructions, "what the other has executed is not its own");
    let begun = first.state_at(forked.pid, 3).unwrap();
    assert_eq!(
        (begun.hash, begun.slot, &begun.topics[..]),
        (Some(forked.hash), 3, &["other".into()][..])
    );

    // Whatever becomes of the node.
    drop(first);
    let next = node(&store, adder());
    feed(&next, forked.pid, [100]);
    assert_eq!(printed(&next, forked.pid).last().unwrap(), "116");
    let replayed = next.replay(forked.pid, 3, u64::MAX).unwrap();
    assert_eq!((replayed.first, replayed.slot, replayed.difference), (0, 6, None));
    assert_eq!(replayed.snapshots, 1, "the state that it was given is verified");
    assert_eq!(next.first_state(forked.pid).unwrap(), 3);
    let earlier = next.state_at(forked.pid, 2).unwrap_err();
    assert_eq!(earlier.kind, ErrorKind::NotFound);
    assert!(earlier.message.contains("begins at slot 3, with the state of another one"));
    // A fork can be forked.
    let again = fork(&next, forked.pid, 4).unwrap();
    assert_eq!(Some(again.hash), next.state_at(forked.pid, 4).unwrap().hash);
    assert_eq!(next.state_at(again.pid, u64::MAX).unwrap().slot, 4);
}

#[test]
fn names_are_not_inherited_but_given() {
    let store = Arc::new(MemoryStore::default());
    let source = "return function()
      process.registry.register('one')
      process.inbox():receive()
      process.inbox():receive()
    end";
    let programs = || vec![program("named", source, Some(OnError::Exit))];
    let first = node(&store, programs());
    let pid = start(&first, "named", numbers(&[])).pid;
    feed(&first, pid, [1]);
    let name = |name: &str| Some(SmolStr::new(name));
    let taken = first.fork(pid, None, name("one"), None).unwrap_err();
    assert_eq!(taken.kind, ErrorKind::AlreadyExists);
    assert_eq!(first.fork(pid, None, name("{x"), None).unwrap_err().kind, ErrorKind::Invalid);
    let nameless = fork(&first, pid, None).unwrap().pid;
    let named = first.fork(pid, None, name("two"), None).unwrap().pid;
    let holders = |node: &Node| (node.lookup("one"), node.lookup("two"));
    assert_eq!(holders(&first), (Some(pid), Some(named)));
    drop(first);
    let next = node(&store, programs());
    assert_eq!(holders(&next), (Some(pid), Some(named)));
    assert!(next.state_at(nameless, u64::MAX).unwrap().names.is_empty());
    // Its end gives the name back.
    send(&next, named, numbers(&[1]));
    until(|| next.lookup("two").is_none());
    assert!(next.is_alive(pid) && next.is_alive(nameless));
}

#[test]
fn one_that_has_ended_can_be_forked() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, adder());
    let (ended, killed) =
        (start(&node, "adder", numbers(&[])).pid, start(&node, "adder", numbers(&[])).pid);
    feed(&node, ended, [1, 2, 0]);
    feed(&node, killed, [1, 2]);
    node.terminate(killed).unwrap();
    until(|| !node.is_alive(ended) && !node.is_alive(killed));
    let again = fork(&node, killed, None).unwrap();
    feed(&node, again.pid, [5]);
    assert_eq!(printed(&node, again.pid), ["8"]);
    let (kind, message) = refusal(&node, ended, 3);
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.contains("has ended at slot 3"), "{message}");
    assert_eq!(fork(&node, ended, 2).unwrap().hash, again.hash);
}

#[test]
fn one_that_stands_still_can_be_forked() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, adder());
    let pid = start(&node, "adder", numbers(&[])).pid;
    feed(&node, pid, [1]);
    send(&node, pid, text("x"));
    until(|| node.is_halted(pid));
    let forked = fork(&node, pid, None).unwrap();
    feed(&node, forked.pid, [2]);
    assert_eq!(printed(&node, forked.pid), ["3"]);
    assert!(node.is_halted(pid) && !node.is_halted(forked.pid));
}

#[test]
fn what_can_not_be_forked_says_why() {
    let store = Arc::new(MemoryStore::default());
    let mut programs = adder();
    programs.push(program("plain", ADDER, None));
    let node = node(&store, programs);
    let (pid, plain) =
        (start(&node, "adder", numbers(&[])).pid, start(&node, "plain", numbers(&[])).pid);
    feed(&node, pid, 1..=3);
    let (kind, message) = refusal(&node, pid, 4);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(message.contains("there is no slot 4: the process has taken 3 inputs"), "{message}");
    let (kind, message) = refusal(&node, plain, 0);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(message.contains("not durable"), "{message}");
    let nobody = Pid { slot: pid.slot + 1000, ..pid };
    assert_eq!(refusal(&node, nobody, 0).0, ErrorKind::NotFound);
}

/// Keeps all that it gets, a large text and numbers.
const HOLDER: &str = "return { main = function()
  local inbox, kept = process.inbox(), {}
  while true do kept[#kept + 1] = inbox:receive():payload() end
end }";

#[test]
fn a_large_state_is_there_as_long_as_the_log_says_so() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, vec![program("holder", HOLDER, Some(OnError::Skip))]);
    let pid = start(&node, "holder", numbers(&[])).pid;
    let sent = std::cell::Cell::new(0);
    let large = |pid: Pid| {
        let text = text(&format!("{:03}", sent.replace(sent.get() + 1)).repeat(40_000));
        let slots =
            || node.history_page(pid, procession_runtime::HistoryFrom::Slot(0), 1).unwrap().slots;
        let before = slots();
        send(&node, pid, text);
        until(|| slots() > before);
    };
    (0..4).for_each(|_| large(pid));
    let forked = fork(&node, pid, None).unwrap();
    // More snapshots than are kept.
    for _ in 0..4 {
        large(forked.pid);
        let made = node.make_snapshot(forked.pid, None).unwrap();
        assert_eq!(made.hash, node.state_at(forked.pid, made.slot).unwrap().hash.unwrap());
        assert_eq!(node.make_snapshot(forked.pid, None).unwrap(), made, "there is one already");
    }
    let slots: Vec<u64> = node.snapshots(forked.pid).unwrap().iter().map(|it| it.slot).collect();
    assert_eq!(slots, [8, 7, 6, 4], "three, and the one with which it began");
    let replayed = node.replay(forked.pid, 4, u64::MAX).unwrap();
    assert_eq!((replayed.first, replayed.difference, replayed.snapshots), (0, None, 4));
    assert_eq!(node.state_at(forked.pid, 4).unwrap().hash, Some(forked.hash));
    // It goes when nothing leads to it any more: with the process.
    node.terminate(forked.pid).unwrap();
    assert_eq!(node.make_snapshot(forked.pid, None).unwrap_err().kind, ErrorKind::Conflict);
    assert_eq!(node.snapshots(forked.pid).unwrap().len(), 4);
    assert!(store.size().is_ok());
}

#[test]
fn timers_go_on_in_a_fork_and_calls_fail() {
    let source = "local time = require('time')
    return { main = function()
      local inbox = process.inbox()
      coroutine.spawn(function()
        local _, err = process.call('app:waits', 'app:processes')
        print(err and err:kind() or 'done')
      end)
      inbox:receive()
      time.sleep('1h')
    end }";
    let waits = "return function() process.inbox():receive() end";
    let programs =
        vec![program("sleeps", source, Some(OnError::Skip)), program("waits", waits, None)];
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, programs);
    let pid = start(&node, "sleeps", numbers(&[])).pid;
    feed(&node, pid, [1]);
    let forked = fork(&node, pid, 1).unwrap().pid;
    until(|| !printed(&node, forked).is_empty());
    assert_eq!(printed(&node, forked), ["Unknown"]);
    let timers = |pid: Pid| node.state_at(pid, u64::MAX).unwrap().timers;
    assert_eq!(timers(forked), timers(pid));
    assert_eq!((timers(pid).len(), printed(&node, pid).len()), (1, 0), "the other's call goes on");
}
