//! Monitors: being told once of the end of a process.

use crate::kernel::not_found;
use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::{Error, Event, ExitReason, Failure, Limit, Pid};
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
        let from = self.check_relation(slot, target)?;
        let process = self.caller_mut(slot)?;
        if from == target || !process.rare().monitoring.insert(target, ()) {
            return Ok(());
        }
        if self.is_possible(target) {
            self.emit(cx, Signal::Monitor { from, to: target });
        } else {
            self.deliver_down(cx, slot, target, gone());
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
            self.emit(cx, Signal::Unmonitor { from, to: target });
        }
        Ok(())
    }

    /// The limit on relations of the caller, and of the other when it lives here. From another
    /// shard a relation is accepted above the limit: a refusal could cross with the next attempt,
    /// and leave the two of different minds. That way a process has one relation more per process
    /// of the other shards at most.
    pub(crate) fn check_relation(&self, slot: SlotIndex, target: Pid) -> Result<Pid, Error> {
        let process = self.caller(slot)?;
        let other = self.table.at(target.slot).filter(|other| other.pid == target);
        let other_has_room = other.is_none_or(|other| other.has_relation_room());
        if process.has_relation_room() && other_has_room {
            return Ok(process.pid);
        }
        Err(too_many())
    }

    pub(crate) fn deliver_monitor(&mut self, from: Pid, slot: SlotIndex) {
        if let Some(process) = self.table.at_mut(slot) {
            process.watchers.insert(from, ());
        }
    }

    pub(crate) fn deliver_unmonitor(&mut self, from: Pid, slot: SlotIndex) {
        if let Some(process) = self.table.at_mut(slot) {
            process.watchers.remove(from);
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
        }
    }
}

/// How a process that never lived, or that nobody remembers, has ended.
pub(crate) fn gone() -> Arc<ExitReason> {
    Arc::new(ExitReason::failed(Failure::Error(not_found())))
}

pub(crate) fn too_many() -> Error {
    Error::limit(Limit::Links, "too many links and monitors")
}
