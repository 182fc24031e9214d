//! The PID of a durable process names its host. With another one it names nobody: rights on a host are no
//! rights on what is elsewhere.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::{OnError, SpawnRequest};
use procession_kernel::HostConfig;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{MemoryStore, Store};
use procession_types::{Context, ExitReason, Pid, SmolStr};
use std::sync::Arc;

const KEPT: &str = "app:kept";
const WAITER: &str = "return { main = function() process.inbox():receive() end }";
/// Sends to whom it is told, and tells what came of it: 1 = it is sent, 2 = there is nobody.
const PROBE: &str = "return { main = function(to)
  local sent, err = process.send(to, 'x')
  return sent and 1 or (err:kind() == 'NotFound' and 2 or 3)
end }";

fn on(store: &Arc<MemoryStore>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    (config.shards, config.sinks) = (1, Sinks::none());
    config.hosts.push(HostConfig::new(KEPT));
    config.programs =
        vec![program("waiter", WAITER, Some(OnError::Exit)), program("probe", PROBE, None)];
    config.store = Some(Arc::clone(store) as Arc<dyn Store>);
    Node::start(config).unwrap()
}

fn begin(node: &Node, host: &str) -> Pid {
    let (program, host) = (SmolStr::new("app:waiter"), SmolStr::new(host));
    let request = SpawnRequest { program, host, ..SpawnRequest::default() };
    node.spawn(request, Context::default()).unwrap().pid
}

/// What a program hears that sends to it.
fn sent(node: &Node, to: &str) -> i64 {
    match &*start(node, "probe", text(to)).ending.unwrap().wait_for(PATIENCE).unwrap() {
        ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        ExitReason::Failed(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn a_pid_with_another_host_is_nobodys() {
    let store = Arc::new(MemoryStore::default());
    let first = on(&store);
    let (one, two) = (begin(&first, HOST_NORMAL), begin(&first, KEPT));
    let texts = [first.pid_text(one), first.pid_text(two)];
    let moved = [texts[0].replace(HOST_NORMAL, KEPT), texts[1].replace(KEPT, HOST_NORMAL)];
    // As many digits as fit into a number of the text, of which the process's has fewer.
    let long = texts[0].replace(".0}", ".10000}");
    let check = |node: &Node| {
        for (text, pid) in texts.iter().zip([one, two]) {
            assert_eq!(node.parse_pid(text), Some(pid));
        }
        for text in moved.iter().chain([&long]) {
            assert_eq!(node.parse_pid(text), None, "{text}");
            assert_eq!(sent(node, text), 2, "{text}");
        }
    };
    check(&first);
    first.flush_store();
    drop(first);
    // What the store says of where they are.
    let second = on(&store);
    check(&second);
    assert_eq!(sent(&second, &texts[1]), 1);
    until(|| !second.is_alive(two));
    assert!(second.is_alive(one));
}
