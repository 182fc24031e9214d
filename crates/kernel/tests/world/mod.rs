//! Shards on one thread, with a queue from each to each; guests are played by the tests.
#![allow(dead_code)]

use procession_kernel::*;
use procession_types::*;
use std::collections::VecDeque;
use std::sync::Arc;

/// Of the PIDs of durable processes.
pub const STORE_EPOCH: u32 = EPOCH_OF_STORE | 3;

pub struct World {
    pub kernels: Vec<Kernel>,
    pub directory: SingleDirectory,
    pub effects: Vec<Effects>,
    pub queues: Vec<VecDeque<Parcel>>,
    pub now: Timestamp,
    pub ended: Vec<(Pid, Arc<ExitReason>)>,
    pub inspected: Vec<(Pid, Option<SlotIndex>)>,
    pub limits: Limits,
}

pub enum Parcel {
    Signal(Signal),
    Migrant(Box<Migrant>),
}

pub struct Child {
    pub monitored: bool,
    pub linked: bool,
    pub called: bool,
    pub name: Option<&'static str>,
    pub shard: u16,
    pub host: u16,
}

pub const PLAIN: Child =
    Child { monitored: false, linked: false, called: false, name: None, shard: 0, host: 0 };

impl World {
    pub fn new(shards: u16) -> Self {
        let mut small = HostConfig::new("app:small");
        small.processes_max = 2;
        let mut system = HostConfig::new("system:processes");
        system.priority = Priority::System;
        Self::with_hosts(shards, Arc::from([HostConfig::new("app:processes"), small, system]))
    }

    pub fn with_hosts(shards: u16, hosts: Arc<[HostConfig]>) -> Self {
        let config = |shard| KernelConfig {
            shard,
            shards,
            epoch: 7,
            store_epoch: Some(STORE_EPOCH),
            slice: 100,
            hosts: Arc::clone(&hosts),
            processes_max: 1_000_000,
        };
        Self {
            kernels: (0..shards).map(|shard| Kernel::new(config(shard))).collect(),
            directory: SingleDirectory::new(),
            effects: (0..shards).map(|_| Effects::new()).collect(),
            queues: (0..shards).map(|_| VecDeque::new()).collect(),
            now: Timestamp(1000),
            ended: Vec::new(),
            inspected: Vec::new(),
            limits: Limits::default(),
        }
    }

    pub fn on<T>(&mut self, shard: u16, act: impl FnOnce(&mut Kernel, &mut Step<'_>) -> T) -> T {
        let shard = usize::from(shard);
        let mut cx = Step {
            now: self.now,
            directory: &self.directory,
            effects: &mut self.effects[shard],
            places: &mut NoPlaces,
        };
        let result = act(&mut self.kernels[shard], &mut cx);
        for effect in self.effects[shard].drain() {
            match effect {
                Effect::Signal { shard, signal } => {
                    self.queues[usize::from(shard)].push_back(Parcel::Signal(signal));
                }
                Effect::Move { shard, migrant, .. } => {
                    self.queues[usize::from(shard)].push_back(Parcel::Migrant(migrant));
                }
                Effect::Ended { pid, reason, .. } => self.ended.push((pid, reason)),
                Effect::Inspect { slot, pid, .. } => self.inspected.push((pid, slot)),
                Effect::Abandoned { .. } | Effect::Wake { .. } => {}
            }
        }
        result
    }

    /// Carries every signal that is under way, and those that this causes.
    pub fn carry(&mut self) {
        while let Some(shard) = self.queues.iter().position(|queue| !queue.is_empty()) {
            self.carry_one(shard);
        }
    }

    /// Carries the next thing that is under way to a shard.
    pub fn carry_one(&mut self, shard: usize) {
        match self.queues[shard].pop_front().unwrap() {
            Parcel::Signal(signal) => self.on(shard as u16, |k, cx| k.signal(cx, signal)),
            Parcel::Migrant(migrant) => {
                self.on(shard as u16, |k, cx| k.immigrate(cx, *migrant));
            }
        }
    }

    pub fn embryo(&mut self, parent: Option<Pid>, child: &Child) -> Result<Spawned, Error> {
        let program = SmolStr::new("app:x");
        let definition = Arc::new(Definition { program, limits: self.limits, built_in: false });
        let spawn = Spawn {
            pid: None,
            host: child.host,
            definition,
            context: Arc::new(Context::default()),
            parent: parent.map(|pid| pid.slot),
            monitored: child.monitored,
            linked: child.linked,
            called: child.called,
            name: child.name.map(SmolStr::new),
            messages: Vec::new(),
        };
        let home = parent.map_or(child.shard, |pid| pid.shard);
        self.on(home, |kernel, cx| kernel.spawn(cx, spawn))
    }

    pub fn spawn(&mut self, parent: Option<Pid>, child: &Child) -> Pid {
        let home = parent.map_or(child.shard, |pid| pid.shard);
        match self.embryo(parent, child).unwrap() {
            Spawned::New { slot, pid, .. } => {
                self.on(home, |kernel, cx| kernel.launch(cx, slot, 0));
                pid
            }
            Spawned::Existing(pid) => pid,
        }
    }

    /// Spawns without a parent and lets everybody reach a wait point.
    pub fn waiting(&mut self, shard: u16) -> Pid {
        let pid = self.spawn(None, &Child { shard, ..PLAIN });
        self.rest();
        pid
    }

    /// Gives everybody turns in which they do nothing but wait.
    pub fn rest(&mut self) {
        self.carry();
        for shard in 0..self.kernels.len() as u16 {
            while let Some(run) = self.kernels[usize::from(shard)].next_ready(self.now) {
                self.on(shard, |k, cx| k.end_turn(cx, run.slot, 1, TurnEnd::Waiting));
                self.carry();
            }
        }
    }

    /// Where the process lives.
    pub fn place(&self, pid: Pid) -> u16 {
        self.kernels[usize::from(pid.shard)].away(pid).unwrap_or(pid.shard)
    }

    /// Makes the process ready and sends it to another shard.
    pub fn migrate(&mut self, pid: Pid, to: u16) {
        self.on(pid.shard, |kernel, cx| {
            let wake = Cancel { from: None, deadline: None, reason: None };
            kernel.cancel(cx, pid, wake).unwrap();
            kernel.receive_event(pid.slot);
            assert!(kernel.emigrate(cx, pid.slot, to));
        });
    }

    pub fn exit(&mut self, pid: Pid, reason: ExitReason) {
        let place = self.place(pid);
        self.on(pid.shard, |kernel, cx| {
            let wake = Cancel { from: None, deadline: None, reason: None };
            kernel.cancel(cx, pid, wake).unwrap();
        });
        self.carry();
        loop {
            let run = self.kernels[usize::from(place)].next_ready(self.now).unwrap();
            if run.pid == pid {
                return self.on(place, |kernel, cx| {
                    kernel.end_turn(cx, run.slot, 1, TurnEnd::Exited(reason));
                });
            }
            self.on(place, |k, cx| k.end_turn(cx, run.slot, 1, TurnEnd::Waiting));
        }
    }

    pub fn crash(&mut self, pid: Pid) {
        self.exit(pid, failed("boom"));
    }

    pub fn send(&mut self, from: Pid, to: Pid, topic: &str) -> Result<(), Error> {
        self.on(from.shard, |kernel, cx| {
            kernel.send(cx, from.slot, to, Topic::new(topic), Fragment::nil())
        })
    }

    pub fn receive(&mut self, pid: Pid, queue: QueueId) -> Option<String> {
        let message = self.on(pid.shard, |kernel, cx| kernel.receive(cx, pid.slot, queue))?;
        Some(message.topic.to_string())
    }

    pub fn event(&mut self, pid: Pid) -> Option<Event> {
        self.kernels[usize::from(pid.shard)].receive_event(pid.slot)
    }

    pub fn events(&mut self, pid: Pid) -> Vec<Event> {
        std::iter::from_fn(|| self.event(pid)).collect()
    }

    pub fn info(&mut self, pid: Pid) -> Option<Info> {
        self.on(pid.shard, |kernel, cx| kernel.info(cx, pid))
    }

    pub fn alive(&self, pid: Pid) -> bool {
        self.directory.is_alive(pid)
    }

    pub fn reason(&self, pid: Pid) -> &'static str {
        self.ended.iter().find(|(ended, _)| *ended == pid).map_or("alive", |(_, why)| why.label())
    }
}

pub fn failed(text: &str) -> ExitReason {
    ExitReason::failed(Failure::Error(Error::new(ErrorKind::Internal, text)))
}

pub fn normal() -> ExitReason {
    ExitReason::Normal(Fragment::nil())
}
