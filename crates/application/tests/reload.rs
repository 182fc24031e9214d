//! New code for an application that runs.
#![allow(clippy::unwrap_used)]

mod common;

use common::Scratch;
use procession_application::{ReloadError, assemble, read, reload};
use procession_policy::Unidentified;
use procession_runtime::{Node, Sinks, Verb};
use procession_spec::{Application, Mode};
use procession_types::{FragmentBuilder, Message, Pid, word};
use std::sync::mpsc::Receiver;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

const INDEX: &str = "version: \"1.0\"
namespace: app
entries:
  - {name: echo, kind: process.lua, source: file://echo.lua}
  - {name: other, kind: process.lua, source: file://other.lua}
  - {name: worker, kind: process.lua, source: file://worker.lua}
  - {name: answers, kind: process.service, process: echo, host: app:processes}
  - {name: bystander, kind: process.service, process: other, host: app:processes}
  - name: workers
    kind: process.pool
    process: worker
    host: app:processes
    pool: {min_size: 2, max_size: 2}
";

/// A program that prints its version with every message.
fn printer(version: &str) -> String {
    format!(
        "return {{ main = function()
  local inbox = process.inbox()
  while true do print({version:?} .. ' ' .. inbox:receive():payload()) end
end }}"
    )
}

/// Where prints go.
struct Lines(std::sync::mpsc::Sender<String>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for line in String::from_utf8_lossy(bytes).lines() {
            let _ = self.0.send(line.to_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Running {
    scratch: Scratch,
    node: Node,
    application: Application,
    lines: Receiver<String>,
}

impl Running {
    fn start(name: &str) -> Self {
        let scratch = Scratch::new(name);
        scratch.write("_index.yaml", INDEX);
        for file in ["echo", "other", "worker"] {
            scratch.write(&format!("{file}.lua"), &printer(&format!("{file} 1")));
        }
        let application = read(scratch.path(), Mode::Strict).unwrap_or_else(|e| panic!("{e}")).0;
        let none = std::iter::empty();
        let mut made = assemble(&application, scratch.path(), none, Unidentified::Allow);
        let (sender, lines) = std::sync::mpsc::channel();
        made.config.sinks = Sinks { print: Box::new(Lines(sender)), ..Sinks::none() };
        let node = Node::start(made.config).unwrap();
        node.start_application(made.definition).unwrap();
        assert_eq!(node.wait_until_up(PATIENCE).unwrap().status.state.name(), "running");
        Self { scratch, node, application, lines }
    }

    fn pid(&self, id: &str) -> Pid {
        self.node.supervised_by_id(id).unwrap().status.pid.unwrap()
    }

    /// What is printed for a message with this number.
    fn ask(&self, id: &str, number: i64) -> String {
        let payload = FragmentBuilder::new().finish(&[word::int_wrapping(number)]);
        let message = Message { topic: "ask".into(), from: None, payload };
        self.node.send(self.node.lookup(id).unwrap(), message).unwrap();
        self.lines.recv_timeout(PATIENCE).unwrap()
    }
}

#[test]
fn what_changed_is_upgraded_where_it_is_and_what_did_not_is_untouched() {
    let running = Running::start("upgraded");
    let ids = ["app:answers", "app:bystander", "app:workers"];
    let before = ids.map(|id| running.pid(id));
    assert_eq!(running.ask("app:answers", 1), "echo 1 1");
    running.scratch.write("echo.lua", &printer("echo 2"));
    running.scratch.write("worker.lua", &printer("worker 2"));
    let after = read(running.scratch.path(), Mode::Strict).unwrap().0;
    let done = reload(&running.node, &running.application, &after, PATIENCE).unwrap();
    assert_eq!(done.programs, ["app:echo", "app:worker"]);
    assert_eq!(done.upgraded, ["app:answers", "app:workers"]);
    assert_eq!(done.restarted, Vec::<String>::new());
    assert_eq!(ids.map(|id| running.pid(id)), before);
    assert_eq!(running.ask("app:answers", 2), "echo 2 2");
    assert_eq!(running.ask("app:bystander", 3), "other 1 3");
    for number in 4..8 {
        assert_eq!(running.ask("app:workers", number), format!("worker 2 {number}"));
    }
    // Again there is nothing to do.
    let done = reload(&running.node, &after, &after, PATIENCE).unwrap();
    assert_eq!(done, procession_application::Reloaded::default());
}

#[test]
fn a_broken_version_is_refused_and_the_old_one_goes_on() {
    let running = Running::start("broken");
    let pid = running.pid("app:answers");
    running.scratch.write("worker.lua", "error('not today')");
    running.scratch.write("echo.lua", &printer("echo 2"));
    let after = read(running.scratch.path(), Mode::Strict).unwrap().0;
    let error = reload(&running.node, &running.application, &after, PATIENCE).unwrap_err();
    assert!(matches!(&error, ReloadError::Failed { id, .. } if id == "app:workers"), "{error}");
    assert!(error.to_string().contains("not today"), "{error}");
    // What had been upgraded already is as it was, and so is everything that starts from now on.
    assert_eq!(running.ask("app:answers", 1), "echo 1 1");
    assert_eq!(running.ask("app:workers", 2), "worker 1 2");
    assert_eq!(running.pid("app:answers"), pid);
    running.node.control("app:answers", Verb::Restart, PATIENCE).unwrap();
    assert_ne!(running.pid("app:answers"), pid);
    assert_eq!(running.ask("app:answers", 3), "echo 1 3");
}

#[test]
fn what_a_running_node_cant_change_is_named_and_nothing_is_changed() {
    let running = Running::start("unsupported");
    running.scratch.write("echo.lua", &printer("echo 2"));
    let index = INDEX.replace("max_size: 2", "max_size: 3");
    let more = "  - {name: more, kind: process.service, process: echo, host: app:processes}\n";
    running.scratch.write("_index.yaml", &(index + more));
    let after = read(running.scratch.path(), Mode::Strict).unwrap().0;
    let error = reload(&running.node, &running.application, &after, PATIENCE).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the new service app:more"), "{text}");
    assert!(text.contains("app:workers"), "{text}");
    assert_eq!(running.ask("app:answers", 1), "echo 1 1");
}
