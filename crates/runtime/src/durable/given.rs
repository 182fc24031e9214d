//! How a process goes on with a state that was made elsewhere: a record says whose it is, and the snapshot
//! behind that record has it. One commit brings both, so there is never one without the other, and who
//! comes back finds a snapshot and a log as always.

use super::birth::claimed;
use super::keeper::{Keeper, of_store};
use super::pages::NewPages;
use super::recover::Past;
use super::snapshots::{apart, written};
use crate::door::check_name;
use crate::drain::Starter;
use crate::node::Node;
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::{Birth, Condition, Head, ProgramHash, number};
use procession_durable::keys;
use procession_durable::ledger::Ledger;
use procession_durable::record::{Kind, Origin, Record, Usage};
use procession_durable::snapshot::{Snapshot, State};
use procession_kernel::{ClaimError, Directory as _};
use procession_store::{Append, Change, Commit, LogEnds, Space, link};
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Limit, Pid, SmolStr, Timestamp};
use std::sync::mpsc::channel;

/// The state of a process between two inputs, with all that is needed to go on from there.
pub(super) struct Captured {
    /// How the process is kept; its program is the one whose state it is.
    pub(super) head: Head,
    pub(super) ledger: Ledger,
    pub(super) instructions: u64,
    pub(super) memory_bytes: u64,
    pub(super) state: Vec<u8>,
}

impl Past<'_> {
    /// The process as it is here.
    ///
    /// # Errors
    /// `Conflict` when there is nothing to be captured.
    pub(super) fn captured(self) -> Result<Captured, Error> {
        let Self { head, ledger, guest, n, is_started, has_ended, is_intact, .. } = self;
        let slot = ledger.inputs;
        let conflict = |what: String| Err(Error::new(ErrorKind::Conflict, what));
        if has_ended && !is_intact {
            return conflict(format!("the process has ended at slot {slot}: take an earlier one"));
        }
        if !is_started {
            return conflict(format!("the process has not begun before record {n}"));
        }
        let usage = guest.usage();
        let Some(state) = guest.snapshot() else {
            return conflict(format!(
                "the state at slot {slot} can't be captured: take another one"
            ));
        };
        let (instructions, memory_bytes) = (usage.instructions, usage.memory_bytes);
        Ok(Captured { head, ledger, instructions, memory_bytes, state })
    }
}

/// A state on its way into the store.
pub(super) struct Given {
    origin: Origin,
    program: (SmolStr, ProgramHash),
    ledger: Ledger,
    usage: Usage,
    state: State,
    pages: NewPages,
    /// BLAKE3 of the state.
    pub(super) hash: [u8; 32],
}

impl Given {
    /// Hashes and compresses the state.
    pub(super) fn new(origin: Origin, captured: Captured) -> Self {
        let Captured { head, ledger, instructions, memory_bytes, state } = captured;
        let hash = *blake3::hash(&state).as_bytes();
        let (state, pages) = apart(&state);
        let usage = Usage { instructions, state_bytes: memory_bytes, duration_ns: 0 };
        Self { origin, program: (head.program, head.hash), ledger, usage, state, pages, hash }
    }

    /// The commit that appends it as record `n` of a process, which takes so many inputs.
    pub(super) fn commit(
        self,
        (id, n): (u64, u64),
        previous: &[u8; 32],
        (at, inputs): (Timestamp, u32),
    ) -> Commit {
        let Self { origin, program: (program, version), mut ledger, usage, state, pages, hash } =
            self;
        let slot = ledger.inputs;
        ledger.inputs += u64::from(inputs);
        let kind = Kind::Given { origin, program, hash: version, state: hash };
        let record = Record { at, slot, inputs, usage, kind }.bytes();
        let snapshot = Snapshot {
            n: n + 1,
            at,
            previous: link(id, n, previous, &record),
            program: version,
            instructions: usage.instructions,
            ledger,
            state,
            hash,
        };
        let changes = written(id, &snapshot, pages);
        Commit { append: Some(Append { id, n, record }), changes }
    }
}

/// A process that begins with a state that was made elsewhere.
pub(super) struct Newcomer {
    /// As of the one whose state it is; it gets a PID and a birth of its own.
    pub(super) head: Head,
    pub(super) given: Given,
    pub(super) name: Option<SmolStr>,
    /// What its commit must carry along.
    pub(super) changes: Vec<Change>,
    /// What is told of it.
    pub(super) kind: EventKind,
    /// Whose state it is, and at which slot, for the event.
    pub(super) of: (String, u64),
}

impl Node {
    /// Lets a newcomer live. It is on disk when this returns.
    pub(super) fn welcome(&self, shard: u16, newcomer: Newcomer) -> Result<Pid, Error> {
        let (sender, receiver) = channel();
        let stopped = |_| Error::new(ErrorKind::Unavailable, "the node is stopping");
        self.on(shard, move |worker| {
            // Whoever asked is waiting for it.
            let told = move |result| drop(sender.send(result));
            worker.welcome(newcomer, Box::new(told));
        })?;
        receiver.recv().map_err(stopped)?
    }
}

/// Is told who a newcomer is, or why it is not there.
type Welcomed = Box<dyn FnOnce(Result<Pid, Error>) + Send>;

impl Worker {
    fn welcome(&mut self, newcomer: Newcomer, told: Welcomed) {
        match self.may_come_new(&newcomer) {
            Ok(keeper) => self.bring_in(&keeper, newcomer, told),
            Err(error) => told(Err(error)),
        }
    }

    /// Whether a process may begin there, under that name.
    fn may_come_new(&self, newcomer: &Newcomer) -> Result<std::sync::Arc<Keeper>, Error> {
        let shared = &self.shared;
        let unavailable = |what: &str| Error::new(ErrorKind::Unavailable, what.to_owned());
        if shared.stopping.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(unavailable("the node is shutting down"));
        }
        let keeper = shared.keeper.clone().ok_or_else(|| unavailable("the node has no store"))?;
        keeper.check_room()?;
        let id = &newcomer.head.birth.host;
        let not_found = || Error::not_found(format!("process host \"{id}\" not found"));
        let host = shared.host(id).ok_or_else(not_found)?;
        let gates = &shared.drains.gates;
        gates.check_start(host, Starter::Outside, || id.clone())?;
        if let Some(name) = &newcomer.name {
            check_name(name)?;
            gates.check_name(name)?;
        }
        let hosts = shared.programs.hosts();
        let most = hosts.get(usize::from(host)).ok_or_else(not_found)?.processes_max;
        if !shared.directory.enter_host(host, most) {
            let message = format!("host {id} runs {most} processes");
            return Err(Error::limit(Limit::Processes, message));
        }
        // It is counted when it comes into memory.
        shared.directory.leave_host(host);
        Ok(keeper)
    }

    fn bring_in(&mut self, keeper: &Keeper, newcomer: Newcomer, told: Welcomed) {
        let Newcomer { head, mut given, name, mut changes, kind, of } = newcomer;
        let host = self.shared.host(&head.birth.host).unwrap_or_default();
        let (pid, numbers) = keeper.number(host, self.shard);
        let (page, bits) = keeper.alive.set(pid, true);
        if let Some(name) = &name {
            let names_max = head.birth.limits.names_max;
            if let Err(error) = self.shared.directory.claim(name, pid, names_max) {
                self.never_born(pid);
                return told(Err(refused_name(&error, name)));
            }
        }
        let (program, hash) = given.program.clone();
        let birth = Birth { pid, parent: None, at: self.now, program, hash, ..head.birth };
        let (program, condition) = (birth.program.clone(), Condition::Alive);
        let head = Head { birth, program: program.clone(), hash, condition, ..head };
        let id = number(&pid);
        given.ledger.names = name.iter().cloned().collect();
        changes.extend([
            numbers,
            Change::put(Space::Head, keys::process(id), encoded(&head)),
            Change::put(Space::Meta, page, bits),
            // It may be in the middle of something.
            Change::put(Space::Uneasy, keys::process(id), encoded(&pid)),
        ]);
        changes.extend(name.iter().map(|name| claimed(name, pid)));
        let wake = given.ledger.next_time(&head.birth);
        changes.extend(wake.map(|at| Change::put(Space::Wake, keys::wake(at, id), encoded(&pid))));
        let mut commit = given.commit((id, 0), &LogEnds::EMPTY.previous, (self.now, 0));
        commit.changes.append(&mut changes);
        let done = move |worker: &mut Self, result: Result<(), Error>| {
            if let Err(error) = result {
                worker.never_born(pid);
                if let Some(name) = &name {
                    worker.shared.directory.release(name);
                }
                return told(Err(error));
            }
            let (whose, slot) = (of.0.as_str(), of.1.to_string());
            worker.tell(kind, (pid, &program), &[("of", whose), ("slot", &slot)], "");
            worker.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
            told(Ok(pid));
        };
        self.fly_alone(pid, commit, Some(Box::new(done)));
    }
}

fn refused_name(error: &ClaimError, name: &str) -> Error {
    match error {
        ClaimError::TooMany => Error::limit(Limit::Names, "too many registered names"),
        ClaimError::Taken(_) | ClaimError::Dead => {
            Error::new(ErrorKind::AlreadyExists, format!("name \"{name}\" is taken"))
        }
    }
}

/// The hash of the record before a log's next one, and the number of that.
pub(super) fn end_of(keeper: &Keeper, id: u64) -> Result<LogEnds, Error> {
    keeper.store.log_ends(id).map_err(|error| of_store(&error))
}
