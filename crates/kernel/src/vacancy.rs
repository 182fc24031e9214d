//! Slots that a shard sets aside for processes that are born on another one.
//!
//! A process is born where its parent is: its program's top level runs inside the spawn. One that shall
//! live elsewhere from then on gets the PID of a slot which the other shard has set aside, and in which
//! that expects it, as it expects one of its own that it has called back. So where it is born it is a
//! guest that has been called home, and leaves as soon as it has been started; what is sent to it
//! meanwhile waits at home.
//!
//! **Invariant.** A vacancy is used by one spawn, or given back by it, when it leads to no process.

use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::{HostIndex, Pid, ShardIndex};

/// A slot of another shard that is free for one process.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Vacancy {
    shard: ShardIndex,
    epoch: u32,
    slot: SlotIndex,
    generation: u32,
}

impl Vacancy {
    /// Who the process will be on a host: for [`crate::Spawn::pid`].
    #[must_use]
    pub fn pid(self, host: HostIndex) -> Pid {
        let Self { shard, epoch, slot, generation } = self;
        Pid { host, shard, epoch, slot, generation }
    }
}

impl Kernel {
    /// Sets a slot aside for a process that another shard will bear; `None` when the table is full.
    pub fn set_aside(&mut self) -> Option<Vacancy> {
        let (slot, generation) = self.table.allocate()?;
        let (shard, epoch) = (self.config.shard, self.config.epoch);
        let vacancy = Pid { host: 0, shard, epoch, slot, generation };
        self.table.expect(vacancy);
        Some(Vacancy { shard, epoch, slot, generation })
    }

    /// Whether the PID is of a slot that another shard has set aside.
    pub(crate) fn is_vacancy(&self, pid: Pid) -> bool {
        !pid.is_durable() && !self.is_mine(pid)
    }

    /// Nobody was born who could move in.
    pub(crate) fn give_up(&mut self, cx: &mut Step<'_>, pid: Pid) {
        self.emit(cx, Signal::Gone { to: pid });
    }
}
