//! What must be true of one supervisor, from what it was told and what it did.

use procession_supervision::backoff::delay_ns;
use procession_supervision::supervisor::{
    Action, ChildStatus, Definition, Input, News, StateName, Supervisor, Ticket, Verb,
};
use procession_types::definition::{RestartPolicy, Strategy};
use procession_types::{SmolStr, Timestamp};
use std::collections::BTreeSet;

/// Ticks at the same time after which it is clear that there is no end to them.
const TICKS_MAX: u32 = 4;

/// A child's history.
#[derive(Debug, Clone, Default)]
struct History {
    /// Failures in a row.
    failures: u32,
    /// Its last process ended by itself, and nobody has told it to start since.
    owes_restart: bool,
    /// It has been started before.
    is_old: bool,
    /// When it was started again without having been told to.
    starts: Vec<Timestamp>,
}

/// See the module.
pub(super) struct Track {
    definition: Definition,
    children: Vec<History>,
    /// Ids that the last definition has.
    defined: BTreeSet<SmolStr>,
    /// No definition so far restarts groups, so none is restarting.
    has_no_groups: bool,
    /// When what counts for the intensity was started.
    restarts: Vec<Timestamp>,
    pub(super) tickets: BTreeSet<Ticket>,
    closing: bool,
    /// Since the last input: durable processes are put to rest.
    rests: bool,
    /// Ticks in a row after which another one was due at once.
    ticks: u32,
}

fn statuses(supervisor: &Supervisor) -> Vec<ChildStatus> {
    (0..supervisor.definitions().len()).map(|at| supervisor.status(at)).collect()
}

fn is_giving_up(action: &Action) -> bool {
    matches!(action, Action::Publish { news: News::GaveUp { .. }, .. })
}

impl Track {
    pub(super) fn new(definition: Definition) -> Self {
        Self {
            children: vec![History::default(); definition.children.len()],
            defined: definition.children.iter().map(|child| child.id.clone()).collect(),
            has_no_groups: definition.strategy == Strategy::OneForOne,
            definition,
            restarts: Vec::new(),
            tickets: BTreeSet::new(),
            closing: false,
            rests: false,
            ticks: 0,
        }
    }

    /// How things were before an input.
    pub(super) fn before(supervisor: &Supervisor) -> Vec<ChildStatus> {
        statuses(supervisor)
    }

    /// Checks what an input has led to.
    pub(super) fn after(
        &mut self,
        supervisor: &Supervisor,
        before: &[ChildStatus],
        (input, now): (&Input, Timestamp),
        actions: &[Action],
    ) -> Result<(), String> {
        let after = statuses(supervisor);
        let mut before = before.to_vec();
        if let Input::Redefine { definition, .. } = input
            && !self.closing
        {
            before = self.note_redefinition(supervisor, definition, &before, &after)?;
        }
        let before = &before[..];
        // One that has decided to start something may find out in the same step that all is to end.
        let will_close = supervisor.is_closing();
        self.closing |= will_close && !actions.iter().any(is_giving_up);
        self.note_failures(before, &after, input, now);
        if let Input::Command { verb, child, .. } = input {
            self.note_command(*verb, child, &after);
        }
        for (at, status) in after.iter().enumerate() {
            self.check_attempts(at, status, &before[at], now)?;
        }
        for action in actions {
            match action {
                Action::Spawn { child } => {
                    let waited = &before[*child];
                    let is_told = matches!(input, Input::Command { .. });
                    if waited.until.is_some_and(|until| until > now)
                        && waited.state == StateName::Backoff
                        && !is_told
                    {
                        return Err(format!("child {child} starts before its time"));
                    }
                    self.check_spawn(*child, &after, now)?;
                }
                Action::Cancel { pid, .. } => {
                    if pid.is_durable() && self.rests {
                        return Err(format!("{pid} is asked to end, and is to rest"));
                    }
                    let at = supervisor.position_of(*pid).ok_or("nobody's process is cancelled")?;
                    self.check_stop(at, &after)?;
                }
                Action::Answer { ticket, .. } => {
                    if !self.tickets.remove(ticket) {
                        return Err(format!("{ticket:?} is answered, and nobody waits"));
                    }
                }
                action if is_giving_up(action) => self.closing = true,
                Action::Rest { pid } if !pid.is_durable() || !supervisor.rests() => {
                    return Err(format!("{pid} is put to rest"));
                }
                Action::Rest { .. }
                | Action::Terminate { .. }
                | Action::Check { .. }
                | Action::Look { .. }
                | Action::Publish { .. }
                | Action::Changed { .. }
                | Action::Gone { .. }
                | Action::Finish { .. } => {}
            }
        }
        self.rests = supervisor.rests();
        self.check_ticks(supervisor, input, now)
    }

    /// Positions have changed; how things were before, by the new ones.
    fn note_redefinition(
        &mut self,
        supervisor: &Supervisor,
        definition: &Definition,
        before: &[ChildStatus],
        after: &[ChildStatus],
    ) -> Result<Vec<ChildStatus>, String> {
        let is_calm = self.has_no_groups
            && !supervisor.is_closing()
            && before.iter().all(|it| it.wanted || it.pid.is_none());
        let is_same = self.definition.strategy == definition.strategy;
        let mut histories = Vec::new();
        let mut mapped = Vec::new();
        for (at, child) in supervisor.definitions().enumerate() {
            let position = self.definition.children.iter().position(|old| old.id == child.id);
            let stays = |position: &usize| {
                self.defined.contains(&child.id) || before[*position].pid.is_some()
            };
            let Some(position) = position.filter(stays) else {
                histories.push(History::default());
                let unstarted = ChildStatus { state: StateName::Stopped, ..after[at].clone() };
                mapped.push(unstarted);
                continue;
            };
            let (old, new) = (&before[position], &after[at]);
            let is_kept = supervisor.position(&child.id).is_some();
            if is_calm && is_kept && old.state == StateName::Running && new != old {
                return Err(format!(
                    "{} is in both definitions, and is touched: {old:?}, then {new:?}",
                    child.id
                ));
            }
            // Whatever starts now has been told to, in a way.
            let history = self.children[position].clone();
            // A group's restart counts once, and as that of its cause.
            let owes_restart = history.owes_restart && is_same;
            histories.push(History { is_old: false, starts: Vec::new(), owes_restart, ..history });
            mapped.push(old.clone());
        }
        self.children = histories;
        if self.definition.intensity != definition.intensity {
            self.restarts.clear();
        }
        self.defined = definition.children.iter().map(|child| child.id.clone()).collect();
        self.has_no_groups &= definition.strategy == Strategy::OneForOne;
        let children = supervisor.definitions().cloned().collect();
        self.definition = Definition { children, ..definition.clone() };
        Ok(mapped)
    }

    /// What a timer leads to may be due at once, but not again and again.
    fn check_ticks(
        &mut self,
        supervisor: &Supervisor,
        input: &Input,
        now: Timestamp,
    ) -> Result<(), String> {
        let is_due = supervisor.next_deadline().is_some_and(|at| at <= now);
        self.ticks = if is_due && matches!(input, Input::Tick) { self.ticks + 1 } else { 0 };
        if self.ticks > TICKS_MAX {
            return Err("a timer that has gone off is still set".to_owned());
        }
        Ok(())
    }

    fn note_failures(
        &mut self,
        before: &[ChildStatus],
        after: &[ChildStatus],
        input: &Input,
        now: Timestamp,
    ) {
        let of_input = match input {
            Input::Exited { pid, .. } => before.iter().position(|it| it.pid == Some(*pid)),
            Input::Refused { child, .. } => Some(*child),
            Input::Begin
            | Input::Spawned { .. }
            | Input::Adopted { .. }
            | Input::Halted { .. }
            | Input::Rested { .. }
            | Input::Ready { .. }
            | Input::Looked { .. }
            | Input::Tick
            | Input::Command { .. }
            | Input::Redefine { .. }
            | Input::Stop
            | Input::Rest => None,
        };
        for (at, (before, after)) in before.iter().zip(after).enumerate() {
            let restart = &self.definition.children[at].restart;
            let left_running =
                before.state == StateName::Running && after.state != StateName::Running;
            if left_running && before.since.after(restart.stable_threshold_ns) <= now {
                self.children[at].failures = 0;
            }
            if of_input != Some(at) {
                continue;
            }
            let not_ready = matches!(
                before.reason.as_deref(),
                Some("it was not ready in time" | "it did not answer a health check in time")
            );
            let lived = [StateName::Starting, StateName::Running, StateName::Halted];
            let by_itself =
                lived.contains(&before.state) || before.state == StateName::Stopping && not_ready;
            let is_normal = after.last.as_ref().is_some_and(|last| last.message.is_none());
            let follows = match restart.policy {
                RestartPolicy::Permanent => true,
                RestartPolicy::Transient => !is_normal,
                RestartPolicy::Temporary => false,
            };
            self.children[at].owes_restart = by_itself && follows && before.wanted;
            if self.children[at].owes_restart && !self.closing {
                self.children[at].failures += 1;
            }
        }
    }

    /// Who is told to start has a clean record, and so has what it requires if that has failed.
    fn note_command(&mut self, verb: Verb, child: &SmolStr, after: &[ChildStatus]) {
        let children = &self.definition.children;
        let Some(at) = children.iter().position(|it| it.id == *child) else { return };
        if self.closing {
            return;
        }
        if verb == Verb::Stop {
            // Whoever starts it later wants it; it is not that it has failed.
            self.children[at].owes_restart = false;
            return;
        }
        self.renew(at);
        for at in self.definition.children[at].requires.iter().copied().chain([at]) {
            if after[at].attempts == 0 {
                (self.children[at].failures, self.children[at].owes_restart) = (0, false);
            }
        }
    }

    fn check_attempts(
        &self,
        at: usize,
        status: &ChildStatus,
        before: &ChildStatus,
        now: Timestamp,
    ) -> Result<(), String> {
        let child = &self.definition.children[at];
        let is_new = status.state == StateName::Backoff && before.state != StateName::Backoff;
        if !is_new {
            return Ok(());
        }
        let failures = self.children[at].failures;
        if status.attempts != failures {
            let attempts = status.attempts;
            return Err(format!("{} counts {attempts} attempts, not {failures}", child.id));
        }
        if child.restart.max_attempts.is_some_and(|most| failures > most) {
            return Err(format!("{} tries more often than it may", child.id));
        }
        let least = delay_ns(&child.restart, failures, 0);
        if status.until.is_none_or(|until| until < now.after(least)) {
            return Err(format!("{} does not wait for {least} ns", child.id));
        }
        Ok(())
    }

    fn check_spawn(
        &mut self,
        at: usize,
        after: &[ChildStatus],
        now: Timestamp,
    ) -> Result<(), String> {
        let child = &self.definition.children[at];
        for required in &child.requires {
            if !matches!(after[*required].state, StateName::Running | StateName::Exited) {
                let required = &self.definition.children[*required].id;
                return Err(format!("{} starts before {required} is up", child.id));
            }
        }
        if self.closing {
            return Err(format!("{} starts although all is to end", child.id));
        }
        let owes = std::mem::take(&mut self.children[at].owes_restart);
        let Some(intensity) = self.definition.intensity else { return Ok(()) };
        let within = |starts: &[Timestamp]| {
            starts.iter().filter(|at| at.after(intensity.within_ns) > now).count()
        };
        let most = intensity.restarts as usize;
        if self.definition.strategy == Strategy::OneForOne {
            self.restarts.extend(owes.then_some(now));
            if within(&self.restarts) > most {
                return Err(format!("more than {most} restarts in {} ns", intensity.within_ns));
            }
            return Ok(());
        }
        // A group is released as often as it may be, and each child starts once for each time: after
        // that, and before the next, so the first start may be for a release before.
        let child = &mut self.children[at];
        child.starts.extend(std::mem::replace(&mut child.is_old, true).then_some(now));
        if within(&child.starts) > most + 1 {
            return Err(format!("more than {most} group restarts in {} ns", intensity.within_ns));
        }
        Ok(())
    }

    /// A child and all it requires may be started without a failure.
    fn renew(&mut self, at: usize) {
        let mut told = vec![at];
        while let Some(at) = told.pop() {
            self.children[at].starts.clear();
            self.children[at].is_old = false;
            told.extend(&self.definition.children[at].requires);
        }
    }

    fn check_stop(&self, at: usize, after: &[ChildStatus]) -> Result<(), String> {
        if after[at].reason.as_deref() == Some("it was told to restart") {
            return Ok(());
        }
        for (position, child) in self.definition.children.iter().enumerate() {
            if child.requires.contains(&at) && after[position].pid.is_some() {
                let id = &self.definition.children[at].id;
                return Err(format!("{id} stops before {}, which requires it", child.id));
            }
        }
        Ok(())
    }
}
