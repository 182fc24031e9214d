//! Process hosts: room, default limits, weight and priority, as a node is configured with them.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_runtime::*;
use procession_types::*;
use script::*;

const SMALL: &str = "app:small";

/// A host beside the default ones.
fn with_host(mut stage: Stage, change: impl FnOnce(&mut HostConfig)) -> Stage {
    let mut host = HostConfig::new(SMALL);
    change(&mut host);
    stage.config.hosts.push(host);
    stage
}

fn on(host: &str, id: &str) -> SpawnRequest {
    SpawnRequest { host: SmolStr::new(host), ..request(id) }
}

fn busy(_: &mut dyn Host, _: &mut Memory) -> Turn {
    Turn::Preempted
}

fn idle(_: &mut dyn Host, _: &mut Memory) -> Turn {
    Turn::Waiting
}

#[test]
fn a_host_limits_what_programs_do_not_name() {
    let named = ProgramLimits { names_max: Some(7), ..ProgramLimits::default() };
    let stage = Stage::new(1).program("app:plain", idle).program("app:named", idle);
    let mut stage = with_host(stage, |host| {
        host.limits = Limits {
            mailbox_messages_max: 2,
            names_max: 1,
            instructions_max: Some(1_000_000),
            ..Limits::default()
        };
    });
    stage.config.programs[1].limits = named;
    let node = Node::start(stage.config).unwrap();
    let limits = |host: &str, id: &str| {
        let started = node.spawn(on(host, id), Context::default()).unwrap();
        (started.pid, node.info(started.pid).unwrap().process.limits)
    };
    let (_, plain) = limits(HOST_NORMAL, "app:plain");
    assert_eq!(plain, Limits::default());
    let (pid, plain) = limits(SMALL, "app:plain");
    assert_eq!((plain.mailbox_messages_max, plain.names_max), (2, 1));
    assert_eq!(plain.instructions_max, Some(1_000_000));
    let message = || Message { topic: topic("x"), from: None, payload: value(1) };
    node.send(pid, message()).unwrap();
    node.send(pid, message()).unwrap();
    assert_eq!(node.send(pid, message()).unwrap_err().limit, Some(Limit::Mailbox));
    let (_, named) = limits(SMALL, "app:named");
    assert_eq!((named.mailbox_messages_max, named.names_max), (2, 7));
    let (_, named) = limits(HOST_NORMAL, "app:named");
    assert_eq!((named.mailbox_messages_max, named.names_max), (10_000, 7));
}

#[test]
fn a_process_that_is_upgraded_stays_under_the_limits_of_its_host() {
    let stage = Stage::new(1)
        .program("app:new", |host, _| {
            host.register("one", None).unwrap();
            assert_eq!(host.register("two", None).unwrap_err().limit, Some(Limit::Names));
            done()
        })
        .program("app:main", |host, _| {
            host.upgrade(Some("app:new"), value(1)).unwrap();
            Turn::Replaced
        });
    let stage = with_host(stage, |host| host.limits.names_max = 1);
    let node = Node::start(stage.config).unwrap();
    assert_normal(&end(&node.spawn(on(SMALL, "app:main"), Context::default()).unwrap()));
}

#[test]
fn a_host_runs_so_many_processes_on_all_shards_together() {
    let stage = with_host(Stage::new(2).program("app:idle", idle), |host| host.processes_max = 3);
    let node = Node::start(stage.config).unwrap();
    let spawn = || node.spawn(on(SMALL, "app:idle"), Context::default());
    let running: Vec<Started> = (0..3).map(|_| spawn().unwrap()).collect();
    let error = spawn().unwrap_err();
    assert_eq!((error.kind, error.limit), (ErrorKind::Unavailable, Some(Limit::Processes)));
    assert!(error.message.contains(SMALL), "{}", error.message);
    start(&node, "app:idle");
    node.terminate(running[0].pid).unwrap();
    end(&running[0]);
    spawn().unwrap();
    assert!(spawn().is_err());
}

/// Instructions that the processes of the normal host and those of another have used, between two
/// moments, when it is a hundred million together. The node has one shard, so that a look at all of
/// them is one moment.
fn used(node: &Node) -> (u64, u64) {
    let look = || {
        let mut used = (0, 0);
        for info in node.processes(100) {
            let side = if info.host == 0 { &mut used.0 } else { &mut used.1 };
            *side += info.instructions;
        }
        used
    };
    let before = look();
    loop {
        let now = look();
        let used = (now.0 - before.0, now.1 - before.1);
        if used.0 + used.1 > 100_000_000 {
            return used;
        }
    }
}

#[test]
fn hosts_share_a_shard_by_weight() {
    let stage = with_host(Stage::new(1).program("app:busy", busy), |host| host.weight = 3);
    let node = Node::start(stage.config).unwrap();
    for host in [HOST_NORMAL; 10].into_iter().chain([SMALL]) {
        node.spawn(on(host, "app:busy"), Context::default()).unwrap();
    }
    let (ten, one) = used(&node);
    let ratio = one as f64 / ten as f64;
    assert!((ratio - 3.0).abs() < 0.03, "three times as much for one as for ten: {ratio}");
}

#[test]
fn the_system_comes_first_and_others_go_on() {
    let stage = Stage::new(1).program("app:busy", busy);
    let node = Node::start(stage.config).unwrap();
    for host in [HOST_NORMAL, HOST_NORMAL, HOST_SYSTEM] {
        node.spawn(on(host, "app:busy"), Context::default()).unwrap();
    }
    let (normal, system) = used(&node);
    let ratio = system as f64 / normal as f64;
    assert!((ratio - 8.0).abs() < 0.08, "eight turns of nine: {ratio}");
}

#[test]
fn hosts_that_can_not_be_are_refused() {
    let refused = |change: fn(&mut NodeConfig)| {
        let mut config = Stage::new(1).config;
        change(&mut config);
        Node::start(config).err().unwrap().to_string()
    };
    assert_eq!(refused(|it| it.hosts.clear()), "a node has 1 to 1024 process hosts, not 0");
    for weight in ["0", "1001"] {
        let message = match weight {
            "0" => refused(|it| it.hosts[0].weight = 0),
            _ => refused(|it| it.hosts[0].weight = 1001),
        };
        let expected =
            format!("process host {HOST_NORMAL} has weight {weight}; weights are 1 to 1000");
        assert_eq!(message, expected);
    }
    let twice = refused(|it| it.hosts.push(HostConfig::new(HOST_NORMAL)));
    assert_eq!(twice, format!("two process hosts are called {HOST_NORMAL}"));
}
