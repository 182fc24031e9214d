//! How fast supervisors bring processes back: 10 000 supervised Lua processes, of which 1 000 crash
//! every second. Prints the time from the message that makes one fail to the moment at which its
//! successor is ready, and from the moment its supervisor knows to that.
//! `cargo run --release -p procession-runtime --example supervision_figures [SERVICES PER_SECOND SECONDS TREES]`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program};
use procession_lua::LuaEnvironment;
use procession_runtime::*;
use procession_types::definition::{
    Intensity, Lifecycle, Restart, Service, Strategy, SupervisorDefinition,
};
use procession_types::{Fragment, Message, ProgramLimits, SmolStr};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PROGRAM: &str = "return { main = function() process.inbox():receive() error('boom') end }";

fn program() -> Program {
    let source = Arc::from(PROGRAM.as_bytes());
    Program {
        id: "app:fragile".into(),
        main: Module { name: "app:fragile".into(), file: "fragile.lua".into(), source },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

fn service(number: usize) -> Service {
    Service {
        id: format!("app:s{number}"),
        program: "app:fragile".into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle {
            restart: Restart { initial_delay_ns: 0, jitter: 0.0, ..Restart::default() },
            // The program reads no events.
            stop_timeout_ns: 100_000_000,
            ..Lifecycle::default()
        },
    }
}

/// All services under the root, or spread over so many supervisors.
fn application(services: usize, trees: usize) -> ApplicationDefinition {
    let mut declared = Declared::default();
    for number in 0..services {
        let service = service(number);
        declared.services.insert(service.id.clone(), service);
    }
    for tree in 0..trees {
        let children = (tree..services).step_by(trees).map(|number| format!("app:s{number}"));
        let id = format!("app:tree{tree}");
        let supervisor = SupervisorDefinition {
            id: id.clone(),
            strategy: Strategy::OneForOne,
            intensity: Intensity { restarts: u32::MAX, within_ns: 1 },
            children: children.collect(),
            labels: BTreeMap::new(),
            lifecycle: Lifecycle::default(),
        };
        declared.supervisors.insert(id, supervisor);
    }
    ApplicationDefinition { declared, groups: BTreeMap::new() }
}

fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64
}

/// Every so often, one service after another is made to fail.
fn crash(
    node: &Node,
    services: usize,
    per_second: u64,
    seconds: u64,
) -> HashMap<SmolStr, Vec<i64>> {
    let mut sent: HashMap<SmolStr, Vec<i64>> = HashMap::new();
    let start = Instant::now();
    for crash in 0..per_second * seconds {
        let due = start + Duration::from_nanos(crash * 1_000_000_000 / per_second);
        while let Some(left) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(left);
        }
        // A stride that visits every service before it comes back to the first.
        let id = SmolStr::new(format!("app:s{}", crash as usize * 7919 % services));
        let Some(pid) = node.lookup(&id) else { continue };
        let message = Message { topic: "fail".into(), from: None, payload: Fragment::nil() };
        let at = now_ns();
        if node.send(pid, message).is_ok() {
            sent.entry(id).or_default().push(at);
        }
    }
    sent
}

fn show(what: &str, mut times: Vec<i64>) {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize] as f64 / 1e6;
    println!(
        "{what:<44}{:>9.3} ms p50 {:>9.3} p99 {:>9.3} p99.9 {:>9.3} max",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|text| text.parse().unwrap()).collect();
    let get = |at: usize, default: u64| numbers.get(at).copied().unwrap_or(default);
    let (services, per_second, seconds) = (get(0, 10_000) as usize, get(1, 1000), get(2, 10));
    let mut config = NodeConfig::new(Arc::new(LuaEnvironment::new()));
    config.sinks = Sinks::none();
    config.programs.push(program());
    let node = Node::start(config).unwrap();
    let start = Instant::now();
    node.start_application(application(services, get(3, 0) as usize)).unwrap();
    let root = node.wait_until_up(Duration::from_secs(120)).unwrap();
    assert_eq!(root.status.state, StateName::Running, "{root:?}");
    println!("{services} services up in {:.3} s", start.elapsed().as_secs_f64());

    let events = node.lifecycle_events(EVENTS_KEPT_MAX);
    let sent = crash(&node, services, per_second, seconds);
    let count: usize = sent.values().map(Vec::len).sum();
    let (mut whole, mut known, mut lost) = (Vec::new(), Vec::new(), 0);
    let mut exited: HashMap<SmolStr, i64> = HashMap::new();
    let mut seen: HashMap<SmolStr, usize> = HashMap::new();
    while whole.len() < count {
        let Some(Delivery { lost: some, event }) = events.next(Duration::from_secs(5)) else {
            break;
        };
        lost += some;
        match event.news {
            News::Exited { .. } => drop(exited.insert(event.id.clone(), event.at.0)),
            News::Running { .. } => {
                let number = seen.entry(event.id.clone()).or_default();
                whole.push(event.at.0 - sent[&event.id][*number]);
                *number += 1;
                known.push(event.at.0 - exited[&event.id]);
            }
            _ => {}
        }
    }
    let elapsed = seconds as f64;
    println!("{count} crashes in {elapsed} s, {} restarted, {lost} events lost", whole.len());
    show("message that makes it fail to ready again", whole);
    show("end known to ready again", known);
    let start = Instant::now();
    let terminated = node.stop_application(None).unwrap();
    let elapsed = start.elapsed().as_secs_f64();
    println!("stopped in {elapsed:.3} s, {terminated} terminated");
}
