//! Processes and messages, against Erlang: both sides print the same lines.

use super::table::{Bar, Better, Row};
use super::{Bench, ROUNDS, median};

/// A metric that both sides measure.
struct Metric {
    what: &'static str,
    /// Name in our program's output.
    ours: &'static str,
    /// Name in bench.erl's output.
    peer: &'static str,
    unit: &'static str,
    better: Better,
    bar: f64,
}

/// A program of ours and the cases of bench.erl that do the same.
struct Work {
    program: &'static str,
    options: &'static [&'static str],
    erlang: &'static [&'static str],
}

const fn rate(what: &'static str, ours: &'static str, peer: &'static str) -> Metric {
    Metric { what, ours, peer, unit: "/s", better: Better::Higher, bar: 1.0 }
}

const fn duration(what: &'static str, ours: &'static str, peer: &'static str) -> Metric {
    Metric { what, ours, peer, unit: "ns", better: Better::Lower, bar: 1.0 }
}

pub(super) fn spawn(bench: &Bench) -> Result<Vec<Row>, String> {
    const BURST: &str = "burst_100k_ns_per_proc";
    const SEQUENCE: &str = "sequential_spawn_monitor_down_ns";
    let work = Work {
        program: "spawn",
        options: &["--limit", "mailbox=200000"],
        erlang: &["spawn_exit", "spawn_exit_seq"],
    };
    measure(
        bench,
        &work,
        &[
            duration("spawn to exit, burst of 100 000 (Erlang)", BURST, BURST),
            duration("spawn to exit, one after the other (Erlang)", SEQUENCE, SEQUENCE),
        ],
    )
}

pub(super) fn pingpong(bench: &Bench) -> Result<Vec<Row>, String> {
    const NAME: &str = "bare_send_receive_roundtrips_per_s";
    let work = Work { program: "pingpong", options: &[], erlang: &["pingpong"] };
    measure(bench, &work, &[rate("ping-pong, round trips (Erlang)", NAME, NAME)])
}

pub(super) fn ring(bench: &Bench) -> Result<Vec<Row>, String> {
    const ONE: &str = "1000x1000_one_token_msgs_per_s";
    const MANY: &str = "1000x100x100tokens_msgs_per_s";
    let work = Work { program: "ring", options: &[], erlang: &["ring"] };
    measure(
        bench,
        &work,
        &[
            rate("ring of 1000, one token, messages (Erlang)", ONE, ONE),
            rate("ring of 1000, 100 tokens, messages (Erlang)", MANY, MANY),
        ],
    )
}

pub(super) fn fanin(bench: &Bench) -> Result<Vec<Row>, String> {
    let options = &["--limit", "mailbox=2000000", "--limit", "mailbox=1GiB"];
    let work = Work { program: "fanin", options, erlang: &["fanin"] };
    let (ours, peer) = ("100x10k_msgs_per_s", "100x10k_onheap_msgs_per_s");
    measure(bench, &work, &[rate("fan-in, 100 senders of 10 000 (Erlang)", ours, peer)])
}

pub(super) fn copy1k(bench: &Bench) -> Result<Vec<Row>, String> {
    const STREAM: &str = "stream_window100_msgs_per_s";
    const ROUND: &str = "pingpong_both_ways_roundtrips_per_s";
    let work = Work { program: "copy1k", options: &[], erlang: &["copy1k"] };
    measure(
        bench,
        &work,
        &[
            rate("1 KB value, streamed, window 100 (Erlang)", STREAM, STREAM),
            rate("1 KB value, round trips (Erlang)", ROUND, ROUND),
        ],
    )
}

pub(super) fn notify(bench: &Bench) -> Result<Vec<Row>, String> {
    const NAME: &str = "monitor_p50_ns";
    let work = Work { program: "notify", options: &[], erlang: &["notify"] };
    let metric = duration("failure to its monitor's news, median (Erlang)", NAME, NAME);
    // No row of the design's table: a failure is not what processes are made for.
    measure(bench, &work, &[Metric { bar: 2.0, ..metric }])
}

/// Lets both sides take turns, and takes the medians.
fn measure(bench: &Bench, work: &Work, metrics: &[Metric]) -> Result<Vec<Row>, String> {
    let program = bench.ours();
    let file = format!("bench/ours/{}.lua", work.program);
    let ours_line: Vec<&str> =
        [&*program, "run", &file].iter().chain(work.options).copied().collect();
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(super::output(&ours_line)?);
        if let Some(beams) = &bench.beams {
            let beams = beams.display().to_string();
            // The same number of threads as we have shards: one per core.
            let start =
                ["erl", "+P", "2000000", "-noshell", "-pa", &beams, "-run", "bench", "main"];
            let line: Vec<&str> = start.iter().chain(work.erlang).copied().collect();
            peers.push(super::output(&line)?);
        }
    }
    metrics.iter().map(|metric| row(metric, &ours, &peers)).collect()
}

fn row(metric: &Metric, ours: &[String], peers: &[String]) -> Result<Row, String> {
    let values = |outputs: &[String], name: &str| {
        median(outputs.iter().filter_map(|output| find(output, name)).collect())
    };
    let missing = || format!("our program printed no {}", metric.ours);
    Ok(Row {
        what: metric.what.to_owned(),
        ours: values(ours, metric.ours).ok_or_else(missing)?,
        peer: values(peers, metric.peer),
        unit: metric.unit,
        better: metric.better,
        bar: Some(Bar::Ratio(metric.bar)),
    })
}

/// The median in the line of a metric: `case <TAB> metric <TAB> median …`.
pub(super) fn find(output: &str, metric: &str) -> Option<f64> {
    output.lines().find_map(|line| {
        let mut parts = line.split('\t');
        let (_, name, median) = (parts.next()?, parts.next()?, parts.next()?);
        (name == metric).then(|| median.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found() {
        let output = "# a comment\nring\tone\t1.5e+06\t1\t2\t1/s\nring\ttwo\t7\t1\t2\t1/s\n";
        assert_eq!(find(output, "one"), Some(1.5e6));
        assert_eq!(find(output, "two"), Some(7.0));
        assert_eq!(find(output, "three"), None);
    }
}
