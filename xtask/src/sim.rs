//! `cargo xtask sim`: the kernel, and supervisors, under a seeded schedule of everything that can
//! happen.

use crate::Outcome;
use std::time::Instant;

/// Which run, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// The same seed gives the same run.
    pub(crate) seed: u64,
    /// How many steps.
    pub(crate) steps: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, steps: 200_000 }
    }
}

/// Simulates, and says how to repeat what went wrong.
pub(crate) fn run(options: &Options) -> Outcome {
    let Options { seed, steps } = *options;
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

/// Pools under such a schedule.
fn run_pools(seed: u64) -> Outcome {
    let report =
        procession_sim::pool::run(seed, 50_000).map_err(|violation| violation.to_string())?;
    println!("pools, seed {seed}: {report:?}");
    Ok(())
}

/// A few seeds, for `cargo xtask test`.
pub(crate) fn run_some() -> Outcome {
    (1..=8).try_for_each(|seed| run(&Options { seed, steps: 20_000 }))?;
    (1..=8).try_for_each(run_pools)
}
