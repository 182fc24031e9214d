//! What looks at whole stores: check, export, import.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, append, files, one, open, with};
use procession_store::{
    Change, Damage, MemoryStore, Space, Store, TravelError, Travelled, check, export, import,
    log_key, verify,
};
use std::fs;
use std::os::unix::fs::FileExt as _;

/// Logs of all kinds: plain, trimmed, trimmed to nothing; and values.
fn fill(store: &dyn Store) {
    for id in 1..6_u64 {
        for n in 0..id * 3 {
            let head = Change::put(Space::Head, id.to_be_bytes(), n.to_le_bytes());
            let body = format!("record {n} of process {id} ").repeat(10);
            one(store, with(append(id, n, body.as_bytes()), vec![head])).unwrap();
        }
    }
    let changes = vec![
        Change::trim_log(2, 3),
        Change::trim_log(3, 8),
        Change::put(Space::Program, *b"program", vec![9; 50_000]),
        Change::put(Space::Meta, *b"empty", []),
    ];
    one(store, procession_store::Commit::of(changes)).unwrap();
}

fn damages(store: &dyn Store) -> Vec<String> {
    let mut found = Vec::new();
    let counts = check(store, &mut |damage: &Damage| found.push(damage.to_string())).unwrap();
    assert_eq!(counts.damaged(), found.len() as u64);
    found
}

fn content(store: &dyn Store) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    for space in Space::ALL {
        store
            .scan(space, b"", b"", false, &mut |key, value| {
                found.push((space, key.to_vec(), value.to_vec()));
                true
            })
            .unwrap();
    }
    found
}

#[test]
fn what_is_whole_is_counted() {
    let store = MemoryStore::new();
    fill(&store);
    let counts = check(&store, &mut |damage| panic!("{damage}")).unwrap();
    assert_eq!((counts.logs, counts.trimmed, counts.damaged()), (4, 2, 0));
    assert_eq!(counts.spaces[0].entries, 3 + 2 + 12 + 15);
    assert_eq!(counts.spaces[1].entries, 5);
    assert_eq!(counts.spaces[1].bytes, 5 * 16);
}

#[test]
fn every_damage_is_named() {
    let store = MemoryStore::new();
    fill(&store);
    store.damage(Space::Log, &log_key(4, 2), 100);
    store.damage(Space::Log, &log_key(5, 14), 7);
    store.damage(Space::Log, &log_key(1, 0), 7);
    store.damage(Space::Program, b"program", 3);
    let expected = [
        "log, process 1, record 0: its checksum does not fit",
        "log, process 4, record 2: its checksum does not fit",
        "log, process 5, record 14: its checksum does not fit",
        "program, key program: its checksum does not fit",
    ];
    assert_eq!(damages(&store), expected);
}

/// Nothing that could be compressed.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(900).collect()
}

#[test]
fn unreadable_blocks_are_named_by_what_lies_around_them() {
    let directory = Directory::new();
    {
        let store = open(directory.path());
        for id in 0..40 {
            let commits = (0..10).map(|n| append(id, n, &noise(id * 10 + n))).collect();
            assert!(store.apply(commits).iter().all(Result::is_ok));
        }
        store.compact().unwrap();
    }
    // Journals have everything, too, but it is read from the tables.
    let tables = files(&directory.path().join("data/keyspaces/1/tables"));
    let largest = tables.iter().max_by_key(|it| fs::metadata(it).unwrap().len()).unwrap();
    let table = fs::OpenOptions::new().write(true).read(true).open(largest).unwrap();
    let middle = table.metadata().unwrap().len() / 2;
    let mut byte = [0];
    table.read_exact_at(&mut byte, middle).unwrap();
    table.write_all_at(&[byte[0] ^ 1], middle).unwrap();
    let store = open(directory.path());
    let found = damages(&store);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("nothing before log, process"), "{found:?}");
    assert!(found[1].contains("it is missing"), "{found:?}");
    let whole = check(&store, &mut |_| {}).unwrap().spaces[0].entries;
    assert!((380..400).contains(&whole), "only a block is lost: {whole}");
}

#[test]
fn a_store_travels() {
    let (from, to) = (Directory::new(), Directory::new());
    let store = open(from.path());
    fill(&store);
    let mut bytes = Vec::new();
    let expected = Travelled { logs: 4, records: 32, values: 7 };
    assert_eq!(export(&store, &mut bytes).unwrap(), expected);
    let there = to.path().join("a/store");
    fs::create_dir_all(there.parent().unwrap()).unwrap();
    assert_eq!(import(&there, &bytes[..]).unwrap(), expected);
    let other = open(&there);
    assert_eq!(content(&other), content(&store));
    for id in 0..7 {
        assert_eq!(verify(&other, id, 0).unwrap(), verify(&store, id, 0).unwrap(), "{id}");
    }
    assert_eq!(damages(&other), [""; 0]);
    one(&other, append(3, 9, b"goes on")).unwrap();
    let mut again = Vec::new();
    export(&store, &mut again).unwrap();
    assert!(again == bytes, "the same store gives the same bytes");
    let occupied = import(&there, &bytes[..]).unwrap_err();
    assert!(matches!(occupied, TravelError::Occupied(_)), "{occupied}");
}

#[test]
fn a_damaged_export_leaves_nothing() {
    let directory = Directory::new();
    let store = MemoryStore::new();
    fill(&store);
    let mut bytes = Vec::new();
    export(&store, &mut bytes).unwrap();
    let there = directory.path().join("store");
    for at in [3, 17, 100, bytes.len() / 2, bytes.len() - 1] {
        let mut bad = bytes.clone();
        bad[at] ^= 4;
        let error = import(&there, &bad[..]).unwrap_err();
        assert!(matches!(error, TravelError::Portable(_)), "{error}");
        assert_eq!(files(directory.path()), [""; 0].map(std::path::PathBuf::from));
    }
    let error = import(&there, &bytes[..bytes.len() - 50]).unwrap_err();
    assert!(error.to_string().contains("the file ends"), "{error}");
    // What an import that was killed has left is in nobody's way.
    fs::create_dir_all(directory.path().join("store.importing/data")).unwrap();
    import(&there, &bytes[..]).unwrap();
}

#[test]
fn a_damaged_store_is_not_exported() {
    let store = MemoryStore::new();
    fill(&store);
    store.damage(Space::Log, &log_key(4, 2), 100);
    let error = export(&store, Vec::new()).unwrap_err();
    assert!(error.to_string().contains("process 4, record 2"), "{error}");
}
