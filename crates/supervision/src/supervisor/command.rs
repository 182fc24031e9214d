//! What people want of a child, and those who wait for the answer.

use super::action::{Action, Ticket, Verb};
use super::child::{Again, State, StopCause, Waiter};
use super::status::Ending;
use super::{Cx, Phase, Supervisor};
use procession_types::{Error, ErrorKind};

/// Commands about one child that wait for their answer at most.
pub const WAITERS_MAX: usize = 100;

impl Supervisor {
    pub(super) fn command(&mut self, cx: &mut Cx<'_>, by: Option<Ticket>, verb: Verb, id: &str) {
        let Some(at) = self.position(id) else {
            let message = format!("{} has no child {id}", self.id);
            return answer(cx, by, Err(Error::not_found(message)));
        };
        if self.phase != Phase::Up {
            let message = format!("{} is stopping with all its children", self.id);
            return answer(cx, by, Err(Error::new(ErrorKind::Unavailable, message)));
        }
        if self.children[at].waiters.len() >= WAITERS_MAX {
            let message =
                format!("{WAITERS_MAX} commands about {id} wait for their answers already");
            let error = Error::new(ErrorKind::RateLimited, message).with_retryable(true);
            return answer(cx, by, Err(error));
        }
        match verb {
            Verb::Start => self.start_by_command(cx, at, by),
            Verb::Stop => self.stop_by_command(cx, at, by),
            Verb::Restart => self.restart_by_command(cx, at, by),
        }
    }

    fn start_by_command(&mut self, cx: &mut Cx<'_>, at: usize, by: Option<Ticket>) {
        self.want_by_command(cx, at);
        if let State::Running { .. } = self.children[at].state {
            return answer(cx, by, Ok(()));
        }
        self.rouse(cx, at);
        self.wait_for(at, by, true);
        // One that stands still has its answer already.
        self.reviews.push_back(at);
    }

    fn restart_by_command(&mut self, cx: &mut Cx<'_>, at: usize, by: Option<Ticket>) {
        self.want_by_command(cx, at);
        self.rouse(cx, at);
        match self.children[at].state {
            State::Starting { .. } | State::Running { .. } | State::Halted { .. } => {
                self.stop(cx, at, StopCause::Restart);
                self.children[at].again = Again::Other;
                self.children[at].attempts = 0;
            }
            State::Stopped { .. }
            | State::Waiting { .. }
            | State::Stopping { .. }
            | State::Backoff { .. }
            | State::Exited { .. }
            | State::Failed { .. } => {}
        }
        self.wait_for(at, by, true);
    }

    fn stop_by_command(&mut self, cx: &mut Cx<'_>, at: usize, by: Option<Ticket>) {
        self.set_wanted(at, false);
        match self.children[at].state {
            State::Failed { .. } | State::Exited { .. } => self.rest(cx, at),
            State::Stopped { .. }
            | State::Waiting { .. }
            | State::Starting { .. }
            | State::Running { .. }
            | State::Halted { .. }
            | State::Stopping { .. }
            | State::Backoff { .. } => {}
        }
        if let State::Stopped { .. } = self.children[at].state {
            return answer(cx, by, Ok(()));
        }
        self.wait_for(at, by, false);
    }

    /// A child shall be up with all it requires, also what has failed.
    fn want_by_command(&mut self, cx: &mut Cx<'_>, at: usize) {
        self.want(cx, at);
        for position in 0..self.children[at].definition.requires.len() {
            let required = self.children[at].definition.requires[position];
            if let State::Failed { .. } = self.children[required].state {
                self.rouse(cx, required);
            }
        }
    }

    /// A child is wanted again: whoever waits for it to stop has waited in vain.
    pub(super) fn disappoint(&mut self, cx: &mut Cx<'_>, at: usize) {
        let child = &mut self.children[at];
        for waiter in child.waiters.extract_if(.., |waiter| !waiter.for_up) {
            let id = &child.definition.id;
            let message = format!("{id} was started again before it had stopped");
            let result = Err(Error::new(ErrorKind::Conflict, message));
            cx.actions.push(Action::Answer { ticket: waiter.ticket, result });
        }
    }

    /// A child that has failed or done its work tries again, at once, and with a clean record.
    fn rouse(&mut self, cx: &mut Cx<'_>, at: usize) {
        let child = &mut self.children[at];
        match child.state {
            State::Backoff { .. } | State::Failed { .. } | State::Exited { .. } => {
                child.attempts = 0;
                child.again = Again::Other;
                self.set_state(cx, at, State::Waiting { since: cx.now, is_told: false });
            }
            State::Stopped { .. } => {
                child.attempts = 0;
                child.again = if child.last.is_some() { Again::Other } else { Again::No };
            }
            State::Waiting { .. }
            | State::Starting { .. }
            | State::Running { .. }
            | State::Halted { .. }
            | State::Stopping { .. } => {}
        }
    }

    fn wait_for(&mut self, at: usize, by: Option<Ticket>, for_up: bool) {
        if let Some(ticket) = by {
            self.children[at].waiters.push(Waiter { ticket, for_up });
        }
    }

    /// Answers whoever has waited for the state that a child is in now.
    pub(super) fn answer_waiters(&mut self, cx: &mut Cx<'_>, at: usize) {
        if self.children[at].waiters.is_empty() {
            return;
        }
        let mut waiters = std::mem::take(&mut self.children[at].waiters);
        waiters.retain(|waiter| match self.outcome(at, waiter.for_up) {
            Some(result) => {
                cx.actions.push(Action::Answer { ticket: waiter.ticket, result });
                false
            }
            None => true,
        });
        self.children[at].waiters = waiters;
    }

    /// How a command has gone; `None` while it is under way.
    fn outcome(&self, at: usize, for_up: bool) -> Option<Result<(), Error>> {
        let child = &self.children[at];
        let id = &child.definition.id;
        let (kind, message) = match &child.state {
            State::Waiting { .. } | State::Starting { .. } | State::Stopping { .. } => return None,
            State::Exited { .. } => return Some(Ok(())),
            State::Running { .. } => return for_up.then_some(Ok(())),
            // One that is wanted is about to start.
            State::Stopped { .. } if child.wanted && self.phase == Phase::Up => return None,
            State::Stopped { .. } | State::Failed { .. } if !for_up => return Some(Ok(())),
            State::Stopped { .. } => {
                (ErrorKind::Canceled, format!("{id} was stopped before it was up"))
            }
            State::Failed { reason, .. } => {
                (ErrorKind::Unavailable, format!("{id} has failed: {reason}"))
            }
            State::Backoff { .. } | State::Halted { .. } if !for_up => return None,
            State::Halted { reason, .. } => {
                (ErrorKind::Unavailable, format!("{id} stands still: {reason}"))
            }
            State::Backoff { attempt, .. } => {
                let ending = child.last.as_ref().map_or_else(String::new, Ending::text);
                let message = format!("{id} did not come up, attempt {attempt} follows; {ending}");
                (ErrorKind::Unavailable, message)
            }
        };
        Some(Err(Error::new(kind, message)))
    }
}

pub(super) fn answer(cx: &mut Cx<'_>, by: Option<Ticket>, result: Result<(), Error>) {
    if let Some(ticket) = by {
        cx.actions.push(Action::Answer { ticket, result });
    }
}
