//! What the tests share.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use procession_store::{Append, Change, Commit, DiskConfig, DiskStore, Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A directory that goes with its owner.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A copy of what is in it.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        copy_into(&self.0, &copy.0);
        copy
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy_into(&entry.path(), &to);
        } else {
            // The engine makes its journals long at once; the zeros are left out.
            let bytes = std::fs::read(entry.path()).unwrap();
            let used = used(&bytes);
            std::fs::write(&to, &bytes[..used]).unwrap();
            let file = std::fs::OpenOptions::new().write(true).open(&to).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
        }
    }
}

/// The length without the zeros at the end.
pub fn used(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((front, end)) = rest.split_last_chunk::<4096>()
        && *end == [0; 4096]
    {
        rest = front;
    }
    rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// All files below a directory, in order.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Opens a store that may use the whole disk.
pub fn open(directory: &Path) -> DiskStore {
    let config = DiskConfig { reserve_bytes: 1 << 20, ..DiskConfig::default() };
    let (store, torn) = DiskStore::open(directory, config).unwrap();
    assert_eq!(torn, []);
    store
}

pub fn append(id: u64, n: u64, record: &[u8]) -> Commit {
    Commit { append: Some(Append { id, n, record: record.to_vec() }), changes: vec![] }
}

pub fn with(commit: Commit, changes: Vec<Change>) -> Commit {
    Commit { changes, ..commit }
}

pub fn one(store: &dyn Store, commit: Commit) -> Result<(), StoreError> {
    store.apply(vec![commit]).remove(0)
}
