//! The start of a process.

use crate::call::{Pending, too_many_calls};
use crate::exit::Dying;
use crate::kernel::not_found;
use crate::mailbox::Mailbox;
use crate::name::claim_error;
use crate::near::Birth;
use crate::pid_map::PidMap;
use crate::process::Process;
use crate::relation::too_many;
use crate::timer::Alarm;
use crate::{CallId, ClaimError, Definition, Kernel, SlotIndex, State, Step, Tags};
use procession_types::{
    Context, Error, Failure, Fragment, HostIndex, Limit, Message, Pid, SmolStr, Topic,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// Everything about a spawn that the kernel needs to know.
#[derive(Debug)]
pub struct Spawn {
    /// Who it will be: a PID of [`Kernel::reserve`], of a [`crate::Vacancy`], or a durable process's;
    /// `None` = a new one.
    pub pid: Option<Pid>,
    /// Where in the node's table of hosts.
    pub host: HostIndex,
    /// The program and its limits.
    pub definition: Arc<Definition>,
    /// What the process inherits.
    pub context: Arc<Context>,
    /// Who spawns, when it is a process of this shard.
    pub parent: Option<SlotIndex>,
    /// The parent monitors it.
    pub monitored: bool,
    /// The parent is linked to it.
    pub linked: bool,
    /// Its end is the reply of a call of the parent's.
    pub called: bool,
    /// A name to claim.
    pub name: Option<SmolStr>,
    /// Messages of the parent's that are in its mailbox from the start.
    pub messages: Vec<(Topic, Fragment)>,
}

/// What a process that is spawned will be to its parent.
#[derive(Debug, Clone, Copy)]
struct Bonds {
    parent: Option<SlotIndex>,
    monitored: bool,
    linked: bool,
    called: bool,
}

impl Spawn {
    fn bonds(&self) -> Bonds {
        let Self { parent, monitored, linked, called, .. } = *self;
        Bonds { parent, monitored, linked, called }
    }
}

/// What a spawn has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Spawned {
    /// A process that must be started: [`Kernel::launch`] or [`Kernel::discard`] follows.
    New {
        /// Where its guest belongs.
        slot: SlotIndex,
        /// Who it is.
        pid: Pid,
        /// The parent's call, if it is one.
        call: Option<CallId>,
    },
    /// The name is another process's; nothing was done.
    Existing(Pid),
}

impl Kernel {
    /// Makes a process that is alive, with name, monitor, link and messages, but does not run yet.
    ///
    /// # Errors
    /// `NotFound` (host), `Unavailable` (limits), `RateLimited` (more messages than fit),
    /// `AlreadyExists` (name of a call's process).
    pub fn spawn(&mut self, cx: &mut Step<'_>, spawn: Spawn) -> Result<Spawned, Error> {
        let vacancy = spawn.pid.filter(|pid| self.is_vacancy(*pid));
        let spawned = self.spawn_placed(cx, spawn);
        if let Some(pid) = vacancy
            && !matches!(spawned, Ok(Spawned::New { .. }))
        {
            self.give_up(cx, pid);
        }
        spawned
    }

    fn spawn_placed(&mut self, cx: &mut Step<'_>, spawn: Spawn) -> Result<Spawned, Error> {
        // Everything that can be refused is refused before anything is done.
        self.check_parent(cx, &spawn)?;
        check_messages(&spawn)?;
        let (slot, pid) = self.place(cx, &spawn)?;
        if let Some(name) = &spawn.name
            && let Err(error) = cx.directory.claim(name, pid, spawn.definition.limits.names_max)
        {
            self.unplace(cx, slot, pid);
            return match error {
                ClaimError::Taken(holder) if !spawn.called => Ok(Spawned::Existing(holder)),
                error => Err(claim_error(error, name)),
            };
        }
        self.counts.spawned += 1;
        let bonds = spawn.bonds();
        let Spawn { definition, context, messages, .. } = spawn;
        let mut process = self.embryo(cx, (slot, pid), bonds.parent, definition, context);
        if let Some(most) = process.definition.limits.wall_clock_ns_max {
            let end = cx.now.after(most);
            process.wall_clock = Some(end);
            self.timers.set(end, slot, pid, Alarm::WallClock);
        }
        self.table.fill(slot, process);
        let call = self.relate_parent(cx, slot, pid, bonds)?;
        self.fill_mailbox(cx, slot, bonds.parent, messages);
        Ok(Spawned::New { slot, pid, call })
    }

    /// The process at a slot could not be started: it disappears, and the parent that spawned it
    /// hears nothing.
    pub fn discard(&mut self, cx: &mut Step<'_>, slot: SlotIndex, parent: Option<SlotIndex>) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let pid = process.pid;
        let caller = process.rare.as_mut().and_then(|rare| rare.caller.take());
        if let Some(from) = process.parent {
            process.watchers.remove(from);
            if let Some(rare) = &mut process.rare {
                rare.links.remove(from);
            }
        }
        let parent_slot = parent;
        let parent = parent.and_then(|parent| self.table.at_mut(parent));
        if let Some(rare) = parent.and_then(|parent| parent.rare.as_mut()) {
            rare.monitoring.remove(pid);
            rare.links.remove(pid);
            if let Some((_, call)) = caller {
                rare.calls.remove(&call);
            }
        }
        if let Some(parent) = parent_slot {
            self.publish_relations(cx, parent);
        }
        self.dying.push_back(Dying::failed(slot, pid, Failure::Error(not_found())));
        self.settle(cx);
    }

    fn check_parent(&self, cx: &Step<'_>, spawn: &Spawn) -> Result<(), Error> {
        let Some(slot) = spawn.parent else { return Ok(()) };
        let parent = self.caller(slot)?;
        let relations = u32::from(spawn.monitored) + u32::from(spawn.linked);
        let child_may = relations <= spawn.definition.limits.links_max;
        if relations > 0 && !(child_may && parent.has_relation_room(cx.directory, relations)) {
            return Err(too_many());
        }
        let calls = parent.rare.as_ref().map_or(0, |rare| rare.calls.len());
        if spawn.called && calls >= parent.definition.limits.calls_max as usize {
            return Err(too_many_calls());
        }
        let most = parent.definition.limits.message_bytes_max;
        if spawn.messages.iter().any(|(_, payload)| payload.bytes() as u64 > most) {
            return Err(Error::limit(Limit::MessageSize, "message too large"));
        }
        Ok(())
    }

    fn place(&mut self, cx: &mut Step<'_>, spawn: &Spawn) -> Result<(SlotIndex, Pid), Error> {
        let limits = &spawn.definition.limits;
        match spawn.pid {
            Some(pid) if pid.is_durable() => {
                let Some((slot, _)) = self.table.allocate() else { return Err(table_full()) };
                self.reside(pid, slot);
                cx.directory.enter_host(pid.host, u32::MAX);
                return Ok((slot, pid));
            }
            Some(pid) if self.is_vacancy(pid) => {
                self.admit(cx, pid.host)?;
                let Some((slot, _)) = self.table.allocate() else {
                    cx.directory.leave_host(pid.host);
                    return Err(table_full());
                };
                self.reside(pid, slot);
                cx.directory.enter(pid, Mailbox::default().room(limits), limits.links_max);
                return Ok((slot, pid));
            }
            Some(pid) => {
                cx.directory.enter(pid, Mailbox::default().room(limits), limits.links_max);
                return Ok((pid.slot, pid));
            }
            None => {}
        }
        let pid = self.reserve(cx, spawn.host)?;
        cx.directory.enter(pid, Mailbox::default().room(limits), limits.links_max);
        Ok((pid.slot, pid))
    }

    /// Gives a PID of this shard to a process that is spawned at once, or later with [`Spawn::pid`].
    ///
    /// # Errors
    /// `NotFound` (host), `Unavailable` (limits).
    pub fn reserve(&mut self, cx: &mut Step<'_>, host: HostIndex) -> Result<Pid, Error> {
        self.admit(cx, host)?;
        let Some((slot, generation)) = self.table.allocate() else {
            cx.directory.leave_host(host);
            return Err(table_full());
        };
        let (shard, epoch) = (self.config.shard, self.config.epoch);
        Ok(Pid { host, shard, epoch, slot, generation })
    }

    /// Counts a process on a host, if there is room for it.
    fn admit(&self, cx: &Step<'_>, host: HostIndex) -> Result<(), Error> {
        let Some(config) = self.config.hosts.get(usize::from(host)) else {
            return Err(Error::not_found("process host not found"));
        };
        if !cx.directory.enter_host(host, config.processes_max) {
            let message = format!("host {} runs {} processes", config.id, config.processes_max);
            return Err(Error::limit(Limit::Processes, message));
        }
        Ok(())
    }

    /// Takes back a PID that was reserved: nobody will have it.
    pub fn unreserve(&mut self, cx: &mut Step<'_>, pid: Pid) {
        cx.directory.leave_host(pid.host);
        self.table.give_back(pid.slot);
    }

    fn unplace(&mut self, cx: &mut Step<'_>, slot: SlotIndex, pid: Pid) {
        cx.directory.leave_host(pid.host);
        self.residents.remove(&pid);
        self.table.give_back(slot);
        cx.directory.leave(pid);
    }

    fn embryo(
        &self,
        cx: &Step<'_>,
        (slot, pid): (SlotIndex, Pid),
        parent: Option<SlotIndex>,
        definition: Arc<Definition>,
        context: Arc<Context>,
    ) -> Process {
        let parent = parent.and_then(|slot| self.pid(slot));
        let leaves = self.is_vacancy(pid);
        Process {
            pid,
            slot,
            state: State::Starting,
            trap_links: false,
            woken: false,
            ticket: 0,
            recalled: leaves,
            asked: None,
            mailbox: Mailbox::default(),
            events: VecDeque::new(),
            watchers: PidMap::Empty,
            rare: None,
            definition,
            context,
            parent,
            birth: if leaves { Birth::VOID } else { self.birth_now() },
            instructions: 0,
            started: cx.now,
            wall_clock: None,
            since: cx.now,
        }
    }

    fn relate_parent(
        &mut self,
        cx: &Step<'_>,
        child: SlotIndex,
        pid: Pid,
        Bonds { parent, monitored, linked, called }: Bonds,
    ) -> Result<Option<CallId>, Error> {
        let Some(slot) = parent else { return Ok(None) };
        let mut made = None;
        if called {
            made = Some(self.add_call(slot, Pending::Process(pid))?);
        }
        let tag = self.next_tag();
        let parent = self.caller_mut(slot)?;
        let from = parent.pid;
        if monitored {
            parent.rare().monitoring.insert(pid, ());
        }
        if linked {
            parent.rare().links.insert(pid, Tags { mine: tag, theirs: 0 });
        }
        let process = self.caller_mut(child)?;
        if monitored {
            process.watchers.insert(from, ());
        }
        if linked {
            process.rare().links.insert(from, Tags { mine: 0, theirs: tag });
        }
        if let Some(call) = made {
            process.rare().caller = Some((from, call));
        }
        if monitored || linked {
            self.publish_relations(cx, slot);
            self.publish_relations(cx, child);
        }
        Ok(made)
    }

    fn fill_mailbox(
        &mut self,
        cx: &Step<'_>,
        slot: SlotIndex,
        parent: Option<SlotIndex>,
        messages: Vec<(Topic, Fragment)>,
    ) {
        if messages.is_empty() {
            return;
        }
        let from = parent.and_then(|slot| self.pid(slot));
        let Some(process) = self.table.at_mut(slot) else { return };
        self.counts.sent += messages.len() as u64;
        for (topic, payload) in messages {
            process.mailbox.push_over(Box::new(Message { topic, from, payload }));
        }
        cx.directory.set_room(process.pid, process.mailbox.room(&process.definition.limits));
    }
}

/// Whether the messages fit into the mailbox of the process that is to be.
fn check_messages(spawn: &Spawn) -> Result<(), Error> {
    let limits = &spawn.definition.limits;
    let bytes: usize = spawn.messages.iter().map(|(_, payload)| payload.bytes()).sum();
    let count = spawn.messages.len();
    if count > limits.mailbox_messages_max as usize || bytes as u64 > limits.mailbox_bytes_max {
        return Err(Error::limit(Limit::Mailbox, "more messages than the mailbox takes"));
    }
    Ok(())
}

fn table_full() -> Error {
    Error::limit(Limit::Processes, "the process table is full")
}
