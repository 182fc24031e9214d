//! On which shard a process lives.
//!
//! A child is born where its parent is, and mostly stays there: the two talk to each other, and a
//! message to another shard costs several times as much. Only a shard under pressure
//! ([`crate::pressure`]) gives work to one that is not:
//!
//! * a process that has used up its slice, when others wait (also to a shard that has nothing to do,
//!   without pressure);
//! * under pressure, and when many wait, one that has worked in its turn more than it has sent, also
//!   when it waits now: the next message finds it on the other shard;
//! * under pressure, children before they have begun: those of supervisors and pools when the shard has
//!   [`SUPERVISED_MARGIN`] processes more than the other, since they are there to stay; those of others
//!   when it has [`OTHERS_MARGIN`] more that are not ready, and as many of their program: a burst of
//!   short work is not spread.

use crate::node::Node;
use crate::shared::ShardLoad;
use crate::worker::Worker;
use procession_kernel::{SlotIndex, Vacancy};
use procession_types::{Error, HostIndex, SmolStr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Slots that a shard sets aside for the others: enough for what they bear until it looks again.
const SET_ASIDE: usize = 256;
/// How many more processes than another a shard has before supervisors and pools on it have children
/// there.
const SUPERVISED_MARGIN: usize = 16;
/// How many more that are not ready, before others do.
const OTHERS_MARGIN: usize = 1024;
/// And in both cases this part of those that the other has, so that counts which are a little old do
/// not make children change places in vain.
const PART: usize = 8;

/// What a shard has set aside. Its worker puts in, all others take out.
#[derive(Debug)]
pub(crate) struct Vacancies {
    list: Mutex<Vec<Vacancy>>,
    /// Its worker should look after it.
    is_low: AtomicBool,
}

impl Default for Vacancies {
    fn default() -> Self {
        Self { list: Mutex::default(), is_low: AtomicBool::new(true) }
    }
}

impl Vacancies {
    fn take(&self) -> Option<Vacancy> {
        // Nothing in here panics while it holds the lock, so the list is whole.
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let vacancy = list.pop();
        if list.len() <= SET_ASIDE / 4 * 3 {
            self.is_low.store(true, Ordering::Relaxed);
        }
        vacancy
    }
}

impl Node {
    /// Waits until the threads of all shards have begun, and so set slots aside: what is spawned from
    /// then on finds a place wherever it belongs.
    pub(crate) fn await_shards(&self) -> Result<(), Error> {
        (0..self.shards()).try_for_each(|shard| self.on(shard, |_| ()))
    }
}

impl Worker {
    /// Sets slots aside when the others have taken many. What they use them for wakes this worker, so
    /// it need not be told.
    #[inline]
    pub(crate) fn tend_vacancies(&mut self) {
        let vacancies = &self.shared.vacancies[usize::from(self.shard)];
        if self.shared.loads.len() > 1 && vacancies.is_low.load(Ordering::Relaxed) {
            let mut list = vacancies.list.lock().unwrap_or_else(PoisonError::into_inner);
            while list.len() < SET_ASIDE {
                let Some(vacancy) = self.kernel.set_aside() else { break };
                list.push(vacancy);
            }
            vacancies.is_low.store(false, Ordering::Relaxed);
        }
    }

    /// A place on another shard for a child of the process at a slot; `None` = it stays here.
    #[inline]
    pub(crate) fn place(
        &mut self,
        parent: SlotIndex,
        program: &SmolStr,
        host: HostIndex,
    ) -> Option<Vacancy> {
        // What a durable process does is in its log with what it was told, the child's PID.
        let is_durable = self.kernel.pid(parent).is_some_and(|pid| pid.is_durable());
        if !self.is_pressed || self.shared.loads.len() < 2 || is_durable {
            return None;
        }
        let here = self.kernel.load();
        if self.kernel.definition(parent).is_some_and(|it| it.built_in) {
            return self.place_far(here.processes, SUPERVISED_MARGIN, ShardLoad::processes);
        }
        let idle = here.processes.saturating_sub(here.ready);
        if idle <= OTHERS_MARGIN || !self.has_many(program, host) {
            return None;
        }
        self.place_far(idle, OTHERS_MARGIN, ShardLoad::idle)
    }

    /// Whether many processes of a program live here.
    fn has_many(&mut self, program: &SmolStr, host: HostIndex) -> bool {
        let cell = self.tally.cell(program, host);
        self.tally.at(cell).alive >= OTHERS_MARGIN as i64
    }

    /// A place on the shard that has the fewest of what this one has so many of.
    #[cold]
    fn place_far(
        &self,
        here: usize,
        margin: usize,
        count: fn(&ShardLoad) -> usize,
    ) -> Option<Vacancy> {
        let loads = self.shared.loads.iter().enumerate();
        let others = loads.filter(|(_, load)| !load.pressed.load(Ordering::Relaxed));
        let (least, shard) = others.map(|(shard, load)| (count(load), shard)).min()?;
        if here <= least + margin + least / PART {
            return None;
        }
        let vacancy = self.shared.vacancies[shard].take()?;
        // It counts from now on; that shard's own count, which follows, includes it.
        self.shared.loads[shard].processes.fetch_add(1, Ordering::Relaxed);
        Some(vacancy)
    }
}
