//! From the start of a node that was killed to the first answer of one of its many sleeping processes.

use super::node::{Argument, born, number, start};
use crate::Outcome;
use procession_runtime::Node;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SLEEPERS: i64 = 100_000;
/// Processes leave memory soon.
const IDLE: Duration = Duration::from_millis(200);
/// How long they sleep before the node is killed.
const SLEEP: Duration = Duration::from_secs(1);
/// How long they are given for that.
const SLEEP_MAX: Duration = Duration::from_secs(20);

/// What the command line says after the command to be one that is killed.
pub(super) const BEAR: &str = "bear";
/// Likewise to be the one after that.
pub(super) const ASK: &str = "ask";

/// From the start of a node's process to the first answer, in nanoseconds. So many were born and had a
/// message each, and slept for a second, when the node before it was killed.
pub(super) fn first_answer(store: &Path) -> Result<f64, String> {
    let path = store.display().to_string();
    let mut child = again(&[BEAR, &path])?;
    let pid = line(&mut child);
    // SIGKILL.
    let killed = child.kill();
    let _ = child.wait();
    killed.map_err(|error| format!("the node could not be killed: {error}"))?;
    let pid = pid?;
    let begun = Instant::now();
    let mut child = again(&[ASK, &path, &pid])?;
    let answer = line(&mut child);
    let took = begun.elapsed();
    let _ = child.kill();
    let _ = child.wait();
    match &*answer? {
        "1" => Ok(took.as_nanos() as f64),
        other => Err(format!("the process has counted {other}, not 1")),
    }
}

/// This program again.
pub(super) fn again(arguments: &[&str]) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = Command::new(program)
        .arg(super::COMMAND)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    child.map_err(|error| format!("could not start this program again: {error}"))
}

/// The first line that a program prints.
pub(super) fn line(child: &mut Child) -> Result<String, String> {
    let output = child.stdout.take().ok_or("the program has no output")?;
    match BufReader::new(output).lines().next() {
        Some(Ok(line)) => Ok(line),
        Some(Err(error)) => Err(format!("could not read what the program prints: {error}")),
        None => Err("the program has ended without a word".to_owned()),
    }
}

/// Bears the processes, says the PID of one when all of them sleep, and waits to be killed.
pub(super) fn bear(store: &Path) -> Outcome {
    let node = start(store, IDLE)?;
    let middle = born(&node, SLEEPERS, SLEEPERS / 2)?;
    let pid = middle.first().ok_or("no process was born")?;
    node.flush_store();
    wait_for_sleep(&node)?;
    std::thread::sleep(SLEEP);
    println!("{}", node.pid_text(*pid));
    std::thread::sleep(Duration::from_secs(60));
    Err("nobody has killed this".to_owned())
}

fn wait_for_sleep(node: &Node) -> Outcome {
    let begun = Instant::now();
    loop {
        let awake = node.processes(1000).len();
        if awake == 0 {
            return Ok(());
        }
        if begun.elapsed() > SLEEP_MAX {
            return Err(format!("{awake} processes or more do not leave memory"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a node, and says what the process answers.
pub(super) fn ask(store: &Path, pid: &str) -> Outcome {
    let node = start(store, IDLE)?;
    println!("{}", number(&node, "sum", &[Argument::Text(pid)])?);
    std::process::exit(0);
}
