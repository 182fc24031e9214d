//! Work of a guest that would keep its shard from everything else for milliseconds, such as the
//! collection of a large heap. A guest is a value, so another thread does it; for the kernel the
//! process runs meanwhile, so it stays where it is and can be ended.

use crate::birth::report;
use crate::guests::Resident;
use crate::io_pool::Job;
use crate::mail::Mail;
use crate::worker::{Worker, discard};
use procession_environment::Guest;
use procession_kernel::{Asker, SlotIndex, TurnEnd};
use procession_types::{ExitReason, Failure, Pid};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A process whose guest another thread has.
pub(crate) struct Absent {
    slot: SlotIndex,
    pid: Pid,
    /// Who has asked about it meanwhile.
    askers: Vec<Asker>,
    /// It has printed into a full buffer in this turn.
    hold: bool,
    /// How its turn ends.
    end: TurnEnd,
}

/// What another thread does with a guest.
pub(crate) type GuestWork = Box<dyn FnOnce(&mut dyn Guest) + Send>;

impl Worker {
    /// Lets another thread do the guest's work; its turn ends when that is done.
    pub(crate) fn set_aside(&mut self, slot: SlotIndex, pid: Pid, resident: Resident) {
        let work = Box::new(|guest: &mut dyn Guest| guest.work());
        self.do_aside((slot, pid), resident, work, TurnEnd::Preempted);
    }

    /// Lets another thread do something with the guest of a process whose turn has not been ended; it ends
    /// so when that is done.
    pub(crate) fn do_aside(
        &mut self,
        (slot, pid): (SlotIndex, Pid),
        resident: Resident,
        work: GuestWork,
        end: TurnEnd,
    ) {
        let hold = std::mem::take(&mut self.hold);
        self.absent.push(Absent { slot, pid, askers: Vec::new(), hold, end });
        let (shared, shard) = (Arc::clone(&self.shared), self.shard);
        let job = move || {
            let done = worked(resident, work);
            if let Some(inbox) = shared.inbox(shard) {
                inbox.push(Mail::Task(Box::new(move |worker| worker.take_back(slot, done))));
            }
        };
        if let Err(job) = self.shared.io.submit(Box::new(job) as Job) {
            // The threads have too much to do; so the shard waits after all.
            job();
        }
    }

    /// Ends the turn of a process whose guest has come back.
    fn take_back(&mut self, slot: SlotIndex, done: Result<Resident, ExitReason>) {
        let position = self.absent.iter().position(|absent| absent.slot == slot);
        let Some(position) = position else { return };
        let Absent { slot, pid, askers, hold, end } = self.absent.swap_remove(position);
        let end = match done {
            Ok(mut resident) => {
                // The lists may have passed over it.
                (resident.is_to_trim, resident.is_to_hibernate) = (false, false);
                if resident.is_waiting {
                    self.idle.add(slot, &mut resident);
                }
                self.guests.put(slot, resident);
                end
            }
            Err(reason) => TurnEnd::Exited(reason),
        };
        (self.sends, self.receives, self.bulk) = (0, 0, 0);
        self.hold = hold;
        for asker in askers {
            self.answer(Some(slot), pid, asker);
        }
        self.end_turn(slot, 0, end);
    }

    /// Keeps a question about a process whose guest is away until it is back; gives it back when the
    /// guest is not away.
    pub(crate) fn ask_later(&mut self, slot: SlotIndex, pid: Pid, asker: Asker) -> Option<Asker> {
        let absent = self.absent.iter_mut().find(|it| it.slot == slot && it.pid == pid);
        match absent {
            Some(absent) => {
                absent.askers.push(asker);
                None
            }
            None => Some(asker),
        }
    }
}

fn worked(mut resident: Resident, work: GuestWork) -> Result<Resident, ExitReason> {
    match catch_unwind(AssertUnwindSafe(|| work(&mut *resident.guest))) {
        Ok(()) => Ok(resident),
        Err(panic) => {
            discard(resident);
            Err(ExitReason::failed(Failure::Fault(report(&*panic).into())))
        }
    }
}
