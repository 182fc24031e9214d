//! Messages on their way through the pool.

use super::member::{MemberState, Work};
use super::{Action, Cx, DeadLetter, MemberNumber, Phase, Pool, Report};
use procession_types::{Error, ErrorKind, Message, Pid, Timestamp};

impl Pool {
    pub(super) fn work_arrived(&mut self, cx: &mut Cx<'_>, message: Message, queued: Option<u64>) {
        self.arrivals += 1;
        let work = Work { arrival: self.arrivals, message, queued, attempts: 0 };
        match self.phase {
            Phase::Running | Phase::Draining { .. } => match self.idle_last() {
                Some(member) => self.hand(cx, member, work),
                None => {
                    self.returned.insert(work.arrival, work);
                }
            },
            Phase::Stopping | Phase::Finished => {
                self.left_over = self.left_over.saturating_sub(1);
                let error = self.why_stopped();
                self.bury(cx, work, error);
            }
        }
    }

    /// What comes back goes out first.
    pub(super) fn hand_out_returned(&mut self, cx: &mut Cx<'_>) {
        while let Some(member) = self.idle_last() {
            let Some((_, work)) = self.returned.pop_first() else { return };
            self.hand(cx, member, work);
        }
    }

    /// Who has become idle last.
    fn idle_last(&self) -> Option<MemberNumber> {
        self.idle.last_key_value().map(|(_, number)| *number)
    }

    fn hand(&mut self, cx: &mut Cx<'_>, number: MemberNumber, mut work: Work) {
        let member = self.members.get_mut(&number);
        let Some((member, pid)) = member.and_then(|member| member.pid.map(|pid| (member, pid)))
        else {
            self.returned.insert(work.arrival, work);
            return;
        };
        member.handed += 1;
        work.attempts += 1;
        self.counts.handed += 1;
        self.counts.redelivered += u64::from(work.attempts > 1);
        let (message, queued) = (work.message.clone(), work.queued);
        cx.actions.push(Action::Hand { pid, message, queued });
        let state = MemberState::Busy { work, since: cx.now, leaves: false };
        self.change(number, state);
    }

    /// The member is dead, its EXIT is under way; or its mailbox has no room.
    pub(super) fn not_handed(&mut self, cx: &mut Cx<'_>, pid: Pid, error: Error) {
        let Some(number) = self.number(pid) else { return };
        if error.kind == ErrorKind::NotFound {
            return;
        }
        let Some(member) = self.members.get_mut(&number) else { return };
        member.handed -= 1;
        if !matches!(member.state, MemberState::Busy { .. }) {
            // It is being ended already, and its message goes on when it has.
            return;
        }
        if error.kind == ErrorKind::Conflict {
            return self.is_away(cx, number, pid);
        }
        let before = self.change(number, MemberState::Idle { since: cx.now });
        let Some(MemberState::Busy { work, leaves, .. }) = before else { return };
        self.deliver_again(cx, work, error);
        if leaves {
            self.dismiss(cx, number);
        }
    }

    /// A member is paused: the message goes to another, which is no attempt, and the member comes
    /// back when it is resumed.
    fn is_away(&mut self, cx: &mut Cx<'_>, number: MemberNumber, pid: Pid) {
        if let Some(MemberState::Busy { mut work, .. }) = self.change(number, MemberState::Away) {
            work.attempts -= 1;
            self.counts.handed -= 1;
            self.counts.redelivered -= u64::from(work.attempts > 0);
            self.returned.insert(work.arrival, work);
        }
        cx.actions.push(Action::AskIdle { pid });
    }

    pub(super) fn took(&mut self, pid: Pid, count: u64) {
        let number = self.number(pid);
        if let Some(member) = number.and_then(|number| self.members.get_mut(&number)) {
            member.took = count;
        }
    }

    pub(super) fn became_idle(&mut self, cx: &mut Cx<'_>, pid: Pid, taken: u64) {
        let Some(number) = self.number(pid) else { return };
        self.note_healthy(cx.now, number);
        let Some(member) = self.members.get(&number) else { return };
        if taken < member.handed {
            // That was before the last message came; the answer to that one is still to come.
            return;
        }
        if let MemberState::Ending { .. } = member.state {
            // It was asked to end, and has had its chance to hear it.
            return cx.actions.push(Action::Terminate { pid });
        }
        let before = self.change(number, MemberState::Idle { since: cx.now });
        let mut leaves = false;
        if let Some(MemberState::Busy { leaves: after_this, since, work }) = before {
            self.done(cx, (number, pid), since, &work);
            leaves = after_this;
        } else if let Some(MemberState::Halted { work: Some(work), since }) = before {
            self.done(cx, (number, pid), since, &work);
        }
        if leaves || self.counted > self.most() {
            return self.dismiss(cx, number);
        }
        if self.counted > self.least() {
            self.wake_at(cx.now.after(self.definition.size.idle_timeout_ns));
        }
    }

    /// A message has been done.
    pub(super) fn done(
        &mut self,
        cx: &mut Cx<'_>,
        (number, pid): (MemberNumber, Pid),
        since: Timestamp,
        work: &Work,
    ) {
        if let Some(queued) = work.queued {
            cx.actions.push(Action::Done { pid, queued });
        }
        self.counts.done += 1;
        self.counts.busy_ns += cx.now.0.saturating_sub(since.0).max(0) as u64;
        self.failures = 0;
        if let Some(member) = self.members.get_mut(&number) {
            member.done += 1;
        }
    }

    /// A message goes to another member, or is a dead letter.
    pub(super) fn deliver_again(&mut self, cx: &mut Cx<'_>, work: Work, error: Error) {
        if work.attempts > self.definition.recovery.redeliveries_max {
            return self.bury(cx, work, error);
        }
        match self.phase {
            Phase::Running | Phase::Draining { .. } => {
                self.returned.insert(work.arrival, work);
            }
            // The queue has it still.
            Phase::Stopping | Phase::Finished if work.queued.is_some() => {}
            // Whoever drives it keeps it for the next one.
            Phase::Stopping if self.rests => {
                self.returned.insert(work.arrival, work);
            }
            Phase::Stopping | Phase::Finished => self.bury(cx, work, error),
        }
    }

    pub(super) fn bury(&mut self, cx: &mut Cx<'_>, work: Work, error: Error) {
        let Work { message, attempts, queued, .. } = work;
        self.counts.dead_letters += 1;
        if self.is_winding_up() {
            // There may be as many as the queue has room for: they are told of at once, in the end.
            let count = self.abandoned.take().map_or(0, |(count, _)| count) + 1;
            self.abandoned = Some((count, error.clone()));
        } else {
            let topic = message.topic.to_string();
            self.report(cx, Report::Dead { topic, attempts, error: error.clone() });
        }
        cx.actions.push(Action::DeadLetter(DeadLetter { message, queued, attempts, error }));
    }

    /// All that came back and can't be handed out any more.
    pub(super) fn bury_returned(&mut self, cx: &mut Cx<'_>, error: &Error) {
        while let Some((_, work)) = self.returned.pop_first() {
            // The next process of the pool gets what is kept.
            if work.queued.is_none() {
                self.bury(cx, work, error.clone());
            }
        }
    }

    pub(super) fn report(&mut self, cx: &mut Cx<'_>, report: Report) {
        self.counts.alerts += u64::from(report.is_alert());
        cx.actions.push(Action::Report(report));
    }
}
