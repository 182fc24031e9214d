//! The host of a dry run: it answers as the process's own would, and nothing that is asked of it happens. What
//! would have happened is noted.
//!
//! Time stands still but for timers, which go off at once and turn the clock on; random bits are the same in
//! every dry run. What is outside of the process is not reached: calls, stores and queues are refused.

use super::history::{Part, Parts};
use super::sketch;
use crate::door::{check_name, check_topic};
use crate::pid_bytes;
use crate::security::Caller;
use crate::service::{self, subscriptions};
use crate::shared::Shared;
use procession_durable::journal::Entry;
use procession_durable::ledger::Ledger;
use procession_environment::{
    Call, CallId, CancelRequest, Host, LogRecord, MetricRequest, Options, Queue, Relation, Request,
    SpawnRequest,
};
use procession_kernel::Directory as _;
use procession_types::{
    Context, Error, ErrorKind, Event, Fragment, FragmentBuilder, Limit, Limits, Message, Pid,
    Scalar, SmolStr, Timestamp, Topic, word,
};
use std::collections::BTreeSet;

/// Timers that one dry run sets.
const TIMERS_MAX: usize = 1000;
/// Answers that are kept; the rest is counted.
const ANSWERS_MAX: usize = 64;
/// Who asks in a dry run: nobody has this PID.
pub(super) const ASKER: Pid = made_up(u32::MAX);

/// A PID that nobody has: those of processes are of an epoch.
const fn made_up(number: u32) -> Pid {
    Pid { host: 0, shard: 0, epoch: 0, slot: number, generation: 0 }
}

/// See the module.
pub(super) struct Stage<'a> {
    pub(super) shared: &'a Shared,
    pub(super) pid: Pid,
    pub(super) program: &'a str,
    pub(super) context: &'a Context,
    pub(super) limits: Limits,
    pub(super) ledger: Ledger,
    /// What it is given, until it takes it.
    pub(super) message: Option<Message>,
    pub(super) now: Timestamp,
    /// What would have happened.
    pub(super) went: Parts,
    /// What it sends to whoever asks.
    pub(super) answers: Vec<Fragment>,
    pub(super) dice: u64,
    pub(super) born: u32,
    /// Timers that have gone off and were not looked at.
    pub(super) rung: BTreeSet<CallId>,
    pub(super) timers: usize,
    /// It has ended itself.
    pub(super) is_ending: bool,
}

impl Stage<'_> {
    fn note(&mut self, entry: &Entry) {
        if let Some(part) = sketch::went(entry) {
            self.went.add(part);
        }
    }

    fn tell(&mut self, kind: &'static str, peer: Option<Pid>, about: &str) {
        let about = Some(SmolStr::new(about));
        self.went.add(Part { kind, peer, about, text: String::new(), bytes: 0 });
    }

    fn allows(&self, action: &str, on: &str) -> Result<(), Error> {
        let is_allowed = self.shared.allows(self.context, self.pid, action, on);
        if is_allowed { Ok(()) } else { Err(Error::denied(action, on)) }
    }

    /// The process that a text means, if the caller may do that to it.
    fn resolve(&self, to: &[u8], action: Option<&str>) -> Result<Pid, Error> {
        let shared = self.shared;
        let by_text = match to.first() {
            Some(b'{') => pid_bytes::read(to, &shared.hosts, shared.name.as_deref())?,
            _ => None,
        };
        let text = String::from_utf8_lossy(to);
        let found =
            by_text.or_else(|| match self.ledger.names.iter().any(|it| it.as_str() == &*text) {
                true => Some(self.pid),
                false => shared.directory.holder(&text),
            });
        let not_found = || Error::not_found(format!("process not found: \"{text}\""));
        let pid = found.ok_or_else(not_found)?;
        if pid.epoch == 0 {
            return Ok(pid);
        }
        if let Some(action) = action {
            self.allows(action, &shared.pid_text(pid))?;
        }
        if shared.is_alive(pid) { Ok(pid) } else { Err(Error::not_found("process not found")) }
    }

    fn queue_of(&self, topic: &Topic) -> Queue {
        let listens = self.ledger.listens.iter().find(|(_, it)| *it == topic);
        listens.map_or(Queue::INBOX, |(queue, _)| Queue(*queue))
    }

    fn next_call(&mut self) -> CallId {
        self.ledger.last_call += 1;
        CallId(self.ledger.last_call)
    }

    fn listen_on(&mut self, topic: &Topic) -> Result<Queue, Error> {
        let known = self.queue_of(topic);
        if known != Queue::INBOX {
            return Ok(known);
        }
        if self.ledger.listens.len() >= self.limits.topics_max as usize {
            return Err(Error::limit(Limit::Topics, "too many topics"));
        }
        // The upper half counts how many were given.
        let count = (self.ledger.last_queue >> 16) + 1;
        let queue = count << 16 | count & 0xFFFF;
        self.ledger.last_queue = queue;
        self.ledger.listens.insert(queue, topic.clone());
        Ok(Queue(queue))
    }
}

fn unreached<T>(what: &str) -> Result<T, Error> {
    let message = format!("a dry run reaches nothing outside of the process: no {what}");
    Err(Error::new(ErrorKind::Unavailable, message).with_retryable(false))
}

fn integer(value: i64) -> Fragment {
    FragmentBuilder::new().finish(&[word::int_wrapping(value)])
}

impl Host for Stage<'_> {
    fn pid(&self) -> Pid {
        self.pid
    }

    fn program(&self) -> &str {
        self.program
    }

    fn write_pid(&self, pid: Pid, out: &mut Vec<u8>) {
        pid_bytes::write(pid, &self.shared.hosts, self.shared.name.as_deref(), out);
    }

    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn random(&mut self) -> u64 {
        // SplitMix64.
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.dice;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }

    fn send(&mut self, to: &[u8], topic: Topic, payload: Fragment) -> Result<(), Error> {
        check_topic(&topic)?;
        let to = self.resolve(to, Some("process.send"))?;
        if payload.bytes() as u64 > self.limits.message_bytes_max {
            return Err(Error::limit(Limit::MessageSize, "message too large"));
        }
        if to == ASKER && self.answers.len() < ANSWERS_MAX {
            self.answers.push(payload.clone());
        }
        self.note(&Entry::Sent { to, topic, payload });
        Ok(())
    }

    fn receive(&mut self, queue: Queue) -> Option<Box<Message>> {
        let message = self.has_message(queue).then(|| self.message.take())??;
        self.ledger.inputs += 1;
        Some(Box::new(message))
    }

    fn has_message(&self, queue: Queue) -> bool {
        self.message.as_ref().is_some_and(|it| self.queue_of(&it.topic) == queue)
    }

    fn receive_event(&mut self) -> Option<Event> {
        None
    }

    fn has_event(&self) -> bool {
        false
    }

    fn listen(&mut self, topic: &Topic) -> Result<Queue, Error> {
        self.listen_on(topic)
    }

    fn unlisten(&mut self, queue: Queue) {
        self.ledger.listens.remove(&queue.0);
    }

    fn spawn(&mut self, request: SpawnRequest) -> Result<Pid, Error> {
        self.allows("process.spawn", &request.program)?;
        self.allows("process.host", &request.host)?;
        let not_found = || Error::not_found(format!("process host \"{}\" not found", request.host));
        let host = self.shared.host(&request.host).ok_or_else(not_found)?;
        self.shared.programs.load(&request.program, host)?;
        if let Some(name) = &request.name {
            check_name(name)?;
            if let Some(holder) = self.shared.directory.holder(name) {
                for (topic, payload) in request.messages {
                    self.note(&Entry::Sent { to: holder, topic, payload });
                }
                return Ok(holder);
            }
        }
        self.born += 1;
        let pid = made_up(self.born);
        self.note(&Entry::Spawned { pid, call: None, request: Box::new(request) });
        Ok(pid)
    }

    fn terminate(&mut self, to: &[u8]) -> Result<(), Error> {
        let to = self.resolve(to, Some("process.terminate"))?;
        self.is_ending |= to == self.pid;
        self.note(&Entry::Terminated(to));
        Ok(())
    }

    fn cancel(&mut self, to: &[u8], request: CancelRequest) -> Result<(), Error> {
        let to = self.resolve(to, Some("process.cancel"))?;
        self.note(&Entry::Cancelled { to, at: self.now, request });
        Ok(())
    }

    fn relate(&mut self, relation: Relation, to: &[u8]) -> Result<(), Error> {
        let (kind, action) = match relation {
            Relation::Monitor => ("monitor", Some("process.monitor")),
            Relation::Unmonitor => ("unmonitor", None),
            Relation::Link => ("link", Some("process.link")),
            Relation::Unlink => ("unlink", None),
        };
        let to = self.resolve(to, action)?;
        self.tell(kind, Some(to), "");
        Ok(())
    }

    fn waiting(&self) -> u32 {
        u32::from(self.message.is_some())
    }

    fn is_ending(&self) -> bool {
        self.is_ending
    }

    fn options(&self) -> Options {
        Options { trap_links: self.ledger.trap_links }
    }

    fn set_options(&mut self, options: Options) {
        self.ledger.trap_links = options.trap_links;
    }

    fn upgrade(&mut self, _program: Option<&str>, _arguments: Fragment) -> Result<(), Error> {
        unreached("upgrade")
    }

    fn register(&mut self, name: &str, pid: Option<&[u8]>) -> Result<(), Error> {
        check_name(name)?;
        self.allows("process.registry.register", name)?;
        let to = pid.map_or(Ok(self.pid), |pid| self.resolve(pid, None))?;
        if self.shared.directory.holder(name).is_some_and(|holder| holder != to) {
            let message = format!("name \"{name}\" is taken");
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        if to == self.pid {
            self.ledger.names.push(SmolStr::new(name));
        }
        self.tell("register", Some(to), name);
        Ok(())
    }

    fn lookup(&mut self, name: &str) -> Result<Pid, Error> {
        self.resolve(name.as_bytes(), None)
    }

    fn unregister(&mut self, name: &str) -> Result<bool, Error> {
        check_name(name)?;
        let holder = self.resolve(name.as_bytes(), None).ok();
        if holder != Some(self.pid) {
            self.allows("process.registry.unregister", name)?;
        }
        self.ledger.names.retain(|held| held != name);
        let held = holder.is_some();
        self.note(&Entry::Unregistered { name: SmolStr::new(name), held });
        Ok(held)
    }

    fn context(&self) -> &Context {
        self.context
    }

    fn can(&mut self, action: &str, resource: &str) -> bool {
        self.allows(action, resource).is_ok()
    }

    fn can_with(&mut self, action: &str, on: &str, attributes: &[(String, Scalar)]) -> bool {
        let caller = Caller { shared: self.shared, pid: self.pid, more: attributes };
        self.shared.is_open_to(self.context)
            || self.shared.decide(self.context, action, on, &caller).allowed
    }

    fn print(&mut self, line: &[u8]) {
        self.note(&Entry::Printed(line.to_vec()));
    }

    fn log(&mut self, record: LogRecord) {
        self.note(&Entry::Logged(record));
    }

    fn ask(&mut self, request: Request) -> Result<Fragment, Error> {
        if let Some((action, resource, _)) = service::subject(&request) {
            self.allows(action, resource)?;
        }
        match request {
            Request::Variables => {
                let allowed = |name: &str| self.allows("env.get", name).is_ok();
                Ok(self.shared.services.variables().table(allowed))
            }
            // It only reads.
            Request::Variable { .. } => {
                self.shared.services.answer(self.pid, self.now, request, &mut Vec::new())
            }
            Request::Metric(MetricRequest::Define(_)) => Ok(Fragment::default()),
            Request::Metric(MetricRequest::Record { name, .. }) => {
                self.tell("metric", None, &name);
                Ok(Fragment::default())
            }
            Request::Publish { topic, payload } => {
                subscriptions::check_topic(&topic)?;
                let bytes = payload.bytes() as u64;
                let (kind, text, about) = ("publish", String::new(), Some(topic));
                self.went.add(Part { kind, peer: None, about, text, bytes });
                Ok(integer(0))
            }
            Request::Subscribe { pattern } => {
                let queue = self.listen_on(&subscriptions::mailbox_topic(&pattern))?;
                self.tell("subscribe", None, &pattern);
                Ok(integer(i64::from(queue.0)))
            }
            Request::Metric(MetricRequest::Value { .. } | MetricRequest::Text) => {
                unreached("metrics")
            }
            Request::Unsubscribe { .. } => unreached("subscriptions"),
            Request::Store(_) => unreached("stores"),
            Request::Queue(_) => unreached("queues"),
        }
    }

    fn start(&mut self, call: Call) -> Result<CallId, Error> {
        let what = match &call {
            Call::Sleep { nanoseconds } => {
                if self.timers >= TIMERS_MAX {
                    let message = format!("a dry run sets {TIMERS_MAX} timers at most");
                    return Err(Error::limit(Limit::Calls, message));
                }
                let until = self.now.after(*nanoseconds);
                let call = self.next_call();
                self.timers += 1;
                self.now = until;
                self.rung.insert(call);
                self.note(&Entry::Sleeps { call, until });
                return Ok(call);
            }
            Call::Process(_) => "process",
            Call::Function(_) => "function",
            Call::Fs(_) => "files",
            Call::Http(_) => "requests",
            Call::Consume { .. } => "queues",
            Call::Info { .. } => "questions about processes",
        };
        let id = self.next_call();
        self.note(&Entry::Called { call: id, what: Box::new(call) });
        unreached(what)
    }

    fn is_finished(&self, id: CallId) -> bool {
        self.rung.contains(&id)
    }

    fn finish(&mut self, id: CallId) -> Option<Result<Fragment, Error>> {
        self.rung.remove(&id).then(|| Ok(Fragment::default()))
    }

    fn is_open(&self, id: CallId) -> bool {
        self.rung.contains(&id) || self.ledger.calls.contains_key(&id)
    }

    fn expire(&mut self, id: CallId, _nanoseconds: u64) -> Result<(), Error> {
        if self.is_open(id) { Ok(()) } else { Err(Error::not_found("no such call")) }
    }

    fn abandon(&mut self, id: CallId) {
        self.rung.remove(&id);
        self.ledger.calls.remove(&id);
    }
}
