//! What there is to know about a process, from its kernel entry and its guest together; and how
//! whoever asked gets it.

use crate::mail::Mail;
use crate::shared::Shared;
use crate::worker::Worker;
use procession_environment::{Activity, Awaited, CoroutineInfo, Inspection, Seen};
use procession_kernel::{Asker, CallId, CallSubject, Info, QueueId, SlotIndex, State};
use procession_types::{Error, Fragment, FragmentBuilder, Limits, Pid, word, word::Word};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Coroutines that an answer tells of; those of the last look come on top.
pub const COROUTINES_MAX: usize = 1000;

/// Slices in which a process is looked at for one answer.
const LOOKS_MAX: u32 = 512;

/// Longest traceback in an answer, in bytes; the file names in it are the program's.
const TRACEBACK_BYTES_MAX: usize = 8192;

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

/// What is looked at on the shard of a process, and told to whoever asked; `None` when the process
/// is dead.
pub(crate) type Look = Box<dyn FnOnce(Option<(&mut Worker, SlotIndex, Pid)>) + Send>;

/// Those outside of all processes who wait for an answer.
#[derive(Default)]
pub(crate) struct Questions {
    waiting: Mutex<HashMap<u64, Look>>,
    last: AtomicU64,
}

impl Questions {
    /// A number for a question, and where the answer comes out: what `look` finds.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Worker, SlotIndex, Pid) -> Option<T> + Send + 'static,
    ) -> (u64, Receiver<Option<T>>) {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = channel();
        let look = move |found: Option<(&mut Worker, SlotIndex, Pid)>| {
            let answer = found.and_then(|(worker, slot, pid)| look(worker, slot, pid));
            // Whoever asked may have given up.
            let _ = sender.send(answer);
        };
        self.lock().insert(number, Box::new(look));
        (number, receiver)
    }

    /// The question with this number, if anybody still waits for its answer.
    pub(crate) fn take(&self, number: u64) -> Option<Look> {
        self.lock().remove(&number)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Look>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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
                    Some(info) => Ok(fragment(info, sees_security, &self.shared)),
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

/// Names and values in turn.
#[derive(Default)]
struct Fields {
    builder: FragmentBuilder,
    list: Vec<Word>,
}

impl Fields {
    fn put(&mut self, name: &str, value: Word) {
        let name = self.builder.string(name.as_bytes());
        self.list.extend([name, value]);
    }

    fn text(&mut self, name: &str, value: &str) {
        let value = self.builder.string(value.as_bytes());
        self.put(name, value);
    }

    fn number(&mut self, name: &str, value: u64) {
        let value = self.builder.integer(i64::try_from(value).unwrap_or(i64::MAX));
        self.put(name, value);
    }

    fn texts(&mut self, name: &str, values: impl Iterator<Item = impl AsRef<str>>) {
        let values: Vec<Word> =
            values.map(|value| self.builder.string(value.as_ref().as_bytes())).collect();
        let value = self.builder.list(&values);
        self.put(name, value);
    }
}

/// The answer as programs get it.
fn fragment(info: &ProcessInfo, sees_security: bool, shared: &Shared) -> Fragment {
    let process = &info.process;
    let mut fields = Fields::default();
    fields.text("pid", &shared.pid_text(process.pid));
    fields.text("program", &process.program);
    let host = shared.hosts.get(process.host).map_or("", |host| host.as_str());
    fields.text("host", host);
    fields.text("state", state_name(process.state));
    for (name, at) in [("since", process.since), ("started", process.started)] {
        fields.number(name, at.0.max(0) as u64);
    }
    if let Some(deadline) = process.deadline {
        fields.number("deadline", deadline.0.max(0) as u64);
    }
    for (name, pid) in [("parent", process.parent), ("caller", process.caller)] {
        if let Some(pid) = pid {
            fields.text(name, &shared.pid_text(pid));
        }
    }
    fields.number("memory_bytes", info.memory_bytes);
    fields.put("hibernating", word::from_bool(info.is_hibernating));
    fields.number("instructions", process.instructions);
    fields.number("mailbox_messages", u64::from(process.mailbox_messages));
    fields.number("mailbox_bytes", process.mailbox_bytes);
    let counts = [("events", process.events), ("topics", process.topics), ("calls", process.calls)];
    for (name, count) in counts {
        fields.number(name, count as u64);
    }
    fields.put("trap_links", word::from_bool(process.trap_links));
    fields.texts("names", process.names.iter());
    let relations = [
        ("links", &process.links, process.links_count),
        ("monitors", &process.monitoring, process.monitoring_count),
        ("monitored_by", &process.watchers, process.watchers_count),
    ];
    for (name, pids, count) in relations {
        fields.texts(name, pids.iter().map(|pid| shared.pid_text(*pid)));
        fields.number(&format!("{name}_count"), count as u64);
    }
    if sees_security {
        if let Some(actor) = &process.context.actor {
            fields.text("actor", &actor.id);
        }
        if let Some(scope) = &process.context.scope {
            fields.texts("scope", scope.policies.iter());
        }
    }
    limits(&mut fields, &process.limits);
    coroutines(&mut fields, info);
    let value = fields.builder.list(&fields.list);
    fields.builder.finish(&[value])
}

fn limits(fields: &mut Fields, limits: &Limits) {
    let outer = std::mem::take(&mut fields.list);
    fields.number("memory_bytes", limits.memory_bytes_max);
    let optional =
        [("instructions", limits.instructions_max), ("wall_clock_ns", limits.wall_clock_ns_max)];
    for (name, most) in optional {
        if let Some(most) = most {
            fields.number(name, most);
        }
    }
    fields.number("mailbox_messages", u64::from(limits.mailbox_messages_max));
    fields.number("mailbox_bytes", limits.mailbox_bytes_max);
    fields.number("message_bytes", limits.message_bytes_max);
    let counts = [
        ("links", limits.links_max),
        ("names", limits.names_max),
        ("calls", limits.calls_max),
        ("topics", limits.topics_max),
    ];
    for (name, most) in counts {
        fields.number(name, u64::from(most));
    }
    let inner = std::mem::replace(&mut fields.list, outer);
    let value = fields.builder.list(&inner);
    fields.put("limits", value);
}

fn coroutines(fields: &mut Fields, info: &ProcessInfo) {
    if let Some(place) = &info.place {
        fields.text("line", place);
    }
    let mut list = Vec::with_capacity(info.coroutines.len());
    let builder = &mut fields.builder;
    for coroutine in &info.coroutines {
        let text = |builder: &mut FragmentBuilder, text: Option<&str>| {
            text.map_or(word::NIL, |text| builder.string(text.as_bytes()))
        };
        let status = text(builder, Some(coroutine.status()));
        let awaited = text(builder, coroutine.awaited.as_deref());
        let line = text(builder, coroutine.info.place.as_deref());
        let traceback = cut(&coroutine.info.traceback);
        let traceback = text(builder, Some(traceback).filter(|text| !text.is_empty()));
        list.push(builder.record(&[
            ("task", word::from_bool(coroutine.info.is_task)),
            ("status", status),
            ("waits_for", awaited),
            ("line", line),
            ("traceback", traceback),
        ]));
    }
    let value = fields.builder.list(&list);
    fields.put("coroutines", value);
    fields.put("coroutines_cut", word::from_bool(info.rest.is_some()));
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

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TRACEBACK_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
