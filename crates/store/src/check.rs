//! A look at everything in a store: what there is, and what of it is damaged.

use crate::chain::{Hash, Record, link};
use crate::error::{Place, StoreError};
use crate::space::{Space, log_key, read_log_key};
use crate::store::{Found, LogEnds, Store};
use std::fmt;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Its space.
    pub space: Space,
    /// Its key; in [`Space::Log`] process and record, see [`read_log_key`].
    pub key: Vec<u8>,
    /// What does not fit.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Place(self.space, &self.key), self.what)
    }
}

/// How much of one space there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpaceCount {
    /// Entries; records, in the log.
    pub entries: u64,
    /// Bytes of keys and values, without what the store adds.
    pub bytes: u64,
    /// Entries that are not as they were written.
    pub damaged: u64,
}

/// What a check has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of each space, in their order.
    pub spaces: [SpaceCount; Space::ALL.len()],
    /// Processes that have records.
    pub logs: u64,
    /// Logs of which something was trimmed.
    pub trimmed: u64,
}

impl Counts {
    /// Entries that are not as they were written.
    pub fn damaged(&self) -> u64 {
        self.spaces.iter().map(|space| space.damaged).sum()
    }
}

/// Reads everything, verifies every checksum and every chain, and tells of each damage.
///
/// # Errors
/// When something can't be read for reasons other than damage.
pub fn check(store: &dyn Store, tell: &mut dyn FnMut(&Damage)) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    for (space, count) in Space::ALL.into_iter().zip(&mut counts.spaces) {
        let mut told = |key: &[u8], what: String| {
            tell(&Damage { space, key: key.to_vec(), what });
        };
        if space == Space::Log {
            let mut logs = Logs { store, tell: &mut told, at: None, logs: 0, count };
            store.inspect(space, b"", b"", false, &mut |key, found| {
                logs.visit(key, found);
                true
            })?;
            counts.logs = logs.logs;
            continue;
        }
        store.inspect(space, b"", b"", false, &mut |key, found| {
            match found {
                Found::Value(value) => {
                    count.entries += 1;
                    count.bytes += (key.len() + value.len()) as u64;
                }
                Found::Damaged(what) => {
                    count.damaged += 1;
                    told(key, what.to_owned());
                }
            }
            true
        })?;
    }
    let log = &mut counts.spaces[usize::from(Space::Log.number())];
    let mut trimmed = 0;
    store
        .trimmed_logs(&mut |id| {
            trimmed += 1;
            match store.log_ends(id) {
                // A damaged last record was seen above.
                Ok(_) | Err(StoreError::Damaged { .. }) => Ok(true),
                Err(error) => Err(error),
            }
        })
        .or_else(|error| match error {
            StoreError::Damaged { space, key, what } => {
                log.damaged += 1;
                tell(&Damage { space, key, what });
                Ok(())
            }
            error => Err(error),
        })?;
    counts.trimmed = trimmed;
    Ok(counts)
}

/// The way through the records of all logs.
struct Logs<'a> {
    store: &'a dyn Store,
    tell: &'a mut dyn FnMut(&[u8], String),
    at: Option<At>,
    logs: u64,
    count: &'a mut SpaceCount,
}

/// Where in a log it is.
struct At {
    id: u64,
    /// The number of the next record.
    next: u64,
    /// The hash before it, if it is known.
    previous: Option<Hash>,
}

impl Logs<'_> {
    fn visit(&mut self, key: &[u8], found: Found<'_>) {
        let Some((id, n)) = read_log_key(key) else {
            return self.damage(
                key,
                match found {
                    Found::Value(_) => "it is no key of a record",
                    Found::Damaged(what) => what,
                },
            );
        };
        if self.at.as_ref().is_none_or(|at| at.id != id) {
            self.begin(id, n);
        }
        let Some(mut at) = self.at.take() else { return };
        if n > at.next {
            let last = n - 1;
            let what = if at.next == last {
                "it is missing".to_owned()
            } else {
                format!("it is missing, and so are all up to record {last}")
            };
            self.damage(&log_key(id, at.next), &what);
            at.previous = None;
        }
        at.next = n.saturating_add(1);
        let record = match found {
            Found::Value(value) => Record::of_value(value).ok_or("it is no record"),
            Found::Damaged(what) => Err(what),
        };
        match record {
            Err(what) => {
                self.damage(key, what);
                at.previous = None;
            }
            Ok(record) => {
                let fits =
                    at.previous.is_none_or(|it| link(id, n, &it, record.body) == record.hash);
                if fits {
                    self.count.entries += 1;
                    self.count.bytes += (key.len() + record.body.len()) as u64;
                } else {
                    self.damage(key, "it does not follow the record before it");
                }
                at.previous = Some(record.hash);
            }
        }
        self.at = Some(at);
    }

    fn begin(&mut self, id: u64, n: u64) {
        self.logs += 1;
        self.at = Some(match self.store.log_ends(id) {
            Ok(LogEnds { first, previous, .. }) => At { id, next: first, previous: Some(previous) },
            // It is told of when it is come to.
            Err(_) => At { id, next: n, previous: None },
        });
    }

    fn damage(&mut self, key: &[u8], what: &str) {
        self.count.damaged += 1;
        (self.tell)(key, what.to_owned());
    }
}
