//! What the queues do by themselves, and when: delayed messages become ready, deliveries that nobody
//! has acknowledged in time are taken back.

use procession_types::{SmolStr, Timestamp};
use std::collections::BTreeMap;

/// Names an entry: its time, and its position among all ever made.
pub(super) type Key = (Timestamp, u64);

/// What happens at the time.
#[derive(Debug)]
pub(super) enum Due {
    /// The message that the queue keeps under the entry's key is ready.
    Ready {
        /// Which queue.
        queue: SmolStr,
    },
    /// The time to acknowledge a delivery is over.
    Overdue {
        /// Which queue.
        queue: SmolStr,
        /// Which of its deliveries.
        delivery: u64,
    },
}

/// Entries in the order of their times. Each belongs to a message of a queue, so that the limits of
/// queues are its limit.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    entries: BTreeMap<Key, Due>,
    made: u64,
}

impl Schedule {
    pub(super) fn add(&mut self, at: Timestamp, due: Due) -> Key {
        self.made += 1;
        let key = (at, self.made);
        self.entries.insert(key, due);
        key
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.entries.remove(&key);
    }

    /// The next entry whose time has come.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Key, Due)> {
        let first = self.entries.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove_entry())
    }

    /// When there is something to do.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }
}
