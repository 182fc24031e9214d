//! What requests of a process to a server that does not answer cost others: nothing.
#![allow(clippy::unwrap_used)]

mod web;

use procession_environment::SpawnRequest;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started};
use procession_types::{Context, ExitReason, FragmentBuilder, SmolStr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use web::{Server, program};

const PATIENCE: Duration = Duration::from_secs(60);
/// Requests that run at once, of a node and of one process.
const RUNNING: usize = 32;
const RUNNING_OF_ONE: usize = 8;

/// Requests that nobody answers.
const HOG: &str = "local http = require('http')
return { main = function(url, count)
  for i = 1, count do coroutine.spawn(function() http.get(url, {timeout = '10m'}) end) end
  process.inbox():receive()
end }";

/// Requests of one process that may wait.
const WAITING_OF_ONE: usize = 256;

/// One request, after some whose time is over before anybody answers: the answer, or the kind of the error.
const GUEST: &str = "local http = require('http')
return { main = function(base, count)
  local done = channel.new()
  for i = 1, count do
    coroutine.spawn(function() done:send(http.get(base .. '/hold', {timeout = '200ms'}) or 1) end)
  end
  for i = 1, count do done:receive() end
  local answer, err = http.get(base .. '/hello', {timeout = count == 0 and '20s' or '200ms'})
  return answer and answer.body or err:kind()
end }";

fn node() -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.web_grants.grant_all();
    config.programs = vec![program("app:hog", HOG), program("app:guest", GUEST)];
    Node::start(config).unwrap()
}

fn start(node: &Node, program: &str, text: &str, count: usize) -> Started {
    let mut builder = FragmentBuilder::new();
    let list = [builder.string(text.as_bytes()), builder.integer(count as i64)];
    let request = SpawnRequest {
        program: SmolStr::new(program),
        host: SmolStr::new(HOST_NORMAL),
        arguments: builder.finish(&list),
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap()
}

/// What the guest gets, whose last request is one that is answered at once.
fn guest(node: &Node, server: &Server, count: usize) -> String {
    let started = start(node, "app:guest", &server.url(), count);
    let reason = started.ending.unwrap().wait_for(PATIENCE).unwrap();
    let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    String::from_utf8(value.string(value.values()[0]).unwrap().to_vec()).unwrap()
}

fn wait_until_held(server: &Server, count: usize) {
    let end = Instant::now() + PATIENCE;
    while server.held_keys().len() < count {
        assert!(Instant::now() < end, "{} requests are held", server.held_keys().len());
        std::thread::yield_now();
    }
}

#[test]
fn one_process_does_not_hold_up_others() {
    let (server, node) = (Server::start(), node());
    start(&node, "app:hog", &format!("{}/hold", server.url()), 100);
    wait_until_held(&server, RUNNING_OF_ONE);
    assert_eq!(guest(&node, &server, 0), "hello");
    assert_eq!(server.held_keys().len(), RUNNING_OF_ONE, "its share");
}

#[test]
fn requests_of_a_process_that_has_ended_end() {
    let (server, node) = (Server::start(), node());
    let url = format!("{}/hold", server.url());
    let count = RUNNING / RUNNING_OF_ONE;
    let hogs: Vec<_> = (0..count).map(|_| start(&node, "app:hog", &url, 100)).collect();
    wait_until_held(&server, RUNNING);
    for hog in hogs {
        node.terminate(hog.pid).unwrap();
    }
    assert_eq!(guest(&node, &server, 0), "hello");
    assert_eq!(server.held_keys().len(), RUNNING, "what has waited does not begin");
}

#[test]
fn requests_whose_time_is_over_make_room() {
    let (server, node) = (Server::start(), node());
    let url = format!("{}/hold", server.url());
    for _ in 0..RUNNING / RUNNING_OF_ONE {
        start(&node, "app:hog", &url, RUNNING_OF_ONE);
    }
    wait_until_held(&server, RUNNING);
    // The last one waits as well, instead of being refused.
    assert_eq!(guest(&node, &server, WAITING_OF_ONE), "Timeout");
}
