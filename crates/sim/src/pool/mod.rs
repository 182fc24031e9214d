//! Pools under a seeded random schedule: members that crash, hang, are slow or paused, hosts that are
//! full, people that scale, and news that takes its time; beside a model that knows where every
//! message is.

mod check;
mod member;
mod world;

use crate::Violation;
use world::World;

/// Steps between two moments at which everything gets its time and everything is checked.
const STEPS_PER_CHECK: u64 = 400;

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolFault {
    /// A message that is handed to a member gets lost, and the member says that it is idle.
    LoseHand,
    /// A message is handed to two members.
    HandTwice,
    /// The pool does not hear of the end of a member.
    LoseEnd,
    /// A dead letter gets lost.
    LoseLetter,
    /// Two messages change places in the queue.
    Reorder,
    /// A member more than was asked for.
    SpawnTwice,
    /// The alarm does not ring.
    LoseAlarm,
}

impl PoolFault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::LoseHand,
        Self::HandTwice,
        Self::LoseEnd,
        Self::LoseLetter,
        Self::Reorder,
        Self::SpawnTwice,
        Self::LoseAlarm,
    ];
}

/// What a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolReport {
    /// Messages accepted.
    pub sent: u64,
    /// Messages that a member has done, each time counted.
    pub done: u64,
    /// Messages handed out again.
    pub redelivered: u64,
    /// Dead letters.
    pub dead: u64,
    /// Members started.
    pub spawned: u64,
    /// Members that crashed.
    pub crashed: u64,
    /// Members that were ended because they hung.
    pub unhealthy: u64,
    /// Other definitions of a pool that ran.
    pub redefined: u64,
    /// Pools that failed, and pools that were stopped.
    pub ended: u64,
}

/// Runs so many steps, with one pool after the other.
///
/// # Errors
/// The first thing seen that must not be.
pub fn run(seed: u64, steps: u64) -> Result<PoolReport, Violation> {
    run_with(seed, steps, None)
}

/// As [`run`], with something broken on purpose, to see whether it is found.
///
/// # Errors
/// As [`run`].
pub fn run_with(seed: u64, steps: u64, fault: Option<PoolFault>) -> Result<PoolReport, Violation> {
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
    Ok(world.report)
}
