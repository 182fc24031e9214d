//! Children that are started again together: all of them, or the failed one and those after it.
//!
//! A sweep holds every child of the group down. When the last of them has ended, and the one that
//! failed has waited for long enough, all are released at once, and their requirements bring them up
//! in order. A child that fails by itself meanwhile makes the sweep wait for its own delay, too.

use super::action::{Action, News};
use super::child::{Again, State};
use super::{Cx, GROUP, Phase, Supervisor};
use procession_types::Timestamp;
use procession_types::definition::{RestartPolicy, Strategy};

/// A restart of several children that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// The one that failed first.
    pub(super) cause: usize,
    /// The first child that belongs to it.
    pub(super) from: usize,
    /// Not before this time.
    pub(super) until: Timestamp,
    /// How many of its children have a process.
    pub(super) alive: usize,
}

impl Supervisor {
    /// Begins to restart the group of a child that has failed, or makes it larger.
    pub(super) fn sweep(&mut self, cx: &mut Cx<'_>, at: usize, until: Timestamp) {
        let first = match self.strategy {
            Strategy::OneForOne => return,
            Strategy::OneForAll => 0,
            Strategy::RestForOne => at,
        };
        let mut group = match self.group.take() {
            Some(group) => {
                self.timers.remove(&(group.until, GROUP));
                Group { from: group.from.min(first), until: group.until.max(until), ..group }
            }
            None => {
                let news = News::GroupRestart { cause: at };
                cx.actions.push(Action::Publish { child: None, news });
                Group { cause: at, from: first, until, alive: 0 }
            }
        };
        for at in (group.from..self.children.len()).rev() {
            let child = &mut self.children[at];
            if !std::mem::replace(&mut child.swept, true) {
                group.alive += usize::from(child.state.is_alive());
                self.reviews.push_back(at);
            }
        }
        self.timers.insert((group.until, GROUP));
        self.group = Some(group);
    }

    /// Lets the children of a swept group start, when all of them are down and the time has come;
    /// says whether anything has changed.
    pub(super) fn release_group(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(group) = self.group else { return false };
        if group.alive > 0 || cx.now < group.until || self.phase != Phase::Up {
            return false;
        }
        if !self.admit_restart(cx.now) {
            self.give_up_for(cx, group.cause);
            return true;
        }
        self.group = None;
        self.timers.remove(&(group.until, GROUP));
        for at in group.from..self.children.len() {
            // One that has come meanwhile was not swept.
            if self.children[at].swept {
                self.release(cx, at);
            }
        }
        true
    }

    fn release(&mut self, cx: &mut Cx<'_>, at: usize) {
        let child = &mut self.children[at];
        child.swept = false;
        self.reviews.push_back(at);
        if !child.wanted {
            return;
        }
        // The restart of the group counts once.
        child.again = if child.last.is_some() { Again::Other } else { Again::No };
        let does_its_work_again = match child.state {
            State::Exited { .. } => child.definition.restart.policy == RestartPolicy::Transient,
            // One that has failed by itself since the strategy is another waits for its own time.
            State::Backoff { until, .. } => until <= cx.now,
            State::Stopped { .. }
            | State::Waiting { .. }
            | State::Starting { .. }
            | State::Running { .. }
            | State::Halted { .. }
            | State::Stopping { .. }
            | State::Failed { .. } => false,
        };
        if does_its_work_again {
            self.set_state(cx, at, State::Waiting { since: cx.now, is_told: false });
        }
    }
}
