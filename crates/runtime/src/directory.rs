//! The node's directory, shared by all workers.

use crate::durable::Alive;
use crate::names::Names;
use crate::slots::Slots;
use procession_kernel::{ClaimError, Directory, Dispatch, Room};
use procession_types::{HOSTS_MAX, HostIndex, Pid, SmolStr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// See the module.
pub(crate) struct SharedDirectory {
    epoch: u32,
    /// Epoch and lives of durable processes.
    durable: Option<(u32, Arc<Alive>)>,
    shards: Box<[Slots]>,
    names: Names,
    hosts: Box<[AtomicU32]>,
}

impl SharedDirectory {
    pub(crate) fn new(epoch: u32, durable: Option<(u32, Arc<Alive>)>, shards: usize) -> Self {
        Self {
            epoch,
            durable,
            shards: (0..shards).map(|_| Slots::default()).collect(),
            names: Names::default(),
            hosts: (0..HOSTS_MAX).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// Processes alive on all hosts. Of the shards on which the last processes end, the one that is
    /// last sees 0: hence the order that is the same for all.
    pub(crate) fn processes(&self) -> u64 {
        self.hosts.iter().map(|count| u64::from(count.load(Ordering::SeqCst))).sum()
    }

    /// See [`Names::page`].
    pub(crate) fn names_page(&self, after: &str, count_max: usize) -> Vec<(SmolStr, Pid)> {
        self.names.page(after, count_max)
    }

    /// Processes alive on a host.
    pub(crate) fn host_processes(&self, host: HostIndex) -> u32 {
        self.hosts.get(usize::from(host)).map_or(0, |count| count.load(Ordering::Acquire))
    }

    /// Whether a durable process lives, when it is one.
    #[inline]
    fn durable(&self, pid: Pid) -> Option<bool> {
        if !pid.is_durable() {
            return None;
        }
        let durable = self.durable.as_ref().filter(|(epoch, _)| *epoch == pid.epoch);
        Some(durable.is_some_and(|(_, alive)| alive.has(pid)))
    }

    fn slots(&self, pid: Pid) -> Option<&Slots> {
        self.shards.get(usize::from(pid.shard)).filter(|_| pid.epoch == self.epoch)
    }
}

impl Directory for SharedDirectory {
    fn enter(&self, pid: Pid, room: Room, relations: u32) {
        if let Some(slots) = self.slots(pid) {
            slots.enter(pid, room, relations);
        }
    }

    fn leave(&self, pid: Pid) {
        if let Some((_, alive)) = self.durable.as_ref().filter(|_| pid.is_durable()) {
            alive.set(pid, false);
            return self.names.release_all(pid);
        }
        if self.slots(pid).is_some_and(|slots| slots.leave(pid)) {
            self.names.release_all(pid);
        }
    }

    fn is_alive(&self, pid: Pid) -> bool {
        if let Some(lives) = self.durable(pid) {
            return lives;
        }
        self.slots(pid).is_some_and(|slots| slots.is_alive(pid))
    }

    fn set_room(&self, pid: Pid, room: Room) {
        if let Some(slots) = self.slots(pid) {
            slots.set_room(pid, room);
        }
    }

    fn dispatch(&self, pid: Pid, bytes: u64) -> Dispatch {
        if let Some(lives) = self.durable(pid) {
            // Its room is not published: it may not even be in memory.
            return if lives { Dispatch::Sent } else { Dispatch::Dead };
        }
        self.slots(pid).map_or(Dispatch::Dead, |slots| slots.dispatch(pid, bytes))
    }

    fn arrived(&self, pid: Pid, what: Room) {
        if let Some(slots) = self.slots(pid) {
            slots.arrived(pid, what);
        }
    }

    fn set_relations(&self, pid: Pid, room: u32) {
        if let Some(slots) = self.slots(pid) {
            slots.set_relations(pid, room);
        }
    }

    fn relate(&self, pid: Pid) -> Dispatch {
        if let Some(lives) = self.durable(pid) {
            return if lives { Dispatch::Sent } else { Dispatch::Dead };
        }
        self.slots(pid).map_or(Dispatch::Dead, |slots| slots.relate(pid))
    }

    fn related(&self, pid: Pid) {
        if let Some(slots) = self.slots(pid) {
            slots.related(pid);
        }
    }

    fn relations_under_way(&self, pid: Pid) -> u32 {
        self.slots(pid).map_or(0, |slots| slots.relations_under_way(pid))
    }

    fn claim(&self, name: &str, pid: Pid, names_max: u32) -> Result<(), ClaimError> {
        if let Some(lives) = self.durable(pid) {
            return self.names.claim(name, pid, names_max, || lives);
        }
        let slots = self.slots(pid).ok_or(ClaimError::Dead)?;
        self.names.claim(name, pid, names_max, || slots.mark_named(pid))
    }

    fn release(&self, name: &str) -> Option<Pid> {
        self.names.release(name)
    }

    fn holder(&self, name: &str) -> Option<Pid> {
        self.names.holder(name)
    }

    fn names(&self, pid: Pid) -> Vec<SmolStr> {
        self.names.of(pid)
    }

    fn enter_host(&self, host: HostIndex, processes_max: u32) -> bool {
        let Some(count) = self.hosts.get(usize::from(host)) else { return false };
        if count.fetch_add(1, Ordering::AcqRel) < processes_max {
            return true;
        }
        count.fetch_sub(1, Ordering::AcqRel);
        false
    }

    fn leave_host(&self, host: HostIndex) {
        if let Some(count) = self.hosts.get(usize::from(host)) {
            count.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
