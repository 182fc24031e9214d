//! Sessions with a store on the disk that no node has open.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Ended, Session};
use procession_store::{Append, Change, Commit, DiskConfig, DiskStore, Space, Store as _};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;

/// A directory with a store in `store`, of two logs and a few values.
fn filled(name: &str) -> Directory {
    let directory = Directory::new(name);
    let store = open(&directory);
    let commits = (0..20_u64).map(|at| Commit {
        append: Some(Append { id: 1 + at % 2, n: at / 2, record: vec![at as u8; 300] }),
        changes: vec![Change::put(Space::Head, (1 + at % 2).to_be_bytes(), [at as u8])],
    });
    for commit in commits {
        assert!(store.apply(vec![commit])[0].is_ok());
    }
    directory
}

fn open(directory: &Directory) -> DiskStore {
    DiskStore::open(&directory.path().join("store"), DiskConfig::default()).unwrap().0
}

fn store(directory: &Directory, words: &[&str]) -> Ended {
    let words: Vec<&str> = ["store"].iter().chain(words).copied().collect();
    Session::start_in(directory.path(), &[], &words).end()
}

fn succeeds(directory: &Directory, words: &[&str]) -> String {
    let ended = store(directory, words);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{words:?}: {ended:#?}");
    ended.stdout
}

fn fails(directory: &Directory, words: &[&str], code: i32, parts: &[&str]) -> Ended {
    let ended = store(directory, words);
    assert_eq!(ended.code, Some(code), "{words:?}: {ended:#?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{words:?} without {part:?}: {ended:#?}");
    }
    ended
}

#[test]
fn a_store_is_checked_counted_and_moved() {
    let directory = filled("store-moved");
    let whole = "2 logs with 20 records, and 2 values";
    let shown = succeeds(&directory, &["check", "--store", "store"]);
    assert_eq!(shown, format!("store: {whole}, all as it was written\n"));
    let shown = succeeds(&directory, &["stats", "--store", "store"]);
    assert!(shown.contains("log       20"), "{shown}");
    assert!(shown.contains("2 logs, 0 of them trimmed; "), "{shown}");
    let shown = succeeds(&directory, &["stats", "--store", "store", "-o", "jsonl"]);
    assert!(shown.starts_with(r#"{"space":"log","entries":20,"bytes":6320}"#), "{shown}");
    let shown = succeeds(&directory, &["compact", "--store", "store"]);
    assert!(shown.contains(" before, "), "{shown}");
    let shown = succeeds(&directory, &["export", "--store", "store", "all.export"]);
    assert_eq!(shown, format!("all.export: {whole}\n"));
    let shown = succeeds(&directory, &["import", "--store", "other", "all.export"]);
    assert_eq!(shown, format!("other: {whole}\n"));
    succeeds(&directory, &["check", "--store", "other"]);
    fails(&directory, &["import", "--store", "other", "all.export"], 6, &["is not empty"]);
    let line = "procession store export --store other | procession store import --store third";
    let ended = Session::start_line(directory.path(), &format!("sh -c '{line}'")).end();
    assert_eq!((ended.code, ended.stdout), (Some(0), format!("third: {whole}\n")));
}

#[test]
fn what_is_wrong_is_said() {
    let directory = filled("store-wrong");
    fails(&directory, &["check", "--store", "nowhere"], 4, &["there is no store in nowhere"]);
    assert!(!directory.path().join("nowhere").exists());
    let owner = open(&directory);
    let own = format!("pid {}", std::process::id());
    fails(&directory, &["check", "--store", "store"], 6, &["is in use", &own, "stop that node"]);
    drop(owner);
    fs::write(directory.path().join("text"), "no export").unwrap();
    let parts = ["this is no export of a store"];
    fails(&directory, &["import", "--store", "new", "text"], 1, &parts);
    assert!(!directory.path().join("new").exists());
    let version = directory.path().join("store/version");
    fs::write(&version, "procession store 9\n").unwrap();
    fails(&directory, &["check", "--store", "store"], 9, &["has version 9", "reads version 1"]);
}

#[test]
fn damage_is_named() {
    let directory = filled("store-damaged");
    let journal = directory.path().join("store/data/0.jnl");
    let bytes = fs::read(&journal).unwrap();
    let at = bytes.windows(100).position(|it| it == [6; 100]).unwrap() as u64;
    OpenOptions::new().write(true).open(&journal).unwrap().write_all_at(&[7], at).unwrap();
    // Record 3 of process 1, in the journal: the store as a whole is not opened.
    let parts = ["log, process 1, record 3", "0.jnl"];
    fails(&directory, &["check", "--store", "store"], 1, &parts);
    fs::write(&journal, &bytes).unwrap();
    succeeds(&directory, &["check", "--store", "store"]);
    // The same at the end: it looks as if it had been under way.
    let end = bytes.windows(100).position(|it| it == [19; 100]).unwrap() as u64;
    OpenOptions::new().write(true).open(&journal).unwrap().write_all_at(&[7], end).unwrap();
    let ended = store(&directory, &["check", "--store", "store"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stderr.contains("were half written"), "{ended:#?}");
    assert!(ended.stdout.contains("2 logs with 19 records"), "{ended:#?}");
}
