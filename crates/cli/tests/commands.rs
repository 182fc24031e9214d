//! Sessions with a node: the commands that ask one, against `procession run --serve`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Ended, Session};
use std::path::Path;

/// A node that runs `tests/served`, with a socket of its own.
struct Node {
    directory: Directory,
    session: Option<Session>,
}

impl Node {
    fn start(name: &str) -> Self {
        let directory = Directory::new(name);
        let served = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/served/main.lua");
        let socket = directory.path().join("node.sock");
        let words =
            ["run", served.to_str().unwrap(), "--serve", "--socket", socket.to_str().unwrap()];
        let session = Session::start_in(directory.path(), &[], &words);
        assert_eq!(session.line(), "ready");
        Self { directory, session: Some(session) }
    }

    fn begin(&self, words: &[&str]) -> Session {
        let socket = self.directory.path().join("node.sock");
        let variables = [("PROCESSION_SOCKET", socket.to_str().unwrap())];
        Session::start_in(self.directory.path(), &variables, words)
    }

    fn command(&self, words: &[&str]) -> Ended {
        self.begin(words).end()
    }

    /// The output of a command that succeeds and complains of nothing.
    fn output(&self, words: &[&str]) -> String {
        let ended = self.command(words);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{words:?}: {ended:#?}");
        ended.stdout
    }

    /// A command that fails like this.
    fn fails(&self, words: &[&str], code: i32, parts: &[&str]) {
        let ended = self.command(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:#?}");
        assert!(ended.stderr.starts_with("procession: error: "), "{words:?}: {ended:#?}");
        for part in parts {
            assert!(ended.stderr.contains(part), "{words:?} without {part:?}: {ended:#?}");
        }
    }

    fn line(&self) -> String {
        self.session.as_ref().unwrap().line()
    }
}

#[test]
fn a_process_from_spawn_to_kill() {
    let node = Node::start("from_spawn_to_kill");
    let pid = node.output(&["spawn", "app:echo", "--name", "e", "--json", "1", "[\"x\"]"]);
    assert!(pid.starts_with("{app:processes|"), "{pid}");
    assert!(node.line().starts_with("echo\t1\ttable"));
    let again = node.output(&["spawn", "app:echo", "--name", "e"]);
    assert!(again.contains("it held the name already"), "{again}");

    let table = node.output(&["ps"]);
    let titles = table.lines().next().unwrap();
    assert!(
        titles.starts_with("ID ") && titles.contains("NAME") && !titles.contains("PARENT"),
        "{table}"
    );
    let row = table.lines().find(|line| line.contains(" e ")).unwrap();
    assert!(row.contains("app:echo") && row.contains("waiting"), "{table}");
    assert!(node.output(&["ps", "-o", "wide"]).contains("{app:processes|"));
    assert_eq!(node.output(&["ps", "-o", "name", "-l", "program=app:echo"]), "e\n");
    assert!(node.output(&["ps", "-o", "json"]).starts_with("[\n"));
    assert!(node.output(&["ps", "-o", "yaml"]).contains("program: \"app:echo\"\n"));
    assert_eq!(node.output(&["ps", "-o", "jsonl"]).lines().count(), 2);

    node.output(&["send", "e", "greeting", "hello"]);
    assert_eq!(node.line(), "greeting\thello");
    let inspected = node.output(&["inspect", "e"]);
    assert!(
        inspected.contains("Program       app:echo\n") && inspected.contains("echo.lua:5"),
        "{inspected}"
    );
    node.output(&["pause", "e"]);
    node.output(&["send", "e", "later", "--json", "{\"n\": 7}"]);
    let inspected = node.output(&["inspect", "e", "--messages"]);
    assert!(inspected.contains("paused") && inspected.contains("later: {\"n\":7}"), "{inspected}");
    node.output(&["resume", "-l", "name=e"]);
    assert!(node.line().starts_with("later\ttable"));

    node.output(&["kill", "e"]);
    node.fails(
        &["inspect", "e"],
        4,
        &["failed to inspect e: process \"e\" not found", "hint: procession ps"],
    );
    node.fails(&["kill", "-l", "name=e"], 4, &["no process matches name=e"]);
}

#[test]
fn who_asks_is_told_how_it_ended() {
    let node = Node::start("how_it_ended");
    let pid = node.output(&["spawn", "app:fail"]).trim().to_owned();
    node.fails(&["wait", &pid, "--timeout", "10ms"], 8, &["has not ended"]);
    let waiting = node.begin(&["wait", &pid]);
    // It goes on at once, perhaps before somebody waits.
    while node.command(&["send", &pid, "go"]).code == Some(0) {}
    let ended = waiting.end();
    // Whoever came too late finds nobody.
    assert!(matches!(ended.code, Some(1 | 4)), "{ended:#?}");
    if ended.code == Some(1) {
        assert!(ended.stderr.contains("boom") && ended.stdout == "error\n", "{ended:#?}");
    }
    assert_eq!(node.output(&["call", "app:sum", "--json", "1", "2", "39"]), "42\n");
    assert_eq!(node.output(&["call", "app:sum", "-o", "json"]), "0\n");
    node.fails(
        &["call", "app:sum", "x"],
        1,
        &["attempt to add a 'number' with a 'string'", "sum.lua:3", "traceback"],
    );
    node.fails(&["call", "app:echo", "--timeout", "50ms"], 8, &["took longer"]);
    node.fails(&["call", "app:none"], 4, &["program \"app:none\" not found", "hint: "]);
    node.fails(&["call", "app:sum", "--json", "x"], 2, &["\"x\" is no JSON"]);
}

#[test]
fn the_node_is_looked_at_and_stopped() {
    let mut node = Node::start("looked_at_and_stopped");
    let status = node.output(&["status"]);
    assert!(status.contains("Processes     1\n") && status.contains("main.lua"), "{status}");
    node.output(&["spawn", "app:parent", "--name", "p"]);
    assert_eq!(node.line(), "echo\tchild");
    let tree = node.output(&["tree"]);
    assert!(tree.contains("p app:parent waiting\n└─ "), "{tree}");
    let top = node.output(&["top", "--once", "--sort", "memory"]);
    assert!(top.contains(" processes ") && top.contains("app:parent"), "{top}");
    let doctor = node.output(&["doctor"]);
    assert!(doctor.contains("shards") && !doctor.contains("wrong"), "{doctor}");
    node.fails(&["can", "ci", "process.send", "x"], 5, &["ci may not do process.send on x"]);
    assert_eq!(node.output(&["policy", "list"]), "ID  EFFECT  ACTIONS  RESOURCES\n");
    node.fails(&["policy", "show", "app:none"], 4, &["not found"]);
    let offered = node.output(&["__complete", "--", "inspect", ""]);
    assert!(offered.starts_with("main\n") || offered.contains("\nmain\n"), "{offered}");
    assert!(node.output(&["__complete", "--", "spawn", "app:s"]).contains("app:sum\n"));

    // A second node on the same socket.
    let served = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/served/main.lua");
    node.fails(&["run", served.to_str().unwrap(), "--serve"], 6, &["already listens", "hint: "]);

    node.output(&["stop", "p", "--deadline", "10ms"]);
    node.output(&["down"]);
    let ended = node.session.take().unwrap().end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    node.fails(&["status"], 3, &["no node runs on"]);
    node.fails(&["down"], 3, &["no node runs on"]);
    node.fails(&["ps"], 7, &["no node answers on", "hint: start one with"]);
}

#[test]
fn exit_codes_of_commands_that_ask_nobody() {
    let directory = Directory::new("ask_nobody");
    let at = directory.path();
    std::fs::create_dir_all(at.join("broken")).unwrap();
    std::fs::write(at.join("broken/_index.yaml"), "version: '1.0'\nnamespace: app\nentres: []\n")
        .unwrap();
    let home = at.to_str().unwrap();
    let variables = [("HOME", home), ("XDG_CONFIG_HOME", home), ("PROCESSION_GRACE", "soon")];
    for (words, code, text) in [
        (&["init", "new"][..], 0, "start it with procession up new"),
        (&["init", "new"], 6, "is there already"),
        (&["check", "new"], 0, "1 program, 1 service"),
        (&["check", "broken"], 9, "broken/_index.yaml:3"),
        (&["check", "nowhere"], 4, "failed to read nowhere"),
        (&["check", "new/_index.yaml"], 2, "is no directory"),
        (&["frobnicate"], 2, "unrecognized subcommand"),
        (&["ps", "--set", "colour=red"], 9, "there is no setting \"colour\""),
        (&["ps", "--set", "output=red"], 9, "--set: output \"red\""),
        (&["ps", "--node", "ftp://x"], 2, "is no node"),
        (&["ps", "--node", "http://127.0.0.1:1"], 2, "needs a token"),
        (&["ps", "--node", "./none.sock"], 7, "no node answers on ./none.sock"),
        (&["kill"], 2, "required"),
        (&["kill", "a", "-l", "b"], 2, "cannot be used with"),
        (&["run", "x.lua", "--socket", "s"], 2, "add --serve"),
        (&["down", "--node", "./none.sock"], 9, "PROCESSION_GRACE: grace \"soon\""),
        (&["token", "create", "ci", "--policy", "app:ci"], 0, "pcn_"),
        (&["token", "list"], 0, "app:ci"),
        (&["token", "revoke", "none"], 4, "token \"none\" not found"),
        (&["config", "schema"], 0, "\"$schema\""),
        (&["completion", "bash"], 0, "complete -F _procession procession"),
        (&["completion", "man"], 0, ".TH PROCESSION 1"),
        (&["version"], 0, "procession "),
        (&["version", "-o", "json"], 0, "{\n  \"version\": \""),
        (&["version", "-o", "jsonl"], 0, "{\"version\":\""),
        (&["version", "-o", "yaml"], 0, "version: "),
        (&["version", "-o", "name"], 0, env!("CARGO_PKG_VERSION")),
        (&["version", "--set", "output=json"], 0, "{\n  \"version\": \""),
        (&["version", "--set", "output=red"], 9, "--set: output \"red\""),
        (&["check", "new", "--set", "output=jsonl"], 0, "{\"directory\":\"new\","),
    ] {
        let ended = Session::start_in(at, &variables, words).end();
        let shown = format!("{words:?}: {ended:#?}");
        assert_eq!(ended.code, Some(code), "{shown}");
        let output = if code == 0 { &ended.stdout } else { &ended.stderr };
        assert!(output.contains(text), "without {text:?}: {shown}");
    }
}

#[test]
fn settings_come_from_the_strongest_place() {
    let directory = Directory::new("settings");
    let at = directory.path();
    std::fs::create_dir_all(at.join("procession")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(at.join(name), text).unwrap();
    write("procession/config.yaml", "grace: 1s\nsocket: /user\nlisten: 127.0.0.1:1\n");
    write("procession.yaml", "grace: 2s # of the project\nsocket: /project\n");
    write("named.yaml", "grace: 3s\n");
    let home = at.to_str().unwrap();
    let variables = [("XDG_CONFIG_HOME", home), ("PROCESSION_TOKENS", "/tokens")];
    let words = [
        "config",
        "show",
        "--origin",
        "--config",
        "named.yaml",
        "--set",
        "node=/set",
        "-o",
        "jsonl",
    ];
    let ended = Session::start_in(at, &variables, &words).end();
    for (name, value, origin) in [
        ("node", "/set", "--set"),
        ("socket", "/project", "procession.yaml:2"),
        ("listen", "127.0.0.1:1", "procession/config.yaml:3"),
        ("tokens", "/tokens", "PROCESSION_TOKENS"),
        ("output", "table", "default"),
        ("grace", "3s", "named.yaml:1"),
    ] {
        let line = ended.stdout.lines().find(|line| line.contains(&format!("\"name\":\"{name}\"")));
        let line = line.unwrap_or_else(|| panic!("{name}: {ended:#?}"));
        assert!(line.contains(&format!("\"value\":\"{value}\"")), "{line}");
        assert!(line.contains(&format!("{origin}\"")), "{line}");
    }
}
