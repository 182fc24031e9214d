//! The gate of a durable process: effects in two halves.
//!
//! Done at once, before the commit is durable, is only what nobody else can notice, and three things whose
//! answer the program needs: names it claims (so that no two processes believe to have one), what it asks
//! of the node's services that live in memory, and relations.

use super::process::Kept;
use super::queued::full;
use crate::door::{Door, Purpose as DoorPurpose, check_name, check_topic};
use crate::fs;
use crate::web;
use procession_durable::gate::{Gate, Purpose, Reserved};
use procession_durable::journal::Source;
use procession_environment::{Call, CallId, CancelRequest, Host, Queue, Relation, SpawnRequest};
use procession_kernel::{CallKind, Directory as _, QueueId};
use procession_types::{Error, Event, Fragment, Limit, Message, Pid, Timestamp, Topic};

/// See the module.
pub(crate) struct DurableDoor<'a, 'b> {
    door: Door<'a>,
    kept: &'b mut Kept,
}

impl Gate for DurableDoor<'_, '_> {
    fn host(&mut self) -> &mut dyn Host {
        &mut self.door
    }

    fn host_ref(&self) -> &dyn Host {
        &self.door
    }

    fn take_message(&mut self, queue: Queue) -> Option<(Message, Option<Source>)> {
        let slot = self.door.slot;
        let worker = &mut *self.door.worker;
        let (at, message) =
            worker.step(|kernel, cx| kernel.receive_entry(cx, slot, QueueId(queue.0)))?;
        worker.receives += 1;
        Some((*message, self.kept.sources.remove(&at)))
    }

    fn take_event(&mut self) -> Option<(Event, Option<Source>)> {
        let event = self.door.receive_event()?;
        let mut source = None;
        if let Event::Cancel { from, at, .. } = &event {
            let known = self.kept.cancels.iter().position(|(by, then, _)| by == from && then == at);
            source = known.map(|position| self.kept.cancels.remove(position).2);
        }
        Some((event, source))
    }

    fn check_send(&mut self, to: &[u8], topic: &Topic, payload: &Fragment) -> Result<Pid, Error> {
        let door = &mut self.door;
        door.check_living()?;
        check_topic(topic)?;
        let pid = door.resolve(to)?;
        door.check_pid("process.send", pid)?;
        door.worker.sends += 1;
        let definition = door.worker.kernel.definition(door.slot);
        let most = definition.map_or(0, |definition| definition.limits.message_bytes_max);
        if payload.bytes() as u64 > most {
            return Err(Error::limit(Limit::MessageSize, "message too large"));
        }
        door.worker.step(|kernel, cx| kernel.check_alive(cx, pid))?;
        if let Some(keeper) = &door.worker.shared.keeper
            && let Some(pool) = keeper.queues.pool_of(pid)
            && !keeper.queues.has_room(&pool)
        {
            return Err(full());
        }
        Ok(pid)
    }

    fn reserve(&mut self, request: &mut SpawnRequest, purpose: Purpose) -> Result<Reserved, Error> {
        let purpose = match purpose {
            Purpose::Spawn => DoorPurpose::Spawn,
            Purpose::Call => DoorPurpose::Call,
            Purpose::Function => {
                let host = self.door.worker.shared.hosts.get(self.door.pid.host);
                request.host = host.cloned().unwrap_or_default();
                DoorPurpose::Function
            }
        };
        self.door.reserve(request, purpose)
    }

    fn check_terminate(&mut self, to: &[u8]) -> Result<Pid, Error> {
        self.check_on(to, "process.terminate")
    }

    fn check_cancel(
        &mut self,
        to: &[u8],
        _what: &CancelRequest,
    ) -> Result<(Pid, Timestamp), Error> {
        let pid = self.check_on(to, "process.cancel")?;
        Ok((pid, self.door.now()))
    }

    fn relate_to(&mut self, relation: Relation, to: &[u8]) -> Result<Pid, Error> {
        let pid = self.door.resolve(to)?;
        self.door.relate(relation, to)?;
        Ok(pid)
    }

    fn check_unregister(&mut self, name: &str) -> Result<bool, Error> {
        check_name(name)?;
        let holder = self.door.worker.shared.directory.holder(name);
        if holder != Some(self.door.pid) {
            self.door.check("process.registry.unregister", name)?;
        }
        Ok(holder.is_some())
    }

    fn open(&mut self, call: &Call) -> Result<CallId, Error> {
        let door = &mut self.door;
        door.check_living()?;
        match call {
            Call::Fs(operation) => {
                let (path, _, action) = fs::subject(operation);
                door.check(action, path)?;
            }
            Call::Http(request) => {
                let checked = web::Checked::new((**request).clone())?;
                door.check("http.request", &checked.target().resource())?;
                checked.target().check(&door.worker.shared.web_grants())?;
            }
            Call::Consume { queue } => door.check("queue.consume", queue)?,
            Call::Info { to } => {
                let about = door.resolve(to)?;
                door.check_pid("process.info", about)?;
            }
            // These are opened otherwise.
            Call::Sleep { .. } | Call::Process(_) | Call::Function(_) => {}
        }
        let call = door.worker.kernel.open_call(door.slot, CallKind::Driver)?;
        Ok(CallId(call.0))
    }

    fn open_sleep(&mut self, nanoseconds: u64) -> Result<(CallId, Timestamp), Error> {
        self.door.check_living()?;
        let until = self.door.now().after(nanoseconds);
        let call = self.door.worker.kernel.open_call(self.door.slot, CallKind::Sleep { until })?;
        Ok((CallId(call.0), until))
    }

    fn expire_at(&mut self, call: CallId, nanoseconds: u64) -> Result<Timestamp, Error> {
        let until = self.door.now().after(nanoseconds);
        let call = procession_kernel::CallId(call.0);
        self.door.worker.kernel.limit_call(self.door.slot, call, until)?;
        Ok(until)
    }
}

impl DurableDoor<'_, '_> {
    fn check_on(&mut self, to: &[u8], action: &str) -> Result<Pid, Error> {
        let pid = self.door.resolve(to)?;
        self.door.check_pid(action, pid)?;
        self.door.worker.step(|kernel, cx| kernel.check_alive(cx, pid))?;
        Ok(pid)
    }
}

impl Kept {
    /// The door of the process, for its turns.
    pub(crate) fn door<'a, 'b>(&'b mut self, door: Door<'a>) -> DurableDoor<'a, 'b> {
        DurableDoor { door, kept: self }
    }
}
