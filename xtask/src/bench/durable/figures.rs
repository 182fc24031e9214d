//! The measurements, in turns, and their lines: `durable <TAB> name <TAB> median <TAB> min <TAB> max <TAB>
//! unit`.

use super::node::{start, stop};
use super::slots::{ACCOUNTS, Lived};
use super::{COUNTS, PAIRS, disk, many, peer, restart, senders, slots};
use crate::{Outcome, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often everything is measured; the median counts.
const ROUNDS: usize = 3;
/// How long the disk is asked for its rate, beside each round.
const DISK: Duration = Duration::from_millis(500);
/// How long messages are counted, each time.
const SENDING: Duration = Duration::from_millis(1500);
/// Processes stay in memory.
const NEVER: Duration = Duration::from_secs(600);

/// A directory that is gone when this is.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let directory = workspace::target()?.join(format!("bench/durable-{}", std::process::id()));
        fs::create_dir_all(&directory)
            .map_err(|error| format!("could not make {}: {error}", directory.display()))?;
        Ok(Self(directory))
    }

    /// Where something lies that was not there before.
    fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            Ok(()) | Err(_) => Ok(path),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What can't be removed is in the way of nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Parts that are measured: `senders`, `senders_64`, `slots` and so on; all when none is named.
struct Wanted<'a>(&'a [String]);

impl Wanted<'_> {
    fn has(&self, part: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|it| it == part)
    }

    fn has_count(&self, part: &str, count: usize) -> bool {
        self.has(part) || self.has(&format!("{part}_{count}"))
    }
}

/// Values by name, in the order in which the names came.
#[derive(Default)]
struct Figures(Vec<(String, &'static str, Vec<f64>)>);

impl Figures {
    fn add(&mut self, name: impl Into<String>, unit: &'static str, value: f64) {
        let name = name.into();
        match self.0.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., values)) => values.push(value),
            None => self.0.push((name, unit, vec![value])),
        }
    }

    fn lived(&mut self, name: &str, lived: &Lived) {
        self.add(format!("{name}_live"), "/s", lived.per_second);
        self.add(format!("{name}_cpu"), "ns", lived.cpu_ns);
        self.add(format!("{name}_bytes"), "B", lived.bytes);
        self.add(format!("{name}_replay"), "/s", lived.replayed_per_second);
    }

    fn print(&self) {
        for (name, unit, values) in &self.0 {
            let mut values = values.clone();
            values.sort_by(f64::total_cmp);
            let (least, most) = (values[0], values[values.len() - 1]);
            let median = values[values.len() / 2];
            println!("durable\t{name}\t{median:.6e}\t{least:.4e}\t{most:.4e}\t{unit}");
        }
    }
}

/// Measures; with names, only these parts.
pub(super) fn run(parts: &[String]) -> Outcome {
    let wanted = Wanted(parts);
    let scratch = Scratch::new()?;
    let mut figures = Figures::default();
    for _ in 0..ROUNDS {
        outside(&scratch, &wanted, &mut figures)?;
        pairs(&scratch, &wanted, &mut figures)?;
        if wanted.has("slots") {
            for accounts in ACCOUNTS {
                let lived = slots::alone(&scratch.fresh("slots")?, accounts)?;
                figures.lived(&format!("alone_{accounts}"), &lived);
            }
            figures.lived("fed", &slots::fed(&scratch.fresh("slots")?)?);
        }
        if wanted.has("read") {
            let (p50, p99) = slots::read(&scratch.fresh("read")?)?;
            figures.add("read_p50", "ns", p50);
            figures.add("read_p99", "ns", p99);
        }
        if wanted.has("restart") {
            figures.add("restart", "ns", restart::first_answer(&scratch.fresh("restart")?)?);
        }
    }
    if wanted.has("many") {
        let many = many::measured(&scratch.fresh("many")?)?;
        figures.add("many_born", "/s", many.born_per_second);
        figures.add("many_peak", "B", many.peak_bytes);
        figures.add("many_sent", "/s", many.per_second);
    }
    figures.print();
    Ok(())
}

fn syncs(directory: &Path, figures: &mut Figures) -> Result<f64, String> {
    let rate = disk::syncs_per_second(directory, DISK)
        .map_err(|error| format!("could not write to {}: {error}", directory.display()))?;
    figures.add("disk", "/s", rate);
    Ok(rate)
}

fn outside(scratch: &Scratch, wanted: &Wanted<'_>, figures: &mut Figures) -> Outcome {
    let node = start(&scratch.fresh("senders")?, NEVER)?;
    for count in COUNTS.into_iter().filter(|count| wanted.has_count("senders", *count)) {
        let disk = syncs(&scratch.0, figures)?;
        let sent = senders::outside(&node, count, SENDING)?;
        figures.add(format!("outside_{count}"), "/s", sent.per_second);
        figures.add(format!("outside_{count}_p50"), "ns", sent.p50_ns);
        figures.add(format!("outside_{count}_p99"), "ns", sent.p99_ns);
        figures.add(format!("outside_{count}_syncs"), "", sent.per_second / disk);
        if wanted.has("senders")
            && let Some(rate) = peer::per_second(&scratch.fresh("peer")?, count)?
        {
            figures.add(format!("sqlite_{count}"), "/s", rate);
        }
    }
    stop(node);
    Ok(())
}

fn pairs(scratch: &Scratch, wanted: &Wanted<'_>, figures: &mut Figures) -> Outcome {
    for count in PAIRS.into_iter().filter(|count| wanted.has_count("pairs", *count)) {
        let node = start(&scratch.fresh("pairs")?, NEVER)?;
        let disk = syncs(&scratch.0, figures)?;
        let rate = senders::pairs(&node, count, SENDING)?;
        figures.add(format!("pairs_{count}"), "/s", rate);
        figures.add(format!("pairs_{count}_syncs"), "", rate / disk);
        stop(node);
    }
    Ok(())
}
