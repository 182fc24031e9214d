//! The beginning of durable processes, and of all processes that durable ones start: what a spawn's result
//! names is made at once, and does not run before the commit that asks for it is on disk.

use super::keeper::{Keeper, too_many};
use super::process::Kept;
use crate::birth::{Bond, START_INSTRUCTIONS, guarded};
use crate::door::{Door, Purpose};
use crate::guests::Resident;
use crate::program::Loaded;
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::gate::Reserved;
use procession_durable::head::{Birth, Condition, Head, number};
use procession_durable::journal::{Entry, Source};
use procession_durable::keys;
use procession_durable::ledger::Ledger;
use procession_durable::record::Parcel;
use procession_durable::recorder::Recorder;
use procession_environment::{CallId, Guest, SpawnRequest};
use procession_kernel::{Directory as _, SlotIndex, Spawn, Spawned, TurnEnd};
use procession_store::{Change, Space};
use procession_types::{
    Context, Error, ErrorKind, ExitReason, Failure, HostIndex, Message, Pid, SmolStr,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Commits of a shard under way from which on nobody is born who could be born later: a fraction of a second
/// of a disk's time.
const FLIGHTS_MAX: usize = 16_384;

/// A process that has been made and does not run yet.
pub(crate) struct Embryo {
    pub(crate) slot: SlotIndex,
    guest: Box<dyn Guest>,
    /// When it is durable.
    pub(crate) newborn: Option<Newborn>,
}

/// A durable process that is not in the store yet.
pub(crate) struct Newborn {
    pub(crate) head: Head,
    /// What puts it there.
    pub(crate) changes: Vec<Change>,
    /// Where the messages of its mailbox are written down.
    pub(crate) sources: BTreeMap<u64, Source>,
}

impl Newborn {
    /// A durable process on this shard, and its PID.
    pub(crate) fn new(
        worker: &mut Worker,
        keeper: &Keeper,
        loaded: &Loaded,
        host: HostIndex,
        (parent, context, owner): (Option<Pid>, &Context, Option<&SmolStr>),
        request: &SpawnRequest,
    ) -> Result<(Pid, Self), Error> {
        let Some(durable) = &loaded.durable else {
            return Err(Error::new(ErrorKind::Internal, "the program is not durable"));
        };
        let (pid, numbers) = keeper.number(host, worker.shard);
        let birth = Birth {
            pid,
            host: request.host.clone(),
            parent,
            at: worker.now,
            arguments: request.arguments.clone(),
            context: context.clone(),
            limits: loaded.definition.limits,
            program: loaded.definition.program.clone(),
            hash: durable.hash,
        };
        let head = Head {
            program: birth.program.clone(),
            hash: durable.hash,
            durability: durable.durability,
            condition: Condition::Alive,
            birth,
        };
        let id = number(&pid);
        let (page, bits) = keeper.alive.set(pid, true);
        let mut changes = vec![
            Change::put(Space::Head, keys::process(id), encoded(&head)),
            Change::put(Space::Meta, page, bits),
            // Until its first turn is on disk: it must have one.
            Change::put(Space::Uneasy, keys::process(id), encoded(&pid)),
            numbers,
        ];
        changes.extend(keeper.store_program(&durable.program, &durable.hash));
        changes.extend(request.name.iter().map(|name| claimed(name, pid)));
        if let (Some(owner), Some(parent)) = (owner, parent) {
            changes.push(keeper.owners.born(owner, pid, parent));
        }
        Ok((pid, Self { head, changes, sources: BTreeMap::new() }))
    }

    /// Writes down the messages that are in its mailbox from the start.
    pub(crate) fn write_down(
        &mut self,
        from: Option<Pid>,
        messages: &[(procession_types::Topic, procession_types::Fragment)],
        mut source: impl FnMut() -> Source,
    ) {
        let id = number(&self.head.birth.pid);
        for (at, (topic, payload)) in messages.iter().enumerate() {
            let source = source();
            let message = Message { topic: topic.clone(), from, payload: payload.clone() };
            let parcel = encoded(&Parcel::Message(message));
            self.changes.push(Change::put(Space::Inbox, keys::inbox(id, source), parcel));
            self.sources.insert(at as u64, source);
        }
    }
}

/// A name that a durable process has.
pub(crate) fn claimed(name: &str, pid: Pid) -> Change {
    Change::put(Space::Name, name.as_bytes(), encoded(&pid))
}

impl Door<'_> {
    /// The first half of a spawn by a durable process: everything is made, and nothing runs.
    pub(crate) fn reserve(
        &mut self,
        request: &SpawnRequest,
        purpose: Purpose,
    ) -> Result<Reserved, Error> {
        let called = purpose != Purpose::Spawn;
        self.worker.sends += 1;
        let (host, loaded, context) = self.check_request(request, purpose)?;
        let shared = Arc::clone(&self.worker.shared);
        if let Some(name) = &request.name
            && let Some(holder) = shared.directory.holder(name)
        {
            if called {
                let message = format!("name \"{name}\" is taken");
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
            return Ok(Reserved::Existing(holder));
        }
        let limits = &loaded.definition.limits;
        let guest = guarded(|| loaded.image.spawn(&request.arguments, limits))?;
        // The process of a call lives no longer than the call.
        let keeper = shared.keeper.as_ref().filter(|_| loaded.durable.is_some() && !called);
        let newborn = keeper
            .map(|keeper| {
                let inherited = (Some(self.pid), &*context, None);
                Newborn::new(self.worker, keeper, &loaded, host, inherited, request)
            })
            .transpose()?;
        let spawn = Spawn {
            pid: newborn.as_ref().map(|(pid, _)| *pid),
            host,
            definition: Arc::clone(&loaded.definition),
            context,
            parent: Some(self.slot),
            monitored: request.monitored,
            linked: request.linked,
            called,
            name: request.name.clone(),
            messages: request.messages.clone(),
        };
        let spawned = self.worker.step(|kernel, cx| kernel.spawn(cx, spawn));
        if !matches!(spawned, Ok(Spawned::New { .. }))
            && let Some((pid, _)) = &newborn
        {
            self.worker.never_born(*pid);
        }
        match spawned? {
            Spawned::Existing(holder) => Ok(Reserved::Existing(holder)),
            Spawned::New { slot, pid, call } => {
                let newborn = newborn.map(|(_, newborn)| newborn);
                self.worker.desk.embryos.insert(pid, Embryo { slot, guest, newborn });
                Ok(Reserved::New(pid, call.map(|call| CallId(call.0))))
            }
        }
    }
}

impl Worker {
    /// A durable process that is to be started by one that is not, or from outside; `None` when its
    /// program is not durable.
    pub(crate) fn newborn(
        &mut self,
        loaded: &Loaded,
        host: HostIndex,
        (parent, context, bond): (Option<SlotIndex>, &Context, &Bond),
        request: &SpawnRequest,
    ) -> Result<Option<(Pid, Newborn)>, Error> {
        if loaded.durable.is_none() || *bond == Bond::Called {
            return Ok(None);
        }
        let Some(keeper) = self.shared.keeper.clone() else {
            let message = format!(
                "the program \"{}\" is durable, and the node has no store: start the node with one",
                request.program
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        };
        // What a durable process starts waits for room with its parent.
        keeper.check_room()?;
        // Nobody can leave memory before all that it did is on disk: whoever starts more processes than the
        // disk keeps up with would fill the memory with them.
        if self.desk.flights.len() >= FLIGHTS_MAX {
            return Err(too_many());
        }
        let parent = parent.and_then(|slot| self.kernel.pid(slot));
        let owner = if let Bond::Owned(owner) = bond { Some(owner) } else { None };
        let (pid, mut newborn) =
            Newborn::new(self, &keeper, loaded, host, (parent, context, owner), request)?;
        if !request.messages.is_empty() {
            let (n, mut index) = (keeper.receipt(), 0);
            newborn.write_down(parent, &request.messages, || {
                index += 1;
                Source { id: Source::OUTSIDE, n, index }
            });
        }
        Ok(Some((pid, newborn)))
    }

    /// A PID was given, and nobody has it.
    pub(crate) fn never_born(&mut self, pid: Pid) {
        if let Some(keeper) = &self.shared.keeper {
            keeper.alive.set(pid, false);
            // It is not in the store yet.
            let _ = keeper.owners.died(pid);
        }
    }

    /// Runs a durable process that was made for somebody who is not durable.
    pub(crate) fn begin_newborn(
        &mut self,
        slot: SlotIndex,
        guest: Box<dyn Guest>,
        mut newborn: Newborn,
        parent: Option<SlotIndex>,
    ) -> Result<(), Error> {
        let pid = newborn.head.birth.pid;
        let first = std::mem::take(&mut newborn.changes);
        let started = self.start_durable(slot, pid, guest, newborn, first);
        if started.is_err() {
            self.step(|kernel, cx| kernel.discard(cx, slot, parent));
        }
        started
    }

    /// Lets a process run that was made for a durable one: the commit that asks for it is on disk.
    pub(crate) fn hatch(&mut self, parent: Pid, pid: Pid) {
        let Some(Embryo { slot, guest, newborn }) = self.desk.embryos.remove(&pid) else { return };
        if self.kernel.pid(slot) != Some(pid) {
            return;
        }
        let started = match newborn {
            None => self.start_guest(slot, pid, Some(parent), guest),
            // Its parent's commit has put it into the store.
            Some(newborn) => self.start_durable(slot, pid, guest, newborn, Vec::new()),
        };
        if let Err(error) = started {
            // Who watches it is told, as of any other end.
            let end = TurnEnd::Exited(ExitReason::failed(Failure::Error(error)));
            self.step(|kernel, cx| kernel.end_turn(cx, slot, 0, end));
        }
    }

    /// A process that was made is not wanted: the commit that asks for it will never be.
    pub(crate) fn discard_embryo(&mut self, pid: Pid) {
        let Some(embryo) = self.desk.embryos.remove(&pid) else { return };
        if let Some(keeper) = self.shared.keeper.clone().filter(|_| pid.is_durable()) {
            keeper.alive.set(pid, false);
        }
        let slot = embryo.slot;
        if self.kernel.pid(slot) == Some(pid) {
            self.step(|kernel, cx| kernel.discard(cx, slot, None));
        }
    }

    /// Runs the top level of a durable process's program; `first` is what its first commit carries along.
    pub(crate) fn start_durable(
        &mut self,
        slot: SlotIndex,
        pid: Pid,
        guest: Box<dyn Guest>,
        newborn: Newborn,
        first: Vec<Change>,
    ) -> Result<(), Error> {
        let program = SmolStr::new(self.program(slot));
        self.tell_spawned(pid, &program, newborn.head.birth.parent);
        let charge = self.shared.residence.charge(pid.host);
        let mut kept = Kept::new(charge, newborn.head, Ledger::default(), 0);
        kept.is_uneasy = true;
        kept.sources = newborn.sources;
        kept.first = first;
        self.begin_durable(slot, kept, guest)
    }

    /// The first turn of a guest, whose top level has not run.
    pub(crate) fn begin_durable(
        &mut self,
        slot: SlotIndex,
        mut kept: Kept,
        mut guest: Box<dyn Guest>,
    ) -> Result<(), Error> {
        let pid = kept.pid;
        kept.recording.begin(&Entry::Start { budget: START_INSTRUCTIONS as usize });
        kept.recording.changed = true;
        let (mut ledger, mut recording) =
            (std::mem::take(&mut kept.ledger), std::mem::take(&mut kept.recording));
        let started = guarded(|| {
            let mut door = kept.door(Door::starting(self, slot, pid));
            let mut host = Recorder::new(&mut door, &mut ledger, &mut recording, u32::MAX);
            guest.start(&mut host, START_INSTRUCTIONS)
        });
        (kept.ledger, kept.recording) = (ledger, recording);
        // Its function has yet to begin.
        kept.is_busy = true;
        if let Err(error) = started {
            self.unstarted = Some((pid, error.clone()));
            self.drop_outputs(&kept.recording.outputs.clone());
            self.bury_unborn(&kept);
            return Err(error);
        }
        let used = guest.usage().instructions;
        let cell = self.cell(slot, pid);
        let counts = self.tally.at(cell);
        (counts.spawned, counts.instructions) = (counts.spawned + 1, counts.instructions + used);
        let resident = Resident::new(pid, guest, used, (self.now, cell));
        self.desk.kept.insert(slot, Box::new(kept));
        self.seal(slot, resident.guest.usage(), None);
        self.note_resident(slot, resident.guest.usage().memory_bytes);
        self.guests.put(slot, resident);
        self.step(|kernel, cx| kernel.launch(cx, slot, used));
        Ok(())
    }
}
