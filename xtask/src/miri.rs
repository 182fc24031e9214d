//! `cargo xtask miri`: tests of the lowest crates under Miri, which notices undefined behaviour.
//!
//! No crate of ours has unsafe code (`cargo xtask tidy` looks for the promise in each), so it can only
//! be in what they use: this runs what leads there and needs neither files nor threads nor hours. Miri is
//! some thousand times slower than the processor: what would take longer than a minute is left out, and
//! all of it takes one or two.

use crate::{Outcome, run};

/// A crate, which of its tests are run (all, if none is named), and which of these are not.
struct Part {
    package: &'static str,
    tests: &'static [&'static str],
    without: &'static [&'static str],
}

const PARTS: [Part; 2] = [
    Part {
        package: "procession-types",
        tests: &[],
        // Fills the table of hosts to its limit, looking at all of it for each.
        without: &["hosts_come_and_keep_their_places"],
    },
    Part {
        package: "procession-lua",
        tests: &[
            "json::",
            "text::cformat",
            "text::class",
            "text::number",
            "text::packing",
            "text::quote",
            "text::utf8",
            "time::",
            "modules::uuid",
        ],
        // Twenty thousand numbers; texts of megabytes.
        without: &["floats_come_back_as_they_were", "small_values_with_huge_texts_are_refused"],
    },
];
const INSTALL: &str = "rustup toolchain install nightly --component miri --component rust-src";

/// Runs them, with a hint if there is no Miri.
pub(crate) fn run() -> Outcome {
    if run::captured(&["cargo", "+nightly", "miri", "--version"]).is_err() {
        return Err(format!("Miri is not installed: {INSTALL}"));
    }
    PARTS.iter().try_for_each(|part| run::shown(&part.line()))
}

impl Part {
    fn line(&self) -> Vec<&'static str> {
        let start = ["cargo", "+nightly", "miri", "test", "--lib", "--package", self.package, "--"];
        let skipped = self.without.iter().flat_map(|test| ["--skip", *test]);
        start.into_iter().chain(self.tests.iter().copied()).chain(skipped).collect()
    }
}
