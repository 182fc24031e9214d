//! `procession down`: stop a node.

use crate::connect::{Common, failed};
use crate::ending;
use crate::failure::{ExitStatus, Failure};
use crate::progress::Progress;
use crate::time;
use clap::Args;
use procession_client::{Client, ClientError, Target};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How much longer than its processes the node itself may take.
const PATIENCE: Duration = ending::PATIENCE.saturating_add(Duration::from_secs(5));
/// How often the node is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What `down` is told.
#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// How long processes have to end [default: the setting grace, 10s]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub(crate) deadline: Option<Duration>,
    /// Do not wait until the node has stopped
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Runs the command; it has no output. A node that does not run is exit code 3.
pub(crate) fn run(arguments: &DownArguments) -> Result<String, Failure> {
    let (client, _) = arguments.common.client()?;
    let grace = match arguments.deadline {
        Some(deadline) => deadline,
        None => arguments.common.settings()?.grace()?,
    };
    match client.shutdown(grace) {
        Err(ClientError::Unreachable { target, source }) => {
            let message = format!("no node runs on {target}: {source}");
            return Err(Failure::new(ExitStatus::NotRunning, message));
        }
        other => other.map_err(|error| failed("stop the node", &error))?,
    }
    if !arguments.no_wait {
        let _progress = Progress::begin("waiting for the node to stop");
        wait(&client, grace + PATIENCE)?;
    }
    Ok(String::new())
}

/// Waits until nobody answers any more: a stream of figures ends when the server does.
fn wait(client: &Client, most: Duration) -> Result<(), Failure> {
    let end = Instant::now() + most;
    loop {
        let overdue = || {
            let message = format!("the node has not stopped within {} s", most.as_secs());
            Failure::new(ExitStatus::Timeout, message)
                .with_hint("procession ps shows who still runs")
        };
        let followed = client.follow_stats(LOOK, |_| {
            if Instant::now() < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match followed {
            // It answers nobody any more, and has its socket until it has ended.
            Err(ClientError::Unreachable { .. }) if has_socket(client) && Instant::now() < end => {
                std::thread::park_timeout(LOOK);
            }
            Err(ClientError::Unreachable { .. }) if has_socket(client) => return Err(overdue()),
            Err(ClientError::Unreachable { .. }) => return Ok(()),
            _ if Instant::now() >= end => return Err(overdue()),
            // The stream has ended: the next look finds nobody, or the node a moment later.
            Ok(()) | Err(_) => std::thread::park_timeout(LOOK),
        }
    }
}

/// Whether a node on this machine still has the socket.
fn has_socket(client: &Client) -> bool {
    match client.target() {
        Target::Socket(path) => procession_server::is_taken(path),
        Target::Tcp { .. } => false,
    }
}
