//! Relations of durable processes, before and after they come back.
#![allow(clippy::unwrap_used)]

use procession_durable::bytes::{decoded, encoded};
use procession_durable::head::number;
use procession_durable::journal::Entry;
use procession_durable::record::{Kind, Record};
use procession_environment::OnError;
use procession_runtime::Node;
use procession_store::{MemoryStore, Store};
use procession_types::{Fragment, Pid};
use std::sync::Arc;
use std::time::Instant;

mod keeping;

use keeping::{PATIENCE, node, program};

fn start(node: &Node, name: &str) -> Pid {
    keeping::start(node, name, Fragment::default()).pid
}

fn send(node: &Node, pid: Pid, what: &str) {
    keeping::send(node, pid, keeping::text(what));
}

/// Sends it what it asks of its state: it ends with the answer, as the end of its log says.
fn ask(node: &Node, store: &MemoryStore, pid: Pid) -> String {
    send(node, pid, "what do you know");
    let records = until(store, pid, |records| {
        records.last().is_some_and(|last| matches!(last.kind, Kind::Ended { .. }))
    });
    format!("{:?}", records.last().map(|last| &last.kind))
}

/// Waits until the log of a process shows something.
fn until(store: &MemoryStore, pid: Pid, shows: impl Fn(&[Record]) -> bool) -> Vec<Record> {
    let began = Instant::now();
    loop {
        let mut records = Vec::new();
        let read = store.records(number(&pid), 0, &mut |_, record| {
            records.push(decoded::<Record>(record.body).unwrap());
            true
        });
        read.unwrap();
        if shows(&records) {
            return records;
        }
        assert!(began.elapsed() < PATIENCE, "the log never shows it: {records:?}");
        std::thread::yield_now();
    }
}

fn has_printed(records: &[Record], line: &str) -> bool {
    let text = encoded(&Entry::Printed(line.into()));
    records
        .iter()
        .filter_map(Record::journal)
        .any(|journal| journal.windows(text.len()).any(|part| part == text))
}

fn failures(records: &[Record]) -> usize {
    records.iter().filter(|record| matches!(record.kind, Kind::Failed { .. })).count()
}

/// A worker is linked to; it ends normally, which the program is not told of by the link.
#[test]
fn a_link_to_a_process_that_ended_normally_is_forgotten() {
    let parent = "return { main = function()
  process.set_options({ trap_links = true })
  assert(process.spawn_linked('app:child', 'app:processes', process.pid()))
  local inbox, events = process.inbox(), process.events()
  while true do
    local result = channel.select({ inbox:case_receive(), events:case_receive() })
    if result.channel == events then error('told of ' .. result.value.kind) end
    print(result.value:payload())
    if result.value:payload() == 'what do you know' then return 'nothing' end
  end
end }";
    let child = "return { main = function(parent) process.send(parent, 'x', 'bye') end }";
    for durable_child in [None, Some(OnError::Exit)] {
        let programs = || {
            vec![
                program("parent", parent, Some(OnError::Exit)),
                program("child", child, durable_child),
            ]
        };
        let store = Arc::new(MemoryStore::default());
        let first = node(&store, programs());
        let pid = start(&first, "parent");
        until(&store, pid, |records| has_printed(records, "bye"));
        while first.processes(10).len() > 1 {
            std::thread::yield_now();
        }
        drop(first);
        let second = node(&store, programs());
        // Whatever it is told when it comes back, it is told by then.
        send(&second, pid, "good morning");
        until(&store, pid, |records| has_printed(records, "good morning"));
        let answer = ask(&second, &store, pid);
        assert!(answer.contains("Normal"), "durable child: {durable_child:?}: {answer}");
    }
}

/// An EXIT over which the process fails is skipped once, and does not come again.
#[test]
fn an_event_that_fails_is_skipped_for_good() {
    let parent = "return { main = function()
  assert(process.spawn_monitored('app:child', 'app:processes'))
  local inbox, events = process.inbox(), process.events()
  while true do
    local result = channel.select({ inbox:case_receive(), events:case_receive() })
    if result.channel == events then error('over an event') end
    if result.value:payload() == 'what do you know' then return 'nothing' end
  end
end }";
    let child = "return { main = function() time.sleep('1ms') end }";
    for durable_child in [None, Some(OnError::Exit)] {
        let programs = || {
            vec![
                program("parent", parent, Some(OnError::Skip)),
                program("child", child, durable_child),
            ]
        };
        let store = Arc::new(MemoryStore::default());
        let first = node(&store, programs());
        let pid = start(&first, "parent");
        until(&store, pid, |records| failures(records) > 0);
        drop(first);
        let second = node(&store, programs());
        let answer = ask(&second, &store, pid);
        assert!(answer.contains("Normal"), "durable child: {durable_child:?}: {answer}");
        let records = until(&store, pid, |_| true);
        assert_eq!(failures(&records), 1, "durable child: {durable_child:?}");
    }
}
