//! Pools whose members are durable: the next process of the pool adopts them.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::*;
use procession_environment::{OnError, SpawnRequest};
use procession_runtime::{
    ApplicationDefinition, Declared, Ending, HOST_NORMAL, Node, PoolStatus, Scale, State,
    StateName, Verb,
};
use procession_store::MemoryStore;
use procession_types::definition::{Lifecycle, Monitoring, Pool, PoolSize, Recovery, Restart};
use procession_types::{Context, ExitReason, Message, Pid, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MS: u64 = 1_000_000;
const POOL: &str = "app:pool";

/// Does jobs, and says how many it has done: 'hold' takes until somebody lets go, 'fail' fails.
const MEMBER: &str = "return { main = function()
  local inbox, go, count = process.inbox(), process.listen('go'), 0
  while true do
    local job = inbox:receive():payload()
    if job == 'fail' then error('as asked') end
    if job == 'hold' then go:receive() end
    count = count + 1
    process.send('app:desk', 'done', job .. ' ' .. count)
  end
end }";

/// Waits for so many jobs to be done; gives what it was told, in order of the texts.
const DESK: &str = "return { main = function(count)
  local got = {}
  for at = 1, count do got[at] = process.inbox():receive():payload() end
  table.sort(got)
  return table.concat(got, ', ')
end }";

fn pool(least: u32, most: u32) -> Pool {
    Pool {
        id: POOL.into(),
        program: "app:member".into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: least, max_size: most, idle_timeout_ns: u64::MAX / 4 },
        queue_max: 100,
        monitoring: Monitoring { health_check_interval_ns: 0, ..Monitoring::default() },
        recovery: Recovery { restart_delay_ns: MS, ..Recovery::default() },
        lifecycle: Lifecycle {
            restart: Restart { initial_delay_ns: MS, jitter: 0.0, ..Restart::default() },
            ..Lifecycle::default()
        },
    }
}

fn started(store: &Arc<MemoryStore>, rule: Option<OnError>, pool: &Pool) -> Node {
    let programs = vec![program("member", MEMBER, rule), program("desk", DESK, None)];
    let node = node(store, programs);
    let mut declared = Declared::default();
    declared.pools.insert(pool.id.clone(), pool.clone());
    let application = ApplicationDefinition { declared, groups: BTreeMap::new() };
    node.start_application(application).unwrap();
    until(|| node.supervised_by_id(POOL).unwrap().status.state == StateName::Running);
    node
}

fn status(node: &Node) -> PoolStatus {
    node.pool_status(POOL).unwrap()
}

fn members(node: &Node) -> BTreeSet<Pid> {
    let pool = node.lookup(POOL);
    let processes = node.processes(1000).into_iter();
    processes.filter(|it| it.parent == pool).map(|it| it.pid).collect()
}

fn job(node: &Node, what: &str) {
    let message = Message { topic: SmolStr::new("job"), from: None, payload: text(what) };
    node.send(node.lookup(POOL).unwrap(), message).unwrap();
}

fn let_go(node: &Node, member: Pid) {
    let message = Message { topic: SmolStr::new("go"), from: None, payload: text("go") };
    node.send(member, message).unwrap();
}

/// Somebody who waits for so many jobs.
fn desk(node: &Node, count: i64) -> Ending {
    let request = SpawnRequest {
        program: SmolStr::new("app:desk"),
        host: SmolStr::new(HOST_NORMAL),
        arguments: numbers(&[count]),
        name: Some(SmolStr::new("app:desk")),
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap().ending.unwrap()
}

fn said(desk: Ending) -> String {
    let reason = desk.wait_for(PATIENCE).unwrap();
    let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    String::from_utf8(value.string(value.values()[0]).unwrap()).unwrap()
}

#[test]
fn members_are_adopted_with_what_they_know_and_have_in_hand() {
    let store = Arc::new(MemoryStore::default());
    let first = started(&store, Some(OnError::Exit), &pool(1, 1));
    let member = members(&first);
    assert!(member.iter().all(Pid::is_durable) && member.len() == 1);
    let one = *member.first().unwrap();
    let done = desk(&first, 2);
    ["a", "b"].iter().for_each(|what| job(&first, what));
    assert_eq!(said(done), "a 1, b 2");
    job(&first, "hold");
    until(|| status(&first).members.busy == 1);
    until(|| {
        let it = first.info(one).unwrap().process;
        it.mailbox_messages == 0 && it.state == State::Waiting
    });
    first.flush_store();
    drop(first);

    // Killed: it has the job still. It waits for a message, so it is given one more.
    let second = started(&store, Some(OnError::Exit), &pool(0, 1));
    until(|| members(&second) == member);
    ["c", "d"].iter().for_each(|what| job(&second, what));
    until(|| status(&second).waiting == 1 && status(&second).members.busy == 1);
    // Stopped: what waits is kept, too.
    assert_eq!(second.shutdown(PATIENCE), 0);

    let third = started(&store, Some(OnError::Exit), &pool(0, 1));
    until(|| members(&third) == member);
    let done = desk(&third, 3);
    let_go(&third, one);
    assert_eq!(said(done), "c 4, d 5, hold 3");
    until(|| status(&third).members.idle == 1);
    assert_eq!(third.shutdown(PATIENCE), 0);
    let last = started(&store, Some(OnError::Exit), &pool(1, 1));
    assert_eq!((members(&last), status(&last).waiting), (member, 0));
}

#[test]
fn a_pool_that_is_stopped_or_made_smaller_ends_its_members() {
    let store = Arc::new(MemoryStore::default());
    let node = started(&store, Some(OnError::Exit), &pool(1, 3));
    let scale = Scale { size: Some(Some(3)), ..Scale::default() };
    node.scale_pool(POOL, scale).unwrap();
    until(|| status(&node).members.idle == 3);
    let three = members(&node);
    let scale = Scale { size: Some(Some(1)), ..Scale::default() };
    node.scale_pool(POOL, scale).unwrap();
    until(|| three.iter().filter(|pid| node.is_alive(**pid)).count() == 1);
    let one: BTreeSet<Pid> = three.into_iter().filter(|pid| node.is_alive(*pid)).collect();

    // It ends by itself, and what is durable stays.
    let process = node.lookup(POOL).unwrap();
    node.terminate(process).unwrap();
    until(|| node.lookup(POOL).is_some_and(|pid| pid != process));
    until(|| status(&node).members.idle == 1);
    assert_eq!(members(&node), one);

    node.control(POOL, Verb::Stop, PATIENCE).unwrap();
    assert!(one.iter().all(|pid| !node.is_alive(*pid)) && node.orphans().is_empty());
    drop(node);
    let next = started(&store, Some(OnError::Exit), &pool(1, 3));
    assert!(members(&next).is_disjoint(&one) && members(&next).len() == 1);
}

#[test]
fn a_member_that_stands_still_keeps_its_message_and_another_goes_on() {
    let store = Arc::new(MemoryStore::default());
    let node = started(&store, Some(OnError::Halt), &pool(1, 2));
    let halted = members(&node);
    job(&node, "fail");
    until(|| status(&node).members.paused == 1 && status(&node).members.idle == 1);
    let done = desk(&node, 1);
    job(&node, "a");
    assert_eq!(said(done), "a 1");
    assert_eq!(status(&node).counts.redelivered, 0);
    assert_eq!(node.shutdown(PATIENCE), 0);

    let node = started(&store, Some(OnError::Halt), &pool(1, 2));
    until(|| status(&node).members.paused == 1 && status(&node).members.idle == 1);
    assert!(halted.iter().all(|pid| node.is_alive(*pid)));
    node.terminate(*halted.first().unwrap()).unwrap();
    until(|| status(&node).members.paused == 0);
    assert_eq!(status(&node).members.idle, 1);
}

#[test]
fn members_that_are_not_durable_any_more_are_orphans() {
    let store = Arc::new(MemoryStore::default());
    let node = started(&store, Some(OnError::Exit), &pool(2, 2));
    let two: Vec<Pid> = members(&node).into_iter().collect();
    drop(node);
    let node = started(&store, None, &pool(2, 2));
    assert!(members(&node).iter().all(|pid| !pid.is_durable()));
    let orphans = node.orphans().into_iter().map(|(_, pid)| pid).collect::<Vec<_>>();
    assert_eq!(orphans, two);
    drop(node);
    let node = started(&store, Some(OnError::Exit), &pool(2, 2));
    assert_eq!(members(&node).into_iter().collect::<Vec<_>>(), two);
}
