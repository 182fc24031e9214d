//! The keys under which things are kept. Numbers are big-endian, so that they sort.

use crate::journal::Source;
use procession_types::Timestamp;

/// The processes' own entries: heads, uneasy ones.
#[must_use]
pub fn process(id: u64) -> Vec<u8> {
    id.to_be_bytes().to_vec()
}

/// The number of a process in a key that begins with it.
#[must_use]
pub fn id(key: &[u8]) -> Option<u64> {
    number(key, 0)
}

/// A snapshot: process, and the record that follows it.
#[must_use]
pub fn snapshot(id: u64, n: u64) -> Vec<u8> {
    pair(id, n)
}

/// A page of a process's snapshots: process, line, hash.
#[must_use]
pub fn page(id: u64, line: u8, hash: &[u8; 16]) -> Vec<u8> {
    let mut key = Vec::with_capacity(25);
    key.extend_from_slice(&id.to_be_bytes());
    key.push(line);
    key.extend_from_slice(hash);
    key
}

/// A record of a log.
#[must_use]
pub fn log(id: u64, n: u64) -> Vec<u8> {
    pair(id, n)
}

/// The second number of a key of two.
#[must_use]
pub fn second(key: &[u8]) -> Option<u64> {
    number(key, 8)
}

/// The range of all keys of a process: from, to (exclusive).
#[must_use]
pub fn all_of(id: u64) -> (Vec<u8>, Vec<u8>) {
    (id.to_be_bytes().to_vec(), id.wrapping_add(1).to_be_bytes().to_vec())
}

/// What waits for a process: to whom, and where it comes from.
#[must_use]
pub fn inbox(to: u64, source: Source) -> Vec<u8> {
    let mut key = pair(to, source.id);
    key.extend_from_slice(&source.n.to_be_bytes());
    key.extend_from_slice(&source.index.to_be_bytes());
    key
}

/// The source in such a key.
#[must_use]
pub fn source(key: &[u8]) -> Option<Source> {
    let index = u32::from_be_bytes(key.get(24..28)?.try_into().ok()?);
    Some(Source { id: number(key, 8)?, n: number(key, 16)?, index })
}

/// When a process must be woken: time, process.
#[must_use]
pub fn wake(at: Timestamp, id: u64) -> Vec<u8> {
    pair(at.0 as u64, id)
}

/// That a process watches another: whom, whether by a link, who.
#[must_use]
pub fn relation(of: u64, by_link: bool, watcher: u64) -> Vec<u8> {
    let mut key = of.to_be_bytes().to_vec();
    key.push(u8::from(by_link));
    key.extend_from_slice(&watcher.to_be_bytes());
    key
}

fn pair(first: u64, second: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(28);
    key.extend_from_slice(&first.to_be_bytes());
    key.extend_from_slice(&second.to_be_bytes());
    key
}

fn number(key: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(at..at + 8)?.try_into().ok()?))
}
