//! Where processes are born, on a node of two shards.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_runtime::*;
use procession_types::definition::{Lifecycle, Restart, Service};
use procession_types::*;
use script::*;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
/// Children that should be on the other shard; processes spawned at which nobody believes in it.
const SPREAD: usize = 500;
const SPAWNED_MAX: usize = 200_000;

fn services(count: usize) -> ApplicationDefinition {
    let service = |number: usize| {
        let restart = Restart { initial_delay_ns: 0, jitter: 0.0, ..Restart::default() };
        let id = format!("app:s{number}");
        let service = Service {
            id: id.clone(),
            program: "app:idle".into(),
            host: HOST_NORMAL.into(),
            arguments: Vec::new(),
            context: BTreeMap::new(),
            labels: BTreeMap::new(),
            lifecycle: Lifecycle { restart, ..Lifecycle::default() },
        };
        (id, service)
    };
    let services = (0..count).map(service).collect();
    let declared = Declared { services, ..Declared::default() };
    ApplicationDefinition { declared, groups: BTreeMap::new() }
}

/// Fails on a message, and ends when it is asked to.
fn idle(host: &mut dyn Host, _: &mut Memory) -> Turn {
    if next(host).is_some() {
        return fail("boom");
    }
    match host.receive_event() {
        Some(Event::Cancel { .. }) => done(),
        _ => Turn::Waiting,
    }
}

fn always(stage: Stage) -> NodeConfig {
    NodeConfig { spreading: Spreading::Always, ..stage.config }
}

fn shards_of(node: &Node, count: usize) -> Vec<Pid> {
    (0..count).map(|number| node.lookup(&format!("app:s{number}")).unwrap()).collect()
}

#[test]
fn supervised_processes_are_on_all_shards_and_come_back_from_all() {
    const COUNT: usize = 300;
    let node = Node::start(always(Stage::new(2).program("app:idle", idle))).unwrap();
    node.start_application(services(COUNT)).unwrap();
    assert_eq!(node.wait_until_up(PATIENCE).unwrap().status.state, StateName::Running);
    let pids = shards_of(&node, COUNT);
    let elsewhere = pids.iter().filter(|pid| pid.shard == 1).count();
    assert!((50..=250).contains(&elsewhere), "{elsewhere} of {COUNT} are on shard 1");
    let events = node.lifecycle_events(EVENTS_KEPT_MAX);
    for pid in &pids {
        let message = Message { topic: "fail".into(), from: None, payload: Fragment::nil() };
        node.send(*pid, message).unwrap();
    }
    let mut back = 0;
    while back < COUNT {
        let delivery = events.next(PATIENCE).unwrap_or_else(|| panic!("{back} are back"));
        back += usize::from(delivery.event.news.name() == "running");
    }
    assert!(shards_of(&node, COUNT).iter().all(|pid| !pids.contains(pid)));
    assert_eq!(node.stop_application(None).unwrap(), 0);
}

/// Ends with the first message.
fn patient(host: &mut dyn Host, _: &mut Memory) -> Turn {
    if next(host).is_some() { done() } else { Turn::Waiting }
}

/// What the parent of many has seen.
#[derive(Default)]
struct Family {
    patient: Vec<Pid>,
    brief: Vec<Pid>,
    exits: usize,
    /// The patient ones have been told to end.
    is_over: bool,
}

impl Family {
    /// Has ten more idle children in each turn until many are on the other shard; then ten at a time that
    /// end at once; then has the idle ones end, wherever they are.
    fn turn(&mut self, host: &mut dyn Host) -> Turn {
        while next(host).is_some() {}
        while let Some(event) = host.receive_event() {
            let Event::Exit { reason, .. } = event else { continue };
            assert!(!reason.is_abnormal(), "{reason:?}");
            self.exits += 1;
        }
        let own = host.pid();
        let spread = self.patient.iter().filter(|pid| pid.shard != own.shard).count();
        if spread < SPREAD {
            assert!(self.patient.len() < SPAWNED_MAX, "{spread} are on the other shard");
            let children = (0..10).map(|_| host.spawn(monitored("app:patient")).unwrap());
            self.patient.extend(children);
            // Not by using up its slice: then it might be given away itself.
            let own = text(host, own);
            host.send(&own, topic("on"), value(0)).unwrap();
        } else if self.brief.len() < 1000 {
            self.brief.extend((0..10).map(|_| host.spawn(monitored("app:brief")).unwrap()));
        } else if self.exits == self.brief.len() && !self.is_over {
            self.is_over = true;
            for pid in &self.patient {
                let pid = text(host, *pid);
                host.send(&pid, topic("end"), value(0)).unwrap();
            }
        } else if self.exits == self.brief.len() + self.patient.len() {
            return done();
        }
        Turn::Waiting
    }
}

#[test]
fn who_has_very_many_idle_children_has_them_on_all_shards_but_not_those_that_soon_end() {
    let family = Arc::new(Mutex::new(Family::default()));
    let parent = family.clone();
    let most = Limits { links_max: 1_000_000, ..Limits::default() };
    let stage = Stage::new(2)
        .program("app:patient", patient)
        .program("app:brief", |_, _| done())
        .program("app:main", move |host, _| parent.lock().unwrap().turn(host))
        .limits("app:main", most);
    let node = Node::start(always(stage)).unwrap();
    let started = start(&node, "app:main");
    assert_normal(&end(&started));
    let brief = &family.lock().unwrap().brief;
    assert_eq!(brief.len(), 1000);
    assert!(brief.iter().all(|pid| pid.shard == started.pid.shard), "they stay with their parent");
}

#[test]
fn who_works_much_and_waits_is_given_away_when_many_wait() {
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let seen = threads.clone();
    let stage = Stage::new(2)
        .program("app:worker", move |host, memory| {
            if next(host).is_some() {
                seen.lock().unwrap().insert(std::thread::current().id());
                memory.work = 100_000;
            }
            Turn::Waiting
        })
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                for _ in 0..200 {
                    let pid = host.spawn(request("app:worker")).unwrap();
                    memory.pids.push(text(host, pid));
                }
            }
            for pid in &memory.pids {
                // Its mailbox may be full.
                let _ = host.send(pid, topic("work"), value(0));
            }
            Turn::Preempted
        });
    let node = Node::start(always(stage)).unwrap();
    let started = start(&node, "app:main");
    let until = Instant::now() + PATIENCE;
    while threads.lock().unwrap().len() < 2 {
        assert!(Instant::now() < until, "one shard does all the work");
        std::thread::yield_now();
    }
    node.terminate(started.pid).unwrap();
}
