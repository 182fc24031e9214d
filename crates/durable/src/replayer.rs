//! Replaying: a guest's host that answers from a journal, and compares what the guest asks for with what
//! it asked for then.

use crate::bytes::{Bytes, Reader};
use crate::journal::Entry;
use crate::ledger::{Ledger, Waits};
use procession_environment::{
    Call, CallId, CancelRequest, Host, LogRecord, Options, Queue, Relation, Request, SpawnRequest,
};
use procession_types::{
    Context, Error, ErrorKind, Event, Fragment, Message, Pid, Scalar, Timestamp, Topic,
};
use std::cell::{Cell, RefCell};

/// Where a run differs from its journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at} of the journal: {what}")]
pub struct Divergence {
    /// Position in the journal.
    pub at: usize,
    /// What was written down, and what happened instead.
    pub what: String,
}

/// Who the process is, as far as its program can ask.
pub struct Identity<'a> {
    /// See [`Host::pid`].
    pub pid: Pid,
    /// See [`Host::program`].
    pub program: &'a str,
    /// See [`Host::context`].
    pub context: &'a Context,
    /// How PIDs are written; see [`Host::write_pid`].
    pub write_pid: &'a dyn Fn(Pid, &mut Vec<u8>),
}

/// See the module.
pub struct Replayer<'a> {
    identity: &'a Identity<'a>,
    ledger: &'a mut Ledger,
    journal: RefCell<Reader<'a>>,
    divergence: RefCell<Option<Divergence>>,
    /// No input after so many is given: the guest waits for it.
    inputs_max: u64,
    /// An input was withheld: from now on there is nothing.
    withheld: Cell<bool>,
    /// The guest has asked for something else after that.
    strayed: Cell<bool>,
}

impl<'a> Replayer<'a> {
    /// A host that answers from this journal. It gives no input once the ledger counts `inputs_max`.
    pub fn new(
        identity: &'a Identity<'a>,
        ledger: &'a mut Ledger,
        journal: &'a [u8],
        inputs_max: u64,
    ) -> Self {
        Self {
            identity,
            ledger,
            journal: RefCell::new(Reader::new(journal)),
            divergence: RefCell::default(),
            inputs_max,
            withheld: Cell::new(false),
            strayed: Cell::new(false),
        }
    }

    /// The entry between two turns, or before the first; `None` at the end of the journal.
    ///
    /// # Errors
    /// When the run differs from the journal, or the journal is damaged.
    pub fn between(&mut self) -> Result<Option<Entry>, Divergence> {
        self.verdict()?;
        if self.withheld.get() || self.journal.get_mut().rest().is_empty() {
            return Ok(None);
        }
        match self.next() {
            Some(
                entry @ (Entry::Turn { .. }
                | Entry::Start { .. }
                | Entry::Trimmed
                | Entry::Parted(_)),
            ) => Ok(Some(entry)),
            Some(entry) => {
                self.diverge(&format!("a turn ended before {entry:?}"));
                self.verdict().map(|()| None)
            }
            None => self.verdict().map(|()| None),
        }
    }

    /// A link has ended.
    pub(crate) fn parted(&mut self, pid: Pid) {
        self.ledger.relates(Relation::Unlink, pid);
    }

    /// The difference that there are turns after the end.
    pub(crate) fn differs_at_end(&self) -> Divergence {
        self.diverge("the process ended here, and went on then");
        self.verdict().err().unwrap_or(Divergence { at: 0, what: String::new() })
    }

    /// Whether an input was withheld: the guest is where it was before that input.
    #[must_use]
    pub fn has_withheld(&self) -> bool {
        self.withheld.get()
    }

    /// Whether the guest has gone on with something else after that.
    #[must_use]
    pub fn has_strayed(&self) -> bool {
        self.strayed.get()
    }

    /// Whether the run was as the journal says so far.
    ///
    /// # Errors
    /// The first difference.
    pub fn verdict(&self) -> Result<(), Divergence> {
        self.divergence.borrow().clone().map_or(Ok(()), Err)
    }

    fn next(&self) -> Option<Entry> {
        if self.withheld.get() {
            self.strayed.set(true);
            return None;
        }
        if self.divergence.borrow().is_some() {
            return None;
        }
        let mut journal = self.journal.borrow_mut();
        if journal.rest().is_empty() {
            drop(journal);
            self.diverge("the journal ends here, and the process asks for more");
            return None;
        }
        match Entry::take(&mut journal) {
            Ok(entry) => Some(entry),
            Err(damaged) => {
                drop(journal);
                self.diverge(&damaged.to_string());
                None
            }
        }
    }

    /// The entry that comes next, if it is an input that is not given any more.
    fn withholds(&self) -> bool {
        if self.withheld.get() {
            return true;
        }
        if self.ledger.inputs < self.inputs_max || self.divergence.borrow().is_some() {
            return false;
        }
        // Only what comes next tells: the journal may have more answers before the next input.
        let mut ahead = self.journal.borrow().clone();
        let is_input = matches!(
            Entry::take(&mut ahead),
            Ok(Entry::Message { .. } | Entry::Event(_) | Entry::True)
        );
        self.withheld.set(is_input);
        is_input
    }

    #[cold]
    fn diverge(&self, what: &str) {
        let at = self.journal.borrow().at();
        let mut divergence = self.divergence.borrow_mut();
        divergence.get_or_insert_with(|| Divergence { at, what: cut(what) });
    }

    #[cold]
    fn differs<T>(&self, entry: &Entry, asked: &str) -> Result<T, Error> {
        self.diverge(&format!("written down is {entry:?}, and the process asks for {asked}"));
        Err(over())
    }

    /// The answer to a question that can be refused.
    fn answer<T>(
        &self,
        asked: impl Fn() -> String,
        read: impl FnOnce(Entry) -> Result<T, Entry>,
    ) -> Result<T, Error> {
        match self.next() {
            Some(Entry::Refused(error)) => Err(error),
            Some(entry) => read(entry).or_else(|entry| self.differs(&entry, &asked())),
            None => Err(over()),
        }
    }

    fn flag(&self, asked: &str) -> bool {
        match self.next() {
            Some(Entry::True) => true,
            Some(Entry::False) | None => false,
            Some(entry) => self.differs::<()>(&entry, asked).is_ok(),
        }
    }

    /// An effect without an answer of its own.
    fn output(&self, expected: &Entry) -> Result<(), Error> {
        self.answer(
            || format!("{expected:?}"),
            |entry| if entry == *expected { Ok(()) } else { Err(entry) },
        )
    }

    fn spawned(&mut self, request: SpawnRequest) -> Result<(Pid, Option<CallId>), Error> {
        let is_same = |then: &SpawnRequest| {
            // The runtime may have written another host there.
            then.program == request.program && then.arguments == request.arguments
        };
        let (pid, call, request) = match self.next() {
            Some(Entry::Spawned { pid, call, request: then }) if is_same(&then) => {
                (pid, call, then)
            }
            Some(Entry::Existing(holder)) => {
                for (topic, payload) in request.messages {
                    self.output(&Entry::Sent { to: holder, topic, payload })?;
                }
                return Ok((holder, None));
            }
            Some(Entry::Refused(error)) => return Err(error),
            Some(entry) => return self.differs(&entry, &format!("{request:?}")),
            None => return Err(over()),
        };
        if request.monitored {
            self.ledger.relates(Relation::Monitor, pid);
        }
        if request.linked {
            self.ledger.relates(Relation::Link, pid);
        }
        if let Some(call) = call {
            self.ledger.opens(call, Waits::Process(pid));
        }
        Ok((pid, call))
    }
}

/// What a guest gets that has left its journal: it is given up.
fn over() -> Error {
    Error::new(ErrorKind::Internal, "the replay is over")
}

fn cut(text: &str) -> String {
    const CHARACTERS_MAX: usize = 600;
    text.chars().take(CHARACTERS_MAX).collect()
}

impl Host for Replayer<'_> {
    fn pid(&self) -> Pid {
        self.identity.pid
    }

    fn program(&self) -> &str {
        self.identity.program
    }

    fn write_pid(&self, pid: Pid, out: &mut Vec<u8>) {
        (self.identity.write_pid)(pid, out);
    }

    fn now(&mut self) -> Timestamp {
        match self.next() {
            Some(Entry::Now(now)) => now,
            Some(entry) => {
                let _ = self.differs::<()>(&entry, "the time");
                Timestamp(0)
            }
            None => Timestamp(0),
        }
    }

    fn random(&mut self) -> u64 {
        match self.next() {
            Some(Entry::Random(bits)) => bits,
            Some(entry) => {
                let _ = self.differs::<()>(&entry, "random bits");
                0
            }
            None => 0,
        }
    }

    fn send(&mut self, _to: &[u8], topic: Topic, payload: Fragment) -> Result<(), Error> {
        self.answer(
            || format!("a message on {topic:?}: {payload:?}"),
            |entry| match &entry {
                Entry::Sent { topic: then, payload: written, .. }
                    if *then == topic && *written == payload =>
                {
                    Ok(())
                }
                _ => Err(entry),
            },
        )
    }

    fn receive(&mut self, queue: Queue) -> Option<Box<Message>> {
        if self.withholds() {
            return None;
        }
        match self.next() {
            Some(Entry::Message { queue: of, message, .. }) if of == queue => {
                self.ledger.inputs += 1;
                Some(Box::new(message))
            }
            Some(Entry::Nothing) | None => None,
            Some(entry) => {
                let _ = self.differs::<()>(&entry, &format!("a message of {queue:?}"));
                None
            }
        }
    }

    fn has_message(&self, _queue: Queue) -> bool {
        !self.withholds() && self.flag("whether a message is there")
    }

    fn receive_event(&mut self) -> Option<Event> {
        if self.withholds() {
            return None;
        }
        match self.next() {
            Some(Entry::Event(event)) => {
                self.ledger.inputs += 1;
                self.ledger.told(&event);
                Some(event)
            }
            Some(Entry::Nothing) | None => None,
            Some(entry) => {
                let _ = self.differs::<()>(&entry, "an event");
                None
            }
        }
    }

    fn has_event(&self) -> bool {
        !self.withholds() && self.flag("whether an event is there")
    }

    fn listen(&mut self, topic: &Topic) -> Result<Queue, Error> {
        let queue = self.answer(
            || format!("a queue for {topic:?}"),
            |entry| match entry {
                Entry::Listening(queue) => Ok(queue),
                entry => Err(entry),
            },
        )?;
        self.ledger.listens(topic, queue.0);
        Ok(queue)
    }

    fn unlisten(&mut self, queue: Queue) {
        self.strayed.set(self.strayed.get() || self.withheld.get());
        self.ledger.listens.remove(&queue.0);
    }

    fn spawn(&mut self, request: SpawnRequest) -> Result<Pid, Error> {
        self.spawned(request).map(|(pid, _)| pid)
    }

    fn terminate(&mut self, _to: &[u8]) -> Result<(), Error> {
        self.answer(
            || "the end of a process".into(),
            |entry| if matches!(entry, Entry::Terminated(_)) { Ok(()) } else { Err(entry) },
        )
    }

    fn cancel(&mut self, _to: &[u8], request: CancelRequest) -> Result<(), Error> {
        self.answer(
            || format!("{request:?}"),
            |entry| match &entry {
                Entry::Cancelled { request: then, .. } if *then == request => Ok(()),
                _ => Err(entry),
            },
        )
    }

    fn relate(&mut self, relation: Relation, _to: &[u8]) -> Result<(), Error> {
        let to = self.answer(
            || format!("{relation:?}"),
            |entry| match entry {
                Entry::Related { relation: then, to } if then == relation => Ok(to),
                entry => Err(entry),
            },
        )?;
        self.ledger.relates(relation, to);
        Ok(())
    }

    fn waiting(&self) -> u32 {
        match self.next() {
            Some(Entry::Number(number)) => number,
            Some(entry) => {
                let _ = self.differs::<()>(&entry, "how many messages wait");
                0
            }
            None => 0,
        }
    }

    fn is_ending(&self) -> bool {
        self.divergence.borrow().is_some()
    }

    fn options(&self) -> Options {
        Options { trap_links: self.ledger.trap_links }
    }

    fn set_options(&mut self, options: Options) {
        self.strayed.set(self.strayed.get() || self.withheld.get());
        self.ledger.trap_links = options.trap_links;
    }

    fn upgrade(&mut self, _program: Option<&str>, _arguments: Fragment) -> Result<(), Error> {
        self.answer(|| "an upgrade".into(), Err)
    }

    fn register(&mut self, name: &str, _pid: Option<&[u8]>) -> Result<(), Error> {
        let is_own = self.answer(
            || format!("the name {name:?}"),
            |entry| match entry {
                Entry::True => Ok(true),
                Entry::Done => Ok(false),
                entry => Err(entry),
            },
        )?;
        if is_own {
            self.ledger.named(name);
        }
        Ok(())
    }

    fn lookup(&mut self, name: &str) -> Result<Pid, Error> {
        self.answer(
            || format!("the holder of {name:?}"),
            |entry| if let Entry::Found(pid) = entry { Ok(pid) } else { Err(entry) },
        )
    }

    fn unregister(&mut self, name: &str) -> Result<bool, Error> {
        let held = self.answer(
            || format!("the end of the name {name:?}"),
            |entry| match &entry {
                Entry::Unregistered { name: then, held } if then == name => Ok(*held),
                _ => Err(entry),
            },
        )?;
        self.ledger.unnamed(name);
        Ok(held)
    }

    fn context(&self) -> &Context {
        self.identity.context
    }

    fn can(&mut self, _action: &str, _resource: &str) -> bool {
        self.flag("whether it may do something")
    }

    fn can_with(&mut self, _action: &str, _on: &str, _attributes: &[(String, Scalar)]) -> bool {
        self.flag("whether it may do something")
    }

    fn check(&mut self, _action: &str, _resource: &str) -> Result<(), Error> {
        self.output(&Entry::Done)
    }

    fn print(&mut self, line: &[u8]) {
        // A difference is kept.
        let _ = self.output(&Entry::Printed(line.to_vec()));
    }

    fn log(&mut self, record: LogRecord) {
        let _ = self.output(&Entry::Logged(record));
    }

    fn ask(&mut self, request: Request) -> Result<Fragment, Error> {
        let answer = self.answer(
            || format!("{request:?}"),
            |entry| if let Entry::Answer(value) = entry { Ok(value) } else { Err(entry) },
        )?;
        match request {
            Request::Subscribe { pattern } => self.ledger.subscribes(pattern, Some(&answer)),
            Request::Unsubscribe { pattern } => self.ledger.subscribes(pattern, None),
            _ => {}
        }
        Ok(answer)
    }

    fn start(&mut self, call: Call) -> Result<CallId, Error> {
        match call {
            Call::Sleep { .. } => {
                let (call, until) = self.answer(
                    || "a timer".into(),
                    |entry| match entry {
                        Entry::Sleeps { call, until } => Ok((call, until)),
                        entry => Err(entry),
                    },
                )?;
                self.ledger.opens(call, Waits::Time(until));
                Ok(call)
            }
            Call::Process(request) | Call::Function(request) => {
                let (_, call) = self.spawned(*request)?;
                call.ok_or_else(over)
            }
            call => {
                let id = self.answer(
                    || format!("{call:?}"),
                    |entry| match &entry {
                        Entry::Called { call: id, what } if **what == call => Ok(*id),
                        _ => Err(entry),
                    },
                )?;
                self.ledger.opens(id, Waits::Outside(Box::new(call)));
                Ok(id)
            }
        }
    }

    fn is_finished(&self, _id: CallId) -> bool {
        !self.withheld.get() && self.flag("whether a reply is there")
    }

    fn finish(&mut self, id: CallId) -> Option<Result<Fragment, Error>> {
        if self.withheld.get() {
            return None;
        }
        match self.next() {
            Some(Entry::Reply { call, result }) if call == id => {
                self.ledger.calls.remove(&id);
                Some(result)
            }
            Some(Entry::Nothing) | None => None,
            Some(entry) => {
                let _ = self.differs::<()>(&entry, &format!("the reply of {id:?}"));
                None
            }
        }
    }

    fn is_open(&self, _id: CallId) -> bool {
        self.flag("whether a call is open")
    }

    fn expire(&mut self, id: CallId, _nanoseconds: u64) -> Result<(), Error> {
        let until = self.answer(
            || format!("a deadline of {id:?}"),
            |entry| if let Entry::Expires(until) = entry { Ok(until) } else { Err(entry) },
        )?;
        self.ledger.expires(id, until);
        Ok(())
    }

    fn abandon(&mut self, id: CallId) {
        self.strayed.set(self.strayed.get() || self.withheld.get());
        self.ledger.calls.remove(&id);
    }
}
