//! `procession state`: a durable process as it was.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::inspect::{coroutines_text, lines_text};
use crate::output::{bytes, one};
use crate::progress::Progress;
use crate::time;
use clap::Args;
use procession_api::PastStateView;
use std::io::Write as _;
use std::time::Duration;

/// What `state` is told.
#[derive(Debug, Args)]
pub(crate) struct StateArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID (also of one that has ended), an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
    /// When it had taken so many inputs [default: all]
    #[arg(long, value_name = "SLOT")]
    pub(crate) at: Option<u64>,
    /// How long the replay to there may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &StateArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let progress = Progress::begin(format!("running the past of {process} again"));
    let state = client.past_state(process, arguments.at, arguments.timeout);
    drop(progress);
    let state = state.map_err(|error| failed(&format!("look back at {process}"), &error))?;
    if let Some(at) = arguments.at.filter(|at| *at > state.slot) {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(std::io::stderr(), "{}", note(at, &state));
    }
    Ok(one(format, &state, text, |state| state.slot.to_string()))
}

/// Why this is not the state that was asked for.
fn note(at: u64, state: &PastStateView) -> String {
    let slot = state.slot;
    let why = if state.ended {
        "it ended there"
    } else {
        "the log ends there, or it was not at rest in between"
    };
    format!("procession: this is slot {slot}, not {at}: {why}")
}

fn text(state: &PastStateView) -> String {
    let lines = [
        ("PID", state.pid.clone()),
        ("Slot", format!("{}, before record {}", state.slot, state.record)),
        ("Ended", if state.ended { "here".to_owned() } else { String::new() }),
        ("Names", state.names.join(", ")),
        ("Program", state.program.clone()),
        ("At", state.place.clone().unwrap_or_default()),
        ("Memory", bytes(state.memory_bytes)),
        ("Instructions", state.instructions.to_string()),
        ("Hash", state.hash.clone().unwrap_or_default()),
        ("Topics", state.topics.join(", ")),
        ("Events", state.subscriptions.join(", ")),
        ("Timers", state.timers.join(", ")),
        ("Calls", if state.calls == 0 { String::new() } else { state.calls.to_string() }),
        ("Monitors", state.monitoring.join(", ")),
        ("Links", state.links.join(", ")),
    ];
    lines_text(&lines) + &coroutines_text(&state.coroutines, state.coroutines_cut)
}
