//! Links: failing together.
//!
//! Both sides keep the link, and either may link or unlink at any time without waiting for the
//! other. So that both agree as soon as all signals have arrived, a link is a pair of tags, one of
//! each side that asked for it (an observed-remove set): linking adds a tag of one's own when there
//! is no link, unlinking removes exactly the tags one has seen.

use crate::monitor::gone;
use crate::relation::Other;
use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::{Error, Event, ExitReason, Failure, Pid};
use std::sync::Arc;

/// The tags of a link as one side sees them; 0 = none. A link without tags is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tags {
    /// Given by this side.
    pub mine: u32,
    /// Given by the other.
    pub theirs: u32,
}

impl Kernel {
    /// Links the process at a slot with another. Linking a dead one is LINK_DOWN at once; twice is
    /// once; oneself is nothing.
    ///
    /// # Errors
    /// `Unavailable` when either has too many relations.
    pub fn link(&mut self, cx: &mut Step<'_>, slot: SlotIndex, target: Pid) -> Result<(), Error> {
        let from = self.pid_of(slot)?;
        if from == target || self.caller_mut(slot)?.rare().links.contains(target) {
            return Ok(());
        }
        let other = self.check_relation(cx, slot, target)?;
        let tag = self.next_tag();
        self.caller_mut(slot)?.rare().links.insert(target, Tags { mine: tag, theirs: 0 });
        self.publish_relations(cx, slot);
        match other {
            Other::Here(other) => self.deliver_link(cx, from, other, tag),
            Other::Elsewhere => self.emit(cx, Signal::Link { from, to: target, tag }),
            Other::Dead => self.deliver_link_down(cx, slot, target, gone()),
        }
        self.settle(cx);
        Ok(())
    }

    /// Undoes that.
    ///
    /// # Errors
    /// None but for a slot without a process.
    pub fn unlink(&mut self, cx: &mut Step<'_>, slot: SlotIndex, target: Pid) -> Result<(), Error> {
        let process = self.caller_mut(slot)?;
        let from = process.pid;
        if let Some(tags) = process.rare().links.remove(target) {
            self.publish_relations(cx, slot);
            let birth = self.birth_of(slot);
            self.emit_by(cx, birth, Signal::Unlink { from, to: target, tags });
        }
        Ok(())
    }

    pub(crate) fn next_tag(&mut self) -> u32 {
        self.links_made = self.links_made.wrapping_add(1).max(1);
        self.links_made
    }

    pub(crate) fn deliver_link(&mut self, cx: &Step<'_>, from: Pid, slot: SlotIndex, tag: u32) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let links = &mut process.rare().links;
        if let Some(tags) = links.get_mut(from) {
            tags.theirs = tag;
        } else {
            links.insert(from, Tags { mine: 0, theirs: tag });
            self.publish_relations(cx, slot);
        }
    }

    /// `tags` are as `from` saw them.
    pub(crate) fn deliver_unlink(&mut self, cx: &Step<'_>, from: Pid, slot: SlotIndex, tags: Tags) {
        let Some(rare) = self.table.at_mut(slot).and_then(|process| process.rare.as_mut()) else {
            return;
        };
        let Some(held) = rare.links.get_mut(from) else { return };
        if held.theirs == tags.mine {
            held.theirs = 0;
        }
        if held.mine == tags.theirs {
            held.mine = 0;
        }
        if *held == Tags::default() {
            rare.links.remove(from);
            self.publish_relations(cx, slot);
        }
    }

    /// Tells the process at a slot that one it is linked to has ended.
    pub(crate) fn deliver_link_down(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        reason: Arc<ExitReason>,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let linked = process.rare.as_mut().and_then(|rare| rare.links.remove(from));
        let Some(tags) = linked else { return };
        self.publish_relations(cx, slot);
        let Some(process) = self.table.at_mut(slot) else { return };
        if !reason.is_abnormal() {
            if process.pid.is_durable() && tags.mine != 0 {
                process.rare().parted.push(from);
                // For a turn, whose commit says so.
                Self::wake(process, &mut self.ready, cx.now);
            }
        } else if process.trap_links {
            process.events.push_back(Event::LinkDown { from, at: cx.now, reason });
            Self::wake(process, &mut self.ready, cx.now);
        } else {
            self.doom_slot(slot, Failure::Linked);
        }
    }
}
