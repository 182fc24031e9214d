//! Running other programs, and saying how to repeat what failed.

use crate::Outcome;
use std::process::{Command, Stdio};

/// A command line with the repository's root as its directory.
pub(crate) fn command(line: &[&str]) -> Command {
    let (program, arguments) = line.split_first().expect("a command line has a program");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(crate::workspace::root());
    command
}

/// Runs a command line with its output on the terminal.
pub(crate) fn shown(line: &[&str]) -> Outcome {
    println!("$ {}", line.join(" "));
    let status = command(line)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("could not start {}: {error}", line[0]))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", line.join(" "))) }
}

/// Runs a command line and gives back what it printed.
pub(crate) fn captured(line: &[&str]) -> Result<String, String> {
    let output = command(line)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("could not start {}: {error}", line[0]))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{}` ended with {}\n{text}{complaint}", line.join(" "), output.status))
}
