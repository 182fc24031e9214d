#![allow(clippy::unwrap_used)]

use super::*;
use crate::{HOST_NORMAL, HOST_SYSTEM, Node, NodeConfig, Sinks};
use procession_environment::{Dialect, Environment, Module, Options, Program, SpawnRequest};
use procession_kernel::Directory;
use procession_policy::{Policies, Unidentified};
use procession_types::{Context, Event, Failure, ProgramLimits, Rest, SmolStr, Timestamp};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Programs of users: one waits and survives its links, one tries to start what is built in.
struct Users;
struct User(bool);

impl Environment for Users {
    fn load(&self, program: &Program) -> Result<Arc<dyn Image>, Error> {
        Ok(Arc::new(User(program.id == "app:intruder")))
    }
}

impl Image for User {
    fn spawn(&self, _: &Fragment, _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Ok(Box::new(User(self.0)))
    }

    fn restore(&self, _: &[u8], _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Err(Error::invalid("no snapshots"))
    }
}

impl Guest for User {
    fn start(&mut self, _: &mut dyn Host, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn run(&mut self, host: &mut dyn Host, _: u64) -> Turn {
        if !self.0 {
            host.set_options(Options { trap_links: true });
            return Turn::Waiting;
        }
        let error = host.spawn(request("app:tree", HOST_NORMAL)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::PermissionDenied);
        let error = host.upgrade(Some("app:tree"), Fragment::nil()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::PermissionDenied);
        Turn::Exited(ExitReason::Normal(Fragment::nil()))
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        None
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}

/// Starts a child, waits a millisecond, and tells the test what it sees.
struct Parent {
    began: bool,
    alarm: Alarm,
    tells: Sender<String>,
}

impl Parent {
    fn tell(&self, what: impl Into<String>) -> Progress {
        self.tells.send(what.into()).unwrap();
        Progress::Made { instructions: 0 }
    }
}

impl BuiltIn for Parent {
    fn step(&mut self, host: &mut dyn Host) -> Progress {
        if !std::mem::replace(&mut self.began, true) {
            let named =
                SpawnRequest { name: Some("child".into()), ..request("app:user", HOST_NORMAL) };
            let monitored = SpawnRequest { monitored: true, ..named.clone() };
            let child = host.spawn_owned(monitored).unwrap().pid;
            let taken = host.spawn_owned(named).unwrap_err();
            assert_eq!(taken.kind, ErrorKind::AlreadyExists);
            let child = text(host, child);
            host.ask_rest(&child, Rest::WaitPoint).unwrap();
            let now = host.now();
            self.alarm.set(host, Some(Timestamp(i64::MAX))).unwrap();
            self.alarm.set(host, Some(now.after(1_000_000))).unwrap();
            return self.tell("began");
        }
        if self.alarm.rings(host) {
            return self.tell("rings");
        }
        match host.receive_event() {
            Some(Event::Rest { .. }) => self.tell("child waits"),
            Some(Event::Cancel { .. }) => Progress::Ended(ExitReason::Normal(Fragment::nil())),
            Some(other) => unreachable!("{other:?}"),
            None => Progress::Nothing,
        }
    }

    fn is_ready(&mut self) -> bool {
        self.began
    }

    fn memory_bytes(&self) -> u64 {
        64
    }
}

fn request(program: &str, host: &str) -> SpawnRequest {
    let (program, host) = (SmolStr::new(program), SmolStr::new(host));
    SpawnRequest { program, host, ..SpawnRequest::default() }
}

fn user(id: &str) -> Program {
    Program {
        id: id.into(),
        main: Module { name: id.into(), file: id.into(), source: Arc::from([]) },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

fn node(policies: Policies) -> (Node, Receiver<String>) {
    let mut config = NodeConfig::new(Arc::new(Users));
    (config.sinks, config.policies, config.shards) = (Sinks::none(), policies, 2);
    config.programs = vec![user("app:user"), user("app:intruder")];
    let node = Node::start(config).unwrap();
    let (tells, told) = channel();
    let tells = Mutex::new(tells);
    let parent = move || {
        let tells = tells.lock().unwrap().clone();
        Parent { began: false, alarm: Alarm::default(), tells }
    };
    let image = Arc::new(BuiltInImage(parent));
    node.shared.programs.build_in("app:tree", Limits::default(), image).unwrap();
    (node, told)
}

#[test]
fn a_built_in_process_acts_waits_and_takes_its_children_with_it() {
    // Strict policies deny everything to a process without an actor, but not to this one.
    let (node, told) = node(Policies::new(Unidentified::Deny));
    let parent = node.spawn_built_in(request("app:tree", HOST_SYSTEM)).unwrap();
    let mut heard: Vec<String> = (0..3).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
    heard.sort();
    assert_eq!(heard, ["began", "child waits", "rings"]);
    let child = node.lookup("child").unwrap();
    let ending = node.shared.watches.add(child, || node.shared.directory.is_alive(child)).unwrap();
    node.cancel(parent.pid, None, "enough").unwrap();
    let reason = parent.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert!(!reason.is_abnormal(), "{reason:?}");
    let reason = ending.wait_for(PATIENCE).unwrap();
    assert_eq!(*reason, ExitReason::failed(Failure::Terminated), "though it traps links");
}

#[test]
fn nobody_else_starts_what_is_built_in() {
    let (node, _told) = node(Policies::default());
    let denied = node.spawn(request("app:tree", HOST_SYSTEM), Context::default()).unwrap_err();
    assert_eq!(denied.kind, ErrorKind::PermissionDenied);
    let intruder = node.spawn(request("app:intruder", HOST_NORMAL), Context::default()).unwrap();
    let reason = intruder.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert!(!reason.is_abnormal(), "{reason:?}");
    let image = Arc::new(BuiltInImage(|| -> Parent { unreachable!("it never starts") }));
    let taken = node.shared.programs.build_in("app:user", Limits::default(), image).unwrap_err();
    assert_eq!(taken.kind, ErrorKind::AlreadyExists);
    node.shared.programs.take_out("app:user");
    node.shared.programs.take_out("app:tree");
    assert!(node.shared.programs.load("app:user", 0).is_ok());
    assert!(node.shared.programs.load("app:tree", 0).is_err());
}
