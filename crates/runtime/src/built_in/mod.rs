//! Processes that are a part of the runtime: guests written in Rust, such as supervisors and pools.
//!
//! Such a process has a PID, a mailbox and limits like any other, is looked at and ended like any
//! other, and reaches the node through [`Host`] only; but no policy stands in its way, and nobody
//! else can spawn its program. It acts in steps, each of which charges what it costs, so that it is
//! preempted like any other, too.

mod alarm;
mod looks;
mod pool;
#[cfg(test)]
mod tests;

pub(crate) use alarm::Alarm;
pub(crate) use looks::{Looks, Seen};
pub(crate) use pool::{Command, Desk, PoolProcess, limits as pool_limits};

use procession_environment::{Guest, Host, Image, Queue, Turn, Usage};
use procession_types::{Error, ErrorKind, ExitReason, Fragment, Limits, Pid};

/// Instructions that a step counts for, whatever it does: about as long as it takes.
const STEP_INSTRUCTIONS: u64 = 100;

/// What a step of a built-in process has led to.
#[derive(Debug)]
#[must_use]
pub(crate) enum Progress {
    /// It has done something, and may have more to do.
    Made {
        /// What it cost, beside the step itself; a spawn is about a thousand.
        instructions: u64,
    },
    /// There is nothing left to do: it waits.
    Nothing,
    /// It has ended.
    Ended(ExitReason),
}

/// A process of the runtime.
pub(crate) trait BuiltIn: Send + 'static {
    /// Does the next small thing: reads an event, a message, or looks at the time. It is called until
    /// there is nothing left, or the turn is over.
    fn step(&mut self, host: &mut dyn Host) -> Progress;

    /// What its parent asks for by [`procession_types::Rest::Idle`]: whether it is up.
    fn is_ready(&mut self) -> bool;

    /// Bytes it holds, roughly.
    fn memory_bytes(&self) -> u64;
}

/// A program of the runtime: makes processes that are all alike.
pub(crate) struct BuiltInImage<F>(pub(crate) F);

impl<B: BuiltIn, F: Fn() -> B + Send + Sync> Image for BuiltInImage<F> {
    fn spawn(&self, _: &Fragment, _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Ok(Box::new(BuiltInGuest { process: (self.0)(), instructions: 0 }))
    }

    fn restore(&self, _: &[u8], _: &Limits) -> Result<Box<dyn Guest>, Error> {
        Err(Error::new(ErrorKind::Unavailable, "a process of the runtime has no snapshots"))
    }
}

struct BuiltInGuest<B> {
    process: B,
    instructions: u64,
}

impl<B: BuiltIn> Guest for BuiltInGuest<B> {
    fn start(&mut self, _: &mut dyn Host, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn {
        let end = self.instructions + budget;
        while self.instructions < end {
            if host.is_ending() {
                return Turn::Preempted;
            }
            self.instructions += STEP_INSTRUCTIONS;
            match self.process.step(host) {
                Progress::Made { instructions } => self.instructions += instructions,
                Progress::Nothing => return Turn::Waiting,
                Progress::Ended(reason) => return Turn::Exited(reason),
            }
        }
        Turn::Preempted
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        None
    }

    fn usage(&self) -> Usage {
        Usage { instructions: self.instructions, memory_bytes: self.process.memory_bytes() }
    }

    fn receives(&mut self, _: Option<Queue>) -> bool {
        self.process.is_ready()
    }
}

/// A PID as destinations are written.
pub(crate) fn text(host: &dyn Host, pid: Pid) -> Vec<u8> {
    let mut text = Vec::with_capacity(48);
    host.write_pid(pid, &mut text);
    text
}
