//! Durable processes that are not here: in memory is nothing of them but what has come meanwhile.
//!
//! A durable process has its home like every other, but no slot of its own: it is at home under any slot,
//! or it sleeps, which means that it is in the driver's store only. The first signal for one that sleeps
//! asks the driver to wake it; until the driver has put it back, signals wait here, in order.
//!
//! **Invariant.** Signals for a durable process reach it in the order in which they came to its home,
//! whether it slept meanwhile or not.

use crate::call::Pending;
use crate::hand::Handed;
use crate::mailbox::Mailbox;
use crate::near::Birth;
use crate::pid_map::PidMap;
use crate::process::Process;
use crate::timer::Alarm;
use crate::{CallId, Definition, Effect, Kernel, QueueId, Signal, SlotIndex, State, Step, Tags};
use procession_types::{
    Context, Error, Event, ExitReason, Fragment, Message, Pid, Rest, Timestamp, Topic,
};
use std::sync::Arc;

/// Signals beside messages that wait for one process that is not brought back.
const EARLY_MAX: usize = 10_000;

/// What is in memory of a process that sleeps.
#[derive(Debug, Default)]
pub(crate) struct Sleeper {
    /// The driver has been asked to wake it.
    is_called: bool,
    early: Vec<Signal>,
    /// Relations as they were when it went to sleep; `None` after a start of the node.
    relations: Option<Box<Relations>>,
}

#[derive(Debug, Default)]
struct Relations {
    watchers: PidMap<()>,
    links: PidMap<Tags>,
    monitoring: PidMap<()>,
    /// What it is to its parent, which may have adopted it.
    child: Option<Child>,
}

/// A process as its parent's child.
#[derive(Debug)]
struct Child {
    parent: Option<Pid>,
    asked: Option<Rest>,
    handed: Option<Box<Handed>>,
    /// It was at a wait point when it went to sleep, and so it is.
    waits: bool,
}

impl Sleeper {
    /// Whether it is known to be at a wait point, and to be a child of this process.
    fn is_waiting_child_of(&self, parent: Pid) -> bool {
        let child = self.relations.as_ref().and_then(|relations| relations.child.as_ref());
        child.is_some_and(|child| child.waits && child.parent == Some(parent))
    }
}

impl Relations {
    /// Those of a process that goes back to what is recorded of it.
    fn with_recorded(mut self, monitoring: &[Pid], links: &[Pid]) -> Self {
        self.monitoring = PidMap::default();
        for pid in monitoring {
            self.monitoring.insert(*pid, ());
        }
        for pid in links {
            let tags = self.links.get(*pid).copied().unwrap_or_default();
            if tags.mine == 0 {
                self.links.insert(*pid, Tags { mine: RESTORED, ..tags });
            }
        }
        self
    }

    fn is_empty(&self) -> bool {
        // Nobody but a watcher is told of what it is as a child.
        self.watchers.len() + self.links.len() + self.monitoring.len() == 0
    }
}

/// A call that was pending.
#[derive(Debug)]
pub enum RevivedCall {
    /// The kernel's timers: replies nil at the time.
    Sleep(Timestamp),
    /// The driver, which reports by [`Kernel::reply`].
    Driver,
    /// The end of a process.
    Process(Pid),
    /// The reply is there.
    Done(Result<Fragment, Error>),
}

/// Everything that the kernel has to know of a process that comes back.
#[derive(Debug)]
pub struct Revival {
    /// Who it is.
    pub pid: Pid,
    /// The program and its limits.
    pub definition: Arc<Definition>,
    /// What it inherited.
    pub context: Arc<Context>,
    /// Who spawned it.
    pub parent: Option<Pid>,
    /// See `options` of the environment's host.
    pub trap_links: bool,
    /// Queues of its mailbox.
    pub listeners: Vec<(QueueId, Topic)>,
    /// The last queue that it was ever given.
    pub last_queue: QueueId,
    /// Pending calls, with the times by which their replies must be there.
    pub calls: Vec<(CallId, RevivedCall, Option<Timestamp>)>,
    /// The last call that it was ever given.
    pub last_call: u64,
    /// Whom it monitors, as its record says: what it was told that is not recorded it is told again.
    pub monitoring: Vec<Pid>,
    /// Whom it has linked itself to, likewise.
    pub links: Vec<Pid>,
    /// Who monitors it, as far as the kernel does not know better.
    pub watchers: Vec<Pid>,
    /// Who has linked itself to it, likewise.
    pub linked_by: Vec<Pid>,
    /// What is in its mailbox, oldest first.
    pub messages: Vec<Message>,
    /// Events that it has not read.
    pub events: Vec<Event>,
    /// Instructions that it has executed.
    pub instructions: u64,
    /// When it began.
    pub started: Timestamp,
    /// When it will be terminated.
    pub deadline: Option<Timestamp>,
}

/// What a process leaves behind that goes to sleep.
#[derive(Debug)]
pub struct Evicted {
    /// What was in its mailbox, oldest first: position among all that came, and message.
    pub messages: Vec<(u64, Message)>,
    /// Events that it has not read.
    pub events: Vec<Event>,
    /// When it would have been terminated.
    pub deadline: Option<Timestamp>,
}

impl Kernel {
    /// Keeps a signal for a process that sleeps, and has it woken.
    pub(crate) fn deliver_to_sleeper(&mut self, cx: &mut Step<'_>, signal: Signal) {
        let pid = signal.to();
        let sleeper = self.sleepers.entry(pid).or_default();
        if let (Some(relations), Signal::Unmonitor { from, .. }) = (&mut sleeper.relations, &signal)
        {
            relations.watchers.remove(*from);
            return;
        }
        if let Signal::AskRest { from, rest: rest @ Rest::WaitPoint, .. } = signal
            && !sleeper.is_called
            && sleeper.is_waiting_child_of(from)
        {
            // It need not come back to say that it waits.
            return self.emit(cx, Signal::Rested { from: pid, to: from, rest, taken: 0 });
        }
        sleeper.early.push(signal);
        if !std::mem::replace(&mut sleeper.is_called, true) {
            cx.effects.push(Effect::Wake { pid });
        }
    }

    /// Asks for a process that sleeps, if it does: something has come for it that the kernel does not
    /// carry. Says whether it sleeps.
    pub fn rouse_sleeper(&mut self, cx: &mut Step<'_>, pid: Pid) -> bool {
        if self.locate(pid).is_some() {
            return false;
        }
        let sleeper = self.sleepers.entry(pid).or_default();
        if !std::mem::replace(&mut sleeper.is_called, true) {
            cx.effects.push(Effect::Wake { pid });
        }
        true
    }

    /// Puts a process back. Its guest belongs to the slot that is returned before anything else is
    /// done; then [`Kernel::launch`] or [`Kernel::settle_revived`] follows.
    pub fn revive(&mut self, cx: &mut Step<'_>, revival: Revival) -> SlotIndex {
        let pid = revival.pid;
        let slot = self.table.allocate_over();
        self.reside(pid, slot);
        cx.directory.enter_host(pid.host, u32::MAX);
        let mut known = self.sleepers.get_mut(&pid).and_then(|sleeper| sleeper.relations.take());
        let child = known.as_mut().and_then(|known| known.child.take());
        let most = revival.definition.limits.wall_clock_ns_max;
        let mut process = Process {
            pid,
            slot,
            // What it sends goes the way that its home knows.
            birth: Birth::VOID,
            state: State::Starting,
            trap_links: revival.trap_links,
            woken: false,
            ticket: 0,
            recalled: false,
            asked: child.as_ref().and_then(|child| child.asked),
            mailbox: Mailbox::default(),
            events: revival.events.into(),
            watchers: PidMap::Empty,
            rare: None,
            definition: revival.definition,
            context: revival.context,
            parent: child.as_ref().map_or(revival.parent, |child| child.parent),
            instructions: revival.instructions,
            started: revival.started,
            // It lives since its birth, wherever it was meanwhile.
            wall_clock: most.map(|most| revival.started.after(most)),
            since: cx.now,
        };
        for (queue, topic) in &revival.listeners {
            process.mailbox.listen_as(topic, *queue);
        }
        process.mailbox.passed(revival.last_queue);
        revival
            .messages
            .into_iter()
            .for_each(|message| process.mailbox.push_over(Box::new(message)));
        process.rare().calls_made = revival.last_call;
        for (call, pending, deadline) in revival.calls {
            let pending = match pending {
                RevivedCall::Sleep(until) => Pending::Sleep { until },
                RevivedCall::Driver => Pending::Driver,
                RevivedCall::Process(pid) => Pending::Process(pid),
                RevivedCall::Done(result) => Pending::Done(result),
            };
            process.rare().calls.insert(call, pending);
            if let Some(deadline) = deadline {
                process.rare().deadlines.insert(call, deadline);
            }
        }
        let relations = known.map_or_else(
            || restored(&revival.monitoring, &revival.links, &revival.watchers, &revival.linked_by),
            |known| known.with_recorded(&revival.monitoring, &revival.links),
        );
        process.watchers = relations.watchers;
        process.rare().links = relations.links;
        process.rare().monitoring = relations.monitoring;
        process.rare().deadline = revival.deadline;
        process.rare().handed = child.and_then(|child| child.handed);
        self.table.fill(slot, process);
        if let Some(at) = revival.deadline {
            self.timers.set(at, slot, pid, Alarm::Deadline);
        }
        self.set_own_timers(slot);
        slot
    }

    /// Delivers to a process that was put back what has come for it meanwhile, in order.
    pub fn settle_revived(&mut self, cx: &mut Step<'_>, pid: Pid) {
        let early = self.sleepers.remove(&pid).map(|sleeper| sleeper.early).unwrap_or_default();
        for signal in early {
            self.deliver(cx, signal);
        }
        self.settle(cx);
        self.end_batch(cx);
    }

    /// A process is not brought back now, although something has come for it: its messages are the driver's
    /// to keep, everything else waits here until it is; but whoever looks at it hears at once that it is not
    /// there, unless this is `brief`. Gives the messages, and whether somebody wants it to end at once.
    pub fn stay_asleep(
        &mut self,
        cx: &mut Step<'_>,
        pid: Pid,
        brief: bool,
    ) -> (Vec<Message>, bool) {
        let Some(sleeper) = self.sleepers.get_mut(&pid) else { return (Vec::new(), false) };
        sleeper.is_called = false;
        let (mut messages, mut asked) = (Vec::new(), Vec::new());
        for signal in std::mem::take(&mut sleeper.early) {
            match signal {
                Signal::Message { message, .. } | Signal::Hand { message, .. } => {
                    messages.push(*message);
                }
                Signal::Inspect { asker, .. } if !brief => asked.push(asker),
                // Nothing to look around for.
                Signal::Rouse { .. } => {}
                signal => sleeper.early.push(signal),
            }
        }
        let is_unwanted = sleeper.early.iter().any(|it| matches!(it, Signal::Terminate { .. }));
        // What only many strangers could have sent.
        sleeper.early.truncate(EARLY_MAX);
        for asker in asked {
            Self::deliver_inspect(cx, pid, None, asker);
        }
        (messages, is_unwanted)
    }

    /// There is no such process, or none any more: whoever waits for it hears that it is dead.
    pub fn is_gone(&mut self, cx: &mut Step<'_>, pid: Pid) {
        let early = self.sleepers.remove(&pid).map(|sleeper| sleeper.early).unwrap_or_default();
        for signal in early {
            self.deliver_to_dead(cx, signal);
        }
        self.settle(cx);
        self.end_batch(cx);
    }

    /// Takes a durable process out: it is in the store only from now on. Nobody is told.
    pub fn evict(&mut self, cx: &mut Step<'_>, slot: SlotIndex) -> Option<Evicted> {
        let pid = self.pid(slot).filter(Pid::is_durable)?;
        let mut process = self.table.vacate(slot)?;
        if process.state == State::Ready {
            self.ready.left(&self.table);
        }
        self.paused -= usize::from(process.state == State::Paused);
        let timers = process.timers();
        if timers > 0 {
            self.timers.cancelled(timers, &self.table);
        }
        self.residents.remove(&pid);
        cx.directory.leave_host(pid.host);
        let mut rare = process.rare.take().unwrap_or_default();
        if let Some(handed) = &mut rare.handed {
            handed.asleep();
        }
        let child = Child {
            parent: process.parent,
            asked: process.asked,
            handed: rare.handed,
            waits: process.state == State::Waiting,
        };
        let relations = Relations {
            watchers: process.watchers,
            links: rare.links,
            monitoring: rare.monitoring,
            child: Some(child),
        };
        if !relations.is_empty() {
            self.sleepers.entry(pid).or_default().relations = Some(Box::new(relations));
        }
        Some(Evicted {
            messages: process.mailbox.drain(),
            events: Vec::from(std::mem::take(&mut process.events)),
            deadline: rare.deadline,
        })
    }

    /// Makes a queue of the process at a slot under the number that it had.
    pub fn listen_as(&mut self, slot: SlotIndex, topic: &Topic, queue: QueueId) {
        if let Some(process) = self.table.at_mut(slot)
            && process.mailbox.queue_of(topic).is_none()
        {
            process.mailbox.listen_as(topic, queue);
        }
    }

    /// Brings an event to the process at a slot that was written down before.
    pub fn bring(&mut self, cx: &mut Step<'_>, slot: SlotIndex, event: Event) {
        if let Event::Cancel { deadline, .. } = &event {
            self.set_deadline(slot, *deadline);
        }
        let Some(process) = self.table.at_mut(slot) else { return };
        process.events.push_back(event);
        Self::wake(process, &mut self.ready, cx.now);
    }

    /// Tells the process at a slot of a death that it may not have heard of.
    pub fn hear(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        of: Pid,
        by_link: bool,
        reason: Arc<ExitReason>,
    ) {
        match by_link {
            true => self.deliver_link_down(cx, slot, of, reason),
            false => self.deliver_down(cx, slot, of, reason),
        }
        self.settle(cx);
    }

    /// Durable processes that must not miss the end of the process at a slot, whether by a link.
    #[must_use]
    pub fn mourners(&self, slot: SlotIndex, reason: &ExitReason) -> Vec<(Pid, bool)> {
        let mut mourners = Vec::new();
        let Some(process) = self.table.at(slot) else { return mourners };
        process.watchers.each(|pid, ()| mourners.push((pid, false)));
        if let Some(rare) = process.rare.as_ref().filter(|_| reason.is_abnormal()) {
            rare.links.each(|pid, _| mourners.push((pid, true)));
        }
        mourners.retain(|(pid, _)| pid.is_durable());
        mourners
    }

    /// Whom the process at a slot had linked itself to, and that has ended normally since this was asked.
    pub fn take_parted(&mut self, slot: SlotIndex) -> Vec<Pid> {
        let rare = self.table.at_mut(slot).and_then(|process| process.rare.as_mut());
        rare.map(|rare| std::mem::take(&mut rare.parted)).unwrap_or_default()
    }

    /// Opens a call whose operation is started later, or that waits for a process that is.
    ///
    /// # Errors
    /// `Unavailable` when there are too many.
    pub fn open_call_of(&mut self, slot: SlotIndex, callee: Pid) -> Result<CallId, Error> {
        self.add_call(slot, Pending::Process(callee))
    }
}

/// Relations as the store has them: each side knows who asked.
fn restored(monitoring: &[Pid], links: &[Pid], watchers: &[Pid], linked_by: &[Pid]) -> Relations {
    let mut relations = Relations::default();
    for pid in monitoring {
        relations.monitoring.insert(*pid, ());
    }
    for pid in watchers {
        relations.watchers.insert(*pid, ());
    }
    for pid in links {
        relations.links.insert(*pid, Tags { mine: RESTORED, theirs: 0 });
    }
    for pid in linked_by {
        if let Some(tags) = relations.links.get_mut(*pid) {
            tags.theirs = RESTORED;
        } else {
            relations.links.insert(*pid, Tags { mine: 0, theirs: RESTORED });
        }
    }
    relations
}

/// The tag of a link that was restored, on both sides.
const RESTORED: u32 = u32::MAX;
