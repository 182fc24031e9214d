//! How many links and monitors a process has, of both directions, and how many more it may get.
//!
//! The two sides of a relation may be on different shards. Whoever asks from another shard announces
//! the relation in the directory first, which refuses it when the other has no room: so the limit
//! holds without an answer that could cross with the next request.

use crate::kernel::not_found;
use crate::process::Process;
use crate::{Directory, Dispatch, Kernel, SlotIndex, Step};
use procession_types::{Error, Limit, Pid};

/// Where the other side of a relation is found.
pub(crate) enum Other {
    /// At this slot of this shard.
    Here(SlotIndex),
    /// On another shard, or on its way to one: it is told by a signal, which is announced.
    Elsewhere,
    /// Nowhere.
    Dead,
}

impl Process {
    /// Links and monitors of both directions.
    fn relations(&self) -> u32 {
        let rare = self.rare.as_ref().map_or(0, |rare| rare.links.len() + rare.monitoring.len());
        u32::try_from(rare + self.watchers.len()).unwrap_or(u32::MAX)
    }

    /// How many more it may have, not counting those that are announced.
    fn relation_room(&self) -> u32 {
        self.definition.limits.links_max.saturating_sub(self.relations())
    }

    /// Whether it may have so many more.
    pub(crate) fn has_relation_room(&self, directory: &dyn Directory, count: u32) -> bool {
        let announced = directory.relations_under_way(self.pid);
        self.relation_room() >= announced.saturating_add(count)
    }
}

impl Kernel {
    /// Whether the process at a slot and another may be related, and where the other is. When it is
    /// elsewhere, the relation counts as announced from now on: its signal must follow.
    pub(crate) fn check_relation(
        &self,
        cx: &Step<'_>,
        slot: SlotIndex,
        target: Pid,
    ) -> Result<Other, Error> {
        if !self.caller(slot)?.has_relation_room(cx.directory, 1) {
            return Err(too_many());
        }
        // One that is here as a guest may have to be told by its home, in order with all else.
        let near = self.near(self.birth_of(slot), target).and_then(|slot| self.table.at(slot));
        if let Some(other) = self.table.get(target).or(near) {
            let has_room = other.has_relation_room(cx.directory, 1);
            return if has_room { Ok(Other::Here(other.slot)) } else { Err(too_many()) };
        }
        if !self.is_possible(target) {
            return Ok(Other::Dead);
        }
        match cx.directory.relate(target) {
            Dispatch::Sent => Ok(Other::Elsewhere),
            Dispatch::Dead => Ok(Other::Dead),
            Dispatch::Full => Err(too_many()),
        }
    }

    /// Tells the directory how many relations the process at a slot may still get.
    pub(crate) fn publish_relations(&self, cx: &Step<'_>, slot: SlotIndex) {
        if let Some(process) = self.table.at(slot) {
            cx.directory.set_relations(process.pid, process.relation_room());
        }
    }

    /// The process at a slot, which lives.
    pub(crate) fn pid_of(&self, slot: SlotIndex) -> Result<Pid, Error> {
        self.pid(slot).ok_or_else(not_found)
    }
}

pub(crate) fn too_many() -> Error {
    Error::limit(Limit::Links, "too many links and monitors")
}
