//! Applications on a node of two shards, whose programs are closures.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod redefine;
mod script;

use procession_environment::*;
use procession_policy::{Effect, Pattern, Policies, Policy, Unidentified};
use procession_runtime::*;
use procession_types::definition::*;
use procession_types::*;
use script::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const MS: u64 = 1_000_000;

fn service(id: &str, program: &str, requires: &[&str]) -> Service {
    let restart = Restart { initial_delay_ns: MS, jitter: 0.0, ..Restart::default() };
    Service {
        id: id.into(),
        program: program.into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle {
            requires: requires.iter().map(|id| (*id).to_owned()).collect(),
            restart,
            ..Lifecycle::default()
        },
    }
}

fn tree(id: &str, strategy: Strategy, children: &[&str]) -> SupervisorDefinition {
    let restart = Restart { initial_delay_ns: MS, jitter: 0.0, ..Restart::default() };
    SupervisorDefinition {
        id: id.into(),
        strategy,
        intensity: Intensity::default(),
        children: children.iter().map(|id| (*id).to_owned()).collect(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle { restart, ..Lifecycle::default() },
    }
}

fn application(services: Vec<Service>, trees: Vec<SupervisorDefinition>) -> ApplicationDefinition {
    let services = services.into_iter().map(|it| (it.id.clone(), it)).collect();
    let supervisors = trees.into_iter().map(|it| (it.id.clone(), it)).collect();
    let declared = Declared { services, supervisors, pools: BTreeMap::new() };
    ApplicationDefinition { declared, groups: BTreeMap::new() }
}

/// Ends when it is asked to.
fn polite(host: &mut dyn Host, _: &mut Memory) -> Turn {
    match host.receive_event() {
        Some(Event::Cancel { .. }) => done(),
        _ => Turn::Waiting,
    }
}

/// Ends for nobody, and survives whom it is linked to.
fn stubborn(host: &mut dyn Host, _: &mut Memory) -> Turn {
    host.set_options(Options { trap_links: true });
    while host.receive_event().is_some() {}
    Turn::Waiting
}

/// Fails on a message, and ends when it is asked to.
fn fragile(host: &mut dyn Host, memory: &mut Memory) -> Turn {
    if next(host).is_some() { fail("boom") } else { polite(host, memory) }
}

/// Gets into a loop without end on a message.
fn hanging(host: &mut dyn Host, memory: &mut Memory) -> Turn {
    if !memory.notes.is_empty() || next(host).is_some() {
        memory.notes = vec![1];
        return Turn::Preempted;
    }
    polite(host, memory)
}

fn stage() -> Stage {
    Stage::new(2)
        .program("app:polite", polite)
        .program("app:stubborn", stubborn)
        .program("app:fragile", fragile)
        .program("app:busy", |_, _| Turn::Preempted)
        .program("app:hanging", hanging)
        .program("app:brief", |_, _| done())
}

fn started(stage: Stage, application: ApplicationDefinition) -> Node {
    let node = Node::start(stage.config).unwrap();
    node.start_application(application).unwrap();
    node
}

fn up(stage: Stage, application: ApplicationDefinition) -> Node {
    let node = started(stage, application);
    let root = node.wait_until_up(PATIENCE).unwrap();
    assert_eq!(root.status.state, StateName::Running, "{:?}", node.supervised());
    node
}

/// The next event that is wanted; others are passed over.
fn wait_for(events: &LifecycleEvents, id: &str, name: &str) -> News {
    loop {
        let delivery = events.next(PATIENCE).unwrap_or_else(|| panic!("{id} was never {name}"));
        if delivery.event.id == id && delivery.event.news.name() == name {
            return delivery.event.news.clone();
        }
    }
}

fn names(events: &LifecycleEvents, count: usize) -> Vec<String> {
    let read = (0..count).map(|_| events.next(PATIENCE).unwrap().event);
    read.map(|event| format!("{} {}", event.id, event.news.name())).collect()
}

fn poke(node: &Node, id: &str) {
    let message = Message { topic: topic("work"), from: None, payload: value(1) };
    node.send(node.lookup(id).unwrap(), message).unwrap();
}

fn state(node: &Node, id: &str) -> StateName {
    node.supervised_by_id(id).unwrap().status.state
}

#[test]
fn an_application_comes_up_and_goes_down_in_order() {
    let services = vec![
        service("app:db", "app:polite", &[]),
        service("app:web", "app:polite", &["app:db"]),
        service("app:job", "app:polite", &["app:web"]),
    ];
    let trees = vec![tree("app:back", Strategy::OneForAll, &["app:db"])];
    let node = Node::start(stage().config).unwrap();
    let events = node.lifecycle_events(100);
    node.start_application(application(services, trees)).unwrap();
    assert_eq!(node.wait_until_up(PATIENCE).unwrap().status.state, StateName::Running);
    assert_eq!(
        names(&events, 10),
        [
            "app:job waiting",
            "app:web waiting",
            "app:back started",
            "app:db started",
            "app:db running",
            "app:back running",
            "app:web started",
            "app:web running",
            "app:job started",
            "app:job running",
        ]
    );
    for entry in node.supervised() {
        assert_eq!(entry.status.state, StateName::Running, "{}", entry.id);
        assert_eq!(node.lookup(&entry.id), entry.status.pid, "{} holds its name", entry.id);
    }
    assert_eq!(node.supervised_by_id("app:db").unwrap().supervisor.unwrap(), "app:back");
    assert_eq!(node.stop_application(None).unwrap(), 0, "nobody had to be terminated");
    assert_eq!(
        names(&events, 12),
        [
            "app:job stopping",
            "app:job exited",
            "app:job stopped",
            "app:web stopping",
            "app:web exited",
            "app:web stopped",
            "app:back stopping",
            "app:db stopping",
            "app:db exited",
            "app:db stopped",
            "app:back exited",
            "app:back stopped",
        ]
    );
    assert_eq!(node.stats().processes, 0);
    assert!(node.stop_application(None).is_err(), "there is none any more");
}

#[test]
fn a_service_that_fails_comes_back_under_its_name() {
    let node = up(stage(), application(vec![service("app:x", "app:fragile", &[])], vec![]));
    let events = node.lifecycle_events(100);
    let mut pids = vec![node.lookup("app:x").unwrap()];
    for restarts in 1..=3 {
        poke(&node, "app:x");
        let News::Exited { ending, .. } = wait_for(&events, "app:x", "exited") else { panic!() };
        assert_eq!(ending.text(), "error: boom");
        wait_for(&events, "app:x", "running");
        let status = node.supervised_by_id("app:x").unwrap().status;
        assert_eq!((status.restarts, status.pid), (restarts, node.lookup("app:x")));
        assert!(!pids.contains(&status.pid.unwrap()));
        pids.extend(status.pid);
    }
    // The records tell the same, and that the process is the service's.
    node.flush_output();
    let query = telemetry::Query { service: Some("app:x".into()), ..telemetry::Query::default() };
    let records = node.events(&query).records;
    let told = |kind: &str| records.iter().filter(|it| it.kind.name() == kind).count();
    let counts = ["service.starting", "service.restarted", "service.running"].map(told);
    assert_eq!(counts, [1, 3, 4], "{records:?}");
    assert_eq!(["service.backoff", "service.exited"].map(told), [3, 3]);
    assert!(node.metrics().contains("procession_restarts_total 3\n"));
    let line = "procession_supervised{kind=\"service\",state=\"running\"} 1\n";
    assert!(node.metrics().contains(line));
}

#[test]
fn a_service_that_hangs_is_found_and_comes_back() {
    let mut hanging = service("app:x", "app:hanging", &[]);
    hanging.lifecycle.health = Some(HealthCheck { interval_ns: 5 * MS, timeout_ns: 50 * MS });
    let node = up(stage(), application(vec![hanging], vec![]));
    let events = node.lifecycle_events(100);
    let pid = node.lookup("app:x").unwrap();
    // It answers.
    let end = std::time::Instant::now() + PATIENCE;
    while node.supervised_by_id("app:x").unwrap().status.checked.is_none() {
        assert!(std::time::Instant::now() < end);
        std::thread::yield_now();
    }
    poke(&node, "app:x");
    let News::Unhealthy { pid: found, after_ns } = wait_for(&events, "app:x", "unhealthy") else {
        panic!()
    };
    assert_eq!((found, after_ns), (pid, 50 * MS));
    let News::Exited { ending, .. } = wait_for(&events, "app:x", "exited") else { panic!() };
    assert_eq!(ending.text(), "unhealthy: it did not answer a health check within 50ms");
    wait_for(&events, "app:x", "running");
    let status = node.supervised_by_id("app:x").unwrap().status;
    assert_eq!((status.restarts, status.unhealthy), (1, 1));
    assert_ne!(node.lookup("app:x"), Some(pid));
    node.flush_output();
    let kinds = vec![telemetry::EventKind::HealthFailed];
    let records = node.events(&telemetry::Query { kinds, ..telemetry::Query::default() }).records;
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(node.metrics().contains("procession_health_failures_total 1\n"));
}

#[test]
fn a_service_that_is_paused_is_not_taken_for_one_that_hangs() {
    let mut asked = service("app:x", "app:polite", &[]);
    asked.lifecycle.health = Some(HealthCheck { interval_ns: MS, timeout_ns: MS });
    let node = up(stage(), application(vec![asked], vec![]));
    let pid = node.lookup("app:x").unwrap();
    node.pause(pid).unwrap();
    let before = checks(&node);
    let end = std::time::Instant::now() + PATIENCE;
    while checks(&node) < before + 20 {
        assert!(std::time::Instant::now() < end, "{}", node.metrics());
        std::thread::yield_now();
    }
    node.resume(pid).unwrap();
    let status = node.supervised_by_id("app:x").unwrap().status;
    assert_eq!((status.pid, status.unhealthy), (Some(pid), 0), "{status:?}");
}

/// How often services were asked.
fn checks(node: &Node) -> u64 {
    let metrics = node.metrics();
    let mut lines = metrics.lines();
    let count = lines.find_map(|line| line.strip_prefix("procession_health_checks_total "));
    count.unwrap().parse().unwrap()
}

#[test]
fn children_do_not_survive_their_supervisor_and_come_back_with_it() {
    let services = vec![
        service("app:deaf", "app:stubborn", &[]),
        service("app:busy", "app:busy", &[]),
        service("app:outside", "app:polite", &[]),
    ];
    let mut services = services;
    // It never comes to a wait point, so nobody waits for it.
    services[1].lifecycle.start_timeout_ns = u64::MAX;
    let trees = vec![
        tree("app:inner", Strategy::OneForOne, &["app:deaf", "app:busy"]),
        tree("app:outer", Strategy::OneForOne, &["app:inner"]),
    ];
    let node = started(stage(), application(services, trees));
    let events = node.lifecycle_events(100);
    let mut seen = Vec::new();
    for round in 0..3 {
        if round > 0 {
            let victim = if round == 1 { "app:inner" } else { "app:outer" };
            node.terminate(node.lookup(victim).unwrap()).unwrap();
        }
        // Each is started once, wherever the one before it was.
        let before = seen.clone();
        while !["app:deaf", "app:busy"].iter().all(|id| {
            node.supervised_by_id(id)
                .unwrap()
                .status
                .pid
                .is_some_and(|pid| !before.contains(&pid) && node.lookup(id) == Some(pid))
        }) {
            let _ = events.next(Duration::from_millis(50));
        }
        for pid in before.iter().filter(|pid| !seen[seen.len() - 1..].contains(*pid)) {
            assert!(node.info(*pid).is_err(), "{pid} is dead");
        }
        seen.extend(["app:deaf", "app:busy"].map(|id| node.lookup(id).unwrap()));
    }
    assert_eq!(state(&node, "app:outside"), StateName::Running);
    assert_eq!(node.supervised_by_id("app:outside").unwrap().status.restarts, 0);
    // Root, the two supervisors, and the three services.
    assert_eq!(node.stats().processes, 6);
}

#[test]
fn commands_are_carried_out_and_say_how_it_went() {
    let mut sleepy = service("app:sleepy", "app:polite", &[]);
    sleepy.lifecycle.auto_start = false;
    let services = vec![
        service("app:db", "app:polite", &[]),
        service("app:web", "app:polite", &["app:db"]),
        service("app:bad", "app:gone", &[]),
        service("app:late", "app:busy", &["app:sleepy2"]),
        service("app:sleepy2", "app:busy", &[]),
        sleepy,
    ];
    let stage = Stage::new(2)
        .program("app:polite", polite)
        .program("app:busy", |_, _| Turn::Preempted)
        .top_level("app:gone", |_| Err(Error::new(ErrorKind::Internal, "top level failed")));
    let node = started(stage, application(services, vec![]));
    let control = |id: &str, verb: Verb| node.control(id, verb, PATIENCE);
    assert_eq!(control("app:web", Verb::Start).unwrap().status.state, StateName::Running);
    assert_eq!(control("app:db", Verb::Stop).unwrap().status.state, StateName::Stopped);
    let web = node.supervised_by_id("app:web").unwrap().status;
    assert_eq!(web.reason.unwrap(), "it requires app:db, which is stopped");
    assert_eq!(control("app:web", Verb::Start).unwrap().status.state, StateName::Running);
    let before = node.lookup("app:db");
    let restarted = control("app:db", Verb::Restart).unwrap().status;
    assert_ne!(restarted.pid, before);
    assert_eq!(state(&node, "app:web"), StateName::Running);
    assert_eq!(control("app:sleepy", Verb::Start).unwrap().status.state, StateName::Running);

    let error = control("app:bad", Verb::Start).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let expected = "app:bad did not come up, attempt 1 follows; refused: top level failed";
    assert_eq!(error.message, expected);
    let error = node.control("app:late", Verb::Start, Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    let expected = "app:late did not start within 1ms, and goes on; it is waiting: it requires \
                    app:sleepy2, which is starting";
    assert_eq!(error.message, expected);
    assert_eq!(control("app:nobody", Verb::Stop).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(control(ROOT, Verb::Stop).unwrap_err().kind, ErrorKind::Invalid);
}

#[test]
fn definitions_that_make_no_sense_are_refused_with_everything_that_is_wrong() {
    let mut security = service("app:a", "app:polite", &["app:gone"]);
    security.lifecycle.security.groups = vec!["app:nogroup".into()];
    security.lifecycle.security.policies = vec!["app:nopolicy".into()];
    let mut nowhere = service("app:b", "app:unknown", &[]);
    nowhere.host = "app:nowhere".into();
    let node = Node::start(stage().config).unwrap();
    let errors = node.start_application(application(vec![security, nowhere], vec![])).unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "app:a names the group \"app:nogroup\", which is not defined",
            "app:a names the policy \"app:nopolicy\", which is not defined",
            "app:b runs the program \"app:unknown\", which is not defined",
            "app:b runs on the process host \"app:nowhere\", which is not there",
            "app:a requires app:gone, which is no service, pool or supervisor",
        ]
    );
    // A supervisor can't have the id of a program.
    let taken = application(vec![], vec![tree("app:polite", Strategy::OneForOne, &[])]);
    let errors = node.start_application(taken).unwrap_err();
    assert_eq!(errors[0].kind, ErrorKind::AlreadyExists);
    assert!(node.wait_until_up(Duration::ZERO).is_ok_and(|root| root.status.pid.is_none()));
    // After all that, a good one starts, and no second one beside it.
    let good = || application(vec![service("app:a", "app:polite", &[])], vec![]);
    node.start_application(good()).unwrap();
    assert_eq!(node.start_application(good()).unwrap_err()[0].kind, ErrorKind::AlreadyExists);
    node.terminate(node.lookup(ROOT).unwrap()).unwrap();
    while node.wait_until_up(PATIENCE).unwrap().status.state != StateName::Failed {}
    let root = node.wait_until_up(PATIENCE).unwrap();
    assert_eq!(root.status.reason.unwrap(), "its process was ended");
    let child = node.supervised_by_id("app:a").unwrap().status;
    assert_eq!((child.state, child.pid), (StateName::Stopped, None));
    node.start_application(good()).unwrap();
    assert_eq!(node.wait_until_up(PATIENCE).unwrap().status.state, StateName::Running);
}

#[test]
fn a_service_runs_with_what_its_definition_says() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let sees = Arc::clone(&seen);
    let stage = stage().program("app:looks", move |host, memory| {
        let arguments = &memory.arguments;
        let values = arguments.values().iter().map(|value| arguments.string(*value).unwrap());
        let texts: Vec<String> = values.map(|bytes| String::from_utf8(bytes).unwrap()).collect();
        let context = host.context();
        let actor = context.actor.as_ref().unwrap().id.clone();
        let policies = context.scope.clone().unwrap().policies.join(" ");
        let value = number(&context.values["depth"]);
        let can = [host.can("process.spawn", "app:x"), host.can("fs.read", "x")];
        let line = format!("{texts:?} {actor} {policies} {value} {can:?}");
        sees.lock().unwrap().push(line);
        Turn::Waiting
    });
    let text = |text: &str| {
        let mut builder = FragmentBuilder::new();
        let value = builder.string(text.as_bytes());
        builder.finish(&[value])
    };
    let mut looks = service("app:x", "app:looks", &[]);
    looks.arguments = vec![text("one"), text("a longer argument")];
    looks.context.insert("depth".into(), value(7));
    looks.lifecycle.security = ServiceSecurity {
        actor: Some("service:x".into()),
        meta: BTreeMap::new(),
        policies: vec!["app:spawn".into()],
        groups: vec!["app:more".into()],
    };
    let mut application = application(vec![looks], vec![]);
    application.groups.insert("app:more".into(), vec!["app:other".into()]);
    let mut policies = Policies::new(Unidentified::Deny);
    for (id, action) in [("app:spawn", "process.spawn"), ("app:other", "env.get")] {
        policies.insert(Policy {
            id: id.into(),
            effect: Effect::Allow,
            actions: vec![Pattern::parse(action).unwrap()],
            resources: vec![Pattern::parse("*").unwrap()],
            conditions: vec![],
        });
    }
    let mut stage = stage;
    stage.config.policies = policies;
    let _node = up(stage, application);
    let expected = "[\"one\", \"a longer argument\"] service:x app:spawn app:other 7 [true, false]";
    assert_eq!(*seen.lock().unwrap(), [expected]);
}

#[test]
fn a_supervisor_that_gives_up_is_started_again_by_the_one_above() {
    let crashes = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&crashes);
    // It fails ten times in a row, and is good from then on.
    let stage = stage().program("app:shaky", move |host, memory| {
        if counts.fetch_add(1, Ordering::SeqCst) < 10 {
            fail("shaky")
        } else {
            polite(host, memory)
        }
    });
    let mut shaky = service("app:shaky1", "app:shaky", &[]);
    shaky.lifecycle.restart.initial_delay_ns = 0;
    let services = vec![shaky, service("app:calm", "app:polite", &[])];
    let trees = vec![tree("app:tree", Strategy::RestForOne, &["app:shaky1", "app:calm"])];
    let node = Node::start(stage.config).unwrap();
    let events = node.lifecycle_events(1000);
    node.start_application(application(services, trees)).unwrap();
    let News::GaveUp { reason } = wait_for(&events, "app:tree", "gave_up") else { panic!() };
    let expected = "more than 3 restarts within 5s; the last to fail was app:shaky1: error: shaky";
    assert_eq!(&*reason, expected);
    let News::Exited { ending, .. } = wait_for(&events, "app:tree", "exited") else { panic!() };
    assert_eq!(ending.text(), format!("error: app:tree gave up: {expected}"));
    wait_for(&events, "app:calm", "running");
    // Until all is up, the failures so far degrade it.
    let end = std::time::Instant::now() + PATIENCE;
    while state(&node, "system:root") != StateName::Running {
        assert!(std::time::Instant::now() < end, "{:?}", node.supervised());
        let _ = events.next(Duration::from_millis(1));
    }
    let status = node.supervised_by_id("app:tree").unwrap().status;
    // Four crashes bring it down each time.
    assert_eq!(status.restarts, 2, "{status:?}");
}

#[test]
fn a_node_that_shuts_down_stops_its_application_first() {
    let services = vec![
        service("app:db", "app:polite", &[]),
        service("app:deaf", "app:stubborn", &["app:db"]),
    ];
    let mut services = services;
    services[1].lifecycle.stop_timeout_ns = MS;
    let node = up(stage(), application(services, vec![]));
    let loner = node.spawn(request("app:polite"), Context::default()).unwrap();
    let events = node.lifecycle_events(100);
    assert_eq!(node.shutdown(PATIENCE), 1, "the deaf one had to be terminated");
    assert_normal(&end(&loner));
    let seen = names(&events, 2);
    assert_eq!(seen[0], "app:deaf stopping");
    wait_for(&events, "app:deaf", "stopped");
    wait_for(&events, "app:db", "stopping");
    wait_for(&events, "app:db", "stopped");
    assert_eq!(events.next(PATIENCE), None, "the node is gone");
}

#[test]
fn a_job_that_is_done_is_done() {
    let mut job = service("app:job", "app:brief", &[]);
    job.lifecycle.restart.policy = RestartPolicy::Transient;
    let services = vec![job, service("app:after", "app:polite", &["app:job"])];
    let node = up(stage(), application(services, vec![]));
    assert_eq!(state(&node, "app:job"), StateName::Exited);
    let entry = node.supervised_by_id("app:job").unwrap();
    assert_eq!(entry.status.last.unwrap().text(), "normal");
    assert_eq!(entry.kind, Kind::Service);
}

#[test]
fn a_pool_is_a_child_like_any_other() {
    let done = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&done);
    let stage = stage().program("app:member", move |host, _| {
        while next(host).is_some() {
            counts.fetch_add(1, Ordering::SeqCst);
        }
        match host.receive_event() {
            Some(Event::Cancel { .. }) => script::done(),
            _ => Turn::Waiting,
        }
    });
    let restart = Restart { initial_delay_ns: MS, jitter: 0.0, ..Restart::default() };
    let pool = Pool {
        id: "app:pool".into(),
        program: "app:member".into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: 2, max_size: 4, ..PoolSize::default() },
        queue_max: 100,
        monitoring: Monitoring { health_check_interval_ns: 0, ..Monitoring::default() },
        recovery: Recovery::default(),
        lifecycle: Lifecycle { restart, ..Lifecycle::default() },
    };
    let mut application =
        application(vec![service("app:after", "app:polite", &["app:pool"])], vec![]);
    application.declared.pools.insert(pool.id.clone(), pool);
    let node = up(stage, application);
    let entry = node.supervised_by_id("app:pool").unwrap();
    assert_eq!((entry.kind, entry.status.state), (Kind::Pool, StateName::Running));
    assert_eq!(node.pool_status("app:pool").unwrap().members.idle, 2, "then it is up");
    let events = node.lifecycle_events(100);
    for round in 1..=3 {
        (0..5).for_each(|_| poke(&node, "app:pool"));
        while done.load(Ordering::SeqCst) < 5 * round {
            std::thread::yield_now();
        }
        node.terminate(node.lookup("app:pool").unwrap()).unwrap();
        wait_for(&events, "app:pool", "running");
    }
    assert_eq!(node.supervised_by_id("app:pool").unwrap().status.restarts, 3);
    assert_eq!(node.stop_application(None).unwrap(), 0);
    assert_eq!(node.stats().processes, 0);
    assert!(node.pool_status("app:pool").is_err(), "it is forgotten");
}
