//! Putting a process back into a kernel.

use super::keeper::{Keeper, locked};
use super::process::Kept;
use super::recover::{Found, Recovered, Wanted, recover};
use crate::guests::Resident;
use crate::mail::Mail;
use crate::program::Programs;
use crate::web;
use crate::worker::Worker;
use procession_durable::head::{Condition, Head};
use procession_durable::ledger::{Ledger, OpenCall, Waits};
use procession_environment::{Call, CallId, FsOperation};
use procession_kernel::{QueueId, Revival, RevivedCall, SlotIndex};
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Event, Failure, Pid, Topic};
use std::collections::HashSet;
use std::sync::Arc;

/// Processes that can't be brought back of which it is remembered why.
const BROKEN_MAX: usize = 1000;

impl Worker {
    /// Something has come for a durable process that is not in memory.
    pub(crate) fn wake_durable(&mut self, pid: Pid) {
        if self.shared.keeper.is_none() {
            return self.step(|kernel, cx| kernel.is_gone(cx, pid));
        }
        if self.stays(pid, Wanted::Alive) {
            self.refuse_barred(pid);
            if self.stay_asleep(pid) {
                self.bring_back_to_end(pid);
            }
            return;
        }
        if self.may_come(pid) {
            self.bring_back(pid, Wanted::Alive);
        }
    }

    /// Whether a process is not to be in memory now.
    fn stays(&self, pid: Pid, wanted: Wanted) -> bool {
        let desk = &self.desk;
        let is_barred = || wanted == Wanted::Alive && self.is_barred(pid);
        desk.is_resting || desk.withheld.contains(&pid) || is_barred()
    }

    /// A process stays at rest because nobody looks after it: it is not upgraded.
    fn refuse_barred(&mut self, pid: Pid) {
        if !self.renewals.is_empty() && !self.desk.withheld.contains(&pid) && self.is_barred(pid) {
            let why = "the process is at rest: start the service that it belongs to first";
            self.refuse_renewals(pid, why);
        }
    }

    /// Somebody wants a process to end that stays at rest or stands still.
    pub(crate) fn bring_back_to_end(&mut self, pid: Pid) {
        self.bring_back(pid, Wanted::Anyway);
    }

    /// Brings a process back as soon as all that it has committed is decided.
    pub(crate) fn bring_back(&mut self, pid: Pid, wanted: Wanted) {
        if self.desk.withheld.contains(&pid) {
            // What has come for it is there when it is given back.
            self.stay_asleep(pid);
            return;
        }
        let Some(keeper) = self.shared.keeper.clone() else { return };
        // What has come for one that was at rest is in the store, or on the way there.
        if keeper.owners.has(pid) {
            self.count_undecided(pid);
        }
        if self.desk.undecided.contains_key(&pid) {
            let known = self.desk.waking.entry(pid).or_insert(wanted);
            if wanted == Wanted::Anyway {
                *known = wanted;
            }
            return;
        }
        self.comes(pid);
        let (shared, shard) = (Arc::clone(&self.shared), self.shard);
        let job = move || {
            let found = recover(&shared, &keeper, pid, wanted);
            if let Some(inbox) = shared.inbox(shard) {
                inbox.push(Mail::Task(Box::new(move |worker| worker.woken(pid, found, wanted))));
            }
        };
        if let Some(keeper) = &self.shared.keeper
            && keeper.pool.submit(Box::new(job)).is_err()
        {
            // So many wait that nobody will miss one more; the node is stopping.
            self.has_come(pid);
            self.step(|kernel, cx| kernel.is_gone(cx, pid));
        }
    }

    fn woken(&mut self, pid: Pid, found: Result<Found, Error>, wanted: Wanted) {
        self.has_come(pid);
        if self.stays(pid, wanted) {
            self.refuse_barred(pid);
            if self.stay_asleep(pid) {
                self.bring_back_to_end(pid);
            }
            return self.flush();
        }
        match found {
            Ok(Found::Process(recovered)) => self.put_back(pid, *recovered),
            Ok(Found::Gone) => {
                if let Some(keeper) = &self.shared.keeper {
                    keeper.alive.set(pid, false);
                    if let Some(change) = keeper.owners.died(pid) {
                        self.fly_changes(pid, vec![change]);
                    }
                }
                self.forget(pid);
            }
            // It was let go on since that was read.
            Ok(Found::Halted(_)) if !self.is_halted(pid) => self.bring_back(pid, wanted),
            Ok(Found::Halted(error)) => self.stand_still(pid, error),
            Err(error) => {
                // It lives, and can't be brought back: whoever looks after the node must know.
                let about = [("error", error.message.as_str())];
                self.tell(EventKind::ProcessHalted, (pid, ""), &about, "");
                if let Some(keeper) = &self.shared.keeper {
                    let mut broken = locked(&keeper.broken);
                    if broken.len() < BROKEN_MAX {
                        broken.insert(pid, error.clone());
                    }
                }
                if wanted == Wanted::Alive {
                    self.stand_still(pid, error);
                } else {
                    self.forget(pid);
                }
            }
        }
        self.flush();
    }

    fn is_halted(&self, pid: Pid) -> bool {
        self.shared.keeper.as_ref().is_some_and(|keeper| keeper.halted.has(pid))
    }

    /// It does not come back: what has come for it can't be delivered.
    fn forget(&mut self, pid: Pid) {
        self.desk.early.remove(&pid);
        self.desk.returned.remove(&pid);
        self.desk.unread.remove(&pid);
        self.desk.parted.remove(&pid);
        self.desk.deadlines.remove(&pid);
        if let Some(keeper) = &self.shared.keeper {
            keeper.resting.forget(pid);
        }
        self.step(|kernel, cx| kernel.is_gone(cx, pid));
    }

    fn put_back(&mut self, pid: Pid, recovered: Recovered) {
        let Recovered {
            head,
            guest,
            ledger,
            n,
            is_started,
            inbox,
            read_at,
            watchers,
            linked_by,
            since,
            is_uneasy,
        } = recovered;
        let shared = Arc::clone(&self.shared);
        if let Some(keeper) = &shared.keeper {
            goes_on(keeper, &head);
            keeper.resting.forget(pid);
        }
        let charge = shared.residence.charge(pid.host);
        let mut kept = Kept::new(charge, head, ledger, n);
        for peer in self.desk.parted.remove(&pid).unwrap_or_default() {
            kept.part(peer);
        }
        let (calls, lost) = calls(&kept.ledger);
        let unread = self.desk.unread.remove(&pid).unwrap_or_default();
        let deadline = self.desk.deadlines.remove(&pid);
        let told = told(&unread);
        let dead = dead_relations(&kept.ledger, &told, |pid| shared.is_alive(pid));
        let mut revival = Revival {
            calls,
            watchers,
            linked_by,
            events: unread,
            instructions: guest.usage().instructions,
            deadline,
            ..revival(&shared.programs, &kept.head, &kept.ledger)
        };
        // Of whose death it is told already it is not told again by what is in the store.
        revival.monitoring.retain(|pid| !told.contains(&(*pid, false)));
        revival.links.retain(|pid| !told.contains(&(*pid, true)));
        let slot = self.step(|kernel, cx| kernel.revive(cx, revival));
        (kept.since, kept.is_uneasy, kept.read_at) = (since, is_uneasy, read_at);
        kept.wakes_at = kept.next_time();
        kept.careful = self.desk.careful.remove(&pid).unwrap_or(0);
        if is_started {
            let procession_environment::Usage { instructions: used, memory_bytes } = guest.usage();
            let resident = Resident::new(pid, guest, used, (self.now, self.cell(slot, pid)));
            self.guests.put(slot, resident);
            self.desk.kept.insert(slot, Box::new(kept));
            self.note_resident(slot, memory_bytes);
            self.step(|kernel, cx| kernel.launch(cx, slot, 0));
        } else if let Err(error) = self.begin_durable(slot, kept, guest) {
            let reason = procession_types::ExitReason::failed(Failure::Error(error));
            let end = procession_kernel::TurnEnd::Exited(reason);
            self.step(|kernel, cx| kernel.end_turn(cx, slot, 0, end));
            return self.step(|kernel, cx| kernel.settle_revived(cx, pid));
        }
        self.resubscribe(slot, pid);
        if let Some(kept) = self.desk.kept.get_mut(&slot) {
            kept.loaded = inbox.iter().filter_map(|(source, _)| *source).collect();
        }
        for (source, parcel) in self.early(pid, inbox, read_at) {
            self.unpack(slot, pid, source, parcel);
        }
        self.step(|kernel, cx| kernel.settle_revived(cx, pid));
        self.tell_dead(slot, dead);
        for (call, what) in lost {
            // A refusal is the call's reply.
            let _ = self.launch_call(pid, slot, call, what);
        }
    }

    /// Those that it monitors or is linked to, and that ended with the node they were on.
    fn tell_dead(&mut self, slot: SlotIndex, dead: Vec<(Pid, bool)>) {
        for (of, by_link) in dead {
            let reason = Arc::new(procession_types::ExitReason::failed(Failure::Error(
                Error::not_found("process not found: it ended with the node it was on"),
            )));
            self.step(|kernel, cx| kernel.hear(cx, slot, of, by_link, reason));
        }
    }

    /// Subscriptions live in memory: they are made again.
    fn resubscribe(&mut self, slot: SlotIndex, pid: Pid) {
        let Some(kept) = self.desk.kept.get(&slot) else { return };
        let patterns: Vec<_> =
            kept.ledger.subscriptions.iter().map(|(p, q)| (p.clone(), *q)).collect();
        for (pattern, queue) in patterns {
            let topic = crate::service::subscriptions::mailbox_topic(&pattern);
            self.kernel.listen_as(slot, &topic, QueueId(queue));
            let request = procession_environment::Request::Subscribe { pattern };
            let now = self.now;
            let shared = Arc::clone(&self.shared);
            // It was allowed when it was made.
            let _ = shared.services.answer(pid, now, request, &mut Vec::new());
        }
    }
}

/// Nothing that was in its way is any more.
fn goes_on(keeper: &Keeper, head: &Head) {
    let pid = head.birth.pid;
    keeper.owners.set_halted(pid, None);
    locked(&keeper.broken).remove(&pid);
    // One that stands still may come back to be ended.
    if head.condition == Condition::Alive {
        keeper.halted.never_began(pid);
    }
}

/// What the ledger says to the kernel.
fn revival(programs: &Programs, head: &Head, ledger: &Ledger) -> Revival {
    let listener = |(queue, topic): (&u32, &Topic)| (QueueId(*queue), topic.clone());
    Revival {
        pid: head.birth.pid,
        definition: programs.durable_definition(head),
        context: Arc::new(head.birth.context.clone()),
        parent: head.birth.parent,
        trap_links: ledger.trap_links,
        listeners: ledger.listens.iter().map(listener).collect(),
        last_queue: QueueId(ledger.last_queue),
        calls: Vec::new(),
        last_call: ledger.last_call,
        monitoring: ledger.monitors.iter().copied().collect(),
        links: ledger.links.iter().copied().collect(),
        watchers: Vec::new(),
        linked_by: Vec::new(),
        messages: Vec::new(),
        events: Vec::new(),
        instructions: 0,
        started: head.birth.at,
        deadline: None,
    }
}

type Calls = (
    Vec<(procession_kernel::CallId, RevivedCall, Option<procession_types::Timestamp>)>,
    Vec<(CallId, Call)>,
);

/// The calls of a process that comes back, and those of them that are to be started again: what was under
/// way is lost with the node; what changes nothing, or is known to be the same when it comes again, is done
/// once more.
fn calls(ledger: &Ledger) -> Calls {
    let mut again = Vec::new();
    let calls = ledger.calls.iter().map(|(id, OpenCall { waits, deadline })| {
        let pending = match waits {
            Waits::Time(until) => RevivedCall::Sleep(*until),
            Waits::Outside(call) if can_repeat(call) => {
                again.push((*id, (**call).clone()));
                RevivedCall::Driver
            }
            Waits::Outside(_) | Waits::Process(_) => RevivedCall::Done(Err(uncertain())),
        };
        (procession_kernel::CallId(id.0), pending, *deadline)
    });
    (calls.collect(), again)
}

fn can_repeat(call: &Call) -> bool {
    match call {
        Call::Fs(operation) => matches!(
            operation,
            FsOperation::Read { .. } | FsOperation::List { .. } | FsOperation::Stat { .. }
        ),
        Call::Http(request) => web::can_repeat(request),
        Call::Consume { .. } | Call::Info { .. } => true,
        Call::Sleep { .. } | Call::Process(_) | Call::Function(_) => false,
    }
}

fn uncertain() -> Error {
    let message = "the process came back from the store while this was under way: it may have been done or not";
    Error::new(ErrorKind::Unknown, message).with_retryable(false)
}

/// Whose deaths, and whether by a link, are among events that were not read.
fn told(unread: &[Event]) -> HashSet<(Pid, bool)> {
    let death = |event: &Event| match event {
        Event::Exit { from, .. } => Some((*from, false)),
        Event::LinkDown { from, .. } => Some((*from, true)),
        Event::Cancel { .. } | Event::Took { .. } | Event::Rest { .. } => None,
    };
    unread.iter().filter_map(death).collect()
}

/// Whom it watches that has ended with the node. What it has not read yet it need not be told again.
fn dead_relations(
    ledger: &Ledger,
    told: &HashSet<(Pid, bool)>,
    is_alive: impl Fn(Pid) -> bool,
) -> Vec<(Pid, bool)> {
    let monitors = ledger.monitors.iter().map(|pid| (*pid, false));
    let links = ledger.links.iter().map(|pid| (*pid, true));
    // The death of a durable one is in the store.
    let is_news = |it: &(Pid, bool)| !it.0.is_durable() && !is_alive(it.0) && !told.contains(it);
    monitors.chain(links).filter(is_news).collect()
}
