//! Who runs next.

use crate::process::Process;
use crate::{Kernel, Priority, SlotIndex, State};
use procession_types::Pid;
use procession_types::Timestamp;
use std::collections::VecDeque;

/// Turns of system processes after which a normal one gets one.
const SYSTEM_TURNS_MAX: u32 = 8;

/// A turn that the driver must now give to a guest, and report by [`Kernel::end_turn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Run {
    /// Where the guest is.
    pub slot: SlotIndex,
    /// Whose it is.
    pub pid: Pid,
    /// Instructions it may execute.
    pub budget: u64,
}

/// Names an entry of the ready queues of a shard. They are given in turn: one comes again only
/// long after the queue has moved past the entry that had it before.
pub(crate) type Ticket = u32;

/// The ready queues. An entry whose ticket its process does not have any more, because it has died,
/// moved or been paused since, is passed over when its turn comes.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    system: VecDeque<(SlotIndex, Ticket)>,
    normal: VecDeque<(SlotIndex, Ticket)>,
    system_turns: u32,
    tickets: Ticket,
}

impl Ready {
    #[inline]
    pub(crate) fn push(&mut self, process: &mut Process) {
        let queue = match process.priority {
            Priority::System => &mut self.system,
            Priority::Normal => &mut self.normal,
        };
        self.tickets = self.tickets.wrapping_add(1);
        process.ticket = self.tickets;
        queue.push_back((process.slot, process.ticket));
    }

    pub(crate) fn len(&self) -> usize {
        self.system.len() + self.normal.len()
    }

    #[inline]
    fn pop(&mut self) -> Option<(SlotIndex, Ticket)> {
        let system_may = self.system_turns < SYSTEM_TURNS_MAX || self.normal.is_empty();
        if system_may && let Some(entry) = self.system.pop_front() {
            self.system_turns += 1;
            return Some(entry);
        }
        self.system_turns = 0;
        self.normal.pop_front()
    }
}

impl Kernel {
    /// The process whose turn it is; `None` when nobody is ready. It runs until
    /// [`Kernel::end_turn`].
    pub fn next_ready(&mut self, now: Timestamp) -> Option<Run> {
        loop {
            let (slot, ticket) = self.ready.pop()?;
            let Some(process) = self.table.at_mut(slot) else { continue };
            if process.ticket != ticket || process.state != State::Ready {
                continue;
            }
            process.state = State::Running;
            process.since = now;
            process.woken = false;
            self.counts.turns += 1;
            let budget = match process.definition.limits.instructions_max {
                Some(most) => (most.saturating_sub(process.instructions)).min(self.config.slice),
                None => self.config.slice,
            };
            return Some(Run { slot, pid: process.pid, budget: budget.max(1) });
        }
    }

    /// Whether anybody waits for a turn (perhaps only the dead).
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.ready.len() > 0
    }
}
