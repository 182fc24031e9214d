//! The end of a child's process, and whether another one follows.

use super::action::{Action, News};
use super::child::{Again, State, StopCause};
use super::status::Ending;
use super::{Cx, Phase, Supervisor};
use crate::backoff::delay_ns;
use procession_types::definition::{RestartPolicy, Strategy};
use procession_types::units::duration_text;
use procession_types::{Error, ErrorKind, ExitReason, Pid, Timestamp};

impl Supervisor {
    pub(super) fn exited(&mut self, cx: &mut Cx<'_>, pid: Pid, reason: &ExitReason) {
        let Some(at) = self.pids.remove(&pid) else { return };
        let mut ending = Ending::of(reason, cx.now);
        if let State::Stopping { cause: StopCause::NotReady, .. } = self.children[at].state {
            let most = self.children[at].definition.start_timeout_ns.unwrap_or(0);
            let message = format!("it was not ready within {}", duration_text(most));
            ending = Ending::other("not_ready", &message, cx.now);
        } else if let State::Stopping { cause: StopCause::Unhealthy, .. } = self.children[at].state
        {
            let most = duration_text(self.health_timeout_ns(at));
            let message = format!("it did not answer a health check within {most}");
            ending = Ending::other("unhealthy", &message, cx.now);
        }
        cx.actions.publish(at, News::Exited { pid, ending: ending.clone() });
        self.ended(cx, at, ending);
    }

    /// A child's process has ended, or could not be started.
    pub(super) fn ended(&mut self, cx: &mut Cx<'_>, at: usize, ending: Ending) {
        self.forgive_if_stable(cx.now, at);
        let child = &mut self.children[at];
        child.last = Some(ending);
        let asked = match child.state {
            State::Stopping { cause: StopCause::NotReady | StopCause::Unhealthy, .. } => None,
            State::Stopping { cause, .. } => Some(cause),
            State::Stopped { .. }
            | State::Waiting { .. }
            | State::Starting { .. }
            | State::Running { .. }
            | State::Halted { .. }
            | State::Backoff { .. }
            | State::Exited { .. }
            | State::Failed { .. } => None,
        };
        let is_temporary = child.definition.restart.policy == RestartPolicy::Temporary;
        if is_temporary && asked == Some(StopCause::Group) {
            self.set_wanted(at, false);
        }
        if !self.children[at].wanted || self.phase != Phase::Up {
            return self.rest(cx, at);
        }
        if asked.is_some() {
            return self.set_state(cx, at, State::Waiting { since: cx.now, is_told: false });
        }
        self.fail(cx, at);
    }

    /// A child that is wanted is gone without having been asked.
    fn fail(&mut self, cx: &mut Cx<'_>, at: usize) {
        let child = &mut self.children[at];
        let is_normal = child.last.as_ref().is_some_and(Ending::is_normal);
        let restart = &child.definition.restart;
        let follows = match restart.policy {
            RestartPolicy::Permanent => true,
            RestartPolicy::Transient => !is_normal,
            RestartPolicy::Temporary => false,
        };
        if !follows && is_normal {
            self.set_state(cx, at, State::Exited { since: cx.now });
            return cx.actions.publish(at, News::Completed);
        }
        let text = child.last.as_ref().map_or_else(String::new, Ending::text);
        if !follows {
            return self.fail_for_good(cx, at, format!("it is not started again; {text}"));
        }
        child.attempts = child.attempts.saturating_add(1);
        if let Some(most) = restart.max_attempts.filter(|most| child.attempts > *most) {
            let attempts = if most == 1 { "attempt" } else { "attempts" };
            let reason = format!("given up after {most} {attempts} in a row; {text}");
            self.fail_for_good(cx, at, reason.clone());
            if self.strategy != Strategy::OneForOne {
                // Its group can't be whole any more.
                let id = self.children[at].definition.id.clone();
                self.give_up(cx, &format!("{id} is {reason}"));
            }
            return;
        }
        let attempt = child.attempts;
        let until = cx.now.after(delay_ns(restart, attempt, cx.random));
        child.again = Again::Failure;
        self.set_state(cx, at, State::Backoff { until, since: cx.now, attempt });
        cx.actions.publish(at, News::Backoff { until, attempt });
        if self.strategy != Strategy::OneForOne {
            self.sweep(cx, at, until);
        }
    }

    fn fail_for_good(&mut self, cx: &mut Cx<'_>, at: usize, reason: String) {
        let reason: Box<str> = reason.into();
        self.set_state(cx, at, State::Failed { since: cx.now, reason: reason.clone() });
        cx.actions.publish(at, News::Failed { reason });
    }

    /// Forgets the failures of a child whose process has run for long enough.
    pub(super) fn forgive_if_stable(&mut self, now: Timestamp, at: usize) {
        let child = &mut self.children[at];
        if let State::Running { since, .. } = child.state
            && since.after(child.definition.restart.stable_threshold_ns) <= now
        {
            child.attempts = 0;
        }
    }

    /// Whether the intensity allows a start after a failure now; then it counts.
    pub(super) fn admit_restart(&mut self, now: Timestamp) -> bool {
        let Some(intensity) = self.intensity else { return true };
        while self.restarts.front().is_some_and(|at| at.after(intensity.within_ns) <= now) {
            self.restarts.pop_front();
        }
        let has_room = self.restarts.len() < intensity.restarts as usize;
        if has_room {
            self.restarts.push_back(now);
        }
        has_room
    }

    /// The restart of a child, or of the group that has failed with it, would be one too many.
    pub(super) fn give_up_for(&mut self, cx: &mut Cx<'_>, at: usize) {
        let Some(intensity) = self.intensity else { return };
        let child = &self.children[at];
        let ending = child.last.as_ref().map_or_else(String::new, Ending::text);
        let reason = format!(
            "more than {} restarts within {}; the last to fail was {}: {ending}",
            intensity.restarts,
            duration_text(intensity.within_ns),
            child.definition.id,
        );
        self.give_up(cx, &reason);
    }

    fn give_up(&mut self, cx: &mut Cx<'_>, reason: &str) {
        if self.phase != Phase::Up {
            return;
        }
        let message = format!("{} gave up: {reason}", self.id);
        self.failure = Some(Error::new(ErrorKind::Unavailable, message));
        cx.actions
            .push(Action::Publish { child: None, news: News::GaveUp { reason: reason.into() } });
        // What durable children know is not lost over the failures of others.
        self.close_to_rest();
    }
}
