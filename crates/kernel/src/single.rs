//! A directory for shards that share a thread: tests, the simulator, a node of one shard.

use crate::{ClaimError, Directory, Dispatch, Room};
use procession_types::{HostIndex, Pid, ShardIndex, SmolStr};
use std::cell::RefCell;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// The living generation plus one; 0 = none.
    alive: u32,
    epoch: u32,
    room: Room,
    under_way: Room,
    relations: u32,
    relations_under_way: u32,
}

#[derive(Debug, Default)]
struct State {
    shards: Vec<Vec<Entry>>,
    names: BTreeMap<SmolStr, Pid>,
    held: BTreeMap<(ShardIndex, u32, u32), Vec<SmolStr>>,
    hosts: BTreeMap<HostIndex, u32>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct SingleDirectory {
    state: RefCell<State>,
}

impl SingleDirectory {
    /// A directory without processes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every name with its holder.
    #[must_use]
    pub fn all_names(&self) -> Vec<(SmolStr, Pid)> {
        self.state.borrow().names.iter().map(|(name, pid)| (name.clone(), *pid)).collect()
    }

    /// How many relations a process may still get, as its shard said last.
    #[must_use]
    pub fn relation_room(&self, pid: Pid) -> u32 {
        self.state.borrow_mut().entry(pid).relations
    }

    /// Processes counted on a host.
    #[must_use]
    pub fn host_count(&self, host: HostIndex) -> u32 {
        self.state.borrow().hosts.get(&host).copied().unwrap_or_default()
    }
}

impl State {
    fn entry(&mut self, pid: Pid) -> &mut Entry {
        let shard = usize::from(pid.shard);
        if self.shards.len() <= shard {
            self.shards.resize_with(shard + 1, Vec::new);
        }
        let slots = &mut self.shards[shard];
        if slots.len() <= pid.slot as usize {
            slots.resize(pid.slot as usize + 1, Entry::default());
        }
        &mut slots[pid.slot as usize]
    }

    fn living(&mut self, pid: Pid) -> Option<&mut Entry> {
        let slots = self.shards.get_mut(usize::from(pid.shard))?;
        let entry = slots.get_mut(pid.slot as usize)?;
        (entry.alive == pid.generation + 1 && entry.epoch == pid.epoch).then_some(entry)
    }
}

fn key(pid: Pid) -> (ShardIndex, u32, u32) {
    (pid.shard, pid.slot, pid.generation)
}

impl Directory for SingleDirectory {
    fn enter(&self, pid: Pid, room: Room, relations: u32) {
        let mut state = self.state.borrow_mut();
        let entry = state.entry(pid);
        entry.relations = relations;
        entry.alive = pid.generation + 1;
        entry.epoch = pid.epoch;
        entry.room = room;
    }

    fn leave(&self, pid: Pid) {
        let mut state = self.state.borrow_mut();
        state.entry(pid).alive = 0;
        if state.held.is_empty() {
            return;
        }
        for name in state.held.remove(&key(pid)).unwrap_or_default() {
            state.names.remove(&name);
        }
    }

    fn is_alive(&self, pid: Pid) -> bool {
        self.state.borrow_mut().living(pid).is_some()
    }

    fn set_room(&self, pid: Pid, room: Room) {
        self.state.borrow_mut().entry(pid).room = room;
    }

    fn dispatch(&self, pid: Pid, bytes: u64) -> Dispatch {
        let mut state = self.state.borrow_mut();
        match state.living(pid) {
            None => Dispatch::Dead,
            Some(entry) => {
                let way = entry.under_way;
                let full =
                    way.messages >= entry.room.messages || way.bytes + bytes > entry.room.bytes;
                if full {
                    return Dispatch::Full;
                }
                entry.under_way = Room { messages: way.messages + 1, bytes: way.bytes + bytes };
                Dispatch::Sent
            }
        }
    }

    fn arrived(&self, pid: Pid, what: Room) {
        let mut state = self.state.borrow_mut();
        let entry = state.entry(pid);
        entry.under_way.messages = entry.under_way.messages.saturating_sub(what.messages);
        entry.under_way.bytes = entry.under_way.bytes.saturating_sub(what.bytes);
    }

    fn set_relations(&self, pid: Pid, room: u32) {
        self.state.borrow_mut().entry(pid).relations = room;
    }

    fn relate(&self, pid: Pid) -> Dispatch {
        let mut state = self.state.borrow_mut();
        match state.living(pid) {
            None => Dispatch::Dead,
            Some(entry) if entry.relations_under_way >= entry.relations => Dispatch::Full,
            Some(entry) => {
                entry.relations_under_way += 1;
                Dispatch::Sent
            }
        }
    }

    fn related(&self, pid: Pid) {
        let mut state = self.state.borrow_mut();
        let entry = state.entry(pid);
        entry.relations_under_way = entry.relations_under_way.saturating_sub(1);
    }

    fn relations_under_way(&self, pid: Pid) -> u32 {
        self.state.borrow_mut().entry(pid).relations_under_way
    }

    fn claim(&self, name: &str, pid: Pid, names_max: u32) -> Result<(), ClaimError> {
        let mut state = self.state.borrow_mut();
        if state.living(pid).is_none() {
            return Err(ClaimError::Dead);
        }
        if let Some(&holder) = state.names.get(name) {
            return if holder == pid { Ok(()) } else { Err(ClaimError::Taken(holder)) };
        }
        let name = SmolStr::new(name);
        let held = state.held.entry(key(pid)).or_default();
        if held.len() >= names_max as usize {
            return Err(ClaimError::TooMany);
        }
        held.push(name.clone());
        state.names.insert(name, pid);
        Ok(())
    }

    fn release(&self, name: &str) -> Option<Pid> {
        let mut state = self.state.borrow_mut();
        let holder = state.names.remove(name)?;
        if let Some(held) = state.held.get_mut(&key(holder)) {
            held.retain(|other| other != name);
        }
        Some(holder)
    }

    fn holder(&self, name: &str) -> Option<Pid> {
        self.state.borrow().names.get(name).copied()
    }

    fn names(&self, pid: Pid) -> Vec<SmolStr> {
        self.state.borrow().held.get(&key(pid)).cloned().unwrap_or_default()
    }

    fn enter_host(&self, host: HostIndex, processes_max: u32) -> bool {
        let mut state = self.state.borrow_mut();
        let count = state.hosts.entry(host).or_default();
        let room = *count < processes_max;
        *count += u32::from(room);
        room
    }

    fn leave_host(&self, host: HostIndex) {
        if let Some(count) = self.state.borrow_mut().hosts.get_mut(&host) {
            *count -= 1;
        }
    }
}
