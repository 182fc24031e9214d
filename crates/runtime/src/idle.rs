//! What a worker does when nobody is ready: give back memory of processes that have been idle, then
//! sleep.
//!
//! The rule for trimming: a process whose turn ended with waiting is put on a list once; when it
//! comes up after [`TRIM_AFTER_NS`] and has had no turn since, it is trimmed, otherwise it goes to
//! the end of the list. So a message costs nothing but a flag, and an idle process is trimmed once.

use crate::guests::Resident;
use crate::worker::Worker;
use procession_kernel::SlotIndex;
use procession_types::{Pid, Timestamp};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a process is left alone.
const TRIM_AFTER_NS: u64 = 200_000_000;
/// Entries looked at before the worker looks at its inbox again.
const TRIMS_MAX: usize = 1000;

/// Processes that may have to be trimmed, by the time when they were listed.
#[derive(Default)]
pub(crate) struct IdleList {
    list: VecDeque<(SlotIndex, Pid, Timestamp)>,
}

impl IdleList {
    /// Lists a process that waits, if it is not listed.
    #[inline]
    pub(crate) fn add(&mut self, slot: SlotIndex, resident: &mut Resident) {
        if !resident.listed {
            resident.listed = true;
            self.list.push_back((slot, resident.pid, resident.last_turn));
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.list.front().map(|(.., listed)| listed.after(TRIM_AFTER_NS))
    }
}

impl Worker {
    /// Trims those that are due; true when there may be more.
    pub(crate) fn trim_idle(&mut self) -> bool {
        for _ in 0..TRIMS_MAX {
            if self.idle.next_due().is_none_or(|due| due > self.now) {
                return false;
            }
            let Some((slot, pid, _)) = self.idle.list.pop_front() else { return false };
            let resident = self.guests.get_mut(slot).filter(|resident| resident.pid == pid);
            let Some(resident) = resident else { continue };
            if resident.last_turn.after(TRIM_AFTER_NS) > self.now {
                self.idle.list.push_back((slot, pid, resident.last_turn));
                continue;
            }
            resident.listed = false;
            resident.guest.trim();
            self.kernel.trim(slot);
        }
        true
    }

    /// Sleeps until there is something to do.
    pub(crate) fn rest(&mut self) {
        if self.trim_idle() {
            return;
        }
        let shared = &self.shared;
        let held = (!self.held.is_empty()).then(|| self.now.after(5_000_000));
        let next = [self.kernel.next_deadline(), self.idle.next_due(), held];
        let timeout: Option<Duration> =
            next.into_iter().flatten().min().map(|at| shared.clock.until(at));
        let hungry = &shared.loads[usize::from(self.shard)].hungry;
        hungry.store(true, Ordering::Relaxed);
        shared.hungry.fetch_add(1, Ordering::Relaxed);
        shared.inboxes[usize::from(self.shard)].wait(timeout);
        shared.hungry.fetch_sub(1, Ordering::Relaxed);
        hungry.store(false, Ordering::Relaxed);
    }
}
