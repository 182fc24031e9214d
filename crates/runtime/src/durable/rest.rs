//! Snapshots, and how a durable process leaves memory: what is in the store is enough to bring it back.

use super::process::{Flight, Kept, Told};
use super::rule::Since;
use super::snapshots::{self, Taken};
use crate::mail::Mail;
use crate::worker::{Worker, discard};
use procession_environment::Guest;
use procession_kernel::{SlotIndex, TurnEnd};
use procession_store::{Change, Commit};
use procession_types::Pid;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The largest state that its shard copies itself; another thread copies larger ones.
const COPIED_BYTES_MAX: u64 = 256 << 10;

impl Kept {
    /// Whether the log has all that it did, and no snapshot is being made.
    fn is_clean(&self) -> bool {
        self.recording.journal.is_empty() && !self.snapshot && self.in_flight == 0
    }
}

/// Writes the state that it is given.
type Write = Box<dyn FnOnce(Option<Vec<u8>>) + Send>;

impl Worker {
    /// Makes a snapshot of the process at a slot, which waits and has committed everything, when
    /// recovering it would be too much work. With an `end`, its turn has not been ended for the kernel; it
    /// is given back unless that is done later.
    pub(crate) fn snapshot_if_due(
        &mut self,
        slot: SlotIndex,
        end: Option<TurnEnd>,
    ) -> Option<TurnEnd> {
        let (Some(kept), Some(keeper)) = (self.desk.kept.get(&slot), &self.shared.keeper) else {
            return end;
        };
        if !(kept.is_clean() && kept.since.is_much(&keeper.rule)) {
            return end;
        }
        let Some(resident) = self.guests.take(slot) else { return end };
        let usage = resident.guest.usage();
        let is_large = usage.memory_bytes > COPIED_BYTES_MAX;
        // A large one stays where it is as long as others may give it a turn.
        if !resident.is_waiting || is_large && end.is_none() {
            self.guests.put(slot, resident);
            return end;
        }
        let Some((pid, write)) = self.writing(slot, usage.instructions) else {
            self.guests.put(slot, resident);
            return end;
        };
        if is_large && let Some(end) = end {
            let work = Box::new(move |guest: &mut dyn Guest| write(guest.snapshot()));
            self.do_aside((slot, pid), resident, work, end);
            return None;
        }
        write(resident.guest.snapshot());
        self.guests.put(slot, resident);
        end
    }

    /// Notes that a snapshot of the process at a slot is being made. What is returned writes it, on other
    /// threads.
    fn writing(&mut self, slot: SlotIndex, instructions: u64) -> Option<(Pid, Write)> {
        let keeper = self.shared.keeper.clone()?;
        let kept = self.desk.kept.get_mut(&slot)?;
        let (pid, id) = (kept.pid, kept.id);
        kept.since = Since::default();
        kept.snapshot = true;
        let mut taken = Taken {
            n: kept.n,
            at: self.now,
            program: kept.head.hash,
            instructions,
            ledger: kept.ledger.clone(),
            state: Vec::new(),
        };
        let (shared, shard) = (Arc::clone(&self.shared), self.shard);
        let write = move |state: Option<Vec<u8>>| {
            let done = move || {
                if let Some(inbox) = shared.inbox(shard) {
                    let task = move |worker: &mut Self| worker.snapshot_made(pid);
                    inbox.push(Mail::Task(Box::new(task)));
                }
            };
            // A guest that can't be captured now can be later.
            let Some(state) = state else { return done() };
            taken.state = state;
            let pool = keeper.pool.clone();
            // Refused only when the node stops.
            let _ = pool.submit(Box::new(move || snapshots::put(&keeper, id, taken, done)));
        };
        Some((pid, Box::new(write)))
    }

    fn snapshot_made(&mut self, pid: Pid) {
        let Some(slot) = self.kernel.locate(pid) else { return };
        if let Some(kept) = self.desk.kept.get_mut(&slot) {
            kept.snapshot = false;
        }
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
                kept.charge.set_leaving(false);
            }
            return false;
        }
        let Some(resident) = self.guests.take(slot) else { return false };
        if !kept.recording.journal.is_empty() {
            // Turns in which it only looked around: the snapshot must say that they were.
            self.seal(slot, resident.guest.usage(), None);
        }
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return false };
        if kept.in_flight > 0 {
            kept.leaves = true;
            kept.charge.set_leaving(true);
            self.guests.put(slot, resident);
            return true;
        }
        let rule = self.shared.keeper.as_ref().map(|keeper| keeper.rule).unwrap_or_default();
        let is_worth_it = kept.since.is_worth_a_snapshot(&rule);
        if let Some(at) = kept.next_time() {
            self.desk.alarms.insert((at, pid));
        }
        let instructions = resident.guest.usage().instructions;
        let write = is_worth_it.then(|| self.writing(slot, instructions)).flatten();
        let kept = self.desk.kept.remove(&slot);
        match (write, &self.shared.keeper) {
            (Some((_, write)), Some(keeper)) => {
                let charge = kept.map(|kept| kept.charge);
                let job = move || {
                    let state = catch_unwind(AssertUnwindSafe(|| resident.guest.snapshot()));
                    discard(resident);
                    drop(charge);
                    write(state.ok().flatten());
                };
                // Refused only when the node stops.
                let _ = keeper.pool.submit(Box::new(job));
            }
            _ => discard(resident),
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
        self.fly_alone(pid, Commit::of(changes), None);
    }

    /// Commits something about a process that is not in memory.
    pub(crate) fn fly_alone(&mut self, pid: Pid, commit: Commit, told: Option<Told>) {
        let flight = Flight {
            pid,
            slot: SlotIndex::MAX,
            n: 0,
            program: procession_types::SmolStr::default(),
            outputs: Vec::new(),
            ending: None,
            is_early: false,
            is_released: true,
            told,
        };
        self.fly(flight, commit);
    }
}
