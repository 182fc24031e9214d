//! What busy processes still get done beside a bad neighbour. The peer is the same without one.

use super::table::{Bar, Better, Row};
use super::{Bench, messages};

const KINDS: [(&str, &str); 5] = [
    ("loop", "runs for ever"),
    ("eat", "eats memory"),
    ("recurse", "recurses without end"),
    ("bomb", "matches a pattern bomb"),
    ("flood", "floods a mailbox"),
];

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>, String> {
    let program = bench.ours();
    let output = super::output(&[&program, "run", "bench/ours/neighbours.lua"])?;
    KINDS
        .into_iter()
        .map(|(metric, deed)| {
            let ours = messages::find(&output, metric)
                .ok_or_else(|| format!("our program printed no {metric}"))?;
            Ok(Row {
                what: format!("work of 40 neighbours of one that {deed} (alone = 1)"),
                ours,
                peer: Some(1.0),
                unit: "",
                better: Better::Higher,
                bar: Some(Bar::Ratio(0.9)),
            })
        })
        .collect()
}
