//! The ledger: what the runtime knows of a process beside its state, so that it can be put back into
//! a kernel: what it listens to, what it waits for, whom it watches, what it is called.
//!
//! Everything in it follows from the journal: recording and replaying keep it by the same rules.

use crate::bytes::{decoded, record, variants};
use crate::head::Birth;
use crate::journal::Entry;
use procession_environment::{Call, CallId, Relation};
use procession_types::{Event, Fragment, Pid, SmolStr, Timestamp, Topic, word};
use std::collections::{BTreeMap, BTreeSet};

/// What a call waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Waits {
    /// A time.
    Time(Timestamp),
    /// The reply of something outside.
    Outside(Box<Call>),
    /// The end of a process.
    Process(Pid),
}

/// A call whose reply has not been taken.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCall {
    /// See [`Waits`].
    pub waits: Waits,
    /// It fails when there is no reply by then.
    pub deadline: Option<Timestamp>,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// See [`procession_environment::Options`].
    pub trap_links: bool,
    /// Queues of the mailbox, with their topics.
    pub listens: BTreeMap<u32, Topic>,
    /// The last queue it was given: later ones have other numbers.
    pub last_queue: u32,
    /// Patterns of events it has subscribed to.
    pub subscriptions: BTreeMap<SmolStr, u32>,
    /// See [`OpenCall`].
    pub calls: BTreeMap<CallId, OpenCall>,
    /// The last call it was given.
    pub last_call: u64,
    /// Whom it monitors.
    pub monitors: BTreeSet<Pid>,
    /// Whom it has linked itself to.
    pub links: BTreeSet<Pid>,
    /// Its names, in the order in which it got them.
    pub names: Vec<SmolStr>,
    /// Messages and events it has taken in all.
    pub inputs: u64,
}

impl Ledger {
    /// The next time at which it has to be in memory by itself: for a timer, or for the end of the time
    /// that it may live.
    #[must_use]
    pub fn next_time(&self, birth: &Birth) -> Option<Timestamp> {
        let of_call = |call: &OpenCall| match call.waits {
            Waits::Time(until) => call.deadline.map_or(Some(until), |end| Some(end.min(until))),
            Waits::Outside(_) | Waits::Process(_) => call.deadline,
        };
        let end = birth.limits.wall_clock_ns_max.map(|most| birth.at.after(most));
        self.calls.values().filter_map(of_call).chain(end).min()
    }

    /// Whether something it waits for, or watches, is lost when the node stops: then it must be told at
    /// the next start, although nothing comes for it.
    #[must_use]
    pub fn is_uneasy(&self) -> bool {
        let is_lost = |pid: &Pid| !pid.is_durable();
        let waits = |call: &OpenCall| match &call.waits {
            Waits::Time(_) => false,
            Waits::Outside(_) => true,
            Waits::Process(pid) => is_lost(pid),
        };
        self.calls.values().any(waits)
            || self.monitors.iter().any(is_lost)
            || self.links.iter().any(is_lost)
    }

    /// Whether something is under way for it outside, or another process works for it.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        self.calls.values().any(|call| !matches!(call.waits, Waits::Time(_)))
    }

    /// Another program takes its place: what was the old one's is over.
    pub fn replaced(&mut self) {
        self.listens.clear();
        self.last_queue = 0;
        self.subscriptions.clear();
        self.calls.clear();
    }

    /// This is of a snapshot that the process goes back to, and `now` is where it stands: to others it is still
    /// who it is now, and no number is given twice.
    pub fn goes_back(&mut self, now: &Self) {
        self.names.clone_from(&now.names);
        self.links.clone_from(&now.links);
        self.monitors.clone_from(&now.monitors);
        self.inputs = now.inputs;
        self.last_call = self.last_call.max(now.last_call);
        if now.last_queue >> 16 > self.last_queue >> 16 {
            self.last_queue = now.last_queue;
        }
    }

    /// It is to be another process's: names, links and monitors are the first one's.
    pub fn alone(&mut self) {
        self.names.clear();
        self.links.clear();
        self.monitors.clear();
    }

    pub(crate) fn listens(&mut self, topic: &Topic, queue: u32) {
        self.listens.insert(queue, topic.clone());
        // The upper half counts how many were given.
        if queue >> 16 >= self.last_queue >> 16 {
            self.last_queue = queue;
        }
    }

    pub(crate) fn opens(&mut self, call: CallId, waits: Waits) {
        self.calls.insert(call, OpenCall { waits, deadline: None });
        self.last_call = self.last_call.max(call.0);
    }

    pub(crate) fn expires(&mut self, call: CallId, until: Timestamp) {
        if let Some(call) = self.calls.get_mut(&call) {
            call.deadline = Some(until);
        }
    }

    pub(crate) fn relates(&mut self, relation: Relation, to: Pid) {
        match relation {
            Relation::Monitor => drop(self.monitors.insert(to)),
            Relation::Unmonitor => drop(self.monitors.remove(&to)),
            Relation::Link => drop(self.links.insert(to)),
            Relation::Unlink => drop(self.links.remove(&to)),
        }
    }

    /// An event was taken: a death ends what was agreed about it.
    pub(crate) fn told(&mut self, event: &Event) {
        match event {
            Event::Exit { from, .. } => drop(self.monitors.remove(from)),
            Event::LinkDown { from, .. } => drop(self.links.remove(from)),
            _ => {}
        }
    }

    /// An input over which the process failed was passed over, as the journal has it: it is told
    /// nonetheless.
    pub fn skipped(&mut self, input: &[u8]) {
        if input.is_empty() {
            // It failed over something else.
            return;
        }
        self.inputs += 1;
        if let Ok(Entry::Event(event)) = decoded(input) {
            self.told(&event);
        }
    }

    /// A subscription began with this answer, or ended.
    pub(crate) fn subscribes(&mut self, pattern: SmolStr, answer: Option<&Fragment>) {
        let queue = answer.and_then(|answer| answer.values().first().copied());
        match queue {
            Some(queue) => {
                self.subscriptions.insert(pattern, word::to_int(queue) as u32);
            }
            None => drop(self.subscriptions.remove(&pattern)),
        }
    }

    pub(crate) fn named(&mut self, name: &str) {
        if !self.names.iter().any(|held| held == name) {
            self.names.push(SmolStr::new(name));
        }
    }

    pub(crate) fn unnamed(&mut self, name: &str) {
        self.names.retain(|held| held != name);
    }
}

variants!(Waits, "what a call waits for" {
    0 Time(until),
    1 Outside(call),
    2 Process(pid),
});

record!(OpenCall { waits, deadline });

record!(Ledger {
    trap_links,
    listens,
    last_queue,
    subscriptions,
    calls,
    last_call,
    monitors,
    links,
    names,
    inputs,
});
