//! The node itself, streams, policies, tokens.
#![allow(clippy::unwrap_used)]

mod common;

use common::Served;
use procession_api::*;
use procession_client::{Client, Target};
use procession_runtime::{ApplicationDefinition, Declared, HOST_NORMAL, StateName};
use procession_server::Tokens;
use procession_types::definition::{Lifecycle, Restart, Service};
use serde_json::json;
use std::ops::ControlFlow;
use std::time::Duration;

const POLICIES: &str = "
- name: workers
  kind: security.policy
  policy: {effect: allow, actions: ['process.spawn', 'process.host', 'process.list', 'process.info'], resources: ['*']}
- name: no-loops
  kind: security.policy
  policy: {effect: deny, actions: ['process.spawn'], resources: ['app:loop']}
";

#[test]
fn the_node_tells_of_itself() {
    let served = Served::new();
    let client = served.client();
    served.spawn("app:forever", None);
    let node = client.node().unwrap();
    assert_eq!((node.shards, node.processes, node.os_pid), (2, 1, std::process::id()));
    assert_eq!(node.application.as_deref(), Some("tests"));
    assert_eq!(client.stats().unwrap().started, 1);
    assert_eq!(client.config().unwrap(), json!("none"));
    assert!(client.metrics().unwrap().contains("\nprocession_processes 1\n"));
    client.ready().unwrap();
    let programs: Vec<String> = client.programs(2).unwrap().0.into_iter().map(|it| it.id).collect();
    assert_eq!(programs, ["app:adder", "app:deaf"]);
    let hosts = client.hosts(10).unwrap().0;
    let hosts: Vec<(&str, u32)> = hosts.iter().map(|it| (&*it.id, it.processes)).collect();
    assert_eq!(hosts, [("app:processes", 1), ("system:processes", 0)]);
}

/// What a probe without a token is answered.
fn probe(served: &Served, path: &str) -> (u16, String) {
    let answer = served.ask("GET", path, &[], "");
    (answer.status, answer.body)
}

#[test]
fn a_node_is_alive_while_it_answers_and_ready_while_it_takes_work() {
    let served = Served::new();
    let (alive, ready) = ((200, "ok\n".to_owned()), (200, "ready\n".to_owned()));
    assert_eq!(
        (probe(&served, "/livez"), probe(&served, "/readyz")),
        (alive.clone(), ready.clone())
    );
    let client = served.client();
    let request = DrainRequest { target: "node".into(), deadline: None };
    client.drain(&request).unwrap();
    let (status, body) = probe(&served, "/readyz");
    assert_eq!(status, 503);
    assert!(
        body.contains("takes no new work") && body.contains("\"kind\":\"Unavailable\""),
        "{body}"
    );
    assert_eq!(probe(&served, "/livez"), alive);
    let drains = client.drains(10).unwrap().0;
    assert_eq!((&*drains[0].target, &*drains[0].kind), ("node", "node"));
    client.undo_drain("node").unwrap();
    assert_eq!(probe(&served, "/readyz"), ready);
    assert_eq!(client.drain_of("node").unwrap_err().problem().unwrap().status, 404);
}

/// A program that fails, and how it is kept up.
fn failing(id: &str, max_attempts: u32) -> (String, Service) {
    let restart = Restart { max_attempts: Some(max_attempts), ..Restart::default() };
    let service = Service {
        id: id.into(),
        program: "app:fail".into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: Default::default(),
        labels: Default::default(),
        lifecycle: Lifecycle { restart, ..Lifecycle::default() },
    };
    (id.to_owned(), service)
}

#[test]
fn an_application_of_which_something_fails_is_not_ready_and_says_what() {
    let served = Served::new();
    let services = [failing("app:lost", 1), failing("app:trying", 1_000_000)].into();
    let declared = Declared { services, ..Declared::default() };
    let application = ApplicationDefinition { declared, groups: Default::default() };
    served.node.start_application(application).unwrap();
    let root = served.node.wait_until_up(Duration::from_secs(20)).unwrap();
    assert_eq!(root.status.state, StateName::Degraded);
    let (status, body) = probe(&served, "/readyz");
    assert_eq!(status, 503);
    assert!(body.contains("the application is degraded: app:"), "{body}");
    // What it tells is for anybody: no error of a program.
    assert!(!body.contains("boom"), "{body}");
    assert_eq!(probe(&served, "/livez").0, 200);
}

#[test]
fn a_shutdown_is_handed_on() {
    let served = Served::new();
    served.client().shutdown(Duration::from_millis(1500)).unwrap();
    assert_eq!(served.shutdowns.lock().unwrap().recv().unwrap(), Duration::from_millis(1500));
}

#[test]
fn figures_stream_until_the_reader_goes() {
    let served = Served::new();
    let client = served.client();
    let mut seen = 0;
    client
        .follow_stats(Duration::from_millis(100), |stats| {
            assert_eq!(stats.processes, 0);
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn streams_go_on_behind_the_last_event_and_end_with_the_server() {
    let mut served = Served::new();
    let server = served.server.take().unwrap();
    let request =
        b"GET /v1/stats/stream?interval=100ms HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 41\r\n\r\n";
    std::thread::scope(|scope| {
        let read = scope.spawn(|| served.raw(request));
        while served.node.stats().counts.turns > 0 {
            std::thread::yield_now();
        }
        // The first event is there when the second is waited for.
        let client = served.client();
        let mut seen = 0;
        client
            .follow_stats(Duration::from_millis(100), |_| {
                seen += 1;
                if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        drop(server);
        let text = read.join().unwrap();
        assert!(text.contains("id: 42\nevent: stats\ndata: {"), "{text}");
        assert!(text.to_ascii_lowercase().contains("content-type: text/event-stream"), "{text}");
    });
    assert!(!served.socket.exists());
}

#[test]
fn questions_about_permissions_are_answered_with_reasons() {
    let served = Served::with(|_| {}, POLICIES);
    let client = served.client();
    let scope = Some(vec!["app:workers".to_owned(), "app:no-loops".to_owned()]);
    let ask = |resource: &str| AuthorizeRequest {
        actor: Some("ci".into()),
        scope: scope.clone(),
        action: "process.spawn".into(),
        resource: resource.into(),
        ..AuthorizeRequest::default()
    };
    let yes = client.authorize(&ask("app:sum")).unwrap();
    assert_eq!((yes.allowed, yes.decided_by.as_deref()), (true, Some("app:workers")));
    let no = client.authorize(&ask("app:loop")).unwrap();
    assert_eq!((no.allowed, no.decided_by.as_deref()), (false, Some("app:no-loops")));
    assert_eq!(no.considered.len(), 2);
    let policies = client.policies(10).unwrap().0;
    let ids: Vec<&str> = policies.iter().map(|policy| &*policy.id).collect();
    assert_eq!(ids, ["app:no-loops", "app:workers"]);
    assert_eq!(policies[0].resources, ["app:loop"]);
}

#[test]
fn over_tcp_tokens_say_who_asks() {
    let directory = std::env::temp_dir().join(format!("pcn-tcp-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let file = directory.join("tokens.json");
    let tokens = Tokens::open(&file).unwrap();
    let made = tokens.create("ci", vec!["app:workers".into(), "app:no-loops".into()]).unwrap();
    let served = Served::with(
        |config| {
            config.listen = vec!["127.0.0.1:0".parse().unwrap()];
            config.tokens = Some(file.clone());
        },
        POLICIES,
    );
    let address = served.server.as_ref().unwrap().addresses()[0].to_string();
    let client = |token: &str| {
        Client::new(Target::Tcp { address: address.clone(), token: token.to_owned() }).unwrap()
    };
    let start = |program: &str| SpawnRequest { program: program.into(), ..SpawnRequest::default() };
    let ci = client(&made.text);
    ci.ready().unwrap();
    let pid = ci.spawn(&start("app:forever"), None).unwrap().pid;
    let detail = ci.process(&pid).unwrap();
    assert_eq!(detail.actor.as_deref(), Some("ci"), "what a token starts may do no more than it");
    let denied = ci.spawn(&start("app:loop"), None).unwrap_err();
    assert_eq!((denied.exit_code(), denied.problem().unwrap().status), (5, 403));
    assert_eq!(ci.terminate(&pid).unwrap_err().exit_code(), 5);
    assert_eq!(ci.shutdown(Duration::ZERO).unwrap_err().exit_code(), 5);
    for wrong in ["nonsense", &made.text[..made.text.len() - 1]] {
        let error = client(wrong).node().unwrap_err();
        assert_eq!((error.exit_code(), error.problem().unwrap().status), (5, 401), "{wrong}");
        assert!(!error.to_string().contains(wrong), "no secret in an answer");
        client(wrong).ready().unwrap();
    }
    tokens.revoke(&made.token.id).unwrap();
    assert_eq!(ci.node().unwrap_err().problem().unwrap().status, 401);
    assert_eq!(served.client().process(&pid).unwrap().process.pid, pid);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn tcp_without_tokens_and_a_taken_socket_are_refused() {
    let served = Served::new();
    let config = |socket: Option<std::path::PathBuf>, listen: Vec<std::net::SocketAddr>| {
        procession_server::ServerConfig {
            node: std::sync::Arc::clone(&served.node),
            socket,
            listen,
            tokens: None,
            about: Default::default(),
            shutdown: Box::new(|_| {}),
            reload: None,
            limits: Default::default(),
        }
    };
    let taken = procession_server::Server::start(config(Some(served.socket.clone()), vec![]));
    assert!(taken.unwrap_err().to_string().contains("already listens"));
    let open = procession_server::Server::start(config(None, vec!["127.0.0.1:0".parse().unwrap()]));
    assert!(open.unwrap_err().to_string().contains("tokens"));
    served.client().ready().unwrap();
}
