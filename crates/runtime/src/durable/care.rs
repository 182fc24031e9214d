//! Durable processes that belong to services and pools: how they are adopted, put to rest, and kept there.

use super::owners::Owners;
use super::process::{Arrival, Early};
use crate::birth::Bond;
use crate::door::{Door, Purpose};
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::number;
use procession_durable::journal::Source;
use procession_durable::keys;
use procession_durable::record::Parcel;
use procession_environment::{Owned, SpawnRequest};
use procession_kernel::Directory as _;
use procession_store::{Change, Space};
use procession_types::{Error, ErrorKind, Message, Pid, Rest, SmolStr};
use std::sync::Arc;

impl Door<'_> {
    /// See [`procession_environment::Host::spawn_owned`].
    pub(crate) fn own(&mut self, request: SpawnRequest) -> Result<Owned, Error> {
        // It may do all that a call may, and is no call.
        let (host, loaded, context) = self.check_request(&request, Purpose::Call)?;
        if let (Some(name), Some(owners)) = (&request.name, self.owners())
            && let Some(pid) = self.left_by(&owners, name).find(|pid| self.holds(*pid, name))
        {
            if loaded.durable.is_none() {
                return Err(self.not_durable_any_more(name, pid));
            }
            self.take_in(&owners, pid)?;
            return Ok(Owned { pid, call: None, is_adopted: true });
        }
        if loaded.durable.is_none() {
            let (pid, call) = self.spawn_or_call(request, Purpose::Call)?;
            return Ok(Owned { pid, call, is_adopted: false });
        }
        self.worker.sends += 1;
        let owner = request.name.clone().unwrap_or_else(|| SmolStr::new(self.own_program()));
        let (pid, _) = self.bear(request, (host, loaded, context), Bond::Owned(owner))?;
        Ok(Owned { pid, call: None, is_adopted: false })
    }

    /// See [`procession_environment::Host::adopt`].
    pub(crate) fn adopt_all(&mut self, program: &str, host: &str) -> Option<Vec<Pid>> {
        let shared = Arc::clone(&self.worker.shared);
        let host = shared.host(host).unwrap_or_default();
        let loaded = shared.programs.load(program, host);
        let owners = self.owners().filter(|_| loaded.is_ok_and(|it| it.durable.is_some()))?;
        let owner = SmolStr::new(self.own_program());
        let left: Vec<Pid> = self.left_by(&owners, &owner).collect();
        Some(left.into_iter().filter(|pid| self.take_in(&owners, *pid).is_ok()).collect())
    }

    /// Puts a durable child to rest.
    pub(crate) fn put_to_rest(&mut self, child: Pid) -> Result<(), Error> {
        let owners = self.owners().filter(|owners| owners.released(child, self.pid));
        if owners.is_none() {
            let message = "only a durable process is put to rest, by who looks after it";
            return Err(Error::invalid(message));
        }
        let (slot, parent) = (self.slot, self.pid);
        self.worker.step(|kernel, cx| kernel.unmonitor(cx, slot, child))?;
        self.worker.send_to_rest(child, Some(parent));
        Ok(())
    }

    /// Members of a pool with this id belong to it, too, and have no name.
    fn holds(&self, pid: Pid, name: &str) -> bool {
        self.worker.shared.directory.holder(name) == Some(pid)
    }

    fn owners(&self) -> Option<Arc<Owners>> {
        self.worker.shared.keeper.as_ref().map(|keeper| Arc::clone(&keeper.owners))
    }

    pub(super) fn own_program(&self) -> &str {
        self.worker.program(self.slot)
    }

    /// Processes of an owner that live and have no guardian, or one that is gone.
    fn left_by<'a>(&self, owners: &'a Owners, owner: &str) -> impl Iterator<Item = Pid> + use<'a> {
        let shared = Arc::clone(&self.worker.shared);
        owners.of(owner).into_iter().filter(move |pid| {
            let guardian = owners.guardian(*pid);
            shared.is_alive(*pid) && guardian.is_none_or(|guardian| !shared.is_alive(guardian))
        })
    }

    fn take_in(&mut self, owners: &Owners, child: Pid) -> Result<(), Error> {
        self.check_living()?;
        owners.adopted(child, self.pid);
        let slot = self.slot;
        let adopted = self.worker.step(|kernel, cx| kernel.adopt(cx, slot, child));
        if adopted.is_err() {
            owners.released(child, self.pid);
        }
        adopted
    }

    fn not_durable_any_more(&self, owner: &str, pid: Pid) -> Error {
        let pid = self.worker.shared.pid_text(pid);
        let message = format!(
            "its program is not durable any more, and a durable process of {owner} is at rest: let the \
             program be durable again, or end that process with procession kill '{pid}'"
        );
        Error::new(ErrorKind::Conflict, message)
    }
}

impl Worker {
    /// A supervisor or pool has ended, however: what it has left stays at rest until it is adopted.
    pub(crate) fn leave_children(&mut self, guardian: Pid) {
        let Some(owners) = self.shared.keeper.as_ref().map(|keeper| Arc::clone(&keeper.owners))
        else {
            return;
        };
        for child in owners.guarded_by(guardian) {
            owners.released(child, guardian);
            self.send_to_rest(child, None);
        }
    }

    /// Has a process put to rest by its home, behind all that is under way to it from here.
    fn send_to_rest(&mut self, child: Pid, parent: Option<Pid>) {
        let home = child.shard % self.shared.shards();
        self.post_task(home, Box::new(move |worker| worker.lay_to_rest(child, parent)));
    }

    /// Takes a process out of memory that has no guardian any more, and tells who was it.
    fn lay_to_rest(&mut self, pid: Pid, parent: Option<Pid>) {
        // It may have found another one meanwhile.
        if self.is_barred(pid)
            && let Some(slot) = self.kernel.locate(pid)
        {
            self.rest_one(slot);
        }
        if let Some(parent) = parent {
            self.step(|kernel, cx| kernel.tell_parent(cx, pid, parent, Rest::Asleep));
        }
        self.flush();
    }

    /// Whether nobody looks after a process that belongs to somebody.
    pub(crate) fn is_barred(&self, pid: Pid) -> bool {
        self.shared.keeper.as_ref().is_some_and(|keeper| keeper.owners.is_barred(pid))
    }

    /// Something has come for a process that is not to be brought back: its messages are written down. Says
    /// whether it was to be ended, for which it has to be brought back all the same.
    pub(crate) fn stay_asleep(&mut self, pid: Pid) -> bool {
        let is_brief = self.desk.withheld.contains(&pid);
        let (messages, is_unwanted) = self.step(|kernel, cx| kernel.stay_asleep(cx, pid, is_brief));
        let room = self.shared.keeper.as_ref().map_or(0, |keeper| keeper.resting.room(pid));
        // Who sends is refused when there is none; these were under way.
        self.kernel.count_lost(messages.len().saturating_sub(room));
        let written = self.write_down(pid, messages.into_iter().take(room));
        if let Some(keeper) = self.shared.keeper.as_ref().filter(|_| !written.is_empty()) {
            keeper.resting.add(pid, written.len());
            self.desk.early.entry(pid).or_default().extend(written);
        }
        is_unwanted && !self.desk.is_resting && !is_brief
    }

    /// Writes down messages for a process that is not in memory. Gives them with their places.
    pub(crate) fn write_down(
        &mut self,
        pid: Pid,
        messages: impl Iterator<Item = Message>,
    ) -> Vec<Arrival> {
        let Some(keeper) = self.shared.keeper.clone() else { return Vec::new() };
        let id = number(&pid);
        let parcels = messages.map(|message| {
            let source = Source { id: Source::OUTSIDE, n: keeper.receipt(), index: 0 };
            Arrival { source, parcel: Parcel::Message(message), group: Arrival::SOON }
        });
        let parcels: Vec<Arrival> = parcels.collect();
        let changes = parcels.iter().map(|Arrival { source, parcel, .. }| {
            Change::put(Space::Inbox, keys::inbox(id, *source), encoded(parcel))
        });
        let changes: Vec<Change> = changes.collect();
        if !changes.is_empty() {
            self.fly_changes(pid, changes);
        }
        parcels
    }

    /// A process stands still, or can't be brought back: what has come for it waits in the store, and who
    /// looks after it is told.
    pub(crate) fn stand_still(&mut self, pid: Pid, error: Error) {
        if !self.renewals.is_empty() {
            let why = format!(
                "the process stands still ({error}): let it go on with procession skip, then upgrade it"
            );
            self.refuse_renewals(pid, &why);
        }
        let waiting = self.desk.returned.remove(&pid).unwrap_or_default();
        let early = self.desk.early.remove(&pid).unwrap_or_default();
        let early: Early = early.into_iter().map(|it| (Some(it.source), it.parcel)).collect();
        let queued = waiting.iter().chain(&early).filter_map(|it| match it {
            (Some(source), Parcel::Message(message)) => Some((*source, message.clone())),
            _ => None,
        });
        self.leave_with(pid, queued.collect::<Vec<_>>().into_iter());
        // What has a place is in the store.
        let unwritten = waiting.into_iter().filter_map(|it| match it {
            (None, Parcel::Message(message)) => Some(message),
            _ => None,
        });
        let unwritten: Vec<Message> = unwritten.collect();
        self.write_down(pid, unwritten.into_iter());
        if self.stay_asleep(pid) {
            return self.bring_back_to_end(pid);
        }
        let Some(keeper) = self.shared.keeper.clone() else { return };
        if keeper.owners.set_halted(pid, Some(error))
            && let Some(guardian) = keeper.owners.guardian(pid)
        {
            self.step(|kernel, cx| kernel.tell_parent(cx, pid, guardian, Rest::Halted));
        }
    }
}
