//! Pools whose members are durable: the next process of the pool adopts them, and what waits is kept.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../keeping/mod.rs"]
mod keeping;
mod kill;
mod members;
mod queue;

use keeping::*;
use procession_environment::{OnError, Program, SpawnRequest};
use procession_runtime::{
    ApplicationDefinition, Declared, Ending, HOST_NORMAL, Node, PoolStatus, Scale, State,
    StateName, Verb,
};
use procession_store::MemoryStore;
use procession_types::definition::{Lifecycle, Monitoring, Pool, PoolSize, Recovery, Restart};
use procession_types::{Context, ExitReason, Message, Pid, SmolStr, Topic};
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
    with(store, programs, pool)
}

fn with(store: &Arc<MemoryStore>, programs: Vec<Program>, pool: &Pool) -> Node {
    let node = node(store, programs);
    begin(&node, pool);
    node
}

/// Starts the pool, under its supervisor.
fn begin(node: &Node, pool: &Pool) {
    let mut declared = Declared::default();
    declared.pools.insert(pool.id.clone(), pool.clone());
    let application = ApplicationDefinition { declared, groups: BTreeMap::new() };
    node.start_application(application).unwrap();
    until(|| node.supervised_by_id(POOL).unwrap().status.state == StateName::Running);
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
    let message = Message { topic: Topic::new("job"), from: None, payload: text(what) };
    node.send(node.lookup(POOL).unwrap(), message).unwrap();
}

fn let_go(node: &Node, member: Pid) {
    let message = Message { topic: Topic::new("go"), from: None, payload: text("go") };
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
