//! Processes, names, messages and calls over the wire.
#![allow(clippy::unwrap_used)]

mod common;

use common::Served;
use procession_api::*;
use procession_types::ErrorKind;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

fn start(program: &str) -> SpawnRequest {
    SpawnRequest { program: program.to_owned(), ..SpawnRequest::default() }
}

#[test]
fn a_process_from_birth_to_end() {
    let served = Served::new();
    let client = served.client();
    let request = SpawnRequest { name: Some("one".into()), ..start("app:wait") };
    let first = client.spawn(&request, None).unwrap();
    let second = client.spawn(&request, None).unwrap();
    assert_eq!((first.created, second.created, &second.pid), (true, false, &first.pid));

    let detail = client.process("one").unwrap();
    let process = &detail.process;
    assert_eq!(
        (&process.pid, &*process.program, &*process.host),
        (&first.pid, "app:wait", "app:processes")
    );
    assert_eq!(process.names, ["one"]);
    assert!(process.memory_bytes > 0 && process.started.starts_with("20"), "{process:?}");
    assert_eq!(detail.limits["mailbox_messages"], 10_000);
    for other in [&*process.id, &process.pid, &process.id[..process.id.len() - 1]] {
        assert_eq!(client.process(other).unwrap().process.pid, first.pid, "{other}");
    }
    assert_eq!(
        client.names(10).unwrap().0,
        [NameView { name: "one".into(), pid: first.pid.clone() }]
    );

    std::thread::scope(|scope| {
        let ended = scope.spawn(|| served.client().wait("one", LONG));
        let message = MessageRequest {
            to: "one".into(),
            topic: "t".into(),
            payload: vec![json!({"n": [1, "x"]})],
        };
        // Whoever waits has begun to, or finds the process gone.
        client.send_message(&message, None).unwrap();
        match ended.join().unwrap() {
            Ok(exit) => {
                assert_eq!((&*exit.reason, exit.result), ("normal", json!({"n": [1, "x"]})))
            }
            Err(error) => assert_eq!(error.exit_code(), 4, "{error}"),
        }
    });
}

#[test]
fn ends_are_told_as_they_are() {
    let served = Served::new();
    let client = served.client();
    for (program, act, reason) in
        [("app:forever", "kill", "terminated"), ("app:forever", "cancel", "deadline")]
    {
        let pid = served.spawn(program, None);
        std::thread::scope(|scope| {
            let ended = scope.spawn(|| served.client().wait(&pid, LONG));
            // Whoever started it waits, too; so the end comes after the wait has begun.
            while served.node.watchers(served.node.parse_pid(&pid).unwrap()) < 2 {
                std::thread::yield_now();
            }
            match act {
                "kill" => client.terminate(&pid).unwrap(),
                _ => {
                    let request = CancelRequest { deadline: Some("1ms".into()), reason: None };
                    client.cancel(&pid, &request).unwrap();
                }
            }
            let exit = ended.join().unwrap().unwrap();
            assert_eq!(exit.reason, reason, "{exit:?}");
            assert!(exit.error.is_some());
        });
        assert_eq!(client.process(&pid).unwrap_err().exit_code(), 4);
        assert_eq!(client.terminate(&pid).unwrap_err().exit_code(), 4);
    }
}

#[test]
fn lists_come_in_pages_and_can_be_selected() {
    let served = Served::new();
    let client = served.client();
    let pids: HashSet<String> = (0..25).map(|_| served.spawn("app:forever", None)).collect();
    let named: Vec<String> =
        (0..3).map(|number| served.spawn("app:wait", Some(&format!("n{number}")))).collect();
    let mut query = ListQuery { limit: Some(7), ..ListQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = client.process_page(&query).unwrap();
        assert!(page.items.len() <= 7);
        seen.extend(page.items.into_iter().map(|item| item.pid));
        let Some(next) = page.next else { break };
        query.cursor = Some(next);
    }
    let all: HashSet<String> = seen.iter().cloned().collect();
    assert_eq!((all.len(), seen.len()), (28, 28));
    assert!(pids.is_subset(&all));
    for (selector, count) in [
        ("program=app:wait", 3),
        ("program!=app:wait", 25),
        ("name", 3),
        ("name=n1,state=waiting", 1),
        ("host=app:processes", 28),
    ] {
        let selected = client.processes(Some(selector), 1000).unwrap().0;
        assert_eq!(selected.len(), count, "{selector}");
        // The same in pages of two, which begin behind what does not match, too.
        let mut query =
            ListQuery { limit: Some(2), selector: Some(selector.to_owned()), cursor: None };
        let mut paged = Vec::new();
        loop {
            let page = client.process_page(&query).unwrap();
            paged.extend(page.items);
            let Some(next) = page.next else { break };
            query.cursor = Some(next);
        }
        assert_eq!(paged.len(), count, "{selector} in pages");
    }
    let unknown = client.processes(Some("tier"), 5).unwrap_err();
    assert!(unknown.to_string().contains("nothing here has \"tier\""), "{unknown}");
    assert_eq!(client.processes(None, 5).unwrap(), (client.processes(None, 5).unwrap().0, true));
    let names: Vec<String> = client.names(2).unwrap().0.into_iter().map(|name| name.name).collect();
    assert_eq!((names, named.len()), (vec!["n0".to_owned(), "n1".to_owned()], 3));
}

#[test]
fn what_begins_alike_has_to_be_told_apart() {
    let served = Served::new();
    let client = served.client();
    let first = served.spawn("app:forever", Some("worker-1"));
    served.spawn("app:forever", Some("worker-2"));
    let problem = client.process("worker").unwrap_err();
    assert_eq!(problem.exit_code(), 2);
    assert!(problem.to_string().contains("worker-1, worker-2"), "{problem}");
    assert_eq!(client.process("worker-1").unwrap().process.pid, first);
    let epoch = &client.process("worker-1").unwrap().process.id[..4];
    assert_eq!(client.process(epoch).unwrap_err().exit_code(), 2);
}

#[test]
fn mailboxes_can_be_looked_into() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:deaf", None);
    for number in 0..5 {
        let message = MessageRequest {
            to: pid.clone(),
            topic: format!("t{number}"),
            payload: vec![json!(number), json!("x")],
        };
        client.send_message(&message, None).unwrap();
    }
    let peeked = client.peek(&pid, &PeekQuery { limit: Some(2) }).unwrap();
    assert_eq!((peeked.count, peeked.items.len()), (5, 2));
    assert_eq!(
        (&*peeked.items[0].topic, &peeked.items[1].payload[..]),
        ("t0", &[json!(1), json!("x")][..])
    );
    assert_eq!(client.peek(&pid, &PeekQuery::default()).unwrap().items.len(), 5);
    let large = MessageRequest {
        to: pid.clone(),
        topic: "big".into(),
        payload: vec![json!("y".repeat(2 << 20))],
    };
    client.send_message(&large, None).unwrap();
    let last = client.peek(&pid, &PeekQuery::default()).unwrap().items.pop().unwrap();
    assert!(last.cut && last.payload.is_empty() && last.bytes > 2 << 20, "{}", last.bytes);
}

#[test]
fn a_full_mailbox_says_so() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:deaf", None);
    let message =
        MessageRequest { to: pid, topic: "big".into(), payload: vec![json!("y".repeat(10 << 20))] };
    let problem = loop {
        if let Err(error) = client.send_message(&message, None) {
            break error.problem().unwrap().clone();
        }
    };
    assert_eq!(
        (problem.status, problem.error_kind(), problem.exit_code()),
        (429, ErrorKind::RateLimited, 10)
    );
}

#[test]
fn calls_give_results_and_errors() {
    let served = Served::new();
    let client = served.client();
    let call = |program: &str, args, most| {
        let request = CallRequest { program: program.to_owned(), args, ..CallRequest::default() };
        client.call(&request, most)
    };
    let called = call("app:sum", vec![json!(1), json!(2.5)], LONG).unwrap();
    assert_eq!((called.result, called.cut), (json!({"sum": 3.5}), false));
    let failed = call("app:fail", vec![], LONG).unwrap_err();
    let problem = failed.problem().unwrap();
    assert!(problem.detail.contains("boom"), "{problem:?}");
    assert!(problem.traceback.as_deref().is_some_and(|text| text.contains("fail.lua:1")));
    let slow = call("app:loop", vec![], Duration::from_millis(20)).unwrap_err();
    assert_eq!(slow.exit_code(), 8);
    // The process of the call that took too long does not run on.
    while served.node.stats().processes > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_caller_who_goes_away_ends_the_call() {
    use std::io::Write as _;
    let served = Served::new();
    let mut stream = std::os::unix::net::UnixStream::connect(&served.socket).unwrap();
    let body = "{\"program\": \"app:loop\"}";
    let request = format!(
        "POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    while served.node.stats().processes == 0 {
        std::thread::yield_now();
    }
    drop(stream);
    while served.node.stats().processes > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn paused_processes_stand_still() {
    let served = Served::new();
    let client = served.client();
    let pid = served.spawn("app:loop", None);
    client.pause(&pid).unwrap();
    while client.process(&pid).unwrap().process.state != "paused" {
        std::thread::yield_now();
    }
    client.resume(&pid).unwrap();
    assert_ne!(client.process(&pid).unwrap().process.state, "paused");
    client.terminate(&pid).unwrap();
}

#[test]
fn the_same_key_does_the_same_once() {
    let served = Served::new();
    let client = served.client();
    let first = client.spawn(&start("app:forever"), Some("key-1")).unwrap();
    let again = client.spawn(&start("app:forever"), Some("key-1")).unwrap();
    assert_eq!(first, again);
    let other = client.spawn(&start("app:forever"), Some("key-2")).unwrap();
    assert_ne!(first.pid, other.pid);
    assert_eq!(served.node.stats().processes, 2);
    let conflict = client.spawn(&start("app:wait"), Some("key-1")).unwrap_err();
    assert_eq!((conflict.exit_code(), conflict.problem().unwrap().status), (6, 409));
    let body = "{\"program\":\"app:forever\"}";
    let replayed = served.ask("POST", "/v1/processes", &["Idempotency-Key: key-1"], body);
    assert_eq!(replayed.status, 201);
    assert!(replayed.head.contains("idempotency-replayed: true"), "{replayed:?}");
    assert!(replayed.head.contains("location: /v1/processes/"), "{replayed:?}");
    // A failure is the answer, too.
    let none = "{\"program\":\"app:none\"}";
    assert_eq!(served.ask("POST", "/v1/processes", &["Idempotency-Key: key-3"], none).status, 404);
    let again = served.ask("POST", "/v1/processes", &["Idempotency-Key: key-3"], none);
    assert!(again.status == 404 && again.head.contains("idempotency-replayed"), "{again:?}");
    let bad = format!("Idempotency-Key: {}", "x".repeat(300));
    assert_eq!(served.ask("POST", "/v1/processes", &[&bad], body).status, 400);
}
