//! Members that end, and those that take their place.
//!
//! Failures in a row are counted: of members that ended before they took a message, or with a message
//! that no other member has failed with. A message that is done ends the row, and so does a member that
//! has been up for long enough. So one message that nobody can do does not end the pool, and a program
//! that can do nothing does.

use super::member::{Dismissal, Member, MemberState, Work};
use super::{Cx, ERRORS_KEPT_MAX, LastError, MemberNumber, Phase, Pool, Report};
use crate::backoff;
use procession_types::definition::Restart;
use procession_types::{Error, ErrorKind, ExitReason, Limit, Pid, Timestamp};

impl Pool {
    pub(super) fn member_ended(&mut self, cx: &mut Cx<'_>, pid: Pid, reason: &ExitReason) {
        let Some(number) = self.number(pid) else { return };
        let Some(member) = self.remove(number) else { return };
        let Member { state, started, handed, took, done, .. } = member;
        let error = reason.error();
        match state {
            // The message never reached it: that was no attempt.
            MemberState::Busy { mut work, .. } if took < handed => {
                work.attempts = work.attempts.saturating_sub(1);
                let error = error.unwrap_or_else(ended_early);
                if reason.is_abnormal() {
                    self.failed(cx, Some(pid), started, error.clone(), true);
                }
                self.deliver_again(cx, work, error);
            }
            MemberState::Busy { work, since, .. } => match error {
                // It has done its last message.
                None => self.done(cx, (number, pid), since, &work),
                Some(error) => self.failed_with(cx, pid, started, work, error),
            },
            MemberState::Starting { .. } | MemberState::Idle { .. } | MemberState::Away => {
                match error {
                    // It has done its part and makes room for a fresh one.
                    None if done > 0 => {}
                    error => {
                        let error = error.unwrap_or_else(ended_early);
                        self.failed(cx, Some(pid), started, error, true);
                    }
                }
            }
            // Somebody has ended it.
            MemberState::Halted { work, .. }
            | MemberState::Ending { why: Dismissal::Unneeded | Dismissal::Rest, work } => {
                if let Some(work) = work {
                    self.deliver_again(cx, work, error.unwrap_or_else(ended_early));
                }
            }
            MemberState::Ending { why: Dismissal::Unhealthy { after_ns }, work } => {
                let error = unhealthy(after_ns);
                match work {
                    Some(work) => self.failed_with(cx, pid, started, work, error),
                    None => self.failed(cx, Some(pid), started, error, true),
                }
            }
        }
    }

    /// A member has failed with a message in its hands.
    fn failed_with(
        &mut self,
        cx: &mut Cx<'_>,
        pid: Pid,
        started: Timestamp,
        work: Work,
        error: Error,
    ) {
        let is_first = work.attempts <= 1;
        self.failed(cx, Some(pid), started, error.clone(), is_first);
        self.deliver_again(cx, work, error);
    }

    /// A member is missing that should not be.
    fn failed(
        &mut self,
        cx: &mut Cx<'_>,
        pid: Option<Pid>,
        started: Timestamp,
        error: Error,
        is_counted: bool,
    ) {
        let restart = &self.definition.lifecycle.restart;
        if cx.now >= started.after(restart.stable_threshold_ns) {
            self.failures = 0;
        }
        self.failures += u32::from(is_counted);
        self.counts.failures += 1;
        self.owed += 1;
        self.remember(cx.now, error.clone());
        let delay_ns = self.delay_ns(cx.random);
        self.report(cx, Report::MemberFailed { pid, error: error.clone(), delay_ns });
        let recovery = &self.definition.recovery;
        let gives_up = recovery.auto_restart && self.failures > recovery.max_restarts;
        if gives_up || !recovery.auto_restart && self.members.is_empty() {
            return self.fail(cx, error);
        }
        if recovery.auto_restart {
            // The earliest counts: others fail while one waits.
            let at = *self.retry_at.get_or_insert(cx.now.after(delay_ns));
            self.wake_at(at);
        }
    }

    /// How long the next replacement waits: longer after each failure of a row.
    fn delay_ns(&self, random: u64) -> u64 {
        let restart = &self.definition.lifecycle.restart;
        let first = self.definition.recovery.restart_delay_ns;
        let most = restart.max_delay_ns.max(first);
        let restart = Restart { initial_delay_ns: first, max_delay_ns: most, ..restart.clone() };
        backoff::delay_ns(&restart, self.failures.max(1), random)
    }

    /// Starts members up to the least, unless it waits after a failure.
    pub(super) fn replace(&mut self, cx: &mut Cx<'_>) {
        let recovery = &self.definition.recovery;
        if self.retry_at.is_some() || self.refused.is_some() || self.has_started_enough {
            return;
        }
        // Without replacements, the least is what has not failed yet.
        let owed = if recovery.auto_restart { 0 } else { self.owed };
        let least = match self.phase {
            Phase::Running => self.least().saturating_sub(owed),
            Phase::Draining { .. } => u32::from(cx.waiting > 0 || !self.returned.is_empty()),
            Phase::Stopping | Phase::Finished => 0,
        };
        let room = self.most().saturating_sub(self.members.len() as u32);
        let missing = least.saturating_sub(self.counted).min(room);
        (0..missing.min(self.step_max)).for_each(|_| self.spawn(cx));
        if missing > self.step_max {
            self.has_started_enough = true;
            self.wake_at(cx.now);
        }
    }

    pub(super) fn spawn_refused(&mut self, cx: &mut Cx<'_>, number: MemberNumber, error: Error) {
        if self.remove(number).is_none() {
            return;
        }
        self.counts.refused += 1;
        let report = Report::ScaleRefused { size: self.counted, error: error.clone() };
        self.report(cx, report);
        self.remember(cx.now, error.clone());
        // A limit is hit today and not tomorrow; a program that does not load never will.
        let is_passing = error.limit.is_some_and(|limit| limit == Limit::Processes)
            || error.kind == ErrorKind::RateLimited;
        let is_missing = self.counted < self.least();
        if is_missing && !is_passing {
            self.failures += 1;
            if self.failures > self.definition.recovery.max_restarts {
                return self.fail(cx, error);
            }
        }
        let until = cx.now.after(self.delay_ns(cx.random).max(1));
        self.refused = Some((until, error));
        self.wake_at(until);
    }

    fn remember(&mut self, at: Timestamp, error: Error) {
        if self.errors.len() == ERRORS_KEPT_MAX {
            self.errors.pop_front();
        }
        self.errors.push_back(LastError { at, error });
    }
}

fn ended_early() -> Error {
    Error::new(ErrorKind::Internal, "the member ended without having done a message")
}

pub(super) fn unhealthy(after_ns: u64) -> Error {
    let seconds = after_ns as f64 / 1e9;
    let message = format!("the member did not come to a wait point in {seconds} s");
    Error::new(ErrorKind::Timeout, message)
}
