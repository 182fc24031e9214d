//! The CPU set: chunks of Lua that return a checksum, timed in processor time of the whole command.

use super::table::{Bar, Better, Row};
use super::{Bench, ROUNDS, median};
use crate::run;

/// A chunk of bench/lua, and how often it is run so that starting up does not show.
const CHUNKS: [(&str, u32); 11] = [
    ("fib", 3),
    ("table", 2),
    ("string", 8),
    ("format", 4),
    ("sort", 3),
    ("closure", 5),
    ("float", 8),
    ("method", 1),
    ("coro", 8),
    ("pcall", 8),
    ("perror", 20),
];

/// What one run gave.
struct Measured {
    checksum: String,
    milliseconds: f64,
}

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (name, times) in CHUNKS {
        rows.push(chunk(bench, name, times)?);
    }
    let ratios: Vec<f64> =
        rows.iter().filter_map(|row| row.peer.map(|peer| row.ours / peer)).collect();
    if ratios.len() == CHUNKS.len() {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        let what = "CPU set, geometric mean of the ratios (PUC Lua = 1)".to_owned();
        rows.push(Row {
            what,
            ours: mean,
            peer: Some(1.0),
            unit: "",
            better: Better::Lower,
            bar: Some(Bar::Ratio(1.3)),
        });
    }
    Ok(rows)
}

fn chunk(bench: &Bench, name: &str, times: u32) -> Result<Row, String> {
    let times_text = times.to_string();
    let program = bench.ours();
    let ours_line =
        [&*program, "run", "bench/ours/chunk.lua", "--", "bench/lua", name, &times_text];
    let peer_line = ["lua5.4", "bench/lua/chunk.lua", "bench/lua", name, &times_text];
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let own = timed(&ours_line)?;
        ours.push(own.milliseconds / f64::from(times));
        if bench.lua {
            let peer = timed(&peer_line)?;
            if own.checksum != peer.checksum {
                let (own, peer) = (own.checksum, peer.checksum);
                return Err(format!("{name}: the checksums differ: ours {own}, lua5.4 {peer}"));
            }
            peers.push(peer.milliseconds / f64::from(times));
        }
    }
    let ours = median(ours).ok_or("nothing was measured")?;
    let what = format!("CPU {name} (PUC Lua 5.4)");
    // Resuming and yielding has a bar of its own.
    let bar = Some(Bar::Ratio(if name == "coro" { 1.0 } else { 2.0 }));
    Ok(Row { what, ours, peer: median(peers), unit: "ms", better: Better::Lower, bar })
}

/// Runs a command line under bash's `time`, which tells the processor time in milliseconds.
fn timed(line: &[&str]) -> Result<Measured, String> {
    let script = "TIMEFORMAT='%3U %3S'; time timeout 300 \"$@\"";
    let shell: Vec<&str> = ["bash", "-c", script, "bash"].iter().chain(line).copied().collect();
    let output = run::command(&shell).output().map_err(|error| format!("bash: {error}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("`{}` ended with {}\n{complaint}", line.join(" "), output.status));
    }
    let times = complaint.lines().last().unwrap_or_default();
    let seconds: f64 = times.split(' ').filter_map(|text| text.parse::<f64>().ok()).sum();
    let checksum = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(Measured { checksum, milliseconds: seconds * 1e3 })
}
