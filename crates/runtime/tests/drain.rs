//! Draining: nothing new, an end for what is in hand, and the way back.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_runtime::*;
use procession_types::definition::*;
use procession_types::*;
use script::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(600);
const HOST_OTHER: &str = "app:other";

fn service(id: &str, program: &str, requires: &[&str], host: &str) -> Service {
    Service {
        id: id.into(),
        program: program.into(),
        host: host.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle {
            requires: requires.iter().map(|id| (*id).to_owned()).collect(),
            ..Lifecycle::default()
        },
    }
}

/// Takes a message, and finishes it when the next says so; ends when it is asked to.
fn worker(host: &mut dyn Host, memory: &mut Memory) -> Turn {
    while let Some(message) = next(host) {
        memory.notes = match &*message.topic {
            "work" => vec![1],
            _ => Vec::new(),
        };
    }
    match host.receive_event() {
        Some(Event::Cancel { .. }) => done(),
        // What it has in hand keeps it busy.
        _ if !memory.notes.is_empty() => Turn::Preempted,
        _ => Turn::Waiting,
    }
}

/// Sends to a name what it gets, and remembers nothing.
fn sender(host: &mut dyn Host, _: &mut Memory) -> Turn {
    if let Some(message) = next(host) {
        let sent = host.send(b"app:b", "work".into(), Fragment::nil());
        let text = sent.err().map_or_else(|| "sent".to_owned(), |error| error.message);
        host.register(&format!("{}: {text}", message.topic), None).unwrap();
    }
    match host.receive_event() {
        Some(Event::Cancel { .. }) => done(),
        _ => Turn::Waiting,
    }
}

fn stage() -> Stage {
    let mut stage = Stage::new(2).program("app:worker", worker).program("app:sender", sender);
    stage.config.hosts.push(HostConfig::new(HOST_OTHER));
    stage
}

fn node(services: Vec<Service>) -> Arc<Node> {
    up(stage(), Declared { services: by_id(services), ..Declared::default() })
}

fn by_id(services: Vec<Service>) -> BTreeMap<String, Service> {
    services.into_iter().map(|it| (it.id.clone(), it)).collect()
}

fn up(stage: Stage, declared: Declared) -> Arc<Node> {
    let node = Node::start(stage.config).unwrap();
    let application = ApplicationDefinition { declared, groups: BTreeMap::new() };
    node.start_application(application).unwrap();
    let root = node.wait_until_up(PATIENCE).unwrap();
    assert_eq!(root.status.state, StateName::Running, "{:?}", node.supervised());
    Arc::new(node)
}

fn message(topic: &str) -> Message {
    Message { topic: topic.into(), from: None, payload: Fragment::nil() }
}

fn send(node: &Node, name: &str, topic: &str) {
    node.send(node.lookup(name).unwrap(), message(topic)).unwrap();
}

fn spawn(node: &Node, host: &str) -> Result<Pid, Error> {
    let request =
        SpawnRequest { program: "app:worker".into(), host: host.into(), ..SpawnRequest::default() };
    node.spawn(request, Context::default()).map(|started| started.pid)
}

/// Looks until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

fn drained(node: &Node, target: &DrainTarget) -> Drain {
    until("it is drained", || node.drain_of(target).unwrap().state == DrainState::Drained);
    node.drain_of(target).unwrap()
}

fn state(node: &Node, id: &str) -> StateName {
    node.supervised_by_id(id).unwrap().status.state
}

fn of(id: &str) -> DrainTarget {
    DrainTarget::Supervised(id.into())
}

#[test]
fn a_service_finishes_what_it_has_and_nothing_new_comes_by_its_name() {
    let services = vec![
        service("app:a", "app:sender", &[], HOST_NORMAL),
        service("app:b", "app:worker", &[], HOST_NORMAL),
    ];
    let node = node(services);
    let pid = node.lookup("app:b").unwrap();
    send(&node, "app:b", "work");
    until("it works", || node.info(pid).unwrap().process.state != State::Waiting);
    node.drain(of("app:b"), LONG).unwrap();
    until("its name is closed", || node.check_takes(pid).is_err());
    send(&node, "app:a", "tried");
    let refused = "tried: \"app:b\" is drained and takes no new work";
    until("the sender is refused", || node.lookup(refused).is_some());
    let drain = node.drain_of(&of("app:b")).unwrap();
    assert_eq!((drain.state, drain.kind), (DrainState::Draining, "service"));
    until("it is told what is left", || {
        let drain = node.drain_of(&of("app:b")).unwrap();
        drain.left.iter().any(|it| it.what == "app:b" && it.does.starts_with("finishes"))
    });
    assert_eq!(state(&node, "app:b"), StateName::Running);
    // Who knows its PID is in the middle of something with it.
    node.send(pid, message("done")).unwrap();
    let drain = drained(&node, &of("app:b"));
    assert_eq!((drain.cut_off, &drain.stopped[..]), (0, &["app:b".into()][..]));
    assert_eq!(state(&node, "app:b"), StateName::Stopped);
    assert_eq!(state(&node, "app:a"), StateName::Running);
    node.undo_drain(&of("app:b"), PATIENCE).unwrap();
    assert_eq!(state(&node, "app:b"), StateName::Running);
    send(&node, "app:a", "again");
    until("it takes work", || node.lookup("again: sent").is_some());
    assert_eq!(node.drain_of(&of("app:b")).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn what_does_not_finish_in_time_is_ended_and_counted() {
    let node = node(vec![service("app:b", "app:worker", &[], HOST_NORMAL)]);
    let pid = node.lookup("app:b").unwrap();
    send(&node, "app:b", "work");
    until("it works", || node.info(pid).unwrap().process.state != State::Waiting);
    node.drain(of("app:b"), Duration::ZERO).unwrap();
    let drain = drained(&node, &of("app:b"));
    assert_eq!(drain.cut_off, 1);
    assert_eq!(state(&node, "app:b"), StateName::Stopped);
    // A start by hand is as good as an undo.
    node.control("app:b", Verb::Start, PATIENCE).unwrap();
    assert_eq!(node.drain_of(&of("app:b")).unwrap_err().kind, ErrorKind::NotFound);
    node.check_takes(node.lookup("app:b").unwrap()).unwrap();
}

#[test]
fn a_host_is_empty_in_the_end_and_what_requires_something_on_it_is_down() {
    let services = vec![
        service("app:a", "app:sender", &["app:b"], HOST_NORMAL),
        service("app:b", "app:worker", &[], HOST_OTHER),
        service("app:c", "app:sender", &[], HOST_NORMAL),
    ];
    let node = node(services);
    let alone = spawn(&node, HOST_OTHER).unwrap();
    let elsewhere = spawn(&node, HOST_NORMAL).unwrap();
    let target = DrainTarget::Host(HOST_OTHER.into());
    node.drain(target.clone(), LONG).unwrap();
    let error = spawn(&node, HOST_OTHER).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(error.message, "process host \"app:other\" is drained and starts nothing new");
    spawn(&node, HOST_NORMAL).unwrap();
    // The process on its own has time; the application goes on until it has ended.
    until("it is told what is left", || {
        let left = node.drain_of(&target).unwrap().left;
        left.first().is_some_and(|it| it.what == node.pid_text(alone))
    });
    assert_eq!(state(&node, "app:a"), StateName::Running);
    node.terminate(alone).unwrap();
    let drain = drained(&node, &target);
    assert_eq!(drain.stopped, ["app:a", "app:b"]);
    assert_eq!(drain.cut_off, 0);
    assert_eq!(state(&node, "app:c"), StateName::Running);
    assert!(node.is_alive(elsewhere));
    let error = node.control("app:b", Verb::Start, PATIENCE).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
    let error = node.control("app:a", Verb::Start, PATIENCE).unwrap_err();
    assert!(error.message.starts_with("app:b is drained with app:other"), "{error}");
    node.undo_drain(&target, PATIENCE).unwrap();
    assert_eq!(
        (state(&node, "app:a"), state(&node, "app:b")),
        (StateName::Running, StateName::Running)
    );
    spawn(&node, HOST_OTHER).unwrap();
}

#[test]
fn a_drained_node_runs_nothing_until_that_is_undone() {
    let services = vec![
        service("app:a", "app:sender", &["app:b"], HOST_NORMAL),
        service("app:b", "app:worker", &[], HOST_OTHER),
    ];
    let node = node(services);
    let alone = spawn(&node, HOST_NORMAL).unwrap();
    node.drain(DrainTarget::Node, LONG).unwrap();
    assert_eq!(node.check_open().unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(node.check_takes(alone).unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(spawn(&node, HOST_OTHER).unwrap_err().kind, ErrorKind::Unavailable);
    assert!(node.drain(DrainTarget::Node, Duration::ZERO).is_ok(), "twice is once");
    let error = node.drain(of("app:b"), LONG).unwrap_err();
    assert_eq!(
        (error.kind, &*error.message),
        (
            ErrorKind::Conflict,
            "app:b is drained with node: procession drain node --undo lets it start again",
        )
    );
    node.terminate(alone).unwrap();
    let drain = drained(&node, &DrainTarget::Node);
    assert_eq!(drain.stopped, ["app:a", "app:b"]);
    // Nothing is left but the root.
    let left: u32 = node.hosts().iter().map(|host| host.processes).sum();
    assert_eq!(left, 1);
    node.undo_drain(&DrainTarget::Node, PATIENCE).unwrap();
    assert_eq!(
        (state(&node, "app:a"), state(&node, "app:b")),
        (StateName::Running, StateName::Running)
    );
    node.check_open().unwrap();
}

#[test]
fn an_undo_in_the_middle_leaves_everything_as_it_was() {
    let node = node(vec![service("app:b", "app:worker", &[], HOST_NORMAL)]);
    let pid = node.lookup("app:b").unwrap();
    let alone = spawn(&node, HOST_NORMAL).unwrap();
    node.drain(DrainTarget::Node, LONG).unwrap();
    node.undo_drain(&DrainTarget::Node, PATIENCE).unwrap();
    assert_eq!(node.lookup("app:b"), Some(pid));
    assert!(node.is_alive(alone) && node.drains().is_empty());
    spawn(&node, HOST_NORMAL).unwrap();
}

#[test]
fn a_pool_does_what_waits_and_a_tree_goes_down_from_its_end() {
    let pool = Pool {
        id: "app:pool".into(),
        program: "app:worker".into(),
        host: HOST_OTHER.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle::default(),
        size: PoolSize { min_size: 1, max_size: 1, ..PoolSize::default() },
        queue_max: 100,
        monitoring: Monitoring::default(),
        recovery: Recovery::default(),
    };
    let tree = SupervisorDefinition {
        id: "app:tree".into(),
        strategy: Strategy::RestForOne,
        intensity: Intensity::default(),
        children: vec!["app:pool".into(), "app:z".into()],
        labels: BTreeMap::new(),
        lifecycle: Lifecycle::default(),
    };
    let declared = Declared {
        services: by_id(vec![service("app:z", "app:sender", &[], HOST_NORMAL)]),
        supervisors: [("app:tree".to_owned(), tree)].into(),
        pools: [("app:pool".to_owned(), pool)].into(),
    };
    let node = up(stage(), declared);
    (0..20).for_each(|_| send(&node, "app:pool", "done"));
    node.drain(of("app:pool"), LONG).unwrap();
    let drain = drained(&node, &of("app:pool"));
    assert_eq!((drain.cut_off, &drain.stopped[..]), (0, &["app:z".into(), "app:pool".into()][..]));
    // Its supervisor goes down after all that is below it, and brings it up again.
    node.undo_drain(&of("app:pool"), PATIENCE).unwrap();
    assert_eq!(node.pool_status("app:pool").unwrap().counts.lost, 0);
    node.drain(of("app:tree"), LONG).unwrap();
    let drain = drained(&node, &of("app:tree"));
    assert_eq!(
        (drain.kind, &drain.stopped[..]),
        ("supervisor", &["app:z".into(), "app:pool".into()][..])
    );
    assert_eq!(state(&node, "app:tree"), StateName::Stopped);
    node.undo_drain(&of("app:tree"), PATIENCE).unwrap();
    // The host of its members is that of its work.
    let target = DrainTarget::Host(HOST_OTHER.into());
    node.drain(target.clone(), LONG).unwrap();
    let drain = drained(&node, &target);
    assert_eq!((drain.cut_off, &drain.stopped[..]), (0, &["app:z".into(), "app:pool".into()][..]));
    node.undo_drain(&target, PATIENCE).unwrap();
    for id in ["app:tree", "app:pool", "app:z"] {
        assert_eq!(state(&node, id), StateName::Running, "{id}");
    }
}

#[test]
fn what_can_not_be_drained_says_so() {
    let node = node(Vec::new());
    for (target, expected) in [
        (of("app:x"), "there is no service, supervisor or pool app:x"),
        (of(ROOT), "system:root is the application as a whole: drain the node"),
        (
            DrainTarget::Host(HOST_SYSTEM.into()),
            "system:processes is where supervisors and pools are: drain the node",
        ),
        (DrainTarget::Host("app:none".into()), "process host \"app:none\" not found"),
    ] {
        assert_eq!(node.drain(target, LONG).unwrap_err().message, expected);
    }
    assert_eq!(
        node.undo_drain(&DrainTarget::Node, PATIENCE).unwrap_err().message,
        "node is not drained"
    );
}
