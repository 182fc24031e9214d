//! The process of a pool: it carries out what the state machine of `procession-supervision` says.
//!
//! Its mailbox is the pool's queue: a message stays there until a member can take it, so a sender is
//! told when the queue is full. Members are started by it, end with it whatever they trap, and are on
//! its shard unless others are less busy.

mod deeds;
mod desk;
mod letter;
mod reporter;

pub(crate) use desk::{Command, Desk};

use super::{Alarm, BuiltIn, Looks, Progress, text};
use crate::durable::{Owners, Queues};
use crate::supervise::joined;
use procession_environment::{CallId, Host, Queue};
use procession_supervision::pool::{Actions, Input, Moment, Pool};
use procession_supervision::supervisor::REST;
use procession_telemetry::Telemetry;
use procession_types::definition::Pool as Definition;
use procession_types::{
    Actor, ContextChange, Error, Event, ExitReason, Failure, Fragment, Limits, Message, Pid, Rest,
    Scope, SmolStr,
};
use reporter::Reporter;
use std::collections::HashMap;
use std::sync::Arc;

/// What the process itself may have: a call and a monitor for each member, and some more.
const RELATIONS_MAX: u32 = 2_000_000;
/// Bytes that it holds for each member, roughly.
const MEMBER_BYTES: u64 = 500;

/// Limits of the process of a pool.
pub(crate) fn limits(definition: &Definition) -> Limits {
    Limits {
        // A message for an idle member is there for a moment, too.
        mailbox_messages_max: definition.queue_max.max(1),
        links_max: RELATIONS_MAX,
        calls_max: RELATIONS_MAX,
        ..Limits::default()
    }
}

/// What members are given at their start, and known by.
struct Given {
    arguments: Fragment,
    context: Option<Box<ContextChange>>,
    labels: Vec<(SmolStr, SmolStr)>,
}

impl Given {
    fn new(definition: &Definition) -> Self {
        let security = &definition.lifecycle.security;
        let actor = security.actor.clone().map(|id| Actor { id, meta: security.meta.clone() });
        let policies = security.policies.clone();
        // Groups are taken apart by whoever has the application; one that is left over allows nothing.
        let is_named = !policies.is_empty() || !security.groups.is_empty();
        let scope = is_named.then_some(Scope { policies });
        let change = ContextChange { values: definition.context.clone(), actor, scope };
        let is_change = change != ContextChange::default();
        let labels = definition.labels.iter();
        Self {
            arguments: joined(&definition.arguments),
            context: is_change.then(|| Box::new(change)),
            labels: labels.map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }
}

/// See the module.
pub(crate) struct PoolProcess {
    pool: Pool,
    actions: Actions,
    began: bool,
    /// What is known of durable members; `None` = the node has no store.
    owners: Option<Arc<Owners>>,
    /// Messages that are kept until they are done; they come before all others. `None` likewise.
    queues: Option<Arc<Queues>>,
    /// Its members, with the calls whose replies are their ends; durable ones have none.
    members: HashMap<Pid, Option<CallId>>,
    given: Given,
    alarm: Alarm,
    desk: Arc<Desk>,
    /// Members to look at, and the one that is being looked at.
    looks: Looks,
    reporter: Reporter,
    /// The pool knows that messages wait which nobody is there to take.
    has_looked: bool,
    /// Dead letters that have reached nobody since it hands out nothing any more, and why.
    lost: Option<(u64, Error)>,
}

impl PoolProcess {
    pub(crate) fn new(
        definition: &Definition,
        desk: Arc<Desk>,
        (owners, queues): (Option<Arc<Owners>>, Option<Arc<Queues>>),
        telemetry: Telemetry,
    ) -> Self {
        Self {
            pool: Pool::new(definition.clone()),
            actions: Actions::new(),
            began: false,
            owners,
            queues,
            members: HashMap::new(),
            given: Given::new(definition),
            alarm: Alarm::default(),
            desk,
            looks: Looks::default(),
            reporter: Reporter::new(definition, telemetry),
            has_looked: false,
            lost: None,
        }
    }

    fn moment(&self, host: &mut dyn Host) -> Moment {
        let waiting = self.waiting(host);
        Moment { now: host.now(), waiting, queued: self.queued(), random: host.random() }
    }

    /// Messages that the pool has not been given.
    fn waiting(&self, host: &mut dyn Host) -> u32 {
        host.waiting().saturating_add(self.queued())
    }

    /// Those of them that are kept.
    fn queued(&self) -> u32 {
        self.queues.as_ref().map_or(0, |queues| queues.waiting(&self.pool.definition().id))
    }

    fn input(&mut self, host: &mut dyn Host, input: Input) -> Progress {
        self.has_looked = matches!(input, Input::Look);
        self.pool.handle(self.moment(host), input, &mut self.actions);
        Progress::Made { instructions: 0 }
    }

    fn event(&mut self, host: &mut dyn Host, event: Event) -> Progress {
        let input = match event {
            Event::Rest { from: pid, rest: Rest::Idle, taken, .. } => Input::Idle { pid, taken },
            Event::Rest { from: pid, rest: Rest::WaitPoint, .. } => Input::WaitPoint { pid },
            Event::Rest { from: pid, rest: Rest::Asleep, .. } => {
                self.members.remove(&pid);
                Input::Rested { pid }
            }
            Event::Rest { from: pid, rest: Rest::Halted, .. } => {
                // Answered when somebody has let it go on.
                let _ = host.ask_rest(&text(host, pid), Rest::Idle);
                let error = self.owners.as_ref().and_then(|owners| owners.halted(pid));
                // It may go on already.
                let Some(error) = error else { return Progress::Made { instructions: 0 } };
                Input::Halted { pid, error }
            }
            Event::Took { from: pid, count, .. } => Input::Took { pid, count },
            Event::Exit { from: pid, reason, .. } => {
                if let Some(Some(call)) = self.members.remove(&pid) {
                    host.abandon(call);
                }
                Input::Ended { pid, reason }
            }
            Event::Cancel { reason, .. } if self.rests_for(reason.as_deref()) => Input::Rest,
            Event::Cancel { deadline, .. } => Input::Stop { deadline },
            // It has no links.
            Event::LinkDown { .. } => return Progress::Made { instructions: 0 },
        };
        self.input(host, input)
    }

    /// What earlier processes of the pool have left is its own again.
    fn begin(&mut self, host: &mut dyn Host) -> Progress {
        let definition = self.pool.definition();
        let (program, on) = (definition.program.clone(), definition.host.clone());
        let adopted = host.adopt(&program, &on);
        let mut in_hand = self.begin_queue(host.pid(), adopted.is_some());
        for pid in adopted.into_iter().flatten() {
            self.members.insert(pid, None);
            self.reporter.describe(pid, &self.given.labels);
            self.reporter.adopted(pid);
            let in_hand = in_hand.remove(&pid);
            if let Some((_, message)) = &in_hand {
                host.count_handed(pid, message.topic.clone());
            }
            self.pool.adopt(self.moment(host), pid, in_hand, &mut self.actions);
        }
        self.input(host, Input::Start)
    }

    /// What members have from the pool's queue.
    fn begin_queue(&self, own: Pid, is_durable: bool) -> HashMap<Pid, (u64, Message)> {
        let (Some(queues), Some(owners)) = (&self.queues, &self.owners) else {
            return HashMap::new();
        };
        let definition = self.pool.definition();
        let how = (own, definition.queue_max.max(1), is_durable);
        let in_hand = queues.begin(&SmolStr::new(&definition.id), how, |pid| owners.has(pid));
        in_hand.into_iter().map(|(pid, n, message)| (pid, (n, message))).collect()
    }

    /// The oldest message that waits.
    fn next_work(&mut self, host: &mut dyn Host) -> Option<Input> {
        // When it winds up, what is kept is left to its next process.
        let queues = self.queues.as_ref().filter(|_| !self.pool.is_winding_up());
        let kept = queues.and_then(|it| it.next(&self.pool.definition().id));
        match kept {
            Some((queued, message)) => Some(Input::Queued { queued, message }),
            None => host.receive(Queue::INBOX).map(|message| Input::Work(*message)),
        }
    }

    /// Whether an end is asked for that is to put durable members to rest. Without any it is one as any
    /// other.
    fn rests_for(&self, reason: Option<&str>) -> bool {
        let is_durable = self.members.keys().any(Pid::is_durable);
        reason == Some(REST) && is_durable
    }

    /// Leaves what waits to the next process of the pool.
    fn leave_waiting(&mut self, host: &mut dyn Host) {
        let mut waiting = self.pool.take_waiting();
        while let Some(message) = host.receive(Queue::INBOX) {
            waiting.push(*message);
        }
        host.keep(waiting);
    }

    fn command(&mut self, host: &mut dyn Host, command: Command) -> Progress {
        match command {
            Command::Status { reply } => {
                // Whoever asked may have lost patience.
                let _ = reply.send(self.pool.status(self.waiting(host)));
                Progress::Made { instructions: 0 }
            }
            Command::Scale { scale, reply } => {
                let done = self.pool.scale(self.moment(host), scale, &mut self.actions);
                let made = self.input(host, Input::Tick);
                let _ = reply.send(done.map(|()| self.pool.status(self.waiting(host))));
                made
            }
            Command::Redefine { definition, reply } => {
                self.given = Given::new(&definition);
                if let Some(queues) = &self.queues {
                    queues.set_most(&definition.id, definition.queue_max.max(1));
                }
                self.reporter.redefine(&definition);
                self.pool.redefine(self.moment(host), *definition, &mut self.actions);
                let made = self.input(host, Input::Tick);
                let _ = reply.send(());
                made
            }
            Command::Retire { members, reply } => {
                let which = members.as_deref();
                self.pool.retire(self.moment(host), which, &mut self.actions);
                let made = self.input(host, Input::Tick);
                let _ = reply.send(());
                made
            }
        }
    }
}

impl Drop for PoolProcess {
    fn drop(&mut self) {
        self.desk.clear();
    }
}

impl BuiltIn for PoolProcess {
    fn step(&mut self, host: &mut dyn Host) -> Progress {
        if !std::mem::replace(&mut self.began, true) {
            return self.begin(host);
        }
        if let Some(action) = self.actions.pop() {
            return self.carry_out(host, action);
        }
        if let Some(event) = host.receive_event() {
            return self.event(host, event);
        }
        if self.pool.wants_work()
            && let Some(work) = self.next_work(host)
        {
            return self.input(host, work);
        }
        if let Some(command) = self.desk.take() {
            return self.command(host, command);
        }
        if let Some(input) = self.measured(host) {
            return self.input(host, input);
        }
        if self.alarm.rings(host) {
            return self.input(host, Input::Tick);
        }
        if !self.has_looked && (host.has_message(Queue::INBOX) || self.queued() > 0) {
            return self.input(host, Input::Look);
        }
        self.reporter.tidy(host);
        match self.alarm.set(host, self.pool.next_deadline()) {
            Ok(()) => Progress::Nothing,
            Err(error) => Progress::Ended(ExitReason::failed(Failure::Error(error))),
        }
    }

    fn is_ready(&mut self) -> bool {
        self.pool.is_up()
    }

    fn memory_bytes(&self) -> u64 {
        self.members.len() as u64 * MEMBER_BYTES
    }
}
