//! What a node remembers: what its processes print and log, and what happens to them.
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Level, Module, Program, SpawnRequest};
use procession_runtime::telemetry::*;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started, Variables};
use procession_types::{Actor, Context, ExitReason, FragmentBuilder, Limits, Pid, Scope, SmolStr};
use std::sync::Arc;
use std::time::Duration;

const PROGRAMS: [(&str, &str); 8] = [
    (
        "talker",
        "local log = require('logger')
         return function() print('hello') log.warn('careful', {size = 3}) print('bye') end",
    ),
    ("fails", "return function() error('with hunter22 in it') end"),
    ("loops", "return function() while true do end end"),
    ("waits", "return function() process.inbox():receive() end"),
    ("upgrades", "return function() process.upgrade('app:waits') end"),
    ("sends", "return function(to) process.send(to, 'x') end"),
    ("broken", "error('at the top')"),
    (
        "parent",
        "return function()
           local events, ended = process.events(), 0
           for _ = 1, 50 do process.spawn_monitored('app:fails', 'app:processes') end
           while ended < 50 do events:receive() ended = ended + 1 end
           print('all ended')
         end",
    ),
];

fn node(change: impl FnOnce(&mut NodeConfig)) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.programs = PROGRAMS.iter().map(|(name, source)| program(name, source)).collect();
    change(&mut config);
    Node::start(config).unwrap()
}

fn program(name: &str, source: &str) -> Program {
    let id = format!("app:{name}");
    let (file, source) = (format!("{name}.lua"), source.as_bytes().into());
    let most = (name == "loops").then_some(100_000);
    Program {
        main: Module { name: id.clone(), file, source },
        id,
        method: None,
        modules: vec!["logger".into()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: Limits { instructions_max: most, ..Limits::default() }.into(),
    }
}

fn start_with(node: &Node, name: &str, context: Context) -> Started {
    let program = format!("app:{name}").into();
    let request = SpawnRequest { program, host: HOST_NORMAL.into(), ..SpawnRequest::default() };
    node.spawn(request, context).unwrap()
}

fn start(node: &Node, name: &str) -> Started {
    start_with(node, name, Context::default())
}

fn end(started: &Started) -> Arc<ExitReason> {
    started.ending.as_ref().unwrap().wait_for(Duration::from_secs(60)).unwrap()
}

fn of(pid: Pid) -> Query {
    Query { pid: Some(pid), ..Query::default() }
}

fn logs(node: &Node, query: &Query) -> Vec<Record> {
    node.flush_output();
    node.logs(query).records
}

fn events(node: &Node, query: &Query) -> Vec<Record> {
    node.flush_output();
    node.events(query).records
}

fn names(records: &[Record]) -> Vec<&'static str> {
    records.iter().map(|record| record.kind.name()).collect()
}

#[test]
fn what_is_printed_and_logged_is_kept_with_its_source() {
    let node = node(|config| config.name = Some("n1".to_owned()));
    let talker = start(&node, "talker");
    end(&talker);
    let records = logs(&node, &of(talker.pid));
    let texts: Vec<_> = records.iter().map(Record::text).collect();
    assert_eq!(texts, ["hello", "careful", "bye"]);
    let careful = &records[1];
    assert_eq!(careful.kind, Kind::Log(Level::Warn));
    assert_eq!((careful.program.as_str(), careful.host.as_str()), ("app:talker", HOST_NORMAL));
    assert_eq!(careful.field("size"), Some("3"));
    assert_eq!(careful.pid_text().unwrap(), node.pid_text(talker.pid));
    assert_eq!(
        Query::read_pid(&node.pid_text(talker.pid)).map(|pid| pid.slot),
        Some(talker.pid.slot)
    );
    let warnings = Query { level: Some(Level::Warn), ..Query::default() };
    assert_eq!(logs(&node, &warnings).len(), 1);
}

#[test]
fn lives_are_told_with_how_they_ended() {
    let node = node(|_| ());
    for (name, kinds, reason, text) in [
        ("talker", &["process.spawned", "process.exited"][..], "normal", ""),
        (
            "fails",
            &["process.spawned", "process.exited"],
            "error",
            "fails.lua:1: with hunter22 in it",
        ),
        (
            "loops",
            &["process.spawned", "limit.hit", "process.exited"],
            "limit",
            "loops.lua:1: instructions limit exceeded",
        ),
    ] {
        let started = start(&node, name);
        end(&started);
        let events = events(&node, &of(started.pid));
        assert_eq!(names(&events), kinds, "{name}");
        let exited = events.last().unwrap();
        assert_eq!((exited.field("reason"), exited.text().as_ref()), (Some(reason), text));
        assert!(exited.field("instructions").unwrap().parse::<u64>().unwrap() > 0);
        assert!(exited.field("lived_ms").unwrap().parse::<f64>().unwrap() >= 0.0);
        assert_eq!(events[0].program, format!("app:{name}"));
    }
    let limit = Query { kinds: vec![EventKind::LimitHit], ..Query::default() };
    assert_eq!(events(&node, &limit)[0].field("limit"), Some("instructions"));
}

#[test]
fn what_is_done_to_a_process_is_told() {
    let node = node(|_| ());
    let waits = start(&node, "upgrades");
    let upgraded = Query { kinds: vec![EventKind::ProcessUpgraded], ..of(waits.pid) };
    let mut follower = node.follow(Stream::Events, Query { after: Some(0), ..upgraded }, None);
    let record = follower.wait(Duration::from_secs(60)).records.remove(0);
    assert_eq!(
        (record.program.as_str(), record.field("from")),
        ("app:waits", Some("app:upgrades"))
    );
    node.pause(waits.pid).unwrap();
    node.resume(waits.pid).unwrap();
    node.cancel(waits.pid, None, "enough").unwrap();
    node.terminate(waits.pid).unwrap();
    end(&waits);
    assert!(node.pause(waits.pid).is_err());
    let events = events(&node, &of(waits.pid));
    let expected =
        ["paused", "resumed", "cancelled", "exited"].map(|what| format!("process.{what}"));
    assert_eq!(names(&events)[2..], expected);
    assert_eq!(events[4].text(), "enough");
    assert_eq!(events[5].field("reason"), Some("terminated"));
}

#[test]
fn denials_and_limits_are_told() {
    let node = node(|_| ());
    let waits = start(&node, "waits");
    let mut builder = FragmentBuilder::new();
    let text = builder.string(node.pid_text(waits.pid).as_bytes());
    let arguments = builder.finish(&[text]);
    let actor = Actor { id: "guest".to_owned(), meta: std::collections::BTreeMap::new() };
    let scope = Some(Scope::default());
    let context = Context { actor: Some(actor), scope, ..Context::default() };
    let request = SpawnRequest {
        program: "app:sends".into(),
        host: HOST_NORMAL.into(),
        arguments,
        ..SpawnRequest::default()
    };
    let sends = node.spawn(request, context).unwrap();
    end(&sends);
    let denied = Query { kinds: vec![EventKind::PermissionDenied], ..of(sends.pid) };
    let denied = events(&node, &denied);
    assert_eq!(denied.len(), 1);
    let expected = format!("permission denied: process.send on {}", node.pid_text(waits.pid));
    assert_eq!((denied[0].text().as_ref(), denied[0].program.as_str()), (&*expected, "app:sends"));
}

#[test]
fn a_process_that_does_not_start_says_why() {
    let node = node(|_| ());
    let request = SpawnRequest {
        program: "app:broken".into(),
        host: HOST_NORMAL.into(),
        ..SpawnRequest::default()
    };
    assert!(node.spawn(request, Context::default()).is_err());
    let records = events(&node, &Query { program: Some("app:broken".into()), ..Query::default() });
    assert_eq!(names(&records), ["process.spawned", "process.exited"]);
    assert!(records[1].text().contains("at the top"), "{}", records[1].text());
}

#[test]
fn every_life_is_whole_and_nothing_is_seen_before_it_is_told() {
    let node = node(|_| ());
    let parent = start(&node, "parent");
    end(&parent);
    let query = Query { count_max: RECORDS_MAX, ..Query::default() };
    let records = events(&node, &query);
    assert!(records.windows(2).all(|pair| pair[0].sequence + 1 == pair[1].sequence));
    let ended = |record: &&Record| record.kind == Kind::Event(EventKind::ProcessExited);
    assert_eq!(records.iter().filter(ended).count(), 51);
    // The parent has seen all of them end before it did.
    assert_eq!(records.last().unwrap().pid_text(), Some(node.pid_text(parent.pid)));
    for record in records.iter().filter(ended) {
        let same = |other: &&Record| other.pid == record.pid;
        let life: Vec<_> = records.iter().filter(same).map(|record| record.kind.name()).collect();
        assert_eq!(life, ["process.spawned", "process.exited"]);
    }
}

#[test]
fn services_are_known_by_what_they_were_described_as() {
    let node = node(|_| ());
    let waits = start(&node, "waits");
    node.describe(waits.pid, "app:service", &[("tier".into(), "back".into())]);
    node.terminate(waits.pid).unwrap();
    end(&waits);
    let query = Query {
        service: Some("app:service".into()),
        labels: vec![(SmolStr::new("tier"), SmolStr::new("back"))],
        ..Query::default()
    };
    assert_eq!(names(&events(&node, &query)), ["process.exited"]);
}

#[test]
fn variables_appear_in_no_event() {
    let node = node(|config| {
        let mut variables = Variables::default();
        variables.grant("PASSWORD", Some(b"hunter22".to_vec()));
        config.variables = variables;
    });
    let fails = start(&node, "fails");
    end(&fails);
    let records = events(&node, &of(fails.pid));
    assert_eq!(records[1].text(), "fails.lua:1: with [secret] in it");
}

#[test]
fn a_node_without_records_keeps_none() {
    let node = node(|config| config.records = Records::none());
    let talker = start(&node, "talker");
    end(&talker);
    assert!(logs(&node, &Query::default()).is_empty());
    assert!(events(&node, &Query::default()).is_empty());
}
