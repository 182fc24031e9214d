//! New code for an application that runs.
#![allow(clippy::unwrap_used)]

mod common;

use common::Scratch;
use procession_application::{Reload, ReloadError, Reloaded, assemble, read};
use procession_environment::SpawnRequest;
use procession_policy::Unidentified;
use procession_runtime::{Node, Sinks, Verb};
use procession_spec::{Application, Mode};
use procession_types::{Context, FragmentBuilder, Message, Pid, word};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

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
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{{inbox:case_receive(), events:case_receive()}}
    if got.channel == events then return end
    print({version:?} .. ' ' .. got.value:payload())
  end
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

    /// Goes over to what the files say now.
    fn reload(&mut self) -> Result<Reloaded, ReloadError> {
        let after = read(self.scratch.path(), Mode::Strict).unwrap_or_else(|e| panic!("{e}")).0;
        let reload = Reload {
            before: &self.application,
            after: &after,
            directory: self.scratch.path(),
            variables: &[("FROM_OUTSIDE".to_owned(), b"outside".to_vec())],
            unidentified: Unidentified::Allow,
            patience: PATIENCE,
        };
        let done = reload.run(&self.node)?;
        self.application = after;
        Ok(done)
    }

    fn ids(&self) -> Vec<String> {
        self.node.supervised().into_iter().map(|it| it.id.to_string()).collect()
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
    let mut running = Running::start("upgraded");
    let ids = ["app:answers", "app:bystander", "app:workers"];
    let before = ids.map(|id| running.pid(id));
    assert_eq!(running.ask("app:answers", 1), "echo 1 1");
    running.scratch.write("echo.lua", &printer("echo 2"));
    running.scratch.write("worker.lua", &printer("worker 2"));
    let done = running.reload().unwrap();
    assert_eq!(done.programs, ["app:echo", "app:worker"]);
    assert_eq!(done.upgraded, ["app:answers", "app:workers"]);
    assert_eq!((done.restarted, done.replaced), (Vec::new(), Vec::new()));
    assert_eq!(ids.map(|id| running.pid(id)), before);
    assert_eq!(running.ask("app:answers", 2), "echo 2 2");
    assert_eq!(running.ask("app:bystander", 3), "other 1 3");
    for number in 4..8 {
        assert_eq!(running.ask("app:workers", number), format!("worker 2 {number}"));
    }
    // Again there is nothing to do.
    assert_eq!(running.reload().unwrap(), Reloaded::default());
}

#[test]
fn a_broken_version_is_refused_and_the_old_one_goes_on() {
    let mut running = Running::start("broken");
    let pid = running.pid("app:answers");
    running.scratch.write("worker.lua", "error('not today')");
    running.scratch.write("echo.lua", &printer("echo 2"));
    let error = running.reload().unwrap_err();
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

const ALL_ELSE: &str = "version: \"1.0\"
namespace: app
variables: {GREETING: hello}
grants: [env:FROM_OUTSIDE]
security:
  groups: {all: [talk]}
entries:
  - {name: echo, kind: process.lua, source: file://echo.lua}
  - {name: other, kind: process.lua, source: file://other.lua}
  - {name: worker, kind: process.lua, source: file://worker.lua}
  - {name: reader, kind: process.lua, source: file://reader.lua, modules: [env]}
  - {name: talk, kind: security.policy, policy: {effect: allow, actions: [process.send], resources: '*'}}
  - {name: answers, kind: process.service, process: echo, host: app:processes, arguments: [1]}
  - {name: reads, kind: process.service, process: reader, host: app:processes, lifecycle: {requires: [answers]}}
  - {name: tree, kind: process.supervisor, children: [reads]}
  - name: workers
    kind: process.pool
    process: worker
    host: app:processes
    pool: {min_size: 3, max_size: 4}
  - {name: processes, kind: process.host, host: {max_processes: 500, weight: 7}}
";

#[test]
fn everything_else_changes_too_and_back() {
    let mut running = Running::start("everything");
    // Every node has it; so it can be described from the start, and described otherwise.
    let (workers, answers) = (running.pid("app:workers"), running.pid("app:answers"));
    let reader = "return { main = function()
  local env, inbox = require('env'), process.inbox()
  while true do
    inbox:receive()
    print(env.get('GREETING') .. ' ' .. env.get('FROM_OUTSIDE'))
  end
end }";
    running.scratch.write("reader.lua", reader);
    running.scratch.write("_index.yaml", ALL_ELSE);
    let done = running.reload().unwrap_or_else(|error| panic!("{error}"));
    let hosts = running.node.hosts();
    let weights: Vec<(&str, u32)> =
        hosts.iter().map(|it| (it.config.id.as_str(), it.config.weight)).collect();
    assert_eq!(weights, [("app:processes", 7), ("system:processes", 1)]);
    let lines = ALL_ELSE.lines().filter(|line| !line.contains("process.host"));
    let rest = lines.collect::<Vec<&str>>().join("\n");
    assert_eq!(done.restarted, ["app:answers"]);
    assert_ne!(running.pid("app:answers"), answers);
    assert_eq!(running.pid("app:workers"), workers);
    let status = running.node.pool_status("app:workers").unwrap();
    assert_eq!((status.bounds, status.size), ((3, 4), 3));
    assert_eq!(
        running.ids(),
        ["app:answers", "app:reads", "app:tree", "app:workers", "system:root"]
    );
    assert!(running.node.policies().get("app:talk").is_some());
    assert_eq!(running.ask("app:reads", 1), "hello outside");
    // Other values for those that run.
    running.scratch.write("_index.yaml", &rest.replace("GREETING: hello", "GREETING: bye"));
    let reads = running.pid("app:reads");
    let done = running.reload().unwrap();
    assert_eq!(done.restarted, Vec::<String>::new());
    assert_eq!(running.pid("app:reads"), reads);
    assert_eq!(running.ask("app:reads", 2), "bye outside");
    running.scratch.write("_index.yaml", INDEX);
    running.reload().unwrap();
    assert_eq!(running.ids(), ["app:answers", "app:bystander", "app:workers", "system:root"]);
    assert!(running.node.policies().get("app:talk").is_none());
    assert_eq!(running.node.pool_status("app:workers").unwrap().bounds, (2, 2));
    assert_eq!(running.ask("app:bystander", 3), "other 1 3");
}

#[test]
fn a_host_is_described_otherwise_while_it_is_used() {
    let mut running = Running::start("hosts");
    let host = |weight, most| {
        let entry = format!(
            "  - {{name: place, kind: process.host, host: {{max_processes: {most}, weight: {weight}}}}}\n"
        );
        INDEX.replace("app:processes", "place") + &entry
    };
    // The node is started with it.
    running.scratch.write("_index.yaml", &host(1, 100));
    running.application = read(running.scratch.path(), Mode::Strict).unwrap().0;
    let none = std::iter::empty();
    let mut made =
        assemble(&running.application, running.scratch.path(), none, Unidentified::Allow);
    made.config.sinks = Sinks::none();
    running.node = Node::start(made.config).unwrap();
    running.node.start_application(made.definition).unwrap();
    running.node.wait_until_up(PATIENCE).unwrap();
    let pid = running.pid("app:answers");
    running.scratch.write("_index.yaml", &host(9, 4));
    assert_eq!(running.reload().unwrap(), Reloaded::default());
    assert_eq!(running.pid("app:answers"), pid);
    let hosts = running.node.hosts();
    let place = hosts.iter().find(|it| it.config.id == "app:place").unwrap();
    assert_eq!((place.config.weight, place.config.processes_max, place.processes), (9, 4, 4));
    // It is full now.
    let more = "  - {name: more, kind: process.service, process: echo, host: place}\n";
    running.scratch.write("_index.yaml", &(host(9, 4) + more));
    let error = running.reload().unwrap_err();
    assert!(matches!(&error, ReloadError::Failed { id, .. } if id == "app:more"), "{error}");
    assert_eq!(running.ids(), ["app:answers", "app:bystander", "app:workers", "system:root"]);
}

#[test]
fn process_hosts_come_and_go() {
    let mut running = Running::start("more-hosts");
    let hosts = |running: &Running| {
        let hosts = running.node.hosts().into_iter();
        hosts.map(|host| host.config.id.to_string()).collect::<Vec<_>>()
    };
    let place = "  - {name: place, kind: process.host, host: {max_processes: 9}}\n";
    let there = INDEX.replace("app:processes", "place") + place;
    running.scratch.write("_index.yaml", &there);
    running.reload().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(hosts(&running), ["app:processes", "system:processes", "app:place"]);
    let pid = running.pid("app:answers");
    assert!(running.node.pid_text(pid).starts_with("{app:place|"), "it moved there");
    assert_eq!(running.node.parse_pid(&running.node.pid_text(pid)), Some(pid));
    assert_eq!(running.ask("app:answers", 1), "echo 1 1");
    // Somebody else is there, too.
    let request = SpawnRequest {
        program: "app:echo".into(),
        host: "app:place".into(),
        ..SpawnRequest::default()
    };
    let alone = running.node.spawn(request.clone(), Context::default()).unwrap().pid;
    running.scratch.write("_index.yaml", INDEX);
    let error = running.reload().unwrap_err().to_string();
    let text = running.node.pid_text(alone);
    let expected = format!("process host app:place is gone, and {text} runs app:echo on it");
    assert_eq!(error, expected);
    assert_eq!(running.pid("app:answers"), pid);
    running.node.terminate(alone).unwrap();
    running.reload().unwrap_or_else(|error| panic!("{error}"));
    // It is listed until the last process on it has ended.
    let end = Instant::now() + PATIENCE;
    while hosts(&running) != ["app:processes", "system:processes"] {
        assert!(Instant::now() < end, "{:?}", hosts(&running));
        std::thread::yield_now();
    }
    let error = running.node.spawn(request.clone(), Context::default()).unwrap_err();
    assert_eq!(error.message, "process host \"app:place\" not found");
    assert_eq!(running.ask("app:answers", 2), "echo 1 2");
    // The same place as before.
    running.scratch.write("_index.yaml", &there);
    running.reload().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(running.pid("app:answers").host, pid.host);
    // A version that does not come up takes its host away again.
    running.scratch.write("_index.yaml", INDEX);
    running.reload().unwrap();
    let bad = "  - {name: bad, kind: process.service, process: broken, host: place}
  - {name: broken, kind: process.lua, source: file://broken.lua}\n";
    running.scratch.write("broken.lua", "return { main = function() error('no way') end }");
    running.scratch.write("_index.yaml", &(INDEX.to_owned() + place + bad));
    assert!(running.reload().is_err());
    assert_eq!(hosts(&running), ["app:processes", "system:processes"]);
}

#[test]
fn a_member_that_has_something_in_hand_does_it_and_makes_room() {
    let mut running = Running::start("busy");
    // It is in the middle of something until somebody lets it go on.
    let slow = "return { main = function()
  local inbox, go = process.inbox(), process.listen('go')
  while true do
    local work = inbox:receive():payload()
    go:receive()
    print('slow ' .. work)
  end
end }";
    running.scratch.write("worker.lua", slow);
    running.reload().unwrap();
    let payload = FragmentBuilder::new().finish(&[word::int_wrapping(1)]);
    let message = Message { topic: "ask".into(), from: None, payload };
    running.node.send(running.node.lookup("app:workers").unwrap(), message).unwrap();
    let pool = running.pid("app:workers");
    let busy = loop {
        let status = running.node.pool_status("app:workers").unwrap();
        if status.members.busy == 1 {
            break status;
        }
    };
    assert_eq!(busy.size, 2);
    running.scratch.write("worker.lua", &printer("worker 3"));
    let after = read(running.scratch.path(), Mode::Strict).unwrap().0;
    let reload = Reload {
        before: &running.application,
        after: &after,
        directory: running.scratch.path(),
        variables: &[],
        unidentified: Unidentified::Allow,
        patience: Duration::ZERO,
    };
    let done = reload.run(&running.node).unwrap();
    assert_eq!(done.replaced, ["app:workers"]);
    // Meanwhile others do what comes.
    assert_eq!(running.ask("app:workers", 2), "worker 3 2");
    let members = running.node.processes(1000).into_iter().filter(|it| it.parent == Some(pool));
    for member in members {
        let payload = FragmentBuilder::new().finish(&[word::int_wrapping(0)]);
        let message = Message { topic: "go".into(), from: None, payload };
        let _ = running.node.send(member.pid, message);
    }
    let mut seen = vec![running.lines.recv_timeout(PATIENCE).unwrap()];
    while !seen.contains(&"slow 1".to_owned()) {
        seen.push(running.lines.recv_timeout(PATIENCE).unwrap());
    }
    assert_eq!(running.node.pool_status("app:workers").unwrap().counts.dead_letters, 0);
}
