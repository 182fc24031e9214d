//! Ranges of the engine's keys, and the way over what it can't read.

use super::database::Open;
use super::gap;
use crate::engine::{Area, Entry, Range};
use crate::error::{Place, StoreError};
use crate::space::{Space, log_key, read_log_key};
use fjall::Readable as _;

/// Visits what lies in a range; forwards, what can't be read is told of and left out.
pub(super) fn scan(
    open: &Open,
    area: Area,
    range: Range<'_>,
    visit: &mut dyn FnMut(Entry<'_>) -> bool,
) -> Result<(), StoreError> {
    let snapshot = open.keyspaces.database.snapshot();
    let entries = |range: Range<'_>| {
        let (keyspace, bounds, skip) = open.keyspaces.range(area, range);
        (snapshot.range(keyspace, bounds), skip)
    };
    let mut from = range.from.to_vec();
    loop {
        let mut last = Vec::new();
        let from_here = Range { from: &from, ..range };
        let (here, skip) = entries(from_here);
        let Some(error) = visit_all(here, skip, range.reverse, &mut last, visit) else {
            return Ok(());
        };
        if range.reverse {
            return Err(read_error(area, &last, error));
        }
        let begin = if last.is_empty() { from } else { successor(area, last) };
        let reads = |from: &[u8]| {
            let (mut there, _) = entries(Range { from, to: range.to, reverse: false });
            there.next().is_none_or(|it| it.into_inner().is_ok())
        };
        let end = gap::end(&begin, range.to, reads);
        let (mut there, skip) = entries(Range { from: &end, to: range.to, reverse: false });
        let next = there.next().and_then(|it| it.into_inner().ok());
        let until = match next.as_ref().and_then(|(key, _)| key.get(skip..)) {
            Some(next) => format!("before {}", Place(area.space(), next)),
            None => "from here on".to_owned(),
        };
        let what = format!("nothing {until} can be read: {error:?}");
        if !visit(Entry::Unreadable(&begin, &what)) {
            return Ok(());
        }
        if end <= begin || range.to.is_some_and(|to| *end >= *to) {
            return Ok(());
        }
        from = end;
    }
}

/// Visits entries until there are no more or `visit` has seen enough, or gives the engine's error. After
/// one its iterator leaves out entries, and shows old ones: it can't be used any more.
fn visit_all(
    mut entries: fjall::Iter,
    skip: usize,
    reverse: bool,
    last: &mut Vec<u8>,
    visit: &mut dyn FnMut(Entry<'_>) -> bool,
) -> Option<fjall::Error> {
    loop {
        let next = if reverse { entries.next_back() } else { entries.next() };
        let (key, value) = match next?.into_inner() {
            Ok(pair) => pair,
            Err(error) => return Some(error),
        };
        let key = key.get(skip..).unwrap_or_default();
        if !visit(Entry::Pair(key, &value)) {
            return None;
        }
        last.clear();
        last.extend_from_slice(key);
    }
}

/// The first key that there may be behind a key.
fn successor(area: Area, mut key: Vec<u8>) -> Vec<u8> {
    match read_log_key(&key) {
        Some((id, n)) if area == Area::Space(Space::Log) && n < u64::MAX => {
            log_key(id, n + 1).to_vec()
        }
        Some(_) | None => {
            key.push(0);
            key
        }
    }
}

/// What an error of the engine means for who reads.
pub(super) fn read_error(area: Area, key: &[u8], error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Io(error) => StoreError::io(format!("read from {}", area.name()), error),
        fjall::Error::Storage(error) => {
            StoreError::damaged(area.space(), key, format!("the engine can't read it: {error:?}"))
        }
        error => StoreError::damaged(area.space(), key, format!("{error:?}")),
    }
}
