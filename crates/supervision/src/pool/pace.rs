//! What concerns many members is done some at a time, so that a pool of any size keeps nobody waiting:
//! what is left goes on at the next [`super::Input::Tick`], which is due at once, and whatever else has
//! happened meanwhile comes before it.

use super::member::{Dismissal, MemberState};
use super::{Action, Cx, MemberNumber, Pool, Report};
use std::ops::Bound;

/// Members that one step starts, ends or looks at, at most.
pub const STEP_MEMBERS_MAX: u32 = 256;

/// The way down to the most, beside members that are idle: those are the first at any time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trim {
    whom: Whom,
    /// The last one that was looked at.
    after: MemberNumber,
    /// Members that were let go so far, to be told of at once.
    by: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    /// Those that have no message: they end at once.
    Free,
    /// The others end after their message.
    Busy,
}

/// Members that make room, in the order of their numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    /// The last one that was told.
    after: MemberNumber,
    /// Those that come later stay.
    last: MemberNumber,
}

impl Pool {
    /// With so many members in one step, at least one, in the place of [`STEP_MEMBERS_MAX`]: small
    /// pools are simulated like large ones so.
    #[must_use]
    pub fn with_step_max(self, members: u32) -> Self {
        Self { step_max: members.max(1), ..self }
    }

    /// Begins to end what is above the most: idle members at once, others after their message.
    pub(super) fn trim_surplus(&mut self, cx: &mut Cx<'_>) {
        let by = self.trim.map_or(0, |trim| trim.by);
        self.trim = Some(Trim { whom: Whom::Free, after: MemberNumber(0), by });
        self.go_on_trimming(cx);
    }

    pub(super) fn go_on_trimming(&mut self, cx: &mut Cx<'_>) {
        let Some(mut trim) = self.trim.take() else { return };
        let before = self.counted;
        let is_over = self.trim_some(cx, &mut trim);
        trim.by += before - self.counted;
        self.counts.shrunk += u64::from(before - self.counted);
        if !is_over {
            self.trim = Some(trim);
            self.wake_at(cx.now);
        } else if trim.by > 0 {
            self.report(cx, Report::Shrunk { by: trim.by, to: self.counted });
        }
    }

    /// As many as a step may; whether nothing is left to do.
    fn trim_some(&mut self, cx: &mut Cx<'_>, trim: &mut Trim) -> bool {
        for _ in 0..self.step_max {
            if self.counted <= self.most() {
                return true;
            }
            if let Some(number) = self.idle_first() {
                self.dismiss(cx, number);
                continue;
            }
            let next = (Bound::Excluded(trim.after), Bound::Unbounded);
            let next = self.members.range_mut(next).next();
            let Some((number, state)) = next.map(|(number, it)| (*number, &mut it.state)) else {
                if trim.whom == Whom::Busy {
                    return true;
                }
                (trim.whom, trim.after) = (Whom::Busy, MemberNumber(0));
                continue;
            };
            trim.after = number;
            match state {
                MemberState::Starting { .. } | MemberState::Away => self.dismiss(cx, number),
                MemberState::Busy { leaves, .. } if trim.whom == Whom::Busy => {
                    self.counted -= u32::from(!std::mem::replace(leaves, true));
                }
                MemberState::Idle { .. }
                | MemberState::Busy { .. }
                | MemberState::Halted { .. }
                | MemberState::Ending { .. } => {}
            }
        }
        self.counted <= self.most()
    }

    /// All that are there now make room: idle members now, others after their message.
    pub(super) fn dismiss_all(&mut self, cx: &mut Cx<'_>) {
        let last = MemberNumber(self.members_made);
        self.leaving = Some(Leaving { after: MemberNumber(0), last });
        self.go_on_leaving(cx);
    }

    pub(super) fn go_on_leaving(&mut self, cx: &mut Cx<'_>) {
        let Some(Leaving { after, last }) = self.leaving.take() else { return };
        let those = self.members.range((Bound::Excluded(after), Bound::Included(last)));
        let those = those.map(|(number, member)| (*number, member.pid));
        let those: Vec<_> = those.take(self.step_max as usize).collect();
        for (number, pid) in &those {
            match pid.filter(|pid| self.rests && pid.is_durable()) {
                None => self.leave(cx, *number),
                Some(pid) => {
                    let resting = MemberState::Ending { why: Dismissal::Rest, work: None };
                    self.change(*number, resting);
                    cx.actions.push(Action::Rest { pid });
                }
            }
        }
        if those.len() == self.step_max as usize
            && let Some((after, _)) = those.last()
        {
            self.leaving = Some(Leaving { after: *after, last });
            self.wake_at(cx.now);
        }
    }

    /// Who has been idle for longest.
    pub(super) fn idle_first(&self) -> Option<MemberNumber> {
        self.idle.first_key_value().map(|(_, number)| *number)
    }
}
