//! Looking back at durable processes.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::OnError;
use procession_store::MemoryStore;
use procession_types::{ErrorKind, Pid};
use std::sync::Arc;

/// Adds up what it receives and hands the sum on; at 0 it ends with it.
const TELLER: &str = "return { main = function(to)
  local inbox, sum = process.inbox(), 0
  print('begun')
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return sum end
    if value == 'fail' then error('as asked') end
    sum = sum + value
    process.send(to, 'sum', sum)
  end
end }";
/// Waits for ever.
const SINK: &str = "return { main = function() process.events():receive() end }";

fn programs(rule: OnError) -> Vec<procession_environment::Program> {
    vec![program("teller", TELLER, Some(rule)), program("sink", SINK, Some(OnError::Skip))]
}

fn begun(node: &procession_runtime::Node) -> (Pid, Pid) {
    let sink = start(node, "sink", numbers(&[])).pid;
    (start(node, "teller", text(&node.pid_text(sink))).pid, sink)
}

/// Lets the process take all that was sent: it ends, or says so by its last record.
fn settled(node: &procession_runtime::Node, pid: Pid, slots: u64) {
    let has_taken = || {
        let records = node.history(pid, 0, usize::MAX).unwrap();
        records.iter().map(|it| u64::from(it.inputs)).sum::<u64>() >= slots
    };
    until(has_taken);
}

#[test]
fn records_say_what_came_and_what_went() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, programs(OnError::Skip));
    let (pid, sink) = begun(&node);
    send(&node, pid, numbers(&[7]));
    settled(&node, pid, 1);
    send(&node, pid, text("fail"));
    settled(&node, pid, 2);
    send(&node, pid, numbers(&[0]));
    settled(&node, pid, 3);
    let records = node.history(pid, 0, 100).unwrap();
    let names: Vec<_> =
        records.iter().map(|it| (it.n, it.slot, it.inputs, it.deed.name())).collect();
    let first = &records[0];
    assert_eq!((first.n, first.deed.name(), first.inputs), (0, "turns", 0), "{names:?}");
    let printed = records.iter().flat_map(|it| &it.went.list).find(|it| it.kind == "print");
    assert_eq!(printed.map(|it| (it.text.as_str(), it.bytes)), Some(("begun", 5)));
    let taken: Vec<_> = records.iter().filter(|it| it.inputs > 0).collect();
    let [turns, failed, ended] = taken[..] else { panic!("{names:?}") };
    assert_eq!((turns.slot, turns.deed.name()), (0, "turns"));
    let came = &turns.came.list[0];
    assert_eq!((came.kind, came.about.as_deref(), &*came.text), ("message", Some("x"), "7"));
    let went = turns.went.list.iter().find(|it| it.kind == "send").unwrap();
    assert_eq!((went.peer, went.about.as_deref(), &*went.text), (Some(sink), Some("sum"), "7"));
    assert!(turns.instructions > 0 && turns.state_bytes > 0 && turns.duration_ns > 0);
    assert_eq!((failed.slot, failed.deed.name(), failed.went.count), (1, "failed", 0));
    assert_eq!(failed.came.list[0].text, "\"fail\"");
    assert!(failed.deed.error().unwrap().message.contains("as asked"), "{failed:?}");
    assert_eq!((ended.slot, ended.deed.name(), ended.deed.error()), (2, "ended", None));
}

#[test]
fn those_that_sleep_stand_still_or_have_ended_have_a_history() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, programs(OnError::Halt));
    let ((halted, _), (ended, _), (sleeps, _)) = (begun(&first), begun(&first), begun(&first));
    for value in 1..=20 {
        [halted, ended, sleeps].iter().for_each(|pid| send(&first, *pid, numbers(&[value])));
    }
    for pid in [halted, ended, sleeps] {
        settled(&first, pid, 20);
    }
    send(&first, ended, numbers(&[0]));
    send(&first, halted, text("fail"));
    settled(&first, ended, 21);
    settled(&first, halted, 21);
    drop(first);
    let next = node(&store, programs(OnError::Halt));
    for (pid, slots) in [(halted, 21), (ended, 21), (sleeps, 20)] {
        let all = next.history(pid, 0, usize::MAX).unwrap();
        let taken: u64 = all.iter().map(|it| u64::from(it.inputs)).sum();
        assert_eq!(taken, slots, "{all:?}");
        for slot in 0..slots {
            let from = next.history(pid, slot, 1).unwrap();
            let expected =
                all.iter().find(|it| it.slot >= slot || it.slot + u64::from(it.inputs) > slot);
            assert_eq!(from.first(), expected, "slot {slot}");
        }
        assert_eq!(next.history(pid, slots + 1, 10).unwrap(), []);
        assert_eq!(next.history(pid, 0, 2).unwrap(), all[..2]);
        assert_eq!(next.history(pid, 0, 0).unwrap(), []);
    }
}

#[test]
fn others_have_no_history() {
    let store = Arc::new(MemoryStore::default());
    let node =
        node(&store, vec![program("sink", SINK, None), program("kept", SINK, Some(OnError::Skip))]);
    let pid = start(&node, "sink", numbers(&[])).pid;
    let error = node.history(pid, 0, 10).unwrap_err();
    assert!(error.kind == ErrorKind::NotFound && error.message.contains("durable: true"));
    let kept = start(&node, "kept", numbers(&[])).pid;
    let foreign = Pid { slot: kept.slot + 1, ..kept };
    assert_eq!(node.history(foreign, 0, 10).unwrap_err().kind, ErrorKind::NotFound);
}
