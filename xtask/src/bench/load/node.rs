//! The node under load, as people run it: `procession up`, asked through its socket.

use super::events::Events;
use super::{Measured, Shape, api, application, part};
use crate::bench::messages;
use crate::run;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Until 10 000 services are up, also on a busy machine.
const UP_PATIENCE: Duration = Duration::from_secs(120);
/// After the last crash should have happened.
const PATIENCE: Duration = Duration::from_secs(60);
/// Until the last events have been read.
const EVENTS_PATIENCE: Duration = Duration::from_secs(10);

/// Runs the application and measures what its driver, the events and the API say.
pub(super) fn measure(binary: &Path, target: &Path, shape: &Shape) -> Result<Measured, String> {
    let directory = target.join("bench/load");
    application::write(&directory, shape)?;
    let socket = target.join("bench/load.sock");
    let text = |path: &Path| path.display().to_string();
    let (binary, socket_text) = (text(binary), text(&socket));
    let line = [&*binary, "up", &text(&directory), "--socket", &socket_text];
    let mut node = Ended(started(&line, Stdio::piped(), Stdio::piped())?);
    let said = lines(node.0.stderr.take());
    let printed = lines(node.0.stdout.take());
    wait_for(&said, "everything is up", UP_PATIENCE)?;

    let line = [&*binary, "events", "--follow", "-o", "jsonl", "--node", &socket_text];
    let mut follower = Ended(started(&line, Stdio::piped(), Stdio::null())?);
    let events = lines(follower.0.stdout.take());
    // It shows what came last before it goes on with what comes.
    let first = events.recv_timeout(PATIENCE).map_err(|_| "no event has come")?;
    run::captured(&[&binary, "send", "load:driver", "go", "--node", &socket_text])?;
    let stop = AtomicBool::new(false);
    let (output, answers) = thread::scope(|scope| {
        let asking = scope.spawn(|| api::ask(&socket, &stop));
        let patience = Duration::from_secs(shape.seconds.into()) + PATIENCE;
        let output = wait_for(&printed, "done", patience);
        stop.store(true, Ordering::Relaxed);
        (output, asking.join().map_err(|_| "whoever asks the API has panicked".to_owned()))
    });
    let (output, answers) = (output?, answers??);
    let crashes = shape.crashes();
    let events = counted(first, &events, crashes)?;
    let find = |metric: &str| {
        messages::find(&output, metric).ok_or_else(|| format!("no {metric} in:\n{output}"))
    };
    let missing = events.missing(crashes) + crashes.abs_diff(find("restarts")? as u64);
    Ok(Measured {
        ready: [find("p50")?, find("p99")?, find("max")?],
        restart: Some([0.5, 0.99, 1.0].map(|at| part(&events.restarts, at))),
        answer: Some([0.5, 0.99, 1.0].map(|at| part(&answers, at))),
        missing: Some(missing as f64),
    })
}

/// A child that is ended with whoever holds it.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(line: &[&str], stdout: Stdio, stderr: Stdio) -> Result<Child, String> {
    let mut command: Command = run::command(line);
    command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .map_err(|error| format!("could not start {}: {error}", line[0]))
}

/// The lines of a pipe, read by a thread of their own until it ends.
fn lines(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

/// Waits for a line that ends with this, and gives all until then.
fn wait_for(lines: &Receiver<String>, end: &str, patience: Duration) -> Result<String, String> {
    let until = Instant::now() + patience;
    let mut text = String::new();
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) if line.ends_with(end) => return Ok(text),
            Ok(line) => text.extend([&line, "\n"]),
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("\"{end}\" did not come in {patience:?}, only:\n{text}"));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(format!("the node ended before \"{end}\"; it said:\n{text}"));
            }
        }
    }
}

/// Reads events until those of all crashes are there, or no more come.
fn counted(first: String, lines: &Receiver<String>, crashes: u64) -> Result<Events, String> {
    let mut events = Events::default();
    events.read(&first)?;
    while events.missing(crashes) > 0 {
        match lines.recv_timeout(EVENTS_PATIENCE) {
            Ok(line) => events.read(&line)?,
            Err(_) => break,
        }
    }
    Ok(events)
}
