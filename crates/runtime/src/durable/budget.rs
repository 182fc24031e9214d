//! The memory that durable processes take, by host, and how they make room for each other.
//!
//! A host may have a budget. When most of it is used, those that had no turn for longest leave memory; a
//! process that is in the middle of a turn, has commits under way, or waits for something outside stays.
//! While none can leave fast enough, those that are to come back wait, unless nobody is about to leave:
//! somebody in memory may wait for one of them. Births do not wait; they are refused when too many commits are
//! under way, so that not everybody in memory is one of those who have to stay.
//!
//! What a process takes is counted as long as its guest is there, by a [`Charge`] that goes with it.

use super::recover::Wanted;
use crate::inbox::Inbox;
use crate::worker::Worker;
use procession_kernel::{HostConfig, SlotIndex};
use procession_types::{HOSTS_MAX, HostIndex, Pid};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a durable process takes beside its heap, in tables of kernel, worker and store: an estimate
/// from the sizes of these tables' entries.
const BESIDE_BYTES: u64 = 3072;
/// What one takes that is not there yet, when none is.
const UNKNOWN_BYTES: u64 = 16 << 10;
/// Processes that a shard looks at before it goes on with its work.
const LOOKED_AT_MAX: usize = 64;

/// What durable processes take on each host.
pub(crate) struct Residence {
    hosts: Box<[Arc<Resident>]>,
}

/// What they take on one host.
pub(crate) struct Resident {
    /// `u64::MAX` = all that there is.
    bytes_max: AtomicU64,
    bytes: AtomicU64,
    processes: AtomicU64,
    /// Of those that are on their way out.
    leaving_bytes: AtomicU64,
    /// Processes that are being brought back.
    coming: AtomicU64,
    evictions: AtomicU64,
    wakes: AtomicU64,
    /// Shards on which processes wait for room.
    waiting: AtomicU64,
    inboxes: Arc<[Arc<Inbox>]>,
}

/// What durable processes have in memory on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResidentUse {
    /// Durable processes that are in memory.
    pub processes: u64,
    /// Durable processes that are in the store only.
    pub sleeping: u64,
    /// Bytes that those in memory take.
    pub bytes: u64,
    /// How many they may take; `None` = all that there are.
    pub bytes_max: Option<u64>,
    /// Processes that have left memory to make room, since the node started.
    pub evictions: u64,
    /// Processes that were brought back.
    pub wakes: u64,
}

impl Residence {
    pub(crate) fn new(hosts: &[HostConfig], inboxes: &[Arc<Inbox>]) -> Self {
        let inboxes: Arc<[Arc<Inbox>]> = inboxes.into();
        // Also for those that a reload may bring.
        let host = |index: usize| {
            Arc::new(Resident {
                bytes_max: AtomicU64::new(hosts.get(index).map_or(u64::MAX, bytes_max)),
                bytes: AtomicU64::default(),
                processes: AtomicU64::default(),
                leaving_bytes: AtomicU64::default(),
                coming: AtomicU64::default(),
                evictions: AtomicU64::default(),
                wakes: AtomicU64::default(),
                waiting: AtomicU64::default(),
                inboxes: Arc::clone(&inboxes),
            })
        };
        Self { hosts: (0..HOSTS_MAX).map(host).collect() }
    }

    /// The budget of a host is another one from now on.
    pub(crate) fn set_host(&self, host: HostIndex, config: &HostConfig) {
        if let Some(resident) = self.hosts.get(usize::from(host)) {
            resident.bytes_max.store(bytes_max(config), Ordering::Relaxed);
        }
    }

    fn of(&self, host: HostIndex) -> &Arc<Resident> {
        self.hosts.get(usize::from(host)).unwrap_or(&self.hosts[0])
    }

    /// Counts a process in.
    pub(crate) fn charge(&self, host: HostIndex) -> Charge {
        let resident = Arc::clone(self.of(host));
        resident.processes.fetch_add(1, Ordering::Relaxed);
        resident.bytes.fetch_add(BESIDE_BYTES, Ordering::Relaxed);
        Charge { resident, bytes: BESIDE_BYTES, is_leaving: false }
    }

    /// What is in memory of a host's durable processes, of which so many live.
    pub(crate) fn used(&self, host: HostIndex, alive: u64) -> ResidentUse {
        let resident = self.of(host);
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (processes, bytes_max) = (get(&resident.processes), get(&resident.bytes_max));
        ResidentUse {
            processes,
            sleeping: alive.saturating_sub(processes),
            bytes: get(&resident.bytes),
            bytes_max: Some(bytes_max).filter(|most| *most < u64::MAX),
            evictions: get(&resident.evictions),
            wakes: get(&resident.wakes),
        }
    }
}

fn bytes_max(config: &HostConfig) -> u64 {
    config.resident_bytes_max.unwrap_or(u64::MAX)
}

impl Resident {
    /// Bytes that will stay, as far as is known.
    fn staying(&self) -> u64 {
        let leaving = self.leaving_bytes.load(Ordering::Relaxed);
        self.bytes.load(Ordering::Relaxed).saturating_sub(leaving)
    }

    /// Whether some should leave: before there is no room, since leaving takes a while.
    fn is_tight(&self) -> bool {
        let most = self.bytes_max.load(Ordering::Relaxed);
        self.staying() > most - most / 8
    }

    /// Has those looked after that wait for room.
    fn tell_waiting(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.inboxes.iter().for_each(|inbox| inbox.poke());
        }
    }

    /// Whether there is room for one more.
    fn has_room(&self) -> bool {
        let (bytes, processes) =
            (self.bytes.load(Ordering::Relaxed), self.processes.load(Ordering::Relaxed));
        let each = bytes.checked_div(processes).unwrap_or(UNKNOWN_BYTES);
        let coming = self.coming.load(Ordering::Relaxed) + 1;
        bytes.saturating_add(each * coming) <= self.bytes_max.load(Ordering::Relaxed)
    }
}

/// The part of a process in what its host's processes take.
pub(crate) struct Charge {
    resident: Arc<Resident>,
    bytes: u64,
    is_leaving: bool,
}

impl Charge {
    /// The process has a heap of so many bytes.
    pub(crate) fn set(&mut self, heap_bytes: u64) {
        let bytes = heap_bytes + BESIDE_BYTES;
        let before = std::mem::replace(&mut self.bytes, bytes);
        if before != bytes {
            self.resident.bytes.fetch_add(bytes.wrapping_sub(before), Ordering::Relaxed);
            if self.is_leaving {
                let leaving = &self.resident.leaving_bytes;
                leaving.fetch_add(bytes.wrapping_sub(before), Ordering::Relaxed);
            }
        }
    }

    /// Whether the process is on its way out.
    pub(crate) fn set_leaving(&mut self, leaves: bool) {
        let leaving = &self.resident.leaving_bytes;
        match (std::mem::replace(&mut self.is_leaving, leaves), leaves) {
            (false, true) => drop(leaving.fetch_add(self.bytes, Ordering::Relaxed)),
            (true, false) => drop(leaving.fetch_sub(self.bytes, Ordering::Relaxed)),
            _ => {}
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set_leaving(false);
        self.resident.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.resident.processes.fetch_sub(1, Ordering::Relaxed);
        self.resident.tell_waiting();
    }
}

/// The end of a list, or a slot that is in none.
const NONE: SlotIndex = SlotIndex::MAX;

#[derive(Clone, Copy)]
struct Place {
    list: HostIndex,
    is_listed: bool,
    before: SlotIndex,
    after: SlotIndex,
}

/// The durable processes of a shard in the order of their last turns, for each host that has a budget.
/// Slots whose processes are gone are found when they come up.
#[derive(Default)]
pub(crate) struct Turns {
    places: Vec<Place>,
    /// By host: the first and the last.
    lists: Vec<(SlotIndex, SlotIndex)>,
}

impl Turns {
    /// The process at a slot has had a turn.
    fn touch(&mut self, slot: SlotIndex, host: HostIndex) {
        self.remove(slot);
        let (at, list) = (slot as usize, usize::from(host));
        if self.places.len() <= at {
            let none = Place { list: 0, is_listed: false, before: NONE, after: NONE };
            self.places.resize(at + 1, none);
        }
        if self.lists.len() <= list {
            self.lists.resize(list + 1, (NONE, NONE));
        }
        let (first, last) = &mut self.lists[list];
        let before = std::mem::replace(last, slot);
        if before == NONE {
            *first = slot;
        } else {
            self.places[before as usize].after = slot;
        }
        self.places[at] = Place { list: host, is_listed: true, before, after: NONE };
    }

    fn remove(&mut self, slot: SlotIndex) {
        let Some(place) = self.places.get_mut(slot as usize).filter(|it| it.is_listed) else {
            return;
        };
        place.is_listed = false;
        let Place { list, before, after, .. } = *place;
        let (first, last) = &mut self.lists[usize::from(list)];
        if before == NONE {
            *first = after
        } else {
            self.places[before as usize].after = after
        }
        if after == NONE { *last = before } else { self.places[after as usize].before = before }
    }

    /// The one that had no turn for longest.
    fn first(&self, host: HostIndex) -> Option<SlotIndex> {
        self.lists.get(usize::from(host)).map(|(first, _)| *first).filter(|slot| *slot != NONE)
    }
}

/// Processes that wait until there is room for them, by host.
#[derive(Default)]
pub(crate) struct Waiting {
    hosts: Vec<VecDeque<Pid>>,
    count: usize,
}

impl Worker {
    /// Takes note of what a durable process takes that waits, or begins to.
    pub(crate) fn note_resident(&mut self, slot: SlotIndex, heap_bytes: u64) {
        let Some(kept) = self.desk.kept.get_mut(&slot) else { return };
        kept.charge.set(heap_bytes);
        let resident = &kept.charge.resident;
        if resident.bytes_max.load(Ordering::Relaxed) < u64::MAX {
            self.desk.is_tight |= resident.is_tight();
            self.desk.turns.touch(slot, kept.pid.host);
        }
    }

    /// Whether a process may be brought back now; otherwise it waits here.
    pub(crate) fn may_come(&mut self, pid: Pid) -> bool {
        let resident = Arc::clone(self.shared.residence.of(pid.host));
        if resident.has_room() {
            return true;
        }
        let (waiting, host) = (&mut self.desk.waiting, usize::from(pid.host));
        if waiting.hosts.len() <= host {
            waiting.hosts.resize_with(host + 1, VecDeque::new);
        }
        waiting.count += 1;
        if waiting.hosts[host].is_empty() {
            resident.waiting.fetch_add(1, Ordering::SeqCst);
        }
        waiting.hosts[host].push_back(pid);
        self.desk.is_tight = true;
        false
    }

    /// A process is being brought back.
    pub(crate) fn comes(&self, pid: Pid) {
        self.shared.residence.of(pid.host).coming.fetch_add(1, Ordering::Relaxed);
    }

    /// One that was to be brought back is there, or will not be.
    pub(crate) fn has_come(&self, pid: Pid) {
        let resident = self.shared.residence.of(pid.host);
        resident.coming.fetch_sub(1, Ordering::Relaxed);
        resident.wakes.fetch_add(1, Ordering::Relaxed);
        resident.tell_waiting();
    }

    /// Makes room where it is tight, and has those brought back that wait for it.
    pub(crate) fn tend_residents(&mut self) {
        if !self.desk.is_tight && self.desk.waiting.count == 0 {
            return;
        }
        self.desk.is_tight = false;
        for host in 0..self.shared.hosts.iter().count() as HostIndex {
            let resident = Arc::clone(self.shared.residence.of(host));
            if resident.is_tight() {
                let is_enough = self.make_room(host, &resident);
                // Those that are to leave may be on other shards.
                if !is_enough {
                    self.shared.inboxes.iter().for_each(|inbox| inbox.poke());
                }
            }
            self.admit(host, &resident);
        }
        self.flush();
    }

    /// Has those leave that had no turn for longest; false when that is not enough.
    fn make_room(&mut self, host: HostIndex, resident: &Resident) -> bool {
        for _ in 0..LOOKED_AT_MAX {
            if !resident.is_tight() {
                return true;
            }
            let Some(slot) = self.desk.turns.first(host) else { return false };
            self.desk.turns.remove(slot);
            if self.leave_memory(slot) {
                resident.evictions.fetch_add(1, Ordering::Relaxed);
            } else if self.desk.kept.contains_key(&slot) {
                self.desk.turns.touch(slot, host);
            }
        }
        // There is more to do, but others want their turns, too.
        self.desk.is_tight = true;
        true
    }

    fn admit(&mut self, host: HostIndex, resident: &Resident) {
        let at = usize::from(host);
        while let Some(queue) = self.desk.waiting.hosts.get_mut(at)
            && let Some(pid) = queue.front().copied()
        {
            let may = self.desk.is_resting || resident.has_room();
            // Nobody leaves, and nobody comes who could leave later: so there is no use in waiting.
            let is_stuck = resident.leaving_bytes.load(Ordering::Relaxed) == 0
                && resident.coming.load(Ordering::Relaxed) == 0;
            if !may && !is_stuck {
                return;
            }
            queue.pop_front();
            if queue.is_empty() {
                resident.waiting.fetch_sub(1, Ordering::SeqCst);
            }
            self.desk.waiting.count -= 1;
            self.bring_back(pid, Wanted::Alive);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(turns: &mut Turns, host: HostIndex) -> Vec<SlotIndex> {
        let next = || {
            let slot = turns.first(host)?;
            turns.remove(slot);
            Some(slot)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn who_had_no_turn_for_longest_comes_first() {
        let mut turns = Turns::default();
        [3, 1, 4, 1, 5, 9, 3].into_iter().for_each(|slot| turns.touch(slot, 0));
        turns.touch(2, 1);
        // One that has come to another host.
        turns.touch(5, 1);
        turns.remove(4);
        turns.remove(100);
        assert_eq!(order(&mut turns, 0), [1, 9, 3]);
        turns.touch(2, 1);
        assert_eq!(order(&mut turns, 1), [5, 2]);
        assert!(order(&mut turns, 7).is_empty());
    }

    #[test]
    fn what_is_counted_goes_with_what_it_counts() {
        let config = HostConfig { resident_bytes_max: Some(100_000), ..HostConfig::new("app:x") };
        let residence = Residence::new(&[config], &[]);
        let resident = Arc::clone(residence.of(0));
        let mut charges: Vec<Charge> = (0..4).map(|_| residence.charge(0)).collect();
        assert!(!resident.is_tight() && resident.has_room());
        charges.iter_mut().for_each(|charge| charge.set(20_000));
        assert!(resident.is_tight() && !resident.has_room());
        charges[0].set_leaving(true);
        charges[0].set(19_000);
        assert!(!resident.is_tight() && !resident.has_room());
        assert_eq!(residence.used(0, 9).sleeping, 5);
        drop(charges);
        let used = residence.used(0, 9);
        assert_eq!((used.bytes, used.processes, used.sleeping), (0, 0, 9));
        assert_eq!(resident.leaving_bytes.load(Ordering::Relaxed), 0);
    }
}
