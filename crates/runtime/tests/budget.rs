//! The budget of memory of durable processes.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::{OnError, Program};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, ResidentUse, Sinks};
use procession_store::{MemoryStore, Store};
use procession_types::{ExitReason, Pid};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Has a state of some size, adds up what it receives, and tells the sum to whoever gives a PID.
const HOLDER: &str = "return { main = function(entries)
  local inbox, held, sum = process.inbox(), {}, 0
  for i = 1, entries do held[i] = { i } end
  while true do
    local value = inbox:receive():payload()
    if type(value) == 'string' then
      process.send(value, 'sum', sum + #held)
    else
      sum = sum + value
    end
  end
end }";

/// Asks a process for its sum.
const ASK: &str = "return { main = function(pid)
  process.send(pid, 'x', process.pid())
  return process.inbox():receive():payload()
end }";

/// Waits for one that must be brought back to answer.
const WAITS: &str = "return { main = function(pid)
  local inbox = process.inbox()
  while true do
    local value = inbox:receive():payload()
    process.send(pid, 'x', process.pid())
    local sum = inbox:receive():payload()
    process.send(value, 'sum', sum)
  end
end }";

const ENTRIES: i64 = 500;

fn programs() -> Vec<Program> {
    vec![
        program("holder", HOLDER, Some(OnError::Skip)),
        program("waits", WAITS, Some(OnError::Skip)),
        program("ask", ASK, None),
    ]
}

fn node(store: &Arc<MemoryStore>, resident_bytes_max: u64) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.programs = programs();
    config.hosts[0].hibernate_after_ns = None;
    config.hosts[0].resident_bytes_max = Some(resident_bytes_max);
    config.store = Some(Arc::clone(store) as Arc<dyn Store>);
    Node::start(config).unwrap()
}

fn used(node: &Node) -> ResidentUse {
    node.hosts().into_iter().find(|host| host.config.id == HOST_NORMAL).unwrap().durable
}

fn ask(node: &Node, pid: Pid) -> i64 {
    let started = start(node, "ask", text(&node.pid_text(pid)));
    match &*started.ending.unwrap().wait_for(PATIENCE).unwrap() {
        ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        ExitReason::Failed(reason) => panic!("{reason:?}"),
    }
}

#[test]
fn many_processes_take_turns_in_little_memory() {
    const PROCESSES: usize = 200;
    const BUDGET: u64 = 1 << 20;
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, BUDGET);
    let (most, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut pids: Vec<Pid> = Vec::new();
    for _ in 0..PROCESSES {
        pids.push(start(&first, "holder", numbers(&[ENTRIES])).pid);
    }
    // Births are not held back.
    until(|| used(&first).bytes <= BUDGET);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(used(&first).bytes, Ordering::Relaxed);
                std::thread::yield_now();
            }
        });
        for value in 1..=5 {
            pids.iter().for_each(|pid| send(&first, *pid, numbers(&[value])));
        }
        for pid in &pids {
            assert_eq!(ask(&first, *pid), 15 + ENTRIES);
        }
        done.store(true, Ordering::Relaxed);
    });
    let (most, now) = (most.load(Ordering::Relaxed), used(&first));
    assert!(most <= BUDGET, "{most} of {BUDGET} bytes were used");
    assert!(most > BUDGET / 2, "the budget is made use of: {most}");
    assert_eq!(now.processes + now.sleeping, PROCESSES as u64);
    // So many that they would not fit in all.
    assert!(now.sleeping > PROCESSES as u64 / 2, "{now:?}");
    assert!(now.evictions > PROCESSES as u64 && now.wakes > PROCESSES as u64, "{now:?}");
    first.shutdown(PATIENCE);
    let next = node(&store, BUDGET);
    assert_eq!(used(&next).sleeping, PROCESSES as u64, "the store knows of them");
    pids.iter().for_each(|pid| assert_eq!(ask(&next, *pid), 15 + ENTRIES));
}

#[test]
fn who_is_in_use_stays() {
    let store = Arc::new(MemoryStore::default());
    let node = node(&store, 1 << 20);
    let busy = start(&node, "holder", numbers(&[ENTRIES])).pid;
    let others: Vec<Pid> =
        (0..100).map(|_| start(&node, "holder", numbers(&[ENTRIES])).pid).collect();
    ask(&node, busy);
    let before = used(&node).wakes;
    for pid in others.iter().take(50) {
        // It has its turn between any two of the others'.
        ask(&node, *pid);
        ask(&node, busy);
    }
    let wakes = used(&node).wakes - before;
    assert!(wakes <= 50, "only the others were brought back: {wakes}");
}

#[test]
fn processes_come_back_although_those_in_memory_wait_for_them() {
    let store = Arc::new(MemoryStore::default());
    // Not even one of them fits.
    let node = node(&store, 1000);
    let holder = start(&node, "holder", numbers(&[ENTRIES])).pid;
    let name = node.pid_text(holder);
    let waiting: Vec<Pid> = (0..20).map(|_| start(&node, "waits", text(&name)).pid).collect();
    for _ in 0..3 {
        waiting.iter().for_each(|pid| assert_eq!(ask(&node, *pid), ENTRIES));
    }
    until(|| used(&node).processes == 0);
    assert_eq!(used(&node).sleeping, 21);
}
