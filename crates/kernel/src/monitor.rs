//! Monitors: being told once of the end of a process.

use crate::kernel::not_found;
use crate::relation::Other;
use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::{Error, Event, ExitReason, Failure, Pid};
use std::sync::Arc;

impl Kernel {
    /// The process at a slot wants to be told of the end of another: by EXIT, at once when that one
    /// is dead already. Twice is once; oneself is nothing.
    ///
    /// # Errors
    /// `Unavailable` when either has too many relations.
    pub fn monitor(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        target: Pid,
    ) -> Result<(), Error> {
        let from = self.pid_of(slot)?;
        if from == target || self.caller_mut(slot)?.rare().monitoring.contains(target) {
            return Ok(());
        }
        let other = self.check_relation(cx, slot, target)?;
        self.caller_mut(slot)?.rare().monitoring.insert(target, ());
        self.publish_relations(cx, slot);
        match other {
            Other::Here(other) => self.deliver_monitor(cx, from, other),
            Other::Elsewhere => self.emit(cx, Signal::Monitor { from, to: target }),
            Other::Dead => self.deliver_down(cx, slot, target, gone()),
        }
        Ok(())
    }

    /// Undoes that, also when EXIT waits already.
    ///
    /// # Errors
    /// None but for a slot without a process.
    pub fn unmonitor(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        target: Pid,
    ) -> Result<(), Error> {
        let process = self.caller_mut(slot)?;
        let from = process.pid;
        process
            .events
            .retain(|event| !matches!(event, Event::Exit { from: ended, .. } if *ended == target));
        if process.rare().monitoring.remove(target).is_some() {
            self.publish_relations(cx, slot);
            let birth = self.birth_of(slot);
            self.emit_by(cx, birth, Signal::Unmonitor { from, to: target });
        }
        Ok(())
    }

    pub(crate) fn deliver_monitor(&mut self, cx: &Step<'_>, from: Pid, slot: SlotIndex) {
        if let Some(process) = self.table.at_mut(slot) {
            process.watchers.insert(from, ());
            self.publish_relations(cx, slot);
        }
    }

    pub(crate) fn deliver_unmonitor(&mut self, cx: &Step<'_>, from: Pid, slot: SlotIndex) {
        if let Some(process) = self.table.at_mut(slot) {
            process.watchers.remove(from);
            self.publish_relations(cx, slot);
        }
    }

    /// Tells the process at a slot of an end, if it still wants to know.
    pub(crate) fn deliver_down(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        reason: Arc<ExitReason>,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let wanted = process.rare.as_mut().and_then(|rare| rare.monitoring.remove(from));
        if wanted.is_some() {
            process.events.push_back(Event::Exit { from, at: cx.now, reason });
            Self::wake(process, &mut self.ready, cx.now);
            self.publish_relations(cx, slot);
        }
    }
}

/// How a process that never lived, or that nobody remembers, has ended.
pub(crate) fn gone() -> Arc<ExitReason> {
    Arc::new(ExitReason::failed(Failure::Error(not_found())))
}
