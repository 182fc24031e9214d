//! The end of a pool.

use super::member::{Dismissal, Member, MemberState, Work};
use super::{Action, Cx, MemberNumber, Phase, Pool, Report};
use procession_types::{Error, ErrorKind, Timestamp};

impl Pool {
    /// It shall end: it does what waits first, as far as three quarters of the time allow.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>, deadline: Option<Timestamp>) {
        let until = deadline.map(|deadline| {
            let left = deadline.0.saturating_sub(cx.now.0).max(0);
            Timestamp(cx.now.0.saturating_add(left / 4 * 3))
        });
        match self.phase {
            Phase::Running | Phase::Draining { .. } => {
                self.phase = Phase::Draining { until };
                self.behind_since = None;
                if let Some(until) = until {
                    self.wake_at(until);
                }
            }
            Phase::Stopping | Phase::Finished => {}
        }
    }

    /// Ends members that have nothing more to do, and the pool after the last.
    pub(super) fn drain(&mut self, cx: &mut Cx<'_>) {
        // What is in the hands of a member may come back.
        if cx.waiting > 0 || !self.returned.is_empty() || self.at_work > 0 {
            return;
        }
        self.phase = Phase::Stopping;
        self.dismiss_all(cx);
        self.wind_up(cx);
    }

    /// The time for what waits is over.
    pub(super) fn give_up(&mut self, cx: &mut Cx<'_>) {
        self.phase = Phase::Stopping;
        self.left_over = cx.unkept();
        let error = self.why_stopped();
        self.bury_returned(cx, &error);
        self.dismiss_all(cx);
    }

    /// The error of what can't be done any more.
    pub(super) fn why_stopped(&self) -> Error {
        match &self.failure {
            Some(error) => error.clone(),
            None => Error::new(ErrorKind::Canceled, "the pool was stopped before its turn came"),
        }
    }

    /// A member makes room: now when it is idle, else after its message.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>, number: MemberNumber) {
        let Some(member) = self.members.get_mut(&number) else { return };
        let pid = member.pid;
        match &mut member.state {
            MemberState::Idle { .. } | MemberState::Starting { .. } | MemberState::Away => {
                self.dismiss(cx, number);
            }
            MemberState::Busy { leaves, .. } => {
                self.counted -= u32::from(!std::mem::replace(leaves, true));
            }
            MemberState::Halted { work, .. } => {
                let work = work.take();
                let why = Dismissal::Unneeded;
                self.change(number, MemberState::Ending { why, work });
                // It reads no request to end.
                if let Some(pid) = pid {
                    cx.actions.push(Action::Terminate { pid });
                }
            }
            MemberState::Ending { .. } => {}
        }
    }

    /// Ends when the last member has, or at once when it has failed.
    pub(super) fn wind_up(&mut self, cx: &mut Cx<'_>) {
        if self.left_over > 0 && cx.unkept() > 0 {
            return;
        }
        if self.failure.is_none() && !self.members.is_empty() {
            return;
        }
        if let Some((count, error)) = self.abandoned.take() {
            self.report(cx, Report::Abandoned { count, error });
        }
        match self.failure.take() {
            None => cx.actions.push(Action::Finish(Ok(()))),
            Some(error) => cx.actions.push(Action::Finish(Err(error))),
        }
        self.phase = Phase::Finished;
    }

    /// Too much has failed: the pool ends with the reason, and whoever supervises it decides. Its
    /// members end with it.
    pub(super) fn fail(&mut self, cx: &mut Cx<'_>, error: Error) {
        let failures = self.failures;
        self.report(cx, Report::Failed { error: error.clone(), failures });
        let id = &self.definition.id;
        let message = match failures {
            0 => format!("pool {id} has no member left: {error}"),
            _ => format!("pool {id} failed after {failures} failures in a row: {error}"),
        };
        let failure = Error { message, ..error };
        self.phase = Phase::Stopping;
        self.left_over = cx.unkept();
        self.bury_returned(cx, &failure);
        for work in self.take_back_all().into_iter().filter(|work| work.queued.is_none()) {
            self.bury(cx, work, failure.clone());
        }
        self.failure = Some(failure);
    }

    /// What members have in their hands, when they end with the pool.
    fn take_back_all(&mut self) -> Vec<Work> {
        let mut list = Vec::new();
        // Durable members do not end with it, and have what they have.
        let is_lost = |member: &Member| !member.pid.is_some_and(|pid| pid.is_durable());
        let lost = self.members.iter().filter(|(_, member)| is_lost(member));
        for number in lost.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.discount(number);
            let Some(member) = self.members.get_mut(&number) else { continue };
            let why = Dismissal::Unneeded;
            let ending = MemberState::Ending { why, work: None };
            match std::mem::replace(&mut member.state, ending) {
                MemberState::Busy { work, .. }
                | MemberState::Halted { work: Some(work), .. }
                | MemberState::Ending { work: Some(work), .. } => {
                    list.push(work);
                }
                MemberState::Idle { .. } => {
                    self.idle.remove(&member.idled);
                }
                MemberState::Starting { .. }
                | MemberState::Away
                | MemberState::Halted { work: None, .. }
                | MemberState::Ending { work: None, .. } => {}
            }
        }
        list.sort_unstable_by_key(|work| work.arrival);
        list
    }
}
