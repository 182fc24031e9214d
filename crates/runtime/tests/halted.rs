//! Durable processes that stand still over a failure: what is written down, what waits, what lets them go on.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::OnError;
use procession_runtime::{Deed, Halt, Node, When};
use procession_store::MemoryStore;
use procession_types::{ErrorKind, Limit, Pid};
use std::sync::Arc;

/// Adds up what it receives and names itself after the sum, so that it can be seen; over a text it fails.
const ADDER: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  while true do
    sum = sum + inbox:receive():payload()
    process.registry.register('sum ' .. sum)
  end
end }";
/// Fails when its time has come.
const CLOCK: &str = "return { main = function(wait)
  local inbox = process.inbox()
  inbox:receive()
  require('time').sleep('1ms')
  error('too late')
end }";
/// Hands on what it is told to somebody.
const SENDER: &str = "return { main = function(to)
  local inbox = process.inbox()
  while true do process.send(to, 'x', inbox:receive():payload()) end
end }";

fn programs() -> Vec<procession_environment::Program> {
    vec![
        program("adder", ADDER, Some(OnError::Halt)),
        program("clock", CLOCK, Some(OnError::Halt)),
        program("sender", SENDER, None),
    ]
}

/// The process, once it stands still.
fn stands(node: &Node, pid: Pid) -> Halt {
    // The store knows of it when that is committed.
    let mut halt = None;
    until(|| {
        halt = node.halt(pid).unwrap();
        halt.is_some()
    });
    assert!(node.is_halted(pid));
    halt.unwrap()
}

fn metric(node: &Node) -> String {
    let text = node.metrics();
    text.lines().find(|line| line.starts_with("procession_processes_halted ")).unwrap().to_owned()
}

#[test]
fn what_it_failed_over_is_written_down() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, programs());
    let pid = start(&first, "adder", numbers(&[])).pid;
    send(&first, pid, numbers(&[1]));
    until(|| first.lookup("sum 1").is_some());
    assert!(first.halt(pid).unwrap().is_none() && metric(&first).ends_with(" 0"));
    send(&first, pid, text("two"));
    let halt = stands(&first, pid);
    assert_eq!((halt.slot, &*halt.program, first.halted()), (1, "app:adder", vec![pid]));
    assert!(metric(&first).ends_with(" 1"));
    drop(first);

    // Also after a start, and nobody has to wake it for that.
    let next = node(&store, programs());
    assert!(next.is_halted(pid) && metric(&next).ends_with(" 1"));
    let again = next.halt(pid).unwrap().unwrap();
    assert_eq!(again, halt);
    let input = again.input.unwrap();
    assert_eq!((input.kind, &*input.text), ("message", "\"two\""));
    assert!(again.error.message.contains("attempt to add"), "{:?}", again.error);
    assert!(again.error.traceback.is_some());
    let last = next.history(pid, 1, 10).unwrap();
    let [failed] = &last[..] else { panic!("{last:?}") };
    assert_eq!((failed.n, failed.inputs, failed.at), (again.record, 1, again.since));
    assert!(matches!(&failed.deed, Deed::Failed(_, OnError::Halt)), "{failed:?}");
    assert_eq!(next.state_at(pid, u64::MAX).unwrap().slot, 2);
    assert_eq!(next.replay(pid, 0, u64::MAX).unwrap().difference, None);
    // Whoever looks at it on its shard is told what to do.
    let error = next.info(pid).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("procession skip"), "{error:?}");
}

#[test]
fn it_goes_on_without_the_input_and_loses_no_other() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, programs());
    let pid = start(&first, "adder", numbers(&[])).pid;
    assert_eq!(first.skip(pid).unwrap_err().kind, ErrorKind::Conflict);
    send(&first, pid, numbers(&[1]));
    until(|| first.lookup("sum 1").is_some());
    // Some are in the mailbox when it fails, and one comes from a process that is not durable.
    first.pause(pid).unwrap();
    send(&first, pid, text("two"));
    send(&first, pid, numbers(&[10]));
    first.resume(pid).unwrap();
    stands(&first, pid);
    let sender = start(&first, "sender", text(&first.pid_text(pid))).pid;
    send(&first, sender, numbers(&[100]));
    until(|| first.halt(pid).unwrap().unwrap().waiting.0 == 2);
    send(&first, pid, numbers(&[1000]));
    drop(first);

    let next = node(&store, programs());
    assert_eq!(next.halt(pid).unwrap().unwrap().waiting.0, 3);
    let skipped = next.skip(pid).unwrap();
    assert_eq!(skipped.input.unwrap().text, "\"two\"");
    until(|| next.lookup("sum 1111").is_some());
    assert!(!next.is_halted(pid) && next.halt(pid).unwrap().is_none());
    assert!(metric(&next).ends_with(" 0"));
    assert_eq!(next.replay(pid, 0, u64::MAX).unwrap().difference, None);
    assert_eq!(next.skip(pid).unwrap_err().kind, ErrorKind::Conflict);
    // It stands still no more after another start either.
    drop(next);
    let third = node(&store, programs());
    assert!(!third.is_halted(pid) && third.lookup("sum 1111") == Some(pid));
}

#[test]
fn a_failure_over_no_input_is_tried_again() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, programs());
    let pid = start(&node, "clock", numbers(&[])).pid;
    send(&node, pid, numbers(&[1]));
    let mut halt = stands(&node, pid);
    assert!(halt.input.is_none() && halt.error.message.contains("too late"), "{halt:?}");
    // As soon as it is said that it stands still, that can be undone, whatever the node is at.
    for _ in 0..300 {
        assert_eq!(node.skip(pid).unwrap().record, halt.record);
        let is_next = |next: &Halt| next.record > halt.record;
        let mut next = None;
        until(|| {
            next = node.halt(pid).unwrap().filter(is_next);
            next.is_some()
        });
        halt = next.unwrap();
    }
    assert_eq!(node.replay(pid, 0, u64::MAX).unwrap().difference, None);
}

#[test]
fn one_that_stands_still_can_be_ended_and_its_mailbox_is_limited() {
    let store = Arc::new(MemoryStore::default());
    let mut all = programs();
    all[0].limits.mailbox_messages_max = Some(3);
    let node = node(&store, all);
    let pid = start(&node, "adder", numbers(&[])).pid;
    send(&node, pid, text("two"));
    stands(&node, pid);
    for value in 0..3 {
        send(&node, pid, numbers(&[value]));
    }
    let message = procession_types::Message {
        topic: procession_types::Topic::new("x"),
        from: None,
        payload: numbers(&[4]),
    };
    let full = node.send(pid, message).unwrap_err();
    assert_eq!(full.limit, Some(Limit::Mailbox));
    assert!(full.message.contains("procession skip"), "{full:?}");
    node.terminate(pid).unwrap();
    until(|| !node.is_alive(pid) && !node.is_halted(pid));
    // The store knows of it when its last commit is made.
    until(|| node.halt(pid).unwrap().is_none());
    assert!(metric(&node).ends_with(" 0"));
}

/// Sends to the process of that name until it is refused; gives how often, and why.
const FLOOD: &str = "return { main = function(most)
  local time = require('time')
  for sent = 0, most do
    local ok, error = process.send('sum 1', 'x', sent)
    if not ok then return sent .. ' ' .. error:kind() .. ' ' .. error:message() end
    if sent % 500 == 0 then time.sleep('1ms') end
  end
  return 'never'
end }";

#[test]
fn whoever_sends_to_one_that_stands_still_is_refused_when_too_much_waits() {
    let store = Arc::new(MemoryStore::default());
    let mut all = programs();
    all.push(program("flood", FLOOD, None));
    let node = node(&store, all);
    let pid = start(&node, "adder", numbers(&[])).pid;
    send(&node, pid, numbers(&[1]));
    until(|| node.lookup("sum 1") == Some(pid));
    send(&node, pid, text("fail"));
    stands(&node, pid);
    let flood = start(&node, "flood", numbers(&[1_000_000])).ending.unwrap();
    let reason = flood.wait_for(PATIENCE).unwrap();
    let procession_types::ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    let said = String::from_utf8(value.string(value.values()[0]).unwrap()).unwrap();
    let (sent, why) = said.split_once(' ').unwrap();
    assert_eq!(why, "RateLimited mailbox is full");
    let sent: i64 = sent.parse().unwrap();
    assert!(sent >= 10_000, "{sent}");
    // What was under way when it was full is counted with what nobody has taken.
    let unread = || {
        let text = node.metrics();
        let line = text.lines().find(|it| it.starts_with("procession_messages_unread_total "));
        line.unwrap().rsplit(' ').next().unwrap().parse::<i64>().unwrap()
    };
    until(|| unread() == sent - 10_000);
    let error = node.send(pid, message(1)).unwrap_err();
    assert_eq!(error.limit, Some(Limit::Mailbox));
    node.skip(pid).unwrap();
    let page = || node.history_page(pid, procession_runtime::HistoryFrom::Slot(0), 1).unwrap();
    until(|| page().slots == 10_002);
    send(&node, pid, numbers(&[1]));
}

fn message(value: i64) -> procession_types::Message {
    procession_types::Message { topic: "x".into(), from: None, payload: numbers(&[value]) }
}

#[test]
fn one_that_stands_still_is_not_upgraded_and_says_so_at_once() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, programs());
    let pid = start(&node, "adder", numbers(&[])).pid;
    send(&node, pid, text("fail"));
    stands(&node, pid);
    for when in [When::Now, When::AtRest(PATIENCE)] {
        let error = node.upgrade(pid, None, numbers(&[]), when).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
        assert!(error.message.contains("procession skip"), "{error}");
    }
    node.skip(pid).unwrap();
    node.upgrade(pid, None, numbers(&[]), When::Now).unwrap();
}
