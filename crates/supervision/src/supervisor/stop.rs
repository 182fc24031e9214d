//! Taking a child down, and all of them.

use super::action::{Action, News};
use super::child::{Again, State, StopCause};
use super::{Cx, GROUP, Phase, Supervisor};
use procession_types::{Error, ErrorKind};

impl Supervisor {
    /// Asks the process of a child that is held to end.
    pub(super) fn ask_to_stop(&mut self, cx: &mut Cx<'_>, at: usize) {
        let cause = match self.phase {
            Phase::Closing | Phase::Finished => StopCause::Closing,
            Phase::New | Phase::Up if self.children[at].swept => StopCause::Group,
            Phase::New | Phase::Up => StopCause::Unwanted,
        };
        self.stop(cx, at, cause);
    }

    /// Asks the process of a child to end.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>, at: usize, cause: StopCause) {
        self.forgive_if_stable(cx.now, at);
        let child = &self.children[at];
        let pid = child.state.pid();
        let rests = cause == StopCause::Closing && self.is_to_rest(pid);
        let cause = if rests { StopCause::Rest } else { cause };
        let stands_still = matches!(child.state, State::Halted { .. });
        let deadline = cx.now.after(child.definition.stop_timeout_ns);
        let until = Some(deadline);
        self.set_state(cx, at, State::Stopping { pid, since: cx.now, deadline: until, cause });
        // One that is about to be started is ended as soon as it lives.
        let Some(pid) = pid else { return };
        if rests {
            return cx.actions.push(Action::Rest { pid });
        }
        cx.actions.publish(at, News::Stopping { pid, deadline });
        cx.actions.push(match stands_still {
            // It reads no request.
            true => Action::Terminate { pid },
            false => Action::Cancel { pid, deadline, reason: cause.text() },
        });
    }

    /// A child without a process is not wanted.
    pub(super) fn rest(&mut self, cx: &mut Cx<'_>, at: usize) {
        self.children[at].again = Again::No;
        self.set_state(cx, at, State::Stopped { since: cx.now });
        cx.actions.publish(at, News::Stopped);
        if self.children[at].is_leaving {
            self.has_left(cx, at);
        }
    }

    /// All children shall end, and the supervisor after them.
    pub(super) fn close(&mut self) {
        match self.phase {
            Phase::New | Phase::Up => {}
            Phase::Closing | Phase::Finished => return,
        }
        self.phase = Phase::Closing;
        if let Some(group) = self.group.take() {
            self.timers.remove(&(group.until, GROUP));
        }
        // Those declared last are asked first.
        self.reviews.extend((0..self.children.len()).rev());
    }

    /// Says that all children have ended.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.phase = Phase::Finished;
        for ticket in std::mem::take(&mut self.redefinitions) {
            let message = format!("{} has stopped with all its children", self.id);
            let result = Err(Error::new(ErrorKind::Canceled, message));
            cx.actions.push(Action::Answer { ticket, result });
        }
        for at in 0..self.children.len() {
            for waiter in std::mem::take(&mut self.children[at].waiters) {
                let message = format!("{} has stopped with all its children", self.id);
                let result = Err(Error::new(ErrorKind::Canceled, message));
                cx.actions.push(Action::Answer { ticket: waiter.ticket, result });
            }
        }
        cx.actions.push(Action::Finish { failure: self.failure.take() });
    }
}
