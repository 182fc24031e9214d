//! Durable processes: messages on disk per second, slots run again, a restart after `kill -9`, and what all
//! of that is measured by. A store and a node are opened in a release build of this program itself
//! ([`measure`]), so that no wire or shell is measured with them.

mod disk;
mod figures;
mod many;
mod node;
mod peer;
mod restart;
mod senders;
mod slots;

use super::messages::find;
use super::table::{Bar, Better, Row};
use super::{Bench, output};
use crate::{Outcome, run, workspace};
use std::path::Path;

/// The command that a release build of this program is given.
pub(crate) const COMMAND: &str = "durable-figures";
/// Senders from outside at once.
const COUNTS: [usize; 3] = [1, 64, 1024];
/// Pairs of durable processes at once: as many senders.
const PAIRS: [usize; 3] = [1, 64, 1024];
/// What the measuring program may take of the address space.
const BYTES_MAX: &str = "--as=8000000000";

/// What a figure is called in the table, its name in the output, its unit, which is better, and what is
/// wanted of it.
struct Metric(&'static str, &'static str, &'static str, Better, Option<Bar>);

const fn rate(what: &'static str, name: &'static str) -> Metric {
    Metric(what, name, "/s", Better::Higher, None)
}

const fn time(what: &'static str, name: &'static str) -> Metric {
    Metric(what, name, "ns", Better::Lower, None)
}

impl Metric {
    const fn wanted(self, figure: f64) -> Self {
        Self(self.0, self.1, self.2, self.3, Some(Bar::Figure(figure)))
    }
}

/// What is measured, but for the cost of snapshots.
const METRICS: &[Metric] = &[
    rate("appends of 200 bytes to this disk, a sync each", "disk"),
    rate("durable messages from outside, 1 sender (SQLite)", "outside_1"),
    rate("durable messages from outside, 64 senders (SQLite)", "outside_64"),
    rate("durable messages from outside, 1024 senders (SQLite)", "outside_1024").wanted(1e5),
    time("the same, 1 sender: to the acknowledgement, median", "outside_1_p50"),
    time("the same, 1 sender: p99", "outside_1_p99"),
    time("the same, 64 senders: median", "outside_64_p50"),
    time("the same, 64 senders: p99", "outside_64_p99"),
    time("the same, 1024 senders: median", "outside_1024_p50"),
    time("the same, 1024 senders: p99", "outside_1024_p99"),
    Metric(
        "the same, 1 sender: messages per sync of the disk",
        "outside_1_syncs",
        "",
        Better::Higher,
        None,
    ),
    Metric(
        "the same, 64 senders: messages per sync of the disk",
        "outside_64_syncs",
        "",
        Better::Higher,
        None,
    ),
    Metric(
        "the same, 1024 senders: messages per sync of the disk",
        "outside_1024_syncs",
        "",
        Better::Higher,
        None,
    ),
    rate("messages between durable processes, 1 pair", "pairs_1"),
    rate("messages between durable processes, 64 pairs", "pairs_64"),
    rate("messages between durable processes, 1024 pairs", "pairs_1024").wanted(1e5),
    rate("one process takes 100 000 messages, many in a record", "fed_live"),
    rate("one process takes 100 000 messages, one in a record", "alone_10_live"),
    rate("cold replay, many slots in a record: slots", "fed_replay").wanted(5e5),
    rate("cold replay, one slot in a record: slots", "alone_10_replay").wanted(5e5),
    Metric("on disk per slot, many in a record", "fed_bytes", "B", Better::Lower, None),
    Metric("on disk per slot, one in a record", "alone_10_bytes", "B", Better::Lower, None),
    time("restart after kill -9 to the first answer of one of 100 000", "restart").wanted(3e8),
    time("reading a slot while its process computes, median", "read_p50").wanted(1e5),
    time("reading a slot while its process computes, p99", "read_p99"),
    rate("a million durable processes: born, each with a message", "many_born"),
    Metric(
        "a million of them, 10 000 active: the most that was resident",
        "many_peak",
        "B",
        Better::Lower,
        Some(Bar::Figure(2.0 * 1024.0 * 1024.0 * 1024.0)),
    ),
    rate("a million of them, 10 000 active: messages", "many_sent"),
];

pub(super) fn run(_bench: &Bench) -> Result<Vec<Row>, String> {
    run::shown(&["cargo", "build", "--release", "--package", "xtask"])?;
    let program = workspace::target()?.join("release/xtask").display().to_string();
    let output = output(&["prlimit", BYTES_MAX, &program, COMMAND])?;
    rows(&output)
}

/// The output of [`measure`] as rows of the table.
fn rows(output: &str) -> Result<Vec<Row>, String> {
    let found =
        |name: &str| find(output, name).ok_or_else(|| format!("no figure {name} in:\n{output}"));
    let mut rows = Vec::new();
    for &Metric(what, name, unit, better, bar) in METRICS {
        let peer = name.strip_prefix("outside").and_then(|it| find(output, &format!("sqlite{it}")));
        rows.push(Row { what: what.to_owned(), ours: found(name)?, peer, unit, better, bar });
    }
    // The one process differs from the other by its state alone, which every snapshot has.
    for (what, unit, name) in [
        ("snapshots of 10 000 accounts: processor time per slot", "ns", "cpu"),
        ("snapshots of 10 000 accounts: on disk per slot", "B", "bytes"),
    ] {
        let [small, large] = slots::ACCOUNTS.map(|count| found(&format!("alone_{count}_{name}")));
        let ours = (large? - small?).max(0.0);
        rows.push(Row {
            what: what.to_owned(),
            ours,
            peer: None,
            unit,
            better: Better::Lower,
            bar: None,
        });
    }
    Ok(rows)
}

/// Measures in this process, and prints the figures.
pub(crate) fn measure(arguments: &[String]) -> Outcome {
    match arguments {
        [role, store] if role == restart::BEAR => restart::bear(Path::new(store)),
        [role, store] if role == many::MANY => many::measure(Path::new(store)),
        [role, store, pid] if role == restart::ASK => restart::ask(Path::new(store), pid),
        parts => figures::run(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_missing_is_named() {
        let error = rows("durable\tdisk\t1.5e4\t1\t2\t/s\n").unwrap_err();
        assert!(error.contains("outside_1"), "{error}");
    }
}
