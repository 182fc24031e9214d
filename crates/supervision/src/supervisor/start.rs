//! Bringing a child up.

use super::action::{Action, News};
use super::child::{Again, State, StopCause};
use super::status::{Ending, cut};
use super::{Cx, Supervisor};
use procession_types::{Error, Pid};

/// Where the process of a child comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It has just begun.
    New,
    /// It lived before the supervisor did.
    Adopted,
}

impl Supervisor {
    /// A child shall be up, and so shall everything that it requires.
    pub(super) fn want(&mut self, cx: &mut Cx<'_>, at: usize) {
        let mut wanted = vec![at];
        while let Some(at) = wanted.pop() {
            self.children[at].is_unstarted = false;
            if !self.children[at].wanted {
                self.set_wanted(at, true);
                self.disappoint(cx, at);
            }
            let requires = self.children[at].definition.requires.iter();
            wanted.extend(requires.filter(|required| !self.children[**required].wanted));
        }
    }

    /// Starts a child that nothing stands in the way of.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>, at: usize) {
        if self.children[at].again == Again::Failure && !self.admit_restart(cx.now) {
            return self.give_up_for(cx, at);
        }
        let child = &mut self.children[at];
        child.restarts += u64::from(child.again != Again::No);
        child.again = Again::No;
        let deadline = child.definition.start_timeout_ns.map(|wait| cx.now.after(wait));
        self.set_state(cx, at, State::Starting { pid: None, since: cx.now, deadline });
        cx.actions.push(Action::Spawn { child: at });
    }

    /// A child is wanted, and can't start yet.
    pub(super) fn make_wait(&mut self, cx: &mut Cx<'_>, at: usize) {
        if let State::Waiting { is_told: true, .. } = self.children[at].state {
            return;
        }
        self.set_state(cx, at, State::Waiting { since: cx.now, is_told: true });
        cx.actions.publish(at, News::Waiting);
    }

    pub(super) fn spawned(&mut self, cx: &mut Cx<'_>, at: usize, pid: Pid, origin: Origin) {
        let Some(child) = self.children.get(at) else { return };
        let news = match origin {
            Origin::New => News::Started { pid, restarts: child.restarts },
            Origin::Adopted => News::Adopted { pid },
        };
        match child.state {
            State::Starting { pid: None, since, deadline } => {
                // It may have much to repeat, and must not end for that.
                let deadline = deadline.filter(|_| origin == Origin::New);
                self.pids.insert(pid, at);
                let state = State::Starting { pid: Some(pid), since, deadline };
                self.set_state(cx, at, state);
                cx.actions.publish(at, news);
            }
            State::Stopping { pid: None, since, deadline, cause } => {
                self.pids.insert(pid, at);
                let rests = self.is_to_rest(Some(pid));
                let cause = if rests { StopCause::Rest } else { cause };
                let state = State::Stopping { pid: Some(pid), since, deadline, cause };
                self.set_state(cx, at, state);
                cx.actions.publish(at, news);
                cx.actions.push(match rests {
                    true => Action::Rest { pid },
                    // It is not wanted any more, and has done nothing yet.
                    false => Action::Terminate { pid },
                });
            }
            // Nobody has asked for it: it must not stay.
            State::Starting { .. }
            | State::Stopping { .. }
            | State::Stopped { .. }
            | State::Waiting { .. }
            | State::Running { .. }
            | State::Halted { .. }
            | State::Backoff { .. }
            | State::Exited { .. }
            | State::Failed { .. } => cx.actions.push(Action::Terminate { pid }),
        }
    }

    pub(super) fn refused(&mut self, cx: &mut Cx<'_>, at: usize, error: &Error) {
        let Some(child) = self.children.get(at) else { return };
        if !child.state.is_alive() || child.state.pid().is_some() {
            return;
        }
        cx.actions.publish(at, News::Refused { reason: cut(&error.message) });
        self.ended(cx, at, Ending::other("refused", &error.message, cx.now));
    }

    pub(super) fn ready(&mut self, cx: &mut Cx<'_>, pid: Pid) {
        let Some(at) = self.position_of(pid) else { return };
        if let State::Starting { .. } | State::Halted { .. } = self.children[at].state {
            let checkup = self.next_checkup(cx.now, at);
            self.set_state(cx, at, State::Running { pid, since: cx.now, checkup });
            cx.actions.publish(at, News::Running { pid });
        } else {
            self.answered(cx, at);
        }
    }

    /// The time in which a child had to be ready is over. It has not come to a point at which it
    /// could read a request to end, so it is not asked.
    pub(super) fn not_ready(&mut self, cx: &mut Cx<'_>, at: usize, pid: Option<Pid>) {
        let cause = StopCause::NotReady;
        self.set_state(cx, at, State::Stopping { pid, since: cx.now, deadline: None, cause });
        if let Some(pid) = pid {
            cx.actions.publish(at, News::NotReady { pid });
            cx.actions.push(Action::Terminate { pid });
        }
    }
}
