//! Whether anything more is to be expected of the children by themselves.

use super::child::State;
use super::{Phase, Supervisor};

impl Supervisor {
    /// Whether every child that is wanted is up, has failed for good, or waits for one that has or that
    /// nobody wants: then nothing changes any more unless somebody acts. So one that is ready is
    /// settled, too.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.phase == Phase::Up && self.moving == 0 && self.group.is_none()
    }

    /// The children that are wanted and have failed for good, with the reasons.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &str)> {
        let children = self.children.iter().enumerate();
        children.filter_map(|(at, child)| match &child.state {
            State::Failed { reason, .. } if child.wanted => Some((at, &**reason)),
            State::Failed { .. }
            | State::Stopped { .. }
            | State::Waiting { .. }
            | State::Starting { .. }
            | State::Running { .. }
            | State::Halted { .. }
            | State::Stopping { .. }
            | State::Backoff { .. }
            | State::Exited { .. } => None,
        })
    }
}
