//! What a process inherited, and its options.

use crate::{Definition, Kernel, SlotIndex, Step};
use procession_types::{Context, Pid};
use std::sync::Arc;

impl Kernel {
    /// The PID of the process at a slot.
    #[must_use]
    pub fn pid(&self, slot: SlotIndex) -> Option<Pid> {
        self.table.at(slot).map(|process| process.pid)
    }

    /// The values, actor and scope of the process at a slot.
    #[inline]
    #[must_use]
    pub fn context(&self, slot: SlotIndex) -> Option<&Arc<Context>> {
        self.table.at(slot).map(|process| &process.context)
    }

    /// The program of the process at a slot, and its limits.
    #[inline]
    #[must_use]
    pub fn definition(&self, slot: SlotIndex) -> Option<&Arc<Definition>> {
        self.table.at(slot).map(|process| &process.definition)
    }

    /// The program of a process that is on this shard.
    #[must_use]
    pub fn definition_of(&self, pid: Pid) -> Option<&Arc<Definition>> {
        self.definition(self.locate(pid)?)
    }

    /// Another program has taken the place of the old one. The wall clock goes on as it was set.
    pub fn set_definition(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        definition: Arc<Definition>,
    ) {
        if let Some(process) = self.table.at_mut(slot) {
            process.definition = definition;
            self.publish_room(cx, slot);
            self.publish_relations(cx, slot);
        }
    }

    /// Whether LINK_DOWN is an event for the process instead of its end.
    #[must_use]
    pub fn traps_links(&self, slot: SlotIndex) -> bool {
        self.table.at(slot).is_some_and(|process| process.trap_links)
    }

    /// Sets that.
    pub fn set_trap_links(&mut self, slot: SlotIndex, trap: bool) {
        if let Some(process) = self.table.at_mut(slot) {
            process.trap_links = trap;
        }
    }

    /// Whether the process is at a wait point, as far as its state tells.
    #[must_use]
    pub fn is_waiting(&self, slot: SlotIndex) -> bool {
        self.table.at(slot).is_some_and(|process| process.state == crate::State::Waiting)
    }

    /// Counts messages that came, and that nobody will ever get.
    pub fn count_lost(&mut self, messages: usize) {
        self.counts.dropped_dead += messages as u64;
    }

    /// Whether somebody has paused the process.
    #[must_use]
    pub fn is_paused(&self, slot: SlotIndex) -> bool {
        self.table.at(slot).is_some_and(|process| process.state == crate::State::Paused)
    }

    /// Whether something has ended the process, which still has its turn. The driver should let it
    /// do nothing more.
    #[must_use]
    pub fn is_doomed(&self, slot: SlotIndex) -> bool {
        let rare = self.table.at(slot).and_then(|process| process.rare.as_ref());
        rare.is_some_and(|rare| rare.doom.is_some())
    }
}
