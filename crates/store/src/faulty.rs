//! A store whose disk does what disks and machines do, by a seed: for tests and the simulator.
//!
//! A crash is [`FaultyStore::crash`]: it gives the store that a new start would find. What was synced is
//! in it; of what was not, a part from the beginning, as much as the seed says. A group is in it whole or
//! not at all.

use crate::batch::Batch;
use crate::commit::Commit;
use crate::engine::{Area, Engine, Entry, Range, Room};
use crate::error::StoreError;
use crate::memory::{Areas, visit_range};
use crate::sealed::Sealed;
use crate::store::Store;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often something goes wrong, in groups of 1000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// There is no room: [`StoreError::Full`], and it goes on.
    pub full: u16,
    /// The write fails: [`StoreError::Io`], and it goes on.
    pub write_fails: u16,
    /// The machine stops before the group is written.
    pub crash_before: u16,
    /// The machine stops when a part is written: it is cut off at the next start.
    pub short_write: u16,
    /// The machine stops between write and sync: the group may be there at the next start.
    pub crash_between: u16,
    /// The sync fails: nobody knows.
    pub sync_fails: u16,
    /// The sync says that it has done what it has not: a crash takes what was acknowledged, until a later
    /// sync is honest.
    pub sync_lies: u16,
    /// The machine stops after the sync: the group is there, and nobody was told.
    pub lost_acknowledgement: u16,
    /// The commits of the group arrive twice, and the answers are those of the second time: a conflict
    /// for what was done. No store of this crate does that; one at the other end of a network may.
    pub duplicate: u16,
}

impl Faults {
    /// Some of everything that a store of this crate may do: no lies, no duplicates.
    pub const HONEST: Self = Self {
        full: 20,
        write_fails: 20,
        crash_before: 5,
        short_write: 5,
        crash_between: 5,
        sync_fails: 5,
        sync_lies: 0,
        lost_acknowledgement: 5,
        duplicate: 0,
    };
}

/// What went wrong so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Groups that were to be written.
    pub groups: u64,
    /// Refused with [`StoreError::Full`] or [`StoreError::Io`].
    pub refused: u64,
    /// Ends of the store: crashes and failed syncs.
    pub ends: u64,
    /// Syncs that lied.
    pub lies: u64,
    /// Groups that came twice.
    pub duplicates: u64,
    /// Groups that were acknowledged and gone after the crash.
    pub acknowledged_lost: u64,
}

/// See the module.
pub struct FaultyStore(Sealed<FaultyEngine>);

impl FaultyStore {
    /// An empty store; the same seed and the same groups give the same faults.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let state = State {
            faults,
            random: seed,
            durable: Areas::default(),
            current: Areas::default(),
            unsynced: Vec::new(),
            is_over: false,
            counts: FaultCounts::default(),
        };
        Self(Sealed::new(FaultyEngine { state: Mutex::new(state) }))
    }

    /// What a new start finds after a crash now. This store is over.
    pub fn crash(&self) -> Self {
        let mut state = self.0.engine.state();
        let unsynced = std::mem::take(&mut state.unsynced);
        let kept = state.below(unsynced.len() as u64 + 1);
        let mut durable = std::mem::take(&mut state.durable);
        let mut counts = state.counts;
        for (at, (batch, acknowledged)) in (0..).zip(&unsynced) {
            if at < kept {
                durable.write(batch);
            } else {
                counts.acknowledged_lost += u64::from(*acknowledged);
            }
        }
        state.is_over = true;
        let random = state.random;
        let state = State {
            faults: state.faults,
            random,
            current: durable.clone(),
            durable,
            unsynced: Vec::new(),
            is_over: false,
            counts,
        };
        Self(Sealed::new(FaultyEngine { state: Mutex::new(state) }))
    }

    /// Changes how often something goes wrong, from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.0.engine.state().faults = faults;
    }

    /// What went wrong so far, before crashes too.
    pub fn counts(&self) -> FaultCounts {
        self.0.engine.state().counts
    }
}

impl Store for FaultyStore {
    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        let twice = {
            let mut state = self.0.engine.state();
            let per_mille = state.faults.duplicate;
            let twice = state.happens(per_mille);
            state.counts.duplicates += u64::from(twice);
            twice
        };
        if twice {
            self.0.apply(commits.clone());
        }
        self.0.apply(commits)
    }

    crate::forward_store!(0: get inspect log_ends trimmed_logs compact size);
}

struct State {
    faults: Faults,
    random: u64,
    /// What a crash leaves.
    durable: Areas,
    /// What is read.
    current: Areas,
    /// Groups that no honest sync has seen, and whether they were acknowledged.
    unsynced: Vec<(Batch, bool)>,
    is_over: bool,
    counts: FaultCounts,
}

impl State {
    /// SplitMix64.
    fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn happens(&mut self, per_mille: u16) -> bool {
        per_mille > 0 && self.below(1000) < u64::from(per_mille)
    }

    fn end(&mut self, what: &str) -> Result<(), StoreError> {
        self.is_over = true;
        self.counts.ends += 1;
        Err(over(what))
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.counts.groups += 1;
        let faults = self.faults;
        if self.happens(faults.full) {
            self.counts.refused += 1;
            return Err(StoreError::Full { free: 0, needed: 0 });
        }
        if self.happens(faults.write_fails) {
            self.counts.refused += 1;
            return Err(StoreError::io("write to the store", io::Error::other("as the seed says")));
        }
        if self.happens(faults.crash_before) || self.happens(faults.short_write) {
            return self.end("the machine stopped before a group was written");
        }
        self.current.write(batch);
        self.unsynced.push((batch.clone(), false));
        if self.happens(faults.crash_between) {
            return self.end("the machine stopped before a group was synced");
        }
        if self.happens(faults.sync_fails) {
            return self.end("the disk could not be synced");
        }
        if self.happens(faults.sync_lies) {
            self.counts.lies += 1;
        } else {
            for (batch, _) in self.unsynced.drain(..) {
                self.durable.write(&batch);
            }
        }
        if self.happens(faults.lost_acknowledgement) {
            return self.end("the machine stopped before it could tell of a group");
        }
        if let Some((_, acknowledged)) = self.unsynced.last_mut() {
            *acknowledged = true;
        }
        Ok(())
    }
}

fn over(what: &str) -> StoreError {
    StoreError::Failed { what: what.to_owned() }
}

struct FaultyEngine {
    state: Mutex<State>,
}

impl FaultyEngine {
    /// A thread that panicked while it held the lock can only have run out of memory.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn living(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.is_over { Err(over("the machine has stopped")) } else { Ok(state) }
    }
}

impl Engine for FaultyEngine {
    fn read(&self, area: Area, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.living()?.current.read(area, key))
    }

    fn scan(
        &self,
        area: Area,
        range: Range<'_>,
        visit: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let map = self.living()?.current.map(area);
        visit_range(&map, range, visit);
        Ok(())
    }

    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.living()?.write(batch)
    }

    fn room(&self) -> Result<Room, StoreError> {
        self.living().map(|_| Room::ENDLESS)
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.living().map(drop)
    }

    fn bytes(&self) -> Result<u64, StoreError> {
        Ok(self.living()?.current.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Append, verify};

    fn append(n: u64) -> Vec<Commit> {
        let record = n.to_le_bytes().to_vec();
        vec![Commit { append: Some(Append { id: 1, n, record }), changes: vec![] }]
    }

    /// Appends until the end; gives the number of the next record, acknowledged.
    fn until_the_end(store: &FaultyStore, from: u64) -> u64 {
        let mut n = from;
        while n < from + 10_000 {
            match store.apply(append(n)).remove(0) {
                Ok(()) => n += 1,
                Err(StoreError::Full { .. } | StoreError::Io { .. }) => {}
                Err(StoreError::Failed { .. }) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
        assert!(store.log_ends(1).is_err(), "nothing is read after the end");
        n
    }

    #[test]
    fn honest_faults_lose_nothing_that_was_acknowledged() {
        let (mut more, mut same) = (0, 0);
        for seed in 0..200 {
            let mut store = FaultyStore::new(seed, Faults::HONEST);
            let mut next = 0;
            for _ in 0..5 {
                next = until_the_end(&store, next);
                store = store.crash();
                let found = verify(&store, 1, 0).unwrap().next;
                assert!(found == next || found == next + 1, "{found} after {next}");
                if found == next {
                    same += 1
                } else {
                    more += 1
                }
                next = found;
            }
            assert_eq!(store.counts().acknowledged_lost, 0);
            assert_eq!(store.counts().ends, 5);
        }
        assert!(more > 100 && same > 100, "{more} {same}");
    }

    #[test]
    fn lies_lose_the_end_of_what_was_acknowledged() {
        let mut lost = 0;
        for seed in 0..50 {
            let faults = Faults { sync_lies: 900, ..Faults::default() };
            let store = FaultyStore::new(seed, faults);
            for n in 0..20 {
                store.apply(append(n)).remove(0).unwrap();
            }
            let after = store.crash();
            let next = verify(&after, 1, 0).unwrap().next;
            assert_eq!(20 - next, after.counts().acknowledged_lost);
            lost += 20 - next;
        }
        assert!(lost > 100, "{lost}");
    }

    #[test]
    fn what_comes_twice_conflicts_with_itself() {
        let store = FaultyStore::new(1, Faults { duplicate: 1000, ..Faults::default() });
        let error = store.apply(append(0)).remove(0).unwrap_err();
        assert!(matches!(error, StoreError::Conflict { id: 1, given: 0, next: 1 }));
        assert_eq!(verify(&store, 1, 0).unwrap().next, 1);
    }

    #[test]
    fn the_seed_says_everything() {
        let run = |seed| {
            let mut store = FaultyStore::new(seed, Faults::HONEST);
            let mut ends = Vec::new();
            let mut next = 0;
            for _ in 0..10 {
                until_the_end(&store, next);
                store = store.crash();
                next = store.log_ends(1).unwrap().next;
                ends.push(next);
            }
            (ends, store.counts())
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
