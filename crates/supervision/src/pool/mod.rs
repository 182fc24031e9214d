//! A pool: members that take each other's place, and the messages between them.
//!
//! [`Pool`] is a pure state machine. It is told what happens by [`Input`], and says by [`Action`] what
//! it wants done; the driver is a process of its own, whose mailbox is the pool's queue: the pool is
//! given a message only when a member is there to take it, so a full queue is a full mailbox, and the
//! sender is told.
//!
//! A member has one message at a time. It says that it has done it by waiting for the next one, and
//! nothing else; so any program that receives messages can be a member.
//!
//! **Invariant.** A message that was given to the pool is in exactly one place: in the hands of one
//! member, among those that were returned, or a dead letter; or it is done. Messages are first handed
//! out in the order in which they came.

mod action;
mod durable;
mod health;
mod input;
mod member;
mod pace;
mod recovery;
mod redefine;
mod size;
mod status;
mod stop;
#[cfg(test)]
mod tests;
mod work;

pub use action::{Action, Actions, DeadLetter, Report};
pub use input::{Input, Moment};
pub use member::MemberNumber;
pub use pace::STEP_MEMBERS_MAX;
pub use size::{GROW_AFTER_NS, MEMBERS_MAX, Scale};
pub use status::{Counts, ERRORS_KEPT_MAX, LastError, MembersByState, Stall, Status};

use member::{Checkup, Dismissal, Member, MemberState, Work};
use pace::{Leaving, Trim};
use procession_types::definition::Pool as Definition;
use procession_types::{Error, Pid, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a pool is about as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It does its work.
    Running,
    /// It does what waits, until this time.
    Draining { until: Option<Timestamp> },
    /// It hands out nothing any more and waits for its members to end.
    Stopping,
    /// It has said so.
    Finished,
}

/// One step: what it is given, and where it leaves what it wants done.
struct Cx<'a> {
    now: Timestamp,
    waiting: u32,
    queued: u32,
    random: u64,
    actions: &'a mut Actions,
}

impl Cx<'_> {
    /// Messages that nobody has any more when the pool ends.
    fn unkept(&self) -> u32 {
        self.waiting.saturating_sub(self.queued)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Pool {
    definition: Definition,
    phase: Phase,
    /// The size somebody has set, whatever the load is.
    pinned: Option<u32>,
    members: BTreeMap<MemberNumber, Member>,
    numbers: BTreeMap<Pid, MemberNumber>,
    members_made: u64,
    /// Members that count for the size, and those of them that start.
    counted: u32,
    starting: u32,
    /// Members that have a message.
    at_work: u32,
    /// In the order in which they became idle. The last gets the next message: so those that are not
    /// needed stay idle, and can be ended.
    idle: BTreeMap<u64, MemberNumber>,
    /// How often members have become idle.
    idled: u64,
    /// When which member is looked at next; each is there once at most.
    looks: BTreeSet<(Timestamp, MemberNumber)>,
    /// Members that one step starts, ends or looks at, at most.
    step_max: u32,
    /// It has started as many as one step may; the next tick starts more.
    has_started_enough: bool,
    /// It is on its way down to the most.
    trim: Option<Trim>,
    /// Members make room for others, or for the end.
    leaving: Option<Leaving>,
    /// Messages that a member could not do, by their arrival.
    returned: BTreeMap<u64, Work>,
    arrivals: u64,
    /// Since when work waits for members, all of which are busy.
    behind_since: Option<Timestamp>,
    /// Failures in a row; see `recovery`.
    failures: u32,
    /// Members that have failed and were not replaced.
    owed: u32,
    /// When members that have failed are replaced.
    retry_at: Option<Timestamp>,
    /// Until when it does not try to grow, since a member could not be started.
    refused: Option<(Timestamp, Error)>,
    /// Why it ends, when it has failed.
    failure: Option<Error>,
    /// Messages that waited when it stopped handing them out, and that become dead letters.
    left_over: u32,
    /// It ends, and durable members are put to rest.
    rests: bool,
    /// Messages that became dead letters since, and why the last one did.
    abandoned: Option<(u64, Error)>,
    /// Not after the first time at which something is due.
    alarm: Option<Timestamp>,
    was_up: bool,
    counts: Counts,
    errors: VecDeque<LastError>,
}

impl Pool {
    /// A pool without members, which [`Input::Start`] brings.
    #[must_use]
    pub fn new(definition: Definition) -> Self {
        Self {
            definition,
            phase: Phase::Running,
            pinned: None,
            members: BTreeMap::new(),
            numbers: BTreeMap::new(),
            members_made: 0,
            counted: 0,
            starting: 0,
            at_work: 0,
            idle: BTreeMap::new(),
            idled: 0,
            looks: BTreeSet::new(),
            step_max: STEP_MEMBERS_MAX,
            has_started_enough: false,
            trim: None,
            leaving: None,
            returned: BTreeMap::new(),
            arrivals: 0,
            behind_since: None,
            failures: 0,
            owed: 0,
            retry_at: None,
            refused: None,
            failure: None,
            left_over: 0,
            rests: false,
            abandoned: None,
            alarm: None,
            was_up: false,
            counts: Counts::default(),
            errors: VecDeque::new(),
        }
    }

    /// What it was made from, with the bounds that are set now.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Takes note of something, and of what follows from it.
    pub fn handle(&mut self, moment: Moment, input: Input, actions: &mut Actions) {
        let Moment { now, waiting, queued, random } = moment;
        let cx = &mut Cx { now, waiting, queued, random, actions };
        if self.phase == Phase::Finished {
            return;
        }
        match input {
            Input::Start | Input::Look => {}
            Input::LetterLost => self.counts.lost += 1,
            Input::Work(message) => self.work_arrived(cx, message, None),
            Input::Queued { queued, message } => self.work_arrived(cx, message, Some(queued)),
            Input::Spawned { member, pid } => self.spawned(cx, member, pid),
            Input::Refused { member, error } => self.spawn_refused(cx, member, error),
            Input::NotHanded { pid, error } => self.not_handed(cx, pid, error),
            Input::Idle { pid, taken } => self.became_idle(cx, pid, taken),
            Input::WaitPoint { pid } => self.reached_wait_point(cx, pid),
            Input::Measured { pid, memory_bytes, memory_bytes_max, is_paused } => {
                self.measured(cx, pid, memory_bytes, memory_bytes_max, is_paused);
            }
            Input::Halted { pid, error } => self.halted(cx, pid, error),
            Input::Rested { pid } => self.rested(pid),
            Input::Rest => self.rest(cx),
            Input::Took { pid, count } => self.took(pid, count),
            Input::Ended { pid, reason } => self.member_ended(cx, pid, &reason),
            Input::Tick => self.tick(cx),
            Input::Stop { deadline } => self.stop(cx, deadline),
        }
        self.settle(cx);
    }

    /// Whether it has had all the members that it has at least, waiting for messages.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.was_up
    }

    /// Whether it hands out nothing any more: what is left are dead letters.
    #[must_use]
    pub fn is_winding_up(&self) -> bool {
        matches!(self.phase, Phase::Stopping | Phase::Finished)
    }

    /// Whether it would take a message now.
    #[must_use]
    pub fn wants_work(&self) -> bool {
        match self.phase {
            Phase::Running | Phase::Draining { .. } => {
                !self.idle.is_empty() && self.returned.is_empty()
            }
            Phase::Stopping => self.left_over > 0,
            Phase::Finished => false,
        }
    }

    /// When [`Input::Tick`] must come next; it may turn out that nothing happens then.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.alarm
    }

    /// Whatever follows from how things are, whoever brought it about.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        self.was_up |= self.counted - self.starting >= self.least();
        match self.phase {
            Phase::Running => {
                self.hand_out_returned(cx);
                self.replace(cx);
                self.grow(cx);
            }
            Phase::Draining { .. } => {
                self.hand_out_returned(cx);
                self.replace(cx);
                self.grow(cx);
                self.drain(cx);
            }
            Phase::Stopping => self.wind_up(cx),
            Phase::Finished => {}
        }
    }

    /// Carries out what is due, and finds out when it must look again.
    fn tick(&mut self, cx: &mut Cx<'_>) {
        self.alarm = None;
        self.has_started_enough = false;
        if self.retry_at.is_some_and(|at| at <= cx.now) {
            self.retry_at = None;
        }
        if self.refused.as_ref().is_some_and(|(until, _)| *until <= cx.now) {
            self.refused = None;
        }
        let times = [self.retry_at, self.refused.as_ref().map(|(until, _)| *until)];
        for at in times.into_iter().flatten() {
            self.wake_at(at);
        }
        if let Phase::Draining { until: Some(until) } = self.phase {
            if until <= cx.now { self.give_up(cx) } else { self.wake_at(until) }
        }
        self.watch_members(cx);
        self.go_on_leaving(cx);
        self.go_on_trimming(cx);
        self.shrink_idle(cx);
    }

    /// Makes sure that the next deadline is not later than this.
    fn wake_at(&mut self, at: Timestamp) {
        self.alarm = Some(self.alarm.map_or(at, |alarm| alarm.min(at)));
    }

    fn number(&self, pid: Pid) -> Option<MemberNumber> {
        self.numbers.get(&pid).copied()
    }

    /// Puts a member into another state, and gives the one it was in.
    fn change(&mut self, number: MemberNumber, state: MemberState) -> Option<MemberState> {
        self.discount(number);
        let member = self.members.get_mut(&number)?;
        let before = std::mem::replace(&mut member.state, state);
        if matches!(before, MemberState::Idle { .. }) {
            self.idle.remove(&member.idled);
        }
        if matches!(member.state, MemberState::Idle { .. }) {
            self.idled += 1;
            member.idled = self.idled;
            self.idle.insert(self.idled, number);
        }
        self.count(number);
        Some(before)
    }

    fn count(&mut self, number: MemberNumber) {
        let Some(member) = self.members.get(&number) else { return };
        self.counted += u32::from(member.is_counted());
        self.starting += u32::from(member.is_starting());
        self.at_work += u32::from(member.has_work());
    }

    fn discount(&mut self, number: MemberNumber) {
        let Some(member) = self.members.get(&number) else { return };
        self.counted -= u32::from(member.is_counted());
        self.starting -= u32::from(member.is_starting());
        self.at_work -= u32::from(member.has_work());
    }

    /// Asks for one more member.
    fn spawn(&mut self, cx: &mut Cx<'_>) {
        self.members_made += 1;
        let number = MemberNumber(self.members_made);
        self.members.insert(number, Member::new(cx.now));
        self.count(number);
        cx.actions.push(Action::Spawn { member: number });
    }

    fn spawned(&mut self, cx: &mut Cx<'_>, number: MemberNumber, pid: Pid) {
        let checkup = self.first_checkup(cx.now);
        let Some(member) = self.members.get_mut(&number) else { return };
        member.pid = Some(pid);
        self.numbers.insert(pid, number);
        if let MemberState::Ending { .. } = member.state {
            if self.rests && pid.is_durable() {
                self.change(number, MemberState::Ending { why: Dismissal::Rest, work: None });
                return cx.actions.push(Action::Rest { pid });
            }
            // It is not needed any more, and has done nothing yet.
            return cx.actions.push(Action::Terminate { pid });
        }
        member.checkup = checkup;
        self.refused = None;
        if self.owed > 0 && self.definition.recovery.auto_restart {
            self.owed -= 1;
            self.counts.restarts += 1;
        }
        self.look_at(number, cx.now.after(self.definition.lifecycle.start_timeout_ns));
        if let Checkup::At(at) = checkup {
            self.look_at(number, at);
        }
        cx.actions.push(Action::AskIdle { pid });
    }

    /// Takes a member that has ended out of everything.
    fn remove(&mut self, number: MemberNumber) -> Option<Member> {
        self.discount(number);
        let member = self.members.remove(&number)?;
        if matches!(member.state, MemberState::Idle { .. }) {
            self.idle.remove(&member.idled);
        }
        if let Some(at) = member.look {
            self.looks.remove(&(at, number));
        }
        if let Some(pid) = member.pid {
            self.numbers.remove(&pid);
        }
        Some(member)
    }
}
