//! Processes that go back to snapshots of their own, and processes in files.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::{OnError, Program};
use procession_runtime::{Deed, HOST_NORMAL, HistoryFrom, Imported, Node, Origin};
use procession_store::MemoryStore;
use procession_types::{Context, Error, ErrorKind, Pid, SmolStr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Adds up what it receives and says the sum; over a text it fails.
const ADDER: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  while true do
    sum = sum + inbox:receive():payload()
    print(sum)
  end
end }";

fn adder() -> Vec<Program> {
    vec![program("adder", ADDER, Some(OnError::Halt))]
}

fn slots(node: &Node, pid: Pid) -> u64 {
    node.history_page(pid, HistoryFrom::Slot(0), 1).unwrap().slots
}

fn feed(node: &Node, pid: Pid, values: impl IntoIterator<Item = i64>) {
    for value in values {
        let before = slots(node, pid);
        send(node, pid, numbers(&[value]));
        until(|| slots(node, pid) > before);
    }
}

fn printed(node: &Node, pid: Pid) -> Vec<String> {
    let records = node.history(pid, 0, usize::MAX).unwrap();
    let went = records.into_iter().flat_map(|it| it.went.list);
    went.filter(|it| it.kind == "print").map(|it| it.text).collect()
}

#[test]
fn a_process_goes_back_and_keeps_its_history() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, adder());
    let pid = start(&first, "adder", numbers(&[])).pid;
    feed(&first, pid, [1, 2]);
    let made = first.make_snapshot(pid, None).unwrap();
    feed(&first, pid, [10, 20]);
    let restored = first.restore(pid, made.n, None).unwrap();
    assert_eq!((restored.from, restored.slot, restored.hash), (2, 4, made.hash));
    feed(&first, pid, [5]);
    assert_eq!(printed(&first, pid), ["1", "3", "13", "33", "8"]);
    let deeds: Vec<_> = first.history(pid, 4, 1).unwrap().into_iter().map(|it| it.deed).collect();
    assert_eq!(deeds, [Deed::Given(Origin::Restore { n: made.n, slot: 2 })]);
    // Before and after it.
    assert_ne!(first.state_at(pid, 4).unwrap().hash, Some(made.hash));
    assert_eq!(first.state_at(pid, 5).unwrap().hash, Some(made.hash));
    drop(first);
    let next = node(&store, adder());
    feed(&next, pid, [1]);
    assert_eq!(printed(&next, pid).last().unwrap(), "9");
    let replayed = next.replay(pid, 0, u64::MAX).unwrap();
    assert_eq!((replayed.first, replayed.slot, replayed.difference), (0, 7, None));
    assert_eq!(replayed.snapshots, 2);
}

#[test]
fn one_that_stands_still_goes_on_from_before() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, adder());
    let pid = start(&first, "adder", numbers(&[])).pid;
    feed(&first, pid, [1]);
    let made = first.make_snapshot(pid, None).unwrap();
    send(&first, pid, text("x"));
    until(|| first.is_halted(pid));
    // What waits for it is still there.
    send(&first, pid, numbers(&[7]));
    first.restore(pid, made.n, None).unwrap();
    until(|| printed(&first, pid) == ["1", "8"]);
    assert!(!first.is_halted(pid));
    drop(first);
    let next = node(&store, adder());
    feed(&next, pid, [1]);
    assert_eq!(printed(&next, pid).last().unwrap(), "9");
}

#[test]
fn names_and_messages_stay() {
    let source = "return { main = function()
      local inbox, took = process.inbox(), {}
      while true do
        local value = inbox:receive():payload()
        if value == 'name' then process.registry.register('late') else
          took[#took + 1] = value
          print(table.concat(took, ' '))
        end
      end
    end }";
    let store = Arc::new(MemoryStore::default());
    let programs = || vec![program("taker", source, Some(OnError::Skip))];
    let first = node(&store, programs());
    let pid = start(&first, "taker", numbers(&[])).pid;
    feed(&first, pid, [1]);
    let made = first.make_snapshot(pid, None).unwrap();
    send(&first, pid, text("name"));
    until(|| first.lookup("late") == Some(pid));
    feed(&first, pid, [2]);
    first.pause(pid).unwrap();
    (3..6).for_each(|value| send(&first, pid, numbers(&[value])));
    first.restore(pid, made.n, None).unwrap();
    until(|| printed(&first, pid).last().unwrap() == "1 3 4 5");
    assert_eq!(first.lookup("late"), Some(pid));
    drop(first);
    let next = node(&store, programs());
    assert_eq!(next.lookup("late"), Some(pid));
    assert_eq!(next.state_at(pid, u64::MAX).unwrap().names, ["late"]);
}

#[test]
fn whoever_looks_meanwhile_is_answered() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, adder());
    let pid = start(&node, "adder", numbers(&[])).pid;
    feed(&node, pid, [1]);
    let made = node.make_snapshot(pid, None).unwrap();
    let is_over = AtomicBool::new(false);
    let looked = std::thread::scope(|scope| {
        let look = scope.spawn(|| {
            let mut looked = 0;
            while !is_over.load(Ordering::Relaxed) {
                let info = node.info(pid).map(drop);
                let peeked = node.peek(pid, 1).map(drop);
                assert_eq!((info, peeked), (Ok(()), Ok(())), "after {looked}");
                looked += 1;
            }
            looked
        });
        let restored = (0..200).try_for_each(|_| node.restore(pid, made.n, None).map(drop));
        is_over.store(true, Ordering::Relaxed);
        restored.unwrap();
        look.join().unwrap()
    });
    assert!(looked > 0);
    feed(&node, pid, [5]);
    assert_eq!(printed(&node, pid), ["1", "6"]);
}

#[test]
fn what_can_not_be_restored_says_why() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, adder());
    let pid = start(&node, "adder", numbers(&[])).pid;
    feed(&node, pid, [1]);
    let none = node.restore(pid, 1, None).unwrap_err();
    assert_eq!(none.kind, ErrorKind::NotFound);
    assert!(none.message.contains("no snapshot 1: there is none"), "{none:?}");
    let made = node.make_snapshot(pid, None).unwrap();
    let other = node.restore(pid, made.n + 1, None).unwrap_err();
    assert!(other.message.contains(&format!("there is {}", made.n)), "{other:?}");
    node.terminate(pid).unwrap();
    until(|| !node.is_alive(pid));
    let ended = node.restore(pid, made.n, None).unwrap_err();
    assert_eq!(ended.kind, ErrorKind::Conflict);
    assert!(ended.message.contains("procession fork"), "{ended:?}");
}

fn import(node: &Node, file: &[u8], name: Option<&str>) -> Result<Pid, Error> {
    let (host, name) = (SmolStr::new(HOST_NORMAL), name.map(SmolStr::new));
    let imported = Imported::read(file)?;
    node.import(imported, host, name, Context::default()).map(|it| it.pid)
}

#[test]
fn an_export_goes_on_on_another_node() {
    let (here, there) = (Arc::new(MemoryStore::default()), Arc::new(MemoryStore::default()));
    let first = node(&here, adder());
    let pid = start(&first, "adder", numbers(&[])).pid;
    feed(&first, pid, [1, 2, 3]);
    let file = first.export(pid, Some(2), None).unwrap();
    let other = node(&there, adder());
    let imported = import(&other, &file, Some("moved")).unwrap();
    assert_eq!(other.state_at(imported, 2).unwrap().hash, first.state_at(pid, 2).unwrap().hash);
    let begun = other.history(imported, 0, 1).unwrap().remove(0);
    let of = SmolStr::new(first.pid_text(pid));
    assert_eq!(begun.deed, Deed::Given(Origin::Import { of, slot: 2 }));
    drop(other);
    let again = node(&there, adder());
    assert_eq!(again.lookup("moved"), Some(imported));
    feed(&again, imported, [10]);
    assert_eq!(printed(&again, imported), ["13"]);
    assert_eq!(again.replay(imported, 2, u64::MAX).unwrap().difference, None);
    // And beside the one that it is of.
    let beside = import(&first, &file, None).unwrap();
    feed(&first, beside, [100]);
    assert_eq!(printed(&first, beside), ["103"]);
    assert_eq!(import(&again, &file, Some("moved")).unwrap_err().kind, ErrorKind::AlreadyExists);
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, adder());
    let pid = start(&first, "adder", numbers(&[])).pid;
    feed(&first, pid, [1]);
    let file = first.export(pid, None, None).unwrap();
    let refused = |node: &Node, file: &[u8]| {
        let error = import(node, file, None).unwrap_err();
        (error.kind, error.message)
    };
    for (file, what) in [
        (&file[..file.len() / 2], "cut off"),
        (&[&file[..], b"x"].concat(), "more behind its end"),
        (b"something else", "no process that was exported"),
    ] {
        let (kind, message) = refused(&first, file);
        assert_eq!(kind, ErrorKind::Invalid);
        assert!(message.contains(what), "{message}");
    }
    let mut bad = file.clone();
    bad[file.len() / 2] ^= 1;
    assert!(refused(&first, &bad).1.contains("checksum"));
    // One whose checksum fits, and whose state was not written by any node.
    let mut forged = procession_durable::portable::read(&file).unwrap();
    forged.state.truncate(forged.state.len() / 2);
    let forged = procession_durable::portable::write(&forged);
    assert!(refused(&first, &forged).1.contains("state is not as it was written"));
    let nothing = node(&Arc::new(MemoryStore::default()), Vec::new());
    assert_eq!(refused(&nothing, &file).0, ErrorKind::NotFound);
    let source = ADDER.replace("sum + ", "sum - ");
    let others = vec![program("adder", &source, Some(OnError::Halt))];
    let other = node(&Arc::new(MemoryStore::default()), others);
    let (kind, message) = refused(&other, &file);
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.contains("another version of \"app:adder\""), "{message}");
}
