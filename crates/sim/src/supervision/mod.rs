//! Supervisors under a random schedule: trees of them, whose processes crash, hang, are refused, are
//! told things and lose their supervisors, beside a model of what must be true.
//!
//! The driver here does what the runtime's does: it carries actions out one by one, some time after
//! they were decided on, and delivers what happens in order for each supervisor, late.

mod calm;
mod schedule;
mod track;
mod trees;
mod world;

use crate::Violation;
use world::World;

/// Steps between two moments at which nothing goes wrong any more, and everything is checked.
const STEPS_PER_CALM: u64 = 300;

/// Things broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisionFault {
    /// The end of a process is not told.
    LoseExit,
    /// A process that is ready is not known to be.
    LoseReady,
    /// A process is started twice.
    DoubleSpawn,
    /// A process that shall be ended lives on.
    LoseTerminate,
    /// The names of the dead are not released.
    KeepNames,
    /// The clock of timers stands still.
    LoseTicks,
    /// Another definition does not reach its supervisor.
    LoseDefinition,
    /// An answer gets lost.
    LoseAnswer,
    /// The end of a process is told as that of the one that has taken its place.
    BlameSuccessor,
    /// What the look at a process that does not answer has shown gets lost.
    LoseLook,
    /// A process that is paused is taken for one that hangs.
    MissPause,
    /// A durable process that is at rest is not adopted, and another one is started.
    ForgetSleepers,
}

impl SupervisionFault {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LoseExit,
        Self::LoseReady,
        Self::DoubleSpawn,
        Self::LoseTerminate,
        Self::KeepNames,
        Self::LoseTicks,
        Self::LoseDefinition,
        Self::LoseAnswer,
        Self::BlameSuccessor,
        Self::LoseLook,
        Self::MissPause,
        Self::ForgetSleepers,
    ];
}

/// What a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SupervisionReport {
    /// Steps taken.
    pub steps: u64,
    /// Trees that were begun.
    pub trees: u64,
    /// Processes started.
    pub spawned: u64,
    /// Starts that were refused.
    pub refused: u64,
    /// Processes that crashed or ended by themselves.
    pub ended: u64,
    /// Supervisors that were killed.
    pub felled: u64,
    /// Supervisors that gave up.
    pub gave_up: u64,
    /// Groups that were started again.
    pub groups: u64,
    /// Processes that were ended since they did not answer a health check.
    pub unhealthy: u64,
    /// Durable processes that were put to rest, and those that were adopted.
    pub rested: u64,
    /// See `rested`.
    pub adopted: u64,
    /// Durable processes that stood still.
    pub halted: u64,
    /// Definitions that supervisors got while they ran.
    pub redefined: u64,
    /// Commands that were answered.
    pub answered: u64,
}

/// Runs so many steps.
///
/// # Errors
/// The first thing seen that must not be.
pub fn supervise(seed: u64, steps: u64) -> Result<SupervisionReport, Violation> {
    supervise_with(seed, steps, None)
}

/// As [`supervise`], with something broken on purpose, to see whether it is found.
///
/// # Errors
/// As [`supervise`].
pub fn supervise_with(
    seed: u64,
    steps: u64,
    fault: Option<SupervisionFault>,
) -> Result<SupervisionReport, Violation> {
    let mut world = World::new(seed, fault);
    for step in 1..=steps {
        let checked = world.step().and_then(|()| {
            if step % STEPS_PER_CALM == 0 || step == steps { world.calm() } else { Ok(()) }
        });
        if let Err(what) = checked {
            let operations = world.operations.iter().cloned().collect();
            return Err(Violation { seed, step, what, operations });
        }
    }
    Ok(SupervisionReport { steps, ..world.report })
}
