//! A million processes alive at once, without and with hibernation. No peer is run beside: Erlang's
//! idle process is in the case `memory`.

use super::table::{Bar, Better, Row};
use super::{Bench, memory, messages};
use crate::run;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

const COUNT: u32 = 1_000_000;
const GIB: f64 = (1_u64 << 30) as f64;
/// What the machine must have free.
const AVAILABLE_BYTES_MIN: f64 = 6e9;

/// How processes rest: the words after `--hibernate-after`, how long until they all do, and how it is
/// called.
struct Rest {
    after: &'static str,
    pause: &'static str,
    name: &'static str,
    /// Resident bytes of each at most.
    bytes_max: Option<f64>,
}

const RESTS: [Rest; 2] = [
    Rest { after: "never", pause: "3s", name: "idle", bytes_max: Some(24.0 * GIB / 1e6) },
    Rest { after: "500ms", pause: "8s", name: "hibernated", bytes_max: Some(2.0 * GIB / 1e6) },
];

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>, String> {
    let available = memory::available_bytes()?;
    if available < AVAILABLE_BYTES_MIN {
        return Err(format!(
            "a million processes need {AVAILABLE_BYTES_MIN:e} bytes of memory, {available:e} are available"
        ));
    }
    let mut rows = Vec::new();
    for rest in &RESTS {
        rows.extend(measured(bench, rest)?);
    }
    Ok(rows)
}

fn measured(bench: &Bench, rest: &Rest) -> Result<Vec<Row>, String> {
    let (program, count) = (bench.ours(), COUNT.to_string());
    let line = [
        &*program,
        "run",
        "bench/ours/million.lua",
        "--limit",
        "wall_clock=5m",
        "--limit",
        "memory=4GiB",
        "--hibernate-after",
        rest.after,
        "--",
        &count,
        rest.pause,
    ];
    let mut child = run::command(&line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start {program}: {error}"))?;
    let output = watched(&mut child);
    // What we wanted to know is known; the program would only wait on.
    let _ = child.kill();
    let _ = child.wait();
    let output = output?;
    let find = |metric: &str| {
        messages::find(&output, metric).ok_or_else(|| format!("no {metric} in:\n{output}"))
    };
    let row = |what: &str, ours: f64, unit: &'static str, better: Better| Row {
        what: format!("a million processes, {}: {what}", rest.name),
        ours,
        peer: None,
        unit,
        better,
        bar: None,
    };
    let each = |at: &str| Ok::<f64, String>((find(at)? - find("before_bytes")?) / f64::from(COUNT));
    Ok(vec![
        row("create one", find("create_ns")?, "ns", Better::Lower),
        Row {
            bar: rest.bytes_max.map(Bar::Figure),
            ..row("resident each", each("alive_bytes")?, "B", Better::Lower)
        },
        row("messages, the first time", find("messages_per_s_1")?, "/s", Better::Higher),
        row("messages, again", find("messages_per_s_2")?, "/s", Better::Higher),
        row("resident each, after that", each("resting_bytes")?, "B", Better::Lower),
    ])
}

/// The program's output until all rest again, with a line about the memory after every line of one
/// word.
fn watched(child: &mut Child) -> Result<String, String> {
    let output = child.stdout.take().ok_or("the program has no output")?;
    let mut text = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| format!("could not read the program's output: {error}"))?;
        if line.contains('\t') {
            text.push_str(&line);
            text.push('\n');
            continue;
        }
        let bytes = memory::resident_bytes(child.id())?;
        println!("{line}: {:.0} MiB resident", bytes / f64::from(1 << 20));
        // Writing to a string does not fail.
        let _ = writeln!(text, "million\t{line}_bytes\t{bytes}\t{bytes}\t{bytes}\tB");
        if line == "resting" {
            return Ok(text);
        }
    }
    Err(format!("the program ended before all was done; it printed:\n{text}"))
}
