//! Pending calls: operations whose reply a process waits for.

use crate::near::Birth;
use crate::timer::Alarm;
use crate::{Effect, Kernel, Signal, SlotIndex, State, Step};
use procession_types::{Error, ErrorKind, Fragment, Limit, Pid, Timestamp};

/// Identifies a pending call of a process. Never given twice to the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Who carries a call out. Calls of processes are made by [`Kernel::spawn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// The kernel's timers: replies nil at the time.
    Sleep {
        /// When.
        until: Timestamp,
    },
    /// The driver, which reports by [`Kernel::reply`].
    Driver,
}

/// A call in a process's table of calls.
#[derive(Debug)]
pub(crate) enum Pending {
    Sleep { until: Timestamp },
    Driver,
    Process(Pid),
    Done(Result<Fragment, Error>),
}

impl Pending {
    /// Whether somebody has been asked, who has not answered.
    pub(crate) fn is_under_way(&self) -> bool {
        match self {
            Self::Driver | Self::Process(_) => true,
            Self::Sleep { .. } | Self::Done(_) => false,
        }
    }

    pub(crate) fn is_sleep(&self) -> bool {
        matches!(self, Self::Sleep { .. })
    }
}

impl Kernel {
    /// Starts a call of the process at a slot.
    ///
    /// # Errors
    /// `Unavailable` when it has too many.
    pub fn open_call(&mut self, slot: SlotIndex, kind: CallKind) -> Result<CallId, Error> {
        let call = match kind {
            CallKind::Sleep { until } => self.add_call(slot, Pending::Sleep { until })?,
            CallKind::Driver => self.add_call(slot, Pending::Driver)?,
        };
        if let (CallKind::Sleep { until }, Some(process)) = (kind, self.table.at(slot)) {
            self.timers.set(until, slot, process.pid, Alarm::Sleep(call));
        }
        Ok(call)
    }

    pub(crate) fn add_call(&mut self, slot: SlotIndex, pending: Pending) -> Result<CallId, Error> {
        let process = self.caller_mut(slot)?;
        let most = process.definition.limits.calls_max as usize;
        let rare = process.rare();
        if rare.calls.len() >= most {
            return Err(too_many_calls());
        }
        // The process's own count, which moves with it: small numbers that guests can hold.
        rare.calls_made += 1;
        let next = CallId(rare.calls_made);
        rare.calls.insert(next, pending);
        Ok(next)
    }

    /// Sets the time by which the reply must be there; the call fails with `Timeout` otherwise, and
    /// is taken back as if abandoned.
    ///
    /// # Errors
    /// `NotFound` when there is no such call.
    pub fn limit_call(
        &mut self,
        slot: SlotIndex,
        call: CallId,
        until: Timestamp,
    ) -> Result<(), Error> {
        let process = self.caller_mut(slot)?;
        let pid = process.pid;
        let rare = process.rare();
        match rare.calls.get(&call) {
            Some(Pending::Sleep { .. } | Pending::Driver | Pending::Process(_)) => {}
            Some(Pending::Done(_)) => return Ok(()),
            None => return Err(Error::not_found("there is no such call")),
        }
        let replaced = rare.deadlines.insert(call, until).is_some();
        self.timers.set(until, slot, pid, Alarm::Call(call));
        if replaced {
            self.timers.cancelled(1, &self.table);
        }
        Ok(())
    }

    /// The time of a call is over.
    pub(crate) fn expire_call(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        pid: Pid,
        call: CallId,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let rare = process.rare();
        rare.deadlines.remove(&call);
        let Some(pending) = rare.calls.get_mut(&call) else { return };
        let error = Error::new(ErrorKind::Timeout, "the call took too long").with_retryable(true);
        let pending = std::mem::replace(pending, Pending::Done(Err(error)));
        Self::wake(process, &mut self.ready, cx.now);
        self.timers.cancelled(usize::from(pending.is_sleep()), &self.table);
        let birth = self.birth_of(slot);
        self.drop_call(cx, birth, pid, call, pending);
    }

    /// The call has no deadline any more.
    fn lift_deadline(&mut self, slot: SlotIndex, call: CallId) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let runs = process.state != State::Paused;
        let rare = process.rare.as_mut();
        if rare.is_some_and(|rare| rare.deadlines.remove(&call).is_some()) && runs {
            self.timers.cancelled(1, &self.table);
        }
    }

    /// Whether there is such a call, pending or with a reply that nobody has taken.
    #[must_use]
    pub fn has_call(&self, slot: SlotIndex, call: CallId) -> bool {
        let rare = self.table.at(slot).and_then(|process| process.rare.as_ref());
        rare.is_some_and(|rare| rare.calls.contains_key(&call))
    }

    /// Whether the reply is there.
    #[must_use]
    pub fn is_finished(&self, slot: SlotIndex, call: CallId) -> bool {
        let rare = self.table.at(slot).and_then(|process| process.rare.as_ref());
        matches!(rare.and_then(|rare| rare.calls.get(&call)), Some(Pending::Done(_)))
    }

    /// Takes the reply; `None` while it is not there.
    pub fn finish(&mut self, slot: SlotIndex, call: CallId) -> Option<Result<Fragment, Error>> {
        let calls = &mut self.table.at_mut(slot)?.rare.as_mut()?.calls;
        match calls.remove(&call)? {
            Pending::Done(result) => Some(result),
            pending => {
                calls.insert(call, pending);
                None
            }
        }
    }

    /// The reply is not wanted: a callee is terminated, a timer forgotten, the driver told.
    pub fn abandon(&mut self, cx: &mut Step<'_>, slot: SlotIndex, call: CallId) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let pid = process.pid;
        let Some(pending) = process.rare.as_mut().and_then(|rare| rare.calls.remove(&call)) else {
            return;
        };
        self.timers.cancelled(usize::from(pending.is_sleep()), &self.table);
        let birth = self.birth_of(slot);
        self.drop_call(cx, birth, pid, call, pending);
        self.lift_deadline(slot, call);
        self.settle(cx);
    }

    /// The calls of the process at a slot.
    #[must_use]
    pub fn calls(&self, slot: SlotIndex) -> Vec<CallId> {
        let rare = self.table.at(slot).and_then(|process| process.rare.as_ref());
        rare.map(|rare| rare.calls.keys().copied().collect()).unwrap_or_default()
    }

    /// The driver has the reply of a call of a process of this shard.
    pub fn reply(
        &mut self,
        cx: &mut Step<'_>,
        pid: Pid,
        call: CallId,
        result: Result<Fragment, Error>,
    ) {
        self.emit(cx, Signal::Reply { to: pid, call, result });
        self.settle(cx);
    }

    /// The driver has the reply of a call of a process that lives here, at once.
    pub fn answer(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        call: CallId,
        result: Result<Fragment, Error>,
    ) {
        self.finish_call(cx, slot, call, result);
    }

    pub(crate) fn finish_call(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        call: CallId,
        result: Result<Fragment, Error>,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let pending = process.rare.as_mut().and_then(|rare| rare.calls.get_mut(&call));
        match pending {
            // One that comes after the deadline is late.
            None | Some(Pending::Done(_)) => {}
            Some(pending) => {
                *pending = Pending::Done(result);
                Self::wake(process, &mut self.ready, cx.now);
                self.lift_deadline(slot, call);
            }
        }
    }

    pub(crate) fn drop_call(
        &mut self,
        cx: &mut Step<'_>,
        birth: Birth,
        pid: Pid,
        call: CallId,
        pending: Pending,
    ) {
        match pending {
            // Its timer is the caller's business.
            Pending::Sleep { .. } => {}
            Pending::Driver => cx.effects.push(Effect::Abandoned { pid, call }),
            Pending::Process(callee) => self.emit_by(cx, birth, Signal::Terminate { to: callee }),
            Pending::Done(_) => {}
        }
    }
}

pub(crate) fn too_many_calls() -> Error {
    Error::limit(Limit::Calls, "too many pending calls")
}
