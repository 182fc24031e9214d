//! An environment whose guests are recorded, and run again from their journals when they have ended:
//! from the beginning, and from snapshots on the way. Their states must be the same, word by word.

use procession_durable::bytes::{decoded, encoded};
use procession_durable::gate::{Gate, Purpose, Reserved};
use procession_durable::journal::{Entry, Source};
use procession_durable::ledger::Ledger;
use procession_durable::recorder::{Recorder, Recording};
use procession_durable::replay::{End, replay};
use procession_durable::replayer::Identity;
use procession_environment::{
    Call, CallId, CancelRequest, Environment, Guest, Host, Image, Inspection, LogRecord, Options,
    Program, Queue, Relation, Request, Seen, SpawnRequest, Turn, Usage,
};
use procession_types::{
    Context, Error, Event, ExitReason, Fragment, Limits, Message, Pid, Scalar, Timestamp, Topic,
    parse_pid,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What came of it.
#[derive(Default)]
pub(crate) struct Findings {
    /// Processes that have ended, still to be run again.
    runs: Mutex<Vec<Run>>,
    /// States that were compared.
    pub(crate) compared: AtomicU64,
    /// Replays from a snapshot in the middle.
    pub(crate) resumed: AtomicU64,
}

impl Findings {
    /// Runs every process again that has ended, as often as it can be done.
    ///
    /// # Errors
    /// What differed.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let runs = std::mem::take(&mut *self.runs.lock().expect("nobody panics with it"));
        let mut differences = Vec::new();
        for run in runs {
            let kept = (0..run.marks.len()).filter(|&number| run.marks[number].snapshot.is_some());
            for from in std::iter::once(None).chain(kept.map(Some)) {
                if let Err(what) = run.again(from, self) {
                    let program = run.who.as_ref().map_or("?", |who| &who.program);
                    differences.push(format!("{program}: {what}"));
                }
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(differences.join("\n    ")) }
    }
}

/// See the module.
pub(crate) struct Replaying<E> {
    pub(crate) inner: E,
    pub(crate) findings: Arc<Findings>,
}

impl<E: Environment> Environment for Replaying<E> {
    fn load(&self, program: &Program) -> Result<Arc<dyn Image>, Error> {
        let image = self.inner.load(program)?;
        // As after a new start of the node.
        let again = self.inner.load(program)?;
        Ok(Arc::new(ReplayingImage { image, again, findings: self.findings.clone() }))
    }
}

struct ReplayingImage {
    image: Arc<dyn Image>,
    /// The same, loaded once more: for replays.
    again: Arc<dyn Image>,
    findings: Arc<Findings>,
}

impl Image for ReplayingImage {
    fn spawn(&self, arguments: &Fragment, limits: &Limits) -> Result<Box<dyn Guest>, Error> {
        let guest = self.image.spawn(arguments, limits)?;
        let run = Run {
            image: self.again.clone(),
            arguments: encoded(arguments),
            limits: *limits,
            recording: Recording::default(),
            ledger: Ledger::default(),
            marks: Vec::new(),
            turns: 0,
            next_mark: 0,
            who: None,
            end: None,
        };
        Ok(Box::new(RecordedGuest { guest, run: Some(run), findings: self.findings.clone() }))
    }

    fn restore(&self, _: &[u8], _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Err(Error::invalid("recorded processes are not restored by others"))
    }
}

/// Numbers of the marks whose snapshots are kept, to be gone on from.
const KEPT: [usize; 3] = [1, 6, 20];

/// So many bytes of a state are worth a turn that is not looked at.
const LARGE_BYTES: u64 = 32 << 10;

/// A point between two turns.
struct Mark {
    /// Bytes of the journal so far.
    at: usize,
    hash: u64,
    ledger: Ledger,
    /// At some of them only.
    snapshot: Option<Vec<u8>>,
}

/// Who the process is.
struct Who {
    pid: Pid,
    program: String,
    context: Context,
    /// What PIDs were written as.
    texts: RefCell<BTreeMap<Pid, Vec<u8>>>,
}

/// All that was recorded of a process.
struct Run {
    image: Arc<dyn Image>,
    arguments: Vec<u8>,
    limits: Limits,
    recording: Recording,
    ledger: Ledger,
    marks: Vec<Mark>,
    turns: u64,
    /// The turn after which the next mark is set.
    next_mark: u64,
    who: Option<Who>,
    /// How it ended, and its instructions, unless it was ended by others where it waited.
    end: Option<(ExitReason, u64)>,
}

fn hash_of(snapshot: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(snapshot);
    hasher.finish()
}

impl Run {
    fn recorded<T>(
        &mut self,
        host: &mut dyn Host,
        entry: &Entry,
        deed: impl FnOnce(&mut dyn Host) -> T,
    ) -> T {
        let who = self.who.get_or_insert_with(|| Who {
            pid: host.pid(),
            program: host.program().to_owned(),
            context: host.context().clone(),
            texts: RefCell::default(),
        });
        self.recording.begin(entry);
        let mut gate = LiveGate { host, texts: &who.texts };
        deed(&mut Recorder::new(&mut gate, &mut self.ledger, &mut self.recording, u32::MAX))
    }

    fn mark(&mut self, guest: &dyn Guest) {
        self.turns += 1;
        if self.turns < self.next_mark {
            return;
        }
        let snapshot = guest.snapshot().expect("a guest can be captured between two turns");
        let hash = hash_of(&snapshot);
        // The farther and the larger, the fewer, or a process would be nothing but looked at.
        self.next_mark = self.turns + 1 + self.turns / 8 + snapshot.len() as u64 / LARGE_BYTES;
        let is_kept = KEPT.contains(&self.marks.len());
        self.marks.push(Mark {
            at: self.recording.journal.len(),
            hash,
            ledger: self.ledger.clone(),
            snapshot: is_kept.then_some(snapshot),
        });
    }

    /// Runs it again, from the beginning or from a mark that has a snapshot.
    fn again(&self, from: Option<usize>, findings: &Findings) -> Result<(), String> {
        let Some(who) = &self.who else { return Ok(()) };
        let write_pid = |pid: Pid, out: &mut Vec<u8>| {
            let texts = who.texts.borrow();
            out.extend_from_slice(texts.get(&pid).map_or(b"{a PID never written}", |text| text));
        };
        let identity = Identity {
            pid: who.pid,
            program: &who.program,
            context: &who.context,
            write_pid: &write_pid,
        };
        let place = from.map_or("from the beginning".to_owned(), |n| format!("from mark {n}"));
        let failed = |what: &dyn std::fmt::Display| {
            format!("replayed {place} of {}: {what}", self.marks.len())
        };
        let (guest, mut ledger, mut at) = match from.map(|number| &self.marks[number]) {
            None => {
                let arguments = decoded(&self.arguments).map_err(|damaged| failed(&damaged))?;
                (self.image.spawn(&arguments, &self.limits), Ledger::default(), 0)
            }
            Some(mark) => {
                findings.resumed.fetch_add(1, Ordering::Relaxed);
                let snapshot = mark.snapshot.as_deref().unwrap_or_default();
                (self.image.restore(snapshot, &self.limits), mark.ledger.clone(), mark.at)
            }
        };
        let mut guest = guest.map_err(|error| failed(&error))?;
        let journal = &self.recording.journal;
        for (number, then) in self.marks.iter().enumerate().skip(from.map_or(0, |from| from + 1)) {
            let part = &journal[at..then.at];
            match replay(guest.as_mut(), &identity, &mut ledger, part, u64::MAX) {
                Ok(End::Goes) => then.compare(guest.as_ref(), &ledger),
                Ok(other) => Err(format!("it ended: {other:?}")),
                Err(divergence) => Err(divergence.to_string()),
            }
            .map_err(|what| failed(&format!("at mark {number}: {what}")))?;
            findings.compared.fetch_add(1, Ordering::Relaxed);
            at = then.at;
        }
        let Some((end, instructions)) = &self.end else { return Ok(()) };
        match replay(guest.as_mut(), &identity, &mut ledger, &journal[at..], u64::MAX) {
            Ok(End::Exited(reason)) if reason == *end => {}
            Ok(other) => return Err(failed(&format!("another end: {other:?}, not {end:?}"))),
            Err(divergence) => return Err(failed(&format!("before the end: {divergence}"))),
        }
        if guest.usage().instructions != *instructions {
            return Err(failed(&"another number of instructions"));
        }
        findings.compared.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Mark {
    fn compare(&self, guest: &dyn Guest, ledger: &Ledger) -> Result<(), String> {
        if guest.snapshot().is_none_or(|snapshot| hash_of(&snapshot) != self.hash) {
            return Err("another state".into());
        }
        if *ledger != self.ledger {
            return Err(format!("another ledger: {ledger:?} instead of {:?}", self.ledger));
        }
        Ok(())
    }
}

/// A guest while it is recorded.
struct RecordedGuest {
    guest: Box<dyn Guest>,
    /// Until it has ended.
    run: Option<Run>,
    findings: Arc<Findings>,
}

impl RecordedGuest {
    /// What was recorded is whole.
    fn hand_in(&mut self, end: Option<&ExitReason>) {
        let Some(mut run) = self.run.take() else { return };
        run.end = end.map(|end| (end.clone(), self.guest.usage().instructions));
        self.findings.runs.lock().expect("nobody panics with it").push(run);
    }
}

impl Drop for RecordedGuest {
    /// It was ended by others, where it waited.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.hand_in(None);
        }
    }
}

impl Guest for RecordedGuest {
    fn start(&mut self, host: &mut dyn Host, budget: u64) -> Result<(), Error> {
        let entry = Entry::Start { budget: budget as usize };
        let guest = &mut self.guest;
        match &mut self.run {
            Some(run) => run.recorded(host, &entry, |host| guest.start(host, budget)),
            None => guest.start(host, budget),
        }
    }

    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn {
        let entry = Entry::Turn { budget: budget as usize };
        let guest = &mut self.guest;
        let Some(run) = &mut self.run else { return guest.run(host, budget) };
        let turn = run.recorded(host, &entry, |host| guest.run(host, budget));
        match &turn {
            // What it did in its last turn is not whole.
            _ if host.is_ending() => self.hand_in(None),
            Turn::Waiting | Turn::Preempted => run.mark(self.guest.as_ref()),
            Turn::Exited(reason) => self.hand_in(Some(reason)),
            Turn::Aside | Turn::Replaced => {}
        }
        turn
    }

    fn work(&mut self) {
        self.guest.work();
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        self.guest.snapshot()
    }

    fn usage(&self) -> Usage {
        self.guest.usage()
    }

    fn place(&mut self) -> Option<Box<str>> {
        self.guest.place()
    }

    fn receives(&mut self, queue: Option<Queue>) -> bool {
        self.guest.receives(queue)
    }

    fn inspect(&mut self, budget: u64, seen: Seen) -> Inspection {
        self.guest.inspect(budget, seen)
    }

    fn hibernate(&mut self) -> bool {
        self.guest.hibernate()
    }

    fn trim(&mut self) {
        if let Some(run) = &mut self.run {
            run.recording.trimmed();
        }
        self.guest.trim();
    }
}

/// A gate through which effects go at once.
struct LiveGate<'a> {
    host: &'a mut dyn Host,
    texts: &'a RefCell<BTreeMap<Pid, Vec<u8>>>,
}

impl LiveGate<'_> {
    /// Whom a destination means, about: nobody looks at it.
    fn resolved(&mut self, to: &[u8]) -> Pid {
        let text = String::from_utf8_lossy(to);
        let nobody = Pid { host: 0, shard: 0, epoch: 0, slot: 0, generation: 0 };
        match parse_pid(&text) {
            Some(pid) => Pid {
                shard: pid.shard,
                epoch: pid.epoch,
                slot: pid.slot,
                generation: pid.generation,
                ..nobody
            },
            None => self.host.lookup(&text).unwrap_or(nobody),
        }
    }
}

impl Gate for LiveGate<'_> {
    fn host(&mut self) -> &mut dyn Host {
        self
    }

    fn host_ref(&self) -> &dyn Host {
        self
    }

    fn take_event(&mut self) -> Option<(Event, Option<Source>)> {
        self.host.receive_event().map(|event| (event, None))
    }

    fn take_message(&mut self, queue: Queue) -> Option<(Message, Option<Source>)> {
        self.host.receive(queue).map(|message| (*message, None))
    }

    fn check_send(&mut self, to: &[u8], topic: &Topic, payload: &Fragment) -> Result<Pid, Error> {
        self.host.send(to, topic.clone(), payload.clone())?;
        Ok(self.resolved(to))
    }

    fn reserve(&mut self, request: &mut SpawnRequest, purpose: Purpose) -> Result<Reserved, Error> {
        let call = match purpose {
            Purpose::Spawn => {
                let holder = request.name.as_ref().and_then(|name| self.host.lookup(name).ok());
                let pid = self.host.spawn(request.clone())?;
                if holder == Some(pid) {
                    return Ok(Reserved::Existing(pid));
                }
                return Ok(Reserved::New(pid, None));
            }
            Purpose::Call => Call::Process(Box::new(request.clone())),
            Purpose::Function => Call::Function(Box::new(request.clone())),
        };
        let call = self.host.start(call)?;
        Ok(Reserved::New(self.resolved(b"{nobody|0.0.0.0}"), Some(call)))
    }

    fn check_terminate(&mut self, to: &[u8]) -> Result<Pid, Error> {
        self.host.terminate(to)?;
        Ok(self.resolved(to))
    }

    fn check_cancel(&mut self, to: &[u8], what: &CancelRequest) -> Result<(Pid, Timestamp), Error> {
        self.host.cancel(to, what.clone())?;
        Ok((self.resolved(to), self.host.now()))
    }

    fn relate_to(&mut self, relation: Relation, to: &[u8]) -> Result<Pid, Error> {
        self.host.relate(relation, to)?;
        Ok(self.resolved(to))
    }

    fn check_unregister(&mut self, name: &str) -> Result<bool, Error> {
        self.host.unregister(name)
    }

    fn open(&mut self, call: &Call) -> Result<CallId, Error> {
        self.host.start(call.clone())
    }

    fn open_sleep(&mut self, nanoseconds: u64) -> Result<(CallId, Timestamp), Error> {
        let call = self.host.start(Call::Sleep { nanoseconds })?;
        Ok((call, self.host.now().after(nanoseconds)))
    }

    fn expire_at(&mut self, call: CallId, nanoseconds: u64) -> Result<Timestamp, Error> {
        self.host.expire(call, nanoseconds)?;
        Ok(self.host.now().after(nanoseconds))
    }
}

/// Methods that ask the host behind.
macro_rules! asks {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(fn $name(&self, $($argument: $type),*) $(-> $result)? {
            self.host.$name($($argument),*)
        })*
    };
}

/// Likewise, those that may change something.
macro_rules! does {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(fn $name(&mut self, $($argument: $type),*) $(-> $result)? {
            self.host.$name($($argument),*)
        })*
    };
}

impl Host for LiveGate<'_> {
    fn write_pid(&self, pid: Pid, out: &mut Vec<u8>) {
        let start = out.len();
        self.host.write_pid(pid, out);
        self.texts.borrow_mut().insert(pid, out[start..].to_vec());
    }

    asks! {
        pid() -> Pid;
        program() -> &str;
        has_message(queue: Queue) -> bool;
        has_event() -> bool;
        waiting() -> u32;
        is_ending() -> bool;
        options() -> Options;
        context() -> &Context;
        is_finished(id: CallId) -> bool;
        is_open(id: CallId) -> bool;
    }

    does! {
        now() -> Timestamp;
        random() -> u64;
        send(to: &[u8], topic: Topic, payload: Fragment) -> Result<(), Error>;
        receive(queue: Queue) -> Option<Box<Message>>;
        receive_event() -> Option<Event>;
        listen(topic: &Topic) -> Result<Queue, Error>;
        unlisten(queue: Queue);
        spawn(request: SpawnRequest) -> Result<Pid, Error>;
        terminate(to: &[u8]) -> Result<(), Error>;
        cancel(to: &[u8], request: CancelRequest) -> Result<(), Error>;
        relate(relation: Relation, to: &[u8]) -> Result<(), Error>;
        set_options(options: Options);
        upgrade(program: Option<&str>, arguments: Fragment) -> Result<(), Error>;
        register(name: &str, pid: Option<&[u8]>) -> Result<(), Error>;
        lookup(name: &str) -> Result<Pid, Error>;
        unregister(name: &str) -> Result<bool, Error>;
        can(action: &str, resource: &str) -> bool;
        can_with(action: &str, on: &str, attributes: &[(String, Scalar)]) -> bool;
        check(action: &str, resource: &str) -> Result<(), Error>;
        print(line: &[u8]);
        log(record: LogRecord);
        ask(request: Request) -> Result<Fragment, Error>;
        start(call: Call) -> Result<CallId, Error>;
        finish(id: CallId) -> Option<Result<Fragment, Error>>;
        expire(id: CallId, nanoseconds: u64) -> Result<(), Error>;
        abandon(id: CallId);
    }
}
