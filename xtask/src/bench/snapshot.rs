//! Snapshot and restore of a small process. No peer does this; the bar is 2 µs.

use super::table::{Bar, Better, Row};
use super::{Bench, messages};
use crate::run;

pub(super) fn run(_bench: &Bench) -> Result<Vec<Row>, String> {
    let line = [
        "cargo",
        "run",
        "--quiet",
        "--release",
        "--package",
        "procession-lua",
        "--example",
        "snapshot",
    ];
    let output = run::captured(&line)?;
    [("snapshot", "snapshot_ns"), ("restore", "restore_ns")]
        .into_iter()
        .map(|(what, metric)| {
            let ours = messages::find(&output, metric)
                .ok_or_else(|| format!("the example printed no {metric}:\n{output}"))?;
            Ok(Row {
                what: format!("{what} of a small process"),
                ours,
                peer: None,
                unit: "ns",
                better: Better::Lower,
                bar: Some(Bar::Figure(2000.0)),
            })
        })
        .collect()
}
