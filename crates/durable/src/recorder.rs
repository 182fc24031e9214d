//! Recording: a guest's host that writes down every answer, and keeps back every effect until the
//! commit that has it is durable.

use crate::bytes::Bytes;
use crate::gate::{Gate, Purpose, Reserved};
use crate::journal::{Entry, Source};
use crate::ledger::{Ledger, Waits};
use procession_environment::{
    Call, CallId, CancelRequest, Host, LogRecord, Options, Queue, Relation, Request, SpawnRequest,
};
use procession_types::{
    Context, Error, Event, Fragment, Message, Pid, Scalar, SmolStr, Timestamp, Topic,
};
use std::cell::{Cell, RefCell};

/// What has happened since the last commit.
#[derive(Debug, Default)]
pub struct Recording {
    /// The entries, as bytes.
    pub journal: Vec<u8>,
    /// What is kept back, in order.
    pub outputs: Vec<Entry>,
    /// Where inputs came from: they must not come again.
    pub taken: Vec<Source>,
    /// Deaths of durable processes that it was told of: whether by a link.
    pub news: Vec<(Pid, bool)>,
    /// Inputs: messages and events.
    pub inputs: u32,
    /// Replies of calls.
    pub replies: u32,
    /// Something happened that the next start of the node must know, if only by the journal.
    pub changed: bool,
    /// Relations that were made or undone.
    pub relations: Vec<(Relation, Pid)>,
    /// Names that it got or gave up; true = got.
    pub names: Vec<(SmolStr, bool)>,
}

impl Recording {
    /// Whether there is something to commit.
    #[must_use]
    pub fn is_worth_a_commit(&self) -> bool {
        self.changed
    }

    /// Begins a turn.
    pub fn begin(&mut self, entry: &Entry) {
        entry.put(&mut self.journal);
    }

    /// A part of the state changed that nobody asked for.
    pub fn trimmed(&mut self) {
        Entry::Trimmed.put(&mut self.journal);
    }

    /// Before a turn: a process has ended normally to which it was linked.
    pub fn parted(&mut self, pid: Pid, ledger: &mut Ledger) {
        if ledger.links.contains(&pid) {
            ledger.relates(Relation::Unlink, pid);
            self.change(&Entry::Parted(pid));
        }
    }

    fn note(&mut self, entry: &Entry) {
        entry.put(&mut self.journal);
    }

    fn change(&mut self, entry: &Entry) {
        self.changed = true;
        entry.put(&mut self.journal);
    }

    fn output(&mut self, entry: Entry) {
        self.changed = true;
        entry.put(&mut self.journal);
        self.outputs.push(entry);
    }
}

/// See the module.
pub struct Recorder<'a, G: Gate> {
    gate: &'a mut G,
    ledger: &'a mut Ledger,
    // Some of the questions a guest asks are asked of a shared reference.
    recording: RefCell<&'a mut Recording>,
    inputs_max: u32,
    withheld: Cell<bool>,
}

impl<'a, G: Gate> Recorder<'a, G> {
    /// A host over another. The guest is given no input once the recording has `inputs_max`.
    pub fn new(
        gate: &'a mut G,
        ledger: &'a mut Ledger,
        recording: &'a mut Recording,
        inputs_max: u32,
    ) -> Self {
        let recording = RefCell::new(recording);
        Self { gate, ledger, recording, inputs_max, withheld: Cell::new(false) }
    }

    /// Whether an input was there that was not given.
    #[must_use]
    pub fn has_withheld(&self) -> bool {
        self.withheld.get()
    }

    /// Whether the guest has had its inputs; if so, whether there would be one is noted.
    fn is_sated(&self, would_be: impl FnOnce() -> bool) -> bool {
        let sated = self.recording.borrow().inputs >= self.inputs_max;
        if sated && would_be() {
            self.withheld.set(true);
        }
        sated
    }

    fn recording(&mut self) -> &mut Recording {
        self.recording.get_mut()
    }

    fn answer<T>(
        &mut self,
        result: Result<T, Error>,
        entry: impl FnOnce(&T) -> Entry,
    ) -> Result<T, Error> {
        match &result {
            Ok(value) => self.recording().change(&entry(value)),
            Err(error) => self.recording().note(&Entry::Refused(error.clone())),
        }
        result
    }

    fn refuse<T>(&mut self, error: Error) -> Result<T, Error> {
        self.recording().note(&Entry::Refused(error.clone()));
        Err(error)
    }

    fn flag(&self, flag: bool) -> bool {
        self.recording.borrow_mut().note(if flag { &Entry::True } else { &Entry::False });
        flag
    }

    /// Spawns, or calls, a process when the commit is durable.
    fn spawn_later(
        &mut self,
        mut request: SpawnRequest,
        purpose: Purpose,
    ) -> Result<(Pid, Option<CallId>), Error> {
        match self.gate.reserve(&mut request, purpose) {
            Ok(Reserved::New(pid, call)) => {
                if request.monitored {
                    self.relates(Relation::Monitor, pid);
                }
                if request.linked {
                    self.relates(Relation::Link, pid);
                }
                if let Some(call) = call {
                    self.ledger.opens(call, Waits::Process(pid));
                }
                let request = Box::new(request);
                self.recording().output(Entry::Spawned { pid, call, request });
                Ok((pid, call))
            }
            Ok(Reserved::Existing(holder)) => {
                self.recording().change(&Entry::Existing(holder));
                for (topic, payload) in request.messages {
                    self.recording().output(Entry::Sent { to: holder, topic, payload });
                }
                Ok((holder, None))
            }
            Err(error) => self.refuse(error),
        }
    }

    fn relates(&mut self, relation: Relation, to: Pid) {
        self.ledger.relates(relation, to);
        self.recording().relations.push((relation, to));
    }

    fn call_outside(&mut self, call: Call) -> Result<CallId, Error> {
        match self.gate.open(&call) {
            Ok(id) => {
                let what = Box::new(call);
                self.ledger.opens(id, Waits::Outside(what.clone()));
                self.recording().output(Entry::Called { call: id, what });
                Ok(id)
            }
            Err(error) => self.refuse(error),
        }
    }
}

impl<G: Gate> Host for Recorder<'_, G> {
    fn pid(&self) -> Pid {
        self.gate.host_ref().pid()
    }

    fn program(&self) -> &str {
        self.gate.host_ref().program()
    }

    fn write_pid(&self, pid: Pid, out: &mut Vec<u8>) {
        self.gate.host_ref().write_pid(pid, out);
    }

    fn now(&mut self) -> Timestamp {
        let now = self.gate.host().now();
        self.recording().note(&Entry::Now(now));
        now
    }

    fn random(&mut self) -> u64 {
        let bits = self.gate.host().random();
        self.recording().note(&Entry::Random(bits));
        bits
    }

    fn send(&mut self, to: &[u8], topic: Topic, payload: Fragment) -> Result<(), Error> {
        match self.gate.check_send(to, &topic, &payload) {
            Ok(to) => {
                self.recording().output(Entry::Sent { to, topic, payload });
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn receive(&mut self, queue: Queue) -> Option<Box<Message>> {
        let sated = self.is_sated(|| self.gate.host_ref().has_message(queue));
        let taken = if sated { None } else { self.gate.take_message(queue) };
        let Some((message, source)) = taken else {
            self.recording().note(&Entry::Nothing);
            return None;
        };
        self.ledger.inputs += 1;
        let recording = self.recording();
        recording.inputs += 1;
        recording.taken.extend(source);
        let entry = Entry::Message { queue, source, message };
        recording.change(&entry);
        match entry {
            Entry::Message { message, .. } => Some(Box::new(message)),
            _ => None,
        }
    }

    fn has_message(&self, queue: Queue) -> bool {
        let there = self.gate.host_ref().has_message(queue);
        self.flag(!self.is_sated(|| there) && there)
    }

    fn receive_event(&mut self) -> Option<Event> {
        let sated = self.is_sated(|| self.gate.host_ref().has_event());
        let taken = if sated { None } else { self.gate.take_event() };
        let Some((event, source)) = taken else {
            self.recording().note(&Entry::Nothing);
            return None;
        };
        self.ledger.inputs += 1;
        self.ledger.told(&event);
        let recording = self.recording();
        recording.inputs += 1;
        recording.taken.extend(source);
        match &event {
            Event::Exit { from, .. } if from.is_durable() => recording.news.push((*from, false)),
            Event::LinkDown { from, .. } if from.is_durable() => recording.news.push((*from, true)),
            _ => {}
        }
        recording.change(&Entry::Event(event.clone()));
        Some(event)
    }

    fn has_event(&self) -> bool {
        let there = self.gate.host_ref().has_event();
        self.flag(!self.is_sated(|| there) && there)
    }

    fn listen(&mut self, topic: &Topic) -> Result<Queue, Error> {
        let result = self.gate.host().listen(topic);
        if let Ok(queue) = result {
            self.ledger.listens(topic, queue.0);
        }
        self.answer(result, |queue| Entry::Listening(*queue))
    }

    fn unlisten(&mut self, queue: Queue) {
        self.ledger.listens.remove(&queue.0);
        self.recording().changed = true;
        self.gate.host().unlisten(queue);
    }

    fn spawn(&mut self, request: SpawnRequest) -> Result<Pid, Error> {
        self.spawn_later(request, Purpose::Spawn).map(|(pid, _)| pid)
    }

    fn terminate(&mut self, to: &[u8]) -> Result<(), Error> {
        match self.gate.check_terminate(to) {
            Ok(to) => {
                self.recording().output(Entry::Terminated(to));
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn cancel(&mut self, to: &[u8], request: CancelRequest) -> Result<(), Error> {
        match self.gate.check_cancel(to, &request) {
            Ok((to, at)) => {
                self.recording().output(Entry::Cancelled { to, at, request });
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn relate(&mut self, relation: Relation, to: &[u8]) -> Result<(), Error> {
        match self.gate.relate_to(relation, to) {
            Ok(to) => {
                self.relates(relation, to);
                self.recording().change(&Entry::Related { relation, to });
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn waiting(&self) -> u32 {
        let waiting = self.gate.host_ref().waiting();
        self.recording.borrow_mut().note(&Entry::Number(waiting));
        waiting
    }

    fn is_ending(&self) -> bool {
        // What it does once it ends is not kept, so nothing has to be written down.
        self.gate.host_ref().is_ending()
    }

    fn options(&self) -> Options {
        Options { trap_links: self.ledger.trap_links }
    }

    fn set_options(&mut self, options: Options) {
        self.ledger.trap_links = options.trap_links;
        self.recording().changed = true;
        self.gate.host().set_options(options);
    }

    fn upgrade(&mut self, program: Option<&str>, arguments: Fragment) -> Result<(), Error> {
        let _ = (program, arguments);
        self.refuse(Error::new(
            procession_types::ErrorKind::Unavailable,
            "a durable process is upgraded from outside: use \"procession upgrade\"",
        ))
    }

    fn register(&mut self, name: &str, pid: Option<&[u8]>) -> Result<(), Error> {
        let result = self.gate.host().register(name, pid);
        // A name for somebody else is that one's.
        if result.is_ok()
            && self.gate.host().lookup(name).is_ok_and(|holder| holder == self.gate.host().pid())
        {
            self.ledger.named(name);
            self.recording().names.push((SmolStr::new(name), true));
            self.recording().change(&Entry::True);
            return result;
        }
        self.answer(result, |()| Entry::Done)
    }

    fn lookup(&mut self, name: &str) -> Result<Pid, Error> {
        match self.gate.host().lookup(name) {
            Ok(pid) => {
                self.recording().note(&Entry::Found(pid));
                Ok(pid)
            }
            Err(error) => self.refuse(error),
        }
    }

    fn unregister(&mut self, name: &str) -> Result<bool, Error> {
        match self.gate.check_unregister(name) {
            Ok(held) => {
                self.ledger.unnamed(name);
                let name = SmolStr::new(name);
                self.recording().names.push((name.clone(), false));
                self.recording().output(Entry::Unregistered { name, held });
                Ok(held)
            }
            Err(error) => self.refuse(error),
        }
    }

    fn context(&self) -> &Context {
        self.gate.host_ref().context()
    }

    fn can(&mut self, action: &str, resource: &str) -> bool {
        let can = self.gate.host().can(action, resource);
        self.flag(can)
    }

    fn can_with(&mut self, action: &str, on: &str, attributes: &[(String, Scalar)]) -> bool {
        let can = self.gate.host().can_with(action, on, attributes);
        self.flag(can)
    }

    fn check(&mut self, action: &str, resource: &str) -> Result<(), Error> {
        match self.gate.host().check(action, resource) {
            Ok(()) => {
                self.recording().note(&Entry::Done);
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn print(&mut self, line: &[u8]) {
        self.recording().output(Entry::Printed(line.to_vec()));
    }

    fn log(&mut self, record: LogRecord) {
        self.recording().output(Entry::Logged(record));
    }

    fn ask(&mut self, request: Request) -> Result<Fragment, Error> {
        let subscription = match &request {
            Request::Subscribe { pattern } => Some((pattern.clone(), true)),
            Request::Unsubscribe { pattern } => Some((pattern.clone(), false)),
            _ => None,
        };
        let result = self.gate.host().ask(request);
        if let (Some((pattern, begins)), Ok(answer)) = (subscription, &result) {
            self.ledger.subscribes(pattern, begins.then_some(answer));
        }
        self.answer(result, |answer| Entry::Answer(answer.clone()))
    }

    fn start(&mut self, call: Call) -> Result<CallId, Error> {
        match call {
            Call::Sleep { nanoseconds } => match self.gate.open_sleep(nanoseconds) {
                Ok((call, until)) => {
                    self.ledger.opens(call, Waits::Time(until));
                    self.recording().change(&Entry::Sleeps { call, until });
                    Ok(call)
                }
                Err(error) => self.refuse(error),
            },
            Call::Process(request) => self.called(*request, Purpose::Call),
            Call::Function(request) => self.called(*request, Purpose::Function),
            call @ (Call::Fs(_) | Call::Http(_) | Call::Consume { .. } | Call::Info { .. }) => {
                self.call_outside(call)
            }
        }
    }

    fn is_finished(&self, id: CallId) -> bool {
        self.flag(self.gate.host_ref().is_finished(id))
    }

    fn finish(&mut self, id: CallId) -> Option<Result<Fragment, Error>> {
        let Some(result) = self.gate.host().finish(id) else {
            self.recording().note(&Entry::Nothing);
            return None;
        };
        self.ledger.calls.remove(&id);
        self.recording().replies += 1;
        self.recording().change(&Entry::Reply { call: id, result: result.clone() });
        Some(result)
    }

    fn is_open(&self, id: CallId) -> bool {
        self.flag(self.gate.host_ref().is_open(id))
    }

    fn expire(&mut self, id: CallId, nanoseconds: u64) -> Result<(), Error> {
        match self.gate.expire_at(id, nanoseconds) {
            Ok(until) => {
                self.ledger.expires(id, until);
                self.recording().change(&Entry::Expires(until));
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn abandon(&mut self, id: CallId) {
        self.ledger.calls.remove(&id);
        let recording = self.recording();
        recording.changed = true;
        // One that has not been started yet never is.
        recording.outputs.retain(|output| match output {
            Entry::Called { call, .. } => *call != id,
            _ => true,
        });
        self.gate.host().abandon(id);
    }
}

impl<G: Gate> Recorder<'_, G> {
    fn called(&mut self, request: SpawnRequest, purpose: Purpose) -> Result<CallId, Error> {
        let (_, call) = self.spawn_later(request, purpose)?;
        call.ok_or_else(|| Error::not_found("the process of the call was not started"))
    }
}
