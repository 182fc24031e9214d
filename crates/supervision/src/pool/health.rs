//! Whether members still do something.
//!
//! A member that comes to a wait point is alive: it is not in a loop without end. That needs nothing of
//! the program. A member that does nothing because somebody has paused it is well.

use super::member::{Checkup, Dismissal, MemberState};
use super::{Action, Cx, MemberNumber, Phase, Pool, Report};
use procession_types::{Pid, Timestamp};

/// A member that holds more than this part of its memory limit while it is idle has leaked it.
const IDLE_MEMORY_PART: u64 = 4;

impl Pool {
    pub(super) fn first_checkup(&self, now: Timestamp) -> Checkup {
        match self.definition.monitoring.health_check_interval_ns {
            0 => Checkup::Never,
            interval => Checkup::At(now.after(interval)),
        }
    }

    /// It has shown that it does something.
    pub(super) fn note_healthy(&mut self, now: Timestamp, number: MemberNumber) {
        let next = self.first_checkup(now);
        let Some(member) = self.members.get_mut(&number) else { return };
        if let Checkup::Until(_) = member.checkup {
            member.checkup = next;
        }
        if let Checkup::At(at) = member.checkup {
            self.look_at(number, at);
        }
    }

    pub(super) fn reached_wait_point(&mut self, cx: &mut Cx<'_>, pid: Pid) {
        let Some(number) = self.number(pid) else { return };
        self.note_healthy(cx.now, number);
        match self.members.get(&number).map(|member| &member.state) {
            // The question has taken the place of this one.
            Some(
                MemberState::Starting { .. }
                | MemberState::Away
                | MemberState::Busy { .. }
                | MemberState::Ending { why: Dismissal::Unneeded, .. },
            ) => cx.actions.push(Action::AskIdle { pid }),
            Some(
                MemberState::Idle { .. }
                | MemberState::Halted { .. }
                | MemberState::Ending { why: Dismissal::Unhealthy { .. } | Dismissal::Rest, .. },
            )
            | None => {}
        }
    }

    pub(super) fn measured(
        &mut self,
        cx: &mut Cx<'_>,
        pid: Pid,
        memory_bytes: u64,
        memory_bytes_max: u64,
        is_paused: bool,
    ) {
        let Some(number) = self.number(pid) else { return };
        if is_paused {
            return self.note_healthy(cx.now, number);
        }
        let is_idle = self
            .members
            .get(&number)
            .is_some_and(|member| matches!(member.state, MemberState::Idle { .. }));
        let is_too_much = memory_bytes > memory_bytes_max / IDLE_MEMORY_PART;
        if is_idle && is_too_much && self.phase == Phase::Running {
            self.counts.reclaimed += 1;
            self.counts.reclaimed_bytes += memory_bytes;
            self.report(cx, Report::Reclaimed { pid, memory_bytes });
            self.dismiss(cx, number);
        }
    }

    /// Looks at the members whose time has come: who is to be asked, and who has not answered.
    pub(super) fn watch_members(&mut self, cx: &mut Cx<'_>) {
        for _ in 0..self.step_max {
            let Some((at, number)) = self.looks.first().copied().filter(|(at, _)| *at <= cx.now)
            else {
                break;
            };
            self.looks.remove(&(at, number));
            if let Some(member) = self.members.get_mut(&number) {
                member.look = None;
            }
            self.watch_start(cx, number);
            self.watch_health(cx, number);
        }
        if let Some((at, _)) = self.looks.first() {
            self.wake_at((*at).max(cx.now));
        }
    }

    /// Makes sure that a member is looked at not later than this.
    pub(super) fn look_at(&mut self, number: MemberNumber, at: Timestamp) {
        let Some(member) = self.members.get_mut(&number) else { return };
        if member.look.is_some_and(|look| look <= at) {
            return;
        }
        if let Some(later) = member.look.replace(at) {
            self.looks.remove(&(later, number));
        }
        self.looks.insert((at, number));
        self.wake_at(at);
    }

    fn watch_start(&mut self, cx: &mut Cx<'_>, number: MemberNumber) {
        let timeout = self.definition.lifecycle.start_timeout_ns;
        let Some(member) = self.members.get(&number) else { return };
        let MemberState::Starting { since } = member.state else { return };
        if member.pid.is_none() || member.has_time {
            return;
        }
        let due = since.after(timeout);
        if due <= cx.now { self.condemn(cx, number, timeout) } else { self.look_at(number, due) }
    }

    fn watch_health(&mut self, cx: &mut Cx<'_>, number: MemberNumber) {
        let timeout = self.definition.monitoring.health_check_timeout_ns;
        let Some(member) = self.members.get_mut(&number) else { return };
        let Some(pid) = member.pid else { return };
        match member.state {
            // A start has a time limit of its own, and an end too.
            MemberState::Starting { .. }
            | MemberState::Halted { .. }
            | MemberState::Ending { .. } => return,
            MemberState::Idle { .. } | MemberState::Away | MemberState::Busy { .. } => {}
        }
        match member.checkup {
            Checkup::Never => {}
            Checkup::At(at) if at <= cx.now => {
                let until = cx.now.after(timeout);
                member.checkup = Checkup::Until(until);
                self.counts.checks += 1;
                cx.actions.push(Action::Check { pid });
                self.look_at(number, until);
            }
            Checkup::Until(until) if until <= cx.now => self.condemn(cx, number, timeout),
            Checkup::At(at) | Checkup::Until(at) => self.look_at(number, at),
        }
    }

    /// A member has not done in time what it must do.
    fn condemn(&mut self, cx: &mut Cx<'_>, number: MemberNumber, after_ns: u64) {
        let Some(pid) = self.members.get(&number).and_then(|member| member.pid) else { return };
        self.counts.unhealthy += 1;
        let why = Dismissal::Unhealthy { after_ns };
        let before = self.change(number, MemberState::Ending { why, work: None });
        if let Some(MemberState::Busy { work, .. }) = before {
            self.change(number, MemberState::Ending { why, work: Some(work) });
        }
        self.report(cx, Report::Unhealthy { pid, after_ns });
        cx.actions.push(Action::Terminate { pid });
    }
}
