//! The guests of a shard, by slot, parallel to the kernel's process table.

use procession_environment::{Guest, Queue};
use procession_kernel::{Places, QueueId, SlotIndex};
use procession_types::{Pid, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A guest with what the worker remembers about it.
pub(crate) struct Resident {
    pub(crate) pid: Pid,
    pub(crate) guest: Box<dyn Guest>,
    /// Instructions that the kernel has been told of.
    pub(crate) reported: u64,
    /// When its last turn was.
    pub(crate) last_turn: Timestamp,
    /// Its last turn ended at a wait point.
    pub(crate) is_waiting: bool,
    /// It is on the list of those to trim.
    pub(crate) is_to_trim: bool,
    /// It is on the list of those that will hibernate.
    pub(crate) is_to_hibernate: bool,
    /// Where the worker counts what it does; see [`crate::tally`].
    pub(crate) cell: u32,
}

impl Resident {
    pub(crate) fn new(
        pid: Pid,
        guest: Box<dyn Guest>,
        reported: u64,
        (now, cell): (Timestamp, u32),
    ) -> Self {
        Self {
            pid,
            guest,
            reported,
            last_turn: now,
            is_waiting: false,
            is_to_trim: false,
            is_to_hibernate: false,
            cell,
        }
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Guests {
    slots: Vec<Option<Resident>>,
}

impl Guests {
    pub(crate) fn put(&mut self, slot: SlotIndex, resident: Resident) {
        let slot = slot as usize;
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
        }
        self.slots[slot] = Some(resident);
    }

    #[inline]
    pub(crate) fn take(&mut self, slot: SlotIndex) -> Option<Resident> {
        self.slots.get_mut(slot as usize)?.take()
    }

    pub(crate) fn get_mut(&mut self, slot: SlotIndex) -> Option<&mut Resident> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Takes the guest of a process that has ended, if it is still the one at the slot.
    pub(crate) fn take_of(&mut self, slot: SlotIndex, pid: Pid) -> Option<Resident> {
        self.slots.get_mut(slot as usize)?.take_if(|resident| resident.pid == pid)
    }
}

impl Places for Guests {
    fn place(&mut self, slot: SlotIndex, pid: Pid) -> Option<Box<str>> {
        let resident = self.get_mut(slot).filter(|resident| resident.pid == pid)?;
        // A guest that is about to be dropped for its failure may be in any state.
        catch_unwind(AssertUnwindSafe(|| resident.guest.place())).ok().flatten()
    }

    fn receives(&mut self, slot: SlotIndex, pid: Pid, queue: Option<QueueId>) -> bool {
        let queue = queue.map(|queue| Queue(queue.0));
        let resident = self.get_mut(slot).filter(|resident| resident.pid == pid);
        resident.is_some_and(|resident| {
            catch_unwind(AssertUnwindSafe(|| resident.guest.receives(queue))).unwrap_or(false)
        })
    }

    fn hears_events(&mut self, slot: SlotIndex, pid: Pid) -> bool {
        let resident = self.get_mut(slot).filter(|resident| resident.pid == pid);
        resident.is_some_and(|resident| {
            catch_unwind(AssertUnwindSafe(|| resident.guest.hears_events())).unwrap_or(false)
        })
    }
}
