//! A turn of a durable process.

use crate::birth::report;
use crate::door::Door;
use crate::guests::Resident;
use crate::worker::{Worker, discard};
use procession_durable::journal::Entry;
use procession_durable::recorder::Recorder;
use procession_environment::{Turn, Usage as Used};
use procession_kernel::{Run, SlotIndex, TurnEnd};
use procession_types::{ExitReason, Failure};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Commits of one process that may be under way: it runs ahead of the disk so far.
pub(crate) const IN_FLIGHT_MAX: usize = 64;
/// Bytes of a journal that are committed although the process does not wait.
const JOURNAL_BYTES_MAX: usize = 64 << 10;
/// How long an input may be worked on before what it led to is committed, although the process does not
/// wait, in nanoseconds: nobody sees anything of it earlier, and until then the input as a whole can be
/// skipped.
const HELD_NS_MAX: u64 = 100_000_000;
/// Inputs of one commit at most.
const INPUTS_MAX: u32 = 256;

impl Worker {
    /// Lets a durable guest have its turn.
    pub(crate) fn durable_turn(&mut self, run: Run, mut resident: Resident) {
        let Run { slot, pid, budget } = run;
        let Some(mut kept) = self.desk.kept.remove(&slot) else {
            return self.end_turn(slot, 0, TurnEnd::Exited(lost()));
        };
        for pid in self.kernel.take_parted(slot) {
            kept.part(pid);
        }
        kept.recording.begin(&Entry::Turn { budget: budget as usize });
        let inputs_max = if kept.careful > 0 { 1 } else { INPUTS_MAX };
        kept.careful = kept.careful.saturating_sub(1);
        let (mut ledger, mut recording) =
            (std::mem::take(&mut kept.ledger), std::mem::take(&mut kept.recording));
        let (cell, began, started) = (resident.cell, self.tally.begin(), self.shared.clock.now());
        let (turn, withheld) = {
            let mut door = kept.door(Door::new(self, slot, pid));
            let mut host = Recorder::new(&mut door, &mut ledger, &mut recording, inputs_max);
            let guest = &mut resident.guest;
            let turn = catch_unwind(AssertUnwindSafe(|| guest.run(&mut host, budget)));
            (turn, host.has_withheld())
        };
        kept.took_ns += self.shared.clock.now().0.saturating_sub(started.0) as u64;
        (kept.ledger, kept.recording) = (ledger, recording);
        let used = crate::turn::account(&mut resident);
        kept.since.instructions += used;
        self.desk.kept.insert(slot, kept);
        let end = match turn {
            Err(panic) => {
                let reason = ExitReason::failed(Failure::Fault(report(&*panic).into()));
                discard(resident);
                return self.failed(slot, (used, Used::default()), reason);
            }
            Ok(Turn::Exited(reason)) if reason.is_abnormal() => {
                let usage = resident.guest.usage();
                discard(resident);
                return self.failed(slot, (used, usage), reason);
            }
            Ok(Turn::Exited(reason)) => {
                self.seal(slot, resident.guest.usage(), Some(reason));
                discard(resident);
                // For the kernel it runs until its last commit is on disk.
                self.kernel.account(slot, used);
                self.tally.turn(cell, used, (self.sends, self.receives), &TurnEnd::Waiting);
                return self.flush();
            }
            Ok(Turn::Waiting) if !withheld => TurnEnd::Waiting,
            Ok(Turn::Waiting | Turn::Preempted | Turn::Replaced) => TurnEnd::Preempted,
            Ok(Turn::Aside) => {
                self.kernel.account(slot, used);
                self.tally.turn(cell, used, (self.sends, self.receives), &TurnEnd::Waiting);
                self.set_aside(slot, pid, resident);
                return self.flush();
            }
        };
        self.tally.turn(cell, used, (self.sends, self.receives), &end);
        if let Some(began) = began {
            self.tally.took(began);
        }
        resident.is_waiting = matches!(end, TurnEnd::Waiting);
        self.commit_turn(slot, &resident, matches!(end, TurnEnd::Waiting), withheld);
        if resident.is_waiting {
            self.idle.add(slot, &mut resident);
        }
        self.note_resident(slot, resident.guest.usage().memory_bytes);
        self.guests.put(slot, resident);
        self.end_durable_turn(slot, used, end);
    }

    fn commit_turn(&mut self, slot: SlotIndex, resident: &Resident, waits: bool, withheld: bool) {
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return };
        kept.is_busy = !waits;
        let recording = &kept.recording;
        let is_due = waits || withheld;
        let is_long = recording.journal.len() >= JOURNAL_BYTES_MAX
            || kept.took_ns >= HELD_NS_MAX && !recording.outputs.is_empty();
        // A snapshot needs a state that is in the log as a whole, and nothing that could be refused.
        let is_much = |rule| kept.since.is_much(rule);
        let is_much = self.shared.keeper.as_ref().is_some_and(|keeper| is_much(&keeper.rule));
        let drains = waits && !kept.snapshot && is_much;
        let has_rest = drains && !recording.journal.is_empty();
        if is_long || has_rest || is_due && recording.is_worth_a_commit() {
            self.seal(slot, resident.guest.usage(), None);
        }
        if let Some(kept) = self.desk.kept.get_mut(&slot) {
            kept.drains = drains && kept.in_flight > 0;
        }
    }

    /// Ends the turn, or keeps the process from running on when it is too far ahead of the disk.
    fn end_durable_turn(&mut self, slot: SlotIndex, used: u64, end: TurnEnd) {
        if let Some(kept) = self.desk.kept.get_mut(&slot)
            && (kept.in_flight >= IN_FLIGHT_MAX || kept.drains)
        {
            kept.held = Some(end);
            self.kernel.account(slot, used);
            return self.flush();
        }
        self.hold = false;
        self.end_turn(slot, used, end);
        if !self.renewals.is_empty() {
            self.renew_waiting(slot);
        }
    }

    /// A commit of the process is on disk: it may go on, be put to rest, or leave.
    pub(crate) fn settle_kept(&mut self, slot: SlotIndex) {
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return };
        let most = if kept.drains { 1 } else { IN_FLIGHT_MAX / 2 };
        if kept.in_flight < most {
            kept.drains = false;
            let held = kept.held.take();
            if let Some(end) = self.snapshot_if_due(slot, held) {
                self.end_turn(slot, 0, end);
                if !self.renewals.is_empty() {
                    self.renew_waiting(slot);
                }
            }
        }
        if self.desk.kept.get(&slot).is_some_and(|kept| kept.leaves && kept.in_flight == 0) {
            self.leave_memory(slot);
        }
    }
}

fn lost() -> ExitReason {
    ExitReason::failed(Failure::Fault("what is kept of it was lost".into()))
}
