//! The node as its user sees it: a child that is asked line by line, and must answer in time.

use crate::accounts::SIGN;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long an answer may take: longer than whatever the node itself waits for.
const ANSWER_MAX: Duration = Duration::from_secs(150);

/// See the module.
pub(crate) struct Bank {
    child: Child,
    /// `None` once it was told to stop.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// The run and the life, for whoever has to find out what went wrong.
    about: String,
}

impl Bank {
    /// Starts the node; `None` when it ends before it is ready.
    pub(crate) fn start(mut command: Command, about: String) -> Option<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // Nobody may listen any more.
            output.lines().map_while(Result::ok).try_for_each(|line| {
                match line.strip_prefix(SIGN) {
                    Some(said) => sender.send(said.to_owned()),
                    None => Ok(()),
                }
            })
        });
        let mut bank = Self { child, input, lines, about };
        let mut last = String::new();
        loop {
            match bank.line("to be ready").as_deref() {
                Some("ready") => return Some(bank),
                Some(line) => last = line.to_owned(),
                None => {
                    let status = bank.child.wait().unwrap();
                    println!("{}: no node ({status}): {last}", bank.about);
                    return None;
                }
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `None` when the node was killed before it answered.
    pub(crate) fn ask(&mut self, what: &str) -> Option<String> {
        self.input.as_mut()?.write_all(format!("{what}\n").as_bytes()).ok()?;
        self.line(what)
    }

    fn line(&mut self, waits_for: &str) -> Option<String> {
        match self.lines.recv_timeout(ANSWER_MAX) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => self.stands_still(waits_for),
        }
    }

    /// Waits for the end of a node that was killed.
    pub(crate) fn wait(mut self) {
        while self.line("its end").is_some() {}
        self.child.wait().unwrap();
    }

    /// Has the node stop in order.
    pub(crate) fn stop(mut self) {
        self.input = None;
        let last = self.line("to stop");
        assert_eq!(
            last.as_deref(),
            Some("closed"),
            "{}: the node did not stop in order",
            self.about
        );
        self.wait();
    }

    /// Says where every thread of the node is, and gives up.
    fn stands_still(&mut self, waits_for: &str) -> ! {
        let pid = self.child.id();
        eprintln!("== threads of node {pid}\n{}", threads(pid));
        let _ = self.child.kill();
        panic!(
            "{}: node {pid} has not answered \"{waits_for}\" for {ANSWER_MAX:?}; where its threads were is above",
            self.about
        );
    }
}

/// A node that a test leaves behind must not live on.
impl Drop for Bank {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The stacks of a process, when there is a debugger, and what the system says of its threads.
fn threads(pid: u32) -> String {
    let mut text = String::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let read = |name: &str| {
            let content = std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            content.trim().to_owned()
        };
        let status = read("status");
        let state = status.lines().find(|line| line.starts_with("State:")).unwrap_or_default();
        text += &format!("{} {state} in {}\n", read("comm"), read("wchan"));
    }
    let gdb = ["30", "gdb", "-p", &pid.to_string(), "-batch", "-ex", "thread apply all bt 30"];
    let stacks = Command::new("timeout").args(gdb).stderr(Stdio::null()).output();
    if let Ok(stacks) = stacks {
        text += &String::from_utf8_lossy(&stacks.stdout);
    }
    text
}

/// This test program, as the node of a test of it.
pub(crate) fn itself(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--quiet"]);
    command
}

/// Removes a directory at the end, unless the test has failed.
pub(crate) struct Removed<'a>(pub(crate) &'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the store is left in {}", self.0.display());
        } else {
            let _ = std::fs::remove_dir_all(self.0);
        }
    }
}
