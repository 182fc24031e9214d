//! What people change at a pool: its size and its definition.

use super::{MS, QUEUE_MAX, World};
use crate::random::Random;
use procession_supervision::pool::{Actions, Input, Scale};
use procession_types::Pid;
use procession_types::definition::{self, Lifecycle, Monitoring, PoolSize, Recovery, Restart};
use std::collections::BTreeMap;

impl World {
    pub(super) fn scale(&mut self) -> Result<(), String> {
        let some = |random: &mut Random| random.one_in(2).then(|| random.below(7) as u32);
        let (min_size, max_size) = (some(&mut self.random), some(&mut self.random));
        let size = self.random.one_in(2).then(|| some(&mut self.random));
        self.set_size(Scale { size, min_size, max_size })
    }

    /// The pool gets another definition, and perhaps other members.
    pub(super) fn redefine(&mut self) -> Result<(), String> {
        if self.finished.is_some() {
            return Ok(());
        }
        let mut actions = Actions::new();
        let new = definition(&mut self.random);
        // How often a message may fail stays: the model counts by it.
        let old = self.pool.definition();
        let recovery = Recovery { redeliveries_max: old.recovery.redeliveries_max, ..new.recovery };
        let new = definition::Pool { recovery, ..new };
        self.note(format!("another definition: {:?}", new.size));
        let moment = self.moment();
        self.pool.redefine(moment, new, &mut actions);
        let all: Vec<Pid> = self.members.keys().copied().collect();
        let some = self.random.pick(&all).into_iter().collect::<Vec<Pid>>();
        let which = [None, Some(&some[..]), Some(&[][..])][self.random.below(3)];
        self.note(format!("members make room: {which:?}"));
        let moment = self.moment();
        self.pool.retire(moment, which, &mut actions);
        self.carry_out(actions)?;
        self.report.redefined += 1;
        self.input(Input::Tick)
    }

    pub(in crate::pool) fn set_size(&mut self, scale: Scale) -> Result<(), String> {
        if self.finished.is_some() {
            return Ok(());
        }
        let mut actions = Actions::new();
        let moment = self.moment();
        let done = self.pool.scale(moment, scale, &mut actions);
        self.note(format!("{scale:?}: {}", if done.is_ok() { "done" } else { "refused" }));
        self.carry_out(actions)?;
        self.input(Input::Tick)
    }
}

pub(super) fn definition(random: &mut Random) -> definition::Pool {
    let least = random.below(4) as u32;
    let most = (least + random.below(4) as u32).max(1);
    definition::Pool {
        id: "sim:pool".into(),
        program: "sim:member".into(),
        host: "sim:host".into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: least, max_size: most, idle_timeout_ns: 40 * MS },
        queue_max: QUEUE_MAX as u32,
        monitoring: Monitoring {
            health_check_interval_ns: 20 * MS,
            health_check_timeout_ns: 5 * MS,
            ..Monitoring::default()
        },
        recovery: Recovery {
            restart_delay_ns: 2 * MS,
            // Some pools fail soon, some never.
            max_restarts: if random.one_in(3) { 3 } else { u32::MAX },
            redeliveries_max: random.below(4) as u32,
            ..Recovery::default()
        },
        lifecycle: Lifecycle {
            start_timeout_ns: 50 * MS,
            stop_timeout_ns: 20 * MS,
            restart: Restart { max_delay_ns: 50 * MS, ..Restart::default() },
            ..Lifecycle::default()
        },
    }
}
