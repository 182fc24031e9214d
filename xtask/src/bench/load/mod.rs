//! Many supervised processes of which some crash all the time: how soon each is back, whether all that
//! happened is told, and how fast the API answers meanwhile. Against Erlang's supervisor, and with
//! fewer against supervisord, whose processes are the operating system's.

mod api;
mod application;
mod events;
mod node;
mod supervisord;

pub(super) use supervisord::setup;

use super::table::{Bar, Better, Row};
use super::{Bench, ROUNDS, median, messages};
use crate::workspace;

/// What a supervised process may take to be back, in nanoseconds.
const RESTART_NS_MAX: f64 = 5e6;
/// What the API may take to answer.
const ANSWER_NS_MAX: f64 = 20e6;

/// How many, how often, how long.
#[derive(Debug, Clone, Copy)]
struct Shape {
    services: u32,
    /// Crashes per second.
    per_second: u32,
    seconds: u32,
    /// Supervisors that share the services; 0 = the root has them all.
    supervisors: u32,
}

impl Shape {
    fn crashes(&self) -> u64 {
        u64::from(self.per_second) * u64::from(self.seconds)
    }
}

const ONE: Shape = Shape { services: 10_000, per_second: 1000, seconds: 10, supervisors: 0 };
const HUNDRED: Shape = Shape { supervisors: 100, ..ONE };
const SMALL: Shape = Shape { services: 100, per_second: 10, seconds: 10, supervisors: 0 };

/// Median, 99th percentile and the longest, in nanoseconds.
type Times = [f64; 3];

/// What one run has shown.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// From the message (the signal, for processes of the operating system) that makes a process fail
    /// to the first words of its successor.
    ready: Times,
    /// From the moment the supervisor knows of the end to the moment the successor is ready.
    restart: Option<Times>,
    /// Answers of the API.
    answer: Option<Times>,
    /// Events that are not there, or there twice.
    missing: Option<f64>,
}

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    rows.extend(compared(bench, &ONE, "10 000 supervised, 1 000 crashes/s", erlang)?);
    let hundred = "10 000 below 100 supervisors";
    rows.extend(compared(bench, &HUNDRED, hundred, erlang)?);
    let small = "100 supervised, 10 crashes/s";
    // The bars are not about so few.
    let few = compared(bench, &SMALL, small, supervisord::measure)?.into_iter().take(2);
    rows.extend(few.map(|row| Row { bar: None, ..row }));
    Ok(rows)
}

type Peer = fn(&Bench, &Shape) -> Result<Option<(&'static str, Times)>, String>;

/// Lets both sides take turns, and takes the medians of each figure.
fn compared(bench: &Bench, shape: &Shape, what: &str, peer: Peer) -> Result<Vec<Row>, String> {
    let (mut ours, mut peers, mut name) = (Vec::new(), Vec::new(), None);
    for _ in 0..ROUNDS {
        ours.push(node::measure(&bench.procession, &workspace::target()?, shape)?);
        if let Some((known, times)) = peer(bench, shape)? {
            name = Some(known);
            peers.push(times);
        }
        println!("{what}: {:?}, peer {:?}, load {}", ours.last(), peers.last(), load());
    }
    let of = name.map_or(String::new(), |name| format!(" ({name})"));
    let row = |figure: &str, ours: Vec<f64>, peer: Vec<f64>, bar: Option<f64>| {
        let missing = || format!("nothing measured of: {figure}");
        Ok::<Row, String>(Row {
            what: format!("{what}: {figure}{}", if peer.is_empty() { "" } else { &of }),
            ours: median(ours).ok_or_else(missing)?,
            peer: median(peer),
            unit: "ns",
            better: Better::Lower,
            bar: bar.map(Bar::Figure),
        })
    };
    let ready = |at: usize| ours.iter().map(|run| run.ready[at]).collect();
    let restart = |at: usize| ours.iter().filter_map(|run| Some(run.restart?[at])).collect();
    let answer = |at: usize| ours.iter().filter_map(|run| Some(run.answer?[at])).collect();
    let theirs = |at: usize| peers.iter().map(|times| times[at]).collect();
    // Of what must never be, the worst run counts.
    let missing = ours.iter().filter_map(|run| run.missing).fold(0.0, f64::max);
    Ok(vec![
        row("told to fail to ready again, median", ready(0), theirs(0), None)?,
        row("the same, p99", ready(1), theirs(1), Some(RESTART_NS_MAX))?,
        row("the same, longest", ready(2), theirs(2), None)?,
        row("end known to ready again, p99", restart(1), vec![], Some(RESTART_NS_MAX))?,
        row("end known to ready again, longest", restart(2), vec![], None)?,
        Row { unit: "", ..row("events missing", vec![missing], vec![], Some(0.0))? },
        row("GET /v1/processes?limit=100, median", answer(0), vec![], None)?,
        row("GET /v1/processes?limit=100, p99", answer(1), vec![], Some(ANSWER_NS_MAX))?,
        row("GET /v1/processes?limit=100, longest", answer(2), vec![], None)?,
    ])
}

/// Erlang's supervisor with as many processes.
fn erlang(bench: &Bench, shape: &Shape) -> Result<Option<(&'static str, Times)>, String> {
    let Some(beams) = &bench.beams else { return Ok(None) };
    let beams = beams.display().to_string();
    let Shape { services, per_second, seconds, supervisors } = *shape;
    let numbers = [services, per_second, seconds, supervisors.max(1)].map(|it| it.to_string());
    let start = ["erl", "-noshell", "-pa", &beams, "-run", "supervision", "main"];
    let line: Vec<&str> = start.into_iter().chain(numbers.iter().map(String::as_str)).collect();
    let output = super::output(&line)?;
    let find = |metric: &str| {
        messages::find(&output, metric).ok_or_else(|| format!("no {metric} in:\n{output}"))
    };
    Ok(Some(("Erlang", [find("p50")?, find("p99")?, find("max")?])))
}

/// The value at a part of the sorted list, 0 when there is none.
fn part(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part) as usize).copied().unwrap_or(0.0)
}

/// What else the machine has to do.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("?").to_owned()
}
