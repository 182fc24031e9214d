//! Where areas lie in the engine: three keyspaces, so that one batch touches few of them, and few hold
//! on to old journals.

use super::DiskConfig;
use crate::engine::{Area, Range};
use crate::space::Space;
use fjall::config::{CompressionPolicy, FilterPolicy, FilterPolicyEntry};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions};
use smallvec::SmallVec;
use std::ops::Bound;
use std::path::Path;

/// Where the number of the last group lies, before all areas that share its keyspace.
const GROUP_KEY: [u8; 1] = [0];

/// A key of the engine; those of processes need no memory of their own.
type Place = SmallVec<[u8; 32]>;

/// A range of the engine's keys.
type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The engine's handles.
pub(super) struct Keyspaces {
    pub(super) database: Database,
    log: Keyspace,
    state: Keyspace,
    bulk: Keyspace,
}

impl Keyspaces {
    /// The names, in the order in which they are made; the engine gives them the numbers 1, 2, 3.
    pub(super) const COUNT: usize = 3;

    /// Bytes of one keyspace that wait in memory before they become a file.
    const MEMTABLE_BYTES: u64 = 16 << 20;

    pub(super) fn open(path: &Path, config: &DiskConfig) -> fjall::Result<Self> {
        let database = Database::builder(path)
            .cache_size(config.cache_bytes)
            .max_journaling_size(128 << 20)
            // With two the one would turn round and round while the other compacts.
            .worker_threads(1)
            // The tails of journals are read by us, too: values in them are as they are.
            .journal_compression(CompressionType::None)
            .manual_journal_persist(true)
            .open()?;
        let log = database.keyspace("log", options)?;
        let state = database.keyspace("state", options)?;
        let bulk = database.keyspace("bulk", || {
            options().with_kv_separation(Some(
                KvSeparationOptions::default()
                    .separation_threshold(4096)
                    .compression(CompressionType::None),
            ))
        })?;
        Ok(Self { database, log, state, bulk })
    }

    pub(super) fn all(&self) -> [&Keyspace; Self::COUNT] {
        [&self.log, &self.state, &self.bulk]
    }

    /// Where a key of an area lies.
    pub(super) fn place(&self, area: Area, key: &[u8]) -> (&Keyspace, Place) {
        match prefix(area) {
            Prefix::Log => (&self.log, Place::from_slice(key)),
            Prefix::State(first) => (&self.state, prefixed(first, key)),
            Prefix::Bulk(first) => (&self.bulk, prefixed(first, key)),
        }
    }

    /// Where the number of the last group lies.
    pub(super) fn group(&self) -> (&Keyspace, [u8; 1]) {
        (&self.state, GROUP_KEY)
    }

    /// Whether it is the number of a group that the engine has there.
    pub(super) fn is_group(keyspace: u64, key: &[u8]) -> bool {
        keyspace == 2 && key == GROUP_KEY
    }

    /// A range of an area as one of its keyspace, and how many bytes its keys have in front.
    pub(super) fn range(&self, area: Area, range: Range<'_>) -> (&Keyspace, Bounds, usize) {
        let (keyspace, first) = match prefix(area) {
            Prefix::Log => {
                let to = range.to.map_or(Bound::Unbounded, |to| Bound::Excluded(to.to_vec()));
                return (&self.log, (Bound::Included(range.from.to_vec()), to), 0);
            }
            Prefix::State(first) => (&self.state, first),
            Prefix::Bulk(first) => (&self.bulk, first),
        };
        let to = match (range.to, first.checked_add(1)) {
            (Some(to), _) => Bound::Excluded(prefixed(first, to).into_vec()),
            (None, Some(next)) => Bound::Excluded(vec![next]),
            (None, None) => Bound::Unbounded,
        };
        (keyspace, (Bound::Included(prefixed(first, range.from).into_vec()), to), 1)
    }

    /// The space and key of what the engine has under a key of the keyspace with this number; `None` of
    /// its own.
    pub(super) fn read_place(keyspace: u64, key: &[u8]) -> Option<(Area, &[u8])> {
        if keyspace == 1 {
            return Some((Area::Space(Space::Log), key));
        }
        let (first, key) = key.split_first()?;
        let area = Area::all().find(|area| match prefix(*area) {
            Prefix::Log => false,
            Prefix::State(it) | Prefix::Bulk(it) => it == *first,
        })?;
        Some((area, key))
    }
}

enum Prefix {
    Log,
    State(u8),
    Bulk(u8),
}

fn prefix(area: Area) -> Prefix {
    match area {
        Area::Space(Space::Log) => Prefix::Log,
        Area::Space(Space::Snapshot | Space::Program | Space::Page) => Prefix::Bulk(area.number()),
        Area::Space(
            Space::Head
            | Space::Inbox
            | Space::Name
            | Space::Wake
            | Space::Uneasy
            | Space::Relation
            | Space::Value
            | Space::Meta,
        )
        | Area::Base => Prefix::State(area.number()),
    }
}

fn prefixed(first: u8, key: &[u8]) -> Place {
    let mut whole = Place::new();
    whole.push(first);
    whole.extend_from_slice(key);
    whole
}

fn options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(Keyspaces::MEMTABLE_BYTES)
        .manual_journal_persist(true)
        // Young levels are rewritten soon; compressing them is work for nothing.
        .data_block_compression_policy(CompressionPolicy::new([
            CompressionType::None,
            CompressionType::None,
            CompressionType::Lz4,
        ]))
        .filter_policy(FilterPolicy::all(FilterPolicyEntry::Bloom(
            fjall::config::BloomConstructionPolicy::BitsPerKey(10.0),
        )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_areas_share_a_place() {
        for area in Area::all() {
            let (keyspace, key) = match prefix(area) {
                Prefix::Log => (1, Place::from_slice(b"key")),
                Prefix::State(first) => (2, prefixed(first, b"key")),
                Prefix::Bulk(first) => (3, prefixed(first, b"key")),
            };
            assert_eq!(Keyspaces::read_place(keyspace, &key), Some((area, &b"key"[..])));
            assert!(keyspace == 1 || key[..1] != GROUP_KEY);
        }
        assert_eq!(Keyspaces::read_place(2, &GROUP_KEY), None);
    }
}
