//! What there is to know about a process, from its kernel entry and its guest together; and how
//! whoever asked gets it.

use crate::shared::Shared;
use crate::worker::Worker;
use procession_environment::{Activity, Awaited, CoroutineInfo, Inspection};
use procession_kernel::{Asker, CallId, CallSubject, Info, QueueId, SlotIndex, State};
use procession_types::{Error, Fragment, FragmentBuilder, Limits, Pid, word, word::Word};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Longest traceback in an answer, in bytes; the file names in it are the program's.
const TRACEBACK_BYTES_MAX: usize = 8192;

/// What there is to know about a process.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessInfo {
    /// What the kernel knows.
    pub process: Info,
    /// Bytes of its heap.
    pub memory_bytes: u64,
    /// Where the coroutine is that had the last turn, as `file:line`.
    pub place: Option<Box<str>>,
    /// Its coroutines.
    pub coroutines: Vec<Coroutine>,
    /// Whether it has more coroutines than one slice allows to look at.
    pub is_cut: bool,
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
                let info = slot.and_then(|slot| self.process_info(slot, pid));
                let result = match &info {
                    Some(info) => Ok(fragment(info, sees_security, &self.shared)),
                    None => Err(Error::not_found("process not found")),
                };
                self.step(|kernel, cx| kernel.reply(cx, asker, call, result));
            }
        }
    }

    pub(crate) fn process_info(&mut self, slot: SlotIndex, pid: Pid) -> Option<ProcessInfo> {
        let budget = self.kernel.config().slice;
        let mut process = self.step(|kernel, cx| kernel.info(cx, pid))?;
        let resident = self.guests.get_mut(slot).filter(|resident| resident.pid == pid)?;
        let usage = resident.guest.usage();
        process.instructions = usage.instructions;
        // A fault of the interpreter must not spread to those who look.
        let look = AssertUnwindSafe(|| (resident.guest.place(), resident.guest.inspect(budget)));
        let (place, Inspection { coroutines, is_cut }) = catch_unwind(look).unwrap_or_default();
        let coroutines = coroutines.into_iter().map(|info| {
            let awaited = match info.activity {
                Activity::Waiting(awaited) => Some(self.awaited(slot, awaited)),
                _ => None,
            };
            Coroutine { info, awaited }
        });
        let coroutines = coroutines.collect();
        let memory_bytes = usage.memory_bytes;
        Some(ProcessInfo { process, memory_bytes, place, coroutines, is_cut })
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
    fields.put("coroutines_cut", word::from_bool(info.is_cut));
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
