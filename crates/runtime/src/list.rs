//! What a node holds, in pages: processes, names, programs, hosts.

use crate::durable::ResidentUse;
use crate::node::Node;
use crate::pid_bytes;
use crate::watch::Watching;
use procession_kernel::{Directory, HostConfig, Info, SlotIndex};
use procession_policy::Policies;
use procession_types::{Error, ExitReason, HostIndex, Pid, ShardIndex, SmolStr, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A process in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Where in the list it is.
    pub at: Position,
    /// What the kernel knows.
    pub process: Info,
    /// Bytes of its heap.
    pub memory_bytes: u64,
}

/// A place in the list of all processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// A shard.
    pub shard: ShardIndex,
    /// A slot of its table.
    pub slot: SlotIndex,
}

/// A process host and what is on it.
#[derive(Debug, Clone, PartialEq)]
pub struct HostUse {
    /// As configured.
    pub config: HostConfig,
    /// Processes alive, of durable ones those that are in memory.
    pub processes: u32,
    /// Its durable processes.
    pub durable: ResidentUse,
}

impl Node {
    /// The processes of one shard from a position on, `count_max` at most, and where the list goes
    /// on; `None` at its end. One that moves to another shard meanwhile may be missing or come
    /// twice.
    ///
    /// # Errors
    /// `Unavailable` when the node is stopping.
    pub fn page(
        &self,
        from: Position,
        count_max: usize,
    ) -> Result<(Vec<Listed>, Option<Position>), Error> {
        let Position { shard, slot } = from;
        if usize::from(shard) >= self.workers.len() {
            return Ok((Vec::new(), None));
        }
        let (list, last) = self.on(shard, move |worker| {
            let pids = worker.kernel.processes(slot, count_max);
            let last = pids.last().filter(|_| pids.len() == count_max).map(|&(slot, _)| slot);
            let list = pids.into_iter().filter_map(|(slot, pid)| {
                let mut process = worker.step(|kernel, cx| kernel.info(cx, pid))?;
                // One that is worked on elsewhere shows what was known before.
                let resident = worker.guests.get_mut(slot).filter(|held| held.pid == pid);
                let look = || resident.map(|held| held.guest.usage());
                let usage = catch_unwind(AssertUnwindSafe(look)).ok().flatten();
                process.instructions = usage.map_or(process.instructions, |it| it.instructions);
                Some(Listed {
                    at: Position { shard, slot },
                    process,
                    memory_bytes: usage.map_or(0, |it| it.memory_bytes),
                })
            });
            (list.collect::<Vec<_>>(), last)
        })?;
        let next = self.after(shard, last);
        Ok((list, next))
    }

    /// The PIDs of one shard from a position on; otherwise like [`Node::page`].
    ///
    /// # Errors
    /// `Unavailable` when the node is stopping.
    pub fn pids(
        &self,
        from: Position,
        count_max: usize,
    ) -> Result<(Vec<Pid>, Option<Position>), Error> {
        let Position { shard, slot } = from;
        if usize::from(shard) >= self.workers.len() {
            return Ok((Vec::new(), None));
        }
        let list = self.on(shard, move |worker| worker.kernel.processes(slot, count_max))?;
        let last = list.last().filter(|_| list.len() == count_max).map(|&(slot, _)| slot);
        let next = self.after(shard, last);
        Ok((list.into_iter().map(|(_, pid)| pid).collect(), next))
    }

    /// Where a list goes on behind the last slot of a shard, which was the shard's last when `None`.
    fn after(&self, shard: ShardIndex, last: Option<SlotIndex>) -> Option<Position> {
        if let Some(slot) = last {
            return Some(Position { shard, slot: slot + 1 });
        }
        let next = Position { shard: shard + 1, slot: 0 };
        Some(next).filter(|next| usize::from(next.shard) < self.workers.len())
    }

    /// Registered names behind `after`, in their order, with their holders, `count_max` at most.
    #[must_use]
    pub fn names(&self, after: &str, count_max: usize) -> Vec<(SmolStr, Pid)> {
        self.shared.directory.names_page(after, count_max)
    }

    /// The ids of all programs, sorted.
    #[must_use]
    pub fn programs(&self) -> Vec<SmolStr> {
        self.shared.programs.ids()
    }

    /// The process hosts; one that was taken away is among them as long as somebody is left there.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostUse> {
        let hosts = self.shared.programs.hosts();
        let shared = &self.shared;
        let alive = |host| shared.keeper.as_ref().map_or(0, |keeper| keeper.alive.on_host(host));
        let hosts = (0..).zip(hosts.iter()).map(|(index, config): (HostIndex, _)| {
            let processes = shared.directory.host_processes(index);
            let durable = shared.residence.used(index, alive(index));
            let is_removed = shared.drains.gates.is_removed(index);
            (HostUse { config: config.clone(), processes, durable }, is_removed)
        });
        let stays = hosts.filter(|(host, is_removed)| !is_removed || host.processes > 0);
        stays.map(|(host, _)| host).collect()
    }

    /// Id of a process host.
    #[must_use]
    pub fn host_id(&self, host: HostIndex) -> Option<SmolStr> {
        self.shared.hosts.get(host).cloned()
    }

    /// The PID in a text; `None` when it is none of this node. The process may be dead.
    #[must_use]
    pub fn parse_pid(&self, text: &str) -> Option<Pid> {
        let shared = &self.shared;
        let pid = pid_bytes::read(text.as_bytes(), &shared.hosts, shared.name.as_deref());
        pid.ok().flatten().filter(|&pid| shared.is_as_written(pid))
    }

    /// Whether a process lives.
    #[must_use]
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.shared.directory.is_alive(pid)
    }

    /// Calls `tell` once when the process has ended, on a worker: it must be quick and not wait
    /// for anything. `None` when it is dead already. Dropping what is returned takes that back; so
    /// does the end of the node.
    #[must_use]
    pub fn watch(
        &self,
        pid: Pid,
        tell: impl FnOnce(&Arc<ExitReason>) + Send + 'static,
    ) -> Option<Watching> {
        let shared = Arc::clone(&self.shared);
        let is_alive = || shared.directory.is_alive(pid);
        let number = shared.watches.add_with(pid, Box::new(tell), is_alive)?;
        Some(Watching { shared, pid, number })
    }

    /// How many outside wait for the end of a process.
    #[must_use]
    pub fn watchers(&self, pid: Pid) -> usize {
        self.shared.watches.waiters(pid)
    }

    /// The node's policies, as of now.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        self.shared.policies.get()
    }

    /// How many shards it has.
    #[must_use]
    pub fn shards(&self) -> ShardIndex {
        self.workers.len() as ShardIndex
    }

    /// The node's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}
