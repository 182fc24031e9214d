//! Whether services still do something.
//!
//! A service that comes to a wait point is alive: it is not in a loop without end. That needs nothing
//! of its program. One that does not come to one is looked at before it is ended: somebody may have
//! paused it.

use super::action::{Action, News};
use super::child::{Checkup, State, StopCause};
use super::{Cx, Supervisor};
use procession_types::{Pid, Timestamp};

impl Supervisor {
    /// When a child is asked next.
    pub(super) fn next_checkup(&self, now: Timestamp, at: usize) -> Checkup {
        match self.children[at].definition.health {
            Some(health) => Checkup::At(now.after(health.interval_ns)),
            None => Checkup::Never,
        }
    }

    /// The time of a running child's checkup has come.
    pub(super) fn checkup_is_due(&mut self, cx: &mut Cx<'_>, at: usize) {
        let State::Running { pid, checkup, .. } = self.children[at].state else { return };
        match checkup {
            Checkup::At(_) => {
                let timeout = self.health_timeout_ns(at);
                self.set_checkup(at, Checkup::Until(cx.now.after(timeout)));
                cx.actions.push(Action::Check { pid });
            }
            Checkup::Until(_) => {
                self.looks += 1;
                self.set_checkup(at, Checkup::Doubted(self.looks));
                cx.actions.push(Action::Look { pid, number: self.looks });
            }
            Checkup::Never | Checkup::Doubted(_) => {}
        }
    }

    /// A running child is at a wait point.
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, at: usize) {
        let State::Running { checkup: Checkup::Until(_) | Checkup::Doubted(_), .. } =
            self.children[at].state
        else {
            return;
        };
        self.set_checkup(at, self.next_checkup(cx.now, at));
        self.children[at].checked = Some(cx.now);
        cx.actions.push(Action::Changed { child: at });
    }

    /// What the look at a child that had not answered has shown.
    pub(super) fn looked(&mut self, cx: &mut Cx<'_>, pid: Pid, number: u64, is_paused: bool) {
        let Some(at) = self.position_of(pid) else { return };
        let State::Running { checkup, .. } = self.children[at].state else { return };
        if checkup != Checkup::Doubted(number) {
            // It has answered meanwhile, whatever has become of it since.
            return;
        }
        if is_paused {
            return self.set_checkup(at, self.next_checkup(cx.now, at));
        }
        self.forgive_if_stable(cx.now, at);
        self.children[at].unhealthy += 1;
        let after_ns = self.health_timeout_ns(at);
        let (pid, cause) = (Some(pid), StopCause::Unhealthy);
        // It comes to no point at which it could read a request to end, so it is not asked.
        self.set_state(cx, at, State::Stopping { pid, since: cx.now, deadline: None, cause });
        if let Some(pid) = pid {
            cx.actions.publish(at, News::Unhealthy { pid, after_ns });
            cx.actions.push(Action::Terminate { pid });
        }
    }

    pub(super) fn health_timeout_ns(&self, at: usize) -> u64 {
        self.children[at].definition.health.map_or(0, |health| health.timeout_ns)
    }

    fn set_checkup(&mut self, at: usize, next: Checkup) {
        let state = &mut self.children[at].state;
        let before = state.deadline();
        if let State::Running { checkup, .. } = state {
            *checkup = next;
        }
        let after = state.deadline();
        self.timers.extend(after.map(|deadline| (deadline, at)));
        if before != after
            && let Some(deadline) = before
        {
            self.timers.remove(&(deadline, at));
        }
    }
}
