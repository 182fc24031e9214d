//! Pasts of which the beginning is not kept any more, and pasts that are read while the process computes.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::OnError;
use procession_runtime::{Node, NodeConfig, Sinks, SnapshotRule, State};
use procession_store::MemoryStore;
use procession_types::{Error, ErrorKind, Pid};
use std::sync::Arc;
use std::time::Instant;

/// Adds up what it receives; over a text it computes for ever.
const ADDER: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  while true do
    local value = inbox:receive():payload()
    while value == 'for ever' do end
    sum = sum + value
  end
end }";

/// A node of one shard that keeps little of pasts.
fn forgetful(store: &Arc<MemoryStore>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 1;
    config.sinks = Sinks::none();
    config.programs = vec![program("adder", ADDER, Some(OnError::Skip))];
    config.store = Some(Arc::clone(store) as Arc<dyn procession_store::Store>);
    config.snapshots = SnapshotRule { records_max: 3, records_kept: 2, ..SnapshotRule::default() };
    Node::start(config).unwrap()
}

fn feed(node: &Node, pid: Pid, values: impl IntoIterator<Item = i64>) {
    for value in values {
        let slots =
            || node.history_page(pid, procession_runtime::HistoryFrom::Slot(0), 1).unwrap().slots;
        let before = slots();
        send(node, pid, numbers(&[value]));
        until(|| slots() > before);
    }
}

/// The first slot that can be asked for, as an error says.
fn first_of(error: &Error) -> u64 {
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    let words: Vec<&str> = error.message.split(": ask for slot ").collect();
    let [what, first] = words[..] else { panic!("{error}") };
    assert_eq!(what, "what led to slot 1 is no longer kept");
    first.strip_suffix(" or later").unwrap().parse().unwrap()
}

#[test]
fn slots_that_are_not_kept_are_refused_with_the_first_one_that_is() {
    let store = Arc::new(MemoryStore::default());
    let node = forgetful(&store);
    let pid = start(&node, "adder", numbers(&[])).pid;
    feed(&node, pid, 1..=9);
    // What is not kept is removed some time after the snapshot that makes it needless.
    until(|| {
        feed(&node, pid, [1]);
        node.state_at(pid, 1).is_err()
    });
    let first = first_of(&node.state_at(pid, 1).unwrap_err());
    let forked = node.fork(pid, Some(1), None, None).map(|it| it.slot);
    let (fork, replay) = (forked.unwrap_err(), node.replay(pid, 1, first).unwrap_err());
    assert!(first > 1 && first_of(&fork) >= first && first_of(&replay) >= first);
    // More may have been removed meanwhile, never less.
    let first = first_of(&node.state_at(pid, 1).unwrap_err());
    assert_eq!(node.state_at(pid, first).unwrap().slot, first);
    assert_eq!(node.fork(pid, Some(first), None, None).unwrap().slot, first);
    assert!(node.replay(pid, first, first + 1).unwrap().difference.is_none());
}

#[test]
fn the_past_never_waits_for_what_runs() {
    let store = Arc::new(MemoryStore::default());
    let node = forgetful(&store);
    let pid = start(&node, "adder", numbers(&[])).pid;
    feed(&node, pid, 1..=2);
    let before = node.state_at(pid, 2).unwrap();
    send(&node, pid, text("for ever"));
    let computes = || {
        let it = node.info(pid).unwrap().process;
        it.mailbox_messages == 0 && it.state != State::Waiting
    };
    until(computes);
    let used = node.info(pid).unwrap().process.instructions;
    let end = Some(Instant::now() + PATIENCE);
    for slot in [1, 2] {
        assert_eq!(node.state_within(pid, slot, end).unwrap().slot, slot);
    }
    let then = node.state_within(pid, 2, end).unwrap();
    assert!(
        then.hash == before.hash
            && node.replay_within(pid, (0, 2), end).unwrap().difference.is_none()
    );
    assert_eq!(node.fork(pid, Some(2), None, end).unwrap().slot, 2);
    assert_eq!(node.history(pid, 0, 10).unwrap().len(), 3);
    // It has computed all the while.
    until(|| node.info(pid).unwrap().process.instructions > used);
    assert!(computes());
    node.terminate(pid).unwrap();
}
