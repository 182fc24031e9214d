//! What processes reach of the file system and of the terminal.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_runtime::*;
use procession_types::*;
use script::*;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir();
        let path = path.join(format!("procession-files-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Outcome = Result<Vec<u8>, (ErrorKind, String)>;

/// Performs the operations one after another in a process.
fn perform(grants: Vec<Grant>, operations: Vec<FsOperation>) -> Vec<Outcome> {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let results = outcomes.clone();
    let stage = Stage::new(1).program("app:main", move |host, memory| {
        if let Some(call) = memory.notes.pop() {
            let Some(result) = host.finish(CallId(call)) else {
                memory.notes.push(call);
                return Turn::Waiting;
            };
            results.lock().unwrap().push(match result {
                Ok(value) => Ok(value.string(value.values()[0]).unwrap_or_default()),
                Err(error) => Err((error.kind, error.message)),
            });
        }
        let done_so_far = results.lock().unwrap().len();
        let Some(operation) = operations.get(done_so_far) else { return done() };
        memory.notes.push(host.start(Call::Fs(operation.clone())).unwrap().0);
        Turn::Waiting
    });
    let mut config = stage.config;
    config.grants = grants;
    let node = Node::start(config).unwrap();
    assert_normal(&end(&start(&node, "app:main")));
    let outcomes = outcomes.lock().unwrap();
    outcomes.clone()
}

fn read(path: &str) -> FsOperation {
    FsOperation::Read { path: path.into() }
}

fn write(path: &str, text: &str) -> FsOperation {
    FsOperation::Write { path: path.into(), data: text.into() }
}

fn grant(name: &str, directory: &Path, access: Access) -> Grant {
    Grant { name: name.into(), directory: directory.into(), access }
}

#[test]
fn a_granted_directory_can_be_used() {
    let scratch = Scratch::new();
    let path = |name: &str| -> String { name.into() };
    let outcomes = perform(
        vec![grant("", &scratch.0, Access::Write)],
        vec![
            FsOperation::MakeDirectory { path: path("a/b") },
            write("a/b/c.txt", "one"),
            FsOperation::Append { path: path("a/b/c.txt"), data: b" two".to_vec() },
            read("a/./b/../b/c.txt"),
            read(scratch.0.join("a/b/c.txt").to_str().unwrap()),
            FsOperation::List { path: path("a") },
            FsOperation::Stat { path: path("a/b/c.txt") },
            FsOperation::Remove { path: path("a") },
            FsOperation::Remove { path: path("a/b/c.txt") },
            read("a/b/c.txt"),
            read("a/b"),
        ],
    );
    assert_eq!(outcomes[3], Ok(b"one two".to_vec()));
    assert_eq!(outcomes[4], outcomes[3]);
    for (position, outcome) in outcomes.iter().enumerate() {
        let kind = outcome.as_ref().err().map(|(kind, _)| *kind);
        let expected = match position {
            7 | 10 => Some(ErrorKind::Invalid),
            9 => Some(ErrorKind::NotFound),
            _ => None,
        };
        assert_eq!(kind, expected, "{position}: {outcome:?}");
    }
    let (_, message) = outcomes[9].clone().unwrap_err();
    assert!(message.starts_with("a/b/c.txt: ") && message.contains("no such file"), "{message}");
}

#[test]
fn nothing_else_can() {
    let scratch = Scratch::new();
    let inside = scratch.0.join("inside");
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::write(scratch.0.join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(scratch.0.join("secret"), inside.join("link")).unwrap();
    std::os::unix::fs::symlink(&scratch.0, inside.join("up")).unwrap();
    std::os::unix::fs::symlink(scratch.0.join("new"), inside.join("dangling")).unwrap();
    let outside = scratch.0.join("secret");
    let outcomes = perform(
        vec![grant("in", &inside, Access::Write), grant("ro", &inside, Access::Read)],
        vec![
            read("in/../secret"),
            read("in/../../secret"),
            read("../secret"),
            read("in/link"),
            read("in/up/secret"),
            write("in/up/planted", "x"),
            write("in/dangling", "x"),
            read(outside.to_str().unwrap()),
            read("/etc/passwd"),
            write("ro/file", "x"),
            FsOperation::Remove { path: "ro/link".into() },
            FsOperation::MakeDirectory { path: "in/up/x/y".into() },
        ],
    );
    for (position, outcome) in outcomes.iter().enumerate() {
        let kind = outcome.as_ref().err().map(|(kind, _)| *kind);
        assert_eq!(kind, Some(ErrorKind::PermissionDenied), "{position}: {outcome:?}");
    }
    assert!(!scratch.0.join("planted").exists() && !scratch.0.join("new").exists());
}

/// A sink that takes nothing until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<Inside>, Condvar)>);

/// Whether it is open, and what came through.
type Inside = (bool, Vec<u8>);

impl Gate {
    fn open(&self) {
        self.0.0.lock().unwrap().0 = true;
        self.0.1.notify_all();
    }
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.0.lock().unwrap();
        while !state.0 {
            state = self.0.1.wait(state).unwrap();
        }
        state.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_reader_holds_who_prints_and_nobody_else_and_loses_nothing() {
    let gate = Gate::default();
    let lines = 3000;
    let stage = Stage::new(1)
        .program("app:talker", move |host, memory| {
            host.print(&[b'x'; 1023]);
            if memory.turn == lines { done() } else { Turn::Preempted }
        })
        .program(
            "app:main",
            |_, memory| {
                if memory.turn == 20_000 { done() } else { Turn::Preempted }
            },
        );
    let mut config = stage.config;
    config.sinks = Sinks { print: Box::new(gate.clone()), log: Box::new(io::sink()) };
    let node = Node::start(config).unwrap();
    let talker = start(&node, "app:talker");
    assert_normal(&end(&start(&node, "app:main")));
    assert!(talker.ending.as_ref().unwrap().wait_for(Duration::ZERO).is_err());
    assert!(node.info(talker.pid).is_ok());
    gate.open();
    assert_normal(&end(&talker));
    drop(node);
    assert_eq!(gate.0.0.lock().unwrap().1.len(), lines as usize * 1024);
}

#[test]
fn one_that_is_held_can_be_terminated() {
    let gate = Gate::default();
    let stage = Stage::new(1).program("app:talker", |host, _| {
        host.print(&[b'x'; 1 << 16]);
        Turn::Preempted
    });
    let mut config = stage.config;
    config.sinks = Sinks { print: Box::new(gate.clone()), log: Box::new(io::sink()) };
    let node = Node::start(config).unwrap();
    let talker = start(&node, "app:talker");
    node.terminate(talker.pid).unwrap();
    assert_eq!(end(&talker).label(), "terminated");
    gate.open();
}

#[test]
fn log_records_are_lines() {
    let gate = Gate::default();
    gate.open();
    let stage = Stage::new(1).program("app:main", |host, _| {
        let fields = vec![("n".to_owned(), "1\n2".to_owned())];
        host.log(LogRecord { level: Level::Warn, message: "careful".into(), fields });
        done()
    });
    let mut config = stage.config;
    config.sinks = Sinks { print: Box::new(io::sink()), log: Box::new(gate.clone()) };
    let node = Node::start(config).unwrap();
    let main = start(&node, "app:main");
    assert_normal(&end(&main));
    node.flush_output();
    let text = String::from_utf8(gate.0.0.lock().unwrap().1.clone()).unwrap();
    assert_eq!(text, format!("warn app:main {} careful n=1\\n2\n", node.pid_text(main.pid)));
}
