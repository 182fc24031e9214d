//! `cargo xtask fuzz`: random inputs, for a time. What is fuzzed is in `crates/fuzz`.

use crate::{Outcome, run, tools};

/// Which campaign.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The target's name; empty for all of them, one after the other.
    pub(crate) target: String,
    /// How long each.
    pub(crate) seconds: u64,
    /// The first seed.
    pub(crate) seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { target: String::new(), seconds: 60, seed: 1 }
    }
}

const TARGETS: [&str; 12] = [
    "lua",
    "parser",
    "pattern",
    "format",
    "snapshot",
    "fragment",
    "json",
    "policy",
    "application",
    "records",
    "durable",
    "memory",
];
/// Fast code with the checks of a debug build; see the workspace's manifest.
const CARGO: &str = "cargo run --quiet --profile fuzz --package procession-fuzz --";

/// Builds the fuzzer and runs it; it prints what it finds and fails when it does.
pub(crate) fn run(options: &Options) -> Outcome {
    tools::ensure(&[tools::LUA])?;
    let all = TARGETS.as_slice();
    let one = [options.target.as_str()];
    let targets = if options.target.is_empty() { all } else { one.as_slice() };
    let mut failed = Vec::new();
    for target in targets {
        let (seconds, seed) = (options.seconds.to_string(), options.seed.to_string());
        let mut line: Vec<&str> = CARGO.split(' ').collect();
        line.extend([target, "--seconds", &seconds, "--seed", &seed]);
        if let Err(error) = run::shown(&line) {
            failed.push(error);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}
