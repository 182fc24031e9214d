//! Children that outlive their parents: a durable process gets another parent.
//!
//! The new parent monitors it from then on, is told when it waits, and may hand messages to it, as if it
//! had spawned it. The old one, if it still lives, is no parent any more; that it monitors is left alone.

use crate::kernel::not_found;
use crate::relation::too_many;
use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::{Error, Pid};

impl Kernel {
    /// Makes the process at a slot the parent of a durable process, which it monitors. One that sleeps is
    /// brought back.
    ///
    /// # Errors
    /// `NotFound` (it is dead); `Invalid` (it is not durable); `Unavailable` when the parent has too many
    /// relations.
    pub fn adopt(&mut self, cx: &mut Step<'_>, slot: SlotIndex, child: Pid) -> Result<(), Error> {
        if !child.is_durable() {
            return Err(Error::invalid("only a durable process is adopted"));
        }
        let parent = self.caller(slot)?;
        let from = parent.pid;
        if !parent.has_relation_room(cx.directory, 1) {
            return Err(too_many());
        }
        if !(self.is_possible(child) && cx.directory.is_alive(child)) {
            return Err(not_found());
        }
        self.caller_mut(slot)?.rare().monitoring.insert(child, ());
        self.publish_relations(cx, slot);
        self.emit(cx, Signal::Adopt { from, to: child });
        Ok(())
    }

    pub(crate) fn deliver_adopt(&mut self, cx: &Step<'_>, slot: SlotIndex, from: Pid) {
        let Some(process) = self.table.at_mut(slot) else { return };
        process.parent = Some(from);
        // Whoever asked before is no parent any more, and what it has handed over is not the new one's.
        process.asked = None;
        if let Some(rare) = &mut process.rare {
            rare.handed = None;
        }
        self.deliver_monitor(cx, from, slot);
    }

    /// Tells a parent that its child has come to rest in a way that the driver knows of, whether it is in
    /// memory or not.
    pub fn tell_parent(
        &mut self,
        cx: &mut Step<'_>,
        child: Pid,
        parent: Pid,
        rest: procession_types::Rest,
    ) {
        self.emit(cx, Signal::Rested { from: child, to: parent, rest, taken: 0 });
        self.settle(cx);
    }
}
