//! Another definition for an application that runs: services, pools and supervisors that are new, gone,
//! elsewhere, or described otherwise. What is the same in both is not touched.

use super::application::{ApplicationDefinition, GRACE, ROOT, Running, no_application};
use super::blueprint::Blueprint;
use super::desk::{Command, Wanted};
use crate::node::Node;
use procession_supervision::plan::{Kind, Plan};
use procession_types::{Error, ErrorKind, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The answer of a supervisor that has got another definition.
struct Asked {
    supervisor: SmolStr,
    answer: Receiver<Result<(), Error>>,
}

/// Where everything is in a tree: the supervisor of each child, and what the child is.
type Places = BTreeMap<SmolStr, (SmolStr, Kind)>;

impl Node {
    /// Gives the application that runs another definition. Children that are new and start by
    /// themselves do, those that are gone stop like any others; what is in both keeps its process,
    /// which knows nothing of other arguments, limits or contexts until it is started again. One that
    /// has another supervisor is stopped there and started here. It returns when all that is gone has
    /// ended.
    ///
    /// # Errors
    /// Everything that is wrong with the definitions, at once: nothing is changed then; `NotFound` when
    /// no application runs; `Timeout` when something does not end: all else is as it should be.
    pub fn redefine_application(
        &self,
        application: ApplicationDefinition,
    ) -> Result<(), Vec<Error>> {
        let plan = self.planned(&application)?;
        let mut running = self.running();
        let running = running.as_mut().filter(|it| self.shared.is_alive(it.root));
        let Some(running) = running else { return Err(vec![no_application()]) };
        let before = places(&self.planned_as_is(&running.definition)?);
        let after = places(&plan);
        let moved = |(id, place): (&SmolStr, &(SmolStr, Kind))| {
            let is_elsewhere = after.get(id).is_some_and(|other| other != place);
            is_elsewhere.then(|| id.clone())
        };
        let mut moved: BTreeSet<SmolStr> = before.iter().filter_map(moved).collect();
        // With a supervisor goes all that is below it.
        loop {
            let below = before.iter().filter(|(_, (above, _))| moved.contains(above));
            let below: Vec<SmolStr> = below.map(|(id, _)| id.clone()).collect();
            let count = moved.len();
            moved.extend(below);
            if moved.len() == count {
                break;
            }
        }
        if !moved.is_empty() {
            // A name has one process: it goes there before it comes here.
            let between = running.definition.without(&moved);
            let plan = self.planned_as_is(&between)?;
            self.change_to(running, between, plan)?;
        }
        self.change_to(running, application, plan)
    }

    /// The plan of definitions that are right, whatever has become of programs and policies since.
    fn planned_as_is(&self, application: &ApplicationDefinition) -> Result<Plan, Vec<Error>> {
        procession_supervision::plan::plan(ROOT, &application.declared)
            .map_err(|errors| errors.iter().map(|it| Error::invalid(it.to_string())).collect())
    }

    fn change_to(
        &self,
        running: &mut Running,
        application: ApplicationDefinition,
        plan: Plan,
    ) -> Result<(), Vec<Error>> {
        let stop_timeout = Duration::from_nanos(running.stop_timeout_ns.max(plan.stop_timeout_ns));
        running.stop_timeout_ns = plan.stop_timeout_ns;
        let mut errors = self.change_pools(running, &application);
        let places = places(&plan);
        let mut changed = Vec::new();
        for planned in plan.supervisors {
            let id = planned.definition.id.clone();
            self.show_children(&id, &places, &application);
            let Some(sketch) = running.supervisors.get(&id) else {
                match self.put_in_supervisor(planned, &application) {
                    Ok(sketch) => drop(running.supervisors.insert(id, sketch)),
                    Err(error) => errors.push(error),
                }
                continue;
            };
            if let Some((above, _)) = places.get(&id) {
                let entry = application.entry(&id, Kind::Supervisor, Some(above));
                self.shared.register.describe(entry);
            }
            let blueprint = Arc::new(Blueprint::new(planned, &application));
            if *blueprint != *sketch.get() {
                sketch.set(Arc::clone(&blueprint));
                changed.push((id, blueprint));
            }
        }
        let asked = changed.into_iter().filter_map(|(id, blueprint)| self.ask(id, blueprint));
        let asked: Vec<Result<Asked, Error>> = asked.collect();
        let end = Instant::now() + stop_timeout + GRACE;
        for asked in asked {
            errors.extend(asked.and_then(|asked| asked.wait(end)).err());
        }
        self.take_out_gone(running, &application, &places);
        running.definition = application;
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Pools that are new become programs; those that are there get their bounds.
    fn change_pools(&self, running: &Running, application: &ApplicationDefinition) -> Vec<Error> {
        let before = &running.definition;
        let mut errors = Vec::new();
        for pool in application.declared.pools.values() {
            let new = application.flat(pool);
            let done = match before.declared.pools.get(&pool.id) {
                None => self.define_pool(&new),
                Some(old) if before.flat(old) != new => self.redefine_pool(&new),
                Some(_) => Ok(()),
            };
            errors.extend(done.err());
        }
        errors
    }

    /// Shows the children of a supervisor, apart from supervisors, which have desks.
    fn show_children(&self, id: &SmolStr, places: &Places, application: &ApplicationDefinition) {
        let register = &self.shared.register;
        let own =
            places.iter().filter(|(_, (above, kind))| above == id && *kind != Kind::Supervisor);
        for (child, (_, kind)) in own {
            let entry = application.entry(child, *kind, Some(id));
            match register.get(child) {
                Some(_) => register.describe(entry),
                None => register.add(entry, None),
            }
        }
    }

    /// Gives the process of a supervisor its definition; `None` when none runs: the next one has it.
    fn ask(&self, id: SmolStr, blueprint: Arc<Blueprint>) -> Option<Result<Asked, Error>> {
        let desk = self.shared.register.desk_of(&id)?;
        let pid = self.shared.built_in(&id)?;
        let (reply, answer) = channel();
        let put = desk.put(Command { what: Wanted::Redefine(blueprint), reply });
        let roused = put.and_then(|()| {
            self.on(pid.shard, move |worker| worker.step(|kernel, cx| kernel.rouse(cx, pid)))
        });
        match roused {
            // One that ends just now is followed by one that has it.
            Ok(_) => Some(Ok(Asked { supervisor: id, answer })),
            Err(error) => Some(Err(error)),
        }
    }

    /// Takes out the programs of what is gone.
    fn take_out_gone(
        &self,
        running: &mut Running,
        application: &ApplicationDefinition,
        places: &Places,
    ) {
        running.supervisors.retain(|id, _| {
            let stays = id == ROOT || places.contains_key(id);
            if !stays {
                self.shared.programs.take_out(id);
            }
            stays
        });
        for id in running.definition.declared.pools.keys() {
            if !application.declared.pools.contains_key(id) {
                self.forget_pool(id);
            }
        }
    }
}

impl Asked {
    fn wait(self, end: Instant) -> Result<(), Error> {
        let Self { supervisor, answer } = self;
        match answer.recv_timeout(end.saturating_duration_since(Instant::now())) {
            // One that is about to end, or has ended, is followed by one that has it.
            Ok(Err(error)) if error.kind == ErrorKind::Unavailable => Ok(()),
            Ok(Err(error)) if error.kind == ErrorKind::Canceled => Ok(()),
            Ok(done) => done,
            Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                let message = format!("what {supervisor} has no more does not end in its time");
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }
}

fn places(plan: &Plan) -> Places {
    let mut places = BTreeMap::new();
    for planned in &plan.supervisors {
        let id = &planned.definition.id;
        for (child, kind) in planned.definition.children.iter().zip(&planned.kinds) {
            places.insert(child.id.clone(), (id.clone(), *kind));
        }
    }
    places
}

impl ApplicationDefinition {
    /// It without these, and without anything that asks for them.
    fn without(&self, ids: &BTreeSet<SmolStr>) -> Self {
        let is_out = |id: &String| ids.contains(id.as_str());
        let mut left = self.clone();
        let declared = &mut left.declared;
        declared.services.retain(|id, _| !is_out(id));
        declared.pools.retain(|id, _| !is_out(id));
        declared.supervisors.retain(|id, _| !is_out(id));
        for supervisor in declared.supervisors.values_mut() {
            supervisor.children.retain(|id| !is_out(id));
        }
        let lifecycles = declared.services.values_mut().map(|it| &mut it.lifecycle);
        let lifecycles = lifecycles.chain(declared.pools.values_mut().map(|it| &mut it.lifecycle));
        let trees = declared.supervisors.values_mut().map(|it| &mut it.lifecycle);
        lifecycles.chain(trees).for_each(|it| it.requires.retain(|id| !is_out(id)));
        left
    }
}
