//! How many members there are: growing under load, shrinking when idle, and what somebody sets.

use super::member::{Dismissal, MemberState};
use super::{Action, Cx, MemberNumber, Phase, Pool, Report};
use procession_types::{Error, Timestamp};

/// How long messages must have been waiting, without a pause, before a member is added: a burst that
/// is done in a moment is done by the members that there are.
pub const GROW_AFTER_NS: u64 = 1_000_000;

/// Members that a pool may have.
pub const MEMBERS_MAX: u32 = 1_000_000;

/// What somebody wants of the size; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scale {
    /// `Some(Some(n))`: n members, whatever the load is. `Some(None)`: as the load wants it, again.
    pub size: Option<Option<u32>>,
    /// Members at least.
    pub min_size: Option<u32>,
    /// Members at most.
    pub max_size: Option<u32>,
}

impl Pool {
    /// Members at least, now.
    pub(super) fn least(&self) -> u32 {
        self.pinned.unwrap_or(self.definition.size.min_size)
    }

    /// Members at most, now.
    pub(super) fn most(&self) -> u32 {
        self.pinned.unwrap_or(self.definition.size.max_size)
    }

    /// Sets the size or its bounds. [`Pool::handle`] follows, with [`super::Input::Tick`] for example:
    /// it starts the members that are missing.
    ///
    /// # Errors
    /// `Invalid` when the bounds make no sense or the size is not within them; nothing changes then.
    pub fn scale(
        &mut self,
        moment: super::Moment,
        scale: Scale,
        actions: &mut super::Actions,
    ) -> Result<(), Error> {
        let mut size = self.definition.size;
        size.min_size = scale.min_size.unwrap_or(size.min_size);
        size.max_size = scale.max_size.unwrap_or(size.max_size);
        let (least, most) = (size.min_size, size.max_size);
        if most == 0 || least > most || most > MEMBERS_MAX {
            let message = format!(
                "a pool can't have {least} members at least and {most} at most: \
                 the most is from 1 to {MEMBERS_MAX}, and not below the least"
            );
            return Err(Error::invalid(message));
        }
        let pinned = scale.size.unwrap_or(self.pinned);
        if let Some(wanted) = pinned
            && !(least..=most).contains(&wanted)
        {
            let message = format!("size {wanted} is not within {least} to {most}");
            return Err(Error::invalid(message));
        }
        self.definition.size = size;
        self.pinned = pinned;
        let super::Moment { now, waiting, queued, random } = moment;
        self.trim_surplus(&mut Cx { now, waiting, queued, random, actions });
        self.wake_at(now);
        Ok(())
    }

    /// Asks a member that has no message to end.
    pub(super) fn dismiss(&mut self, cx: &mut Cx<'_>, number: MemberNumber) {
        let ending = MemberState::Ending { why: Dismissal::Unneeded, work: None };
        self.change(number, ending);
        // Without a PID its spawn is under way in this very step; it is met again when that is done.
        if let Some(pid) = self.members.get(&number).and_then(|member| member.pid) {
            let deadline = cx.now.after(self.definition.lifecycle.stop_timeout_ns);
            cx.actions.push(Action::Cancel { pid, deadline });
        }
    }

    /// Adds members when all are busy and work has been waiting for a while.
    pub(super) fn grow(&mut self, cx: &mut Cx<'_>) {
        let work = cx.waiting as usize + self.returned.len();
        if work == 0 || !self.idle.is_empty() {
            self.behind_since = None;
            return;
        }
        let since = *self.behind_since.get_or_insert(cx.now);
        if self.growth_is_barred() {
            return;
        }
        let due = since.after(GROW_AFTER_NS);
        // Whoever has none at all needs no patience.
        if self.counted > 0 && cx.now < due {
            return self.wake_at(due);
        }
        // Twice as many at a time: fast under load, and never many more than needed.
        let missing = u32::try_from(work).unwrap_or(u32::MAX).saturating_sub(self.starting);
        let room = self.most().saturating_sub(self.members.len() as u32);
        let by = missing.min(self.counted.max(1)).min(room).min(self.step_max);
        if by == 0 {
            return;
        }
        self.behind_since = Some(cx.now);
        self.counts.grown += u64::from(by);
        (0..by).for_each(|_| self.spawn(cx));
        self.report(cx, Report::Grown { by, to: self.counted, waiting: cx.waiting });
        self.wake_at(cx.now.after(GROW_AFTER_NS));
    }

    /// Whether it may not grow, however much waits.
    pub(super) fn growth_is_barred(&self) -> bool {
        matches!(self.phase, Phase::Stopping | Phase::Finished)
            || self.members.len() as u32 >= self.most()
            || self.refused.is_some()
            // When everything fails, more of it does not help.
            || self.retry_at.is_some() && self.counted == self.starting
    }

    /// Ends members that have been idle for long, down to the least.
    pub(super) fn shrink_idle(&mut self, cx: &mut Cx<'_>) {
        if self.phase != Phase::Running {
            return;
        }
        let (mut by, mut next) = (0, None);
        let after = self.definition.size.idle_timeout_ns;
        // Those that have been idle for longest are the first.
        while let Some(number) = self.idle_first() {
            if self.counted <= self.least() {
                break;
            }
            let due = self.idle_since(number).after(after);
            if due > cx.now || by == self.step_max {
                next = Some(due.max(cx.now));
                break;
            }
            self.dismiss(cx, number);
            by += 1;
        }
        if let Some(due) = next {
            self.wake_at(due);
        }
        if by > 0 {
            self.counts.shrunk += u64::from(by);
            self.report(cx, Report::Shrunk { by, to: self.counted });
        }
    }

    fn idle_since(&self, number: MemberNumber) -> Timestamp {
        match self.members.get(&number).map(|member| &member.state) {
            Some(MemberState::Idle { since }) => *since,
            Some(
                MemberState::Starting { .. }
                | MemberState::Away
                | MemberState::Busy { .. }
                | MemberState::Halted { .. }
                | MemberState::Ending { .. },
            )
            | None => Timestamp(i64::MAX),
        }
    }
}
