//! Messages per second: from outside, each acknowledged when it is on disk, and between durable processes.

use super::node::{message, spawn, sum};
use procession_runtime::Node;
use procession_types::Pid;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Processes that the senders send to.
const RECEIVERS: usize = 64;

/// What some senders have seen.
pub(super) struct Sent {
    /// Messages per second, each on disk, acknowledged, and taken by its process.
    pub(super) per_second: f64,
    /// From the call to the acknowledgement, in nanoseconds.
    pub(super) p50_ns: f64,
    pub(super) p99_ns: f64,
}

/// Acknowledged messages from outside to a few new processes.
pub(super) fn outside(node: &Node, senders: usize, time: Duration) -> Result<Sent, String> {
    let pids: Result<Vec<Pid>, String> =
        (0..RECEIVERS.min(senders)).map(|_| spawn(node, "counter", &[])).collect();
    to_all(node, (&pids?, 0), senders, time)
}

/// Acknowledged messages from outside to some processes in turn, which have counted so many. Each of so many
/// senders has one under way at a time; all of them are tasks of one thread, as in a server, so that it is
/// not threads that are measured.
pub(super) fn to_all(
    node: &Node,
    (pids, before): (&[Pid], i64),
    senders: usize,
    time: Duration,
) -> Result<Sent, String> {
    let (told, news) = channel();
    let begun = Instant::now();
    let mut turns = pids.iter().cycle();
    let mut send = |sender: usize| {
        let to = turns.next().ok_or("there is nobody to send to")?;
        send(node, *to, sender, told.clone())
    };
    (0..senders).try_for_each(&mut send)?;
    let mut took = Vec::new();
    while begun.elapsed() < time {
        let (sender, since) = hear(&news)?;
        took.push(since);
        send(sender)?;
    }
    for _ in 0..senders {
        took.push(hear(&news)?.1);
    }
    let counted = sum(node, pids)? - before;
    let seconds = begun.elapsed().as_secs_f64();
    if counted != took.len() as i64 {
        return Err(format!("{} messages were acknowledged, {counted} were taken", took.len()));
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_nanos() as f64;
    Ok(Sent { per_second: took.len() as f64 / seconds, p50_ns: at(50), p99_ns: at(99) })
}

/// Which sender's message was acknowledged, and how long that took.
type News = Result<(usize, Duration), String>;

/// Sends a message; as long as the node has no room for it, again.
fn send(node: &Node, to: Pid, sender: usize, told: Sender<News>) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let told = told.clone();
        let tell = move |result: Result<(), procession_types::Error>| {
            let took = result.map(|()| (sender, begun.elapsed()));
            // Whoever has sent it waits for the news.
            let _ = told.send(took.map_err(|error| error.to_string()));
        };
        match node.send_then(to, message("a short order"), tell) {
            Err(error) if error.retryable == Some(true) => {
                std::thread::sleep(Duration::from_millis(1))
            }
            result => return result.map_err(|error| error.to_string()),
        }
    }
}

fn hear(news: &Receiver<News>) -> News {
    news.recv_timeout(Duration::from_secs(30))
        .map_err(|_| "a message was not acknowledged within 30 s".to_owned())?
}

/// Messages between durable processes, so many pairs of which play ping-pong, per second. They go on with
/// that until the node stops.
pub(super) fn pairs(node: &Node, count: usize, time: Duration) -> Result<f64, String> {
    let pids: Result<Vec<Pid>, String> = (0..2 * count).map(|_| spawn(node, "back", &[])).collect();
    let pids = pids?;
    for pair in pids.chunks(2) {
        let ball = message(&node.pid_text(pair[1]));
        node.send(pair[0], ball).map_err(|error| error.to_string())?;
    }
    let (before, begun) = (sum(node, &pids)?, Instant::now());
    std::thread::sleep(time);
    let after = sum(node, &pids)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok((after - before) as f64 / seconds)
}
