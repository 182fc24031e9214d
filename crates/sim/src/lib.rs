//! A simulator of shards: kernels, the queues between them and the clock, driven by a seeded random
//! schedule over a trivial guest, beside a model of what must be true.
//!
//! The same seed gives the same run, step by step. The model shares no code with the kernel: it
//! knows what each process has done and been told, and nothing of how that is brought about.
#![forbid(unsafe_code)]

mod check;
mod fault;
mod guest;
mod model;
mod order;
mod pause;
pub mod pool;
mod random;
mod supervision;
mod world;

pub use fault::Fault;
pub use supervision::{SupervisionFault, SupervisionReport, supervise, supervise_with};

use std::fmt;
use world::World;

/// Steps between two moments at which everything under way is carried and everything is checked.
const STEPS_PER_CHECK: u64 = 200;

/// What a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Steps taken.
    pub steps: u64,
    /// Shards simulated.
    pub shards: u16,
    /// Processes started.
    pub spawned: u64,
    /// Processes ended.
    pub ended: u64,
    /// Messages accepted.
    pub sent: u64,
    /// Messages received.
    pub received: u64,
    /// EXIT events read.
    pub exits: u64,
    /// LINK_DOWN events read.
    pub links_down: u64,
    /// REST events read.
    pub rests: u64,
    /// TOOK events read.
    pub took: u64,
    /// Replies of calls taken.
    pub replies: u64,
    /// Times that a process was paused.
    pub pauses: u64,
    /// Times that one was resumed.
    pub resumes: u64,
    /// Moves of a process from one shard to another.
    pub moves: u64,
    /// Processes born on another shard than their own.
    pub born_elsewhere: u64,
    /// Messages that reached a process of another shard where they were sent.
    pub near: u64,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The run that shows it.
    pub seed: u64,
    /// The step after which it was seen.
    pub step: u64,
    /// What is wrong.
    pub what: String,
    /// The last operations, oldest first.
    pub operations: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, step {}: {}", self.seed, self.step, self.what)?;
        writeln!(f, "last operations:")?;
        self.operations.iter().try_for_each(|operation| writeln!(f, "  {operation}"))
    }
}

impl std::error::Error for Violation {}

/// Runs so many steps.
///
/// # Errors
/// The first thing seen that must not be.
pub fn run(seed: u64, steps: u64) -> Result<Report, Violation> {
    run_with(seed, steps, None)
}

/// As [`run`], with something broken on purpose, to see whether it is found.
///
/// # Errors
/// As [`run`].
pub fn run_with(seed: u64, steps: u64, fault: Option<Fault>) -> Result<Report, Violation> {
    let mut world = World::new(seed, fault);
    for step in 1..=steps {
        let checked = world.step().and_then(|()| {
            if step % STEPS_PER_CHECK == 0 || step == steps { world.settle() } else { Ok(()) }
        });
        if let Err(what) = checked {
            let operations = world.operations();
            return Err(Violation { seed, step, what, operations });
        }
    }
    Ok(Report { steps, ..world.report() })
}
