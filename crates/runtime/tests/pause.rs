//! Pausing and resuming Lua processes of a node from outside.
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started, State};
use procession_types::{Context, ErrorKind, Fragment, Message, Pid, ProgramLimits, SmolStr, Topic};
use std::sync::Arc;
use std::time::Duration;

const PROGRAMS: [(&str, &str); 5] = [
    ("loop", "return { main = function() while true do end end }"),
    // Ends when it has slept for so long, and says what it has received meanwhile.
    (
        "sleeper",
        "return { main = function(ms)
  require('time').sleep(ms .. 'ms')
  local inbox, got = process.inbox(), 0
  while channel.select { inbox:case_receive(), default = true }.channel do got = got + 1 end
  return got
end }",
    ),
    // Waits for one message and ends.
    ("waiter", "return { main = function() return process.inbox():receive():payload() end }"),
    // Ends when its wall clock is used up.
    ("watched", "return { main = function() while true do end end }"),
    (
        "monitor",
        "return { main = function(other)
  process.monitor(other)
  return process.events():receive().result.error:message()
end }",
    ),
];

fn program(name: &str, source: &str) -> Program {
    let wall_clock = (name == "watched").then_some(500_000_000);
    Program {
        id: format!("app:{name}"),
        main: Module {
            name: format!("app:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["time".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits { wall_clock_ns_max: wall_clock, ..ProgramLimits::default() },
    }
}

fn node(shards: u16, hibernate_after_ns: Option<u64>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = shards;
    config.sinks = Sinks::none();
    config.hosts[0].hibernate_after_ns = hibernate_after_ns;
    config.programs = PROGRAMS.map(|(name, source)| program(name, source)).into();
    Node::start(config).unwrap()
}

fn start(node: &Node, name: &str, arguments: Fragment) -> Started {
    let request = SpawnRequest {
        program: SmolStr::new(format!("app:{name}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments,
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap()
}

fn number(value: i64) -> Fragment {
    let mut builder = procession_types::FragmentBuilder::new();
    let value = builder.integer(value);
    builder.finish(&[value])
}

fn text(value: &str) -> Fragment {
    let mut builder = procession_types::FragmentBuilder::new();
    let value = builder.string(value.as_bytes());
    builder.finish(&[value])
}

fn send(node: &Node, to: Pid, value: i64) {
    let message = Message { topic: Topic::new("x"), from: None, payload: number(value) };
    node.send(to, message).unwrap();
}

/// The number that a process ended with.
fn result(started: &Started) -> i64 {
    let reason = started.ending.as_ref().unwrap().wait_for(Duration::from_secs(20)).unwrap();
    match &*reason {
        procession_types::ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        procession_types::ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

/// A process that does nothing else has slept for so long.
fn pass(node: &Node, ms: i64) {
    assert_eq!(result(&start(node, "sleeper", number(ms))), 0);
}

fn state_when(node: &Node, pid: Pid, wanted: State) {
    for _ in 0..1_000_000 {
        if node.info(pid).unwrap().process.state == wanted {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{pid} never was {wanted:?}");
}

#[test]
fn a_loop_stands_still_wherever_it_is() {
    let node = node(2, None);
    let started: Vec<Started> = (0..8).map(|_| start(&node, "loop", Fragment::default())).collect();
    let loops: Vec<Pid> = started.iter().map(|started| started.pid).collect();
    for pid in &loops[1..] {
        node.pause(*pid).unwrap();
        node.pause(*pid).unwrap();
    }
    loops[1..].iter().for_each(|pid| state_when(&node, *pid, State::Paused));
    let used = |pid: &Pid| node.info(*pid).unwrap().process.instructions;
    let before: Vec<u64> = loops.iter().map(used).collect();
    while used(&loops[0]) < before[0] + 10_000_000 {}
    assert_eq!(loops[1..].iter().map(used).collect::<Vec<u64>>(), before[1..]);
    assert_eq!(node.stats().paused, 7);
    let metrics = node.metrics();
    assert!(metrics.contains("\nprocession_processes_paused 7\n"), "{metrics}");
    assert!(metrics.contains("\nprocession_pauses_total 7\n"), "{metrics}");
    for pid in &loops[1..] {
        node.resume(*pid).unwrap();
    }
    for (pid, before) in loops.iter().zip(before) {
        while used(pid) == before {}
    }
    assert_eq!(node.stats().paused, 0);
    for Started { pid, ending } in started {
        node.pause(pid).unwrap();
        node.terminate(pid).unwrap();
        assert!(ending.unwrap().wait_for(Duration::from_secs(20)).is_ok());
        assert_eq!(node.pause(pid).unwrap_err().kind, ErrorKind::NotFound);
        assert_eq!(node.resume(pid).unwrap_err().kind, ErrorKind::NotFound);
    }
}

#[test]
fn a_sleep_and_the_wall_clock_stand_still_and_messages_wait() {
    let node = node(1, None);
    let sleeper = start(&node, "sleeper", number(500));
    let watched = start(&node, "watched", Fragment::default());
    for pid in [sleeper.pid, watched.pid] {
        node.pause(pid).unwrap();
        state_when(&node, pid, State::Paused);
    }
    send(&node, sleeper.pid, 1);
    send(&node, sleeper.pid, 2);
    pass(&node, 700);
    for pid in [sleeper.pid, watched.pid] {
        assert_eq!(node.info(pid).unwrap().process.state, State::Paused);
        node.resume(pid).unwrap();
    }
    assert_eq!(result(&sleeper), 2);
    let ending = watched.ending.unwrap().wait_for(Duration::from_secs(20)).unwrap();
    assert_eq!(ending.error().unwrap().limit, Some(procession_types::Limit::WallClock));
}

#[test]
fn one_that_hibernates_stays_asleep_until_it_is_resumed() {
    let node = node(1, Some(0));
    let waiter = start(&node, "waiter", Fragment::default());
    state_when(&node, waiter.pid, State::Waiting);
    node.pause(waiter.pid).unwrap();
    send(&node, waiter.pid, 42);
    pass(&node, 1);
    let info = node.info(waiter.pid).unwrap();
    assert_eq!((info.process.state, info.process.mailbox_messages), (State::Paused, 1));
    node.resume(waiter.pid).unwrap();
    assert_eq!(result(&waiter), 42);
}

#[test]
fn the_deadline_of_a_cancel_goes_on() {
    let node = node(2, None);
    let paused = start(&node, "waiter", Fragment::default());
    let monitor = start(&node, "monitor", text(&node.pid_text(paused.pid)));
    state_when(&node, monitor.pid, State::Waiting);
    node.pause(paused.pid).unwrap();
    node.cancel(paused.pid, Some(Duration::from_millis(5)), "test").unwrap();
    let ended = paused.ending.unwrap().wait_for(Duration::from_secs(20)).unwrap();
    assert_eq!(ended.label(), "deadline");
    let told = monitor.ending.unwrap().wait_for(Duration::from_secs(20)).unwrap();
    let procession_types::ExitReason::Normal(value) = &*told else { panic!("{told:?}") };
    assert_eq!(value.string(value.values()[0]).unwrap(), b"deadline exceeded");
    assert_eq!(node.stats().paused, 0);
}
