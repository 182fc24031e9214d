//! What a node tells and does by its settings: its configuration, its collector, its secrets.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Session};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

fn application() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/application");
    path.to_str().unwrap().to_owned()
}

fn output(at: &Path, words: &[&str]) -> String {
    let ended = Session::start_in(at, &[], words).end();
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{words:?}: {ended:#?}");
    ended.stdout
}

fn down(at: &Path, up: Session) {
    output(at, &["down"]);
    let ended = up.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn the_configuration_says_where_each_value_comes_from() {
    let directory = Directory::new("configuration");
    let at = directory.path();
    std::fs::write(at.join("procession.yaml"), "grace: 3s\n").unwrap();
    let words = ["up", &application(), "--records", "kept", "--set", "tokens=secret.json"];
    let up = Session::start_in(at, &[], &words);
    assert_eq!(up.line(), "ready");
    let socket = at.join("procession/node.sock");
    let curl = format!("curl -sf --unix-socket {} http://node/v1/config", socket.display());
    let ended = Session::start_line(at, &curl).end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let config: Value = serde_json::from_str(&ended.stdout).unwrap();
    let shown = |path: &Path| json!(path.to_str().unwrap());
    for (name, value, origin) in [
        ("application", json!(application()), "argument"),
        ("grace", json!("3s"), "procession.yaml:1"),
        ("records", json!("kept"), "--records"),
        ("socket", shown(&socket), "default"),
        ("listen", json!([]), "default"),
        ("otlp", Value::Null, "default"),
        ("strict", json!(false), "listen"),
    ] {
        let expected = json!({"value": value, "origin": origin});
        assert_eq!(config[name], expected, "{name}: {config}");
    }
    assert!(config["shards"]["value"].as_u64().is_some_and(|count| count > 0), "{config}");
    down(at, up);
}

#[test]
fn run_says_where_it_listens() {
    let directory = Directory::new("listens");
    let at = directory.path();
    output(at, &["token", "create", "ci", "--policy", "app:ci"]);
    std::fs::write(
        at.join("wait.lua"),
        "return {main = function() process.events():receive() end}",
    )
    .unwrap();
    let line = "procession run wait.lua --serve --socket n.sock --listen 127.0.0.1:0";
    let run = Session::start_line(at, line);
    let told = run.line();
    let socket = at.join("n.sock").canonicalize().unwrap();
    let start = format!("procession: wait.lua: it listens on {} and http://", socket.display());
    let address = told.strip_prefix(&start).unwrap_or_else(|| panic!("{told}"));
    TcpStream::connect(address).unwrap();
    output(at, &["down", "--node", "./n.sock"]);
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn a_collector_gets_what_happens() {
    let directory = Directory::new("collector");
    let at = directory.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("otlp=http://{}", listener.local_addr().unwrap());
    let collector = std::thread::spawn(move || {
        let mut asked = Vec::new();
        // The last export comes with the end of the node: metrics, then records of both streams.
        while !(asked.contains(&"metrics") && asked.contains(&"logs")) {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 0 {
                let mut length = 0;
                asked.push(if line.contains("/v1/metrics") { "metrics" } else { "logs" });
                loop {
                    line.clear();
                    reader.read_line(&mut line).unwrap();
                    let lower = line.to_ascii_lowercase();
                    if let Some(value) = lower.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line == "\r\n" {
                        break;
                    }
                }
                let mut body = vec![0; length];
                std::io::Read::read_exact(&mut reader, &mut body).unwrap();
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                reader.get_mut().write_all(answer).unwrap();
                line.clear();
            }
        }
    });
    let up = Session::start_in(at, &[], &["up", &application(), "--set", &endpoint]);
    assert_eq!(up.line(), "ready");
    down(at, up);
    collector.join().unwrap();
    for (value, part) in [("here", "write http://"), ("http://me:pw@host:1", "don't belong there")]
    {
        let setting = format!("otlp={value}");
        let ended = Session::start_in(at, &[], &["up", &application(), "--set", &setting]).end();
        assert!(ended.code == Some(9) && ended.stderr.contains(part), "{ended:#?}");
    }
}

#[test]
fn no_token_is_in_what_a_program_prints() {
    let directory = Directory::new("masked");
    let at = directory.path();
    let token = output(at, &["token", "create", "tester"]);
    let token = token.trim();
    let up = Session::start_in(at, &[], &["up", &application()]);
    assert_eq!(up.line(), "ready");
    output(at, &["send", "app:greetings", "greet", token]);
    let id = token.split('_').nth(1).unwrap();
    let masked = format!("Hello pcn_{id}_{}", "*".repeat(64));
    assert_eq!(up.line(), masked);
    let logs = output(at, &["logs", "--grep", "Hello"]);
    assert!(logs.trim_end().ends_with(&masked), "{logs}");
    down(at, up);
}
