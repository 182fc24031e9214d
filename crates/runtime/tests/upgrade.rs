//! Upgrading running processes from outside.
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started, When};
use procession_types::{
    Context, ErrorKind, ExitReason, Fragment, FragmentBuilder, Message, Pid, ProgramLimits,
    SmolStr, Topic, word,
};
use std::sync::Arc;
use std::time::Duration;

/// Adds up what it receives, and at 0 ends with its version and the sum; a version begins with the
/// sum that it is given.
const COUNTER: &str = "return { main = function(sum)
  local inbox = process.inbox()
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return VERSION * 1000000 + sum end
    sum = sum + value
  end
end }";

/// How long a process may take to be at rest.
const PATIENCE: Duration = Duration::from_secs(20);

fn counter(version: u32) -> String {
    format!("local VERSION = {version}\n{COUNTER}")
}

fn program(name: &str, source: &str) -> Program {
    Program {
        id: format!("app:{name}"),
        main: Module {
            name: format!("app:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["time".to_owned(), "funcs".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

fn node(hibernate_after_ns: Option<u64>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.hosts[0].hibernate_after_ns = hibernate_after_ns;
    config.programs = vec![
        program("counter", &counter(1)),
        program("loop", "return { main = function() while true do end end }"),
        program("forever", "return { main = function() process.inbox():receive() end }"),
    ];
    Node::start(config).unwrap()
}

fn numbers(values: &[i64]) -> Fragment {
    let words: Vec<_> = values.iter().map(|&value| word::int_wrapping(value)).collect();
    FragmentBuilder::new().finish(&words)
}

fn text(value: &str) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let value = builder.string(value.as_bytes());
    builder.finish(&[value])
}

fn start(node: &Node, name: &str) -> Started {
    let request = SpawnRequest {
        program: SmolStr::new(format!("app:{name}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments: numbers(&[0]),
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap()
}

fn send(node: &Node, to: Pid, value: i64) {
    let message = Message { topic: Topic::new("x"), from: None, payload: numbers(&[value]) };
    node.send(to, message).unwrap();
}

fn result(started: Started) -> i64 {
    let reason = started.ending.unwrap().wait_for(Duration::from_secs(20)).unwrap();
    match &*reason {
        ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

#[test]
fn unread_messages_are_the_new_programs() {
    for hibernate_after_ns in [None, Some(0)] {
        let node = node(hibernate_after_ns);
        let started = start(&node, "counter");
        let pid = started.pid;
        node.pause(pid).unwrap();
        (1..=10).for_each(|value| send(&node, pid, value));
        node.define(program("counter", &counter(2)));
        // Paused as it is, it stays so.
        node.upgrade(pid, None, numbers(&[100]), When::AtRest(PATIENCE)).unwrap();
        send(&node, pid, 0);
        node.resume(pid).unwrap();
        assert_eq!(result(started), 2_000_155);
    }
}

#[test]
fn no_message_is_lost_and_none_comes_twice_while_it_is_upgraded_again_and_again() {
    const MESSAGES: i64 = 20_000;
    let node = Arc::new(node(None));
    let sum = start(&node, "counter");
    // It takes more than one turn with every message, so that there is always one in hand.
    node.define(program(
        "forward",
        "return { main = function(to)
  local inbox = process.inbox()
  while true do
    local value = inbox:receive():payload()
    for _ = 1, 500 do end
    while not process.send(to, 'x', value) do require('time').sleep('1ms') end
  end
end }",
    ));
    let to = text(&node.pid_text(sum.pid));
    let request = SpawnRequest {
        program: SmolStr::new("app:forward"),
        host: SmolStr::new(HOST_NORMAL),
        arguments: to.clone(),
        ..SpawnRequest::default()
    };
    let pid = node.spawn(request, Context::default()).unwrap().pid;
    let sender = {
        let node = Arc::clone(&node);
        std::thread::spawn(move || {
            for value in 1..=MESSAGES {
                let message =
                    Message { topic: Topic::new("x"), from: None, payload: numbers(&[value]) };
                // A full mailbox is no loss: the sender knows.
                while node.send(pid, message.clone()).is_err() {
                    std::thread::yield_now();
                }
            }
        })
    };
    let mut upgrades = 0;
    while !sender.is_finished() {
        node.upgrade(pid, None, to.clone(), When::AtRest(PATIENCE)).unwrap();
        upgrades += 1;
    }
    sender.join().unwrap();
    assert!(upgrades > 0);
    // The end goes the same way, behind everything else.
    while node.send(pid, Message { topic: "x".into(), from: None, payload: numbers(&[0]) }).is_err()
    {
        std::thread::yield_now();
    }
    assert_eq!(result(sum), 1_000_000 + MESSAGES * (MESSAGES + 1) / 2);
}

#[test]
fn one_that_is_never_at_rest_is_left_alone() {
    let node = node(None);
    let started = start(&node, "loop");
    let when = When::AtRest(Duration::from_millis(20));
    let error = node.upgrade(started.pid, Some("app:counter"), numbers(&[7]), when).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
    assert_eq!(node.info(started.pid).unwrap().process.program, "app:loop");
}

/// What a process does, whether it is sent a message at first, and whether it is at rest then.
const WAITS: [(&str, &str, bool, bool); 9] = [
    ("sleeps", "ready(); while true do time.sleep('1h') end", false, true),
    ("hears events", "local events = process.events(); ready(); events:receive()", false, true),
    (
        "hears events after a message",
        "inbox:receive(); local events = process.events(); ready(); events:receive()",
        true,
        true,
    ),
    (
        "waits for a timer or events",
        "inbox:receive()
         local events, timer = process.events(), time.after('1h')
         ready()
         channel.select{events:case_receive(), timer:case_receive()}",
        true,
        true,
    ),
    (
        "waits for a timer or a message",
        "inbox:receive(); local timer = time.after('1h'); ready()
         channel.select{timer:case_receive(), inbox:case_receive()}",
        true,
        true,
    ),
    (
        "has one coroutine that hears events and one that sleeps",
        "inbox:receive(); local events = process.events()
         coroutine.spawn(function() time.sleep('1h') end)
         ready(); events:receive()",
        true,
        true,
    ),
    // It tries again later, with the message in its hands.
    ("sleeps with a message", "inbox:receive(); ready(); time.sleep('1h')", true, false),
    (
        "waits for a timer with a message",
        "inbox:receive(); local timer = time.after('1h'); ready(); timer:receive()",
        true,
        false,
    ),
    // Somebody works for it, also while it hears events.
    (
        "waits for an answer",
        "local events = process.events()
         coroutine.spawn(function() funcs.call('app:forever') end)
         coroutine.spawn(ready)
         events:receive()",
        false,
        false,
    ),
];

#[test]
fn at_rest_is_who_has_nothing_in_hand() {
    let node = node(None);
    for (position, (what, source, is_sent, is_at_rest)) in WAITS.into_iter().enumerate() {
        let id = format!("app:w{position}");
        let source = format!(
            "local time, funcs = require('time'), require('funcs')
             return {{ main = function()
               local inbox = process.inbox()
               local function ready() process.registry.register('{id} is ready') end
               {source}
             end }}"
        );
        node.define(program(&format!("w{position}"), &source));
        let started = start(&node, &format!("w{position}"));
        if is_sent {
            send(&node, started.pid, 1);
        }
        while node.lookup(&format!("{id} is ready")).is_none() {
            assert!(
                node.is_alive(started.pid),
                "{what}: {:?}",
                started.ending.unwrap().wait_for(PATIENCE)
            );
            std::thread::yield_now();
        }
        let patience = if is_at_rest { PATIENCE } else { Duration::from_millis(50) };
        let when = When::AtRest(patience);
        let done = node.upgrade(started.pid, Some("app:counter"), numbers(&[7]), when);
        assert_eq!(done.is_ok(), is_at_rest, "{what}: {done:?}");
        let kind = done.err().map(|error| error.kind);
        assert!(kind.is_none_or(|kind| kind == ErrorKind::Timeout), "{what}: {kind:?}");
    }
}

#[test]
fn a_program_that_does_not_load_changes_nothing() {
    let node = node(None);
    let started = start(&node, "counter");
    let pid = started.pid;
    send(&node, pid, 5);
    node.define(program("broken", "return {"));
    node.define(program("raises", "error('not today')"));
    for (id, kind, text) in [
        ("app:broken", ErrorKind::Invalid, "broken.lua:1:"),
        ("app:raises", ErrorKind::Internal, "not today"),
        ("app:none", ErrorKind::NotFound, "app:none"),
    ] {
        let error = node.upgrade(pid, Some(id), numbers(&[]), When::AtRest(PATIENCE)).unwrap_err();
        assert_eq!(error.kind, kind, "{id}: {error}");
        assert!(error.message.contains(text), "{id}: {error}");
    }
    send(&node, pid, 6);
    send(&node, pid, 0);
    assert_eq!(result(started), 1_000_011);
}

#[test]
fn one_that_runs_for_ever_is_upgraded_between_two_turns() {
    let node = node(None);
    let started = start(&node, "loop");
    node.upgrade(started.pid, Some("app:counter"), numbers(&[7]), When::Now).unwrap();
    send(&node, started.pid, 0);
    assert_eq!(result(started), 1_000_007);
}

#[test]
fn the_dead_are_not_found() {
    let node = node(None);
    let started = start(&node, "counter");
    let pid = started.pid;
    send(&node, pid, 0);
    result(started);
    let error = node.upgrade(pid, None, numbers(&[]), When::Now).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}
