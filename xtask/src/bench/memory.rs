//! Resident memory of processes that wait for a message, against Erlang's.

use super::Bench;
use super::table::{Bar, Better, Row};
use crate::run;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

const COUNTS: [u32; 2] = [10_000, 100_000];

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>, String> {
    let peer = erlang(bench)?;
    COUNTS
        .into_iter()
        .map(|count| {
            let metric = format!("idle_{count}_rss_bytes_per_proc");
            Ok(Row {
                what: format!("idle process, of {count} (Erlang)"),
                ours: ours(bench, count)?,
                peer: peer.as_deref().and_then(|output| super::messages::find(output, &metric)),
                unit: "B",
                better: Better::Lower,
                bar: (count == 100_000).then_some(Bar::Figure(2.6 * 1024.0)),
            })
        })
        .collect()
}

fn erlang(bench: &Bench) -> Result<Option<String>, String> {
    let Some(beams) = &bench.beams else { return Ok(None) };
    let beams = beams.display().to_string();
    let line = ["erl", "+P", "2000000", "-noshell", "-pa", &beams, "-run", "bench", "main", "idle"];
    super::output(&line).map(Some)
}

/// Bytes per process: the node's resident memory when they all wait, less that of before.
fn ours(bench: &Bench, count: u32) -> Result<f64, String> {
    let (program, number) = (bench.ours(), count.to_string());
    // The limit ends a program that would never say the second word.
    let limit = "wall_clock=2m";
    let line = [&*program, "run", "bench/ours/idle.lua", "--limit", limit, "--", &number];
    let mut child = run::command(&line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start {program}: {error}"))?;
    let measured = between(&mut child);
    // What we wanted to know is known; the program would only wait on.
    let _ = child.kill();
    let _ = child.wait();
    let (before, after) = measured?;
    Ok((after - before) / f64::from(count))
}

/// Resident bytes at the line "before" and at the line "after".
fn between(child: &mut Child) -> Result<(f64, f64), String> {
    let output = child.stdout.take().ok_or("the program has no output")?;
    let mut lines = BufReader::new(output).lines();
    let mut at = |word: &str| loop {
        match lines.next() {
            Some(Ok(line)) if line == word => break resident_bytes(child.id()),
            Some(Ok(_)) => {}
            Some(Err(error)) => break Err(format!("could not read the program's output: {error}")),
            None => break Err(format!("the program ended before it said \"{word}\"")),
        }
    };
    Ok((at("before")?, at("after")?))
}

/// VmRSS of a process of the operating system.
pub(super) fn resident_bytes(id: u32) -> Result<f64, String> {
    bytes_of(&format!("/proc/{id}/status"), "VmRSS:")
}

/// The most that this program has had resident.
pub(super) fn peak_bytes() -> Result<f64, String> {
    bytes_of("/proc/self/status", "VmHWM:")
}

/// What the machine could still give to a program.
pub(super) fn available_bytes() -> Result<f64, String> {
    bytes_of("/proc/meminfo", "MemAvailable:")
}

/// A number of kilobytes in a file of the system, under its name.
fn bytes_of(path: &str, name: &str) -> Result<f64, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let kib: Option<f64> = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.map(|kib| kib * 1024.0).ok_or_else(|| format!("{path} has no {name}"))
}
