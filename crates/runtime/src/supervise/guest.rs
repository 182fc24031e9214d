//! The process of a supervisor.

use super::blueprint::{Blueprint, Made, unstarted};
use super::desk::{Command, Desk, Wanted};
use super::record::Subject;
use super::register::Register;
use crate::built_in::{Alarm, BuiltIn, Looks, Progress, text};
use crate::durable::Owners;
use procession_environment::{CallId, CancelRequest, Host, Owned};
use procession_supervision::plan::Kind;
use procession_supervision::supervisor::{
    Action, Actions, ChildStatus, Input, Moment, News, REST, StateName, Supervisor, Ticket,
};
use procession_telemetry::Telemetry;
use procession_types::{
    Error, Event, ExitReason, Failure, Fragment, Pid, Rest, SmolStr, Timestamp,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

/// Instructions that a spawn counts for: the new process pays for its own.
const SPAWN_INSTRUCTIONS: u64 = 2000;
/// Instructions of any other action.
const ACTION_INSTRUCTIONS: u64 = 200;
/// Bytes of a child's entry, roughly.
const CHILD_BYTES: u64 = 1024;

/// See the module.
pub(super) struct SupervisorProcess {
    /// Its children, by position.
    children: Vec<Made>,
    is_root: bool,
    /// Everything was up, or had failed for good, since it began.
    was_settled: bool,
    register: Arc<Register>,
    telemetry: Telemetry,
    desk: Arc<Desk>,
    /// What is known of durable children; `None` = the node has no store.
    owners: Option<Arc<Owners>>,
    supervisor: Supervisor,
    /// Which process of this supervisor it is, counted.
    life: u64,
    has_begun: bool,
    alarm: Alarm,
    looks: Looks,
    actions: Actions,
    /// Actions that have not been carried out.
    ahead: VecDeque<Action>,
    /// The calls that make the children its own.
    calls: BTreeMap<Pid, CallId>,
    waiting: BTreeMap<Ticket, Sender<Result<(), Error>>>,
    tickets: u64,
    now: Timestamp,
    started: Timestamp,
    pid: Option<Pid>,
    /// How it has come to its end, when it did so by itself.
    finished: Option<Option<Error>>,
}

impl SupervisorProcess {
    pub(super) fn new(
        blueprint: &Blueprint,
        register: Arc<Register>,
        telemetry: Telemetry,
        (desk, owners): (Arc<Desk>, Option<Arc<Owners>>),
    ) -> Self {
        let life = register.begin(&blueprint.definition.id);
        Self {
            supervisor: Supervisor::new(blueprint.definition.clone()),
            children: blueprint.children.clone(),
            is_root: blueprint.is_root,
            was_settled: false,
            register,
            telemetry,
            desk,
            owners,
            life,
            has_begun: false,
            alarm: Alarm::default(),
            looks: Looks::default(),
            actions: Actions::new(),
            ahead: VecDeque::new(),
            calls: BTreeMap::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            now: Timestamp(0),
            started: Timestamp(0),
            pid: None,
            finished: None,
        }
    }

    /// Gives the state machine an input; what it wants done is done in the next steps.
    fn handle(&mut self, host: &mut dyn Host, input: Input) -> Progress {
        self.now = host.now();
        let moment = Moment { now: self.now, random: host.random() };
        self.supervisor.handle(moment, input, &mut self.actions);
        self.ahead.extend(self.actions.drain());
        Progress::Made { instructions: ACTION_INSTRUCTIONS }
    }

    fn begin(&mut self, host: &mut dyn Host) -> Progress {
        self.has_begun = true;
        self.pid = Some(host.pid());
        self.started = host.now();
        for at in 0..self.children.len() {
            self.show(at);
        }
        self.handle(host, Input::Begin)
    }

    fn carry_out(&mut self, host: &mut dyn Host, action: Action) -> Progress {
        match action {
            Action::Spawn { child } => return self.spawn(host, child),
            Action::Cancel { pid, deadline, reason } => {
                let wait = deadline.0.saturating_sub(host.now().0).max(0) as u64;
                let reason = if self.passes_rest_on(pid) { REST } else { reason };
                let request =
                    CancelRequest { deadline_ns: Some(wait), reason: Some(reason.to_owned()) };
                // One that is dead already tells so itself; the deadline holds in any case.
                let _ = host.cancel(&text(host, pid), request);
            }
            Action::Rest { pid } => {
                // One that has ended just now tells so itself.
                let _ = host.ask_rest(&text(host, pid), Rest::Asleep);
            }
            Action::Terminate { pid } => {
                // Likewise.
                let _ = host.terminate(&text(host, pid));
            }
            Action::Check { pid } => {
                self.register.count_check();
                // Likewise.
                let _ = host.ask_rest(&text(host, pid), Rest::WaitPoint);
            }
            Action::Look { pid, number } => self.looks.ask(pid, number),
            Action::Publish { child, news } => self.publish(child, news),
            Action::Changed { child } => self.show(child),
            Action::Gone { id } => self.register.forget(&id, self.supervisor.id()),
            Action::Answer { ticket, result } => {
                if let Some(reply) = self.waiting.remove(&ticket) {
                    // Whoever asked may have given up.
                    let _ = reply.send(result);
                }
            }
            Action::Finish { failure } => {
                self.finished = Some(failure.clone());
                return Progress::Ended(match failure {
                    Some(error) => ExitReason::failed(Failure::Error(error)),
                    None => ExitReason::Normal(Fragment::nil()),
                });
            }
        }
        Progress::Made { instructions: ACTION_INSTRUCTIONS }
    }

    fn spawn(&mut self, host: &mut dyn Host, child: usize) -> Progress {
        let spawned = host.spawn_owned(self.children[child].request.clone());
        let input = match spawned {
            Ok(Owned { pid, call, is_adopted }) => {
                self.calls.extend(call.map(|call| (pid, call)));
                let rest = match self.children[child].kind {
                    Kind::Service => Rest::WaitPoint,
                    // These say themselves when they are up.
                    Kind::Supervisor | Kind::Pool => Rest::Idle,
                };
                // It is refused only when it is dead already, which it tells itself.
                let _ = host.ask_rest(&text(host, pid), rest);
                match is_adopted {
                    true => Input::Adopted { child, pid },
                    false => Input::Spawned { child, pid },
                }
            }
            Err(error) => Input::Refused { child, error },
        };
        // The news of the start comes before all that the new process leads to.
        let before = self.ahead.len();
        let _ = self.handle(host, input);
        for action in self.ahead.split_off(before) {
            match action {
                Action::Spawn { .. } => self.ahead.push_back(action),
                action => {
                    let _ = self.carry_out(host, action);
                }
            }
        }
        Progress::Made { instructions: SPAWN_INSTRUCTIONS }
    }

    fn publish(&self, child: Option<usize>, news: News) {
        if let News::Started { restarts: 1.., .. } = &news {
            self.register.count_restart();
        }
        if let News::Unhealthy { .. } = &news {
            self.register.count_unhealthy();
        }
        let own = self.supervisor.id();
        let made = child.and_then(|at| Some((self.supervisor.id_of(at)?, self.children.get(at)?)));
        let (id, kind, program) = match made {
            Some((id, made)) => (id, made.kind, &made.request.program),
            None => (own, Kind::Supervisor, own),
        };
        if let (Some((_, made)), News::Started { pid, .. } | News::Adopted { pid }) = (made, &news)
        {
            self.telemetry.describe(*pid, id, &made.labels);
        }
        if let Some(event) = (Subject { id, kind, program }).record(&news, self.now) {
            self.telemetry.publish(&event);
        }
        self.register.hub.publish(self.now, id, kind, news);
    }

    /// Writes into the register how a child is.
    fn show(&self, at: usize) {
        let Some(id) = self.supervisor.id_of(at) else { return };
        self.register.update(id, self.supervisor.id(), self.supervisor.status(at));
    }

    /// The root's own state, which no supervisor above it shows.
    fn show_self(&mut self) {
        if !self.is_root {
            return;
        }
        self.was_settled |= self.supervisor.is_settled();
        let (state, reason) = match &self.finished {
            Some(Some(error)) => (StateName::Failed, Some(error.message.clone())),
            Some(None) => (StateName::Stopped, Some("it was stopped".to_owned())),
            None if self.supervisor.is_closing() => (StateName::Stopping, None),
            // What fails is shown by the register, which knows all below. One child that comes back
            // does not make the whole start again.
            None if self.was_settled => (StateName::Running, None),
            None => (StateName::Starting, None),
        };
        let pid = self.pid.filter(|_| self.finished.is_none());
        let status =
            ChildStatus { state, since: self.started, wanted: true, pid, reason, ..unstarted() };
        self.register.update_root(self.supervisor.id(), status);
    }

    fn event(&mut self, host: &mut dyn Host, event: Event) -> Progress {
        match event {
            Event::Rest { from, rest, .. } => self.at_rest(host, from, rest),
            Event::Exit { from, reason, .. } => {
                if let Some(call) = self.calls.remove(&from) {
                    host.abandon(call);
                }
                self.note_overdue(from, &reason);
                self.handle(host, Input::Exited { pid: from, reason })
            }
            Event::Cancel { reason, .. } if reason.as_deref() == Some(REST) => {
                self.handle(host, Input::Rest)
            }
            Event::Cancel { .. } => self.handle(host, Input::Stop),
            // Somebody has linked itself to it; and it hands nothing to its children.
            Event::LinkDown { .. } | Event::Took { .. } => Progress::Made { instructions: 0 },
        }
    }

    fn at_rest(&mut self, host: &mut dyn Host, pid: Pid, rest: Rest) -> Progress {
        let input = match rest {
            Rest::WaitPoint | Rest::Idle => Input::Ready { pid },
            Rest::Asleep => Input::Rested { pid },
            Rest::Halted => {
                // Answered when somebody has let it go on.
                let _ = host.ask_rest(&text(host, pid), Rest::WaitPoint);
                let error = self.owners.as_ref().and_then(|owners| owners.halted(pid));
                // It may go on already.
                let Some(error) = error else { return Progress::Made { instructions: 0 } };
                Input::Halted { pid, reason: error.message.into() }
            }
        };
        self.handle(host, input)
    }

    /// Whether it is the end of a supervisor or pool below, which is to put to rest what is durable.
    fn passes_rest_on(&self, pid: Pid) -> bool {
        let at = self.supervisor.position_of(pid);
        let kind = at.and_then(|at| self.children.get(at)).map(|made| made.kind);
        self.supervisor.rests() && matches!(kind, Some(Kind::Supervisor | Kind::Pool))
    }

    /// Counts a process that was terminated since it did not end when it was asked to.
    fn note_overdue(&self, pid: Pid, reason: &ExitReason) {
        let Some(at) = self.supervisor.position_of(pid) else { return };
        let ended_late = matches!(reason.label(), "deadline" | "terminated");
        if ended_late && self.supervisor.status(at).state == StateName::Stopping {
            self.register.overdue.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn command(&mut self, host: &mut dyn Host, command: Command) -> Progress {
        let Command { what, reply } = command;
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.waiting.insert(ticket, reply);
        match what {
            Wanted::Control { verb, child } => {
                self.handle(host, Input::Command { ticket: Some(ticket), verb, child })
            }
            Wanted::Redefine(blueprint) => self.redefine(host, ticket, &blueprint),
        }
    }

    /// It has other children from now on. Nothing that it has decided on is left to be done here, so
    /// no position of before is meant by anything.
    fn redefine(&mut self, host: &mut dyn Host, by: Ticket, blueprint: &Blueprint) -> Progress {
        let ids = self.supervisor.definitions().map(|child| child.id.clone());
        let before: BTreeMap<SmolStr, Made> = ids.zip(std::mem::take(&mut self.children)).collect();
        let definition = Box::new(blueprint.definition.clone());
        let progress = self.handle(host, Input::Redefine { ticket: Some(by), definition });
        // Those of the new definition come first, and are all there unless it was refused.
        let new = blueprint.definition.children.iter().map(|child| &child.id);
        let ids = || self.supervisor.definitions().map(|child| &child.id);
        let is_new = ids().take(new.len()).eq(new);
        let made = ids().enumerate().filter_map(|(at, id)| {
            let new = blueprint.children.get(at).filter(|_| is_new);
            new.or_else(|| before.get(id)).cloned()
        });
        self.children = made.collect();
        for at in 0..self.children.len() {
            self.show(at);
        }
        progress
    }
}

impl BuiltIn for SupervisorProcess {
    fn step(&mut self, host: &mut dyn Host) -> Progress {
        if let Some(action) = self.ahead.pop_front() {
            return self.carry_out(host, action);
        }
        if !self.has_begun {
            return self.begin(host);
        }
        if self.alarm.rings(host) {
            return self.handle(host, Input::Tick);
        }
        if let Some(event) = host.receive_event() {
            return self.event(host, event);
        }
        if let Some(command) = self.desk.take() {
            return self.command(host, command);
        }
        if let Some((pid, number, seen)) = self.looks.next(host) {
            let is_paused = seen.is_some_and(|seen| seen.is_paused);
            return self.handle(host, Input::Looked { pid, number, is_paused });
        }
        self.show_self();
        match self.alarm.set(host, self.supervisor.next_deadline()) {
            Ok(()) => Progress::Nothing,
            // Without a timer it could do nothing right.
            Err(error) => Progress::Ended(ExitReason::failed(Failure::Error(error))),
        }
    }

    /// What has failed for good does not keep the others from being used.
    fn is_ready(&mut self) -> bool {
        self.supervisor.is_settled()
    }

    fn memory_bytes(&self) -> u64 {
        self.children.len() as u64 * CHILD_BYTES
    }
}

impl Drop for SupervisorProcess {
    /// However the process has ended: its children have ended with it.
    fn drop(&mut self) {
        if self.finished.is_none() {
            let message = "its process was ended";
            self.finished = Some(Some(Error::new(procession_types::ErrorKind::Canceled, message)));
        }
        self.show_self();
        self.register.fell(self.supervisor.id(), self.life, self.now);
    }
}
