//! The store over any engine: chains, checksums, refusals and the reserve of room.

use crate::commit::Commit;
use crate::engine::{Area, Engine, Entry, Range};
use crate::error::StoreError;
use crate::heads::Heads;
use crate::plan::{Base, Plan, find_base, find_head, read_base};
use crate::seal::open;
use crate::space::Space;
use crate::store::{Found, LogEnds, Size, Store};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Logs whose ends are kept in memory, about 100 bytes each.
pub(crate) const HEADS_MAX: usize = 131_072;

/// Bytes that an engine may write for each that it is given, as far as room is concerned.
const ROOM_FACTOR: u64 = 2;

/// An engine made a store.
pub(crate) struct Sealed<E> {
    pub(crate) engine: E,
    heads: Mutex<Heads>,
    failed: OnceLock<StoreError>,
}

impl<E: Engine> Sealed<E> {
    pub(crate) fn new(engine: E) -> Self {
        Self { engine, heads: Mutex::new(Heads::new(HEADS_MAX)), failed: OnceLock::new() }
    }

    /// An error once the store has failed.
    fn alive(&self) -> Result<(), StoreError> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Hands on what an operation gives; remembers if it was the end of the store.
    fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error @ StoreError::Failed { .. }) = &result {
            let _ = self.failed.set(error.clone());
        }
        result
    }

    /// A thread that panicked in here has changed no head: that happens last, and can't panic.
    fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Engine> Store for Sealed<E> {
    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        let mut heads = self.heads();
        let room = match self.alive().and_then(|()| self.engine.room()) {
            Ok(room) => room,
            Err(error) => return vec![Err(error); commits.len()],
        };
        let mut plan = Plan::new(&self.engine, &mut heads);
        let mut bytes = 0_u64;
        let planned = commits.iter().map(|commit| {
            let more =
                u64::try_from(commit.bytes()).unwrap_or(u64::MAX).saturating_mul(ROOM_FACTOR);
            room.allows(bytes.saturating_add(more), commit.only_removes())?;
            plan.add(commit)?;
            bytes = bytes.saturating_add(more);
            Ok(())
        });
        let mut results: Vec<Result<(), StoreError>> = planned.collect();
        let batch = plan.batch();
        if batch.is_empty() {
            return results;
        }
        match self.noted(self.engine.write(batch)) {
            Ok(()) => plan.done(),
            Err(error) => {
                for result in results.iter_mut().filter(|result| result.is_ok()) {
                    *result = Err(error.clone());
                }
            }
        }
        results
    }

    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive()?;
        let area = Area::Space(space);
        let Some(mut sealed) = self.engine.read(area, key)? else { return Ok(None) };
        let length =
            open(area, key, &sealed).map_err(|what| StoreError::damaged(space, key, what))?.len();
        sealed.truncate(length);
        Ok(Some(sealed))
    }

    fn inspect(
        &self,
        space: Space,
        from: &[u8],
        to: &[u8],
        reverse: bool,
        visit: &mut dyn FnMut(&[u8], Found<'_>) -> bool,
    ) -> Result<(), StoreError> {
        self.alive()?;
        let area = Area::Space(space);
        let to = (!to.is_empty()).then_some(to);
        if to.is_some_and(|to| to <= from) {
            return Ok(());
        }
        self.engine.scan(area, Range { from, to, reverse }, &mut |entry| match entry {
            Entry::Pair(key, sealed) => {
                visit(key, open(area, key, sealed).map_or_else(Found::Damaged, Found::Value))
            }
            Entry::Unreadable(key, what) => visit(key, Found::Damaged(what)),
        })
    }

    fn log_ends(&self, id: u64) -> Result<LogEnds, StoreError> {
        self.alive()?;
        // Nothing is locked, because a group takes as long as the disk; again, if it was trimmed meanwhile.
        loop {
            let base = find_base(&self.engine, id)?;
            let head = find_head(&self.engine, id)?;
            if find_base(&self.engine, id)? == base {
                let Base { first, previous } = base.unwrap_or(Base::START);
                return Ok(LogEnds { first, previous, next: head.next, head: head.hash });
            }
        }
    }

    fn trimmed_logs(
        &self,
        visit: &mut dyn FnMut(u64) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        self.alive()?;
        let mut result = Ok(true);
        let range = Range { from: &[], to: None, reverse: false };
        self.engine.scan(Area::Base, range, &mut |entry| {
            result = match entry {
                Entry::Pair(key, sealed) => {
                    match <[u8; 8]>::try_from(key).map(u64::from_be_bytes) {
                        Ok(id) => read_base(id, sealed).and_then(|_| visit(id)),
                        Err(_) => Err(StoreError::damaged(Space::Log, key, "it is no process")),
                    }
                }
                Entry::Unreadable(key, what) => Err(StoreError::damaged(Space::Log, key, what)),
            };
            matches!(result, Ok(true))
        })?;
        result.map(drop)
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.alive()?;
        self.noted(self.engine.compact())
    }

    fn settle(&self) -> bool {
        // No group is written meanwhile.
        let _heads = self.heads();
        self.alive().is_ok() && self.engine.settle()
    }

    fn has_room(&self) -> Result<bool, StoreError> {
        self.alive()?;
        self.engine.room().map(|room| room.free > room.reserve)
    }

    fn size(&self) -> Result<Size, StoreError> {
        self.alive()?;
        let room = self.engine.room()?;
        let bytes = self.engine.bytes()?;
        Ok(Size { bytes, free_bytes: room.free, reserve_bytes: room.reserve })
    }
}
