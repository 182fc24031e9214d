//! Telling a parent when its child waits.
//!
//! The parent asks for each time anew, and a process has one parent: so there is one question per
//! process at most, which moves with it, and a process that nobody asks about pays one comparison.
//! A process that is paused is not at rest: its parent is told when it has been resumed.

use crate::call::Pending;
use crate::hand::Untaken;
use crate::{Kernel, Places, Signal, SlotIndex, State, Step};
use procession_types::{Error, Event, Limit, Pid, Rest};

impl Kernel {
    /// The process at a slot wants to be told, by one [`Event::Rest`], when its child is at rest: at
    /// once when it is so now. A later question takes the place of one without an answer. The end of
    /// the child is told by a monitor only.
    ///
    /// # Errors
    /// `NotFound` (dead child); `Invalid` when the process is known not to be the caller's child (one
    /// that lives on another shard never answers then); `Unavailable` when the caller has as many
    /// events unread as it may have relations.
    pub fn ask_rest(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        child: Pid,
        rest: Rest,
    ) -> Result<(), Error> {
        let from = self.check_child(cx, slot, child)?;
        let birth = self.birth_of(slot);
        self.emit_by(cx, birth, Signal::AskRest { from, to: child, rest });
        Ok(())
    }

    /// The PID of the process at a slot, when another may be its child and can be told of.
    pub(crate) fn check_child(
        &self,
        cx: &Step<'_>,
        slot: SlotIndex,
        child: Pid,
    ) -> Result<Pid, Error> {
        let process = self.caller(slot)?;
        let from = process.pid;
        if process.events.len() >= process.definition.limits.links_max as usize {
            return Err(Error::limit(Limit::Links, "too many events are unread"));
        }
        self.check_alive(cx, child)?;
        let here = self.locate(child).and_then(|slot| self.table.at(slot));
        if here.is_some_and(|process| process.parent != Some(from)) {
            let message = "only the parent of a process is told when it waits";
            return Err(Error::invalid(message));
        }
        Ok(from)
    }

    pub(crate) fn deliver_ask_rest(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        rest: Rest,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        if process.parent != Some(from) {
            return;
        }
        process.asked = Some(rest);
        if process.state == State::Waiting {
            self.tell_rest(cx, slot);
        }
    }

    /// Whether a process at a wait point has nothing in hand, as far as the kernel can tell, so that
    /// another program can take its place: it has asked nobody for an answer that is under way, and it
    /// waits for something that is new to it. That is the next message for one that its parent hands
    /// messages to; for others any message, or their events, or whatever it is for those that have
    /// never got a message, and so can't be in the middle of one.
    #[must_use]
    pub fn has_hands_free(&self, places: &mut dyn Places, slot: SlotIndex) -> bool {
        let Some(process) = self.table.at(slot) else { return false };
        let mut calls = process.rare.iter().flat_map(|rare| rare.calls.values());
        if calls.any(Pending::is_under_way) {
            return false;
        }
        let pid = process.pid;
        match self.handed_queue(slot) {
            Some(Err(Untaken)) => false,
            Some(Ok(queue)) => places.receives(slot, pid, Some(queue)),
            None => {
                process.mailbox.arrivals() == 0
                    || places.receives(slot, pid, None)
                    || places.hears_events(slot, pid)
            }
        }
    }

    /// The process at a slot is at a wait point, and its parent may have asked.
    #[cold]
    pub(crate) fn tell_rest(&mut self, cx: &mut Step<'_>, slot: SlotIndex) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let (Some(rest), Some(parent)) = (process.asked, process.parent) else { return };
        let pid = process.pid;
        let is_told = match (self.handed_queue(slot), rest) {
            (Some(Err(Untaken)), _) => false,
            (Some(Ok(_)) | None, Rest::WaitPoint) => true,
            (Some(Ok(queue)), Rest::Idle) => cx.places.receives(slot, pid, Some(queue)),
            (None, Rest::Idle) => cx.places.receives(slot, pid, None),
            // The driver says so.
            (_, Rest::Asleep | Rest::Halted) => false,
        };
        if is_told {
            if let Some(process) = self.table.at_mut(slot) {
                process.asked = None;
            }
            // What it was handed and has not taken would keep it from being told.
            let taken = self.handed_count(slot);
            let birth = self.birth_of(slot);
            self.emit_by(cx, birth, Signal::Rested { from: pid, to: parent, rest, taken });
        }
    }

    pub(crate) fn deliver_rested(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        rest: Rest,
        taken: u64,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        process.events.push_back(Event::Rest { from, at: cx.now, rest, taken });
        Self::wake(process, &mut self.ready, cx.now);
    }
}
