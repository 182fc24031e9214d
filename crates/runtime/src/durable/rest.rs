//! Snapshots, and how a durable process leaves memory: what is in the store is enough to bring it back.

use super::keeper::Keeper;
use super::process::{Flight, Since};
use crate::guests::Resident;
use crate::worker::{Worker, discard};
use procession_durable::bytes::encoded;
use procession_durable::keys;
use procession_durable::record::Snapshot;
use procession_kernel::SlotIndex;
use procession_store::{Change, Commit, Space, StoreError};
use procession_types::Pid;
use std::sync::Arc;

/// A snapshot is made after so many records, bytes of log, or instructions that a recovery would repeat
/// (about a tenth of a second). Lives in the simulation of the tests are short.
const RECORDS_MAX: u64 = if cfg!(test) { 24 } else { 1000 };
const BYTES_MAX: u64 = 1 << 20;
const INSTRUCTIONS_MAX: u64 = 20_000_000;
/// Records that are worth a snapshot when the process leaves memory.
const RECORDS_IDLE: u64 = if cfg!(test) { 4 } else { 32 };
/// Snapshots that are kept.
const SNAPSHOTS_KEPT: usize = 3;
/// Records that are kept at least, for those who look back.
const RECORDS_KEPT: u64 = if cfg!(test) { 100 } else { 100_000 };

impl Since {
    /// Whether it is too much to be repeated.
    pub(crate) fn is_much(&self) -> bool {
        self.records >= RECORDS_MAX
            || self.bytes >= BYTES_MAX
            || self.instructions >= INSTRUCTIONS_MAX
    }
}

impl Worker {
    /// Makes a snapshot of the process at a slot, which waits and has committed everything, when
    /// recovering it would be too much work.
    pub(crate) fn snapshot_if_due(&mut self, slot: SlotIndex) {
        let Some(resident) = self.guests.take(slot) else { return };
        if resident.is_waiting {
            self.snapshot_when(slot, &resident, Since::is_much);
        }
        self.guests.put(slot, resident);
    }

    /// Likewise, by another rule. Says whether one is being made.
    pub(crate) fn snapshot_when(
        &mut self,
        slot: SlotIndex,
        resident: &Resident,
        is_due: impl FnOnce(&Since) -> bool,
    ) -> bool {
        let Some(keeper) = self.shared.keeper.clone() else { return false };
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return false };
        let is_clean =
            kept.recording.journal.is_empty() && kept.snapshot.is_none() && kept.in_flight == 0;
        if !is_clean || !is_due(&kept.since) {
            return false;
        }
        let Some(state) = resident.guest.snapshot() else { return false };
        let (pid, id, n) = (kept.pid, kept.id, kept.n);
        kept.since = Since::default();
        kept.snapshot = Some(n);
        let snapshot = Snapshot {
            n,
            program: kept.head.hash,
            instructions: resident.guest.usage().instructions,
            ledger: kept.ledger.clone(),
            state: Vec::new(),
            hash: [0; 32],
        };
        let (shared, shard) = (Arc::clone(&self.shared), self.shard);
        let job = Box::new(move || {
            let done = move || {
                if let Some(inbox) = shared.inbox(shard) {
                    inbox.push(crate::mail::Mail::Task(Box::new(move |worker| {
                        worker.snapshot_made(pid);
                    })));
                }
            };
            store_snapshot(&keeper, id, packed(snapshot, &state), done);
        });
        if let Some(keeper) = &self.shared.keeper {
            // Refused only when the node stops.
            let _ = keeper.pool.submit(job);
        }
        true
    }

    fn snapshot_made(&mut self, pid: Pid) {
        let Some(slot) = self.kernel.locate(pid) else { return };
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return };
        kept.snapshot = None;
        if kept.leaves {
            self.leave_memory(slot);
        }
        self.flush();
    }

    /// Takes a durable process out of memory, as soon as that can be done, when nothing is going on with
    /// it. Says whether it is on its way.
    pub(crate) fn leave_memory(&mut self, slot: SlotIndex) -> bool {
        let Some(kept) = self.desk.kept.get(&slot) else { return false };
        let pid = kept.pid;
        let can_leave = self.kernel.is_waiting(slot)
            && self.kernel.waiting(slot) == 0
            && !self.kernel.has_event(slot)
            && kept.recording.outputs.is_empty()
            && !kept.ledger.has_pending();
        if !can_leave {
            if let Some(kept) = self.desk.kept.get_mut(&slot) {
                kept.leaves = false;
            }
            return false;
        }
        let Some(resident) = self.guests.take(slot) else { return false };
        if !kept.recording.journal.is_empty() {
            // Turns in which it only looked around: the snapshot must say that they were.
            self.seal(slot, resident.guest.usage(), None);
        }
        self.snapshot_when(slot, &resident, |since| since.records >= RECORDS_IDLE);
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return false };
        if kept.in_flight > 0 || kept.snapshot.is_some() {
            kept.leaves = true;
            self.guests.put(slot, resident);
            return true;
        }
        discard(resident);
        let kept = self.desk.kept.remove(&slot);
        if let Some(at) = kept.and_then(|kept| kept.ledger.next_time()) {
            self.desk.alarms.insert((at, pid));
        }
        self.step(|kernel, cx| kernel.evict(cx, slot));
        true
    }

    /// Wakes the durable processes that sleep and whose time has come.
    pub(crate) fn ring_alarms(&mut self) {
        while let Some((at, pid)) =
            self.desk.alarms.first().copied().filter(|(at, _)| *at <= self.now)
        {
            self.desk.alarms.remove(&(at, pid));
            self.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
        }
        self.flush();
    }

    /// Notes when processes that sleep are to be woken.
    pub(crate) fn set_alarms(&mut self, alarms: Vec<(procession_types::Timestamp, Pid)>) {
        // One that is in memory by now has its timers there.
        let sleeps =
            |(_, pid): &(procession_types::Timestamp, Pid)| self.kernel.locate(*pid).is_none();
        let alarms: Vec<_> = alarms.into_iter().filter(sleeps).collect();
        self.desk.alarms.extend(alarms);
    }

    /// Commits something about a process that is not in its log.
    pub(crate) fn fly_changes(&mut self, pid: Pid, changes: Vec<Change>) {
        let flight = Flight {
            pid,
            slot: SlotIndex::MAX,
            n: 0,
            program: procession_types::SmolStr::default(),
            outputs: Vec::new(),
            ending: None,
            is_released: true,
        };
        self.fly(flight, Commit::of(changes));
    }
}

/// Puts a snapshot into the store, and takes out what is too old. `done` is called when that is decided.
fn store_snapshot(
    keeper: &Keeper,
    id: u64,
    snapshot: Snapshot,
    done: impl FnOnce() + Send + 'static,
) {
    let mut changes =
        vec![Change::put(Space::Snapshot, keys::snapshot(id, snapshot.n), encoded(&snapshot))];
    let (from, to) = keys::all_of(id);
    let mut old = Vec::new();
    // What can't be listed now is listed next time.
    let _ = keeper.store.inspect(Space::Snapshot, &from, &to, true, &mut |key, _| {
        old.push(key.to_vec());
        true
    });
    let oldest = old.get(SNAPSHOTS_KEPT - 2).and_then(|key| keys::second(key));
    changes.extend(
        old.iter().skip(SNAPSHOTS_KEPT - 1).map(|key| Change::remove(Space::Snapshot, key.clone())),
    );
    if let Some(oldest) = oldest {
        let first = oldest.min(snapshot.n.saturating_sub(RECORDS_KEPT));
        if first > 0 {
            changes.push(Change::trim_log(id, first - 1));
        }
    }
    // When it is refused, there will be another one.
    let submitted = keeper.committer.submit(Commit::of(changes), Box::new(|_| done()));
    if let Err(refused) = submitted {
        (refused.done)(Err(StoreError::Closed));
    }
}

fn packed(mut snapshot: Snapshot, state: &[u8]) -> Snapshot {
    snapshot.hash = *blake3::hash(state).as_bytes();
    snapshot.state = lz4_flex::compress_prepend_size(state);
    snapshot
}

/// The guest's state in a snapshot; `None` when it is not what was put there.
pub(crate) fn unpacked(snapshot: &Snapshot) -> Option<Vec<u8>> {
    let state = lz4_flex::decompress_size_prepended(&snapshot.state).ok()?;
    (*blake3::hash(&state).as_bytes() == snapshot.hash).then_some(state)
}
