//! Opening: locks, versions, half-made directories, and what comes after a failed sync.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, append, one, open, with};
use procession_store::{
    Change, DiskConfig, DiskStore, Missing, Space, Store, StoreError, log_key, verify,
};
use std::fs;

fn refused(directory: &Directory, missing: Missing) -> StoreError {
    DiskStore::open(directory.path(), DiskConfig { missing, ..DiskConfig::default() })
        .err()
        .unwrap()
}

#[test]
fn what_was_written_is_there_again() {
    let directory = Directory::new();
    for run in 0..5 {
        let store = open(directory.path());
        for id in 0..20 {
            let commit = with(
                append(id, run, format!("{id} {run}").as_bytes()),
                vec![
                    Change::put(Space::Head, id.to_be_bytes(), run.to_be_bytes()),
                    Change::put(Space::Program, b"p".repeat(100), vec![run as u8; 20_000]),
                ],
            );
            one(&store, commit).unwrap();
        }
        if run == 3 {
            one(&store, common::with(append(0, 4, b"x"), vec![Change::trim_log(0, 1)])).unwrap();
            store.compact().unwrap();
            one(&store, common::with(append(0, 5, b"y"), vec![])).unwrap();
            break;
        }
    }
    let store = open(directory.path());
    assert_eq!(verify(&store, 0, 0).unwrap().next, 6);
    assert_eq!(verify(&store, 0, 0).unwrap().first, 2);
    for id in 1..20 {
        assert_eq!(verify(&store, id, 0).unwrap().next, 4);
        let head = store.get(Space::Head, &id.to_be_bytes()).unwrap();
        assert_eq!(head, Some(3_u64.to_be_bytes().to_vec()));
    }
    assert_eq!(store.get(Space::Program, &b"p".repeat(100)).unwrap(), Some(vec![3; 20_000]));
    let size = store.size().unwrap();
    assert!(size.bytes > 20_000 && size.bytes < 8 << 20 && size.free_bytes > 0, "{size:?}");
    assert!(one(&store, append(0, 5, b"again")).is_err());
    one(&store, append(0, 6, b"z")).unwrap();
}

#[test]
fn one_store_has_one_owner() {
    let directory = Directory::new();
    let store = open(directory.path());
    let error = refused(&directory, Missing::Create);
    assert!(matches!(&error, StoreError::Locked { .. }));
    let owner = format!("pid {}", std::process::id());
    assert!(error.to_string().contains(&owner), "{error}");
    drop(store);
    drop(open(directory.path()));
}

#[test]
fn other_versions_and_other_directories_are_refused() {
    let directory = Directory::new();
    let error = refused(&directory, Missing::Fail);
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    drop(open(directory.path()));
    for (version, shown) in
        [("procession store 2\n", "2"), ("procession store 0\n", "0"), ("what?", "nobody knows")]
    {
        fs::write(directory.path().join("version"), version).unwrap();
        let error = refused(&directory, Missing::Create);
        assert!(matches!(&error, StoreError::Version { found, .. } if found == shown), "{error}");
    }
}

#[test]
fn a_directory_that_was_being_made_is_made() {
    let directory = Directory::new();
    drop(open(directory.path()));
    let data = directory.path().join("data");
    // Stopped before the last step.
    fs::rename(&data, directory.path().join("data.new")).unwrap();
    one(&open(directory.path()), append(1, 0, b"x")).unwrap();
    assert!(open(directory.path()).get(Space::Log, &log_key(1, 0)).unwrap().is_some());
    // Stopped before that: nobody can have written anything.
    fs::rename(&data, directory.path().join("data.new")).unwrap();
    fs::remove_file(directory.path().join("version")).unwrap();
    assert!(open(directory.path()).get(Space::Log, &log_key(1, 0)).unwrap().is_none());
}

#[test]
fn after_a_failed_sync_journals_are_written_anew() {
    let directory = Directory::new();
    one(&open(directory.path()), append(1, 0, b"x")).unwrap();
    fs::write(directory.path().join("failed"), "the disk could not be synced").unwrap();
    let store = open(directory.path());
    assert_eq!(verify(&store, 1, 0).unwrap().next, 1);
    assert!(!directory.path().join("failed").exists());
    one(&store, append(1, 1, b"y")).unwrap();
    drop(store);
    assert_eq!(verify(&open(directory.path()), 1, 0).unwrap().next, 2);
}

#[test]
fn what_was_closed_has_nothing_left_to_read() {
    let directory = Directory::new();
    let data = directory.path().join("data");
    let config = DiskConfig { journal_bytes_kept: 0, reserve_bytes: 0, ..DiskConfig::default() };
    let journals = || {
        let found = common::files(&data).into_iter();
        found.filter(|it| it.extension().is_some_and(|it| it == "jnl")).collect::<Vec<_>>()
    };
    for run in 0..6_u64 {
        let (store, torn) = DiskStore::open(directory.path(), config).unwrap();
        assert_eq!(torn, []);
        for n in 0..20 {
            let head = Change::put(Space::Head, *b"head", (run * 20 + n).to_le_bytes());
            one(&store, with(append(run % 3, run / 3 * 20 + n, b"x"), vec![head])).unwrap();
        }
        let head = store.get(Space::Head, b"head").unwrap().unwrap();
        assert_eq!(head, (run * 20 + 19).to_le_bytes(), "the newest, not one from a table");
        drop(store);
        let left = journals();
        assert_eq!((left.len(), fs::metadata(&left[0]).unwrap().len()), (1, 0));
    }
    let store = open(directory.path());
    for id in 0..3 {
        assert_eq!(verify(&store, id, 0).unwrap().next, 40);
    }
}

#[test]
fn a_kill_while_closing_brings_nothing_old_back() {
    let directory = Directory::new();
    let journal = directory.path().join("data/0.jnl");
    let config = DiskConfig { journal_bytes_kept: 0, reserve_bytes: 0, ..DiskConfig::default() };
    let write = |store: &DiskStore, n: u64| {
        let head = Change::put(Space::Head, *b"head", n.to_le_bytes());
        let inbox = Change::put(Space::Inbox, n.to_be_bytes(), *b"x");
        let before = Change::remove(Space::Inbox, n.saturating_sub(1).to_be_bytes());
        one(store, with(append(1, n, &n.to_le_bytes()), vec![before, head, inbox])).unwrap();
    };
    for run in 0..4_u64 {
        let (store, _) = DiskStore::open(directory.path(), config).unwrap();
        (run * 10..run * 10 + 10).for_each(|n| write(&store, n));
        let bytes = fs::read(&journal).unwrap();
        drop(store);
        assert_eq!(fs::metadata(&journal).unwrap().len(), 0);
        // As if it had been killed when the tables were written, before the journal was emptied.
        fs::write(&journal, bytes).unwrap();
        let (store, torn) = DiskStore::open(directory.path(), config).unwrap();
        assert_eq!(torn, []);
        let last = run * 10 + 9;
        assert_eq!(verify(&store, 1, 0).unwrap().next, last + 1);
        assert_eq!(store.get(Space::Head, b"head").unwrap().unwrap(), last.to_le_bytes());
        let mut waiting = Vec::new();
        store
            .scan(Space::Inbox, b"", b"", false, &mut |key, _| {
                waiting.push(key.to_vec());
                true
            })
            .unwrap();
        assert_eq!(waiting, [last.to_be_bytes()], "nothing that was removed comes back");
    }
}

#[test]
fn what_lies_in_tables_is_not_read_again() {
    let directory = Directory::new();
    let (store, _) = DiskStore::open(directory.path(), DiskConfig::default()).unwrap();
    let commit = |n: u64| {
        let head = Change::put(Space::Head, *b"head", n.to_le_bytes());
        let inbox = Change::put(Space::Inbox, n.to_be_bytes(), *b"x");
        let before = Change::remove(Space::Inbox, n.saturating_sub(1).to_be_bytes());
        let value =
            |at: u8| Change::put(Space::Value, [&[at][..], &n.to_be_bytes()].concat(), *b"v");
        let changes = vec![before, head, inbox, value(0), value(1)];
        with(append(1, n, &[n as u8; 1500]), changes)
    };
    let write = |store: &DiskStore, from: u64, to: u64| {
        let results = store.apply((from..to).map(commit).collect());
        assert!(results.iter().all(Result::is_ok));
    };
    let (in_tables, all) = (1500, 1520);
    (0..in_tables).step_by(50).for_each(|n| write(&store, n, n + 50));
    let begun = std::time::Instant::now();
    while store.settle() {
        assert!(begun.elapsed().as_secs() < 60, "it never settles");
        std::thread::yield_now();
    }
    write(&store, in_tables, all);
    // As if it had been killed here: with the note, without it, and with one that is damaged.
    for note in [Some(None), None, Some(Some([9_u8; 16]))] {
        let copy = directory.copy();
        let data = copy.path().join("data");
        match note {
            Some(None) => {}
            Some(Some(bytes)) => fs::write(data.join("settled"), bytes).unwrap(),
            None => fs::remove_file(data.join("settled")).unwrap(),
        }
        let (store, torn) = DiskStore::open(copy.path(), DiskConfig::default()).unwrap();
        assert_eq!(torn, []);
        let read = common::used(&fs::read(data.join("0.jnl")).unwrap());
        let is_short = note == Some(None);
        assert_eq!(read < 100_000, is_short, "{read} bytes were read, note {note:?}");
        for n in [all, all + 1] {
            assert_eq!(verify(&store, 1, 0).unwrap().next, n);
            let head = store.get(Space::Head, b"head").unwrap().unwrap();
            assert_eq!(head, (n - 1).to_le_bytes());
            let mut waiting = Vec::new();
            store
                .scan(Space::Inbox, b"", b"", false, &mut |key, _| {
                    waiting.push(key.to_vec());
                    true
                })
                .unwrap();
            assert_eq!(waiting, [(n - 1).to_be_bytes()], "nothing that was removed comes back");
            write(&store, n, n + 1);
        }
        drop(store);
        assert_eq!(verify(&open(copy.path()), 1, 0).unwrap().next, all + 2);
    }
}
