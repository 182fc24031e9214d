//! Children whose processes are durable: they outlive the supervisor, which puts them to rest when it ends
//! for a reason that is none of theirs, and may stand still instead of failing.
//!
//! A process says of itself that it is durable, by its PID.

use super::action::{Action, News};
use super::child::{State, StopCause};
use super::status::cut;
use super::{Cx, Phase, Supervisor};
use procession_types::Pid;

/// The reason in a request to end by which a supervisor or pool learns that durable processes below it are to
/// be put to rest.
pub const REST: &str = "what is durable is put to rest";

impl Supervisor {
    /// All children shall end, apart from durable ones, which are put to rest; and the supervisor after
    /// them.
    pub(super) fn close_to_rest(&mut self) {
        self.rests = true;
        self.close();
    }

    /// Whether it ends, or has ended, so that durable processes go on later.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.rests
    }

    /// Whether a process is to be put to rest where others are asked to end.
    pub(super) fn is_to_rest(&self, pid: Option<Pid>) -> bool {
        self.rests
            && matches!(self.phase, Phase::Closing | Phase::Finished)
            && pid.is_some_and(|pid| pid.is_durable())
    }

    /// The process of a child is at rest, as was asked for, or can't be waited for any longer: it is not
    /// the supervisor's any more.
    pub(super) fn rested(&mut self, cx: &mut Cx<'_>, pid: Pid) {
        let Some(at) = self.position_of(pid) else { return };
        let State::Stopping { cause: StopCause::Rest, .. } = self.children[at].state else {
            return;
        };
        self.pids.remove(&pid);
        self.set_state(cx, at, State::Stopped { since: cx.now });
        cx.actions.publish(at, News::Rested { pid });
        if self.children[at].is_leaving {
            self.has_left(cx, at);
        }
    }

    /// The process of a child has failed over an input, and stands still. That is no end, so no restart
    /// follows: it would lose what the process has kept.
    pub(super) fn halted(&mut self, cx: &mut Cx<'_>, pid: Pid, reason: &str) {
        let Some(at) = self.position_of(pid) else { return };
        match self.children[at].state {
            State::Starting { .. } | State::Running { .. } => {
                self.forgive_if_stable(cx.now, at);
                let reason = cut(reason);
                let state = State::Halted { pid, since: cx.now, reason: reason.clone() };
                self.set_state(cx, at, state);
                cx.actions.publish(at, News::Halted { pid, reason });
            }
            // It reads no request to end.
            State::Stopping { cause: StopCause::Rest, .. } => {}
            State::Stopping { .. } => cx.actions.push(Action::Terminate { pid }),
            State::Stopped { .. }
            | State::Waiting { .. }
            | State::Backoff { .. }
            | State::Halted { .. }
            | State::Exited { .. }
            | State::Failed { .. } => {}
        }
    }
}
