//! An environment whose programs are closures of the test: each turn calls the closure once.
#![allow(dead_code)]

use procession_environment::{Dialect, Module};
use procession_environment::{
    Environment, Guest, Host, Image, Inspection, Program, Queue, Seen, SpawnRequest, Turn, Usage,
};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started};
use procession_types::*;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a closure may look at and change between turns.
pub struct Memory {
    pub arguments: Fragment,
    pub turn: u64,
    /// Whatever the closure wants to remember.
    pub notes: Vec<u64>,
    pub pids: Vec<Vec<u8>>,
    /// Instructions that the turn counts for beside its few.
    pub work: u64,
    /// Whoever looks at it never comes to the end of its coroutines.
    pub is_endless: bool,
}

pub type Code = Arc<dyn Fn(&mut dyn Host, &mut Memory) -> Turn + Send + Sync>;
pub type Start = Arc<dyn Fn(&mut dyn Host) -> Result<(), Error> + Send + Sync>;

#[derive(Default)]
pub struct Script {
    codes: Mutex<HashMap<String, (Code, Option<Start>)>>,
    pub loads: Mutex<usize>,
    pub trims: Arc<Mutex<usize>>,
    pub hibernations: Arc<Mutex<usize>>,
    /// What guests do when they are set aside.
    pub work: Arc<Mutex<Option<Work>>>,
}

pub type Work = Box<dyn FnMut() + Send>;

struct ScriptImage(Code, Option<Start>, [Arc<Mutex<usize>>; 2], Arc<Mutex<Option<Work>>>);

struct ScriptGuest {
    code: Code,
    start: Option<Start>,
    memory: Memory,
    used: u64,
    counts: [Arc<Mutex<usize>>; 2],
    work: Arc<Mutex<Option<Work>>>,
}

impl Environment for Script {
    fn load(&self, program: &Program) -> Result<Arc<dyn Image>, Error> {
        *self.loads.lock().unwrap() += 1;
        let codes = self.codes.lock().unwrap();
        let (code, start) = codes.get(&program.id).ok_or_else(|| Error::invalid("syntax error"))?;
        let counts = [self.trims.clone(), self.hibernations.clone()];
        Ok(Arc::new(ScriptImage(code.clone(), start.clone(), counts, self.work.clone())))
    }
}

impl Image for ScriptImage {
    fn spawn(&self, arguments: &Fragment, _: &Limits) -> Result<Box<dyn Guest>, Error> {
        let memory = Memory {
            arguments: arguments.clone(),
            turn: 0,
            notes: vec![],
            pids: vec![],
            work: 0,
            is_endless: false,
        };
        Ok(Box::new(ScriptGuest {
            code: self.0.clone(),
            start: self.1.clone(),
            memory,
            used: 0,
            counts: self.2.clone(),
            work: self.3.clone(),
        }))
    }

    fn restore(&self, _: &[u8], _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Err(Error::invalid("scripts have no snapshots"))
    }
}

impl Guest for ScriptGuest {
    fn start(&mut self, host: &mut dyn Host, _: u64) -> Result<(), Error> {
        self.start.as_ref().map_or(Ok(()), |start| start(host))
    }

    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn {
        self.memory.turn += 1;
        let turn = (self.code)(host, &mut self.memory);
        let work = 10 + std::mem::take(&mut self.memory.work);
        self.used += if matches!(turn, Turn::Preempted) { budget } else { work };
        turn
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        None
    }

    fn usage(&self) -> Usage {
        Usage { instructions: self.used, memory_bytes: 0 }
    }

    fn work(&mut self) {
        let work = self.work.lock().unwrap().take();
        work.expect("somebody has said what to do")();
    }

    fn inspect(&mut self, _: u64, seen: Seen) -> Inspection {
        let rest = self.memory.is_endless.then_some(seen);
        Inspection { coroutines: vec![], rest }
    }

    fn trim(&mut self) {
        *self.counts[0].lock().unwrap() += 1;
    }

    fn hibernate(&mut self) -> bool {
        *self.counts[1].lock().unwrap() += 1;
        true
    }
}

/// A node with programs that are closures.
pub struct Stage {
    pub script: Arc<Script>,
    pub config: NodeConfig,
}

impl Stage {
    pub fn new(shards: u16) -> Self {
        let script = Arc::new(Script::default());
        let mut config = NodeConfig::new(script.clone());
        config.shards = shards;
        config.sinks = Sinks::none();
        Self { script, config }
    }

    pub fn program(
        mut self,
        id: &str,
        code: impl Fn(&mut dyn Host, &mut Memory) -> Turn + Send + Sync + 'static,
    ) -> Self {
        self.script.codes.lock().unwrap().insert(id.into(), (Arc::new(code), None));
        self.config.programs.push(program(id, ProgramLimits::default()));
        self
    }

    pub fn top_level(
        mut self,
        id: &str,
        start: impl Fn(&mut dyn Host) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        let code: Code = Arc::new(|_, _| Turn::Waiting);
        self.script.codes.lock().unwrap().insert(id.into(), (code, Some(Arc::new(start))));
        self.config.programs.push(program(id, ProgramLimits::default()));
        self
    }

    pub fn limits(mut self, id: &str, limits: Limits) -> Self {
        for program in &mut self.config.programs {
            if program.id == id {
                program.limits = limits.into();
            }
        }
        self
    }

    /// Runs `app:main` to its end on a fresh node.
    pub fn run(self) -> Arc<ExitReason> {
        let node = Node::start(self.config).unwrap();
        end(&start(&node, "app:main"))
    }
}

pub fn program(id: &str, limits: ProgramLimits) -> Program {
    Program {
        id: id.into(),
        main: Module { name: id.into(), file: "script".into(), source: Arc::from([]) },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits,
    }
}

pub fn request(id: &str) -> SpawnRequest {
    SpawnRequest {
        program: SmolStr::new(id),
        host: SmolStr::new(HOST_NORMAL),
        ..SpawnRequest::default()
    }
}

pub fn monitored(id: &str) -> SpawnRequest {
    SpawnRequest { monitored: true, ..request(id) }
}

pub fn start(node: &Node, id: &str) -> Started {
    node.spawn(request(id), Context::default()).unwrap()
}

pub fn start_named(node: &Node, id: &str, name: &str) -> Started {
    node.spawn(SpawnRequest { name: Some(name.into()), ..request(id) }, Context::default()).unwrap()
}

/// Waits for an end; a test that would hang fails instead.
pub fn end(started: &Started) -> Arc<ExitReason> {
    let ending = started.ending.as_ref().unwrap();
    ending.wait_for(Duration::from_secs(20)).expect("the process should have ended by now")
}

pub fn done() -> Turn {
    Turn::Exited(ExitReason::Normal(Fragment::nil()))
}

pub fn fail(text: &str) -> Turn {
    Turn::Exited(ExitReason::failed(Failure::Error(Error::new(ErrorKind::Internal, text))))
}

pub fn value(number: i64) -> Fragment {
    Fragment::from_words([word::int_wrapping(number)].into_iter().collect(), 1)
}

pub fn number(fragment: &Fragment) -> i64 {
    fragment.integer(fragment.values()[0]).unwrap()
}

pub fn text(host: &dyn Host, pid: Pid) -> Vec<u8> {
    let mut out = Vec::new();
    host.write_pid(pid, &mut out);
    out
}

pub fn topic(name: &str) -> Topic {
    Topic::new(name)
}

pub fn next(host: &mut dyn Host) -> Option<Message> {
    host.receive(Queue::INBOX).map(|message| *message)
}

#[track_caller]
pub fn assert_normal(reason: &ExitReason) {
    assert!(!reason.is_abnormal(), "{reason:?}");
}
