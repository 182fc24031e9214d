//! What a step of the kernel needs, and what it asks the driver to do.

use crate::{Asker, CallId, Definition, Directory, Migrant, QueueId, Signal, SlotIndex};
use procession_types::{ExitReason, Pid, ShardIndex, Timestamp};
use std::sync::Arc;

/// Something the driver must do.
#[derive(Debug)]
#[must_use]
pub enum Effect {
    /// Hand a signal to another shard, behind those handed over before.
    Signal {
        /// Which shard.
        shard: ShardIndex,
        /// What.
        signal: Signal,
    },
    /// Hand a process and its guest to another shard, in order with the signals. That shard calls
    /// [`crate::Kernel::immigrate`].
    Move {
        /// Which shard.
        shard: ShardIndex,
        /// Where its guest was on this shard.
        slot: SlotIndex,
        /// The process.
        migrant: Box<Migrant>,
    },
    /// A process has ended: drop the guest at its slot, unless another process has moved in
    /// meanwhile.
    Ended {
        /// Where its guest was.
        slot: SlotIndex,
        /// Which.
        pid: Pid,
        /// How.
        reason: Arc<ExitReason>,
        /// What it ran.
        definition: Arc<Definition>,
        /// When it was started.
        started: Timestamp,
        /// Instructions it has executed.
        instructions: u64,
        /// Durable processes that hear of the end, whether by a link: they must not miss it.
        mourners: Vec<(Pid, bool)>,
    },
    /// Something has come for a durable process that sleeps: bring it back with
    /// [`crate::Kernel::revive`], or say that there is none with [`crate::Kernel::is_gone`].
    Wake {
        /// Which.
        pid: Pid,
    },
    /// Tell somebody about a process: see [`crate::Kernel::info`].
    Inspect {
        /// Where its guest is; `None` when the process has ended.
        slot: Option<SlotIndex>,
        /// About whom.
        pid: Pid,
        /// Whom to tell.
        asker: Asker,
    },
    /// The reply of a call that the driver carries out is no longer wanted.
    Abandoned {
        /// Whose call.
        pid: Pid,
        /// Which.
        call: CallId,
    },
}

/// Effects in the order in which they must happen.
#[derive(Debug, Default)]
#[must_use]
pub struct Effects {
    list: Vec<Effect>,
}

impl Effects {
    /// No effects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes them all, keeping the room they had.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.list.drain(..)
    }

    /// Swaps the content with an empty list, to be drained while new effects are collected.
    pub fn swap(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.list, &mut other.list);
    }
}

/// What every step of the kernel is given.
pub struct Step<'a> {
    /// The node's clock; never goes back.
    pub now: Timestamp,
    /// What the shards of the node know of each other.
    pub directory: &'a dyn Directory,
    /// Where the kernel leaves what is to be done.
    pub effects: &'a mut Effects,
    /// Whom it asks where a program is, for the report of its end, and what it waits for.
    pub places: &'a mut dyn Places,
}

/// The driver's knowledge of its guests.
pub trait Places {
    /// Where the program of a process is, as `file:line`; `None` when nobody knows.
    fn place(&mut self, slot: SlotIndex, pid: Pid) -> Option<Box<str>>;
    /// Whether a process that is at a wait point waits for a message, perhaps among other things: of
    /// this queue when there is one.
    fn receives(&mut self, slot: SlotIndex, pid: Pid, queue: Option<QueueId>) -> bool;
    /// Whether a process that is at a wait point waits for its events, perhaps among other things.
    fn hears_events(&mut self, _slot: SlotIndex, _pid: Pid) -> bool {
        false
    }
}

/// Guests without places, which wait for nothing but messages.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoPlaces;

impl Places for NoPlaces {
    fn place(&mut self, _slot: SlotIndex, _pid: Pid) -> Option<Box<str>> {
        None
    }

    fn receives(&mut self, _slot: SlotIndex, _pid: Pid, _queue: Option<QueueId>) -> bool {
        true
    }
}
