//! Tools of other people that a command needs: found, installed where that is ours to do, or named.

use crate::{Outcome, run};
use std::env;
use std::path::Path;

/// A program, and the Debian package that brings it.
pub(crate) struct Tool {
    /// Name of the program.
    pub(crate) program: &'static str,
    /// Name of the package.
    pub(crate) package: &'static str,
    /// What it is needed for.
    pub(crate) purpose: &'static str,
}

/// The reference that the Lua corpus and the benchmarks compare with.
pub(crate) const LUA: Tool =
    Tool { program: "lua5.4", package: "lua5.4", purpose: "the reference for the Lua corpus" };
/// What the tutorial asks the HTTP API with.
pub(crate) const CURL: Tool =
    Tool { program: "curl", package: "curl", purpose: "the commands of docs/tutorial.md" };
/// What links Rust programs.
pub(crate) const CC: Tool = Tool { program: "cc", package: "gcc", purpose: "linking" };

/// Whether a program is on the search path.
pub(crate) fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Sees to it that the tools are there.
///
/// Installs what is missing when this is Debian and we are root; otherwise says what to install.
pub(crate) fn ensure(tools: &[Tool]) -> Outcome {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !is_there(tool.program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    for tool in &missing {
        println!("{} is missing ({})", tool.program, tool.purpose);
    }
    let install = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !is_there("apt-get") || !is_root() {
        return Err(format!("install what is missing, on Debian: sudo {install}"));
    }
    // The lists of a fresh image may be absent or old; a failure shows in the install that follows.
    if let Err(error) = run::shown(&["apt-get", "update", "-q"]) {
        println!("{error}; trying to install all the same");
    }
    let line: Vec<&str> = install.split(' ').collect();
    run::shown(&line)
}

/// Sees to it that rustfmt and clippy are there.
pub(crate) fn ensure_components() -> Outcome {
    // rustup puts their names on the path also when they are not installed; so they are asked.
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| run::captured(&["cargo", command, "--version"]).is_err())
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line: Vec<&str> = ["rustup", "component", "add"].into_iter().chain(missing).collect();
    if !is_there("rustup") {
        return Err(format!("rustfmt or clippy is missing: {}", line.join(" ")));
    }
    run::shown(&line)
}

fn is_root() -> bool {
    // Only root's processes belong to user 0, and /proc/self belongs to the process's user.
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|metadata| {
        use std::os::unix::fs::MetadataExt as _;
        metadata.uid() == 0
    })
}
