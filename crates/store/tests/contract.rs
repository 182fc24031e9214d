//! What every store has to keep, whatever is behind it.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, open};
use procession_store::{
    Append, Change, Commit, Found, Hash, LogEnds, MemoryStore, ROOT, Record, Space, Store,
    StoreError, link, log_key, verify,
};

fn append(id: u64, n: u64, record: &[u8]) -> Commit {
    Commit { append: Some(Append { id, n, record: record.to_vec() }), changes: vec![] }
}

fn put(space: Space, key: &[u8], value: &[u8]) -> Change {
    Change::put(space, key, value)
}

fn one(store: &dyn Store, commit: Commit) -> Result<(), StoreError> {
    store.apply(vec![commit]).remove(0)
}

/// The hash of the last of these records.
fn chain(id: u64, records: &[&[u8]]) -> Hash {
    let mut hash = ROOT;
    for (n, record) in records.iter().enumerate() {
        hash = link(id, n as u64, &hash, record);
    }
    hash
}

fn keys(store: &dyn Store, space: Space, from: &[u8], to: &[u8], reverse: bool) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let visit = &mut |key: &[u8], _: &[u8]| {
        keys.push(key.to_vec());
        true
    };
    store.scan(space, from, to, reverse, visit).unwrap();
    keys
}

/// Stores of each kind; those on disk go with their directory.
struct Stores {
    stores: Vec<(&'static str, Box<dyn Store>)>,
    _directory: Directory,
}

impl<'a> IntoIterator for &'a Stores {
    type Item = &'a (&'static str, Box<dyn Store>);
    type IntoIter = std::slice::Iter<'a, (&'static str, Box<dyn Store>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.stores.iter()
    }
}

fn stores() -> Stores {
    let directory = Directory::new();
    let stores: Vec<(&str, Box<dyn Store>)> =
        vec![("memory", Box::new(MemoryStore::new())), ("disk", Box::new(open(directory.path())))];
    Stores { stores, _directory: directory }
}

#[test]
fn records_are_appended_in_turn_and_chained() {
    for (name, store) in &stores() {
        let results = store.apply(vec![
            append(7, 0, b"first"),
            append(7, 1, b"second"),
            append(7, 1, b"again"),
            append(8, 1, b"too early"),
            append(7, 2, b"third"),
        ]);
        let ok: Vec<bool> = results.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, true, false, false, true], "{name}");
        assert!(matches!(results[2], Err(StoreError::Conflict { id: 7, given: 1, next: 2 })));
        assert!(matches!(results[3], Err(StoreError::Conflict { id: 8, given: 1, next: 0 })));
        let mut records = Vec::new();
        store
            .records(7, 0, &mut |n, record| {
                records.push((n, record.body.to_vec(), record.hash));
                true
            })
            .unwrap();
        let parts: [&[u8]; 3] = [b"first", b"second", b"third"];
        let expected: Vec<_> =
            (0..3).map(|n| (n as u64, parts[n].to_vec(), chain(7, &parts[..=n]))).collect();
        assert_eq!(records, expected, "{name}");
        let head = chain(7, &parts);
        let ends = LogEnds { first: 0, previous: ROOT, next: 3, head };
        assert_eq!(verify(&**store, 7, 0).unwrap(), ends, "{name}");
        assert_eq!(verify(&**store, 7, 2).unwrap(), ends, "{name}");
        assert_eq!(store.log_ends(8).unwrap(), LogEnds::EMPTY, "{name}");
        let value = store.get(Space::Log, &log_key(7, 1)).unwrap().unwrap();
        assert_eq!(Record::of_value(&value).unwrap().body, b"second");
    }
}

#[test]
fn a_refused_commit_leaves_no_trace() {
    for (name, store) in &stores() {
        one(&**store, append(1, 0, b"a")).unwrap();
        let with = |append: Append, changes: Vec<Change>| Commit { append: Some(append), changes };
        let refused = with(
            Append { id: 1, n: 5, record: b"b".to_vec() },
            vec![put(Space::Head, b"1", b"5"), Change::trim_log(1, 0)],
        );
        let invalid = with(
            Append { id: 1, n: 1, record: b"b".to_vec() },
            vec![put(Space::Head, b"1", b"1"), put(Space::Name, b"", b"1")],
        );
        let beyond = Commit::of(vec![put(Space::Head, b"1", b"7"), Change::trim_log(1, 1)]);
        let fine = with(
            Append { id: 1, n: 1, record: b"c".to_vec() },
            vec![put(Space::Wake, b"1", b"yes")],
        );
        let results = store.apply(vec![refused, invalid, beyond, fine]);
        assert!(matches!(results[0], Err(StoreError::Conflict { .. })), "{name}");
        assert!(matches!(results[1], Err(StoreError::Invalid { space: Space::Name, .. })));
        assert!(matches!(results[2], Err(StoreError::Invalid { space: Space::Log, .. })));
        assert!(results[3].is_ok(), "{name}");
        assert_eq!(store.get(Space::Head, b"1").unwrap(), None, "{name}");
        assert_eq!(store.get(Space::Wake, b"1").unwrap().as_deref(), Some(&b"yes"[..]));
        let ends = verify(&**store, 1, 0).unwrap();
        assert_eq!((ends.first, ends.next, ends.head), (0, 2, chain(1, &[b"a", b"c"])));
    }
}

#[test]
fn the_last_change_of_a_key_counts() {
    for (name, store) in &stores() {
        let results = store.apply(vec![
            Commit::of(vec![put(Space::Head, b"k", b"1"), put(Space::Name, b"n", b"x")]),
            Commit::of(vec![put(Space::Head, b"k", b"2"), Change::remove(Space::Name, *b"n")]),
            Commit::of(vec![Change::remove(Space::Head, *b"k"), put(Space::Head, b"k", b"3")]),
        ]);
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(store.get(Space::Head, b"k").unwrap().as_deref(), Some(&b"3"[..]), "{name}");
        assert_eq!(store.get(Space::Name, b"n").unwrap(), None, "{name}");
        assert_eq!(store.get(Space::Name, b"k").unwrap(), None, "spaces are apart");
    }
}

#[test]
fn scans_are_ordered_and_bounded() {
    for (name, store) in &stores() {
        let given: [&[u8]; 5] = [b"a", b"ab", b"b", b"b\xff", b"c"];
        let changes = given.iter().rev().map(|key| put(Space::Value, key, b"v")).collect();
        one(&**store, Commit::of(changes)).unwrap();
        assert_eq!(keys(&**store, Space::Value, b"", b"", false), given, "{name}");
        assert_eq!(keys(&**store, Space::Value, b"ab", b"c", false), given[1..4], "{name}");
        let mut reversed: Vec<&[u8]> = given[1..4].to_vec();
        reversed.reverse();
        assert_eq!(keys(&**store, Space::Value, b"ab", b"c", true), reversed, "{name}");
        assert!(keys(&**store, Space::Value, b"c", b"c", false).is_empty(), "{name}");
        assert!(keys(&**store, Space::Value, b"d", b"c", false).is_empty(), "{name}");
        assert!(keys(&**store, Space::Name, b"", b"", false).is_empty(), "{name}");
        let mut seen = 0;
        let visit = &mut |_: &[u8], _: &[u8]| {
            // The store can be used from within, and by others.
            assert!(store.get(Space::Value, b"a").unwrap().is_some());
            std::thread::scope(|scope| {
                let put = || one(&**store, Commit::of(vec![put(Space::Value, b"zz", b"new")]));
                scope.spawn(put).join().unwrap().unwrap();
            });
            seen += 1;
            true
        };
        store.scan(Space::Value, b"", b"", false, visit).unwrap();
        assert_eq!(seen, 5, "{name}: a scan sees one moment");
    }
}

#[test]
fn a_trimmed_log_still_verifies_and_goes_on() {
    for (name, store) in &stores() {
        let parts: [&[u8]; 6] = [b"0", b"1", b"2", b"3", b"4", b"5"];
        for (n, part) in parts[..5].iter().enumerate() {
            one(&**store, append(3, n as u64, part)).unwrap();
        }
        one(&**store, append(4, 0, b"another log")).unwrap();
        // Each by itself, or only the last: both remove 0 to 2.
        let each = (0..3).map(|n| Change::remove(Space::Log, log_key(3, n))).collect();
        one(&**store, Commit::of(each)).unwrap();
        one(&**store, Commit::of(vec![Change::trim_log(3, 1)])).unwrap();
        let ends = verify(&**store, 3, 0).unwrap();
        let previous = chain(3, &parts[..3]);
        let head = chain(3, &parts[..5]);
        assert_eq!(ends, LogEnds { first: 3, previous, next: 5, head }, "{name}");
        // In one commit: append the last and trim everything, itself too.
        let commit = Commit { changes: vec![Change::trim_log(3, 5)], ..append(3, 5, parts[5]) };
        one(&**store, commit).unwrap();
        let head = chain(3, &parts);
        assert_eq!(
            verify(&**store, 3, 0).unwrap(),
            LogEnds { first: 6, previous: head, next: 6, head },
            "{name}"
        );
        assert!(one(&**store, append(3, 0, b"x")).is_err(), "{name}");
        one(&**store, append(3, 6, b"6")).unwrap();
        assert_eq!(verify(&**store, 3, 0).unwrap().head, link(3, 6, &head, b"6"), "{name}");
        assert_eq!(verify(&**store, 4, 0).unwrap().next, 1, "{name}");
    }
}

#[test]
fn a_forgotten_log_begins_anew() {
    for (name, store) in &stores() {
        for n in 0..4 {
            one(&**store, append(3, n, b"old")).unwrap();
        }
        one(&**store, Commit::of(vec![Change::trim_log(3, 1)])).unwrap();
        let results = store.apply(vec![
            Commit { changes: vec![Change::forget_log(3)], ..append(3, 4, b"last") },
            append(3, 5, b"too late"),
            append(3, 0, b"new"),
        ]);
        assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        let head = chain(3, &[b"new"]);
        let ends = LogEnds { first: 0, previous: ROOT, next: 1, head };
        assert_eq!(verify(&**store, 3, 0).unwrap(), ends, "{name}");
        assert_eq!(keys(&**store, Space::Log, b"", b"", false), [log_key(3, 0)], "{name}");
        one(&**store, Commit::of(vec![Change::forget_log(99), Change::trim_log(98, 5)])).unwrap();
    }
}

#[test]
fn what_is_full_takes_removals_and_goes_on() {
    let store = MemoryStore::bounded(4096);
    let mut n = 0;
    let full = loop {
        match one(&store, append(1, n, &[n as u8; 200])) {
            Ok(()) => n += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full { needed, free } if free < needed), "{full}");
    assert!(n > 4);
    assert_eq!(verify(&store, 1, 0).unwrap().next, n, "nothing is lost");
    one(&store, Commit::of(vec![Change::trim_log(1, n - 2)])).unwrap();
    one(&store, append(1, n, &[1; 200])).unwrap();
    assert_eq!(verify(&store, 1, 0).unwrap().next, n + 1);
}

#[test]
fn damage_is_named_and_never_served() {
    let store = MemoryStore::new();
    for n in 0..3 {
        one(&store, append(9, n, b"record")).unwrap();
    }
    one(&store, Commit::of(vec![put(Space::Head, b"k", b"v")])).unwrap();
    assert!(store.damage(Space::Log, &log_key(9, 1), 13));
    assert!(store.damage(Space::Head, b"k", 3));
    let named = |error: &StoreError, space: Space, key: &[u8]| matches!(error, StoreError::Damaged { space: s, key: k, .. } if *s == space && k == key);
    assert!(named(&store.get(Space::Head, b"k").unwrap_err(), Space::Head, b"k"));
    assert!(named(&verify(&store, 9, 0).unwrap_err(), Space::Log, &log_key(9, 1)));
    assert!(named(&verify(&store, 9, 2).unwrap_err(), Space::Log, &log_key(9, 1)));
    let mut found = Vec::new();
    store
        .inspect(Space::Log, b"", b"", false, &mut |_, it| {
            found.push(matches!(it, Found::Value(_)));
            true
        })
        .unwrap();
    assert_eq!(found, [true, false, true]);
    // The undamaged end can still be appended to, and what is damaged can be trimmed away.
    one(&store, append(9, 3, b"more")).unwrap();
    one(&store, Commit::of(vec![Change::trim_log(9, 2)])).unwrap();
    assert_eq!(verify(&store, 9, 0).unwrap().first, 3);
}

#[test]
fn an_unlinked_record_is_found() {
    // Two stores with logs that differ in record 0 only: record 1 of the one does not follow in the other.
    let one_store = MemoryStore::new();
    let commits = vec![append(1, 0, b"a"), append(1, 1, b"b"), append(2, 0, b"a")];
    assert!(one_store.apply(commits).iter().all(Result::is_ok));
    let hash = |n| {
        let value = one_store.get(Space::Log, &log_key(1, n)).unwrap().unwrap();
        Record::of_value(&value).unwrap().hash
    };
    let other = one_store.get(Space::Log, &log_key(2, 0)).unwrap().unwrap();
    assert_ne!(hash(0), Record::of_value(&other).unwrap().hash, "the id is part of it");
    assert_ne!(hash(1), link(1, 1, &ROOT, b"b"), "what came before is part of it");
    assert_eq!(hash(1), link(1, 1, &hash(0), b"b"));
}
