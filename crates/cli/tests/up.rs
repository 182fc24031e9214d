//! Sessions with an application: `procession up`, and the commands for services, pools and records.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Ended, Session};
use std::path::Path;

/// An application that runs, with a socket of its own.
struct Application {
    directory: Directory,
    session: Option<Session>,
}

impl Application {
    fn start(name: &str) -> Self {
        let directory = Directory::new(name);
        let application = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/application");
        let words = ["up", application.to_str().unwrap()];
        let session = Session::start_in(directory.path(), &[], &words);
        assert_eq!(session.line(), "ready");
        Self { directory, session: Some(session) }
    }

    fn command(&self, words: &[&str]) -> Ended {
        Session::start_in(self.directory.path(), &[], words).end()
    }

    fn output(&self, words: &[&str]) -> String {
        let ended = self.command(words);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{words:?}: {ended:#?}");
        ended.stdout
    }

    fn fails(&self, words: &[&str], code: i32, part: &str) {
        let ended = self.command(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:#?}");
        assert!(ended.stderr.contains(part), "{words:?} without {part:?}: {ended:#?}");
    }

    fn line(&self) -> String {
        self.session.as_ref().unwrap().line()
    }

    /// The state of a service, as `status` tells it.
    fn state(&self, id: &str) -> String {
        let status = self.output(&["status"]);
        let line = status.lines().find(|line| line.starts_with(&format!("{id} ")));
        let line = line.unwrap_or_else(|| panic!("{id}: {status}"));
        line.split_whitespace().nth(2).unwrap().to_owned()
    }
}

#[test]
fn services_are_steered_and_come_back() {
    let mut up = Application::start("steered");
    up.output(&["send", "app:greetings", "greet", "World"]);
    assert_eq!(up.line(), "Hello World");
    assert_eq!(up.state("app:greetings"), "running");

    up.output(&["restart", "greetings"]);
    assert_eq!(up.line(), "ready");
    up.output(&["stop", "app:greetings"]);
    assert_eq!(up.state("app:greetings"), "stopped");
    up.fails(&["send", "app:greetings", "greet", "x"], 4, "not found; the service is stopped");
    // Whichever its processes were.
    assert_eq!(up.output(&["logs", "app:greetings", "--grep", "ready"]).lines().count(), 2);
    up.fails(&["scale", "app:greetings", "1"], 2, "app:greetings is a service and no pool");
    up.output(&["start", "app:greetings"]);
    assert_eq!(up.line(), "ready");
    up.output(&["send", "app:greetings", "fail"]);
    // It is started again.
    assert_eq!(up.line(), "ready");
    let status = up.output(&["status", "-o", "json"]);
    assert!(status.contains("\"application\"") && status.contains("as asked"), "{status}");
    up.fails(&["restart", "none"], 4, "service \"none\" not found");

    up.output(&["upgrade", "app:greetings", "app:loud", "--", "HELLO"]);
    up.output(&["send", "app:greetings", "greet", "World"]);
    assert_eq!(up.line(), "HELLO World");
    up.fails(&["upgrade", "app:greetings", "app:none"], 4, "not found");

    // Who stands still hears nothing, and nobody waits for that.
    up.output(&["pause", "app:greetings"]);
    up.output(&["stop", "app:greetings", "--no-wait"]);
    assert_eq!(up.state("app:greetings"), "stopping");

    up.output(&["down"]);
    let ended = up.session.take().unwrap().end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stderr.contains("3 programs, 1 service, 1 pool"), "{ended:#?}");
}

#[test]
fn pools_are_scaled() {
    let up = Application::start("scaled");
    let scaled = up.output(&["scale", "app:workers", "3", "--max", "4"]);
    assert!(scaled.contains("app:workers: ") && scaled.contains("2 to 4, set to 3"), "{scaled}");
    assert!(up.output(&["scale", "app:workers", "auto"]).contains("as the load wants"));
    up.fails(&["scale", "app:workers", "--min", "9"], 2, "");
    up.fails(&["scale", "app:workers"], 2, "a size is required");
    up.fails(&["scale", "app:none", "1"], 4, "not found");
    up.output(&["send", "app:workers", "work", "it"]);
    assert_eq!(up.line(), "worked on it");
    assert!(up.output(&["__complete", "--", "scale", ""]).contains("app:workers\n"));
}

#[test]
fn beginnings_mean_services_and_misspelt_keys_nothing() {
    let up = Application::start("beginnings");
    up.output(&["stop", "app:gr"]);
    assert_eq!(up.state("app:greetings"), "stopped", "it is not only ended, and started again");
    up.output(&["start", "gree"]);
    assert_eq!(up.line(), "ready");
    up.fails(&["start", "app:"], 2, "may be app:greetings, app:workers");
    let keys = "nothing here has \"programme\" to select by, but program, host, state, name";
    up.fails(&["kill", "-l", "programme!=app:worker"], 2, keys);
    up.fails(&["ps", "--limit", "0"], 2, "invalid value '0'");
    let top = up.output(&["top", "-o", "json"]);
    assert!(top.contains("\"pools\"") && top.contains("\"app:greeter\""), "{top}");
    assert!(up.output(&["top", "-o", "name"]).contains("app:greetings\n"));
    assert!(up.output(&["version", "-o", "yaml"]).starts_with("version: "));
    let shown = up.output(&["config", "show", "--origin"]);
    let socket = up.directory.path().join("procession/node.sock");
    let line = format!("socket  {}", socket.display());
    assert!(shown.lines().any(|it| it.starts_with(&line) && it.ends_with("default")), "{shown}");
}

#[test]
fn what_is_drained_takes_no_work_until_that_is_undone() {
    let up = Application::start("drained");
    assert_eq!(up.output(&["drain", "workers"]), "app:workers drained; stopped: app:workers\n");
    assert_eq!(up.state("app:workers"), "stopped");
    assert!(up.output(&["drain"]).contains("app:workers  pool  drained  0"));
    let undone = up.output(&["drain", "-l", "kind=pool", "--undo"]);
    assert_eq!(undone, "app:workers takes work again; started: app:workers\n");
    assert_eq!(up.state("app:workers"), "running");

    let drained = up.output(&["drain", "node", "-o", "json"]);
    assert!(
        drained.contains("\"state\": \"drained\"") && drained.contains("app:greetings"),
        "{drained}"
    );
    assert!(up.output(&["status"]).contains("Drain         drained\n"));
    up.fails(&["spawn", "app:greeter"], 7, "the node is drained and starts nothing new");
    up.fails(&["start", "greetings"], 6, "procession drain node --undo lets it start again");
    up.fails(&["reload"], 7, "the node is drained and takes no new work");
    up.output(&["drain", "node", "--undo"]);
    assert_eq!(up.line(), "ready");
    up.fails(&["drain", "none"], 4, "no process host, service, supervisor or pool \"none\"");
    up.fails(&["drain", "processes"], 2, "may be app:processes, system:processes");
    up.fails(&["drain", "node", "--undo"], 4, "node is not drained");

    up.output(&["spawn", "app:worker", "--name", "alone"]);
    up.fails(&["drain", "app:processes", "--deadline", "0s"], 8, "1 did not finish in time");
    up.fails(&["spawn", "app:worker"], 7, "process host \"app:processes\" is drained");
}

#[test]
fn whatever_takes_a_name_takes_a_selector() {
    let up = Application::start("selected");
    up.output(&["restart", "-l", "kind=service"]);
    assert_eq!(up.line(), "ready");
    up.output(&["start", "-l", "kind!=supervisor"]);
    up.output(&["send", "-l", "program=app:greeter", "greet", "you"]);
    assert_eq!(up.line(), "Hello you");
    let scaled = up.output(&["scale", "-l", "state=running", "3"]);
    assert!(scaled.contains("app:workers: ") && scaled.contains("set to 3"), "{scaled}");
    up.output(&["scale", "workers", "auto"]);
    let inspected = up.output(&["inspect", "-l", "host=app:processes"]);
    assert!(inspected.contains("app:greeter") && inspected.contains("app:worker"), "{inspected}");
    up.output(&["upgrade", "-l", "name=app:greetings", "app:loud", "--", "HELLO"]);
    up.output(&["send", "app:greetings", "greet", "you"]);
    assert_eq!(up.line(), "HELLO you");
    up.fails(&["wait", "-l", "name=app:greetings", "--timeout", "10ms"], 8, "has not ended");

    // The labels of a service, supervisor or pool are those of its processes.
    let programs = |selector: &str| {
        let shown = up.output(&["ps", "-l", selector, "-o", "jsonl"]);
        let programs = shown.lines().map(|line| {
            let (_, rest) = line.split_once("\"program\":\"").unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        });
        let mut programs: Vec<String> = programs.collect();
        programs.sort();
        // How many members there are is the pool's affair.
        programs.dedup();
        programs
    };
    assert_eq!(programs("tier=back"), ["app:worker", "app:workers"]);
    assert_eq!(programs("tier=back,program=app:worker"), ["app:worker"]);
    assert_eq!(programs("tier=front"), [""; 0]);
    assert_eq!(programs("service=app:greetings"), ["app:loud"]);
    assert_eq!(programs("tier!=back,service!=system:root"), ["app:loud"]);
    let keys = "but program, host, state, name, parent, pid, id, service, tier";
    up.fails(&["ps", "-l", "tire=back"], 2, keys);
    for verb in ["restart", "start"] {
        up.fails(&[verb, "-l", "kind=none"], 4, "no service matches kind=none");
        up.fails(&[verb, "app:greetings", "-l", "kind=service"], 2, "cannot be used with");
        up.fails(&[verb], 2, "required");
    }
    for (words, part) in [
        (&["scale", "-l", "kind=pool", "app:workers", "3"][..], "at once"),
        (&["scale", "-l", "kind=pool", "many"], "write a number, or auto"),
        (&["scale", "-l", "kind=pool"], "required"),
        (&["scale"], "which pool"),
        (&["send", "-l", "name=x"], "the topic is missing"),
        (&["send"], "which process"),
        (&["upgrade", "-l", "name=x", "app:greetings", "app:loud"], "at once"),
    ] {
        up.fails(words, 2, part);
    }
    up.fails(&["scale", "-l", "kind=service", "1"], 4, "no service matches");
}

#[test]
fn what_happened_can_be_read_and_followed() {
    let up = Application::start("records");
    let follower = Session::start_in(
        up.directory.path(),
        &[],
        &["logs", "-f", "--tail", "10", "--grep", "Hello"],
    );
    for name in ["one", "two"] {
        up.output(&["send", "app:greetings", "greet", name]);
        assert_eq!(up.line(), format!("Hello {name}"));
        let line = follower.line();
        assert!(line.contains("print") && line.ends_with(&format!("Hello {name}")), "{line}");
    }
    let logs = up.output(&["logs", "--grep", "Hello t", "-o", "jsonl"]);
    assert_eq!(logs.lines().count(), 1, "{logs}");
    assert!(logs.contains("\"message\":\"Hello two\""), "{logs}");
    assert_eq!(up.output(&["logs", "app:greetings", "--level", "warn"]), "");
    up.output(&["send", "app:greetings", "fail"]);
    assert_eq!(up.line(), "ready");
    let events = up.output(&["events", "--kind", "process.exited", "-o", "json"]);
    assert!(events.contains("process.exited"), "{events}");
    up.fails(&["events", "--kind", "nonsense"], 2, "there is no kind of event");
    up.fails(&["logs", "--grep", "("], 2, "no regular expression");
    up.fails(&["logs", "--since", "yesterday"], 2, "is no time");
    up.session.as_ref().unwrap().signal("INT");
    // The stream ends with the node.
    let ended = follower.end();
    assert!(matches!(ended.code, Some(0 | 7)), "{ended:#?}");
    let mut up = up;
    let ended = up.session.take().unwrap().end();
    assert_eq!(ended.code, Some(130), "{ended:#?}");
}

#[test]
fn what_init_makes_runs() {
    let directory = Directory::new("init_runs");
    let at = directory.path();
    let made = Session::start_in(at, &[], &["init", "new"]).end();
    assert_eq!(made.code, Some(0), "{made:#?}");
    let up = Session::start_in(at, &[], &["up", "new", "--socket", "s"]);
    assert_eq!(up.line(), "ready");
    let node = [("PROCESSION_SOCKET", "s")];
    let sent = Session::start_in(at, &node, &["send", "app:greetings", "hello", "World"]).end();
    assert_eq!(sent.code, Some(0), "{sent:#?}");
    assert_eq!(up.line(), "Hello World!");
    up.signal("TERM");
    assert_eq!(up.end().code, Some(143));
}

#[test]
fn files_are_named_from_the_applications_own_directory() {
    let directory = Directory::new("own_directory");
    let at = directory.path();
    std::fs::create_dir_all(at.join("app/texts")).unwrap();
    let index = "version: '1.0'\nnamespace: app\ngrants: [fs:texts]\nentries:\n\
        - {name: a, kind: process.lua, source: file://a.lua, modules: [fs]}\n\
        - {name: b, kind: process.service, process: a, lifecycle: {restart: {policy: temporary}}}\n";
    std::fs::write(at.join("app/_index.yaml"), index).unwrap();
    let source = "return { main = function() print(require('fs').read('texts/one')) end }";
    std::fs::write(at.join("app/a.lua"), source).unwrap();
    std::fs::write(at.join("app/texts/one"), "found").unwrap();
    let up = Session::start_in(at, &[], &["up", "app", "--socket", "s", "--records", "kept"]);
    assert_eq!(up.line(), "found");
    assert!(at.join("s").exists() && at.join("kept").exists());
    let down = Session::start_in(at, &[("PROCESSION_SOCKET", "s")], &["down"]).end();
    assert_eq!(down.code, Some(0), "{down:#?}");
    assert_eq!(up.end().code, Some(0));
    assert!(!at.join("s").exists());
}

#[test]
fn what_can_not_run_says_why() {
    let directory = Directory::new("can_not_run");
    let at = directory.path();
    std::fs::create_dir_all(at.join("broken")).unwrap();
    let text = "version: '1.0'\nnamespace: app\nentries:\n  - {name: a, kind: process.service, process: none}\n";
    std::fs::write(at.join("broken/_index.yaml"), text).unwrap();
    let ended = Session::start_in(at, &[], &["up", "broken"]).end();
    assert_eq!(ended.code, Some(9), "{ended:#?}");
    assert!(ended.stderr.contains("broken/_index.yaml:4"), "{ended:#?}");
    let ended = Session::start_in(at, &[], &["up", "nowhere"]).end();
    assert_eq!(ended.code, Some(4), "{ended:#?}");
}

#[test]
fn an_id_without_its_host_means_the_process_on_whichever_host_it_is() {
    let directory = Directory::new("own_host");
    let at = directory.path();
    std::fs::create_dir_all(at.join("app")).unwrap();
    let index = "version: '1.0'\nnamespace: app\nentries:\n\
        - {name: place, kind: process.host}\n\
        - {name: a, kind: process.lua, source: file://a.lua}\n\
        - {name: b, kind: process.service, process: a, host: place}\n";
    std::fs::write(at.join("app/_index.yaml"), index).unwrap();
    let source = "return { main = function() print('ready') process.inbox():receive() end }";
    std::fs::write(at.join("app/a.lua"), source).unwrap();
    let up = Session::start_in(at, &[], &["up", "app", "--socket", "s"]);
    assert_eq!(up.line(), "ready");
    let command = |words: &[&str]| {
        let ended = Session::start_in(at, &[("PROCESSION_SOCKET", "s")], words).end();
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:#?}");
        ended.stdout
    };
    let line = || {
        let list = command(&["ps"]);
        list.lines().find(|line| line.contains("app:b")).unwrap().to_owned()
    };
    let id = line().split_whitespace().next().unwrap().to_owned();
    command(&["pause", &id]);
    assert!(line().contains("paused"), "{}", line());
    command(&["resume", &id]);
    assert!(line().contains("waiting"), "{}", line());
    command(&["down"]);
    assert_eq!(up.end().code, Some(0));
}
