//! Running a target for a time, with a watch on time and memory.
#![allow(clippy::print_stdout, reason = "it reports to people at a terminal")]

use crate::targets::{self, Finding};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Findings after which a campaign ends.
const FINDINGS_MAX: usize = 20;
/// Memory that a campaign may take; every input has a limit far below.
const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// How often the watch looks.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Which campaign.
#[derive(Debug, Clone)]
pub struct Options {
    /// The target's name.
    pub target: String,
    /// How long.
    pub seconds: u64,
    /// The first seed; the next inputs have the next seeds.
    pub seed: u64,
    /// Where inputs with findings are written.
    pub directory: PathBuf,
}

/// What the watch has to know.
#[derive(Debug)]
struct Watched {
    since: Instant,
    seeds: std::ops::Range<u64>,
}

/// Runs a campaign; what it found is printed as it comes.
///
/// # Errors
/// A text for people: the target does not exist, or there are findings.
pub fn run(options: &Options) -> Result<(), String> {
    let Some(mut target) = targets::named(&options.target) else {
        let names = targets::TARGETS.map(|(name, _)| name).join(", ");
        return Err(format!("no target \"{}\"; there are: {names}", options.target));
    };
    std::fs::create_dir_all(&options.directory)
        .map_err(|error| format!("could not make {}: {error}", options.directory.display()))?;
    let watched = watch(target.batch_time_max());
    let deadline = Instant::now() + Duration::from_secs(options.seconds);
    let (mut next, mut known) = (options.seed, BTreeSet::new());
    while Instant::now() < deadline && known.len() < FINDINGS_MAX {
        let seeds = next..next + target.batch_size();
        next = seeds.end;
        if let Ok(mut watched) = watched.lock() {
            *watched = Some(Watched { since: Instant::now(), seeds: seeds.clone() });
        }
        for finding in target.batch(seeds) {
            if known.insert(finding.title.clone()) {
                println!("{}", report(options, target.extension(), &finding)?);
            }
        }
    }
    let statistics = target.statistics();
    let separator = if statistics.is_empty() { "" } else { ": " };
    println!(
        "{}: seeds {}..{next}{separator}{statistics}; {} findings",
        options.target,
        options.seed,
        known.len()
    );
    if known.is_empty() { Ok(()) } else { Err(format!("{} findings", known.len())) }
}

/// Writes the inputs of a finding; gives the text about it.
fn report(options: &Options, extension: &str, finding: &Finding) -> Result<String, String> {
    let name = format!("{}-{}", options.target, finding.seed);
    let path = options.directory.join(format!("{name}.{extension}"));
    write(&path, &finding.input)?;
    if !finding.original.is_empty() {
        let original = options.directory.join(format!("{name}.original.{extension}"));
        write(&original, &finding.original)?;
    }
    let mut text = format!("== seed {}: {}\n{}", finding.seed, finding.title, finding.report);
    let _ = writeln!(text, "input: {}", path.display());
    let (target, seed) = (&options.target, finding.seed);
    let _ = writeln!(text, "repeat with: cargo xtask fuzz {target} --seconds 1 --seed {seed}");
    Ok(text)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes)
        .map_err(|error| format!("could not write {}: {error}", path.display()))
}

/// Starts a thread that ends this process when a batch hangs or takes too much memory: an input
/// that does either can't be stopped from inside.
fn watch(batch_time_max: Duration) -> Arc<Mutex<Option<Watched>>> {
    let watched: Arc<Mutex<Option<Watched>>> = Arc::default();
    let shared = watched.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(WATCH_EVERY);
            let Ok(watched) = shared.lock() else { return };
            let Some(Watched { since, seeds }) = &*watched else { continue };
            let complaint = if since.elapsed() > batch_time_max {
                "hangs"
            } else if memory_bytes().is_some_and(|bytes| bytes > MEMORY_BYTES_MAX) {
                "takes too much memory"
            } else {
                continue;
            };
            println!("== one of the seeds {}..{} {complaint}", seeds.start, seeds.end);
            std::process::exit(1);
        }
    });
    watched
}

/// Memory of this process, where the system tells.
fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
