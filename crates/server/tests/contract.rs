//! What holds for every route: it is documented, it answers as documented, and it is limited.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Served, answer, repository};
use serde_json::{Value, json};

#[test]
fn the_committed_file_is_what_the_server_says() {
    let committed = std::fs::read_to_string(repository().join("docs/openapi.json")).unwrap();
    let same = committed == procession_server::openapi_json();
    assert!(same, "docs/openapi.json is old; cargo xtask codegen writes it");
    let served = Served::new();
    let answer = served.ask("GET", "/openapi.json", &[], "");
    assert_eq!((answer.status, answer.body), (200, committed));
}

#[test]
fn what_is_documented_is_there() {
    let served = Served::new();
    let document: Value = serde_json::from_str(&procession_server::openapi_json()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut count = 0;
    for (path, item) in paths {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method) else { continue };
            count += 1;
            let path = path.replace('{', "no-such-").replace('}', "");
            if path.ends_with("/stream") {
                continue;
            }
            let answer = served.ask(&method.to_uppercase(), &path, &[], "");
            assert_ne!(answer.status, 405, "{method} {path}");
            assert!(answer.status < 500, "{method} {path}: {answer:?}");
            let is_unrouted = answer.status == 404 && answer.body.contains("there is no ");
            assert!(!is_unrouted, "{method} {path}: {answer:?}");
            let responses = operation["responses"].as_object().unwrap();
            let status = answer.status.to_string();
            let is_documented =
                responses.contains_key(&status) || responses.contains_key("default");
            assert!(is_documented, "{method} {path}: {status}");
        }
    }
    assert!(count >= 25, "{count}");
}

/// Who asks only whether a node lives may say what they like.
const PROBES: [&str; 2] = ["/livez", "/readyz"];

#[test]
fn every_route_takes_the_parameters_that_are_documented_and_no_others() {
    let served = Served::new();
    let document: Value = serde_json::from_str(&procession_server::openapi_json()).unwrap();
    let mut taken = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let asked = path.replace('{', "no-such-").replace('}', "");
        for (method, operation) in item.as_object().unwrap() {
            let method = &method.to_uppercase();
            let answer = served.ask(method, &format!("{asked}?misspelt=1"), &[], "");
            if PROBES.contains(&path.as_str()) {
                assert_ne!(answer.status, 400, "{method} {path}");
                continue;
            }
            let detail = answer.json()["detail"].to_string();
            assert_eq!(answer.status, 400, "{method} {path}: {answer:?}");
            assert!(
                detail.contains("unknown parameter \\\"misspelt\\\""),
                "{method} {path}: {detail}"
            );
            if path.ends_with("/stream") {
                continue;
            }
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for parameter in parameters.filter(|it| it["in"] == "query") {
                let name = parameter["name"].as_str().unwrap();
                let answer = served.ask(method, &format!("{asked}?{name}=%2D1"), &[], "");
                assert!(!answer.body.contains("unknown parameter"), "{method} {path}: {answer:?}");
                taken += 1;
            }
        }
    }
    assert!(taken >= 20, "{taken}");
    let answer = served.ask("GET", "/v1/node?", &[], "");
    assert_eq!(answer.status, 200, "nothing behind the question mark: {answer:?}");
    let answer = served.ask("GET", "/v1/processes?sort=pid", &[], "");
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains("there is limit, cursor, selector"), "what there is: {detail}");
}

#[test]
fn mistakes_are_problems() {
    let served = Served::with(|config| config.limits.body_bytes_max = 1000, "");
    let long = "x".repeat(2000);
    let large = format!("{{\"program\": \"{long}\"}}");
    let selector = format!("/v1/names?selector={}", "x".repeat(4097));
    let segment = format!("/v1/processes/{}", "x".repeat(600));
    for (method, path, body, status, kind) in [
        ("GET", "/", "", 404, "NotFound"),
        ("GET", "/v2/processes", "", 404, "NotFound"),
        ("PUT", "/v1/processes", "", 405, "Invalid"),
        ("DELETE", "/livez", "", 405, "Invalid"),
        ("GET", "/v1/processes/nobody", "", 404, "NotFound"),
        ("GET", "/v1/processes/%7Bapp%3Aprocesses%7C1.0.0.0%7D", "", 404, "NotFound"),
        ("GET", "/v1/processes/%ff", "", 400, "Invalid"),
        ("GET", &segment, "", 400, "Invalid"),
        ("GET", "/v1/processes?limit=0", "", 400, "Invalid"),
        ("GET", "/v1/processes?limit=1001", "", 400, "Invalid"),
        ("GET", "/v1/processes?limit=x", "", 400, "Invalid"),
        ("GET", "/v1/processes?sort=pid", "", 400, "Invalid"),
        ("GET", "/v1/processes?cursor=x", "", 400, "Invalid"),
        ("GET", "/v1/processes?selector=%3Dx", "", 400, "Invalid"),
        ("GET", "/v1/names?cursor=p1.1", "", 400, "Invalid"),
        ("GET", "/v1/names/nobody", "", 404, "NotFound"),
        ("GET", "/v1/policies/app:none", "", 404, "NotFound"),
        ("GET", "/v1/stats/stream?interval=soon", "", 400, "Invalid"),
        ("GET", "/v1/processes/nobody/wait?timeout=25h", "", 400, "Invalid"),
        ("POST", "/v1/processes", "{", 400, "Invalid"),
        ("POST", "/v1/processes", "{}", 400, "Invalid"),
        ("POST", "/v1/processes", "{\"program\": \"\"}", 400, "Invalid"),
        ("POST", "/v1/processes", "{\"program\": \"app:none\"}", 404, "NotFound"),
        ("POST", "/v1/processes", "{\"program\": \"app:sum\", \"host\": \"x\"}", 404, "NotFound"),
        ("POST", "/v1/processes", "{\"program\": \"app:sum\", \"color\": 1}", 400, "Invalid"),
        (
            "POST",
            "/v1/processes",
            "{\"program\": \"a\", \"args\": [{\"$hex\": \"1\"}]}",
            400,
            "Invalid",
        ),
        ("POST", "/v1/processes", &large, 413, "Invalid"),
        ("POST", "/v1/messages", "{\"to\": \"x\", \"topic\": \"@pid\"}", 400, "Invalid"),
        ("POST", "/v1/calls", "{\"program\": \"app:none\"}", 404, "NotFound"),
        ("POST", "/v1/calls", "{\"program\": \"app:sum\", \"timeout\": \"2h\"}", 400, "Invalid"),
        ("POST", "/v1/shutdown", "{\"grace\": \"-1s\"}", 400, "Invalid"),
        ("POST", "/v1/authorize", "{\"action\": \"a\"}", 400, "Invalid"),
        ("POST", "/v1/authorize", "{\"action\": \"a\", \"resource\": \"\"}", 400, "Invalid"),
        ("GET", "/v1/processes/nobody/history", "", 404, "NotFound"),
        ("GET", "/v1/processes/nobody/history?limit=0", "", 400, "Invalid"),
        ("GET", "/v1/processes/nobody/history?from=-1", "", 400, "Invalid"),
        ("GET", "/v1/processes/nobody/history?cursor=n1", "", 400, "Invalid"),
        ("GET", "/v1/processes/nobody/state?at=x", "", 400, "Invalid"),
        ("GET", "/v1/processes/nobody/state?timeout=2h", "", 400, "Invalid"),
        ("POST", "/v1/processes/nobody/replay", "{\"form\": 1}", 400, "Invalid"),
        ("GET", &selector, "", 400, "Invalid"),
    ] {
        let answer = served.ask(method, path, &[], body);
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["kind"]),
            (status, &json!(kind)),
            "{method} {path} {body}"
        );
        assert_eq!(problem["status"], json!(status), "{method} {path}");
        assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{problem}");
    }
}

#[test]
fn every_answer_is_labelled() {
    let served = Served::new();
    for path in ["/livez", "/v1/node", "/nothing", "/metrics"] {
        let answer = served.ask("GET", path, &[], "");
        assert!(answer.head.contains("x-content-type-options: nosniff"), "{path}: {answer:?}");
        assert!(answer.head.contains("cache-control: no-store"), "{path}: {answer:?}");
    }
}

#[test]
fn heads_are_limited() {
    let served = Served::new();
    let many: Vec<String> = (0..100).map(|number| format!("x-{number}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = format!("x-long: {}", "y".repeat(100_000));
    let address = format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(70_000));
    for (answer, status) in [
        (served.ask("GET", "/livez", &many, ""), 431),
        (served.ask("GET", "/livez", &[&long], ""), 431),
        (answer(&served.raw(address.as_bytes())), 431),
        (answer(&served.raw(b"NONSENSE\r\n\r\n")), 400),
    ] {
        let problem = answer.json();
        assert_eq!((answer.status, &problem["status"]), (status, &json!(status)), "{answer:?}");
        assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
        assert!(answer.head.contains("x-content-type-options: nosniff"), "{answer:?}");
    }
}

#[test]
fn no_token_is_in_an_answer() {
    let served = Served::new();
    let token = format!("pcn_0123abcd_{}", "9f".repeat(32));
    let body = format!("{{\"program\": \"{token}\"}}");
    for (method, path, body) in [
        ("GET", format!("/v1/processes/{token}"), ""),
        ("GET", format!("/{token}"), ""),
        ("GET", format!("/v1/logs?level={token}"), ""),
        ("POST", "/v1/calls".to_owned(), &*body),
    ] {
        let answer = served.ask(method, &path, &[], body);
        assert!(answer.status >= 400 && answer.body.contains("pcn_0123abcd_***"), "{answer:?}");
        assert!(!answer.body.contains("9f9f"), "{answer:?}");
    }
}

#[test]
fn a_program_that_fails_is_not_the_nodes_failure() {
    let served = Served::new();
    let body = "{\"program\": \"app:sum\", \"args\": [\"x\"]}";
    let answer = served.ask("POST", "/v1/calls", &[], body);
    assert_eq!((answer.status, &answer.json()["kind"]), (422, &json!("Internal")), "{answer:?}");
}

#[test]
fn too_many_requests_are_told_so() {
    let served = Served::with(|config| config.limits.waits_max = 1, "");
    let pid = served.spawn("app:forever", Some("long"));
    let path = "/v1/processes/long/wait?timeout=1h";
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            loop {
                let answer = served.ask("GET", path, &[], "");
                if answer.status != 503 {
                    break answer;
                }
            }
        });
        // The first one waits as soon as the second one is refused.
        let refused = loop {
            let answer = served.ask("GET", "/v1/processes/long/wait?timeout=1ms", &[], "");
            if answer.status == 503 {
                break answer;
            }
            assert_eq!(answer.status, 504, "{answer:?}");
        };
        assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
        served.client().terminate(&pid).unwrap();
        let first = first.join().unwrap();
        // It had its place, but may not have looked yet whether the process lives.
        if first.status != 404 {
            let exit = first.json();
            assert_eq!((&exit["reason"], &exit["pid"]), (&json!("terminated"), &json!(pid)));
        }
    });
}

#[test]
fn a_slow_head_ends_the_connection() {
    let served = Served::with(
        |config| config.limits.head_time_max = std::time::Duration::from_millis(50),
        "",
    );
    // Reads until the server closes, which it would not do by itself.
    let text = served.raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n");
    assert!(text.is_empty() || text.contains("408"), "{text}");
}
