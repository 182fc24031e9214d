//! The shards, what is under way between them, and the schedule.

use crate::Report;
use crate::fault::{Fault, FaultyDirectory};
use crate::model::Model;
use crate::pause::Pauses;
use crate::random::Random;
use procession_kernel::{
    Cancel, Effect, Effects, HostConfig, Kernel, KernelConfig, Migrant, NoPlaces, Priority, Signal,
    SlotIndex, Step, TurnEnd,
};
use procession_types::{Pid, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// Operations that a violation shows.
const OPERATIONS_SHOWN: usize = 20;
/// Processes on the small host.
pub(crate) const SMALL_HOST_MAX: u32 = 8;
/// Parcels after which it is clear that there is no end to them.
const CARRIED_MAX: usize = 100_000;
/// PIDs that processes remember and talk to.
const KNOWN_MAX: usize = 64;

pub(crate) enum Parcel {
    Signal(Signal),
    Migrant(Box<Migrant>),
}

pub(crate) struct World {
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) directory: FaultyDirectory,
    effects: Effects,
    pub(crate) inboxes: Vec<VecDeque<Parcel>>,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) model: Model,
    pub(crate) pauses: Pauses,
    pub(crate) known: Vec<Pid>,
    pub(crate) report: Report,
    fault: Option<Fault>,
    operations: VecDeque<String>,
}

impl World {
    pub(crate) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let mut random = Random::new(seed);
        // What gets lost between shards needs two of them.
        let shards = if fault.is_some() { 2 } else { 1 + random.below(4) as u16 };
        let mut small = HostConfig::new("app:small");
        small.processes_max = SMALL_HOST_MAX;
        small.priority = Priority::System;
        small.weight = 3;
        let hosts: Arc<[HostConfig]> = Arc::from([HostConfig::new("app:processes"), small]);
        let kernel = |shard| {
            Kernel::new(KernelConfig {
                shard,
                shards,
                epoch: 1,
                store_epoch: None,
                slice: 100,
                hosts: Arc::clone(&hosts),
                processes_max: 10_000,
            })
        };
        Self {
            kernels: (0..shards).map(kernel).collect(),
            directory: FaultyDirectory::new(fault),
            effects: Effects::new(),
            inboxes: (0..shards).map(|_| VecDeque::new()).collect(),
            now: Timestamp(1),
            random,
            model: Model::default(),
            pauses: Pauses::default(),
            known: Vec::new(),
            report: Report { shards, ..Report::default() },
            fault,
            operations: VecDeque::new(),
        }
    }

    /// One random thing.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        match self.random.below(20) {
            0..7 => self.carry_one()?,
            7..14 => self.turn()?,
            14 => self.pass_time()?,
            15 => self.spawn_from_outside()?,
            16..18 => self.rouse()?,
            18 => self.pause_or_resume()?,
            _ => self.meddle()?,
        }
        self.check_always()
    }

    /// A step of one kernel, and what it asks for.
    pub(crate) fn on<T>(
        &mut self,
        shard: usize,
        act: impl FnOnce(&mut Kernel, &mut Step<'_>) -> T,
    ) -> Result<T, String> {
        let mut cx = Step {
            now: self.now,
            directory: &self.directory,
            effects: &mut self.effects,
            places: &mut NoPlaces,
        };
        let result = act(&mut self.kernels[shard], &mut cx);
        let mut effects = Effects::new();
        effects.swap(&mut self.effects);
        for effect in effects.drain() {
            match effect {
                Effect::Signal { shard: to, signal } => {
                    self.post(shard, usize::from(to), signal)?;
                }
                Effect::Move { shard, migrant, .. } => {
                    self.report.moves += 1;
                    self.inboxes[usize::from(shard)].push_back(Parcel::Migrant(migrant));
                }
                Effect::Ended { pid, reason, .. } => {
                    self.report.ended += 1;
                    self.note(format!("{pid} ends: {}", reason.label()));
                    self.model.ended(pid, &reason)?;
                }
                Effect::Inspect { slot, pid, asker } => {
                    self.model.answered(asker, pid, slot.is_some())?;
                }
                Effect::Abandoned { .. } | Effect::Wake { .. } => {}
            }
        }
        Ok(result)
    }

    /// Puts a signal under way, unless it is to go wrong.
    fn post(&mut self, by: usize, shard: usize, signal: Signal) -> Result<(), String> {
        let strikes = self.fault.filter(|_| self.random.one_in(5));
        if strikes == Some(Fault::Overtake) && self.kernels[by].locate(signal.to()).is_some() {
            return self.on(by, |kernel, cx| kernel.signal(cx, signal));
        }
        let inbox = &mut self.inboxes[shard];
        match (strikes, signal) {
            (Some(fault), signal) if fault.loses(&signal) => {}
            (Some(Fault::Double), signal @ Signal::Message { .. }) => {
                inbox.push_back(Parcel::Signal(signal.clone()));
                inbox.push_back(Parcel::Signal(signal));
            }
            (Some(Fault::Misroute), Signal::Message { to, message }) => {
                let other = self.known.iter().copied().find(|pid| {
                    usize::from(pid.shard) == shard && *pid != to && self.model.is_alive(*pid)
                });
                let to = other.unwrap_or(to);
                inbox.push_back(Parcel::Signal(Signal::Message { to, message }));
            }
            (Some(Fault::Reorder), Signal::Message { to, message }) => {
                let before = inbox.iter().position(|parcel| match parcel {
                    Parcel::Signal(Signal::Message { to: other, message: waiting }) => {
                        *other == to && waiting.from == message.from
                    }
                    Parcel::Signal(_) | Parcel::Migrant(_) => false,
                });
                let at = before.unwrap_or(inbox.len());
                inbox.insert(at, Parcel::Signal(Signal::Message { to, message }));
            }
            (_, signal) => inbox.push_back(Parcel::Signal(signal)),
        }
        Ok(())
    }

    fn carry_one(&mut self) -> Result<(), String> {
        let waiting: Vec<usize> =
            (0..self.inboxes.len()).filter(|shard| !self.inboxes[*shard].is_empty()).collect();
        match self.random.pick(&waiting) {
            Some(shard) => self.carry_to(shard),
            None => Ok(()),
        }
    }

    fn carry_to(&mut self, shard: usize) -> Result<(), String> {
        match self.inboxes[shard].pop_front() {
            None => Ok(()),
            Some(Parcel::Signal(signal)) => {
                self.note(format!("shard {shard} gets {signal:?}"));
                self.on(shard, |kernel, cx| kernel.signal(cx, signal))
            }
            Some(Parcel::Migrant(migrant)) => {
                self.note(format!("shard {shard} takes in {}", migrant.pid()));
                self.on(shard, |kernel, cx| kernel.immigrate(cx, *migrant)).map(drop)
            }
        }
    }

    /// Somebody's turn.
    fn turn(&mut self) -> Result<(), String> {
        let shard = self.random.below(self.kernels.len());
        let Some(run) = self.kernels[shard].next_ready(self.now) else { return Ok(()) };
        self.pauses.has_turn(run.pid)?;
        let end = self.play(shard, run.slot, run.pid)?;
        let instructions = self.random.next() % run.budget;
        let moves = !matches!(end, TurnEnd::Exited(_)) && self.random.one_in(3);
        self.on(shard, |kernel, cx| kernel.end_turn(cx, run.slot, instructions, end))?;
        if moves && self.kernels[shard].pid(run.slot) == Some(run.pid) {
            let to = self.random.below(self.kernels.len());
            self.note(format!("{} goes from shard {shard} to {to}", run.pid));
            self.on(shard, |kernel, cx| kernel.emigrate(cx, run.slot, to as u16))?;
        }
        Ok(())
    }

    /// Mostly a little time, sometimes a jump.
    fn pass_time(&mut self) -> Result<(), String> {
        let nanoseconds = if self.random.one_in(10) { 10_000 } else { self.random.next() % 50 };
        self.now = self.now.after(nanoseconds);
        self.note(format!("it is {}", self.now.0));
        for shard in 0..self.kernels.len() {
            self.on(shard, |kernel, cx| kernel.tick(cx))?;
        }
        Ok(())
    }

    /// Gives somebody who may wait a reason to run.
    fn rouse(&mut self) -> Result<(), String> {
        let Some(to) = self.somebody() else { return Ok(()) };
        if self.random.one_in(2) {
            let shard = self.random.below(self.kernels.len());
            // It may be dead.
            let _ = self.on(shard, |kernel, cx| kernel.rouse(cx, to))?;
            return Ok(());
        }
        let cancel = Cancel { from: None, deadline: None, reason: None };
        // It may be dead.
        let _ = self.on(usize::from(to.shard), |kernel, cx| kernel.cancel(cx, to, cancel))?;
        Ok(())
    }

    /// Somebody outside cancels or terminates somebody.
    fn meddle(&mut self) -> Result<(), String> {
        let Some(to) = self.somebody() else { return Ok(()) };
        let shard = usize::from(to.shard);
        if self.random.one_in(8) {
            self.note(format!("{to} is terminated from outside"));
            // It may be dead.
            let _ = self.on(shard, |kernel, cx| kernel.terminate(cx, to))?;
        } else {
            let deadline = self.random.one_in(4).then(|| self.now.after(100));
            self.note(format!("{to} is cancelled from outside until {deadline:?}"));
            let cancel = Cancel { from: None, deadline, reason: None };
            let _ = self.on(shard, |kernel, cx| kernel.cancel(cx, to, cancel))?;
        }
        Ok(())
    }

    /// Mostly somebody who lives.
    pub(crate) fn somebody(&mut self) -> Option<Pid> {
        if self.random.one_in(5) {
            return self.random.pick(&self.known);
        }
        let position = self.random.next() as usize;
        self.model.nth_alive(position)
    }

    /// Remembers a PID; some that are remembered are long dead.
    pub(crate) fn know(&mut self, pid: Pid) {
        if self.known.len() < KNOWN_MAX {
            self.known.push(pid);
        } else {
            let at = self.random.below(KNOWN_MAX);
            self.known[at] = pid;
        }
    }

    /// Carries everything, and what that causes.
    pub(crate) fn carry_all(&mut self) -> Result<(), String> {
        for _ in 0..CARRIED_MAX {
            let Some(shard) = self.inboxes.iter().position(|inbox| !inbox.is_empty()) else {
                return Ok(());
            };
            self.carry_to(shard)?;
        }
        Err("signals go round and round".to_owned())
    }

    /// Every process with its place.
    pub(crate) fn places(&self) -> Vec<(usize, SlotIndex, Pid)> {
        let kernels = self.kernels.iter().enumerate();
        let lists = kernels.map(|(shard, kernel)| {
            let list = kernel.processes(0, usize::MAX).into_iter();
            list.map(move |(slot, pid)| (shard, slot, pid))
        });
        lists.flatten().collect()
    }

    pub(crate) fn note(&mut self, operation: String) {
        if self.operations.len() == OPERATIONS_SHOWN {
            self.operations.pop_front();
        }
        self.operations.push_back(operation);
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.operations.iter().cloned().collect()
    }

    pub(crate) fn report(&self) -> Report {
        let mut report = self.report;
        for kernel in &self.kernels {
            report.sent += kernel.counts().sent;
            report.received += kernel.counts().received;
            report.pauses += kernel.counts().pauses;
            report.resumes += kernel.counts().resumes;
        }
        report
    }
}
