//! The end of a turn.

use crate::exit::Dying;
use crate::{Kernel, SlotIndex, State, Step};
use procession_types::{ExitReason, Failure, Limit};

/// What a guest did with its turn.
#[derive(Debug)]
#[must_use]
pub enum TurnEnd {
    /// It waits.
    Waiting,
    /// It would go on.
    Preempted,
    /// It has ended.
    Exited(ExitReason),
}

impl Kernel {
    /// The process at a slot has been started, in so many instructions: it may run.
    pub fn launch(&mut self, cx: &mut Step<'_>, slot: SlotIndex, instructions: u64) {
        self.end_turn(cx, slot, instructions, TurnEnd::Preempted);
    }

    /// Reports instructions of a turn that has not been ended yet.
    pub fn account(&mut self, slot: SlotIndex, instructions: u64) {
        if let Some(process) = self.table.at_mut(slot) {
            self.counts.instructions += instructions;
            process.instructions += instructions;
            self.ready.charge(process.pid.host, instructions);
        }
    }

    /// Reports the end of a turn that [`Kernel::next_ready`] gave, and the instructions executed
    /// in it.
    pub fn end_turn(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        instructions: u64,
        end: TurnEnd,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        self.counts.instructions += instructions;
        process.instructions += instructions;
        let pid = process.pid;
        self.ready.charge(pid.host, instructions);
        if let Some(failure) = process.rare.as_mut().and_then(|rare| rare.doom.take()) {
            self.dying.push_back(Dying::failed(slot, pid, failure));
            return self.settle(cx);
        }
        let most = process.definition.limits.instructions_max;
        let used_up = most.is_some_and(|most| process.instructions >= most);
        match end {
            TurnEnd::Exited(reason) => {
                self.dying.push_back(Dying::new(slot, pid, reason));
                self.settle(cx);
            }
            TurnEnd::Waiting | TurnEnd::Preempted if used_up => {
                let failure = Failure::limit(Limit::Instructions);
                self.dying.push_back(Dying::failed(slot, pid, failure));
                self.settle(cx);
            }
            TurnEnd::Waiting | TurnEnd::Preempted if process.is_pausing() => {
                process.woken |= matches!(end, TurnEnd::Preempted);
                self.halt(cx.now, slot);
                self.leave_if_recalled(cx, slot);
            }
            TurnEnd::Waiting if !process.woken => {
                process.state = State::Waiting;
                process.since = cx.now;
                if process.asked.is_some() || process.recalled {
                    self.tell_rest(cx, slot);
                    self.leave_if_recalled(cx, slot);
                }
            }
            TurnEnd::Waiting | TurnEnd::Preempted => {
                process.state = State::Ready;
                process.since = cx.now;
                self.ready.push(process);
                self.leave_if_recalled(cx, slot);
            }
        }
    }

    #[inline]
    fn leave_if_recalled(&mut self, cx: &mut Step<'_>, slot: SlotIndex) {
        if let Some(process) = self.table.at(slot).filter(|process| process.recalled) {
            let home = process.pid.shard;
            self.depart(cx, slot, home);
        }
    }
}
