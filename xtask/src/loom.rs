//! `cargo xtask loom`: where threads meet, under every schedule. Only what is marked `cfg(loom)`
//! runs, in a target directory of its own: the mark is a flag of the whole build.

use crate::{Outcome, run};

const LINE: [&str; 7] =
    ["cargo", "test", "--quiet", "--package", "procession-runtime", "--lib", "inbox"];

/// Checks the inbox of workers.
pub(crate) fn run() -> Outcome {
    println!("$ RUSTFLAGS=\"--cfg loom\" {} --target-dir target/loom", LINE.join(" "));
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let status = run::command(&LINE)
        .args(["--target-dir", &format!("{target}/loom")])
        .env("RUSTFLAGS", "--cfg loom")
        .status()
        .map_err(|error| format!("could not start cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the model of the inbox: {status}")) }
}
