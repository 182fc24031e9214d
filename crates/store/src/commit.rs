//! What is written: commits of an append and changes.

use crate::space::{Space, log_key};

/// The most bytes a key may have.
pub const KEY_BYTES_MAX: usize = 1024;

/// The most bytes a value or a record may have: 256 MiB.
pub const VALUE_BYTES_MAX: usize = 256 << 20;

/// Sets or removes one key.
///
/// In [`Space::Log`] nothing can be set; records come by [`Append`] and go from the beginning of a log:
/// removing record `n` ([`Change::trim_log`]) removes all before it, too. The rest still verifies: the
/// store keeps the hash of the last record that was removed. [`Change::forget_log`] removes a whole log
/// and what the store knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub space: Space,
    /// 1 to [`KEY_BYTES_MAX`] bytes.
    pub key: Vec<u8>,
    /// Up to [`VALUE_BYTES_MAX`] bytes; `None` removes the key.
    pub value: Option<Vec<u8>>,
}

impl Change {
    /// Sets a key.
    pub fn put(space: Space, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { space, key: key.into(), value: Some(value.into()) }
    }

    /// Removes a key; none there is no error.
    pub fn remove(space: Space, key: impl Into<Vec<u8>>) -> Self {
        Self { space, key: key.into(), value: None }
    }

    /// Removes the records of a log up to and with `last`; those that are gone already are no error.
    pub fn trim_log(id: u64, last: u64) -> Self {
        Self::remove(Space::Log, log_key(id, last))
    }

    /// Removes a log as if it had never been: its next record is 0 again.
    pub fn forget_log(id: u64) -> Self {
        Self::remove(Space::Log, id.to_be_bytes())
    }
}

/// Appends to the log of process `id`. Refused with [`StoreError::Conflict`](crate::StoreError) unless
/// `n` is exactly the next number; the first is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Whose log.
    pub id: u64,
    /// The record's number.
    pub n: u64,
    /// Up to [`VALUE_BYTES_MAX`] bytes.
    pub record: Vec<u8>,
}

/// One atomic unit: all of it is on disk, or nothing. The append comes first, then the changes in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// What a process's log gets.
    pub append: Option<Append>,
    /// What else changes.
    pub changes: Vec<Change>,
}

impl Commit {
    /// A commit of changes alone.
    pub fn of(changes: Vec<Change>) -> Self {
        Self { append: None, changes }
    }

    /// Bytes of keys and values, and some for what each costs beside them.
    pub fn bytes(&self) -> usize {
        const EACH: usize = 64;
        let append = self.append.as_ref().map_or(0, |append| append.record.len() + EACH);
        let change = |it: &Change| it.key.len() + it.value.as_ref().map_or(0, Vec::len) + EACH;
        append + self.changes.iter().map(change).sum::<usize>()
    }

    /// Whether it only removes: such a commit is let through when the disk is nearly full, because it
    /// makes room.
    pub fn only_removes(&self) -> bool {
        self.append.is_none() && self.changes.iter().all(|change| change.value.is_none())
    }
}
