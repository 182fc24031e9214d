//! `cargo xtask test`: everything, on a fresh machine.

use crate::{Outcome, contract, example, loom, run, sim, tidy, tools};
use std::time::Instant;

/// A part of the whole, with the command that repeats it alone.
struct Step {
    name: &'static str,
    repeat: &'static str,
    action: fn() -> Outcome,
}

const STEPS: [Step; 12] = [
    Step { name: "tools", repeat: "cargo xtask test", action: prepare },
    Step {
        name: "format",
        repeat: "cargo fmt --all --check",
        action: || run::shown(&["cargo", "fmt", "--all", "--check"]),
    },
    Step {
        name: "lints",
        repeat: "cargo clippy --workspace --all-targets -- -D warnings",
        action: || {
            run::shown(&["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
        },
    },
    Step { name: "tidy", repeat: "cargo xtask tidy", action: tidy::run },
    Step { name: "dependencies", repeat: "cargo deny check", action: dependencies },
    Step {
        name: "tests",
        repeat: "cargo test --workspace",
        action: || run::shown(&["cargo", "test", "--workspace", "--no-fail-fast"]),
    },
    Step { name: "exporter", repeat: EXPORTER, action: || run::shown(&exporter()) },
    Step { name: "contract", repeat: "cargo xtask contract", action: contract::test },
    Step { name: "simulation", repeat: "cargo xtask sim --seed N", action: sim::run_some },
    Step { name: "threads", repeat: "cargo xtask loom", action: loom::run },
    Step { name: "tour", repeat: "the first command of README.md", action: example::tour },
    Step { name: "example", repeat: example::WORDCOUNT, action: example::wordcount },
];

/// What only a feature has.
const EXPORTER: &str = "cargo test -p procession-telemetry --features otlp";

fn exporter() -> Vec<&'static str> {
    EXPORTER.split(' ').collect()
}

const INSTALL_DENY: &str = "cargo install cargo-deny --locked";
/// Runs every step, also after one that failed, and says at the end which to repeat.
pub(crate) fn run() -> Outcome {
    let mut failed = Vec::new();
    let mut summary = String::new();
    for step in STEPS {
        println!("\n== {}", step.name);
        let started = Instant::now();
        let outcome = (step.action)();
        let seconds = started.elapsed().as_secs_f64();
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        summary.push_str(&format!("{:14} {word:8} {seconds:6.1} s\n", step.name));
        if let Err(error) = outcome {
            println!("{error}");
            failed.push(step);
        }
    }
    println!("\n{summary}");
    if failed.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = failed
        .iter()
        .map(|step| format!("  {:14} repeat with: {}", step.name, step.repeat))
        .collect();
    Err(format!("failed:\n{}", lines.join("\n")))
}

fn prepare() -> Outcome {
    tools::ensure(&[tools::CC, tools::LUA, tools::CURL])?;
    tools::ensure_components()
}

/// Licences, sources and bans need nothing but the tree; the list of known vulnerabilities comes from
/// github.com, which not every machine reaches.
fn dependencies() -> Outcome {
    if !tools::is_there("cargo-deny") {
        println!("cargo-deny is not installed, so deny.toml is not checked: {INSTALL_DENY}");
        return Ok(());
    }
    run::shown(&["cargo", "deny", "--locked", "check", "licenses", "bans", "sources"])?;
    if let Err(error) = run::captured(&["cargo", "deny", "fetch", "db"]) {
        println!("the list of vulnerabilities can't be fetched, so it is not checked: {error}");
        return Ok(());
    }
    run::shown(&["cargo", "deny", "--locked", "check", "advisories"])
}
