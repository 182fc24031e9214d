//! A durable process lives no longer than it may, wherever it is when its time is over.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::{numbers, program, send, start, until};
use procession_environment::{OnError, Program};
use procession_runtime::{Deed, HistoryFrom, Node, NodeConfig, Sinks};
use procession_store::{MemoryStore, Store};
use procession_types::{Limit, Pid};
use std::sync::Arc;

/// A 1 sets a timer that goes off before its time is over.
const WAITS: &str = "local time = require('time')
return { main = function()
  local inbox = process.inbox()
  while true do
    if inbox:receive():payload() == 1 then
      coroutine.spawn(function() time.sleep('1500ms') end)
    end
  end
end }";
const LIFE_NS: u64 = 2_000_000_000;

fn mayfly() -> Program {
    let mut program = program("mayfly", WAITS, Some(OnError::Skip));
    program.limits.wall_clock_ns_max = Some(LIFE_NS);
    program
}

fn node(store: &Arc<MemoryStore>, hibernate_after_ns: Option<u64>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.programs = vec![mayfly()];
    config.store = Some(Arc::clone(store) as Arc<dyn Store>);
    config.hosts[0].hibernate_after_ns = hibernate_after_ns;
    Node::start(config).unwrap()
}

/// The process ends because its time is over, and not before.
fn ends_in_time(node: &Node, pid: Pid) {
    until(|| !node.is_alive(pid));
    let last = || node.history(pid, 0, usize::MAX).unwrap().pop().unwrap();
    until(|| matches!(last().deed, Deed::Killed(_)));
    let Deed::Killed(Some(error)) = last().deed else { panic!("{:?}", last()) };
    assert_eq!(error.limit, Some(Limit::WallClock), "{error}");
    let born = node.history(pid, 0, 1).unwrap()[0].at;
    assert!(last().at >= born.after(LIFE_NS - LIFE_NS / 10), "{:?} to {:?}", born, last().at);
}

#[test]
fn one_that_sleeps_is_ended() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, Some(0));
    let pid = start(&node, "mayfly", numbers(&[])).pid;
    until(|| node.hosts()[0].durable.sleeping == 1);
    ends_in_time(&node, pid);
}

#[test]
fn a_restart_gives_no_time() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, None);
    let pids = [(); 2].map(|()| start(&first, "mayfly", numbers(&[])).pid);
    drop(first);
    let next = node(&store, None);
    // One is brought back before its time, the other by it.
    send(&next, pids[0], numbers(&[0]));
    pids.into_iter().for_each(|pid| ends_in_time(&next, pid));
}

/// What it is given from elsewhere says nothing of its own time, and no record that it makes later does.
#[test]
fn neither_does_a_state_from_elsewhere() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, None);
    let fed = |pid, value| {
        let slots = || first.history_page(pid, HistoryFrom::Slot(0), 1).unwrap().slots;
        let before = slots();
        send(&first, pid, numbers(&[value]));
        until(|| slots() > before);
    };
    let pid = start(&first, "mayfly", numbers(&[])).pid;
    let made = first.make_snapshot(pid, None).unwrap();
    fed(pid, 1);
    first.restore(pid, made.n, None).unwrap();
    let fork = first.fork(pid, Some(0), None, None).unwrap().pid;
    [pid, fork].into_iter().for_each(|pid| fed(pid, 0));
    drop(first);
    let next = node(&store, None);
    [pid, fork].into_iter().for_each(|pid| ends_in_time(&next, pid));
}
