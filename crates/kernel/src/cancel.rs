//! Asking a process to end, and ending it.

use crate::kernel::not_found;
use crate::near::Birth;
use crate::timer::Alarm;
use crate::{Kernel, Signal, SlotIndex, Step};
use procession_types::{Error, Event, Limit, Pid, Timestamp};

/// CANCEL events that wait for one process at most; further ones only bring the deadline forward.
pub const CANCEL_EVENTS_MAX: usize = 1000;

/// A request to end.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancel {
    /// Who asks, when it is a process.
    pub from: Option<Pid>,
    /// When the process is terminated if it still lives; `None` = never. Of several the earliest
    /// counts.
    pub deadline: Option<Timestamp>,
    /// Text for it to read.
    pub reason: Option<Box<str>>,
}

impl Kernel {
    /// Asks a process to end.
    ///
    /// # Errors
    /// `NotFound`; `RateLimited` when [`CANCEL_EVENTS_MAX`] such requests wait unread.
    pub fn cancel(&mut self, cx: &mut Step<'_>, to: Pid, cancel: Cancel) -> Result<(), Error> {
        self.check_alive(cx, to)?;
        let slot = self.locate(to).filter(|_| self.is_mine(to));
        if let Some(slot) = slot
            && self.table.at(slot).is_some_and(|it| it.events.len() >= CANCEL_EVENTS_MAX)
        {
            self.set_deadline(slot, cancel.deadline);
            return Err(Error::limit(Limit::Mailbox, "too many requests to cancel are unread"));
        }
        let by = cancel.from.and_then(|from| self.locate(from));
        let birth = by.map_or(Birth::VOID, |slot| self.birth_of(slot));
        self.emit_by(cx, birth, Signal::Cancel { to, cancel });
        Ok(())
    }

    /// Ends a process; when it has its turn just now, at the end of it.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn terminate(&mut self, cx: &mut Step<'_>, to: Pid) -> Result<(), Error> {
        self.end_for(cx, Birth::VOID, to)
    }

    /// Ends a process as the process at a slot wants it, behind what that has sent to it.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn terminate_by(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        to: Pid,
    ) -> Result<(), Error> {
        self.end_for(cx, self.birth_of(slot), to)
    }

    fn end_for(&mut self, cx: &mut Step<'_>, birth: Birth, to: Pid) -> Result<(), Error> {
        self.check_alive(cx, to)?;
        self.emit_by(cx, birth, Signal::Terminate { to });
        self.settle(cx);
        Ok(())
    }

    /// Whether a process of any shard lives, as an error.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn check_alive(&self, cx: &Step<'_>, pid: Pid) -> Result<(), Error> {
        let alive =
            self.table.get(pid).is_some() || self.is_possible(pid) && cx.directory.is_alive(pid);
        if alive { Ok(()) } else { Err(not_found()) }
    }

    pub(crate) fn deliver_cancel(&mut self, cx: &mut Step<'_>, slot: SlotIndex, cancel: Cancel) {
        self.set_deadline(slot, cancel.deadline);
        let Some(process) = self.table.at_mut(slot) else { return };
        if process.events.len() >= CANCEL_EVENTS_MAX {
            return;
        }
        let Cancel { from, deadline, reason } = cancel;
        process.events.push_back(Event::Cancel { from, at: cx.now, deadline, reason });
        Self::wake(process, &mut self.ready, cx.now);
    }

    pub(crate) fn set_deadline(&mut self, slot: SlotIndex, deadline: Option<Timestamp>) {
        let (Some(at), Some(process)) = (deadline, self.table.at_mut(slot)) else { return };
        let pid = process.pid;
        let before = process.rare().deadline;
        if before.is_some_and(|before| before <= at) {
            return;
        }
        process.rare().deadline = Some(at);
        self.timers.set(at, slot, pid, Alarm::Deadline);
        if before.is_some() {
            self.timers.cancelled(1, &self.table);
        }
    }
}
