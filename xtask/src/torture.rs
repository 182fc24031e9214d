//! `cargo xtask torture`: a bank of durable processes on a node that is killed with SIGKILL at random
//! moments, for as long as one likes; what must be true then is checked at the end.

use crate::{Outcome, run};

const LINE: [&str; 9] = [
    "cargo",
    "test",
    "--quiet",
    "--package",
    "procession-runtime",
    "--test",
    "torture",
    "--",
    "--nocapture",
];

/// What the node is in the middle of, or its disk does: the tests of that file.
const VARIANTS: [&str; 7] =
    ["kill", "upgrade", "snapshot", "compaction", "eviction", "fault", "full-disk"];

/// How the test is told how long to run, and what to draw its numbers from.
const MINUTES: &str = "PROCESSION_TORTURE_MINUTES";
const SEED: &str = "PROCESSION_TORTURE_SEED";

/// What is asked for.
pub(crate) struct Options {
    /// Of each variant.
    pub(crate) minutes: u64,
    /// All, when there is none.
    pub(crate) variant: Option<String>,
    pub(crate) seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { minutes: 1, variant: None, seed: None }
    }
}

/// Runs variants for so many minutes each.
pub(crate) fn run(options: &Options) -> Outcome {
    let wanted = |name: &&str| options.variant.as_ref().is_none_or(|variant| variant == name);
    let variants: Vec<&str> = VARIANTS.into_iter().filter(wanted).collect();
    if variants.is_empty() {
        return Err(format!("variants are {}", VARIANTS.join(", ")));
    }
    for variant in variants {
        torture(variant, options)?;
    }
    Ok(())
}

fn torture(variant: &str, Options { minutes, seed, .. }: &Options) -> Outcome {
    let test = variant.replace('-', "_");
    println!("$ {MINUTES}={minutes} {} --exact {test}", LINE.join(" "));
    let mut command = run::command(&LINE);
    command.args(["--exact", &test]).env(MINUTES, minutes.to_string());
    if let Some(seed) = seed {
        command.env(SEED, seed.to_string());
    }
    let status = command.status().map_err(|error| format!("could not start cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the bank did not survive \"{variant}\": {status}"))
    }
}
