//! `cargo xtask torture`: a bank of durable processes on a node that is killed with SIGKILL at random
//! moments, for as long as one likes; what must be true then is checked at the end.

use crate::{Outcome, run};

const LINE: [&str; 10] = [
    "cargo",
    "test",
    "--quiet",
    "--package",
    "procession-runtime",
    "--test",
    "torture",
    "--",
    "--nocapture",
    "a_bank_survives_kill_9",
];

/// How the test is told how long to run.
const MINUTES: &str = "PROCESSION_TORTURE_MINUTES";

/// Runs for so many minutes.
pub(crate) fn run(minutes: u64) -> Outcome {
    println!("$ {MINUTES}={minutes} {}", LINE.join(" "));
    let status = run::command(&LINE)
        .env(MINUTES, minutes.to_string())
        .status()
        .map_err(|error| format!("could not start cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the bank did not survive: {status}")) }
}
