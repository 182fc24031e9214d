//! Flipped bytes and cut files of a real directory: the right value, or an error that names the place;
//! never a wrong value, never one that is missing without a word.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, append, files, one, open, with};
use procession_store::{
    Change, DiskConfig, DiskStore, Found, Missing, Record, Space, Store, StoreError, log_key,
    verify,
};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

type Content = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

fn body(id: u64, n: u64) -> Vec<u8> {
    format!("record {n} of process {id} ").repeat(5).into_bytes()
}

/// Writes so many groups, and says what is then there.
fn fill(store: &dyn Store, groups: std::ops::Range<u64>, content: &mut Content) {
    for group in groups {
        let (id, n) = (group % 7, group / 7);
        let head = n.to_le_bytes().to_vec();
        let snapshot = vec![group as u8; 9000];
        let key = id.to_be_bytes().to_vec();
        let commit = with(
            append(id, n, &body(id, n)),
            vec![
                Change::put(Space::Head, key.clone(), head.clone()),
                Change::put(Space::Snapshot, key.clone(), snapshot.clone()),
            ],
        );
        one(store, commit).unwrap();
        content.insert((Space::Log, log_key(id, n).to_vec()), body(id, n));
        content.insert((Space::Head, key.clone()), head);
        content.insert((Space::Snapshot, key), snapshot);
    }
}

/// Everything read by key: how many are as they were written, and how many errors name their place.
fn read_all(store: &dyn Store, content: &Content) -> Result<(usize, usize), String> {
    let (mut right, mut named) = (0, 0);
    for ((space, key), expected) in content {
        match store.get(*space, key) {
            Ok(Some(value)) => {
                let value = match space {
                    Space::Log => Record::of_value(&value).unwrap().body.to_vec(),
                    _ => value,
                };
                if value != *expected {
                    return Err(format!("a wrong value in {space}, {}", key.escape_ascii()));
                }
                right += 1;
            }
            Ok(None) => return Err(format!("missing: {space}, {}", key.escape_ascii())),
            Err(StoreError::Damaged { space: s, key: k, .. }) => {
                assert_eq!((s, &k), (*space, key));
                named += 1;
            }
            Err(StoreError::Broken { .. } | StoreError::Io { .. }) => named += 1,
            Err(error) => return Err(format!("{error:?}")),
        }
    }
    Ok((right, named))
}

/// Scans: nothing that was not written, and what is missing is within what is named as damaged.
fn scan_all(store: &dyn Store, content: &Content) -> Result<(), String> {
    for space in [Space::Log, Space::Head, Space::Snapshot] {
        let (mut whole, mut damaged) = (0, 0);
        let scanned = store.inspect(space, b"", b"", false, &mut |key, found| {
            match found {
                Found::Value(value) => {
                    let value = match space {
                        Space::Log => Record::of_value(value).unwrap().body,
                        _ => value,
                    };
                    assert_eq!(content.get(&(space, key.to_vec())).unwrap(), value);
                    whole += 1;
                }
                Found::Damaged(_) => damaged += 1,
            }
            true
        });
        let expected = content.keys().filter(|(it, _)| *it == space).count();
        if scanned.is_ok() && whole < expected && damaged == 0 {
            return Err(format!("{space}: {whole} of {expected}, and nothing is named"));
        }
    }
    Ok(())
}

/// What a store in this directory shows: `Ok` is how many values are named as damaged, or that the
/// store as a whole is; `Err` is a lie.
fn judge(directory: &Path, content: &Content, torn_allowed: bool) -> Result<usize, String> {
    let config = DiskConfig { missing: Missing::Fail, reserve_bytes: 0, ..DiskConfig::default() };
    match DiskStore::open(directory, config) {
        Ok((store, torn)) => {
            if !torn.is_empty() {
                assert!(torn[0].kept.as_ref().unwrap().exists());
                return if torn_allowed { Ok(1) } else { Err(format!("cut: {torn:?}")) };
            }
            scan_all(&store, content)?;
            let (_, named) = read_all(&store, content)?;
            for id in 0..7 {
                match verify(&store, id, 0) {
                    Ok(ends) if ends.next == 0 => return Err(format!("log {id} is empty")),
                    Ok(_) | Err(_) => {}
                }
            }
            Ok(named)
        }
        Err(
            StoreError::Broken { .. }
            | StoreError::Version { .. }
            | StoreError::Damaged { .. }
            | StoreError::Io { .. },
        ) => Ok(1),
        Err(error) => Err(format!("{error:?}")),
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn engine_files(directory: &Path) -> Vec<PathBuf> {
    let data = directory.join("data");
    files(&data).into_iter().filter(|it| fs::metadata(it).unwrap().len() > 0).collect()
}

/// The length of a file without the zeros at its end.
fn used(file: &Path) -> u64 {
    common::used(&fs::read(file).unwrap()) as u64
}

#[test]
fn flipped_bytes_in_files_never_lie() {
    let directory = Directory::new();
    let mut content = Content::new();
    {
        let store = open(directory.path());
        fill(&store, 0..700, &mut content);
        store.compact().unwrap();
    }
    let mut random = Random(1);
    let mut noticed = 0;
    let files = engine_files(directory.path());
    for round in 0..80 {
        let file = &files[round % files.len()];
        if file.extension().is_some_and(|it| it == "jnl") {
            continue;
        }
        let fresh = directory.copy();
        let file = fresh.path().join(file.strip_prefix(directory.path()).unwrap());
        let at = random.below(used(&file).max(1));
        let mut byte = [0];
        fs::File::open(&file).unwrap().read_exact_at(&mut byte, at).unwrap();
        byte[0] ^= 1 << random.below(8);
        OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&byte, at).unwrap();
        match judge(fresh.path(), &content, false) {
            Ok(named) => noticed += usize::from(named > 0),
            Err(lie) => panic!("{} at byte {at}: {lie}", file.display()),
        }
    }
    assert!(noticed > 20, "only {noticed}");
}

/// A store whose groups are all in its journal, with the journal and its length.
fn in_journal(groups: u64) -> (Directory, Content, PathBuf, u64) {
    let directory = Directory::new();
    let mut content = Content::new();
    fill(&open(directory.path()), 0..groups, &mut content);
    let journal = directory.path().join("data/0.jnl");
    let length = used(&journal);
    (directory, content, journal, length)
}

#[test]
fn flipped_bytes_in_a_journal_are_named() {
    let (directory, content, journal, length) = in_journal(60);
    let mut random = Random(2);
    let (mut broken, mut torn) = (0, 0);
    for _ in 0..60 {
        let at = random.below(length);
        let file = OpenOptions::new().read(true).write(true).open(&journal).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ (1 << random.below(8))], at).unwrap();
        let fresh = directory.copy();
        file.write_all_at(&byte, at).unwrap();
        let config = DiskConfig { missing: Missing::Fail, ..DiskConfig::default() };
        match DiskStore::open(fresh.path(), config) {
            Err(StoreError::Broken { path, what }) => {
                assert!(path.ends_with("data/0.jnl"), "{what}");
                assert!(what.contains("group of commits at byte"), "{what}");
                broken += 1;
            }
            // The last group looks as if it had been under way.
            Ok((store, cut)) if !cut.is_empty() => {
                assert_eq!(cut[0].at + cut[0].bytes, length);
                assert_eq!(
                    fs::metadata(cut[0].kept.as_ref().unwrap()).unwrap().len(),
                    cut[0].bytes
                );
                assert!(store.get(Space::Log, &log_key(59 % 7, 59 / 7)).unwrap().is_none());
                torn += 1;
            }
            // The engine's number of the very first group.
            Ok((store, _)) => {
                assert!((5..13).contains(&at), "byte {at}");
                assert_eq!(read_all(&store, &content).unwrap().1, 0);
            }
            Err(error) => panic!("byte {at}: {error:?}"),
        }
    }
    assert!(broken > 40 && torn < 10, "{broken} broken, {torn} torn");
}

#[test]
fn a_cut_journal_keeps_what_was_before_the_cut() {
    let (directory, _, journal, length) = in_journal(30);
    let bytes = fs::read(&journal).unwrap();
    let mut random = Random(3);
    for round in 0..25 {
        let cut = if round == 0 { length - 1 } else { random.below(length) };
        let file = OpenOptions::new().write(true).open(&journal).unwrap();
        file.set_len(cut).unwrap();
        // A crash leaves the zeros that the engine puts there, or not.
        file.set_len(if round % 2 == 0 { cut } else { length + 4096 }).unwrap();
        let fresh = directory.copy();
        fs::write(&journal, &bytes).unwrap();
        let config = DiskConfig { reserve_bytes: 0, ..DiskConfig::default() };
        let (store, torn) = DiskStore::open(fresh.path(), config).unwrap();
        let mut kept = 0;
        while store.get(Space::Log, &log_key(kept % 7, kept / 7)).unwrap().is_some() {
            kept += 1;
        }
        let mut before = Content::new();
        fill(&procession_store::MemoryStore::new(), 0..kept, &mut before);
        assert_eq!(read_all(&store, &before).unwrap(), (before.len(), 0));
        for id in 0..7 {
            let next = verify(&store, id, 0).unwrap().next;
            assert_eq!(next, (kept + 6 - id) / 7, "log {id} of {kept} groups");
        }
        let whole = torn.is_empty();
        assert!(whole || torn[0].at < cut && torn[0].at + torn[0].bytes <= cut);
        // It goes on, and what was cut stays cut.
        fill(&store, kept..kept + 5, &mut before);
        drop(store);
        let store = open(fresh.path());
        assert_eq!(read_all(&store, &before).unwrap(), (before.len(), 0));
    }
}

#[test]
fn missing_files_are_not_taken_for_empty_ones() {
    let directory = Directory::new();
    let mut content = Content::new();
    {
        let store = open(directory.path());
        fill(&store, 0..200, &mut content);
        store.compact().unwrap();
        fill(&store, 200..230, &mut content);
    }
    let mut refused = 0;
    for file in engine_files(directory.path()) {
        let fresh = directory.copy();
        let inside = file.strip_prefix(directory.path()).unwrap();
        fs::remove_file(fresh.path().join(inside)).unwrap();
        let found = judge(fresh.path(), &content, false);
        // Nothing is left of a journal that could be missed.
        if inside.extension().is_some_and(|it| it == "jnl") {
            continue;
        }
        refused += found.unwrap_or_else(|lie| panic!("without {}: {lie}", inside.display())).min(1);
    }
    assert!(refused > 5, "{refused}");
    fs::remove_file(directory.path().join("version")).unwrap();
    let config = DiskConfig::default();
    let refused = DiskStore::open(directory.path(), config).err().unwrap();
    assert!(matches!(&refused, StoreError::Broken { path, .. } if path.ends_with("version")));
}
