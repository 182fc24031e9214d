//! Starting and stopping an application.

use super::blueprint::{Blueprint, Sketch, unstarted};
use super::desk::Desk;
use super::guest::SupervisorProcess;
use super::register::Supervised;
use crate::built_in::BuiltInImage;
use crate::node::{Node, nanoseconds};
use crate::watch::Ending;
use crate::{HOST_SYSTEM, Started};
use procession_environment::SpawnRequest;
use procession_supervision::plan::{Declared, Kind, Plan, Planned, plan};
use procession_supervision::supervisor::{ChildStatus, REST, StateName};
use procession_types::definition::{Pool, Strategy};
use procession_types::{Error, ErrorKind, Pid, SmolStr};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// Id of the supervisor above all others of an application.
pub const ROOT: &str = "system:root";

/// How much longer than its deadline the end of an application is waited for.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// What an application consists of. Its programs, process hosts and policies are the node's.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApplicationDefinition {
    /// Services, supervisors and pools.
    pub declared: Declared,
    /// Groups of policies: the ids of each group's policies.
    pub groups: BTreeMap<String, Vec<String>>,
}

/// An application that has been started.
pub(crate) struct Running {
    pub(super) root: Pid,
    ending: Option<Ending>,
    pub(super) definition: ApplicationDefinition,
    /// Its supervisors, with what their next processes are made from.
    pub(super) supervisors: BTreeMap<SmolStr, Arc<Sketch>>,
    /// How long all of it may take to stop.
    pub(super) stop_timeout_ns: u64,
}

impl Node {
    /// Starts an application: a root supervisor, whose children are all services, pools and
    /// supervisors that no other supervisor lists. It returns when the root has been started; see
    /// [`Node::wait_until_up`].
    ///
    /// # Errors
    /// Everything that is wrong with the definitions, at once; `AlreadyExists` when an application
    /// runs, or a program has the id of a supervisor.
    pub fn start_application(&self, application: ApplicationDefinition) -> Result<(), Vec<Error>> {
        let mut running = self.running();
        if let Some(Running { root, .. }) = &*running
            && self.shared.is_alive(*root)
        {
            let message = "an application runs already: stop it first";
            return Err(vec![Error::new(ErrorKind::AlreadyExists, message)]);
        }
        if let Some(over) = running.take() {
            self.take_out(&over);
        }
        let plan = self.planned(&application)?;
        let mut begun = Running {
            root: Pid { host: 0, shard: 0, epoch: 0, slot: 0, generation: 0 },
            ending: None,
            definition: application,
            supervisors: BTreeMap::new(),
            stop_timeout_ns: plan.stop_timeout_ns,
        };
        let ready = self.put_in(plan, &mut begun).and_then(|()| self.await_shards());
        let started = ready.and_then(|()| self.spawn_root());
        match started {
            Ok(Started { pid, ending }) => {
                self.tell_orphans(&begun.definition);
                *running = Some(Running { root: pid, ending, ..begun });
                Ok(())
            }
            Err(error) => {
                self.take_out(&begun);
                let status = ChildStatus { reason: Some(error.to_string()), ..unstarted() };
                self.shared.register.update_root(&SmolStr::new_static(ROOT), status);
                Err(vec![error])
            }
        }
    }

    /// Waits until everything that starts with the application is up, or something of it has failed
    /// ([`StateName::Degraded`]), or all of it has, or for so long at most; how its root is then.
    ///
    /// # Errors
    /// `NotFound` when there is no application.
    pub fn wait_until_up(&self, patience: Duration) -> Result<Supervised, Error> {
        let states =
            [StateName::Running, StateName::Degraded, StateName::Failed, StateName::Stopped];
        let root = self.shared.register.wait_for(ROOT, patience, &states);
        root.ok_or_else(no_application)
    }

    /// Stops the application: each child after those that require it, with the deadlines of the
    /// definitions, and no later than after `most`. Durable processes are put to rest, and go on when an
    /// application with the same services starts again. Returns how many processes had to be terminated.
    ///
    /// # Errors
    /// `NotFound` when there is no application; `Timeout` when it does not end, as when a process of
    /// it is paused.
    pub fn stop_application(&self, most: Option<Duration>) -> Result<u64, Error> {
        let mut running = self.running();
        let Some(application) = running.take() else { return Err(no_application()) };
        let before = self.shared.register.overdue.load(Ordering::SeqCst);
        let own = Duration::from_nanos(application.stop_timeout_ns);
        let deadline = most.map_or(own, |most| most.min(own));
        // One that has ended already has nothing to stop.
        let asked = self.cancel(application.root, Some(deadline), REST);
        if let (Ok(()), Some(ending)) = (asked, &application.ending)
            && ending.wait_for(deadline.saturating_add(GRACE)).is_err()
            && self.shared.is_alive(application.root)
        {
            let message = format!("the application has not ended after {deadline:?}");
            *running = Some(application);
            return Err(Error::new(ErrorKind::Timeout, message));
        }
        self.take_out(&application);
        Ok(self.shared.register.overdue.load(Ordering::SeqCst) - before)
    }

    /// The tree of an application, when nothing is wrong with it.
    pub(super) fn planned(&self, application: &ApplicationDefinition) -> Result<Plan, Vec<Error>> {
        let mut errors = self.check(application);
        match plan(ROOT, &application.declared) {
            Ok(plan) if errors.is_empty() => Ok(plan),
            Ok(_) => Err(errors),
            Err(wrong) => {
                errors.extend(wrong.iter().map(|error| Error::invalid(error.to_string())));
                Err(errors)
            }
        }
    }

    /// What can be told of definitions without a tree.
    fn check(&self, application: &ApplicationDefinition) -> Vec<Error> {
        let declared = &application.declared;
        let services = declared.services.values();
        let services = services.map(|it| (&it.id, &it.program, &it.host, &it.lifecycle));
        let pools = declared.pools.values();
        let pools = pools.map(|it| (&it.id, &it.program, &it.host, &it.lifecycle));
        let mut errors = Vec::new();
        for (id, program, host, lifecycle) in services.chain(pools) {
            if !self.shared.programs.is_for_users(program) {
                let message = format!("{id} runs the program \"{program}\", which is not defined");
                errors.push(Error::not_found(message));
            }
            if self.shared.host(host).is_none() {
                let message =
                    format!("{id} runs on the process host \"{host}\", which is not there");
                errors.push(Error::not_found(message));
            }
            let groups = lifecycle.security.groups.iter();
            for group in groups.filter(|group| !application.groups.contains_key(*group)) {
                let message = format!("{id} names the group \"{group}\", which is not defined");
                errors.push(Error::not_found(message));
            }
            for policy in
                application.security(&lifecycle.security).scope.unwrap_or_default().policies
            {
                if self.shared.policies.with(|all| all.get(&policy).is_none()) {
                    let message =
                        format!("{id} names the policy \"{policy}\", which is not defined");
                    errors.push(Error::not_found(message));
                }
            }
        }
        errors
    }

    /// Makes programs of the supervisors and pools, and shows everything as not started.
    fn put_in(&self, plan: Plan, begun: &mut Running) -> Result<(), Error> {
        self.shared.register.clear();
        let application = begun.definition.clone();
        for planned in plan.supervisors {
            let id = planned.definition.id.clone();
            let children = planned.definition.children.iter().zip(&planned.kinds);
            for (child, kind) in children {
                // A supervisor is added with its desk, when its turn comes.
                if *kind != Kind::Supervisor {
                    let entry = application.entry(&child.id, *kind, Some(&id));
                    self.shared.register.add(entry, None);
                }
            }
            let sketch = self.put_in_supervisor(planned, &application)?;
            begun.supervisors.insert(id, sketch);
        }
        application
            .declared
            .pools
            .values()
            .try_for_each(|pool| self.define_pool(&application.flat(pool)))
    }

    /// Makes a program of a supervisor, and shows it as not started.
    pub(super) fn put_in_supervisor(
        &self,
        planned: Planned,
        application: &ApplicationDefinition,
    ) -> Result<Arc<Sketch>, Error> {
        let id = planned.definition.id.clone();
        let desk = Arc::<Desk>::default();
        let mut entry = application.entry(&id, Kind::Supervisor, planned.parent.as_ref());
        if planned.parent.is_none() {
            // Whoever waits for the application to be up does not take it for stopped.
            entry.status = ChildStatus { state: StateName::Starting, reason: None, ..entry.status };
        }
        let register = Arc::clone(&self.shared.register);
        register.add(entry, Some(Arc::clone(&desk)));
        let sketch = Arc::new(Sketch::new(Arc::new(Blueprint::new(planned, application))));
        let made = Arc::clone(&sketch);
        let telemetry = self.shared.telemetry.clone();
        let owners = self.shared.keeper.as_ref().map(|keeper| Arc::clone(&keeper.owners));
        let process = move || {
            let (register, desk) = (Arc::clone(&register), Arc::clone(&desk));
            SupervisorProcess::new(
                &sketch.get(),
                register,
                telemetry.clone(),
                (desk, owners.clone()),
            )
        };
        let image = Arc::new(BuiltInImage(process));
        self.shared.programs.build_in(&id, Blueprint::limits(), image)?;
        Ok(made)
    }

    /// Takes the programs out again; what is shown of them stays.
    fn take_out(&self, over: &Running) {
        over.supervisors.keys().for_each(|id| self.shared.programs.take_out(id));
        over.definition.declared.pools.keys().for_each(|id| self.forget_pool(id));
    }

    fn spawn_root(&self) -> Result<Started, Error> {
        let root = SmolStr::new_static(ROOT);
        let host = SmolStr::new_static(HOST_SYSTEM);
        let name = Some(root.clone());
        let request = SpawnRequest { program: root, host, name, ..SpawnRequest::default() };
        let started = self.spawn_built_in(request)?;
        match started.ending {
            Some(_) => Ok(started),
            None => {
                let message = format!("the name {ROOT} is taken");
                Err(Error::new(ErrorKind::AlreadyExists, message))
            }
        }
    }

    /// What children require since their supervisor is `rest_for_one`: the one listed before.
    pub(crate) fn implied(&self) -> Vec<(String, String)> {
        let running = self.running();
        let trees = running.iter().flat_map(|it| it.definition.declared.supervisors.values());
        let trees = trees.filter(|it| it.strategy == Strategy::RestForOne);
        let pairs = trees.flat_map(|it| it.children.windows(2));
        pairs.map(|pair| (pair[1].clone(), pair[0].clone())).collect()
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.shared.application.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the application, if there is one, before the rest of the node.
    pub(crate) fn stop_application_first(&self, most: Duration) -> u64 {
        // One that does not end is ended with everybody else.
        let most = Duration::from_nanos(nanoseconds(most));
        self.stop_application(Some(most)).unwrap_or(0)
    }
}

impl ApplicationDefinition {
    /// A pool that knows policies, and no groups of them.
    pub(super) fn flat(&self, pool: &Pool) -> Pool {
        let mut pool = pool.clone();
        let security = &mut pool.lifecycle.security;
        let scope = self.security(security).scope.unwrap_or_default();
        security.policies = scope.policies;
        if !security.policies.is_empty() {
            // Groups without any policy stay, and allow nothing.
            security.groups.clear();
        }
        pool
    }
}

pub(super) fn no_application() -> Error {
    Error::not_found("no application runs on this node")
}
