//! What a worker does for processes that have been idle: it gives back their memory, and packs those
//! that have been idle for long; and how a worker sleeps.
//!
//! The rule for a list: a process is on it once; when it comes up after the list's time and has had
//! no turn since it was listed, its time has come, otherwise it goes to the end of the list. So a
//! message costs nothing but a flag. A process whose turn ended with waiting is put on the list of
//! those to trim, and one that was trimmed on the list of those of its host that will hibernate.

use crate::guests::Resident;
use crate::worker::Worker;
use procession_kernel::{HostConfig, SlotIndex};
use procession_types::{HostIndex, Pid, Timestamp};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a process is left alone.
const TRIM_AFTER_NS: u64 = 200_000_000;
/// Processes tended before the worker looks at its inbox again, when nobody is ready; and when
/// somebody is.
const TENDED_MAX: usize = 1000;
const TENDED_BUSY_MAX: usize = 32;

/// Processes in the order in which their time comes, if they stay idle.
struct IdleList {
    after_ns: u64,
    list: VecDeque<(SlotIndex, u32, Timestamp)>,
}

impl IdleList {
    fn new(after_ns: u64) -> Self {
        Self { after_ns, list: VecDeque::new() }
    }

    fn add(&mut self, slot: SlotIndex, resident: &Resident) {
        self.list.push_back((slot, resident.pid.generation, resident.last_turn));
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.list.front().map(|(.., idle_since)| idle_since.after(self.after_ns))
    }

    /// The next whose time may have come.
    fn take(&mut self, now: Timestamp) -> Option<(SlotIndex, u32)> {
        self.next_due().filter(|due| *due <= now)?;
        self.list.pop_front().map(|(slot, generation, _)| (slot, generation))
    }

    fn is_due(&self, resident: &Resident, now: Timestamp) -> bool {
        resident.last_turn.after(self.after_ns) <= now
    }
}

/// See the module.
pub(crate) struct Idle {
    to_trim: IdleList,
    /// By host.
    to_hibernate: Vec<Option<IdleList>>,
}

impl Idle {
    pub(crate) fn new(hosts: &[HostConfig]) -> Self {
        let to_hibernate = hosts.iter().map(|host| host.hibernate_after_ns.map(IdleList::new));
        Self { to_trim: IdleList::new(TRIM_AFTER_NS), to_hibernate: to_hibernate.collect() }
    }

    /// The processes of a host hibernate after another time, or never. Those that are listed keep the
    /// time of before when they would hibernate anyway.
    pub(crate) fn set_host(&mut self, host: HostIndex, config: &HostConfig) {
        let host = usize::from(host);
        if host >= self.to_hibernate.len() {
            self.to_hibernate.resize_with(host + 1, || None);
        }
        let Some(list) = self.to_hibernate.get_mut(host) else { return };
        match (list.as_mut(), config.hibernate_after_ns) {
            (Some(list), Some(after_ns)) => list.after_ns = after_ns,
            (None, Some(after_ns)) => *list = Some(IdleList::new(after_ns)),
            // Those that are listed come to the front, and go on: see `tend`.
            (Some(list), None) => list.after_ns = u64::MAX / 4,
            (None, None) => {}
        }
    }

    /// Takes note of a process that waits.
    #[inline]
    pub(crate) fn add(&mut self, slot: SlotIndex, resident: &mut Resident) {
        if !resident.is_to_trim {
            resident.is_to_trim = true;
            self.to_trim.add(slot, resident);
        }
    }

    /// Whether the processes of the same host hibernate whenever they wait.
    #[inline]
    pub(crate) fn is_impatient(&self, pid: Pid) -> bool {
        matches!(self.of_host(pid), Some(IdleList { after_ns: 0, .. }))
    }

    fn of_host(&self, pid: Pid) -> Option<&IdleList> {
        self.to_hibernate.get(usize::from(pid.host))?.as_ref()
    }

    fn next_due(&self) -> Option<Timestamp> {
        let lists = self.to_hibernate.iter().flatten();
        lists.chain([&self.to_trim]).filter_map(IdleList::next_due).min()
    }
}

impl Worker {
    /// Gives some idle processes their due, when others are ready.
    #[inline]
    pub(crate) fn tend_some(&mut self) {
        if self.idle.next_due().is_some_and(|due| due <= self.now) {
            self.tend_idle(TENDED_BUSY_MAX);
        }
    }

    /// Trims and packs those that are due, `most` at most; true when there may be more.
    fn tend_idle(&mut self, most: usize) -> bool {
        let mut left = most;
        while left > 0 && self.trim_next() {
            left -= 1;
        }
        for host in 0..self.idle.to_hibernate.len() {
            while left > 0 && self.hibernate_next(host) {
                left -= 1;
            }
        }
        left == 0
    }

    /// Looks at the next process to trim; false when none is due.
    fn trim_next(&mut self) -> bool {
        let Some((slot, generation)) = self.idle.to_trim.take(self.now) else { return false };
        let resident = self.guests.get_mut(slot);
        let Some(resident) = resident.filter(|it| it.pid.generation == generation) else {
            return true;
        };
        if !self.idle.to_trim.is_due(resident, self.now) {
            self.idle.to_trim.add(slot, resident);
            return true;
        }
        resident.is_to_trim = false;
        // A collection is a part of a durable process's history: it is left alone until it leaves.
        if !resident.pid.is_durable() {
            resident.guest.trim();
        }
        let list = self.idle.to_hibernate.get_mut(usize::from(resident.pid.host));
        if let Some(Some(list)) = list
            && !resident.is_to_hibernate
        {
            resident.is_to_hibernate = true;
            list.add(slot, resident);
        }
        self.kernel.trim(slot);
        true
    }

    /// Looks at the next process of a host that may have to hibernate; false when none is due.
    fn hibernate_next(&mut self, host: usize) -> bool {
        let Some(Some(list)) = self.idle.to_hibernate.get_mut(host) else { return false };
        let Some((slot, generation)) = list.take(self.now) else { return false };
        let resident = self.guests.get_mut(slot);
        let Some(resident) = resident.filter(|it| it.pid.generation == generation) else {
            return true;
        };
        if list.is_due(resident, self.now) {
            resident.is_to_hibernate = false;
            if resident.pid.is_durable() {
                self.leave_memory(slot);
            } else {
                hibernate(resident);
            }
        } else {
            list.add(slot, resident);
        }
        true
    }

    /// Sleeps until there is something to do.
    pub(crate) fn rest(&mut self) {
        if self.tend_idle(TENDED_MAX) || self.desk.is_tight {
            return;
        }
        let shared = &self.shared;
        let held = (!self.held.is_empty()).then(|| self.now.after(5_000_000));
        let alarm = self.desk.alarms.first().map(|(at, _)| *at);
        let next =
            [self.kernel.next_deadline(), self.idle.next_due(), self.queues_due(), held, alarm];
        let timeout: Option<Duration> =
            next.into_iter().flatten().min().map(|at| shared.clock.until(at));
        let hungry = &shared.loads[usize::from(self.shard)].hungry;
        hungry.store(true, Ordering::Relaxed);
        shared.hungry.fetch_add(1, Ordering::Relaxed);
        shared.inboxes[usize::from(self.shard)].wait(timeout);
        shared.hungry.fetch_sub(1, Ordering::Relaxed);
        hungry.store(false, Ordering::Relaxed);
    }
}

/// Packs a guest. One that can't be packed stays as it is.
pub(crate) fn hibernate(resident: &mut Resident) {
    let _ = resident.guest.hibernate();
}
