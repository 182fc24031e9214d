//! Snapshots of durable processes: what they take, and what happens when they are damaged.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_durable::bytes::{decoded, encoded};
use procession_durable::keys;
use procession_durable::snapshot::{Snapshot, State};
use procession_environment::{OnError, Program};
use procession_runtime::telemetry::{EventKind, Query};
use procession_runtime::{Node, NodeConfig, Sinks};
use procession_store::{Change, Commit, MemoryStore, Space, Store};
use procession_types::{ExitReason, Pid};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Has a large table of which it changes little; a string is worth a part of a snapshot. Ends with the sum
/// of everything at 0.
const HOLDER: &str = "return { main = function(count)
  local inbox, held, at = process.inbox(), {}, 0
  for i = 1, count do held[i] = { id = i, value = 0, name = 'entry ' .. i } end
  while true do
    local value = inbox:receive():payload()
    if value == 0 then break end
    at = at % count + 1
    held[at].value = held[at].value + #value
  end
  local sum = 0
  for i = 1, count do sum = sum + held[i].value end
  return sum
end }";

/// Entries of the holder's table: about a megabyte.
const ENTRIES: i64 = 6000;
/// Bytes of an input, nine of which make a snapshot due.
const INPUT_BYTES: i64 = 130_000;

fn programs() -> Vec<Program> {
    vec![program("holder", HOLDER, Some(OnError::Skip))]
}

fn all_snapshots(store: &dyn Store) -> Vec<Snapshot> {
    let mut all = Vec::new();
    let look = &mut |_: &[u8], bytes: &[u8]| {
        all.push(decoded(bytes).unwrap());
        true
    };
    store.scan(Space::Snapshot, &[], &[], true, look).unwrap();
    all
}

/// Whether there is one before that record, whatever is in it.
fn has_snapshot(store: &dyn Store, n: u64) -> bool {
    let mut has_it = false;
    let look = &mut |key: &[u8], _: procession_store::Found<'_>| {
        has_it |= keys::second(key) == Some(n);
        !has_it
    };
    store.inspect(Space::Snapshot, &[], &[], true, look).unwrap();
    has_it
}

fn newest(store: &dyn Store) -> u64 {
    let mut newest = 0;
    let look = &mut |key: &[u8], _: procession_store::Found<'_>| {
        newest = keys::second(key).unwrap();
        false
    };
    store.inspect(Space::Snapshot, &[], &[], true, look).unwrap();
    newest
}

/// Keys of all pages, with their bytes.
fn stored_pages(store: &dyn Store) -> Vec<(Vec<u8>, usize)> {
    let mut pages = Vec::new();
    let look = &mut |key: &[u8], bytes: &[u8]| {
        pages.push((key.to_vec(), bytes.len()));
        true
    };
    store.scan(Space::Page, &[], &[], false, look).unwrap();
    pages
}

/// Keys of the pages that a snapshot needs.
fn pages_of(pid: Pid, snapshot: &Snapshot) -> BTreeSet<Vec<u8>> {
    let State::Pages { line, pages, .. } = &snapshot.state else { return BTreeSet::new() };
    let id = procession_durable::head::number(&pid);
    let hashes = pages.iter().flat_map(|page| [Some(page.hash), page.base]).flatten();
    hashes.map(|hash| keys::page(id, *line, &hash)).collect()
}

struct Holder {
    store: Arc<MemoryStore>,
    pid: Pid,
    sent: i64,
}

impl Holder {
    fn new() -> (Self, Node) {
        let store = Arc::new(MemoryStore::default());
        let node = node(&store, programs());
        let pid = start(&node, "holder", numbers(&[ENTRIES])).pid;
        (Self { store, pid, sent: 0 }, node)
    }

    /// Sends until there is one more snapshot.
    fn one_more(&mut self, node: &Node) {
        let (before, input) = (newest(&*self.store), text(&"7".repeat(INPUT_BYTES as usize)));
        while newest(&*self.store) == before {
            send(node, self.pid, input.clone());
            self.sent += 1;
        }
    }

    /// Ends it, and looks at its sum.
    fn finish(&self, node: &Node) {
        let (sender, receiver) = std::sync::mpsc::channel();
        let watching = node.watch(self.pid, move |reason| drop(sender.send(Arc::clone(reason))));
        send(node, self.pid, numbers(&[0]));
        let reason = receiver.recv_timeout(PATIENCE).unwrap();
        drop(watching);
        let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
        assert_eq!(value.integer(value.values()[0]).unwrap(), self.sent * INPUT_BYTES);
    }

    fn apply(&self, changes: Vec<Change>) {
        self.store.apply(vec![Commit::of(changes)]).pop().unwrap().unwrap();
    }
}

fn told(node: &Node) -> Vec<(String, String)> {
    let query = Query { kinds: vec![EventKind::SnapshotDamaged], ..Query::default() };
    let page = node.events(&query);
    let field =
        |fields: &[(_, String)], at: usize| fields.get(at).map_or("", |it| &it.1).to_owned();
    page.records.iter().map(|it| (field(&it.fields, 0), field(&it.fields, 1))).collect()
}

#[test]
fn snapshots_of_a_large_state_share_what_has_not_changed() {
    let (mut holder, first) = Holder::new();
    (0..6).for_each(|_| holder.one_more(&first));
    first.shutdown(PATIENCE);
    let all = all_snapshots(&*holder.store);
    assert_eq!(all.len(), 3, "older ones are gone");
    let needed: Vec<_> = all.iter().map(|one| pages_of(holder.pid, one)).collect();
    assert!(needed[0].len() > 40, "{}", needed[0].len());
    assert!(needed[0].is_disjoint(&needed[1]) && needed[1].is_disjoint(&needed[2]));
    let shared = needed[0].intersection(&needed[2]).count();
    assert!(shared > needed[0].len() / 2, "{shared} of {} are shared", needed[0].len());
    let stored = stored_pages(&*holder.store);
    let union: BTreeSet<_> = needed.into_iter().flatten().collect();
    let keys: BTreeSet<_> = stored.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, union, "what no snapshot needs is gone, and nothing is missing");
    let next = node(&holder.store, programs());
    holder.finish(&next);
    assert_eq!(told(&next), []);
    next.shutdown(PATIENCE);
}

#[test]
fn a_damaged_snapshot_is_passed_over_and_removed() {
    let (mut holder, mut running) = Holder::new();
    type Damage = fn(&Holder, &[Snapshot], &[Vec<u8>]);
    // What is done to the newest, and whether it is noticed as damage.
    let damages: [(&str, Damage); 6] = [
        ("a flipped bit in the snapshot", |holder, all, _| {
            let id = procession_durable::head::number(&holder.pid);
            assert!(holder.store.damage(Space::Snapshot, &keys::snapshot(id, all[0].n), 999));
        }),
        ("a flipped bit in a page", |holder, _, pages| {
            assert!(holder.store.damage(Space::Page, &pages[pages.len() / 2], 77));
        }),
        ("a page that is missing", |holder, _, pages| {
            holder.apply(vec![Change::remove(Space::Page, pages[3].clone())]);
        }),
        ("a page in the place of another", |holder, _, pages| {
            let other = holder.store.get(Space::Page, &pages[4]).unwrap().unwrap();
            holder.apply(vec![Change::put(Space::Page, pages[5].clone(), other)]);
        }),
        ("another hash of the state", |holder, all, _| {
            let id = procession_durable::head::number(&holder.pid);
            let mut forged = all[0].clone();
            forged.hash[7] ^= 1;
            let key = keys::snapshot(id, forged.n);
            holder.apply(vec![Change::put(Space::Snapshot, key, encoded(&forged))]);
        }),
        ("a state of another log", |holder, all, _| {
            let id = procession_durable::head::number(&holder.pid);
            let mut forged = all[0].clone();
            forged.previous[7] ^= 1;
            let key = keys::snapshot(id, forged.n);
            holder.apply(vec![Change::put(Space::Snapshot, key, encoded(&forged))]);
        }),
    ];
    for (what, damage) in damages {
        (0..3).for_each(|_| holder.one_more(&running));
        running.shutdown(PATIENCE);
        let all = all_snapshots(&*holder.store);
        let pages: Vec<_> = pages_of(holder.pid, &all[0]).into_iter().collect();
        damage(&holder, &all, &pages);
        running = node(&holder.store, programs());
        // Something comes for it, so it is brought back.
        send(&running, holder.pid, text("7"));
        holder.sent += 1;
        until(|| !told(&running).is_empty());
        assert_eq!(told(&running), [(all[0].n.to_string(), all[1].n.to_string())], "{what}");
        until(|| !has_snapshot(&*holder.store, all[0].n));
        holder.sent -= 1;
        send(&running, holder.pid, text(&"7".repeat(INPUT_BYTES as usize - 1)));
        holder.sent += 1;
    }
    // Nothing that was written since rests upon the damage.
    (0..2).for_each(|_| holder.one_more(&running));
    running.shutdown(PATIENCE);
    let last = node(&holder.store, programs());
    let entries = holder.sent;
    assert!(entries > 100);
    holder.finish(&last);
    assert_eq!(told(&last), []);
}

#[test]
fn without_a_good_snapshot_the_log_is_enough() {
    let (mut holder, first) = Holder::new();
    (0..3).for_each(|_| holder.one_more(&first));
    first.shutdown(PATIENCE);
    let pages = stored_pages(&*holder.store);
    holder.apply(pages.into_iter().map(|(key, _)| Change::remove(Space::Page, key)).collect());
    let damaged: Vec<String> =
        all_snapshots(&*holder.store).iter().map(|it| it.n.to_string()).collect();
    let next = node(&holder.store, programs());
    holder.one_more(&next);
    until(|| !told(&next).is_empty());
    assert_eq!(told(&next), [(damaged.join(" "), "none, the whole log".to_owned())]);
    next.shutdown(PATIENCE);
    let last = node(&holder.store, programs());
    holder.finish(&last);
    assert_eq!(told(&last), []);
}

#[test]
fn a_snapshot_of_another_program_is_passed_over_and_kept() {
    let (mut holder, first) = Holder::new();
    (0..3).for_each(|_| holder.one_more(&first));
    first.shutdown(PATIENCE);
    let all = all_snapshots(&*holder.store);
    // As another version of procession, with another form of states, would find it.
    let mut other = all[0].clone();
    other.program = [9; 32];
    let key = keys::snapshot(procession_durable::head::number(&holder.pid), other.n);
    holder.apply(vec![Change::put(Space::Snapshot, key.clone(), encoded(&other))]);
    let next = node(&holder.store, programs());
    holder.finish(&next);
    assert_eq!(told(&next), []);
    assert!(holder.store.get(Space::Snapshot, &key).unwrap().is_some());
}

#[test]
fn a_process_that_leaves_memory_leaves_a_snapshot_behind() {
    let store = Arc::new(MemoryStore::default());
    let start_node = || {
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        config.sinks = Sinks::none();
        config.programs = programs();
        config.hosts[0].hibernate_after_ns = Some(1_000_000);
        config.store = Some(Arc::clone(&store) as Arc<dyn Store>);
        Node::start(config).unwrap()
    };
    let first = start_node();
    // Its first turn is long, and so worth one.
    let pid = start(&first, "holder", numbers(&[100_000])).pid;
    until(|| newest(&*store) > 0);
    until(|| first.hosts().iter().all(|host| host.processes == 0));
    let holder = Holder { store: Arc::clone(&store), pid, sent: 1 };
    send(&first, pid, text(&"7".repeat(INPUT_BYTES as usize)));
    holder.finish(&first);
}
