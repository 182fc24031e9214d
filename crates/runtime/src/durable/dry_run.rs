//! Dry runs: a message is given to a copy of a durable process, which shows what would come of it. Nothing does:
//! the copy is thrown away.

use super::history::Parts;
use super::recover::Past;
use super::stage::{ASKER, Stage};
use crate::birth::guarded;
use crate::node::Node;
use procession_environment::{Guest, Turn};
use procession_types::{
    Error, ErrorKind, ExitReason, Fragment, Limit, Message, Pid, SmolStr, Topic,
};
use std::collections::BTreeSet;
use std::time::Instant;

/// Instructions between two looks at the clock.
const SLICE: u64 = 200_000;

/// What a dry run may take.
#[derive(Debug, Clone, Copy)]
pub struct DryRunLimits {
    /// Instructions.
    pub instructions: u64,
    /// Replay and run together.
    pub until: Instant,
}

/// What would come of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct DryRun {
    /// Inputs that the process had taken before.
    pub slot: u64,
    /// The program it runs.
    pub program: SmolStr,
    /// Whether it took the message.
    pub is_taken: bool,
    /// See [`Outcome`].
    pub outcome: Outcome,
    /// What it sent to whoever sent the message.
    pub answers: Vec<Fragment>,
    /// All that it sent, started, printed and asked for, in order.
    pub went: Parts,
    /// Instructions that it took.
    pub instructions: u64,
    /// Bytes of its heap after it.
    pub memory_bytes: u64,
    /// Whether its state is another one now; `None` when it can't be captured.
    pub has_changed: Option<bool>,
}

/// How a dry run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The process waits for something.
    Waits,
    /// It ended, with this.
    Returned(Fragment),
    /// It failed; also when it came to a limit of the dry run.
    Failed(Error),
}

impl Node {
    /// Gives a message to a copy of a durable process as it is on disk, and tells what would come of it. Nothing
    /// happens to the process, nor to anybody else; it is neither asked nor waited for.
    ///
    /// The sender is a PID that nobody has: what is sent there is the answer. Timers go off at once, time stands
    /// still otherwise, and random bits are the same every time. Processes that would be started get PIDs that nobody
    /// has. Requests to other machines, files, calls of processes and functions, stores and queues are refused
    /// with `Unavailable`, and noted; publishing and counting is noted. What the copy waits for does not come.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process; `Conflict` when it has ended, or not begun; `Timeout` when
    /// its past can't be run in time. What goes wrong in the run is an [`Outcome`].
    pub fn dry_run(
        &self,
        pid: Pid,
        (topic, payload): (Topic, Fragment),
        limits: DryRunLimits,
    ) -> Result<DryRun, Error> {
        let (keeper, head) = self.past_of(pid)?;
        let past = self.past_at(keeper, &head, u64::MAX, Some(limits.until))?;
        let conflict = |what| Err(Error::new(ErrorKind::Conflict, what));
        if past.has_ended {
            return conflict("the process has ended: nothing can be given to it");
        }
        if !past.is_started {
            return conflict("the process has not begun yet");
        }
        let Past { head, mut guest, ledger, .. } = past;
        let slot = ledger.inputs;
        let before = guest.snapshot().map(|state| blake3::hash(&state));
        let used = guest.usage().instructions;
        let mut stage = Stage {
            shared: &self.shared,
            pid,
            program: &head.program,
            context: &head.birth.context,
            limits: head.birth.limits,
            ledger,
            message: Some(Message { topic, from: Some(ASKER), payload }),
            now: self.shared.clock.now(),
            went: Parts::default(),
            answers: Vec::new(),
            dice: slot,
            born: 0,
            rung: BTreeSet::new(),
            timers: 0,
            is_ending: false,
        };
        let ran = guarded(|| Ok(run(&mut *guest, &mut stage, limits)));
        let Stage { message, went, answers, .. } = stage;
        let outcome = ran.unwrap_or_else(Outcome::Failed);
        let usage = guest.usage();
        let after = match &outcome {
            Outcome::Waits => guest.snapshot().map(|state| blake3::hash(&state)),
            Outcome::Returned(_) | Outcome::Failed(_) => None,
        };
        Ok(DryRun {
            slot,
            program: head.program.clone(),
            is_taken: message.is_none(),
            outcome,
            answers,
            went,
            instructions: usage.instructions.saturating_sub(used),
            memory_bytes: usage.memory_bytes,
            has_changed: before.zip(after).map(|(before, after)| before != after),
        })
    }
}

/// Runs the copy until it waits for what does not come.
fn run(guest: &mut dyn Guest, stage: &mut Stage<'_>, limits: DryRunLimits) -> Outcome {
    let first = guest.usage().instructions;
    loop {
        let left = limits.instructions.saturating_sub(guest.usage().instructions - first);
        if left == 0 {
            let message = format!(
                "the dry run has executed its {} instructions and goes on; --instructions gives more",
                limits.instructions
            );
            return Outcome::Failed(Error::limit(Limit::Instructions, message));
        }
        if Instant::now() >= limits.until {
            let message = "the time of the dry run is over, and it goes on; --timeout gives more";
            return Outcome::Failed(Error::new(ErrorKind::Timeout, message));
        }
        let (message, rung) = (stage.message.is_some(), stage.rung.clone());
        match guest.run(stage, left.min(SLICE)) {
            Turn::Exited(ExitReason::Normal(result)) => return Outcome::Returned(result),
            Turn::Exited(reason) => {
                let unknown = || Error::new(ErrorKind::Unknown, "it failed");
                return Outcome::Failed(reason.error().unwrap_or_else(unknown));
            }
            Turn::Aside => guest.work(),
            Turn::Preempted => {}
            Turn::Waiting | Turn::Replaced => {
                let went_on = stage.message.is_some() != message || stage.rung != rung;
                if stage.is_ending || !went_on || stage.message.is_none() && stage.rung.is_empty() {
                    return Outcome::Waits;
                }
            }
        }
    }
}
