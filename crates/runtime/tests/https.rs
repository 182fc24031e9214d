//! Requests of Lua processes over TLS, and over connections that are kept.
#![allow(clippy::unwrap_used)]

mod web;

use procession_environment::SpawnRequest;
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, WebRoots};
use procession_types::{Context, ExitReason, SmolStr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use web::{Server, program};

/// Runs the body of a function of a program that has `http` and the server's `BASE`; gives back the
/// text that it returns.
fn run(server: &Server, base: &str, roots: WebRoots, body: &str) -> String {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 1;
    config.sinks = Sinks::none();
    config.web_roots = roots;
    for host in ["localhost", "127.0.0.1"] {
        config.web_grants.grant(host, Some(server.address.port()));
    }
    let source = format!(
        "local http, BASE = require('http'), '{base}'
         return {{ main = function() {body} end }}"
    );
    config.programs = vec![program("app:main", &source)];
    let node = Node::start(config).unwrap();
    let request = SpawnRequest {
        program: SmolStr::new("app:main"),
        host: SmolStr::new(HOST_NORMAL),
        ..SpawnRequest::default()
    };
    let started = node.spawn(request, Context::default()).unwrap();
    let reason = started.ending.unwrap().wait_for(Duration::from_secs(60)).unwrap();
    let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    String::from_utf8(value.string(value.values()[0]).unwrap().to_vec()).unwrap()
}

fn https(server: &Server, host: &str) -> String {
    format!("https://{host}:{}", server.address.port())
}

fn ours() -> WebRoots {
    WebRoots::File(web::certificate())
}

/// Says how a request has failed.
const FAILURE: &str = "local _, err = http.get(BASE .. '/hello')
    return err:kind() .. ' ' .. tostring(err:retryable()) .. ' ' .. err:message()";

#[test]
fn a_server_with_a_trusted_certificate_is_talked_to() {
    let server = Server::start_tls();
    let body = "local answer = http.get(BASE .. '/hello')
        local posted = http.post(BASE .. '/echo', {body = 'secret'})
        return answer.status .. ' ' .. answer.body .. ' ' .. answer.url .. ' ' .. posted.body:match('secret$')";
    let base = https(&server, "localhost");
    assert_eq!(run(&server, &base, ours(), body), format!("200 hello {base}/hello secret"));
}

#[test]
fn who_is_not_trusted_or_somebody_else_is_not_talked_to() {
    let server = Server::start_tls();
    for (host, roots, part) in [
        ("localhost", WebRoots::Mozilla, "UnknownIssuer"),
        ("127.0.0.1", ours(), "not valid for name"),
        ("localhost", WebRoots::File("/does/not/exist.pem".into()), "/does/not/exist.pem"),
        ("localhost", WebRoots::File("/dev/null".into()), "there are none"),
    ] {
        let said = run(&server, &https(&server, host), roots, FAILURE);
        assert!(said.starts_with("Unavailable false "), "{said}");
        assert!(said.contains(part), "{said}");
    }
    // What speaks no TLS.
    let plain = Server::start();
    let said = run(&plain, &https(&plain, "localhost"), ours(), FAILURE);
    assert!(said.starts_with("Unavailable "), "{said}");
}

#[test]
fn connections_are_kept_for_what_may_be_sent_twice() {
    for (server, scheme) in [(Server::start(), "http"), (Server::start_tls(), "https")] {
        let base = format!("{scheme}://localhost:{}", server.address.port());
        let count = || server.connections.load(Ordering::SeqCst);
        let gets =
            "for i = 1, 10 do assert(http.get(BASE .. '/hello').body == 'hello') end return 'done'";
        assert_eq!(run(&server, &base, ours(), gets), "done");
        assert_eq!(count(), 1, "{scheme}: one for all");
        let posts = "for i = 1, 3 do assert(http.post(BASE .. '/echo')) end return 'done'";
        assert_eq!(run(&server, &base, ours(), posts), "done");
        assert_eq!(count(), 4, "{scheme}: one each");
    }
}

#[test]
fn a_server_that_closes_connections_disturbs_nobody() {
    let server = Server::start();
    let body =
        "for i = 1, 30 do assert(http.get(BASE .. '/close').body == 'closed') end return 'done'";
    assert_eq!(run(&server, &server.url(), ours(), body), "done");
    assert!(server.connections.load(Ordering::SeqCst) >= 30);
}
