//! What the runtime costs around guests that do nothing themselves: round trips, fan-in, spawns.
//! `cargo run --release -p procession-runtime --example runtime_figures`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use procession_environment::*;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_types::*;
use std::sync::Arc;
use std::time::Instant;

struct Scripts;
struct Script(fn(&mut Actor, &mut dyn Host) -> Turn);

struct Actor {
    code: fn(&mut Actor, &mut dyn Host) -> Turn,
    count: u64,
    peer: Vec<u8>,
}

impl Environment for Scripts {
    fn load(&self, program: &Program) -> Result<Arc<dyn Image>, Error> {
        Ok(Arc::new(Script(match program.id.as_str() {
            "app:pong" => pong,
            "app:ping" => ping,
            "app:fan" => fan,
            "app:sender" => sender,
            "app:brief" => |_, _| done(),
            _ => births,
        })))
    }
}

impl Image for Script {
    fn spawn(&self, _: &Fragment, _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Ok(Box::new(Actor { code: self.0, count: 0, peer: Vec::new() }))
    }

    fn restore(&self, _: &[u8], _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Err(Error::invalid("no snapshots"))
    }
}

impl Guest for Actor {
    fn start(&mut self, _: &mut dyn Host, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn run(&mut self, host: &mut dyn Host, _: u64) -> Turn {
        (self.code)(self, host)
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        None
    }

    fn usage(&self) -> Usage {
        Usage { instructions: self.count, memory_bytes: 0 }
    }
}

const ROUNDS: u64 = 2_000_000;
const SENDERS: u64 = 100;
const EACH: u64 = 20_000;
const BIRTHS: u64 = 500_000;

fn done() -> Turn {
    Turn::Exited(ExitReason::Normal(Fragment::nil()))
}

fn request(id: &str) -> SpawnRequest {
    let host = SmolStr::new(HOST_NORMAL);
    SpawnRequest { program: SmolStr::new(id), host, ..SpawnRequest::default() }
}

fn pong(_: &mut Actor, host: &mut dyn Host) -> Turn {
    while let Some(message) = host.receive(Queue::INBOX) {
        let mut to = Vec::new();
        host.write_pid(message.from.unwrap(), &mut to);
        host.send(&to, message.topic, message.payload).unwrap();
    }
    Turn::Waiting
}

fn ping(me: &mut Actor, host: &mut dyn Host) -> Turn {
    if me.peer.is_empty() {
        let pid = host.spawn(request("app:pong")).unwrap();
        let mut text = Vec::new();
        host.write_pid(pid, &mut text);
        me.peer = text;
    } else if host.receive(Queue::INBOX).is_none() {
        return Turn::Waiting;
    }
    me.count += 1;
    if me.count > ROUNDS {
        return done();
    }
    host.send(&me.peer, Topic::new("ping"), Fragment::nil()).unwrap();
    Turn::Waiting
}

fn fan(me: &mut Actor, host: &mut dyn Host) -> Turn {
    if me.peer.is_empty() {
        me.peer.push(1);
        host.register("fan", None).unwrap();
        for _ in 0..SENDERS {
            host.spawn(request("app:sender")).unwrap();
        }
    }
    while host.receive(Queue::INBOX).is_some() {
        me.count += 1;
    }
    if me.count == SENDERS * EACH { done() } else { Turn::Waiting }
}

fn sender(me: &mut Actor, host: &mut dyn Host) -> Turn {
    if me.peer.is_empty() {
        let pid = host.lookup("fan").unwrap();
        host.write_pid(pid, &mut me.peer);
    }
    for _ in 0..100 {
        if me.count == EACH {
            return done();
        }
        if host.send(&me.peer, Topic::new("x"), Fragment::nil()).is_err() {
            return Turn::Preempted;
        }
        me.count += 1;
    }
    Turn::Preempted
}

fn births(me: &mut Actor, host: &mut dyn Host) -> Turn {
    if me.count > 0 && host.receive_event().is_none() {
        return Turn::Waiting;
    }
    me.count += 1;
    if me.count > BIRTHS {
        return done();
    }
    host.spawn(SpawnRequest { monitored: true, ..request("app:brief") }).unwrap();
    Turn::Waiting
}

fn main() {
    let only: Vec<u16> = std::env::args().skip(1).filter_map(|n| n.parse().ok()).collect();
    for shards in if only.is_empty() { vec![1, 2] } else { only } {
        for (id, count, what) in [
            ("app:ping", ROUNDS, "round trip"),
            ("app:fan", SENDERS * EACH, "message of a fan-in"),
            ("app:births", BIRTHS, "spawn monitored to EXIT"),
        ] {
            let mut config = NodeConfig::new(Arc::new(Scripts));
            config.shards = shards;
            config.sinks = Sinks::none();
            for id in ["app:pong", "app:ping", "app:fan", "app:sender", "app:brief", "app:births"] {
                let source = Arc::from([]);
                config.programs.push(Program {
                    id: id.into(),
                    main: Module { name: id.into(), file: id.into(), source },
                    method: None,
                    modules: Vec::new(),
                    imports: Vec::new(),
                    dialect: Dialect::Plain,
                    durability: None,
                    limits: ProgramLimits::default(),
                });
            }
            let node = Node::start(config).unwrap();
            let start = Instant::now();
            let main = node.spawn(request(id), Context::default()).unwrap();
            let reason = main.ending.unwrap().wait().unwrap();
            assert!(!reason.is_abnormal(), "{reason:?}");
            let each = start.elapsed().as_nanos() as f64 / count as f64;
            println!("{shards} shards: {what:<26}{each:>8.1} ns");
        }
    }
}
