//! Who runs next.
//!
//! Every host has a queue of its own. Of the hosts of a priority that have somebody waiting, the one
//! is next that has been served least for its weight, in instructions: so a host of weight 2 gets
//! twice what one of weight 1 gets while both have work, however many processes each has and however
//! long their turns are. A host that had nothing to do does not save up for later.

use crate::process::Process;
use crate::table::Table;
use crate::{HostConfig, Kernel, Priority, SlotIndex, State, WEIGHT_MAX};
use procession_types::{HostIndex, Pid, Timestamp};
use std::collections::VecDeque;

/// Turns of system processes after which a normal one gets one.
const SYSTEM_TURNS_MAX: u32 = 8;
/// What a turn costs a host beside its instructions: about the time of the switch.
const TURN_INSTRUCTIONS: u64 = 16;
/// Entries of no use that are left in the queues in any case.
const STALE_MIN: usize = 64;

/// A turn that the driver must now give to a guest, and report by [`Kernel::end_turn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Run {
    /// Where the guest is.
    pub slot: SlotIndex,
    /// Whose it is.
    pub pid: Pid,
    /// Instructions it may execute.
    pub budget: u64,
}

/// Names an entry of the ready queues of a shard. They are given in turn: one comes again only
/// long after the queue has moved past the entry that had it before.
pub(crate) type Ticket = u32;

/// The queue of a host.
#[derive(Debug)]
struct Line {
    queue: VecDeque<(SlotIndex, Ticket)>,
    priority: Priority,
    weight: u64,
    /// What its processes have been given, divided by its weight. Wide enough never to overflow.
    served: u128,
}

/// The hosts of one priority that have somebody waiting. They are looked at one by one: a node has
/// few hosts.
#[derive(Debug, Default)]
struct Class {
    hosts: Vec<HostIndex>,
    /// What the host that was next last had been served by then.
    served: u128,
}

/// The ready queues. An entry whose ticket its process does not have any more, because it has died,
/// moved or been paused since, is passed over when its turn comes.
#[derive(Debug)]
pub(crate) struct Ready {
    lines: Vec<Line>,
    system: Class,
    normal: Class,
    system_turns: u32,
    tickets: Ticket,
    entries: usize,
    /// Entries that will be passed over, about.
    stale: usize,
}

impl Line {
    fn new(host: &HostConfig) -> Self {
        Self {
            queue: VecDeque::new(),
            priority: host.priority,
            weight: u64::from(host.weight.clamp(1, WEIGHT_MAX)),
            served: 0,
        }
    }
}

impl Ready {
    pub(crate) fn new(hosts: &[HostConfig]) -> Self {
        Self {
            lines: hosts.iter().map(Line::new).collect(),
            system: Class::default(),
            normal: Class::default(),
            system_turns: 0,
            tickets: 0,
            entries: 0,
            stale: 0,
        }
    }

    /// Weights and priorities of the same hosts, from now on, and hosts that are new, behind them.
    pub(crate) fn set_hosts(&mut self, hosts: &[HostConfig]) {
        let new = hosts.get(self.lines.len()..).unwrap_or_default();
        self.lines.extend(new.iter().map(Line::new));
        for (index, (line, host)) in self.lines.iter_mut().zip(hosts).enumerate() {
            line.weight = u64::from(host.weight.clamp(1, WEIGHT_MAX));
            if line.priority == host.priority {
                continue;
            }
            let index = index as HostIndex;
            let (from, to) = match host.priority {
                Priority::System => (&mut self.normal, &mut self.system),
                Priority::Normal => (&mut self.system, &mut self.normal),
            };
            line.priority = host.priority;
            // Beside its new neighbours it begins as one that had nothing to do.
            line.served = to.served;
            if let Some(position) = from.hosts.iter().position(|host| *host == index) {
                from.hosts.remove(position);
                to.hosts.push(index);
            }
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, process: &mut Process) {
        self.tickets = self.tickets.wrapping_add(1);
        process.ticket = self.tickets;
        let host = process.pid.host;
        let Some(line) = self.lines.get_mut(usize::from(host)) else { return };
        if line.queue.is_empty() {
            let class = match line.priority {
                Priority::System => &mut self.system,
                Priority::Normal => &mut self.normal,
            };
            line.served = line.served.max(class.served);
            class.hosts.push(host);
        }
        line.queue.push_back((process.slot, process.ticket));
        self.entries += 1;
    }

    /// Notes what a turn of one of its processes has cost a host.
    #[inline]
    pub(crate) fn charge(&mut self, host: HostIndex, instructions: u64) {
        if let Some(line) = self.lines.get_mut(usize::from(host)) {
            let cost = instructions.saturating_add(TURN_INSTRUCTIONS);
            // Times the greatest weight, so that the division leaves enough digits.
            line.served += u128::from(cost.saturating_mul(u64::from(WEIGHT_MAX)) / line.weight);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    #[inline]
    fn pop(&mut self) -> Option<(SlotIndex, Ticket)> {
        let system_may = self.system_turns < SYSTEM_TURNS_MAX || self.normal.hosts.is_empty();
        let class = if system_may && !self.system.hosts.is_empty() {
            self.system_turns += 1;
            &mut self.system
        } else {
            self.system_turns = 0;
            &mut self.normal
        };
        let lines = &mut self.lines;
        let least = |at: &usize| lines[usize::from(class.hosts[*at])].served;
        let next =
            if class.hosts.len() < 2 { 0 } else { (0..class.hosts.len()).min_by_key(least)? };
        let line = &mut lines[usize::from(*class.hosts.get(next)?)];
        class.served = class.served.max(line.served);
        let entry = line.queue.pop_front();
        if line.queue.is_empty() {
            class.hosts.remove(next);
        }
        self.entries -= 1;
        entry
    }

    /// Notes that a process that was ready is not any more, and has had no turn.
    pub(crate) fn left(&mut self, table: &Table) {
        self.stale += 1;
        if self.stale <= STALE_MIN || self.stale <= self.entries / 2 {
            return;
        }
        for line in &mut self.lines {
            line.queue.retain(|(slot, ticket)| {
                table.at(*slot).is_some_and(|process| process.holds(*ticket))
            });
        }
        for class in [&mut self.system, &mut self.normal] {
            class.hosts.retain(|host| !self.lines[usize::from(*host)].queue.is_empty());
        }
        self.entries = self.lines.iter().map(|line| line.queue.len()).sum();
        self.stale = 0;
    }
}

impl Process {
    /// Whether an entry is the one by which it waits for its turn.
    #[inline]
    fn holds(&self, ticket: Ticket) -> bool {
        self.ticket == ticket && self.state == State::Ready
    }
}

impl Kernel {
    /// The process whose turn it is; `None` when nobody is ready. It runs until
    /// [`Kernel::end_turn`].
    pub fn next_ready(&mut self, now: Timestamp) -> Option<Run> {
        loop {
            let (slot, ticket) = self.ready.pop()?;
            let process = self.table.at_mut(slot);
            let Some(process) = process.filter(|process| process.holds(ticket)) else {
                self.ready.stale = self.ready.stale.saturating_sub(1);
                continue;
            };
            process.state = State::Running;
            process.since = now;
            process.woken = false;
            self.counts.turns += 1;
            let budget = match process.definition.limits.instructions_max {
                Some(most) => (most.saturating_sub(process.instructions)).min(self.config.slice),
                None => self.config.slice,
            };
            return Some(Run { slot, pid: process.pid, budget: budget.max(1) });
        }
    }

    /// Whether anybody waits for a turn (perhaps only the dead).
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.ready.len() > 0
    }
}
