//! The kernel's state, and the few steps that everything else is made of.

use crate::exit::Dying;
use crate::near::Resident;
use crate::process::Process;
use crate::ready::Ready;
use crate::sleep::Sleeper;
use crate::table::Table;
use crate::timer::Timers;
use crate::{Counts, Effect, HostConfig, KernelConfig, Room, Signal, SlotIndex, State, Step};
use procession_types::{Error, Pid, ShardIndex, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The kernel of one shard; see the crate's documentation.
#[derive(Debug)]
pub struct Kernel {
    pub(crate) config: KernelConfig,
    pub(crate) table: Table,
    /// Where processes of other shards are in the table.
    pub(crate) residents: BTreeMap<Pid, Resident>,
    /// Processes that have come from other shards, ever; see [`crate::near`].
    pub(crate) arrivals_counted: u32,
    pub(crate) ready: Ready,
    pub(crate) timers: Timers,
    /// Processes that end before the current step does.
    pub(crate) dying: VecDeque<Dying>,
    pub(crate) counts: Counts,
    /// Messages that have arrived and the directory has not been told of.
    pub(crate) arrivals: Option<(Pid, Room)>,
    pub(crate) links_made: u32,
    /// Processes here that are paused.
    pub(crate) paused: usize,
    /// Durable processes at home here that sleep, and about which there is something to remember.
    pub(crate) sleepers: BTreeMap<Pid, Sleeper>,
}

impl Kernel {
    /// A shard without processes.
    #[must_use]
    pub fn new(config: KernelConfig) -> Self {
        Self {
            table: Table::new(config.processes_max),
            residents: BTreeMap::new(),
            arrivals_counted: 0,
            ready: Ready::new(&config.hosts),
            timers: Timers::default(),
            dying: VecDeque::new(),
            counts: Counts::default(),
            arrivals: None,
            links_made: 0,
            paused: 0,
            sleepers: BTreeMap::new(),
            config,
        }
    }

    /// What it was made from.
    #[must_use]
    pub fn config(&self) -> &KernelConfig {
        &self.config
    }

    /// Other bounds, weights and priorities of the same process hosts, and hosts that are new, behind
    /// them. Processes that live stay, also above a bound.
    pub fn set_hosts(&mut self, hosts: Arc<[HostConfig]>) {
        if hosts.len() >= self.config.hosts.len() {
            self.ready.set_hosts(&hosts);
            self.config.hosts = hosts;
        }
    }

    /// Whether the PID was given by this shard.
    #[inline]
    pub(crate) fn is_mine(&self, pid: Pid) -> bool {
        pid.shard == self.config.shard && pid.epoch == self.config.epoch
    }

    /// Whether the PID can be of a shard of this node.
    #[inline]
    pub(crate) fn is_possible(&self, pid: Pid) -> bool {
        self.home(pid).is_some()
    }

    /// The shard to which signals for a process go; `None` when it can't be of this node. A durable
    /// process has its home on a shard that there is, however many there were when it began.
    #[inline]
    pub(crate) fn home(&self, pid: Pid) -> Option<ShardIndex> {
        if pid.epoch == self.config.epoch {
            return (pid.shard < self.config.shards).then_some(pid.shard);
        }
        (self.config.store_epoch == Some(pid.epoch)).then(|| pid.shard % self.config.shards)
    }

    /// Whether the PID is a durable process's that is at home on this shard.
    #[inline]
    pub(crate) fn houses(&self, pid: Pid) -> bool {
        pid.is_durable() && self.home(pid) == Some(self.config.shard)
    }

    pub(crate) fn caller(&self, slot: SlotIndex) -> Result<&Process, Error> {
        self.table.at(slot).ok_or_else(not_found)
    }

    pub(crate) fn caller_mut(&mut self, slot: SlotIndex) -> Result<&mut Process, Error> {
        self.table.at_mut(slot).ok_or_else(not_found)
    }

    /// Carries a signal to its process, here or on another shard, when no process has sent it.
    pub(crate) fn emit(&mut self, cx: &mut Step<'_>, signal: Signal) {
        let to = signal.to();
        if self.is_mine(to) {
            self.deliver(cx, signal);
        } else if let Some(shard) = self.home(to) {
            if shard == self.config.shard {
                return self.deliver(cx, signal);
            }
            cx.effects.push(Effect::Signal { shard, signal });
        }
    }

    /// Makes a process ready because something has arrived for it.
    #[inline]
    pub(crate) fn wake(process: &mut Process, ready: &mut Ready, now: Timestamp) {
        match process.state {
            State::Waiting => {
                process.state = State::Ready;
                process.since = now;
                ready.push(process);
            }
            State::Starting | State::Running | State::Paused => process.woken = true,
            State::Ready => {}
        }
    }
}

/// The error about a process that does not live.
pub(crate) fn not_found() -> Error {
    Error::not_found("process not found")
}
