//! Members whose processes are durable: they outlive the pool, which puts them to rest when it ends for a
//! reason that is none of theirs, and may stand still instead of failing.

use super::member::{Checkup, Dismissal, Member, MemberState, Work};
use super::{Action, Actions, Cx, MemberNumber, Moment, Phase, Pool, Report};
use procession_types::{Error, Message, Pid};

impl Pool {
    /// A durable process of before is a member again. Comes before [`super::Input::Start`]. It may have a
    /// message in hand, known or not, and has all the time that it needs to say that it is idle. One that
    /// is known, by its number in the queue that keeps it, counts as handed to it, once.
    pub fn adopt(
        &mut self,
        moment: Moment,
        pid: Pid,
        in_hand: Option<(u64, Message)>,
        actions: &mut Actions,
    ) {
        self.members_made += 1;
        let number = MemberNumber(self.members_made);
        let handed = u64::from(in_hand.is_some());
        let state = match in_hand {
            None => MemberState::Starting { since: moment.now },
            Some((queued, message)) => {
                self.arrivals += 1;
                let (arrival, queued) = (self.arrivals, Some(queued));
                let work = Work { arrival, message, queued, attempts: 1 };
                MemberState::Busy { work, since: moment.now, leaves: false }
            }
        };
        let checkup = self.first_checkup(moment.now);
        let member = Member {
            pid: Some(pid),
            state,
            has_time: true,
            handed,
            checkup,
            ..Member::new(moment.now)
        };
        self.members.insert(number, member);
        if let Checkup::At(at) = checkup {
            self.look_at(number, at);
        }
        self.numbers.insert(pid, number);
        self.count(number);
        actions.push(Action::AskIdle { pid });
    }

    /// A member has failed over a message, and stands still with it. That is no end: another takes its
    /// place, and nobody else gets the message.
    pub(super) fn halted(&mut self, cx: &mut Cx<'_>, pid: Pid, error: Error) {
        let Some(number) = self.number(pid) else { return };
        let Some(member) = self.members.get(&number) else { return };
        match member.state {
            MemberState::Halted { .. } | MemberState::Ending { why: Dismissal::Rest, .. } => return,
            // It reads no request to end.
            MemberState::Ending { .. } => return cx.actions.push(Action::Terminate { pid }),
            MemberState::Starting { .. }
            | MemberState::Idle { .. }
            | MemberState::Away
            | MemberState::Busy { .. } => {}
        }
        let state = MemberState::Halted { work: None, since: cx.now };
        if let Some(MemberState::Busy { work, since, .. }) = self.change(number, state) {
            self.change(number, MemberState::Halted { work: Some(work), since });
        }
        self.report(cx, Report::MemberHalted { pid, error });
    }

    /// It ends, and its durable members are put to rest with what they have in hand; what waits is left
    /// to whoever drives it, by [`Pool::take_waiting`].
    pub(super) fn rest(&mut self, cx: &mut Cx<'_>) {
        if matches!(self.phase, Phase::Finished) || self.rests {
            return;
        }
        self.rests = true;
        self.phase = Phase::Stopping;
        self.left_over = 0;
        self.dismiss_all(cx);
    }

    /// A member is at rest, and the pool's no more.
    pub(super) fn rested(&mut self, pid: Pid) {
        if let Some(number) = self.number(pid) {
            self.remove(number);
        }
    }

    /// Whether durable members are put to rest, and what waits is kept.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.rests
    }

    /// What came back and was not handed out again, oldest first: nobody has it any more but the caller.
    /// Without what the queue keeps.
    pub fn take_waiting(&mut self) -> Vec<Message> {
        let returned = std::mem::take(&mut self.returned);
        let unkept = returned.into_values().filter(|work| work.queued.is_none());
        unkept.map(|Work { message, .. }| message).collect()
    }
}
