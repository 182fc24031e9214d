//! A time without misfortune, after which everything that is wanted must be up.

use super::SupervisionFault;
use super::world::{Process, World};
use procession_supervision::supervisor::{StateName, Supervisor};
use procession_types::{Pid, SmolStr};
use std::collections::{BTreeMap, BTreeSet};

/// Rounds after which it is clear that there is no end to it.
const ROUNDS_MAX: usize = 3000;

impl World {
    /// Lets everything that is under way happen, with nothing that goes wrong, and checks everything.
    pub(super) fn calm(&mut self) -> Result<(), String> {
        self.note("everything is calm".to_owned());
        self.is_calm = true;
        self.names.retain(|_, pid| pid.host != 9);
        self.processes.values_mut().for_each(|process| process.is_paused = false);
        let mut rounds = 0;
        while self.root.is_some() && self.stir()? {
            rounds += 1;
            if rounds > ROUNDS_MAX {
                return Err("there is no rest".to_owned());
            }
        }
        self.is_calm = false;
        if let Some(process) = self.processes.values().find(|it| self.is_to_be_found(it)) {
            return Err(format!("{} hangs, and nobody finds it", process.id));
        }
        let pids: Vec<Pid> = self.processes.keys().copied().collect();
        for pid in pids {
            self.check_supervisor(pid)?;
        }
        self.check_doubles()
    }

    /// Does everything that can be done; says whether there was anything.
    fn stir(&mut self) -> Result<bool, String> {
        let mut has_stirred = false;
        for pid in self.processes.keys().copied().collect::<Vec<_>>() {
            while let Some(driver) = self.driver(pid)
                && !(driver.inputs.is_empty() && driver.ahead.is_empty())
            {
                has_stirred = true;
                self.drive(pid)?;
            }
            let was_up = self.processes.get(&pid).is_some_and(|process| process.is_up);
            self.live(Some(pid));
            has_stirred |= self.processes.get(&pid).is_some_and(|it| it.is_up) && !was_up;
            let can = |it: &Process| it.is_asked && !it.hangs && !it.is_halted;
            let was_asked = self.processes.get(&pid).is_some_and(can);
            self.answer(Some(pid));
            has_stirred |= was_asked;
            self.obey(Some(pid));
            has_stirred |= !self.processes.contains_key(&pid);
        }
        if has_stirred {
            return Ok(true);
        }
        if self.nothing_but_checks() {
            return Ok(false);
        }
        let timers = self.processes.values().filter_map(|process| {
            let own = process.driver.as_ref().and_then(|driver| driver.machine.next_deadline());
            [own, process.deadline].into_iter().flatten().min()
        });
        let Some(next) = timers.min() else { return Ok(false) };
        self.now = self.now.max(next);
        self.ring()?;
        Ok(self.fault != Some(SupervisionFault::LoseTicks))
    }

    /// Whether all that is to come are health checks of processes that answer them.
    fn nothing_but_checks(&self) -> bool {
        self.processes.values().all(|process| {
            let own = process.driver.as_ref();
            let own = own.and_then(|driver| driver.machine.next_deadline_beside_checks());
            own.or(process.deadline).is_none() && !self.is_to_be_found(process)
        })
    }

    /// Whether a process hangs and is asked about its health.
    fn is_to_be_found(&self, process: &Process) -> bool {
        let owner = process.owner.and_then(|owner| self.processes.get(&owner));
        let machine = owner.and_then(|owner| owner.driver.as_ref()).map(|driver| &driver.machine);
        let mut definitions = machine.into_iter().flat_map(Supervisor::definitions);
        process.hangs && definitions.any(|it| it.id == process.id && it.health.is_some())
    }

    fn check_supervisor(&mut self, pid: Pid) -> Result<(), String> {
        let lost = self.strikes(SupervisionFault::LoseAnswer);
        let own = self.processes.iter().filter(|(_, process)| process.owner == Some(pid));
        let own: Vec<Pid> = own.map(|(pid, _)| *pid).collect();
        let declared = self.processes.get(&pid).and_then(|it| self.trees.definitions.get(&it.id));
        let declared: BTreeSet<SmolStr> =
            declared.into_iter().flat_map(|it| &it.children).map(|it| it.id.clone()).collect();
        let Some(driver) = self.driver(pid) else { return Ok(()) };
        if lost {
            driver.track.tickets.insert(procession_supervision::supervisor::Ticket(u64::MAX));
        }
        let machine = &driver.machine;
        let id = machine.id();
        for pid in own {
            if machine.position_of(pid).is_none() {
                return Err(format!("{id} knows nothing of {pid}, which is its own"));
            }
        }
        let known = machine.definitions().map(|it| &it.id);
        let known = known.filter(|id| machine.position(id).is_some()).cloned();
        if known.collect::<BTreeSet<SmolStr>>() != declared {
            return Err(format!("{id} has other children than it should have"));
        }
        let mut is_whole = true;
        for (at, definition) in machine.definitions().enumerate() {
            let (status, child) = (machine.status(at), &definition.id);
            let stuck = is_stuck(machine, at);
            is_whole &=
                !status.wanted || matches!(status.state, StateName::Running | StateName::Exited);
            match status.state {
                _ if !declared.contains(child) && status.state != StateName::Stopped => {
                    return Err(format!("{child} is left out, and is {:?}", status.state));
                }
                StateName::Running if !status.wanted => {
                    return Err(format!("{child} is up, and nobody wants it"));
                }
                StateName::Stopped if status.wanted => {
                    return Err(format!("{child} is wanted, and stays down"));
                }
                StateName::Waiting if !stuck => {
                    return Err(format!("{child} waits for nothing: {:?}", status.reason));
                }
                StateName::Degraded => return Err(format!("{child} has a state of trees")),
                StateName::Starting | StateName::Stopping | StateName::Backoff => {
                    return Err(format!("{child} never comes out of {status:?}"));
                }
                StateName::Running
                | StateName::Stopped
                | StateName::Waiting
                | StateName::Exited
                | StateName::Halted
                | StateName::Failed => {}
            }
        }
        if machine.is_ready() != is_whole {
            return Err(format!("{id} is wrong about whether all is up"));
        }
        // Who waits for one that can't come up waits on.
        let waits = |at: usize| {
            let state = machine.status(at).state;
            matches!(state, StateName::Waiting | StateName::Starting)
        };
        let may_wait = (0..machine.definitions().len()).any(waits);
        match driver.track.tickets.first() {
            Some(ticket) if !may_wait => Err(format!("{id} never answers {ticket:?}")),
            Some(_) | None => Ok(()),
        }
    }

    /// Nobody lives twice.
    fn check_doubles(&self) -> Result<(), String> {
        let mut ids = BTreeMap::new();
        ids.extend(self.sleepers.iter().map(|(id, (pid, _))| (id, pid)));
        for (pid, process) in &self.processes {
            if let Some(other) = ids.insert(&process.id, pid) {
                return Err(format!("{} lives twice: {pid} and {other}", process.id));
            }
        }
        let running = self.processes.values().filter_map(|process| process.driver.as_ref());
        for machine in running.map(|driver| &driver.machine) {
            for (at, definition) in machine.definitions().enumerate() {
                if let Some(pid) = machine.status(at).pid
                    && !self.processes.contains_key(&pid)
                {
                    return Err(format!("{} is taken for alive, and is dead", definition.id));
                }
                let status = machine.status(at);
                let child = status.pid.and_then(|pid| self.processes.get(&pid));
                let is_up = child.is_some_and(|child| child.is_up);
                let is_halted = child.is_some_and(|child| child.is_halted);
                if is_halted != (status.state == StateName::Halted) {
                    return Err(format!("{} is {:?}", definition.id, status.state));
                }
                if status.state == StateName::Starting && is_up {
                    return Err(format!("{} is up, and is not known to be", definition.id));
                }
            }
        }
        Ok(())
    }
}

/// Whether something that a child builds on is not up, or has to go down.
fn is_stuck(machine: &Supervisor, child: usize) -> bool {
    let requires = machine.definitions().nth(child).map(|it| it.requires.clone());
    requires.into_iter().flatten().any(|at| {
        let status = machine.status(at);
        let is_up = matches!(status.state, StateName::Running | StateName::Exited);
        !is_up || !status.wanted || is_stuck(machine, at)
    })
}
