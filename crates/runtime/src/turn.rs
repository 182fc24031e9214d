//! One turn of one guest.

use crate::birth::report;
use crate::door::Door;
use crate::guests::Resident;
use crate::idle::hibernate;
use crate::worker::{RELIEF_MIN, Worker, discard};
use procession_environment::Turn;
use procession_kernel::{Run, SlotIndex, TurnEnd};
use procession_types::{ExitReason, Failure, Fragment};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

/// A process that sends or takes a message more often than once in so many instructions stays with those
/// it talks to: a message to another shard costs several times as much.
const INSTRUCTIONS_PER_MESSAGE: u64 = 200;
/// A payload counts for one message more for each so many bytes, which another core would have to fetch.
const BYTES_PER_MESSAGE: usize = 1024;

/// Instructions of a turn from which on it pays to let a process have its turns elsewhere: about what it
/// costs to move it, and more than a message for it costs on its way over its home.
const WORK_MIN: u64 = 2000;

/// A process whose turn goes on until the writer has caught up.
pub(crate) struct Held {
    slot: SlotIndex,
    end: TurnEnd,
}

impl Worker {
    /// Lets a guest have its turn, and tells the kernel how it ended.
    pub(crate) fn turn(&mut self, run: Run) {
        let Run { slot, pid, budget } = run;
        let Some(mut resident) = self.guests.take(slot) else {
            let failure = Failure::Fault("its guest was lost".into());
            let end = TurnEnd::Exited(ExitReason::failed(failure));
            self.step(|kernel, cx| kernel.end_turn(cx, slot, 0, end));
            return self.flush();
        };
        resident.last_turn = self.now;
        (self.sends, self.receives, self.bulk) = (0, 0, 0);
        if pid.is_durable() {
            return self.durable_turn(run, resident);
        }
        let (cell, began) = (resident.cell, self.tally.begin());
        let mut door = Door::new(self, slot, pid);
        let turn = catch_unwind(AssertUnwindSafe(|| resident.guest.run(&mut door, budget)));
        let (instructions, end) = match turn {
            Err(panic) => {
                discard(resident);
                let failure = Failure::Fault(report(&*panic).into());
                (0, TurnEnd::Exited(ExitReason::failed(failure)))
            }
            Ok(Turn::Exited(reason)) => {
                let used = account(&mut resident);
                discard(resident);
                (used, TurnEnd::Exited(reason))
            }
            Ok(Turn::Waiting) => {
                let used = account(&mut resident);
                resident.is_waiting = true;
                if self.idle.is_impatient(pid) {
                    hibernate(&mut resident);
                } else {
                    self.idle.add(slot, &mut resident);
                }
                self.guests.put(slot, resident);
                (used, TurnEnd::Waiting)
            }
            Ok(Turn::Preempted) => {
                let used = account(&mut resident);
                resident.is_waiting = false;
                self.guests.put(slot, resident);
                (used, TurnEnd::Preempted)
            }
            Ok(Turn::Aside) => {
                let used = account(&mut resident);
                self.prepared = None;
                self.kernel.account(slot, used);
                self.tally.turn(cell, used, (self.sends, self.receives), &TurnEnd::Waiting);
                self.set_aside(slot, pid, resident);
                return self.flush();
            }
            Ok(Turn::Replaced) => {
                (account(&mut resident) + self.replace(slot, resident), { TurnEnd::Preempted })
            }
        };
        self.prepared = None;
        self.tally.turn(cell, instructions, (self.sends, self.receives), &end);
        if let Some(began) = began {
            self.tally.took(began);
        }
        self.end_turn(slot, instructions, end);
        if !self.renewals.is_empty() {
            self.renew_waiting(slot);
        }
    }

    pub(crate) fn end_turn(&mut self, slot: SlotIndex, instructions: u64, end: TurnEnd) {
        if std::mem::take(&mut self.hold) && !matches!(end, TurnEnd::Exited(_)) {
            // For the kernel it still runs: it stays where it is, and can be ended.
            self.kernel.account(slot, instructions);
            self.held.push(Held { slot, end });
            return self.flush();
        }
        let messages = self.sends + self.receives + self.bulk;
        let talks = messages * INSTRUCTIONS_PER_MESSAGE > instructions;
        let moves = match end {
            TurnEnd::Preempted => {
                !talks && (self.relief || self.shared.hungry.load(Ordering::Relaxed) > 0)
            }
            TurnEnd::Waiting => {
                self.relief && self.is_pressed && !talks && instructions >= WORK_MIN
            }
            TurnEnd::Exited(_) => false,
        };
        self.step(|kernel, cx| kernel.end_turn(cx, slot, instructions, end));
        if moves {
            self.share(slot);
        }
        self.flush();
    }

    /// Ends the turns of held processes when the writer has caught up, or they are to end.
    pub(crate) fn release_held(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let full = self.shared.telemetry.is_full();
        for held in std::mem::take(&mut self.held) {
            if full && !self.kernel.is_doomed(held.slot) {
                self.held.push(held);
            } else {
                self.step(|kernel, cx| kernel.end_turn(cx, held.slot, 0, held.end));
            }
        }
    }

    /// Gives a process that has used its whole slice to a shard that has nothing to do, when others
    /// wait here.
    fn share(&mut self, slot: SlotIndex) {
        let Some(pid) = self.kernel.pid(slot) else { return };
        let ready = self.kernel.load().ready;
        // A supervisor or a pool stays where its children are, and has a call for each of them that
        // would have to move with it.
        let is_built_in = self.kernel.definition(slot).is_some_and(|it| it.built_in);
        if ready < 2 || is_built_in || pid.is_durable() {
            return;
        }
        let relieves = std::mem::take(&mut self.relief);
        let loads = &self.shared.loads;
        let mut candidates = if pid.shard == self.shard {
            0..loads.len()
        } else {
            // It can only go home.
            usize::from(pid.shard)..usize::from(pid.shard) + 1
        };
        let taker = candidates.find(|shard| {
            let load = &loads[*shard];
            let hungry = &load.hungry;
            hungry.load(Ordering::Relaxed) && hungry.swap(false, Ordering::Relaxed)
                || relieves && ready > 2 * load.ready.load(Ordering::Relaxed) + RELIEF_MIN
        });
        if let Some(shard) = taker {
            self.step(|kernel, cx| kernel.emigrate(cx, slot, shard as u16));
        }
    }
}

/// What a payload weighs beside its being a message; see [`Worker::bulk`].
#[inline]
pub(crate) fn bulk(payload: &Fragment) -> u64 {
    (payload.bytes() / BYTES_PER_MESSAGE) as u64
}

/// Instructions that the kernel has not been told of.
pub(crate) fn account(resident: &mut Resident) -> u64 {
    let total = resident.guest.usage().instructions;
    total.saturating_sub(std::mem::replace(&mut resident.reported, total))
}
