//! Questions about a process, which follow it to the shard on which it is.

use crate::call::Pending;
use crate::{CallId, Effect, Kernel, QueueId, Signal, SlotIndex, Step};
use procession_types::{Error, Pid, Timestamp, Topic};

/// Who asks about a process, so that the driver knows whom to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A process, which waits for the reply of a call of [`crate::CallKind::Driver`].
    Process {
        /// Who.
        pid: Pid,
        /// Which of its calls.
        call: CallId,
        /// Whether it may see actor and scope.
        sees_security: bool,
    },
    /// Somebody outside of the node's processes; the number is the driver's own.
    Outside(u64),
}

/// What a pending call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallSubject {
    /// A time.
    Time(Timestamp),
    /// The result of a process.
    Process(Pid),
    /// An operation of the driver.
    Driver,
    /// Nothing: the reply is there.
    Done,
}

impl Kernel {
    /// Asks about a process: the shard on which it is will emit one [`Effect::Inspect`], behind
    /// what was sent to it before; so will the home of a process that has ended meanwhile.
    ///
    /// # Errors
    /// `NotFound`: then there is no effect.
    pub fn inspect(&mut self, cx: &mut Step<'_>, to: Pid, asker: Asker) -> Result<(), Error> {
        self.check_alive(cx, to)?;
        self.emit(cx, Signal::Inspect { to, asker });
        Ok(())
    }

    /// The topic of a queue of the process at a slot.
    #[must_use]
    pub fn topic(&self, slot: SlotIndex, queue: QueueId) -> Option<Topic> {
        self.table.at(slot)?.mailbox.topic(queue).cloned()
    }

    /// What a call of the process at a slot waits for; `None` when there is no such call.
    #[must_use]
    pub fn call_subject(&self, slot: SlotIndex, call: CallId) -> Option<CallSubject> {
        let pending = self.table.at(slot)?.rare.as_ref()?.calls.get(&call)?;
        Some(match pending {
            Pending::Sleep { until } => CallSubject::Time(*until),
            Pending::Process(callee) => CallSubject::Process(*callee),
            Pending::Driver => CallSubject::Driver,
            Pending::Done(_) => CallSubject::Done,
        })
    }

    pub(crate) fn deliver_inspect(cx: &mut Step<'_>, to: Pid, slot: Option<SlotIndex>, by: Asker) {
        cx.effects.push(Effect::Inspect { slot, pid: to, asker: by });
    }
}
