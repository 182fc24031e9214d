//! What happens, at random.

use super::world::World;
use super::{SupervisionFault, trees};
use procession_supervision::supervisor::{Input, Ticket, Verb};
use procession_types::{Error, ErrorKind, ExitReason, Failure, Fragment, Pid, SmolStr};

impl World {
    /// One random thing.
    pub(super) fn step(&mut self) -> Result<(), String> {
        if self.root.is_none() {
            self.processes.clear();
            if self.random.one_in(2) {
                self.sleepers.clear();
                let number = self.report.trees;
                self.trees = trees::grow(&mut self.random, number);
            }
            // The node starts again, and what is at rest is there.
            let sleepers = self.sleepers.iter().map(|(id, (pid, _))| (id.clone(), *pid));
            self.names = sleepers.collect();
            self.plant();
        }
        let somebody = self.somebody();
        match self.random.below(33) {
            0..11 => self.drive_one()?,
            11..15 => self.live(somebody),
            15..18 => self.pass_time()?,
            18 => self.fail(somebody),
            19 | 20 => self.command(),
            21 => self.occupy(),
            22 if self.random.one_in(20) => self.fell(),
            23..26 => self.answer(somebody),
            26 => self.pause(somebody),
            27 if self.random.one_in(4) => self.hang(somebody),
            28 => self.redefine(),
            29 if self.random.one_in(6) => self.halt(somebody),
            30 => self.skip(somebody),
            _ => self.obey(somebody),
        }
        self.check_always()
    }

    fn somebody(&mut self) -> Option<Pid> {
        let pids: Vec<Pid> = self.processes.keys().copied().collect();
        self.random.pick(&pids)
    }

    fn drive_one(&mut self) -> Result<(), String> {
        let busy = self.processes.iter().filter(|(_, process)| {
            let driver = process.driver.as_ref();
            driver.is_some_and(|it| !it.inputs.is_empty() || !it.ahead.is_empty())
        });
        let busy: Vec<Pid> = busy.map(|(pid, _)| *pid).collect();
        match self.random.pick(&busy) {
            Some(pid) => self.drive(pid),
            None => Ok(()),
        }
    }

    /// A process comes to its wait point. A supervisor does when all its children are up.
    pub(super) fn live(&mut self, pid: Option<Pid>) {
        let Some(pid) = pid else { return };
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let is_ready = process.driver.as_ref().is_none_or(|driver| {
            driver.machine.is_settled() && driver.ahead.is_empty() && driver.inputs.is_empty()
        });
        if process.is_up || !is_ready || process.is_paused || process.is_halted {
            return;
        }
        process.is_up = true;
        let owner = process.owner;
        if !self.strikes(SupervisionFault::LoseReady) {
            self.tell(owner, Input::Ready { pid });
        }
    }

    /// A process that was asked to end does, if it can.
    pub(super) fn obey(&mut self, pid: Option<Pid>) {
        let Some(pid) = pid else { return };
        let Some(process) = self.processes.get(&pid) else { return };
        let can = !(process.is_deaf || process.hangs || process.is_paused || process.is_halted);
        if process.deadline.is_some() && can && process.driver.is_none() {
            self.end(pid, ExitReason::Normal(Fragment::nil()));
        }
    }

    /// A process that is asked comes to a wait point, if it can.
    pub(super) fn answer(&mut self, pid: Option<Pid>) {
        let Some(pid) = pid else { return };
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if !process.is_asked || process.hangs || process.is_paused || process.is_halted {
            return;
        }
        process.is_asked = false;
        let owner = process.owner;
        self.tell(owner, Input::Ready { pid });
    }

    /// Somebody pauses a process, or lets it go on.
    fn pause(&mut self, pid: Option<Pid>) {
        let process = pid.and_then(|pid| self.processes.get_mut(&pid));
        if let Some(process) = process.filter(|it| it.driver.is_none()) {
            process.is_paused = !process.is_paused;
            // A look from now on shows something else.
            process.was_seen_paused = false;
        }
    }

    /// A durable process fails over an input and stands still.
    fn halt(&mut self, pid: Option<Pid>) {
        let Some(pid) = pid.filter(Pid::is_durable) else { return };
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if process.is_halted || process.is_paused || process.hangs {
            return;
        }
        (process.is_halted, process.is_up) = (true, false);
        let owner = process.owner;
        self.report.halted += 1;
        self.tell(owner, Input::Halted { pid, reason: "it stands still".into() });
    }

    /// Somebody lets it go on behind that input.
    fn skip(&mut self, pid: Option<Pid>) {
        let process = pid.and_then(|pid| self.processes.get_mut(&pid));
        if let Some(process) = process {
            process.is_halted = false;
        }
    }

    /// A process that is up gets into a loop without end.
    fn hang(&mut self, pid: Option<Pid>) {
        let process = pid.and_then(|pid| self.processes.get_mut(&pid));
        if let Some(process) = process.filter(|it| it.driver.is_none() && it.is_up) {
            process.hangs = true;
        }
    }

    /// A process that is no supervisor ends by itself.
    fn fail(&mut self, pid: Option<Pid>) {
        let Some(pid) = pid else { return };
        let Some(process) = self.processes.get(&pid) else { return };
        if process.driver.is_some() {
            return;
        }
        self.report.ended += 1;
        let error = Error::new(ErrorKind::Internal, "crash");
        let is_normal = self.random.one_in(3);
        let normal = ExitReason::Normal(Fragment::nil());
        let reason = if is_normal { normal } else { ExitReason::failed(Failure::Error(error)) };
        self.end(pid, reason);
    }

    /// A supervisor's process is ended.
    fn fell(&mut self) {
        let drivers = self.processes.iter().filter(|(_, process)| process.driver.is_some());
        let drivers: Vec<Pid> = drivers.map(|(pid, _)| *pid).collect();
        if let Some(pid) = self.random.pick(&drivers) {
            self.report.felled += 1;
            self.end(pid, ExitReason::failed(Failure::Terminated));
        }
    }

    fn command(&mut self) {
        let drivers = self.processes.iter().filter(|(_, process)| process.driver.is_some());
        let drivers: Vec<Pid> = drivers.map(|(pid, _)| *pid).collect();
        let Some(pid) = self.random.pick(&drivers) else { return };
        let verb = [Verb::Start, Verb::Stop, Verb::Restart, Verb::Start][self.random.below(4)];
        if self.random.one_in(60) {
            let rests = self.random.one_in(2);
            return self.tell(Some(pid), if rests { Input::Rest } else { Input::Stop });
        }
        let at = self.random.below(7);
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let Some(driver) = self.driver(pid) else { return };
        let child = driver.machine.definitions().nth(at).map(|it| it.id.clone());
        let child = child.unwrap_or_else(|| SmolStr::new("nobody"));
        driver.track.tickets.insert(ticket);
        self.tell(Some(pid), Input::Command { ticket: Some(ticket), verb, child });
    }

    /// A supervisor gets another definition.
    fn redefine(&mut self) {
        if !self.random.one_in(4) {
            return;
        }
        let drivers = self.processes.iter().filter(|(_, process)| process.driver.is_some());
        let drivers: Vec<Pid> = drivers.map(|(pid, _)| *pid).collect();
        let Some(pid) = self.random.pick(&drivers) else { return };
        let id = self.processes[&pid].id.clone();
        let definition = trees::change(&mut self.random, &self.trees, &id);
        // Whoever takes its place has it, too.
        self.trees.definitions.insert(id, definition.clone());
        if self.strikes(SupervisionFault::LoseDefinition) {
            return;
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let Some(driver) = self.driver(pid) else { return };
        driver.track.tickets.insert(ticket);
        self.report.redefined += 1;
        let definition = Box::new(definition);
        self.tell(Some(pid), Input::Redefine { ticket: Some(ticket), definition });
    }

    /// Somebody else takes a name that is free, or gives it back.
    fn occupy(&mut self) {
        let stranger = Pid { host: 9, shard: 9, epoch: 9, slot: 9, generation: 9 };
        self.names.retain(|_, pid| *pid != stranger);
        let ids: Vec<&SmolStr> = self.trees.definitions.keys().collect();
        let Some(id) = self.random.pick(&ids) else { return };
        let child = SmolStr::new(format!("{id}.0"));
        self.names.entry(child).or_insert(stranger);
    }

    /// Mostly a little time, sometimes more.
    fn pass_time(&mut self) -> Result<(), String> {
        let most = if self.random.one_in(10) { 300 } else { 20 };
        let nanoseconds = self.random.next() % most;
        self.now = self.now.after(nanoseconds);
        self.ring()
    }

    /// Everything whose time has come.
    pub(super) fn ring(&mut self) -> Result<(), String> {
        let now = self.now;
        let late = self.processes.iter().filter(|(_, it)| it.deadline.is_some_and(|at| at <= now));
        for pid in late.map(|(pid, _)| *pid).collect::<Vec<_>>() {
            self.end(pid, ExitReason::failed(Failure::DeadlineExceeded));
        }
        for pid in self.processes.keys().copied().collect::<Vec<_>>() {
            let due = self.driver(pid).and_then(|driver| driver.machine.next_deadline());
            if due.is_some_and(|at| at <= now) && self.fault != Some(SupervisionFault::LoseTicks) {
                self.handle(pid, Input::Tick)?;
            }
        }
        Ok(())
    }

    /// True at any moment.
    fn check_always(&self) -> Result<(), String> {
        for (pid, process) in &self.processes {
            if process.owner.is_some_and(|owner| !self.processes.contains_key(&owner)) {
                return Err(format!("{} ({pid}) is an orphan", process.id));
            }
        }
        for (name, pid) in &self.names {
            let sleeps = self.sleepers.get(name).is_some_and(|(sleeper, _)| sleeper == pid);
            if pid.host != 9 && !sleeps && !self.processes.contains_key(pid) {
                return Err(format!("{name} is held by {pid}, which is dead"));
            }
        }
        Ok(())
    }
}
