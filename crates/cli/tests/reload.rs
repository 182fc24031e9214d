//! Sessions in which an application changes while it runs, or has something that fails for good.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Directory, Ended, Session};

const INDEX: &str = "version: '1.0'
namespace: app
entries:
  - {name: greeter, kind: process.lua, source: file://greeter.lua}
  - name: greetings
    kind: process.service
    process: greeter
    lifecycle: {stop_timeout: 50ms, restart: {initial_delay: 10ms}}
";

const MORE: &str = "  - name: more
    kind: process.service
    process: greeter
    lifecycle: {stop_timeout: 50ms}
";

fn greeter(word: &str) -> String {
    format!(
        "return {{ main = function()
  local inbox = process.inbox()
  print('{word} is ready')
  while true do print('{word} ' .. inbox:receive():payload()) end
end }}"
    )
}

struct Node {
    directory: Directory,
    session: Session,
}

impl Node {
    fn start(name: &str, index: &str) -> Self {
        let directory = Directory::new(name);
        std::fs::create_dir_all(directory.path().join("app")).unwrap();
        let write = |file: &str, text: &str| {
            std::fs::write(directory.path().join("app").join(file), text).unwrap();
        };
        write("_index.yaml", index);
        write("greeter.lua", &greeter("Hello"));
        let session = Session::start_in(directory.path(), &[], &["up", "app", "--socket", "s"]);
        assert_eq!(session.line(), "Hello is ready");
        Self { directory, session }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.directory.path().join("app").join(file), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Ended {
        Session::start_in(self.directory.path(), &[("PROCESSION_SOCKET", "s")], words).end()
    }

    fn output(&self, words: &[&str]) -> String {
        let ended = self.command(words);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{words:?}: {ended:#?}");
        ended.stdout
    }

    fn fails(&self, words: &[&str], code: i32, parts: &[&str]) {
        let ended = self.command(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:#?}");
        for part in parts {
            assert!(ended.stderr.contains(part), "{words:?} without {part:?}: {ended:#?}");
        }
    }

    fn greets(&self, expected: &str) {
        self.output(&["send", "app:greetings", "greet", "you"]);
        assert_eq!(self.session.line(), expected);
    }

    fn pid(&self) -> String {
        let status = self.output(&["status", "-o", "wide"]);
        let line = status.lines().find(|line| line.starts_with("app:greetings "));
        let line = line.unwrap_or_else(|| panic!("{status}"));
        line.split_whitespace().last().unwrap().to_owned()
    }
}

#[test]
fn a_reload_changes_what_has_changed_and_refuses_what_is_broken() {
    let node = Node::start("reloaded", INDEX);
    let pid = node.pid();
    assert_eq!(node.output(&["reload"]), "nothing has changed\n");
    node.write("greeter.lua", &greeter("Bye"));
    node.write("_index.yaml", &(INDEX.to_owned() + MORE));
    let shown = node.output(&["reload", "--dry-run"]);
    for line in [
        "+ service app:more\n",
        "~ program app:greeter: source\n",
        "~ service app:greetings: its program\n",
        "nothing was done\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    node.greets("Hello you");
    let shown = node.output(&["reload", "app"]);
    assert!(shown.contains("upgraded where they are: app:greetings\n"), "{shown}");
    assert_eq!(node.session.line(), "Bye is ready");
    assert_eq!(node.session.line(), "Bye is ready");
    node.greets("Bye you");
    assert_eq!(node.pid(), pid);
    assert!(node.output(&["status"]).contains("app:more"));

    // Everything that is wrong is told, and nothing is changed.
    node.write("_index.yaml", &INDEX.replace("process: greeter", "process: nobody\n    hots: x"));
    node.fails(&["reload"], 9, &["nothing was changed", "nobody", "hots"]);
    let circle = "    lifecycle: {stop_timeout: 50ms, requires: [more]}";
    let circle = INDEX
        .replace("    lifecycle: {stop_timeout: 50ms, restart: {initial_delay: 10ms}}", circle)
        + &MORE.replace("50ms}", "50ms, requires: [greetings]}");
    node.write("_index.yaml", &circle);
    node.fails(&["reload"], 9, &["nothing was changed", "app:more", "app:greetings"]);
    node.write("_index.yaml", INDEX);
    node.write("greeter.lua", "return { main = function( end }");
    node.fails(&["reload"], 9, &["nothing was changed", "greeter.lua"]);
    node.write("greeter.lua", "error('not today')");
    node.fails(&["reload"], 9, &["all is as before", "not today"]);
    node.greets("Bye you");
    assert_eq!(node.pid(), pid);
    assert!(node.output(&["status"]).contains("app:more"));
    node.fails(&["reload", "nowhere"], 4, &["nowhere"]);

    node.write("greeter.lua", &greeter("Bye"));
    let shown = node.output(&["reload", "-o", "json"]);
    assert!(shown.contains("\"removed\"") && shown.contains("app:more"), "{shown}");
    assert!(!node.output(&["status"]).contains("app:more"));
    node.output(&["down"]);
    assert_eq!(node.session.end().code, Some(0));
}

#[test]
fn what_has_failed_for_good_is_told_at_once() {
    let bad = "  - {name: bad, kind: process.lua, source: file://bad.lua}
  - name: fails
    kind: process.service
    process: bad
    lifecycle: {restart: {initial_delay: 1ms, max_attempts: 1}}
";
    let directory = Directory::new("degraded");
    let app = directory.path().join("app");
    std::fs::create_dir_all(&app).unwrap();
    std::fs::write(app.join("_index.yaml"), INDEX.to_owned() + bad).unwrap();
    std::fs::write(app.join("greeter.lua"), greeter("Hello")).unwrap();
    std::fs::write(app.join("bad.lua"), "return { main = function() error('no way') end }")
        .unwrap();
    let session = Session::start_in(directory.path(), &[], &["up", "app", "--socket", "s"]);
    assert_eq!(session.line(), "Hello is ready");
    let node = Node { directory, session };
    let status = loop {
        let status = node.output(&["status"]);
        // It is degraded from the first failure on, and after that for good.
        if status.contains("app:fails has failed: ") {
            break status;
        }
        let states = ["starting", "running", "degraded"];
        assert!(states.iter().any(|state| status.contains(state)), "{status}");
    };
    assert!(status.contains("degraded") && status.contains("no way"), "{status}");
    let inspected = node.command(&["doctor"]);
    assert!(inspected.stdout.contains("app:fails has failed"), "{inspected:#?}");
    // A version without it is well.
    node.write("_index.yaml", INDEX);
    let shown = node.output(&["reload"]);
    assert!(shown.contains("- service app:fails"), "{shown}");
    assert!(!node.output(&["status"]).contains("degraded"));
    node.output(&["down"]);
    let ended = node.session.end();
    // Whichever of its failures was seen first.
    let told = ["app:fails is failed", "app:fails has failed, and is tried again"];
    assert!(told.iter().any(|told| ended.stderr.contains(told)), "{ended:#?}");
}
