//! Looking inside without stopping anything.

use crate::{Kernel, SlotIndex, State, Step};
use procession_types::{Context, HostIndex, Limits, Pid, Rest, SmolStr, Timestamp};
use std::sync::Arc;

/// PIDs that one list of an [`Info`] shows at most.
pub const INFO_PIDS_MAX: usize = 100;

/// What there is to know about a process.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// Who it is.
    pub pid: Pid,
    /// Who spawned it.
    pub parent: Option<Pid>,
    /// What it runs.
    pub program: SmolStr,
    /// The process host on which it runs.
    pub host: HostIndex,
    /// What it may use.
    pub limits: Limits,
    /// What it inherited.
    pub context: Arc<Context>,
    /// What it does.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// When it was spawned.
    pub started: Timestamp,
    /// Messages waiting.
    pub mailbox_messages: u32,
    /// Bytes waiting.
    pub mailbox_bytes: u64,
    /// Events waiting.
    pub events: usize,
    /// Topics it listens to.
    pub topics: usize,
    /// Linked processes, the first [`INFO_PIDS_MAX`] of them.
    pub links: Vec<Pid>,
    /// How many there are.
    pub links_count: usize,
    /// Whom it monitors, likewise.
    pub monitoring: Vec<Pid>,
    /// How many there are.
    pub monitoring_count: usize,
    /// Who monitors it, likewise.
    pub watchers: Vec<Pid>,
    /// How many there are.
    pub watchers_count: usize,
    /// Names it holds.
    pub names: Vec<SmolStr>,
    /// Calls it waits for, or whose replies it has not taken.
    pub calls: usize,
    /// The process whose call it answers.
    pub caller: Option<Pid>,
    /// Instructions executed.
    pub instructions: u64,
    /// What its parent wants to be told of.
    pub asked: Option<Rest>,
    /// See [`Kernel::traps_links`].
    pub trap_links: bool,
    /// When it will be terminated.
    pub deadline: Option<Timestamp>,
}

/// What a shard has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Processes started.
    pub spawned: u64,
    /// Processes ended.
    pub ended: u64,
    /// Messages accepted from processes of this shard.
    pub sent: u64,
    /// Messages taken by processes of this shard.
    pub received: u64,
    /// Messages that waited when their process ended.
    pub dropped_at_exit: u64,
    /// Messages that came from another shard too late, or for which there was no room where they wait.
    pub dropped_dead: u64,
    /// Times that a process was paused.
    pub pauses: u64,
    /// Times that one was resumed.
    pub resumes: u64,
    /// Turns given.
    pub turns: u64,
    /// Instructions executed in them.
    pub instructions: u64,
}

impl Counts {
    /// Adds those of another shard.
    pub fn add(&mut self, other: &Self) {
        self.spawned += other.spawned;
        self.ended += other.ended;
        self.sent += other.sent;
        self.received += other.received;
        self.dropped_at_exit += other.dropped_at_exit;
        self.dropped_dead += other.dropped_dead;
        self.pauses += other.pauses;
        self.resumes += other.resumes;
        self.turns += other.turns;
        self.instructions += other.instructions;
    }
}

/// How busy a shard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Processes waiting for a turn.
    pub ready: usize,
    /// Processes alive.
    pub processes: usize,
    /// Timers set.
    pub timers: usize,
    /// Processes that are paused.
    pub paused: usize,
}

/// The little about a process that its metrics need.
#[derive(Debug, Clone, Copy)]
pub struct Glance {
    /// Where its guest is.
    pub slot: SlotIndex,
    /// What it does.
    pub state: State,
    /// Messages waiting.
    pub mailbox_messages: u32,
    /// Bytes waiting.
    pub mailbox_bytes: u64,
}

impl Kernel {
    /// A look at the processes that live on this shard at slots from `first` on, up to `slots` of
    /// them, and the slot to go on from; `None` when these were the last.
    pub fn glance(
        &self,
        first: SlotIndex,
        slots: SlotIndex,
        mut each: impl FnMut(Glance),
    ) -> Option<SlotIndex> {
        let end = first.saturating_add(slots).min(self.table.slots());
        for slot in first..end {
            if let Some(process) = self.table.at(slot) {
                let (mailbox_messages, mailbox_bytes) =
                    (process.mailbox.len(), process.mailbox.bytes());
                each(Glance { slot, state: process.state, mailbox_messages, mailbox_bytes });
            }
        }
        (end < self.table.slots()).then_some(end)
    }

    /// What there is to know about a process of this shard.
    #[must_use]
    pub fn info(&self, cx: &Step<'_>, pid: Pid) -> Option<Info> {
        let process = self.table.at(self.locate(pid)?)?;
        let rare = process.rare.as_deref();
        Some(Info {
            pid,
            parent: process.parent,
            program: process.definition.program.clone(),
            host: pid.host,
            limits: process.definition.limits,
            context: Arc::clone(&process.context),
            state: process.state,
            since: process.since,
            started: process.started,
            mailbox_messages: process.mailbox.len(),
            mailbox_bytes: process.mailbox.bytes(),
            events: process.events.len(),
            topics: process.mailbox.topics(),
            links: rare.map(|rare| rare.links.keys(INFO_PIDS_MAX)).unwrap_or_default(),
            links_count: rare.map_or(0, |rare| rare.links.len()),
            monitoring: rare.map(|rare| rare.monitoring.keys(INFO_PIDS_MAX)).unwrap_or_default(),
            monitoring_count: rare.map_or(0, |rare| rare.monitoring.len()),
            watchers: process.watchers.keys(INFO_PIDS_MAX),
            watchers_count: process.watchers.len(),
            names: cx.directory.names(pid),
            calls: rare.map_or(0, |rare| rare.calls.len()),
            caller: rare.and_then(|rare| rare.caller).map(|(pid, _)| pid),
            instructions: process.instructions,
            asked: process.asked,
            trap_links: process.trap_links,
            deadline: rare.and_then(|rare| rare.deadline),
        })
    }

    /// The processes that live on this shard at slots from `first` on, `count_max` at most, each
    /// with its slot. The next page starts one after the last slot.
    #[must_use]
    pub fn processes(&self, first: SlotIndex, count_max: usize) -> Vec<(SlotIndex, Pid)> {
        let slots = first..self.table.slots();
        slots.filter_map(|slot| Some((slot, self.pid(slot)?))).take(count_max).collect()
    }

    /// See [`Counts`].
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// See [`Load`].
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            ready: self.ready.len(),
            processes: self.table.live(),
            timers: self.timers.len(),
            paused: self.paused,
        }
    }
}
