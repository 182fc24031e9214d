//! Key-value stores in memory: those that the processes of the node share, by name, and those of
//! single processes, which end with them.

use procession_environment::StoreOperation;
use procession_types::{
    Error, ErrorKind, Fragment, FragmentBuilder, Limit, Pid, SmolStr, Timestamp, word,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::ops::Bound;

/// Stores that are shared, and stores of one process.
const SHARED_MAX: usize = 1_000;
const OWN_MAX: usize = 16;
/// Entries and bytes of one store.
const ENTRIES_MAX: usize = 200_000;
const BYTES_MAX: usize = 256 << 20;
/// Bytes of all stores of the node.
const BYTES_TOTAL_MAX: usize = 1 << 30;
/// Bytes of a store's name, a key, a value.
const NAME_BYTES_MAX: usize = 255;
const KEY_BYTES_MAX: usize = 512;
const VALUE_BYTES_MAX: usize = 4 << 20;
/// Keys that one call lists.
const KEYS_MAX: usize = 10_000;
/// What an entry counts for beside key and value.
const ENTRY_BYTES: usize = 96;
/// Entries that are freed at once; more of them are given to whoever has the time.
const FREE_AT_ONCE_MAX: usize = 1_000;
/// Expired entries that one operation removes on its way, so that no operation takes long.
const EXPIRE_AT_ONCE_MAX: usize = 64;

#[derive(Debug)]
struct Entry {
    value: Fragment,
    version: u64,
    expires: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Store {
    entries: BTreeMap<Vec<u8>, Entry>,
    /// When entries expire; one that was changed since has another version.
    expiries: BinaryHeap<Reverse<(Timestamp, u64, Vec<u8>)>>,
    versions: u64,
    bytes: usize,
}

/// The stores of one process.
#[derive(Debug, Default)]
pub(crate) struct OwnStores(HashMap<SmolStr, Store>);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    shared: HashMap<SmolStr, Store>,
    own: HashMap<Pid, HashMap<SmolStr, Store>>,
    bytes: usize,
    scrap: Scrap,
}

/// Entries that nobody can reach any more; to drop them takes a while.
#[derive(Debug, Default)]
pub(crate) struct Scrap(Vec<Store>);

impl Scrap {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, store: Store) {
        if store.entries.len() > FREE_AT_ONCE_MAX {
            self.0.push(store);
        }
    }
}

/// The permission that an operation needs, and its key.
pub(crate) fn subject(operation: &StoreOperation) -> (&'static str, Option<&[u8]>) {
    match operation {
        StoreOperation::Get { key } | StoreOperation::Entry { key } => ("store.read", Some(key)),
        StoreOperation::Keys { prefix, .. } => ("store.read", Some(prefix)),
        StoreOperation::Count => ("store.read", None),
        StoreOperation::Set { key, .. }
        | StoreOperation::CompareAndSet { key, .. }
        | StoreOperation::Increment { key, .. }
        | StoreOperation::Delete { key } => ("store.write", Some(key)),
        StoreOperation::Clear => ("store.write", None),
    }
}

/// No entry is under a key that can't be.
fn check_key(operation: &StoreOperation) -> Result<(), Error> {
    match operation {
        StoreOperation::Get { key }
        | StoreOperation::Entry { key }
        | StoreOperation::Set { key, .. }
        | StoreOperation::CompareAndSet { key, .. }
        | StoreOperation::Increment { key, .. }
        | StoreOperation::Delete { key } => {
            if !key.is_empty() && key.len() <= KEY_BYTES_MAX {
                return Ok(());
            }
            let message = format!("a key has 1 to {KEY_BYTES_MAX} bytes, not {}", key.len());
            Err(Error::invalid(message))
        }
        StoreOperation::Keys { .. } | StoreOperation::Count | StoreOperation::Clear => Ok(()),
    }
}

impl Stores {
    /// Carries an operation out in a shared store, or in one of its owner's.
    pub(crate) fn answer(
        &mut self,
        owner: Option<Pid>,
        name: &SmolStr,
        now: Timestamp,
        operation: StoreOperation,
    ) -> Result<Fragment, Error> {
        let stores = match owner {
            None => &mut self.shared,
            Some(owner) => self.own.entry(owner).or_default(),
        };
        let most = if owner.is_none() { SHARED_MAX } else { OWN_MAX };
        if !stores.contains_key(name) {
            if name.is_empty() || name.len() > NAME_BYTES_MAX {
                let message = format!("a store's name has 1 to {NAME_BYTES_MAX} bytes");
                return Err(Error::invalid(message));
            }
            if stores.len() >= most {
                // One that is empty is as good as none.
                stores.retain(|_, store| !store.entries.is_empty());
            }
            if stores.len() >= most {
                let message = format!("there are {most} stores already");
                return Err(Error::limit(Limit::Store, message));
            }
        }
        check_key(&operation)?;
        let store = stores.entry(name.clone()).or_default();
        let before = store.bytes;
        store.expire(now);
        let others = self.bytes - before;
        let result = store.answer(now, operation, BYTES_TOTAL_MAX - others, &mut self.scrap);
        self.bytes = others + store.bytes;
        result
    }

    /// Takes the stores of a process away; their bytes still count.
    pub(crate) fn take(&mut self, owner: Pid) -> OwnStores {
        OwnStores(self.own.remove(&owner).unwrap_or_default())
    }

    /// Puts them back.
    pub(crate) fn give(&mut self, owner: Pid, stores: OwnStores) {
        if !stores.0.is_empty() {
            self.own.insert(owner, stores.0);
        }
    }

    /// Ends them.
    pub(crate) fn drop_own(&mut self, stores: OwnStores) {
        for store in stores.0.into_values() {
            self.bytes -= store.bytes;
            self.scrap.add(store);
        }
    }

    /// What is to be dropped where nobody waits for it.
    pub(crate) fn take_scrap(&mut self) -> Scrap {
        std::mem::take(&mut self.scrap)
    }
}

impl Store {
    fn answer(
        &mut self,
        now: Timestamp,
        operation: StoreOperation,
        bytes_free: usize,
        scrap: &mut Scrap,
    ) -> Result<Fragment, Error> {
        match operation {
            StoreOperation::Get { key } => {
                self.living(&key, now).map(|entry| entry.value.clone()).ok_or_else(|| missing(&key))
            }
            StoreOperation::Entry { key } => self.entry(&key, now),
            StoreOperation::Set { key, value, ttl_ns } => {
                let expires = ttl_ns.map(|ttl| now.after(ttl));
                self.set(key, value, expires, bytes_free)
            }
            StoreOperation::CompareAndSet { key, version, value, ttl_ns } => {
                let found = self.living(&key, now).map_or(0, |entry| entry.version);
                if found != version {
                    let shown = shown(&key);
                    let message = format!("key \"{shown}\" has version {found}, not {version}");
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
                let expires = ttl_ns.map(|ttl| now.after(ttl));
                self.set(key, value, expires, bytes_free)
            }
            StoreOperation::Increment { key, by } => self.increment(key, by, now, bytes_free),
            StoreOperation::Delete { key } => {
                let lived = self.living(&key, now).is_some();
                self.remove(&key);
                Ok(boolean(lived))
            }
            StoreOperation::Keys { prefix, count_max } => Ok(self.keys(&prefix, count_max, now)),
            StoreOperation::Count => {
                // More than the expired ones that one operation removes may still be there.
                Ok(super::integer(self.entries.len() as i64))
            }
            StoreOperation::Clear => {
                let empty = Self { versions: self.versions, ..Self::default() };
                scrap.add(std::mem::replace(self, empty));
                Ok(boolean(true))
            }
        }
    }

    fn living(&self, key: &[u8], now: Timestamp) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| entry.expires.is_none_or(|at| at > now))
    }

    fn entry(&self, key: &[u8], now: Timestamp) -> Result<Fragment, Error> {
        let entry = self.living(key, now).ok_or_else(|| missing(key))?;
        let mut words = entry.value.words().to_vec();
        // The objects stay where they are; version and time follow the value.
        let value = words.pop().unwrap_or(word::NIL);
        let mut values = vec![value, word::int_wrapping(entry.version as i64)];
        let rest = entry.expires.map(|at| (at.0 - now.0) / 1_000_000);
        values.push(rest.map_or(word::NIL, word::int_wrapping));
        words.extend(values);
        Ok(Fragment::from_words(words.into(), 3))
    }

    fn set(
        &mut self,
        key: Vec<u8>,
        value: Fragment,
        expires: Option<Timestamp>,
        bytes_free: usize,
    ) -> Result<Fragment, Error> {
        if value.bytes() > VALUE_BYTES_MAX {
            let message = format!("value is larger than {VALUE_BYTES_MAX} bytes");
            return Err(Error::limit(Limit::Store, message));
        }
        let old = self.entries.get(&key).map_or(0, |entry| size(&key, entry));
        let (others, new) = (self.bytes - old, size_of_entry(&key, &value, expires));
        let is_full = others + new > BYTES_MAX.min(bytes_free)
            || old == 0 && self.entries.len() >= ENTRIES_MAX;
        if is_full {
            let message = "the store is full: delete entries, or let them expire with a ttl";
            return Err(Error::limit(Limit::Store, message));
        }
        self.versions += 1;
        let version = self.versions;
        self.bytes = others + new;
        if let Some(at) = expires {
            self.expiries.push(Reverse((at, version, key.clone())));
            if self.expiries.len() > 2 * self.entries.len() + 64 {
                let entries = &self.entries;
                self.expiries.retain(|Reverse((_, version, key))| {
                    *version == self.versions
                        || entries.get(key).is_some_and(|entry| entry.version == *version)
                });
            }
        }
        self.entries.insert(key, Entry { value, version, expires });
        Ok(super::integer(version as i64))
    }

    fn increment(
        &mut self,
        key: Vec<u8>,
        by: i64,
        now: Timestamp,
        bytes_free: usize,
    ) -> Result<Fragment, Error> {
        let (old, expires) = match self.living(&key, now) {
            None => (0, None),
            Some(entry) => {
                let value = entry.value.values().first();
                let old = value.and_then(|&value| entry.value.integer(value)).ok_or_else(|| {
                    Error::invalid(format!("value of key \"{}\" is no integer", shown(&key)))
                })?;
                (old, entry.expires)
            }
        };
        let sum = old.checked_add(by).ok_or_else(|| {
            Error::invalid(format!("value of key \"{}\" would be too large", shown(&key)))
        })?;
        let sum = super::integer(sum);
        self.set(key, sum.clone(), expires, bytes_free)?;
        Ok(sum)
    }

    fn keys(&self, prefix: &[u8], count_max: usize, now: Timestamp) -> Fragment {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let found = self.entries.range::<[u8], _>(from);
        let found = found.take_while(|(key, _)| key.starts_with(prefix));
        let mut living = found.filter(|(_, entry)| entry.expires.is_none_or(|at| at > now));
        let mut builder = FragmentBuilder::new();
        let first = living.by_ref().take(count_max.min(KEYS_MAX));
        let keys: Vec<_> = first.map(|(key, _)| builder.string(key)).collect();
        let list = builder.list(&keys);
        let is_all = word::from_bool(living.next().is_none());
        builder.finish(&[list, is_all])
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= size(key, &entry);
        }
    }

    /// Removes some of those that have expired.
    fn expire(&mut self, now: Timestamp) {
        for _ in 0..EXPIRE_AT_ONCE_MAX {
            if self.expiries.peek().is_none_or(|expiry| expiry.0.0 > now) {
                return;
            }
            let Some(Reverse(expiry)) = self.expiries.pop() else { return };
            if self.is_over(&expiry, now) {
                self.remove(&expiry.2);
            }
        }
    }

    fn is_over(&self, expiry: &(Timestamp, u64, Vec<u8>), now: Timestamp) -> bool {
        let (at, version, key) = expiry;
        *at <= now && self.entries.get(key).is_some_and(|entry| entry.version == *version)
    }
}

fn size(key: &[u8], entry: &Entry) -> usize {
    size_of_entry(key, &entry.value, entry.expires)
}

fn size_of_entry(key: &[u8], value: &Fragment, expires: Option<Timestamp>) -> usize {
    // The key is there twice when the entry expires.
    let keys = if expires.is_some() { 2 * key.len() } else { key.len() };
    ENTRY_BYTES + keys + value.bytes()
}

fn boolean(value: bool) -> Fragment {
    FragmentBuilder::new().finish(&[word::from_bool(value)])
}

fn missing(key: &[u8]) -> Error {
    Error::not_found(format!("key \"{}\" not found", shown(key)))
}

fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(stores: &mut Stores, owner: Option<Pid>, operation: StoreOperation) -> i64 {
        let answer = stores.answer(owner, &"store".into(), Timestamp(0), operation).unwrap();
        answer.integer(answer.values()[0]).unwrap_or_default()
    }

    fn fill(stores: &mut Stores, owner: Option<Pid>, entries: usize) -> i64 {
        let set = |number| StoreOperation::Set {
            key: format!("key {number}").into(),
            value: super::super::integer(1),
            ttl_ns: None,
        };
        (0..entries).map(|number| answer(stores, owner, set(number))).last().unwrap()
    }

    #[test]
    fn what_was_large_is_dropped_elsewhere() {
        let owner = Pid { host: 0, shard: 0, epoch: 1, slot: 1, generation: 1 };
        for (entries, is_scrap) in [(FREE_AT_ONCE_MAX, false), (FREE_AT_ONCE_MAX + 1, true)] {
            let mut stores = Stores::default();
            let version = fill(&mut stores, None, entries);
            answer(&mut stores, None, StoreOperation::Clear);
            assert_eq!(answer(&mut stores, None, StoreOperation::Count), 0);
            assert_eq!((stores.bytes, !stores.take_scrap().is_empty()), (0, is_scrap));
            // A version is never given twice.
            assert_eq!(fill(&mut stores, None, 1), version + 1);

            let before = stores.bytes;
            fill(&mut stores, Some(owner), entries);
            let own = stores.take(owner);
            stores.drop_own(own);
            assert_eq!((stores.bytes, !stores.take_scrap().is_empty()), (before, is_scrap));
        }
    }
}
