//! What there is to know about a process, from its kernel entry and its guest together; and how
//! whoever asked gets it.

mod value;

use crate::mail::Mail;
use crate::worker::Worker;
use procession_environment::{Activity, Awaited, CoroutineInfo, Inspection, Seen};
use procession_kernel::{Asker, CallId, CallSubject, Info, QueueId, SlotIndex, State};
use procession_types::{Error, Pid};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// Coroutines that an answer tells of; those of the last look come on top.
pub const COROUTINES_MAX: usize = 1000;

/// Slices in which a process is looked at for one answer.
const LOOKS_MAX: u32 = 512;

/// What there is to know about a process.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessInfo {
    /// What the kernel knows.
    pub process: Info,
    /// Bytes of its heap as it is when the process is awake.
    pub memory_bytes: u64,
    /// Whether it is packed, since it has been idle for long.
    pub is_hibernating: bool,
    /// Where the coroutine is that had the last turn, as `file:line`.
    pub place: Option<Box<str>>,
    /// Its coroutines.
    pub coroutines: Vec<Coroutine>,
    /// Where to go on when there are more.
    pub rest: Option<Seen>,
    /// Slices in which it was looked at.
    pub looks: u32,
}

impl ProcessInfo {
    /// Takes over what a further look has found.
    pub(crate) fn extend(&mut self, further: Self) {
        let (before, looks) = (std::mem::take(&mut self.coroutines), self.looks);
        *self = further;
        self.looks += looks;
        self.coroutines.splice(0..0, before);
    }

    /// Where to go on, unless the answer is long enough, or so many looks did not come to an end: one at a
    /// process that is collected all the time begins again and again.
    pub(crate) fn unseen(&self) -> Option<Seen> {
        self.rest.filter(|_| self.coroutines.len() < COROUTINES_MAX && self.looks < LOOKS_MAX)
    }
}

/// A coroutine of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coroutine {
    /// What its environment says.
    pub info: CoroutineInfo,
    /// What it waits for, in words: `inbox`, `topic NAME`, `events`, `time`, `process PID`, `reply`,
    /// `coroutine` or `anything`.
    pub awaited: Option<String>,
}

impl Coroutine {
    /// What it does, in a word.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.info.activity {
            Activity::NotStarted => "not started",
            Activity::Ready => "ready",
            Activity::Waiting(_) => "waiting",
            Activity::Suspended => "suspended",
            Activity::Normal => "normal",
        }
    }
}

/// Looks of processes into others that take several slices.
#[derive(Default)]
pub(crate) struct Looks(Mutex<HashMap<(Pid, CallId), ProcessInfo>>);

impl Looks {
    fn put(&self, whose: (Pid, CallId), info: ProcessInfo) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(whose, info);
    }

    fn take(&self, whose: (Pid, CallId)) -> Option<ProcessInfo> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&whose)
    }
}

impl Worker {
    /// Answers a question about a process, which is at a slot if it lives.
    pub(crate) fn answer(&mut self, slot: Option<SlotIndex>, pid: Pid, asker: Asker) {
        let asker = match slot {
            Some(slot) => match self.ask_later(slot, pid, asker) {
                Some(asker) => asker,
                None => return,
            },
            None => asker,
        };
        match asker {
            Asker::Outside(number) => {
                if let Some(look) = self.shared.questions.take(number) {
                    look(slot.map(|slot| (self, slot, pid)));
                }
            }
            Asker::Process { pid: asker, call, sees_security } => {
                let before = self.shared.looks.take((asker, call));
                let seen = before.as_ref().and_then(|info| info.rest).unwrap_or_default();
                let found = slot.and_then(|slot| self.process_info(slot, pid, seen));
                let mut info = found.map(|found| match before {
                    Some(mut info) => {
                        info.extend(found);
                        info
                    }
                    None => found,
                });
                if let Some(info) = info.take_if(|info| info.unseen().is_some()) {
                    self.shared.looks.put((asker, call), info);
                    return self
                        .look_again(pid, Asker::Process { pid: asker, call, sees_security });
                }
                let result = match &info {
                    Some(info) => Ok(value::fragment(info, sees_security, &self.shared)),
                    None => Err(Error::not_found("process not found")),
                };
                self.step(|kernel, cx| kernel.reply(cx, asker, call, result));
            }
        }
    }

    /// Asks again, after others have had their turns.
    fn look_again(&mut self, pid: Pid, asker: Asker) {
        let Some(inbox) = self.shared.inbox(self.shard) else { return };
        inbox.push(Mail::Task(Box::new(move |worker| {
            if worker.step(|kernel, cx| kernel.inspect(cx, pid, asker)).is_err() {
                // It has ended.
                worker.answer(None, pid, asker);
            }
            worker.flush();
        })));
    }

    /// What there is to know, with coroutines behind those that were `seen` before.
    pub(crate) fn process_info(
        &mut self,
        slot: SlotIndex,
        pid: Pid,
        seen: Seen,
    ) -> Option<ProcessInfo> {
        let budget = self.kernel.config().slice;
        let mut process = self.step(|kernel, cx| kernel.info(cx, pid))?;
        let resident = self.guests.get_mut(slot).filter(|resident| resident.pid == pid)?;
        let usage = resident.guest.usage();
        process.instructions = usage.instructions;
        let is_hibernating = resident.guest.is_hibernating();
        // A fault of the interpreter must not spread to those who look.
        let look =
            AssertUnwindSafe(|| (resident.guest.place(), resident.guest.inspect(budget, seen)));
        let (place, Inspection { coroutines, rest }) = catch_unwind(look).unwrap_or_default();
        let coroutines = coroutines.into_iter().map(|info| {
            let awaited = match info.activity {
                Activity::Waiting(awaited) => Some(self.awaited(slot, awaited)),
                _ => None,
            };
            Coroutine { info, awaited }
        });
        let coroutines = coroutines.collect();
        let memory_bytes = usage.memory_bytes;
        Some(ProcessInfo {
            process,
            memory_bytes,
            is_hibernating,
            place,
            coroutines,
            rest,
            looks: 1,
        })
    }

    fn awaited(&self, slot: SlotIndex, awaited: Awaited) -> String {
        match awaited {
            Awaited::Event => "events".to_owned(),
            Awaited::Coroutine => "coroutine".to_owned(),
            Awaited::Anything => "anything".to_owned(),
            Awaited::Message(queue) => match self.kernel.topic(slot, QueueId(queue.0)) {
                Some(topic) => format!("topic {topic}"),
                None => "inbox".to_owned(),
            },
            Awaited::Reply(call) => match self.kernel.call_subject(slot, CallId(call.0)) {
                Some(CallSubject::Time(_)) => "time".to_owned(),
                Some(CallSubject::Process(pid)) => format!("process {}", self.shared.pid_text(pid)),
                Some(CallSubject::Driver | CallSubject::Done) | None => "reply".to_owned(),
            },
        }
    }
}

/// The word for a state, as programs see it.
#[must_use]
pub const fn state_name(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Ready => "ready",
        State::Running => "running",
        State::Waiting => "waiting",
        State::Paused => "paused",
    }
}
