//! Draining: something takes no new work, what it has in hand is finished within a time, and then it
//! is taken down, or, for a process host and the node, stays empty until somebody undoes it.
//!
//! [`gates`] is what keeps new work out, [`order`] which services and pools go down before which,
//! [`work`] the steps of one drain, [`look`] how it sees who has something in hand. A drain has a
//! thread of its own that holds the node for the time of a step only, so it never keeps one from
//! ending. No shard waits for it.

mod gates;
mod look;
mod order;
mod undo;
mod work;

pub(crate) use gates::{Closing, Starter};
pub(crate) use look::Picture;

use crate::HOST_SYSTEM;
use crate::node::Node;
use crate::supervise::ROOT;
use gates::Gates;
use order::is_below;
use procession_kernel::Directory as _;
use procession_telemetry::{Event, EventKind};
use procession_types::{Error, ErrorKind, Pid, SmolStr, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Drains that go on at once, at most: each has a thread.
const GOING_MAX: usize = 16;
/// Parts that are shown of what is left of one, at most.
const LEFT_MAX: usize = 20;

/// What is drained.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainTarget {
    /// The whole node.
    Node,
    /// The process host with this id.
    Host(SmolStr),
    /// The service, supervisor or pool with this id.
    Supervised(SmolStr),
}

impl DrainTarget {
    /// As people write it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Node => "node",
            Self::Host(id) | Self::Supervised(id) => id,
        }
    }
}

/// How far a drain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainState {
    /// What is in hand is being finished.
    Draining,
    /// The time is over: what is left is being ended.
    Ending,
    /// Nothing is left.
    Drained,
}

impl DrainState {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::Ending => "ending",
            Self::Drained => "drained",
        }
    }
}

/// Something that has not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainLeft {
    /// Id of a service or pool, or a PID.
    pub what: String,
    /// What it does, in words.
    pub does: String,
}

/// A drain as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drain {
    /// What is drained.
    pub target: DrainTarget,
    /// `node`, `host`, `service`, `supervisor` or `pool`.
    pub kind: &'static str,
    /// How far it is.
    pub state: DrainState,
    /// Since when.
    pub since: Timestamp,
    /// When what is left is ended.
    pub until: Timestamp,
    /// How many services, pools and processes are left.
    pub left_count: u64,
    /// The first of them.
    pub left: Vec<DrainLeft>,
    /// Services and pools that it has taken down, in this order.
    pub stopped: Vec<SmolStr>,
    /// How many did not finish in time, and were ended.
    pub cut_off: u64,
}

/// One of the drains of a node.
struct Entry {
    view: Mutex<Drain>,
    /// Held for each step, so that who undoes it never meets it half done.
    acting: Mutex<()>,
    /// Names that it has closed, and whether it has been undone.
    closed: Mutex<(BTreeSet<SmolStr>, bool)>,
    bell: Condvar,
}

impl Entry {
    fn view(&self) -> MutexGuard<'_, Drain> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed(&self) -> MutexGuard<'_, (BTreeSet<SmolStr>, bool)> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act(&self) -> MutexGuard<'_, ()> {
        self.acting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_undone(&self) -> bool {
        self.closed().1
    }

    /// Waits, but not when it is undone.
    fn rest(&self, pause: Duration) {
        let waited = self.bell.wait_timeout_while(self.closed(), pause, |closed| !closed.1);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The drains of a node.
#[derive(Default)]
pub(crate) struct Drains {
    pub(crate) gates: Gates,
    entries: Mutex<BTreeMap<DrainTarget, Arc<Entry>>>,
}

impl Drains {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<DrainTarget, Arc<Entry>>> {
        // Entries are put in and taken out with one call each.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are in which state.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for entry in self.lock().values() {
            *counts.entry(entry.view().state.name()).or_default() += 1;
        }
        counts
    }
}

impl Node {
    /// Drains something: it takes no new work from now on, what it has in hand has so long to be
    /// finished, and then it is taken down, after all that requires it. A process host and the node
    /// stay empty after that. What goes on is in [`Node::drain_of`].
    ///
    /// It is the same drain when there is one already.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what can't be drained; `Conflict` when the node or a host is drained
    /// with all that is on it; `RateLimited` when too many go on.
    pub fn drain(self: &Arc<Self>, target: DrainTarget, time: Duration) -> Result<Drain, Error> {
        let kind = self.drain_kind(&target)?;
        let mut entries = self.shared.drains.lock();
        if let Some(entry) = entries.get(&target) {
            return Ok(entry.view().clone());
        }
        let is_going = |entry: &&Arc<Entry>| entry.view().state != DrainState::Drained;
        if entries.values().filter(is_going).count() >= GOING_MAX {
            let message = format!("{GOING_MAX} drains go on already: wait for one of them");
            return Err(Error::new(ErrorKind::RateLimited, message).with_retryable(true));
        }
        let now = self.shared.clock.now();
        let view = Drain {
            target: target.clone(),
            kind,
            state: DrainState::Draining,
            since: now,
            until: now.after(crate::node::nanoseconds(time)),
            left_count: 0,
            left: Vec::new(),
            stopped: Vec::new(),
            cut_off: 0,
        };
        let entry = Arc::new(Entry {
            view: Mutex::new(view.clone()),
            acting: Mutex::default(),
            closed: Mutex::default(),
            bell: Condvar::new(),
        });
        let (node, worked) = (Arc::downgrade(self), Arc::clone(&entry));
        let end = Instant::now() + time;
        let work = move || work::run(&node, &worked, end);
        let thread = std::thread::Builder::new().name("drain".into()).spawn(work);
        thread.map_err(|error| {
            let message = format!("the system gives no thread for a drain: {error}");
            Error::new(ErrorKind::Unavailable, message)
        })?;
        self.close(&target, Some(Closing::Draining));
        entries.insert(target.clone(), entry);
        drop(entries);
        self.tell_drain(EventKind::DrainStarted, &target, "takes no new work");
        Ok(view)
    }

    /// All drains, those that are done and have not been undone among them.
    #[must_use]
    pub fn drains(&self) -> Vec<Drain> {
        self.shared.drains.lock().values().map(|entry| entry.view().clone()).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn drain_of(&self, target: &DrainTarget) -> Result<Drain, Error> {
        let entries = self.shared.drains.lock();
        let entry = entries.get(target).ok_or_else(|| undrained(target))?;
        Ok(entry.view().clone())
    }

    /// Whether the node as a whole takes new work from outside.
    ///
    /// # Errors
    /// `Unavailable` when it is drained.
    pub fn check_open(&self) -> Result<(), Error> {
        let state = match self.shared.drains.gates.node() {
            None => return Ok(()),
            Some(Closing::Draining) => "is being drained",
            Some(Closing::Drained | Closing::Removed) => "is drained",
        };
        let message = format!("the node {state} and takes no new work");
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// Whether a process takes new work from outside.
    ///
    /// # Errors
    /// `Unavailable` when it, or the node, is drained.
    pub fn check_takes(&self, pid: Pid) -> Result<(), Error> {
        self.check_open()?;
        let gates = &self.shared.drains.gates;
        if !gates.is_any_closed() {
            return Ok(());
        }
        self.shared.directory.names(pid).iter().try_for_each(|name| gates.check_name(name))
    }

    /// What is drained by that, if there is such a thing.
    fn drain_kind(&self, target: &DrainTarget) -> Result<&'static str, Error> {
        match target {
            DrainTarget::Node => Ok("node"),
            DrainTarget::Host(id) if id == HOST_SYSTEM => {
                let message = format!("{id} is where supervisors and pools are: drain the node");
                Err(Error::invalid(message))
            }
            DrainTarget::Host(id) => {
                let host = self.shared.host(id);
                let missing = || Error::not_found(format!("process host \"{id}\" not found"));
                host.map(|_| "host").ok_or_else(missing)
            }
            DrainTarget::Supervised(id) if id == ROOT => {
                Err(Error::invalid(format!("{id} is the application as a whole: drain the node")))
            }
            DrainTarget::Supervised(id) => {
                let it = self.supervised_by_id(id)?;
                self.check_undrained(&it)?;
                Ok(it.kind.name())
            }
        }
    }

    /// Something is to be started by hand: not on what is drained, and a drain of its own is over.
    pub(crate) fn check_may_start(&self, id: &str) -> Result<(), Error> {
        if self.shared.drains.lock().is_empty() {
            return Ok(());
        }
        let all = self.supervised();
        let wanted = undo::wanted_with(&all, id);
        let needed = all.iter().filter(|it| wanted.contains(it.id.as_str()));
        needed.clone().try_for_each(|it| self.check_undrained(it))?;
        self.lift_drains_of(&wanted);
        Ok(())
    }

    /// Whether something is drained with the node or its host.
    fn check_undrained(&self, it: &crate::Supervised) -> Result<(), Error> {
        let gates = &self.shared.drains.gates;
        let host = self.works_on(it);
        let above = match self.shared.host(&host).and_then(|host| gates.host(host)) {
            _ if gates.node().is_some() => DrainTarget::Node,
            Some(_) => DrainTarget::Host(host),
            None => return Ok(()),
        };
        let message = format!("{} is drained with {}", it.id, above.text());
        let hint = format!("procession drain {} --undo lets it start again", above.text());
        Err(Error::new(ErrorKind::Conflict, format!("{message}: {hint}")))
    }

    /// The process host on which something does its work: that of its members, for a pool.
    fn works_on(&self, it: &crate::Supervised) -> SmolStr {
        self.members_host(&it.id).unwrap_or_else(|| it.host.clone())
    }

    /// Closes or opens the door to a host or the node.
    fn close(&self, target: &DrainTarget, closing: Option<Closing>) {
        let gates = &self.shared.drains.gates;
        match target {
            DrainTarget::Node => gates.set_node(closing),
            DrainTarget::Host(id) => {
                if let Some(host) = self.shared.host(id) {
                    gates.set_host(host, closing);
                }
            }
            // Each of its names is closed when its turn comes.
            DrainTarget::Supervised(_) => {}
        }
    }

    fn tell_drain(&self, kind: EventKind, target: &DrainTarget, message: &str) {
        let event = Event::new(kind, message).with("target", target.text());
        self.publish(&match target {
            DrainTarget::Supervised(id) => event.of_service(id.clone()),
            DrainTarget::Node | DrainTarget::Host(_) => event,
        });
    }
}

fn undrained(target: &DrainTarget) -> Error {
    Error::not_found(format!("{} is not drained", target.text()))
}
