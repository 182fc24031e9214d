//! The start of a process: image, kernel, top level of the program, in this order.

use crate::door::Door;
use crate::guests::Resident;
use crate::program::Loaded;
use crate::worker::Worker;
use procession_environment::{Guest, SpawnRequest};
use procession_kernel::{CallId, SlotIndex, Spawn, Spawned};
use procession_types::{Context, Error, ErrorKind, HostIndex, Message, Pid, SmolStr};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Instructions of a program's top level that run inside the spawn.
pub(crate) const START_INSTRUCTIONS: u64 = 40_000;
/// Programs whose top level spawns a program whose top level spawns …: each is a frame of the
/// Rust stack.
const NESTING_MAX: usize = 16;
/// Longest text of a panic that is kept.
const REPORT_BYTES_MAX: usize = 500;

/// Everything about a process that is to start.
pub(crate) struct Birth {
    pub(crate) request: SpawnRequest,
    pub(crate) host: HostIndex,
    pub(crate) loaded: Loaded,
    pub(crate) context: Arc<Context>,
    pub(crate) parent: Option<SlotIndex>,
    pub(crate) bond: Bond,
}

/// What a process is to the one that starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bond {
    /// It lives on its own.
    Free,
    /// Its end is the reply of a call, and it ends with its parent.
    Called,
    /// It is a durable process of a service or pool with this id, which its parent looks after.
    Owned(SmolStr),
}

impl Worker {
    /// Starts a process on this shard.
    pub(crate) fn birth(&mut self, birth: Birth) -> Result<(Pid, Option<CallId>), Error> {
        let Birth { mut request, host, loaded, context, parent, bond } = birth;
        if self.shared.stopping.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "the node is shutting down"));
        }
        if self.depth >= NESTING_MAX {
            let message = "too many programs whose top level spawns the next one";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let limits = &loaded.definition.limits;
        let guest = guarded(|| loaded.image.spawn(&request.arguments, limits))?;
        let newborn = self.newborn(&loaded, host, (parent, &context, &bond), &request)?;
        let vacancy = match (&newborn, parent) {
            (None, Some(parent)) => self.place(parent, &loaded.definition.program, host),
            (Some(_), _) | (_, None) => None,
        };
        let known = newborn.as_ref().map(|(pid, _)| *pid);
        let spawn = Spawn {
            pid: known.or(vacancy.map(|vacancy| vacancy.pid(host))),
            host,
            definition: loaded.definition,
            context,
            parent,
            monitored: request.monitored,
            linked: request.linked,
            called: bond == Bond::Called,
            name: request.name.take(),
            messages: request.messages.clone(),
        };
        let spawned = self.step(|kernel, cx| kernel.spawn(cx, spawn));
        if let (Some((pid, _)), true) = (&newborn, !matches!(spawned, Ok(Spawned::New { .. }))) {
            self.never_born(*pid);
        }
        match spawned? {
            Spawned::Existing(_) if bond != Bond::Free => Err(taken()),
            Spawned::Existing(holder) => {
                self.deliver_to_holder(holder, parent, request)?;
                Ok((holder, None))
            }
            Spawned::New { slot, pid, call } => {
                match newborn {
                    None => self.begin(slot, pid, parent, guest)?,
                    Some((_, newborn)) => self.begin_newborn(slot, guest, newborn, parent)?,
                }
                Ok((pid, call))
            }
        }
    }

    /// Another process holds the name: it gets the messages.
    pub(crate) fn deliver_to_holder(
        &mut self,
        holder: Pid,
        parent: Option<SlotIndex>,
        request: SpawnRequest,
    ) -> Result<(), Error> {
        let from = parent.and_then(|slot| self.kernel.pid(slot));
        for (topic, payload) in request.messages {
            let message = Message { topic, from, payload };
            self.step(|kernel, cx| match parent {
                Some(slot) => kernel.post_by(cx, slot, holder, message),
                None => kernel.post(cx, holder, message),
            })?;
        }
        Ok(())
    }

    /// Runs the program's top level.
    fn begin(
        &mut self,
        slot: SlotIndex,
        pid: Pid,
        parent: Option<SlotIndex>,
        guest: Box<dyn Guest>,
    ) -> Result<(), Error> {
        let by = parent.and_then(|parent| self.kernel.pid(parent));
        let started = self.start_guest(slot, pid, by, guest);
        if started.is_err() {
            self.step(|kernel, cx| kernel.discard(cx, slot, parent));
        }
        started
    }

    /// Runs the top level of a process that was made, and launches it; the caller ends it otherwise.
    pub(crate) fn start_guest(
        &mut self,
        slot: SlotIndex,
        pid: Pid,
        by: Option<Pid>,
        mut guest: Box<dyn Guest>,
    ) -> Result<(), Error> {
        let definition = self.kernel.definition(slot);
        let program = definition.map_or_else(SmolStr::default, |it| it.program.clone());
        self.tell_spawned(pid, &program, by);
        // Whatever becomes of it, its end is counted.
        let cell = self.cell(slot, pid);
        self.tally.at(cell).alive += 1;
        self.depth += 1;
        let started =
            guarded(|| guest.start(&mut Door::starting(self, slot, pid), START_INSTRUCTIONS));
        self.depth -= 1;
        if let Err(error) = started {
            self.unstarted = Some((pid, error.clone()));
            return Err(error);
        }
        let used = guest.usage().instructions;
        let counts = self.tally.at(cell);
        (counts.spawned, counts.instructions) = (counts.spawned + 1, counts.instructions + used);
        self.guests.put(slot, Resident::new(pid, guest, used, (self.now, cell)));
        self.step(|kernel, cx| kernel.launch(cx, slot, used));
        if pid.shard != self.shard && !pid.is_durable() {
            // It has left already, and the next process may be born into the same slot.
            self.flush();
        }
        Ok(())
    }
}

fn taken() -> Error {
    Error::new(ErrorKind::AlreadyExists, "another process holds the name")
}

/// The result, or an Internal error when it panics.
pub(crate) fn guarded<T>(act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        Err(Error::new(ErrorKind::Internal, format!("internal fault: {}", report(&*panic))))
    })
}

/// What a panic said, cut to a bounded length.
pub(crate) fn report(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("a panic without a text");
    let mut end = text.len().min(REPORT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
