//! From commits to the writes of one group: who may append, which hash a record gets, what trimming
//! leaves behind.

use crate::batch::{Batch, Write};
use crate::chain::{HASH_BYTES, Hash, ROOT, Record, link};
use crate::commit::{Append, Change, Commit, KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::engine::{Area, Engine, Entry, Range};
use crate::error::StoreError;
use crate::heads::{Head, Heads};
use crate::seal::{open, seal};
use crate::space::{Space, log_key, read_log_key};
use std::collections::{BTreeMap, HashMap};

const LOG: Area = Area::Space(Space::Log);

/// Where a trimmed log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// The number of the first record that is kept.
    pub(crate) first: u64,
    /// The hash of the record before it.
    pub(crate) previous: Hash,
}

impl Base {
    /// The base of a log of which nothing was trimmed.
    pub(crate) const START: Self = Self { first: 0, previous: ROOT };

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        [&self.first.to_le_bytes()[..], &self.previous].concat()
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, previous) = bytes.split_first_chunk::<8>()?;
        let previous = <[u8; HASH_BYTES]>::try_from(previous).ok()?;
        Some(Self { first: u64::from_le_bytes(*first), previous })
    }
}

/// What a commit does with a log beside appending.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// Removes all records up to this one.
    Trim(u64),
    Forget,
}

/// The writes of a group in the making.
pub(crate) struct Plan<'a> {
    engine: &'a dyn Engine,
    heads: &'a mut Heads,
    /// The logs that the group touches, as they are after it.
    touched: HashMap<u64, Head>,
    batch: Batch,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(engine: &'a dyn Engine, heads: &'a mut Heads) -> Self {
        Self { engine, heads, touched: HashMap::new(), batch: Batch::default() }
    }

    /// Adds a commit; after an error it is as it was before.
    pub(crate) fn add(&mut self, commit: Commit) -> Result<(), StoreError> {
        let mut cuts = BTreeMap::new();
        for change in &commit.changes {
            validate(change)?;
            if change.space == Space::Log {
                cut(change, &mut cuts)?;
            }
        }
        let mut writes = Vec::new();
        let mut heads: BTreeMap<u64, Head> = BTreeMap::new();
        if let Some(append) = commit.append {
            let id = append.id;
            heads.insert(id, self.append(append, &mut writes)?);
        }
        for (id, cut) in cuts {
            let head = match heads.get(&id) {
                Some(head) => *head,
                None => self.head(id)?,
            };
            match cut {
                Cut::Trim(last) => self.trim(id, last, head, &mut writes)?,
                Cut::Forget => {
                    self.forget(id, head, &mut writes)?;
                    heads.insert(id, Head { next: 0, hash: ROOT });
                }
            }
        }
        for write in writes {
            self.batch.set(write.area, write.key, write.value);
        }
        for change in commit.changes {
            if change.space == Space::Log {
                continue;
            }
            let area = Area::Space(change.space);
            let value = change.value.map(|value| seal(area, &change.key, value));
            self.batch.set(area, change.key, value);
        }
        self.touched.extend(heads);
        Ok(())
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The group is on disk: what it did to logs is what the next group builds upon.
    pub(crate) fn done(self) {
        for (id, head) in self.touched {
            if head.next == 0 { self.heads.remove(id) } else { self.heads.set(id, head) }
        }
    }

    fn append(&mut self, append: Append, writes: &mut Vec<Write>) -> Result<Head, StoreError> {
        let Append { id, n, record } = append;
        if record.len() > VALUE_BYTES_MAX {
            return Err(too_large(Space::Log, record.len()));
        }
        let head = self.head_before(id, n)?;
        if head.next != n || n == u64::MAX {
            return Err(StoreError::Conflict { id, given: n, next: head.next });
        }
        let hash = link(id, n, &head.hash, &record);
        let key = log_key(id, n).to_vec();
        let mut value = record;
        value.extend_from_slice(&hash);
        let value = seal(LOG, &key, value);
        writes.push(Write { area: LOG, key, value: Some(value) });
        Ok(Head { next: n + 1, hash })
    }

    fn trim(
        &self,
        id: u64,
        last: u64,
        head: Head,
        writes: &mut Vec<Write>,
    ) -> Result<(), StoreError> {
        let first = self.base(id)?.unwrap_or(Base::START).first;
        if head.next == 0 || last < first {
            return Ok(());
        }
        if last >= head.next {
            let what = format!("record {last} of process {id} can't be trimmed, it is not there");
            return Err(StoreError::invalid(Space::Log, what));
        }
        let previous = if last + 1 == head.next { head.hash } else { self.record_hash(id, last)? };
        for n in first..=last {
            writes.push(Write { area: LOG, key: log_key(id, n).to_vec(), value: None });
        }
        let key = id.to_be_bytes().to_vec();
        let value = Base { first: last + 1, previous }.to_bytes();
        let value = Some(seal(Area::Base, &key, value));
        writes.push(Write { area: Area::Base, key, value });
        Ok(())
    }

    fn forget(&self, id: u64, head: Head, writes: &mut Vec<Write>) -> Result<(), StoreError> {
        let base = self.base(id)?;
        for n in base.unwrap_or(Base::START).first..head.next {
            writes.push(Write { area: LOG, key: log_key(id, n).to_vec(), value: None });
        }
        if base.is_some() {
            let key = id.to_be_bytes().to_vec();
            writes.push(Write { area: Area::Base, key, value: None });
        }
        Ok(())
    }

    /// The head of a log that is about to get record `n`. Where the cache knows nothing, two looks at
    /// single keys say whether `n` is right; only if it is not the end of the log is searched.
    fn head_before(&mut self, id: u64, n: u64) -> Result<Head, StoreError> {
        if let Some(head) = self.known(id) {
            return Ok(head);
        }
        if self.engine.read(LOG, &log_key(id, n))?.is_none() {
            if n == 0 {
                if self.base(id)?.is_none() {
                    return Ok(Head { next: 0, hash: ROOT });
                }
            } else if let Some(sealed) = self.engine.read(LOG, &log_key(id, n - 1))? {
                return Ok(Head { next: n, hash: hash_of(id, n - 1, &sealed)? });
            }
        }
        find_head(self.engine, id)
    }

    fn head(&mut self, id: u64) -> Result<Head, StoreError> {
        self.known(id).map_or_else(|| find_head(self.engine, id), Ok)
    }

    fn known(&mut self, id: u64) -> Option<Head> {
        self.touched.get(&id).copied().or_else(|| self.heads.get(id))
    }

    fn base(&self, id: u64) -> Result<Option<Base>, StoreError> {
        let key = id.to_be_bytes();
        match self.batch.get(Area::Base, &key) {
            Some(None) => Ok(None),
            Some(Some(sealed)) => read_base(id, sealed).map(Some),
            None => find_base(self.engine, id),
        }
    }

    fn record_hash(&self, id: u64, n: u64) -> Result<Hash, StoreError> {
        let key = log_key(id, n);
        if let Some(Some(sealed)) = self.batch.get(LOG, &key) {
            return hash_of(id, n, sealed);
        }
        match self.engine.read(LOG, &key)? {
            Some(sealed) => hash_of(id, n, &sealed),
            None => Err(StoreError::damaged(Space::Log, &key, "it is missing")),
        }
    }
}

fn validate(change: &Change) -> Result<(), StoreError> {
    let Change { space, key, value } = change;
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let what = format!("a key has {} bytes; 1 to {KEY_BYTES_MAX} are allowed", key.len());
        return Err(StoreError::invalid(*space, what));
    }
    match value {
        Some(value) if value.len() > VALUE_BYTES_MAX => Err(too_large(*space, value.len())),
        Some(_) | None => Ok(()),
    }
}

fn too_large(space: Space, bytes: usize) -> StoreError {
    let what = format!("a value has {bytes} bytes; {VALUE_BYTES_MAX} are allowed");
    StoreError::invalid(space, what)
}

/// Reads what a change of the log's space asks for, and puts it to what its commit asks for already.
fn cut(change: &Change, cuts: &mut BTreeMap<u64, Cut>) -> Result<(), StoreError> {
    if change.value.is_some() {
        return Err(StoreError::invalid(Space::Log, "records come by appending only"));
    }
    let (id, cut) = match (<[u8; 8]>::try_from(&*change.key), read_log_key(&change.key)) {
        (Ok(id), _) => (u64::from_be_bytes(id), Cut::Forget),
        (Err(_), Some((id, n))) => (id, Cut::Trim(n)),
        (Err(_), None) => return Err(StoreError::invalid(Space::Log, "no key of a record")),
    };
    let both = match (cuts.get(&id), cut) {
        (None, cut) => cut,
        (Some(Cut::Trim(one)), Cut::Trim(other)) => Cut::Trim(other.max(*one)),
        (Some(_), _) => Cut::Forget,
    };
    cuts.insert(id, both);
    Ok(())
}

/// Where the log of a process ends, from the engine alone.
pub(crate) fn find_head(engine: &dyn Engine, id: u64) -> Result<Head, StoreError> {
    let end = id.checked_add(1).map(u64::to_be_bytes);
    let from = id.to_be_bytes();
    let range = Range { from: &from, to: end.as_ref().map(|end| &end[..]), reverse: true };
    let mut last = None;
    engine.scan(LOG, range, &mut |entry| {
        last = Some(match entry {
            Entry::Pair(key, sealed) => match read_log_key(key) {
                Some((_, n)) => {
                    hash_of(id, n, sealed).map(|hash| Head { next: n.saturating_add(1), hash })
                }
                None => Err(StoreError::damaged(Space::Log, key, "no key of a record")),
            },
            Entry::Unreadable(key, what) => Err(StoreError::damaged(Space::Log, key, what)),
        });
        false
    })?;
    match last {
        Some(head) => head,
        None => {
            let base = find_base(engine, id)?.unwrap_or(Base::START);
            Ok(Head { next: base.first, hash: base.previous })
        }
    }
}

/// Where the log of a process begins if it was trimmed, from the engine alone.
pub(crate) fn find_base(engine: &dyn Engine, id: u64) -> Result<Option<Base>, StoreError> {
    let sealed = engine.read(Area::Base, &id.to_be_bytes())?;
    sealed.map(|sealed| read_base(id, &sealed)).transpose()
}

fn read_base(id: u64, sealed: &[u8]) -> Result<Base, StoreError> {
    let key = id.to_be_bytes();
    let damaged = |what: &str| {
        let what = format!("the note of what was trimmed of process {id}: {what}");
        StoreError::damaged(Space::Log, &key, what)
    };
    let bytes = open(Area::Base, &key, sealed).map_err(damaged)?;
    Base::of_bytes(bytes).ok_or_else(|| damaged("it has the wrong length"))
}

fn hash_of(id: u64, n: u64, sealed: &[u8]) -> Result<Hash, StoreError> {
    let key = log_key(id, n);
    let damaged = |what: &str| StoreError::damaged(Space::Log, &key, what);
    let value = open(LOG, &key, sealed).map_err(damaged)?;
    let record = Record::of_value(value).ok_or_else(|| damaged("it is no record"))?;
    Ok(record.hash)
}
