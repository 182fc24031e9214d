//! Another definition for a supervisor that runs: children that are new, gone, or described otherwise.
//!
//! A child of both definitions keeps its process, its state and its history: what it was started with is
//! the business of whoever knows, who restarts it by command. One that is gone stops like any other,
//! after those that require it, and is forgotten then; until the next definition its position stays.

use super::action::{Action, Ticket};
use super::child::{Checkup, Child, State};
use super::command::{WAITERS_MAX, answer};
use super::definition::Definition;
use super::group::Group;
use super::{Cx, GROUP, Phase, Supervisor};
use procession_types::{Error, ErrorKind, SmolStr};
use std::collections::{BTreeMap, BTreeSet};

impl Supervisor {
    pub(super) fn redefine(&mut self, cx: &mut Cx<'_>, by: Option<Ticket>, definition: Definition) {
        if let Err(error) = self.may_redefine() {
            return answer(cx, by, Err(error));
        }
        self.strategy = definition.strategy;
        self.intensity = definition.intensity;
        let cause = self.group.map(|group| self.children[group.cause].definition.id.clone());
        let before = std::mem::take(&mut self.children);
        let ids: Vec<SmolStr> = before.iter().map(|child| child.definition.id.clone()).collect();
        let mut before: BTreeMap<SmolStr, Child> = ids.iter().cloned().zip(before).collect();
        let mut begins = BTreeSet::new();
        for definition in definition.children {
            let id = definition.id.clone();
            let starts = definition.auto_start;
            // One that was left out and has ended is forgotten.
            let old = before.remove(&id).filter(|old| !old.is_leaving || old.state.is_alive());
            let child = match old {
                Some(child) => {
                    // Whoever was stopped by hand stays so.
                    let again = child.is_leaving || !child.definition.auto_start;
                    if again && starts && (child.is_leaving || child.is_unstarted) {
                        begins.insert(id);
                    }
                    Child { definition, is_leaving: false, ..child }
                }
                None => {
                    if starts {
                        begins.insert(id);
                    }
                    Child::new(definition)
                }
            };
            self.children.push(child);
        }
        let kept = self.children.len();
        let gone = ids.iter().filter_map(|id| before.remove(id)).collect();
        self.let_go(cx, gone, &ids);
        let children = self.children[..kept].iter().enumerate();
        self.index = children.map(|(at, child)| (child.definition.id.clone(), at)).collect();
        self.adapt_checkups(cx, kept);
        self.recount();
        if self.phase == Phase::Up {
            self.want_all(cx, &begins);
        }
        self.regroup(cause.as_deref());
        // Last: who is held must be known before anybody is looked at, or one would be stopped for what
        // it requires only from now on.
        self.find_held();
        self.reviews.extend(0..self.children.len());
        if let Some(ticket) = by {
            self.redefinitions.push(ticket);
        }
    }

    /// Whether it can be given another definition just now.
    fn may_redefine(&self) -> Result<(), Error> {
        if self.is_closing() {
            let message = format!("{} is stopping with all its children", self.id);
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        // The answer to a spawn names a position.
        if self.children.iter().any(|child| child.state.is_alive() && child.state.pid().is_none()) {
            let message = format!("{} is about to start a process: try again", self.id);
            return Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true));
        }
        if self.redefinitions.len() >= WAITERS_MAX {
            let message = format!("{WAITERS_MAX} definitions wait for children of {}", self.id);
            return Err(Error::new(ErrorKind::RateLimited, message).with_retryable(true));
        }
        Ok(())
    }

    /// Children that run are checked from now on, or not any more, as their definitions say.
    fn adapt_checkups(&mut self, cx: &Cx<'_>, kept: usize) {
        for at in 0..kept {
            let next = self.next_checkup(cx.now, at);
            let is_checked = self.children[at].definition.health.is_some();
            if let State::Running { checkup, .. } = &mut self.children[at].state
                && is_checked == (*checkup == Checkup::Never)
            {
                *checkup = next;
            }
        }
    }

    /// Puts those that are no children any more behind the others, if they have a process to end.
    /// `ids` are the positions before, by which they name what they require.
    fn let_go(&mut self, cx: &mut Cx<'_>, gone: Vec<Child>, ids: &[SmolStr]) {
        for mut child in gone {
            let id = child.definition.id.clone();
            if child.state.is_alive() {
                child.is_leaving = true;
                child.wanted = false;
                self.children.push(child);
                continue;
            }
            for waiter in std::mem::take(&mut child.waiters) {
                let message = format!("{id} is no child of {} any more", self.id);
                let result = Err(Error::new(ErrorKind::Canceled, message));
                cx.actions.push(Action::Answer { ticket: waiter.ticket, result });
            }
            if !child.is_leaving {
                cx.actions.push(Action::Gone { id });
            }
        }
        let children = self.children.iter().enumerate();
        let places: BTreeMap<SmolStr, usize> =
            children.map(|(at, child)| (child.definition.id.clone(), at)).collect();
        for child in self.children.iter_mut().filter(|child| child.is_leaving) {
            // Positions of what is required are those of before; what has no process is not waited for.
            let requires = child.definition.requires.iter();
            let requires = requires.filter_map(|at| places.get(ids.get(*at)?).copied());
            child.definition.requires = requires.collect();
        }
    }

    /// Those that begin shall be up, and whatever requires what nobody wanted so far gets it.
    fn want_all(&mut self, cx: &mut Cx<'_>, begins: &BTreeSet<SmolStr>) {
        for at in 0..self.children.len() {
            let child = &self.children[at];
            if child.wanted || begins.contains(&child.definition.id) && !child.is_leaving {
                self.want(cx, at);
            }
        }
    }

    /// Finds out anew whatever is counted, from the children and their states.
    fn recount(&mut self) {
        for child in &mut self.children {
            child.dependents.clear();
            (child.unmet, child.held_required, child.live_dependents) = (0, 0, 0);
        }
        (self.alive, self.missing, self.moving) = (0, 0, 0);
        self.pids.clear();
        self.timers.clear();
        for at in 0..self.children.len() {
            for position in 0..self.children[at].definition.requires.len() {
                let required = self.children[at].definition.requires[position];
                self.children[required].dependents.push(at);
                let is_alive = self.children[at].state.is_alive();
                self.children[required].live_dependents += u32::from(is_alive);
                let is_met = self.children[required].state.is_met();
                self.children[at].unmet += u32::from(!is_met);
            }
            let child = &self.children[at];
            self.alive += usize::from(child.state.is_alive());
            self.pids.extend(child.state.pid().map(|pid| (pid, at)));
            self.timers.extend(child.state.deadline().map(|deadline| (deadline, at)));
            self.count_missing(at, true);
        }
    }

    /// A restart of a group that is under way goes on with those that it has swept.
    fn regroup(&mut self, cause: Option<&str>) {
        let Some(group) = self.group.take() else { return };
        let swept = || self.children.iter().enumerate().filter(|(_, child)| child.swept);
        let Some((from, _)) = swept().next() else { return };
        let cause = swept().find(|(_, child)| cause == Some(child.definition.id.as_str()));
        let cause = cause.map_or(from, |(at, _)| at);
        let alive = swept().filter(|(_, child)| child.state.is_alive()).count();
        self.timers.insert((group.until, GROUP));
        self.group = Some(Group { cause, from, until: group.until, alive });
    }

    /// Who must be down, those before whom others wait first.
    fn find_held(&mut self) {
        let mut open: Vec<usize> =
            self.children.iter().map(|it| it.definition.requires.len()).collect();
        let mut next: Vec<usize> = (0..open.len()).filter(|at| open[*at] == 0).collect();
        while let Some(at) = next.pop() {
            let child = &mut self.children[at];
            child.is_held =
                self.phase != Phase::Up || !child.wanted || child.swept || child.held_required > 0;
            let is_held = child.is_held;
            for position in 0..self.children[at].dependents.len() {
                let dependent = self.children[at].dependents[position];
                self.children[dependent].held_required += u32::from(is_held);
                open[dependent] -= 1;
                if open[dependent] == 0 {
                    next.push(dependent);
                }
            }
        }
    }

    /// Tells of those that were no children any more and have ended, and answers when none is left.
    pub(super) fn settle_redefinitions(&mut self, cx: &mut Cx<'_>) {
        if self.redefinitions.is_empty()
            || self.children.iter().any(|child| child.is_leaving && child.state.is_alive())
        {
            return;
        }
        for ticket in std::mem::take(&mut self.redefinitions) {
            cx.actions.push(Action::Answer { ticket, result: Ok(()) });
        }
    }

    /// A child that is none any more has ended.
    pub(super) fn has_left(&mut self, cx: &mut Cx<'_>, at: usize) {
        let State::Stopped { .. } = self.children[at].state else { return };
        cx.actions.push(Action::Gone { id: self.children[at].definition.id.clone() });
    }
}
