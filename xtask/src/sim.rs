//! `cargo xtask sim`: the kernel, and supervisors, under a seeded schedule of everything that can
//! happen; with `--durable` a node with durable processes, which is a test of the runtime.

use crate::Outcome;
use crate::run::command;
use std::time::Instant;

/// Which run, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// The same seed gives the same run.
    pub(crate) seed: u64,
    /// How many steps.
    pub(crate) steps: u64,
    /// Durable processes.
    pub(crate) durable: bool,
    /// How many seeds of those, from `seed` on.
    pub(crate) seeds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, steps: 200_000, durable: false, seeds: 1 }
    }
}

/// Simulates, and says how to repeat what went wrong.
pub(crate) fn run(options: &Options) -> Outcome {
    let Options { seed, steps, durable, seeds } = *options;
    if durable {
        return run_durable(seed, seeds);
    }
    let started = Instant::now();
    let repeat = |violation: procession_sim::Violation| {
        format!("{violation}repeat with: cargo xtask sim --seed {seed} --steps {}", violation.step)
    };
    let supervised = procession_sim::supervise(seed, steps).map_err(repeat)?;
    println!("seed {seed}: {supervised:?} in {:.1} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let report = procession_sim::run(seed, steps).map_err(repeat)?;
    println!("seed {seed}: {report:?} in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

const DURABLE: [&str; 10] = [
    "cargo",
    "test",
    "--quiet",
    "--package",
    "procession-runtime",
    "--lib",
    "--",
    "--ignored",
    "--nocapture",
    "durable::simulated::as_asked",
];

/// Durable processes under such a schedule.
fn run_durable(seed: u64, seeds: u64) -> Outcome {
    println!("$ {}", DURABLE.join(" "));
    let status = command(&DURABLE)
        .env("PROCESSION_SIM_SEED", seed.to_string())
        .env("PROCESSION_SIM_SEEDS", seeds.to_string())
        .status()
        .map_err(|error| format!("could not start cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("a promise was broken: {status}")) }
}

/// Pools under such a schedule.
fn run_pools(seed: u64) -> Outcome {
    let report =
        procession_sim::pool::run(seed, 50_000).map_err(|violation| violation.to_string())?;
    println!("pools, seed {seed}: {report:?}");
    Ok(())
}

/// A few seeds, for `cargo xtask test`.
pub(crate) fn run_some() -> Outcome {
    (1..=8).try_for_each(|seed| run(&Options { seed, steps: 20_000, ..Options::default() }))?;
    (1..=8).try_for_each(run_pools)
}
