//! The entry of one process. What every process has is inline; what few have is boxed.

use crate::call::Pending;
use crate::hand::Handed;
use crate::mailbox::Mailbox;
use crate::near::Birth;
use crate::pid_map::PidMap;
use crate::ready::Ticket;
use crate::{CallId, Definition, SlotIndex, Tags};
use procession_types::{Context, Event, Failure, Pid, Rest, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a process does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is being started: it has a PID, receives, and does not run yet.
    Starting,
    /// It would run, and waits for its turn.
    Ready,
    /// It has its turn.
    Running,
    /// It waits for a message, an event or a reply.
    Waiting,
    /// It stands still until it is resumed; see [`crate::Kernel::pause`].
    Paused,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    /// Where it is in the table of the shard on which it lives.
    pub(crate) slot: SlotIndex,
    pub(crate) state: State,
    pub(crate) trap_links: bool,
    /// Something arrived since its turn began or since it was paused, so it must not wait.
    pub(crate) woken: bool,
    /// Its entry in the ready queue, if it is ready; older ones are passed over.
    pub(crate) ticket: Ticket,
    /// Its home wants it back as soon as its turn is over.
    pub(crate) recalled: bool,
    /// Its parent wants to be told when it is at rest.
    pub(crate) asked: Option<Rest>,
    pub(crate) mailbox: Mailbox,
    pub(crate) events: VecDeque<Event>,
    /// Who monitors it.
    pub(crate) watchers: PidMap<()>,
    pub(crate) rare: Option<Box<Rare>>,
    pub(crate) definition: Arc<Definition>,
    pub(crate) context: Arc<Context>,
    pub(crate) parent: Option<Pid>,
    pub(crate) birth: Birth,
    pub(crate) instructions: u64,
    pub(crate) started: Timestamp,
    /// When it will have lived for as long as it may.
    pub(crate) wall_clock: Option<Timestamp>,
    /// Since when it is in its state.
    pub(crate) since: Timestamp,
}

/// What only some processes have.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub(crate) links: PidMap<Tags>,
    /// Whom it monitors.
    pub(crate) monitoring: PidMap<()>,
    /// Calls it has ever made.
    pub(crate) calls_made: u64,
    pub(crate) calls: BTreeMap<CallId, Pending>,
    /// Until when the replies of some of them must be there.
    pub(crate) deadlines: BTreeMap<CallId, Timestamp>,
    /// The call whose reply is this process's result.
    pub(crate) caller: Option<(Pid, CallId)>,
    /// When it will be terminated.
    pub(crate) deadline: Option<Timestamp>,
    /// It will be paused as soon as its turn is over.
    pub(crate) pausing: bool,
    /// What it dies of as soon as its turn is over.
    pub(crate) doom: Option<Failure>,
    /// Processes that a durable one had linked itself to, and that have ended normally: it is not told,
    /// but what is kept of it must know.
    pub(crate) parted: Vec<Pid>,
    /// What its parent has handed to it.
    pub(crate) handed: Option<Box<Handed>>,
}

impl Process {
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Entries of the timer heap that are about it.
    pub(crate) fn timers(&self) -> usize {
        let has_deadline = self.rare.as_ref().is_some_and(|rare| rare.deadline.is_some());
        let running = if self.state == State::Paused { 0 } else { self.own_timers() };
        usize::from(has_deadline) + running
    }

    /// Timers that stand still while it is paused: all but the deadline that others have set.
    pub(crate) fn own_timers(&self) -> usize {
        let of_calls = self.rare.as_ref().map_or(0, |rare| {
            let sleeps = rare.calls.values().filter(|pending| pending.is_sleep()).count();
            rare.deadlines.len() + sleeps
        });
        usize::from(self.wall_clock.is_some()) + of_calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Process>() <= 256, "{}", size_of::<Process>());
    }
}
