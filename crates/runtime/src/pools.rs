//! Pools, from outside: what there is, how they are, how large they shall be.

use crate::HOST_SYSTEM;
use crate::built_in::{BuiltInImage, Command, Desk, PoolProcess, pool_limits};
use crate::node::{Node, Started};
use procession_environment::SpawnRequest;
use procession_supervision::pool::{Scale, Status};
use procession_types::definition::Pool as Definition;
use procession_types::{Error, ErrorKind, Pid, SmolStr};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the answer of a pool is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A pool that has been defined.
#[derive(Clone)]
struct Known {
    desk: Arc<Desk>,
    /// What its next process is made from.
    definition: Arc<Mutex<Definition>>,
    has_metrics: bool,
}

/// The pools of a node, by id.
#[derive(Default)]
pub(crate) struct Pools(Mutex<BTreeMap<SmolStr, Known>>);

impl Pools {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<SmolStr, Known>> {
        // Entries are put in and taken out with one call each.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// Adds a pool, which nobody has started yet: a program of the runtime with the pool's id. While it
    /// runs, its process holds the id as a name.
    ///
    /// # Errors
    /// `AlreadyExists` when there is a pool or program with this id.
    pub fn define_pool(&self, definition: &Definition) -> Result<(), Error> {
        let desk = Arc::<Desk>::default();
        let has_metrics = definition.monitoring.metrics_collection;
        let (id, limits) = (SmolStr::new(&definition.id), pool_limits(definition));
        let definition = Arc::new(Mutex::new(definition.clone()));
        let known =
            Known { desk: Arc::clone(&desk), definition: Arc::clone(&definition), has_metrics };
        let telemetry = self.shared.telemetry.clone();
        let keeper = self.shared.keeper.as_ref();
        let owners = keeper.map(|keeper| Arc::clone(&keeper.owners));
        let queues = keeper.map(|keeper| Arc::clone(&keeper.queues));
        let process = move || {
            let definition = definition.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = (owners.clone(), queues.clone());
            PoolProcess::new(&definition, Arc::clone(&desk), kept, telemetry.clone())
        };
        self.shared.programs.build_in(&id, limits, Arc::new(BuiltInImage(process)))?;
        self.shared.pools.lock().insert(id, known);
        Ok(())
    }

    /// Lets a pool go by another definition with the same id, at once if it runs. Its members keep what
    /// they were started with until [`Node::retire_members`].
    ///
    /// # Errors
    /// `NotFound`, and as for [`Node::pool_status`].
    pub fn redefine_pool(&self, definition: &Definition) -> Result<(), Error> {
        let id = SmolStr::new(&definition.id);
        {
            let mut pools = self.shared.pools.lock();
            let known = pools.get_mut(&id).ok_or_else(|| unknown(&id))?;
            known.has_metrics = definition.monitoring.metrics_collection;
            *known.definition.lock().unwrap_or_else(PoisonError::into_inner) = definition.clone();
        }
        self.shared.programs.set_limits(&id, pool_limits(definition));
        let Some(pid) = self.shared.built_in(&id) else { return Ok(()) };
        let loaded = self.shared.programs.load(&id, pid.host)?;
        self.on(pid.shard, move |worker| {
            if let Some(slot) = worker.kernel.locate(pid) {
                worker.step(|kernel, cx| kernel.set_definition(cx, slot, loaded.definition));
            }
        })?;
        let (reply, answer) = channel();
        let definition = Box::new(definition.clone());
        self.command_pool(&id, Command::Redefine { definition, reply })?;
        answered(&answer, &id)
    }

    /// Lets these members of a pool, or all, make room for others: each when it has done the message
    /// that it has. Nothing happens when the pool does not run.
    ///
    /// # Errors
    /// As for [`Node::pool_status`].
    pub fn retire_members(&self, id: &str, members: Option<Vec<Pid>>) -> Result<(), Error> {
        if self.shared.built_in(id).is_none() {
            return self.known_pool(id).map(drop);
        }
        let (reply, answer) = channel();
        self.command_pool(id, Command::Retire { members, reply })?;
        answered(&answer, id)
    }

    /// Takes a pool out; one that runs goes on without being known.
    pub fn forget_pool(&self, id: &str) {
        if self.shared.pools.lock().remove(id).is_some() {
            self.shared.programs.take_out(id);
        }
    }

    /// Starts a pool that has been defined, on its own: nobody starts it again when it fails.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` when it runs.
    pub fn start_pool(&self, id: &str) -> Result<Started, Error> {
        self.known_pool(id)?;
        let (program, name) = (SmolStr::new(id), Some(SmolStr::new(id)));
        let host = SmolStr::new_static(HOST_SYSTEM);
        let started =
            self.spawn_built_in(SpawnRequest { program, host, name, ..SpawnRequest::default() })?;
        match started.ending {
            Some(_) => Ok(started),
            None => {
                let message = format!("pool \"{id}\" runs already");
                Err(Error::new(ErrorKind::AlreadyExists, message))
            }
        }
    }

    /// Ids of the pools that have been defined.
    #[must_use]
    pub fn pools(&self) -> Vec<SmolStr> {
        self.shared.pools.lock().keys().cloned().collect()
    }

    /// How a pool is.
    ///
    /// # Errors
    /// `NotFound` when it is not known or does not run; `Unavailable` when it does not answer, as
    /// when its process is paused.
    pub fn pool_status(&self, id: &str) -> Result<Status, Error> {
        let (reply, answer) = channel();
        self.command_pool(id, Command::Status { reply })?;
        answered(&answer, id)
    }

    /// Sets the size of a pool, or its bounds; how it is then.
    ///
    /// # Errors
    /// `Invalid` when the bounds make no sense, and as for [`Node::pool_status`].
    pub fn scale_pool(&self, id: &str, scale: Scale) -> Result<Status, Error> {
        let (reply, answer) = channel();
        self.command_pool(id, Command::Scale { scale, reply })?;
        answered(&answer, id)?
    }

    /// The process host of a pool's members; `None` when there is no such pool.
    pub(crate) fn members_host(&self, id: &str) -> Option<SmolStr> {
        let known = self.known_pool(id).ok()?;
        let definition = known.definition.lock().unwrap_or_else(PoisonError::into_inner);
        Some(SmolStr::new(&definition.host))
    }

    fn known_pool(&self, id: &str) -> Result<Known, Error> {
        let known = self.shared.pools.lock().get(id).cloned();
        known.ok_or_else(|| unknown(id))
    }

    fn command_pool(&self, id: &str, command: Command) -> Result<(), Error> {
        let known = self.known_pool(id)?;
        let pid = self.shared.built_in(id).ok_or_else(|| stopped(id))?;
        known.desk.put(command)?;
        self.on(pid.shard, move |worker| worker.step(|kernel, cx| kernel.rouse(cx, pid)))?
    }

    /// The metrics of all pools, in the text form that scrapers read.
    pub(crate) fn pool_metrics(&self) -> String {
        let known: Vec<SmolStr> = {
            let pools = self.shared.pools.lock();
            let measured = pools.iter().filter(|(_, known)| known.has_metrics);
            measured.map(|(id, _)| id.clone()).collect()
        };
        // One that does not run or does not answer has no series.
        let statuses: Vec<Status> =
            known.iter().filter_map(|id| self.pool_status(id).ok()).collect();
        metrics(&statuses)
    }
}

fn unknown(id: &str) -> Error {
    Error::not_found(format!("pool \"{id}\" not found"))
}

fn stopped(id: &str) -> Error {
    Error::not_found(format!("pool \"{id}\" does not run"))
}

fn answered<T>(answer: &Receiver<T>, id: &str) -> Result<T, Error> {
    answer.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Timeout => {
            let message = format!("pool \"{id}\" has not answered for {PATIENCE:?}; is it paused?");
            Error::new(ErrorKind::Unavailable, message).with_retryable(true)
        }
        // It has ended meanwhile.
        RecvTimeoutError::Disconnected => stopped(id),
    })
}

fn metrics(statuses: &[Status]) -> String {
    let mut out = String::new();
    if statuses.is_empty() {
        return out;
    }
    out.push_str("# TYPE procession_pool_members gauge\n");
    for status in statuses {
        let members = status.members;
        for (state, count) in [
            ("starting", members.starting),
            ("idle", members.idle),
            ("paused", members.paused),
            ("busy", members.busy),
            ("ending", members.ending),
        ] {
            let id = &status.id;
            // Writing to a string does not fail.
            let _ =
                writeln!(out, "procession_pool_members{{pool=\"{id}\",state=\"{state}\"}} {count}");
        }
    }
    type Value = fn(&Status) -> f64;
    let series: [(&str, &str, Value); 15] = [
        ("members_min", "gauge", |it| f64::from(it.bounds.0)),
        ("members_max", "gauge", |it| f64::from(it.bounds.1)),
        ("queue_length", "gauge", |it| f64::from(it.waiting)),
        ("handed_total", "counter", |it| it.counts.handed as f64),
        ("done_total", "counter", |it| it.counts.done as f64),
        ("busy_seconds_total", "counter", |it| it.counts.busy_ns as f64 / 1e9),
        ("redelivered_total", "counter", |it| it.counts.redelivered as f64),
        ("dead_letters_total", "counter", |it| it.counts.dead_letters as f64),
        ("dead_letters_lost_total", "counter", |it| it.counts.lost as f64),
        ("member_failures_total", "counter", |it| it.counts.failures as f64),
        ("restarts_total", "counter", |it| it.counts.restarts as f64),
        ("scaled_up_total", "counter", |it| it.counts.grown as f64),
        ("scaled_down_total", "counter", |it| it.counts.shrunk as f64),
        ("health_failures_total", "counter", |it| it.counts.unhealthy as f64),
        ("reclaimed_bytes_total", "counter", |it| it.counts.reclaimed_bytes as f64),
    ];
    for (name, kind, value) in series {
        let _ = writeln!(out, "# TYPE procession_pool_{name} {kind}");
        for status in statuses {
            let _ =
                writeln!(out, "procession_pool_{name}{{pool=\"{}\"}} {}", status.id, value(status));
        }
    }
    out
}
