//! Whether a log is what was appended, record for record.

use crate::chain::{HASH_BYTES, Hash, Record, link};
use crate::error::StoreError;
use crate::space::{Space, log_key};
use crate::store::{LogEnds, Store};

/// Verifies the chain of a process's log from record `from` (or the first that is kept) to its end, and
/// gives its ends.
///
/// # Errors
/// [`StoreError::Damaged`], which names the first record that is missing or does not follow the one
/// before it.
pub fn verify(store: &dyn Store, id: u64, from: u64) -> Result<LogEnds, StoreError> {
    let ends = store.log_ends(id)?;
    let start = from.max(ends.first);
    let mut previous = previous_of(store, id, start, &ends)?;
    let mut next = start;
    let mut wrong = None;
    store.records(id, start, &mut |n, record| {
        let fits = n == next && link(id, n, &previous, record.body) == record.hash;
        if !fits {
            wrong = Some(if n == next { n } else { next });
            return false;
        }
        previous = record.hash;
        next = n.saturating_add(1);
        // What was appended since the look at the ends is not asked for.
        next < ends.next
    })?;
    let damaged = |n, what: &str| Err(StoreError::damaged(Space::Log, &log_key(id, n), what));
    match wrong {
        Some(n) => damaged(n, "it does not follow the record before it"),
        None if next < ends.next => damaged(next, "it is missing"),
        None if previous != ends.head && start < ends.next => {
            damaged(ends.next - 1, "it is not the last record of its log")
        }
        None => Ok(ends),
    }
}

/// The hash before record `n`.
fn previous_of(store: &dyn Store, id: u64, n: u64, ends: &LogEnds) -> Result<Hash, StoreError> {
    if n == ends.first {
        return Ok(ends.previous);
    }
    if n >= ends.next {
        return Ok(ends.head);
    }
    let key = log_key(id, n - 1);
    let missing = || StoreError::damaged(Space::Log, &key, "it is missing");
    let value = store.get(Space::Log, &key)?.ok_or_else(missing)?;
    Ok(Record::of_value(&value).map_or([0; HASH_BYTES], |record| record.hash))
}
