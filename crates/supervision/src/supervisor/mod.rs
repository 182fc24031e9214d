//! A supervisor: its children, what is wanted of them, and what they are.
//!
//! [`Supervisor`] is a pure state machine. It is told what happens by [`Input`], and says by
//! [`Action`] what it wants done. Every fact that changes puts the children it concerns on a list, and
//! one function, `review`, looks at a child and decides what follows for it; so the order in which
//! things happen does not matter, and nothing is looked at that has not changed.
//!
//! **Invariant.** A child has one process at most: one is started only from a state without any.
//! **Invariant.** A child starts only when all it requires are up, and is asked to stop only when none
//! that requires it has a process, unless it alone is told to restart.
//! **Invariant.** Failures in a row are forgotten only when the process has run for as long as its
//! definition calls stable; and of starts after a failure there are never more within the time of the
//! intensity than it allows.

mod action;
mod child;
mod command;
mod definition;
mod durable;
mod failure;
mod group;
mod health;
mod redefine;
mod settled;
mod start;
mod status;
mod stop;
#[cfg(test)]
mod tests;

pub use action::{Action, Actions, Input, Moment, News, Ticket, Verb};
pub use command::WAITERS_MAX;
pub use definition::{ChildDefinition, Definition};
pub use durable::REST;
pub use status::{ChildStatus, Ending, StateName};

use child::{Child, State, StopCause};
use group::Group;
use procession_types::definition::{Intensity, Strategy};
use procession_types::{Error, Pid, SmolStr, Timestamp};
use start::Origin;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The entry of a group's restart among the timers.
const GROUP: usize = usize::MAX;

/// What the supervisor is about as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It has not begun.
    New,
    /// It keeps its children up.
    Up,
    /// It waits for its children to end.
    Closing,
    /// It has said so.
    Finished,
}

/// One step: what it is given, and where it leaves what it wants done.
struct Cx<'a> {
    now: Timestamp,
    random: u64,
    actions: &'a mut Actions,
}

/// See the module.
#[derive(Debug)]
pub struct Supervisor {
    id: SmolStr,
    strategy: Strategy,
    intensity: Option<Intensity>,
    children: Vec<Child>,
    index: BTreeMap<SmolStr, usize>,
    pids: BTreeMap<Pid, usize>,
    phase: Phase,
    /// Why it has given up.
    failure: Option<Error>,
    /// When it ends, durable children are put to rest.
    rests: bool,
    /// Children with a process.
    alive: usize,
    /// Children that are wanted and not up.
    missing: usize,
    /// Those of them that will be something else without anybody's doing.
    moving: usize,
    group: Option<Group>,
    /// When children were started again after a failure, as far back as the intensity looks.
    restarts: VecDeque<Timestamp>,
    /// When something must be done about which child: its state's deadline.
    timers: BTreeSet<(Timestamp, usize)>,
    /// Children to look at.
    reviews: VecDeque<usize>,
    /// Looks at children that did not answer, counted.
    looks: u64,
    /// Who waits until those have ended that another definition has left out.
    redefinitions: Vec<Ticket>,
}

impl Supervisor {
    /// A supervisor whose children are all stopped, until [`Input::Begin`].
    #[must_use]
    pub fn new(definition: Definition) -> Self {
        let Definition { id, strategy, intensity, children } = definition;
        let mut children: Vec<Child> = children.into_iter().map(Child::new).collect();
        for at in 0..children.len() {
            for required in children[at].definition.requires.clone() {
                children[required].dependents.push(at);
            }
        }
        let ids = children.iter().enumerate();
        let index = ids.map(|(at, child)| (child.definition.id.clone(), at)).collect();
        Self {
            id,
            strategy,
            intensity,
            children,
            index,
            pids: BTreeMap::new(),
            phase: Phase::New,
            failure: None,
            rests: false,
            alive: 0,
            missing: 0,
            moving: 0,
            group: None,
            restarts: VecDeque::new(),
            timers: BTreeSet::new(),
            reviews: VecDeque::new(),
            looks: 0,
            redefinitions: Vec::new(),
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &SmolStr {
        &self.id
    }

    /// Its children's definitions, by position. Those that another definition has left out are behind
    /// the others until the next one comes.
    pub fn definitions(&self) -> impl ExactSizeIterator<Item = &ChildDefinition> {
        self.children.iter().map(|child| &child.definition)
    }

    /// The id of the child at a position.
    #[must_use]
    pub fn id_of(&self, child: usize) -> Option<&SmolStr> {
        self.children.get(child).map(|child| &child.definition.id)
    }

    /// The position of a child.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The position of the child with this process.
    #[must_use]
    pub fn position_of(&self, pid: Pid) -> Option<usize> {
        self.pids.get(&pid).copied()
    }

    /// Whether all children that are wanted are up.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Up && self.missing == 0
    }

    /// Whether it is about to end, or has ended.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing | Phase::Finished)
    }

    /// When [`Input::Tick`] must come next; it may turn out that nothing happens then.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The same, not counting health checks: `None` when nothing else is to come.
    #[must_use]
    pub fn next_deadline_beside_checks(&self) -> Option<Timestamp> {
        let is_check =
            |at: usize| at != GROUP && matches!(self.children[at].state, State::Running { .. });
        self.timers.iter().find(|(_, at)| !is_check(*at)).map(|(at, _)| *at)
    }

    /// Takes note of something, and of what follows from it.
    pub fn handle(&mut self, moment: Moment, input: Input, actions: &mut Actions) {
        let Moment { now, random } = moment;
        let cx = &mut Cx { now, random, actions };
        match input {
            Input::Begin => self.begin(cx),
            Input::Spawned { child, pid } => self.spawned(cx, child, pid, Origin::New),
            Input::Adopted { child, pid } => self.spawned(cx, child, pid, Origin::Adopted),
            Input::Refused { child, error } => self.refused(cx, child, &error),
            Input::Ready { pid } => self.ready(cx, pid),
            Input::Halted { pid, reason } => self.halted(cx, pid, &reason),
            Input::Rested { pid } => self.rested(cx, pid),
            Input::Looked { pid, number, is_paused } => self.looked(cx, pid, number, is_paused),
            Input::Exited { pid, reason } => self.exited(cx, pid, &reason),
            Input::Tick => self.tick(cx),
            Input::Command { ticket, verb, child } => self.command(cx, ticket, verb, &child),
            Input::Redefine { ticket, definition } => self.redefine(cx, ticket, *definition),
            Input::Stop => self.close(),
            Input::Rest => self.close_to_rest(),
        }
        self.settle(cx);
    }

    fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.phase != Phase::New {
            return;
        }
        self.phase = Phase::Up;
        for at in 0..self.children.len() {
            if self.children[at].definition.auto_start {
                self.want(cx, at);
            }
        }
        self.reviews.extend(0..self.children.len());
    }

    /// Looks at every child that something has changed for.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        loop {
            while let Some(at) = self.reviews.pop_front() {
                self.review(cx, at);
            }
            if !self.release_group(cx) {
                break;
            }
        }
        self.settle_redefinitions(cx);
        if self.phase == Phase::Closing && self.alive == 0 {
            self.finish(cx);
        }
    }

    /// What follows for a child from how things are.
    fn review(&mut self, cx: &mut Cx<'_>, at: usize) {
        self.refresh_held(at);
        self.answer_waiters(cx, at);
        let phase = self.phase;
        let child = &self.children[at];
        let goes_down = !child.wanted || phase != Phase::Up;
        match child.state {
            State::Starting { .. } | State::Running { .. } | State::Halted { .. } => {
                if child.is_held && child.live_dependents == 0 {
                    self.ask_to_stop(cx, at);
                }
            }
            State::Stopped { .. } if goes_down => {}
            State::Waiting { .. } | State::Backoff { .. } if goes_down => self.rest(cx, at),
            State::Stopped { .. } | State::Waiting { .. } => {
                if child.is_held || child.unmet > 0 {
                    self.make_wait(cx, at);
                } else {
                    self.start(cx, at);
                }
            }
            State::Backoff { .. }
            | State::Stopping { .. }
            | State::Exited { .. }
            | State::Failed { .. } => {}
        }
    }

    /// Finds out whether a child must be down, and tells those that require it.
    fn refresh_held(&mut self, at: usize) {
        let child = &mut self.children[at];
        let is_held =
            self.phase != Phase::Up || !child.wanted || child.swept || child.held_required > 0;
        if std::mem::replace(&mut child.is_held, is_held) == is_held {
            return;
        }
        for position in 0..self.children[at].dependents.len() {
            let dependent = self.children[at].dependents[position];
            let held = &mut self.children[dependent].held_required;
            *held = if is_held { *held + 1 } else { *held - 1 };
            self.reviews.push_back(dependent);
        }
    }

    /// Puts a child into another state, and does everything that hangs on it.
    fn set_state(&mut self, cx: &mut Cx<'_>, at: usize, state: State) {
        self.count_missing(at, false);
        let before = std::mem::replace(&mut self.children[at].state, state);
        self.count_missing(at, true);
        let after = &self.children[at].state;
        if let Some(deadline) = before.deadline() {
            self.timers.remove(&(deadline, at));
        }
        if let Some(deadline) = after.deadline() {
            self.timers.insert((deadline, at));
        }
        let (met, alive) = (after.is_met(), after.is_alive());
        if before.is_met() != met {
            self.tell_dependents(at, met);
        }
        if before.is_alive() != alive {
            self.count_alive(at, alive);
        }
        self.reviews.push_back(at);
        cx.actions.push(Action::Changed { child: at });
        self.tell_those_who_wait(cx, at);
    }

    /// Those that wait for a child say why it is not up, and that has changed.
    fn tell_those_who_wait(&self, cx: &mut Cx<'_>, at: usize) {
        let mut above = vec![at];
        while let Some(at) = above.pop() {
            for dependent in &self.children[at].dependents {
                let child = &self.children[*dependent];
                if let State::Waiting { .. } = child.state {
                    cx.actions.push(Action::Changed { child: *dependent });
                } else if child.is_held && child.state.is_met() {
                    above.push(*dependent);
                }
            }
        }
    }

    fn tell_dependents(&mut self, at: usize, met: bool) {
        for position in 0..self.children[at].dependents.len() {
            let dependent = self.children[at].dependents[position];
            let unmet = &mut self.children[dependent].unmet;
            *unmet = if met { *unmet - 1 } else { *unmet + 1 };
            self.reviews.push_back(dependent);
        }
    }

    fn count_alive(&mut self, at: usize, alive: bool) {
        let count = |number: &mut usize| *number = if alive { *number + 1 } else { *number - 1 };
        count(&mut self.alive);
        if let (true, Some(group)) = (self.children[at].swept, &mut self.group) {
            count(&mut group.alive);
        }
        for position in 0..self.children[at].definition.requires.len() {
            let required = self.children[at].definition.requires[position];
            let live = &mut self.children[required].live_dependents;
            *live = if alive { *live + 1 } else { *live - 1 };
            self.reviews.push_back(required);
        }
    }

    fn set_wanted(&mut self, at: usize, wanted: bool) {
        self.count_missing(at, false);
        self.children[at].wanted = wanted;
        self.count_missing(at, true);
        self.reviews.push_back(at);
    }

    /// Adds a child to those that are missing, if it is, or takes it away from them.
    fn count_missing(&mut self, at: usize, adds: bool) {
        let child = &self.children[at];
        let count = usize::from(child.wanted && !child.state.is_met());
        self.missing = if adds { self.missing + count } else { self.missing - count };
        let count = usize::from(child.wanted && child.state.is_moving());
        self.moving = if adds { self.moving + count } else { self.moving - count };
    }

    /// Carries out what is due.
    fn tick(&mut self, cx: &mut Cx<'_>) {
        while let Some((at, child)) = self.timers.first().copied()
            && at <= cx.now
        {
            self.timers.pop_first();
            if child != GROUP {
                self.time_is_up(cx, child);
            }
        }
    }

    fn time_is_up(&mut self, cx: &mut Cx<'_>, at: usize) {
        match self.children[at].state {
            State::Starting { pid, .. } => self.not_ready(cx, at, pid),
            State::Stopping { pid: Some(pid), cause: StopCause::Rest, .. } => {
                // Whatever keeps it from being told: it is durable, and nobody's any more.
                self.rested(cx, pid);
            }
            State::Stopping { pid, since, cause, .. } => {
                let state = State::Stopping { pid, since, deadline: None, cause };
                self.set_state(cx, at, state);
                if let Some(pid) = pid {
                    cx.actions.publish(at, News::Overdue { pid });
                    cx.actions.push(Action::Terminate { pid });
                }
            }
            State::Backoff { .. } => {
                self.set_state(cx, at, State::Waiting { since: cx.now, is_told: false });
            }
            State::Running { .. } => self.checkup_is_due(cx, at),
            State::Stopped { .. }
            | State::Waiting { .. }
            | State::Halted { .. }
            | State::Exited { .. }
            | State::Failed { .. } => {}
        }
    }
}
