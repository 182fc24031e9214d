//! `cargo xtask miri`: tests of the lowest crates under Miri, which notices undefined behaviour.
//!
//! No crate of ours has unsafe code (`cargo xtask tidy` looks for the promise in each), so it can only
//! be in what they use: this runs what leads there and needs neither files nor threads nor hours.

use crate::{Outcome, run};

const LINES: [&[&str]; 2] = [
    &["cargo", "+nightly", "miri", "test", "--quiet", "--package", "procession-types"],
    &[
        "cargo",
        "+nightly",
        "miri",
        "test",
        "--quiet",
        "--package",
        "procession-lua",
        "--lib",
        "text::utf8",
    ],
];
const INSTALL: &str = "rustup toolchain install nightly --component miri --component rust-src";

/// Runs them, with a hint if there is no Miri.
pub(crate) fn run() -> Outcome {
    if run::captured(&["cargo", "+nightly", "miri", "--version"]).is_err() {
        return Err(format!("Miri is not installed: {INSTALL}"));
    }
    LINES.iter().try_for_each(|line| run::shown(line))
}
