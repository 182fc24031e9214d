//! From commits to the writes of one group: who may append, which hash a record gets, what trimming
//! leaves behind.

use crate::batch::Batch;
use crate::chain::{HASH_BYTES, Hash, ROOT, Record, link};
use crate::commit::{Append, Change, Commit, KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::engine::{Area, Engine, Entry, Range};
use crate::error::StoreError;
use crate::heads::{ById, Head, Heads};
use crate::seal::open;
use crate::space::{Space, log_key, read_log_key};
use std::collections::BTreeMap;

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

/// A log as it is after the commits that are planned so far.
#[derive(Debug, Clone, Copy)]
struct Touched {
    head: Head,
    /// Where it begins, if a commit has changed that: `Some(None)` is at the beginning of all logs.
    base: Option<Option<Base>>,
}

/// What a commit does to a log, worked out before anything is written.
#[derive(Debug)]
enum Step {
    /// Removes the records from the first up to and with the last, and notes the base.
    Trim { id: u64, head: Head, first: u64, base: Base },
    /// Removes the records from the first up to the next, and the base if there is one.
    Forget { id: u64, first: u64, next: u64, has_base: bool },
}

/// The writes of a group in the making.
pub(crate) struct Plan<'a> {
    engine: &'a dyn Engine,
    heads: &'a mut Heads,
    touched: ById<Touched>,
    batch: Batch,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(engine: &'a dyn Engine, heads: &'a mut Heads) -> Self {
        Self { engine, heads, touched: ById::default(), batch: Batch::default() }
    }

    /// Adds a commit; after an error it is as it was before.
    pub(crate) fn add(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let mut cuts = BTreeMap::new();
        for change in &commit.changes {
            validate(change)?;
            if change.space == Space::Log {
                cut(change, &mut cuts)?;
            }
        }
        let appended = match &commit.append {
            Some(append) => Some((append.id, self.next_head(append)?)),
            None => None,
        };
        let mut steps = Vec::new();
        for (id, cut) in cuts {
            let head = match appended {
                Some((its, head)) if its == id => head,
                _ => self.head(id)?,
            };
            steps.extend(self.step(id, cut, head)?);
        }
        if let (Some((id, head)), Some(append)) = (appended, &commit.append) {
            let key = log_key(id, append.n);
            self.batch.put(LOG, &key, &[&append.record, &head.hash]);
            let base = self.touched.get(&id).and_then(|it| it.base);
            self.touched.insert(id, Touched { head, base });
        }
        for step in steps {
            self.carry_out(step);
        }
        for Change { space, key, value } in &commit.changes {
            match value {
                _ if *space == Space::Log => {}
                Some(value) => self.batch.put(Area::Space(*space), key, &[value]),
                None => self.batch.remove(Area::Space(*space), key),
            }
        }
        Ok(())
    }

    /// The writes, in order.
    pub(crate) fn batch(&mut self) -> &Batch {
        self.batch.finish();
        &self.batch
    }

    /// The group is on disk: what it did to logs is what the next group builds upon.
    pub(crate) fn done(self) {
        for (id, Touched { head, .. }) in self.touched {
            if head.next == 0 { self.heads.remove(id) } else { self.heads.set(id, head) }
        }
    }

    /// The head that an append makes.
    fn next_head(&mut self, append: &Append) -> Result<Head, StoreError> {
        let Append { id, n, record } = append;
        if record.len() > VALUE_BYTES_MAX {
            return Err(too_large(Space::Log, record.len()));
        }
        let head = self.head_before(*id, *n)?;
        if head.next != *n || *n == u64::MAX {
            return Err(StoreError::Conflict { id: *id, given: *n, next: head.next });
        }
        Ok(Head { next: n + 1, hash: link(*id, *n, &head.hash, record) })
    }

    /// What a cut comes to for a log with this head; nothing where there is nothing to cut.
    fn step(&self, id: u64, cut: Cut, head: Head) -> Result<Option<Step>, StoreError> {
        let base = self.base(id)?;
        let first = base.unwrap_or(Base::START).first;
        match cut {
            Cut::Forget => {
                Ok(Some(Step::Forget { id, first, next: head.next, has_base: base.is_some() }))
            }
            Cut::Trim(last) if head.next == 0 || last < first => Ok(None),
            Cut::Trim(last) if last >= head.next => {
                let what =
                    format!("record {last} of process {id} can't be trimmed, it is not there");
                Err(StoreError::invalid(Space::Log, what))
            }
            Cut::Trim(last) => {
                let at_head = last + 1 == head.next;
                let previous = if at_head { head.hash } else { self.record_hash(id, last)? };
                Ok(Some(Step::Trim { id, head, first, base: Base { first: last + 1, previous } }))
            }
        }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Trim { id, head, first, base } => {
                for n in first..base.first {
                    self.batch.remove(LOG, &log_key(id, n));
                }
                let parts: [&[u8]; 2] = [&base.first.to_le_bytes(), &base.previous];
                self.batch.put(Area::Base, &id.to_be_bytes(), &parts);
                self.touched.insert(id, Touched { head, base: Some(Some(base)) });
            }
            Step::Forget { id, first, next, has_base } => {
                for n in first..next {
                    self.batch.remove(LOG, &log_key(id, n));
                }
                if has_base {
                    self.batch.remove(Area::Base, &id.to_be_bytes());
                }
                let head = Head { next: 0, hash: ROOT };
                self.touched.insert(id, Touched { head, base: Some(None) });
            }
        }
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
        self.touched.get(&id).map(|it| it.head).or_else(|| self.heads.get(id))
    }

    fn base(&self, id: u64) -> Result<Option<Base>, StoreError> {
        match self.touched.get(&id).and_then(|it| it.base) {
            Some(base) => Ok(base),
            None => find_base(self.engine, id),
        }
    }

    fn record_hash(&self, id: u64, n: u64) -> Result<Hash, StoreError> {
        let key = log_key(id, n);
        if self.touched.contains_key(&id)
            && let Some(sealed) = self.batch.find(LOG, &key).and_then(|write| write.value)
        {
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

pub(crate) fn read_base(id: u64, sealed: &[u8]) -> Result<Base, StoreError> {
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
