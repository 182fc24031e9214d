//! The processes, and a driver for every supervisor.

use super::track::Track;
use super::trees::{self, Trees};
use super::{SupervisionFault, SupervisionReport};
use crate::random::Random;
use procession_supervision::supervisor::{
    Action, Actions, Definition, Input, Moment, News, Supervisor,
};
use procession_types::{
    EPOCH_OF_STORE, Error, ErrorKind, ExitReason, Failure, Fragment, Pid, SmolStr, Timestamp,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Operations that a violation shows.
const OPERATIONS_SHOWN: usize = 25;

/// A process, and what it is.
pub(super) struct Process {
    pub(super) id: SmolStr,
    /// Its supervisor's process.
    pub(super) owner: Option<Pid>,
    /// When it is terminated.
    pub(super) deadline: Option<Timestamp>,
    /// It has told its supervisor that it is up.
    pub(super) is_up: bool,
    /// It does not end when it is asked to.
    pub(super) is_deaf: bool,
    /// It is in a loop without end.
    pub(super) hangs: bool,
    /// Somebody has paused it.
    pub(super) is_paused: bool,
    /// Its supervisor has looked, and it was paused.
    pub(super) was_seen_paused: bool,
    /// It is durable, and stands still.
    pub(super) is_halted: bool,
    /// It is to say when it is at its next wait point.
    pub(super) is_asked: bool,
    pub(super) driver: Option<Box<Driver>>,
}

/// What makes a process a supervisor.
pub(super) struct Driver {
    pub(super) machine: Supervisor,
    pub(super) track: Track,
    pub(super) inputs: VecDeque<Input>,
    pub(super) ahead: VecDeque<Action>,
}

pub(super) struct World {
    pub(super) random: Random,
    pub(super) now: Timestamp,
    pub(super) trees: Trees,
    pub(super) root: Option<Pid>,
    pub(super) processes: BTreeMap<Pid, Process>,
    pub(super) names: BTreeMap<SmolStr, Pid>,
    /// Durable processes at rest, and whether they stand still.
    pub(super) sleepers: BTreeMap<SmolStr, (Pid, bool)>,
    pub(super) pids: u32,
    pub(super) tickets: u64,
    /// Nothing goes wrong at the moment.
    pub(super) is_calm: bool,
    pub(super) fault: Option<SupervisionFault>,
    pub(super) report: SupervisionReport,
    pub(super) operations: VecDeque<String>,
}

impl World {
    pub(super) fn new(seed: u64, fault: Option<SupervisionFault>) -> Self {
        let mut random = Random::new(seed);
        let trees = trees::grow(&mut random, 0);
        let mut world = Self {
            random,
            now: Timestamp(1),
            trees,
            root: None,
            processes: BTreeMap::new(),
            names: BTreeMap::new(),
            sleepers: BTreeMap::new(),
            pids: 0,
            tickets: 0,
            is_calm: false,
            fault,
            report: SupervisionReport::default(),
            operations: VecDeque::new(),
        };
        world.plant();
        world
    }

    /// Begins a tree.
    pub(super) fn plant(&mut self) {
        self.report.trees += 1;
        let root = self.trees.root.clone();
        let pid = self.make(root, None);
        self.root = Some(pid);
    }

    pub(super) fn strikes(&mut self, fault: SupervisionFault) -> bool {
        self.fault == Some(fault) && self.random.one_in(5)
    }

    /// A process that lives.
    pub(super) fn make(&mut self, id: SmolStr, owner: Option<Pid>) -> Pid {
        self.pids += 1;
        let is_leaf = !self.trees.definitions.contains_key(&id);
        let epoch = if is_leaf && self.random.one_in(3) { 1 | EPOCH_OF_STORE } else { 1 };
        let pid = Pid { host: 0, shard: 0, epoch, slot: self.pids, generation: 0 };
        self.put(pid, id, owner);
        pid
    }

    /// A process with this PID lives here from now on.
    fn put(&mut self, pid: Pid, id: SmolStr, owner: Option<Pid>) {
        let definition: Option<&Definition> = self.trees.definitions.get(&id);
        let driver = definition.map(|definition| {
            Box::new(Driver {
                machine: Supervisor::new(definition.clone()),
                track: Track::new(definition.clone()),
                inputs: VecDeque::from([Input::Begin]),
                ahead: VecDeque::new(),
            })
        });
        let is_deaf = self.random.one_in(4);
        self.names.insert(id.clone(), pid);
        let process = Process {
            id,
            owner,
            deadline: None,
            is_up: false,
            is_deaf,
            hangs: false,
            is_paused: false,
            was_seen_paused: false,
            is_halted: false,
            is_asked: false,
            driver,
        };
        self.processes.insert(pid, process);
    }

    /// Tells a supervisor something, if it lives.
    pub(super) fn tell(&mut self, to: Option<Pid>, input: Input) {
        let process = to.and_then(|pid| self.processes.get_mut(&pid));
        if let Some(driver) = process.and_then(|process| process.driver.as_mut()) {
            driver.inputs.push_back(input);
        }
    }

    /// The end of a process, and of all that are its own.
    pub(super) fn end(&mut self, pid: Pid, reason: ExitReason) {
        let Some(process) = self.processes.remove(&pid) else { return };
        self.note(format!("{} ({pid}) ends: {}", process.id, reason.label()));
        if !self.strikes(SupervisionFault::KeepNames) {
            self.release(&process.id, pid);
        }
        if !self.strikes(SupervisionFault::LoseExit) {
            self.tell(process.owner, Input::Exited { pid, reason: Arc::new(reason) });
        }
        if self.root == Some(pid) {
            self.root = None;
        }
        let own = self.processes.iter().filter(|(_, other)| other.owner == Some(pid));
        let own: Vec<Pid> = own.map(|(pid, _)| *pid).collect();
        for pid in own {
            match pid.is_durable() {
                true => self.sleep(pid),
                false => self.end(pid, ExitReason::failed(Failure::Terminated)),
            }
        }
    }

    /// A durable process is put to rest.
    fn sleep(&mut self, pid: Pid) {
        let Some(process) = self.processes.remove(&pid) else { return };
        self.note(format!("{} ({pid}) is at rest", process.id));
        self.report.rested += 1;
        self.sleepers.insert(process.id, (pid, process.is_halted));
    }

    fn release(&mut self, id: &SmolStr, pid: Pid) {
        if self.names.get(id) == Some(&pid) {
            self.names.remove(id);
        }
    }

    /// One step of a supervisor: what it has decided comes before what has happened.
    pub(super) fn drive(&mut self, pid: Pid) -> Result<(), String> {
        let Some(driver) = self.driver(pid) else { return Ok(()) };
        if let Some(action) = driver.ahead.pop_front() {
            return self.carry_out(pid, action);
        }
        match driver.inputs.pop_front() {
            Some(input) => self.handle(pid, input),
            None => Ok(()),
        }
    }

    pub(super) fn driver(&mut self, pid: Pid) -> Option<&mut Driver> {
        self.processes.get_mut(&pid)?.driver.as_deref_mut()
    }

    pub(super) fn handle(&mut self, pid: Pid, input: Input) -> Result<(), String> {
        let moment = Moment { now: self.now, random: self.random.next() };
        let Some(process) = self.processes.get_mut(&pid) else { return Ok(()) };
        let id = process.id.clone();
        let Some(driver) = process.driver.as_deref_mut() else { return Ok(()) };
        let before = Track::before(&driver.machine);
        let mut actions = Actions::new();
        driver.machine.handle(moment, input.clone(), &mut actions);
        let actions: Vec<Action> = actions.drain().collect();
        let told = (&input, moment.now);
        let checked = driver.track.after(&driver.machine, &before, told, &actions);
        driver.ahead.extend(actions.iter().cloned());
        self.note(format!("{id} is told {input:?} at {}", moment.now.0));
        checked.map_err(|what| format!("{id}: {what}"))
    }

    fn carry_out(&mut self, pid: Pid, action: Action) -> Result<(), String> {
        let id = self.processes[&pid].id.clone();
        match action {
            Action::Spawn { child } => return self.spawn(pid, child),
            Action::Cancel { pid: to, deadline, .. } => {
                self.note(format!("{id} asks {to} to end until {}", deadline.0));
                if let Some(process) = self.processes.get_mut(&to) {
                    process.deadline =
                        Some(process.deadline.map_or(deadline, |at| at.min(deadline)));
                    if process.driver.is_some() {
                        let rests = self.driver(pid).is_some_and(|it| it.machine.rests());
                        self.tell(Some(to), if rests { Input::Rest } else { Input::Stop });
                    }
                }
            }
            Action::Rest { pid: to } => {
                if self.processes.get(&to).is_some_and(|it| it.owner == Some(pid)) {
                    self.sleep(to);
                    self.tell(Some(pid), Input::Rested { pid: to });
                }
            }
            Action::Terminate { pid: to } => {
                self.note(format!("{id} terminates {to}"));
                if !self.strikes(SupervisionFault::LoseTerminate) {
                    self.end(to, ExitReason::failed(Failure::Terminated));
                }
            }
            Action::Check { pid: to } => {
                if let Some(process) = self.processes.get_mut(&to) {
                    process.is_asked = true;
                }
            }
            Action::Look { pid: to, number } => self.look(pid, to, number),
            Action::Publish { news, .. } => {
                self.report.unhealthy += u64::from(matches!(news, News::Unhealthy { .. }));
                if let News::Unhealthy { pid, .. } = news
                    && self.processes.get(&pid).is_some_and(|it| it.was_seen_paused)
                {
                    return Err(format!("{id} ends {pid} for not answering, and it is paused"));
                }
                self.report.groups += u64::from(matches!(news, News::GroupRestart { .. }));
                self.report.gave_up += u64::from(matches!(news, News::GaveUp { .. }));
            }
            Action::Changed { .. } => {}
            Action::Gone { id: gone } => return self.check_gone(pid, &gone),
            Action::Answer { .. } => self.report.answered += 1,
            Action::Finish { failure } => {
                if let Some((left, _)) =
                    self.processes.iter().find(|(_, other)| other.owner == Some(pid))
                {
                    return Err(format!("{id} finishes, and {left} lives"));
                }
                let reason = match failure {
                    Some(error) => ExitReason::failed(Failure::Error(error)),
                    None => ExitReason::Normal(Fragment::nil()),
                };
                self.end(pid, reason);
            }
        }
        Ok(())
    }

    fn look(&mut self, owner: Pid, pid: Pid, number: u64) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let is_paused = process.is_paused;
        process.was_seen_paused = is_paused;
        let is_paused = is_paused && !self.strikes(SupervisionFault::MissPause);
        if !self.strikes(SupervisionFault::LoseLook) {
            self.tell(Some(owner), Input::Looked { pid, number, is_paused });
        }
    }

    /// Who is forgotten must be dead.
    fn check_gone(&self, owner: Pid, gone: &SmolStr) -> Result<(), String> {
        let own = |it: &&Process| it.owner == Some(owner) && it.id == *gone;
        match self.processes.values().find(own) {
            Some(_) => Err(format!("{gone} is forgotten, and lives")),
            None => Ok(()),
        }
    }

    fn spawn(&mut self, owner: Pid, child: usize) -> Result<(), String> {
        let Some(driver) = self.driver(owner) else { return Ok(()) };
        let id = driver.machine.definitions().nth(child).map(|it| it.id.clone());
        let id = id.ok_or("a child that is not there is started")?;
        let is_refused = !self.is_calm && self.random.one_in(6);
        if !is_refused && self.sleepers.contains_key(&id) {
            return self.adopt(owner, child, &id);
        }
        if is_refused || self.names.contains_key(&id) {
            let what = if is_refused { "refused" } else { "name is taken" };
            self.note(format!("{id} can't be started: {what}"));
            self.report.refused += 1;
            let error = Error::new(ErrorKind::Unavailable, what);
            return self.handle(owner, Input::Refused { child, error });
        }
        if self.strikes(SupervisionFault::DoubleSpawn) {
            self.make(id.clone(), Some(owner));
        }
        let pid = self.make(id, Some(owner));
        self.report.spawned += 1;
        if self.strikes(SupervisionFault::BlameSuccessor) {
            let reason = Arc::new(ExitReason::failed(Failure::Terminated));
            self.tell(Some(owner), Input::Exited { pid, reason });
        }
        self.handle(owner, Input::Spawned { child, pid })
    }

    fn adopt(&mut self, owner: Pid, child: usize, id: &SmolStr) -> Result<(), String> {
        let Some((pid, is_halted)) = self.sleepers.remove(id) else { return Ok(()) };
        if self.strikes(SupervisionFault::ForgetSleepers) {
            self.sleepers.insert(id.clone(), (pid, is_halted));
            let other = self.make(id.clone(), Some(owner));
            return self.handle(owner, Input::Spawned { child, pid: other });
        }
        self.put(pid, id.clone(), Some(owner));
        self.report.adopted += 1;
        self.handle(owner, Input::Adopted { child, pid })?;
        if let Some(process) = self.processes.get_mut(&pid).filter(|_| is_halted) {
            process.is_halted = true;
            self.tell(Some(owner), Input::Halted { pid, reason: "it stands still".into() });
        }
        Ok(())
    }

    pub(super) fn note(&mut self, operation: String) {
        if self.operations.len() == OPERATIONS_SHOWN {
            self.operations.pop_front();
        }
        self.operations.push_back(operation);
    }
}
