//! A disk that is really full: a small file system of its own, and files that may not grow.
//!
//! The tests that fill a disk run as children, in a namespace where they may mount one.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use common::{Directory, append, one};
use procession_store::{
    Change, Commit, DiskConfig, DiskStore, Missing, Space, Store, StoreError, log_key, verify,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PLACE: &str = "PROCESSION_STORE_FULL";

/// Runs an ignored test of this file in a shell, behind a preparation; the directory is `$PLACE`.
fn in_shell(test: &str, through: &[&str], prepare: &str) {
    let directory = Directory::new();
    let program = std::env::current_exe().unwrap();
    let script = format!("{prepare} && exec {} --exact {test} --ignored", program.display());
    let mut words = through.iter().chain(&["sh", "-c"]);
    let output = Command::new(words.next().unwrap())
        .args(words)
        .arg(script)
        .env(PLACE, directory.path())
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if err.contains("unshare") || err.contains("mount:") {
        eprintln!("no small file system can be mounted here, nothing is tried: {err}");
        return;
    }
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

fn open(directory: &Path) -> DiskStore {
    let config = DiskConfig { reserve_bytes: 0, ..DiskConfig::default() };
    DiskStore::open(directory, config).unwrap().0
}

fn place() -> PathBuf {
    PathBuf::from(std::env::var_os(PLACE).unwrap())
}

fn body(id: u64, n: u64) -> Vec<u8> {
    let mut body = vec![(id + n) as u8; 1500];
    // Nothing that could be compressed away.
    let mut state = id << 32 | n;
    for byte in &mut body {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    body
}

/// Appends groups of 20 until one is refused; `next` are the numbers of the logs.
fn until_full(store: &dyn Store, next: &mut [u64]) -> StoreError {
    loop {
        let group = (0..20).map(|at| {
            let id = at % next.len() as u64;
            let n = next[id as usize] + at / next.len() as u64;
            append(id, n, &body(id, n))
        });
        for (at, result) in store.apply(group.collect()).into_iter().enumerate() {
            match result {
                Ok(()) => next[at % next.len()] += 1,
                Err(error) => return error,
            }
        }
    }
}

fn all_there(store: &dyn Store, next: &[u64]) {
    for (id, next) in (0..).zip(next) {
        assert_eq!(verify(store, id, 0).unwrap().next, *next, "log {id}");
        store
            .records(id, 0, &mut |n, record| {
                assert_eq!(record.body, body(id, n));
                true
            })
            .unwrap();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let mount = format!("mount -t tmpfs -o size=28m tmpfs \"${PLACE}\"");
    in_shell("on_a_small_disk", &["unshare", "-rm"], &mount);
}

#[test]
#[ignore = "runs as a child of a_full_disk_loses_nothing"]
fn on_a_small_disk() {
    let directory = place().join("store");
    let ballast = |round: usize| place().join(format!("ballast-{round}"));
    let mut next = [0; 5];
    for round in 0..4 {
        fs::write(ballast(round), vec![1; 3 << 20]).unwrap();
    }
    let mut store = open(&directory);
    for round in 0..4 {
        let before = next;
        let error = until_full(&store, &mut next);
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert!(error.to_string().contains("no room on the disk"));
        assert!(next != before, "round {round}: nothing was taken when there was room");
        all_there(&store, &next);
        // Whatever is refused leaves nothing. The engine's threads may have given back some room.
        let error = until_full(&store, &mut next);
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        all_there(&store, &next);
        assert!(store.get(Space::Log, &log_key(0, next[0])).unwrap().is_none());
        if round == 2 {
            drop(store);
            store = open(&directory);
            all_there(&store, &next);
        }
        fs::remove_file(ballast(round)).unwrap();
    }
    assert!(next[0] > 1000, "{next:?}");
    until_full(&store, &mut next);
    drop(store);
    all_there(&open(&directory), &next);
}

#[test]
fn a_write_that_is_cut_short_is_undone() {
    in_shell("with_a_limit_of_files", &[], "trap '' XFSZ && ulimit -f 140000");
}

#[test]
#[ignore = "runs as a child of a_write_that_is_cut_short_is_undone"]
fn with_a_limit_of_files() {
    let directory = place();
    let store = open(&directory);
    let mut next = [0; 5];
    for round in 0..3 {
        for id in 0..5 {
            one(&store, append(id, next[id as usize], &body(id, next[id as usize]))).unwrap();
            next[id as usize] += 1;
        }
        // More than a journal may have, but there is room on the disk.
        let big = Commit::of(vec![
            Change::put(Space::Value, *b"small", *b"x"),
            Change::put(Space::Value, *b"big", vec![round; 90_000_000]),
        ]);
        let error = one(&store, big).unwrap_err();
        assert!(matches!(error, StoreError::Full { needed: 0, .. }), "{error:?}");
        assert_eq!(store.get(Space::Value, b"small").unwrap(), None);
        all_there(&store, &next);
    }
    drop(store);
    let config = DiskConfig { missing: Missing::Fail, ..DiskConfig::default() };
    let (store, torn) = DiskStore::open(&directory, config).unwrap();
    assert_eq!(torn, []);
    assert_eq!(store.get(Space::Value, b"big").unwrap(), None);
    all_there(&store, &next);
}

#[test]
fn the_reserve_is_for_what_removes() {
    let directory = Directory::new();
    {
        let store = common::open(directory.path());
        (0..5).for_each(|n| one(&store, append(1, n, b"x")).unwrap());
    }
    let free = common::open(directory.path()).size().unwrap().free_bytes;
    let config = DiskConfig { reserve_bytes: free * 2, ..DiskConfig::default() };
    let (store, _) = DiskStore::open(directory.path(), config).unwrap();
    let error = one(&store, append(1, 5, b"x")).unwrap_err();
    assert!(matches!(error, StoreError::Full { free, needed } if free < needed), "{error:?}");
    one(&store, Commit::of(vec![Change::trim_log(1, 3)])).unwrap();
    assert_eq!(verify(&store, 1, 0).unwrap().first, 4);
}
