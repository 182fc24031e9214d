//! Services whose processes are durable: the supervisors of the next node adopt what lives.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::*;
use procession_environment::OnError;
use procession_runtime::{
    ApplicationDefinition, Declared, HOST_NORMAL, Node, StateName, Supervised, Verb,
};
use procession_store::MemoryStore;
use procession_types::definition::{
    Intensity, Lifecycle, Restart, Service, Strategy, SupervisorDefinition,
};
use procession_types::{ErrorKind, ExitReason, FragmentBuilder, Pid};
use std::collections::BTreeMap;
use std::sync::Arc;

const MS: u64 = 1_000_000;

/// Adds up numbers; 'fail' makes it fail, a table is asked for the sum. It ends when it is asked to.
const COUNTER: &str = "
return { main = function()
  local inbox, events, sum = process.inbox(), process.events(), 0
  while true do
    local got = channel.select { inbox:case_receive(), events:case_receive() }
    if got.channel == events then
      if got.value.kind == process.event.CANCEL then return sum end
    else
      local value = got.value:payload()
      if value == 'fail' then error('as asked') end
      if type(value) == 'number' then sum = sum + value
      else process.send(value.to, 'sum', sum) end
    end
  end
end }";

/// Asks a counter for its sum.
const ASK: &str = "return { main = function(name)
  assert(process.send(name, 'x', { to = process.pid() }))
  return process.inbox():receive():payload()
end }";

/// Does nothing, and fails when it is told to.
const PLAIN: &str = "return { main = function()
  process.inbox():receive()
  error('as asked')
end }";

fn service(id: &str, program: &str, requires: &[&str]) -> Service {
    let restart = Restart { initial_delay_ns: MS, jitter: 0.0, ..Restart::default() };
    Service {
        id: format!("app:{id}"),
        program: format!("app:{program}"),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle {
            requires: requires.iter().map(|id| format!("app:{id}")).collect(),
            restart,
            ..Lifecycle::default()
        },
    }
}

fn tree(id: &str, strategy: Strategy, children: &[&str]) -> SupervisorDefinition {
    let restart = Restart { initial_delay_ns: MS, jitter: 0.0, ..Restart::default() };
    SupervisorDefinition {
        id: format!("app:{id}"),
        strategy,
        intensity: Intensity::default(),
        children: children.iter().map(|id| format!("app:{id}")).collect(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle { restart, ..Lifecycle::default() },
    }
}

fn application(services: &[Service], trees: &[SupervisorDefinition]) -> ApplicationDefinition {
    let declared = Declared {
        services: services.iter().map(|it| (it.id.clone(), it.clone())).collect(),
        supervisors: trees.iter().map(|it| (it.id.clone(), it.clone())).collect(),
        pools: BTreeMap::new(),
    };
    ApplicationDefinition { declared, groups: BTreeMap::new() }
}

fn started(
    store: &Arc<MemoryStore>,
    rule: Option<OnError>,
    application: &ApplicationDefinition,
) -> Node {
    let programs = vec![
        program("counter", COUNTER, rule),
        program("ask", ASK, None),
        program("plain", PLAIN, None),
    ];
    let node = node(store, programs);
    node.start_application(application.clone()).unwrap();
    node
}

fn shown(node: &Node, id: &str) -> Supervised {
    node.supervised_by_id(&format!("app:{id}")).unwrap()
}

fn wait_for(node: &Node, id: &str, state: StateName) -> Supervised {
    until(|| shown(node, id).status.state == state);
    shown(node, id)
}

/// The process of a service that runs.
fn running(node: &Node, id: &str) -> Pid {
    wait_for(node, id, StateName::Running).status.pid.unwrap()
}

fn add(node: &Node, to: Pid, value: i64) {
    send(node, to, numbers(&[value]));
}

/// The sum of a counter.
fn sum(node: &Node, id: &str) -> i64 {
    let mut builder = FragmentBuilder::new();
    let name = builder.string(format!("app:{id}").as_bytes());
    let asked = start(node, "ask", builder.finish(&[name]));
    match &*asked.ending.unwrap().wait_for(PATIENCE).unwrap() {
        ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        ExitReason::Failed(_) => panic!("it does not answer"),
    }
}

#[test]
fn a_service_is_adopted_by_the_next_node_whether_the_last_one_was_killed_or_not() {
    let store = Arc::new(MemoryStore::default());
    let one = application(&[service("counter", "counter", &[])], &[]);
    let first = started(&store, Some(OnError::Exit), &one);
    let pid = running(&first, "counter");
    assert!(pid.is_durable());
    add(&first, pid, 1);
    drop(first);
    for _ in 0..2 {
        let next = started(&store, Some(OnError::Exit), &one);
        assert_eq!(running(&next, "counter"), pid);
        add(&next, pid, 10);
        assert_eq!(next.shutdown(PATIENCE), 0);
    }
    let last = started(&store, Some(OnError::Exit), &one);
    assert_eq!((running(&last, "counter"), sum(&last, "counter")), (pid, 21));
    let status = shown(&last, "counter").status;
    assert_eq!((status.restarts, status.last), (0, None), "it has never ended");
    assert_eq!(last.info(pid).unwrap().process.parent, last.lookup("system:root"));
}

#[test]
fn a_service_that_dies_or_is_stopped_begins_anew() {
    let store = Arc::new(MemoryStore::default());
    let one = application(&[service("counter", "counter", &[])], &[]);
    let node = started(&store, Some(OnError::Exit), &one);
    let first = running(&node, "counter");
    add(&node, first, 5);
    send(&node, first, text("fail"));
    until(|| shown(&node, "counter").status.restarts == 1);
    let second = running(&node, "counter");
    assert!(second.is_durable() && second != first && sum(&node, "counter") == 0);
    assert_eq!(node.lookup("app:counter").unwrap(), second);

    add(&node, second, 7);
    node.control("app:counter", Verb::Restart, PATIENCE).unwrap();
    let third = running(&node, "counter");
    assert!(third != second && !node.is_alive(second) && sum(&node, "counter") == 0);

    node.control("app:counter", Verb::Stop, PATIENCE).unwrap();
    assert!(!node.is_alive(third));
    drop(node);
    let next = started(&store, Some(OnError::Exit), &one);
    let fourth = running(&next, "counter");
    assert!(![first, second, third].contains(&fourth) && sum(&next, "counter") == 0);
    assert!(next.orphans().is_empty());
}

#[test]
fn a_process_at_rest_runs_when_what_it_requires_is_up_and_not_before() {
    let store = Arc::new(MemoryStore::default());
    let services = [service("counter", "counter", &["first"]), service("first", "plain", &[])];
    let node = started(&store, Some(OnError::Exit), &application(&services, &[]));
    let pid = running(&node, "counter");
    add(&node, pid, 1);
    drop(node);
    let mut held = services.clone();
    held[1].lifecycle.auto_start = false;
    held[0].lifecycle.auto_start = false;
    let node = started(&store, Some(OnError::Exit), &application(&held, &[]));
    add(&node, pid, 2);
    // From a process that is not durable.
    let asked = start(&node, "ask", text("app:counter"));
    assert_eq!(shown(&node, "counter").status.state, StateName::Stopped);
    assert!(node.is_alive(pid));
    node.control("app:counter", Verb::Start, PATIENCE).unwrap();
    assert_eq!(running(&node, "counter"), pid);
    assert_eq!(shown(&node, "first").status.state, StateName::Running);
    let answer = asked.ending.unwrap().wait_for(PATIENCE).unwrap();
    let ExitReason::Normal(value) = &*answer else { panic!("{answer:?}") };
    assert_eq!(value.integer(value.values()[0]), Some(3));
}

#[test]
fn a_supervisor_that_is_ended_leaves_its_durable_children_to_the_next() {
    let store = Arc::new(MemoryStore::default());
    let services = [service("counter", "counter", &[]), service("plain", "plain", &[])];
    let trees = [tree("tree", Strategy::OneForAll, &["counter", "plain"])];
    let node = started(&store, Some(OnError::Exit), &application(&services, &trees));
    let (counter, plain) = (running(&node, "counter"), running(&node, "plain"));
    add(&node, counter, 3);
    let supervisor = shown(&node, "tree").status.pid.unwrap();
    node.terminate(supervisor).unwrap();
    until(|| shown(&node, "tree").status.pid.is_some_and(|pid| pid != supervisor));
    until(|| shown(&node, "plain").status.pid.is_some_and(|pid| pid != plain));
    assert_eq!((running(&node, "counter"), sum(&node, "counter")), (counter, 3));

    // Its group is started again as a whole: so is what it has kept.
    send(&node, running(&node, "plain"), text("fail"));
    until(|| shown(&node, "counter").status.restarts == 1);
    assert!(running(&node, "counter") != counter && sum(&node, "counter") == 0);
}

#[test]
fn a_supervisor_that_gives_up_puts_its_durable_children_to_rest() {
    let store = Arc::new(MemoryStore::default());
    let services = [service("counter", "counter", &[]), service("plain", "plain", &[])];
    let mut up = tree("tree", Strategy::OneForOne, &["counter", "plain"]);
    up.intensity = Intensity { restarts: 0, ..Intensity::default() };
    let node = started(&store, Some(OnError::Exit), &application(&services, &[up]));
    let (counter, plain) = (running(&node, "counter"), running(&node, "plain"));
    add(&node, counter, 4);
    send(&node, plain, text("fail"));
    until(|| shown(&node, "tree").status.restarts == 1);
    until(|| shown(&node, "plain").status.pid.is_some_and(|pid| pid != plain));
    assert_eq!((running(&node, "counter"), sum(&node, "counter")), (counter, 4));
}

#[test]
fn what_stands_still_is_shown_so_and_can_be_ended_or_started_anew() {
    let store = Arc::new(MemoryStore::default());
    let one = application(&[service("counter", "counter", &[])], &[]);
    let node = started(&store, Some(OnError::Halt), &one);
    let pid = running(&node, "counter");
    send(&node, pid, text("fail"));
    let status = wait_for(&node, "counter", StateName::Halted).status;
    assert!(status.reason.as_deref().unwrap().contains("as asked"), "{status:?}");
    assert_eq!((status.pid, status.restarts, node.is_alive(pid)), (Some(pid), 0, true));
    let root = node.wait_until_up(PATIENCE).unwrap().status;
    assert_eq!(root.state, StateName::Degraded);
    let refused = node.control("app:counter", Verb::Start, PATIENCE).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable);

    // It stands still in the next node, too.
    assert_eq!(node.shutdown(PATIENCE), 0);
    let node = started(&store, Some(OnError::Halt), &one);
    assert_eq!(wait_for(&node, "counter", StateName::Halted).status.pid, Some(pid));
    node.control("app:counter", Verb::Restart, PATIENCE).unwrap();
    let second = running(&node, "counter");
    assert!(second != pid && !node.is_alive(pid));

    send(&node, second, text("fail"));
    wait_for(&node, "counter", StateName::Halted);
    node.control("app:counter", Verb::Stop, PATIENCE).unwrap();
    assert!(!node.is_alive(second));
}

#[test]
fn what_nobody_looks_after_stays_at_rest_and_is_told() {
    let store = Arc::new(MemoryStore::default());
    let one = application(&[service("counter", "counter", &[])], &[]);
    let node = started(&store, Some(OnError::Exit), &one);
    let pid = running(&node, "counter");
    add(&node, pid, 1);
    drop(node);

    // The service is not there any more.
    let node = started(&store, Some(OnError::Exit), &application(&[], &[]));
    assert_eq!(node.orphans(), [("app:counter".into(), pid)]);
    add(&node, pid, 2);
    assert_eq!(node.shutdown(PATIENCE), 0);

    // It is there, and not durable.
    let node = started(&store, None, &one);
    let status = wait_for(&node, "counter", StateName::Backoff).status;
    assert!(status.reason.unwrap().contains("not durable any more"));
    assert_eq!(node.orphans(), [("app:counter".into(), pid)]);
    drop(node);

    // All is as it was, and nothing is lost.
    let node = started(&store, Some(OnError::Exit), &one);
    assert_eq!((running(&node, "counter"), sum(&node, "counter")), (pid, 3));
    assert!(node.orphans().is_empty());
    drop(node);

    // Somebody ends it: the service that is not durable begins.
    let node = started(&store, None, &one);
    wait_for(&node, "counter", StateName::Backoff);
    node.terminate(pid).unwrap();
    until(|| !node.is_alive(pid));
    assert!(!running(&node, "counter").is_durable() && node.orphans().is_empty());
}
