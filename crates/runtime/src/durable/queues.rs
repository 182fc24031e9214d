//! What waited in the queues of pools of durable processes when they were put to rest.
//!
//! A pool that is put to rest leaves its messages here, and its next process takes them back. They are in the
//! store meanwhile; while a pool runs, what waits for a member is in its mailbox only.

use super::keeper::locked;
use procession_durable::bytes::{decoded, encoded};
use procession_durable::record::Parcel;
use procession_store::{Change, Space};
use procession_types::{Message, SmolStr};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Where it is in the store's meta space: prefix, id of the pool, 0, number.
pub(crate) const PREFIX: &[u8; 6] = b"queue/";

/// See the module.
#[derive(Default)]
pub(crate) struct Queues(Mutex<BTreeMap<SmolStr, BTreeMap<u64, Message>>>);

impl Queues {
    /// Takes in an entry of the store; false when it is none.
    pub(crate) fn load(&self, key: &[u8], value: &[u8]) -> bool {
        let Some((pool, n)) = read_key(key) else { return false };
        let Ok(Parcel::Message(message)) = decoded::<Parcel>(value) else { return false };
        locked(&self.0).entry(pool).or_default().insert(n, message);
        true
    }

    /// Keeps a message of a pool under a number that is greater than those before; what must be committed.
    pub(crate) fn keep(&self, pool: &SmolStr, n: u64, message: Message) -> Change {
        let value = encoded(&Parcel::Message(message.clone()));
        locked(&self.0).entry(pool.clone()).or_default().insert(n, message);
        Change::put(Space::Meta, key(pool, n), value)
    }

    /// Gives what is kept for a pool, oldest first, and what must be committed: it is kept no more.
    pub(crate) fn take(&self, pool: &str) -> (Vec<Message>, Vec<Change>) {
        let kept = locked(&self.0).remove(pool).unwrap_or_default();
        let changes = kept.keys().map(|n| Change::remove(Space::Meta, key(pool, *n))).collect();
        (kept.into_values().collect(), changes)
    }
}

fn key(pool: &str, n: u64) -> Vec<u8> {
    let mut key = PREFIX.to_vec();
    key.extend_from_slice(pool.as_bytes());
    key.push(0);
    key.extend_from_slice(&n.to_be_bytes());
    key
}

fn read_key(key: &[u8]) -> Option<(SmolStr, u64)> {
    let rest = key.strip_prefix(PREFIX)?;
    let (pool, n) = rest.split_last_chunk::<8>()?;
    let pool = std::str::from_utf8(pool.strip_suffix(&[0])?).ok()?;
    Some((SmolStr::new(pool), u64::from_be_bytes(*n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::Fragment;

    #[test]
    fn what_waited_goes_to_the_store_and_back_in_order() {
        let (queues, loaded, pool) =
            (Queues::default(), Queues::default(), SmolStr::new("app:pool"));
        let message =
            |topic: &str| Message { topic: topic.into(), from: None, payload: Fragment::nil() };
        for (n, topic) in [(300, "second"), (7, "first")] {
            let kept = queues.keep(&pool, n, message(topic));
            assert!(loaded.load(&kept.key, &kept.value.unwrap()));
        }
        let (messages, changes) = loaded.take("app:pool");
        let topics: Vec<&str> = messages.iter().map(|it| it.topic.as_str()).collect();
        assert_eq!((topics, changes.len()), (vec!["first", "second"], 2));
        assert!(changes.iter().all(|change| change.value.is_none()));
        assert!(loaded.take("app:pool").0.is_empty() && !loaded.load(b"queue/x", b""));
    }
}
