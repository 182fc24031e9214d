//! Durable processes that stand still, because they failed and their programs say `on_error: halt`: which they
//! are, since when, over what, and what lets them go on.
//!
//! The failure is a record in the process's log, as one that was passed over is. Which processes stand still is
//! known without looking at any of them: it is in the store beside their heads, and changes with them.

use super::history::{Part, came_of, head_of, record};
use super::keeper::{Keeper, locked, of_store};
use super::queued::full;
use crate::node::Node;
use crate::worker::Worker;
use procession_durable::bytes::{decoded, encoded};
use procession_durable::head::{Birth, Condition, Head, number};
use procession_durable::keys;
use procession_durable::record::Kind;
use procession_kernel::Directory as _;
use procession_store::{Change, Space};
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Limit, Pid, SmolStr, Timestamp};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Where it is in the store's meta space: prefix, number of the process.
pub(crate) const PREFIX: &[u8; 7] = b"halted/";
/// Waiting messages that are counted.
const COUNTED_MAX: u64 = 100_000;

/// See the module.
#[derive(Default)]
pub(crate) struct Halted(Mutex<BTreeSet<Pid>>);

impl Halted {
    /// Takes in an entry of the store; false when it is none.
    pub(crate) fn load(&self, value: &[u8]) -> bool {
        let Ok(pid) = decoded::<Pid>(value) else { return false };
        locked(&self.0).insert(pid);
        true
    }

    /// A process stands still from now on; what the commit that says so must carry along.
    pub(crate) fn begins(&self, pid: Pid) -> Change {
        locked(&self.0).insert(pid);
        Change::put(Space::Meta, key(pid), encoded(&pid))
    }

    /// It does so no more; what the commit must carry along, if it did.
    pub(crate) fn ends(&self, pid: Pid) -> Option<Change> {
        locked(&self.0).remove(&pid).then(|| Change::remove(Space::Meta, key(pid)))
    }

    /// The commit that was to say that a process stands still was not made.
    pub(crate) fn never_began(&self, pid: Pid) {
        locked(&self.0).remove(&pid);
    }

    pub(crate) fn has(&self, pid: Pid) -> bool {
        locked(&self.0).contains(&pid)
    }

    pub(crate) fn len(&self) -> usize {
        locked(&self.0).len()
    }
}

fn key(pid: Pid) -> Vec<u8> {
    let mut key = PREFIX.to_vec();
    key.extend_from_slice(&number(&pid).to_be_bytes());
    key
}

/// A process that stands still.
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// Since when.
    pub since: Timestamp,
    /// The record of its log that says so.
    pub record: u64,
    /// Inputs that it had taken before the one over which it failed.
    pub slot: u64,
    /// What it failed with.
    pub error: Error,
    /// Over what; `None` when it failed over a timer or the reply of a call.
    pub input: Option<Part>,
    /// How it began.
    pub birth: Birth,
    /// The program it runs.
    pub program: SmolStr,
    /// The names that it holds.
    pub names: Vec<SmolStr>,
    /// Messages that wait for it in the store, and their bytes.
    pub waiting: (u64, u64),
}

impl Node {
    /// How a durable process stands still; `None` when it does not. It is read from the store.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process; `Internal` when what it has is damaged.
    pub fn halt(&self, pid: Pid) -> Result<Option<Halt>, Error> {
        let (keeper, head) = self.past_of(pid)?;
        let Condition::Halted { n, error } = head.condition else { return Ok(None) };
        let id = number(&pid);
        let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
        let Head { birth, program, .. } = head;
        let (mut since, mut slot, mut input) = (birth.at, 0, None);
        // It may have been collected.
        if n >= ends.first && n < ends.next {
            let failed = record(keeper, id, n)?;
            (since, slot) = (failed.at, failed.slot);
            if let Kind::Failed { input: entry, .. } = &failed.kind {
                input = came_of(entry);
            }
        }
        let waiting = waiting(keeper, id, COUNTED_MAX)?;
        let names = self.shared.directory.names(pid);
        Ok(Some(Halt { since, record: n, slot, error, input, birth, program, names, waiting }))
    }

    /// All durable processes that stand still, in the order of their PIDs.
    #[must_use]
    pub fn halted(&self) -> Vec<Pid> {
        let keeper = self.shared.keeper.as_ref();
        keeper.map_or_else(Vec::new, |it| locked(&it.halted.0).iter().copied().collect())
    }

    /// Whether a durable process stands still.
    #[must_use]
    pub fn is_halted(&self, pid: Pid) -> bool {
        self.shared.keeper.as_ref().is_some_and(|keeper| keeper.halted.has(pid))
    }

    /// Lets a process that stands still go on, in the state before the input over which it failed and without
    /// that input. One that failed over a timer or a reply tries that again. Tells what was passed over.
    ///
    /// # Errors
    /// `Conflict` when it does not stand still; `NotFound`; `Unavailable` when the disk is full.
    pub fn skip(&self, pid: Pid) -> Result<Halt, Error> {
        let Some(halt) = self.halt(pid)? else { return Err(not_halted()) };
        let (keeper, head) = head_of(&self.shared, pid)?;
        keeper.check_room()?;
        self.on(pid.shard, move |worker| worker.let_go_on(pid, head))??;
        // It does not stand still again after a crash.
        self.flush_store();
        Ok(halt)
    }

    /// Whether there is room for one more message to a process that stands still: nobody takes them.
    pub(super) fn check_waiting(&self, to: Pid) -> Result<(), Error> {
        if !self.is_halted(to) {
            let keeper = self.shared.keeper.as_ref();
            let has_room = keeper.is_none_or(|keeper| keeper.resting.room(to) > 0);
            return if has_room { Ok(()) } else { Err(full()) };
        }
        let (keeper, head) = self.past_of(to)?;
        let limits = &head.birth.limits;
        let most = u64::from(limits.mailbox_messages_max);
        let (messages, bytes) = waiting(keeper, number(&to), most)?;
        if messages < most && bytes < limits.mailbox_bytes_max {
            return Ok(());
        }
        let message = "mailbox is full: the process stands still; procession inspect says why, and \
            procession skip lets it go on";
        Err(Error::limit(Limit::Mailbox, message))
    }
}

impl Worker {
    /// A process that stands still goes on: that is committed, and it is brought back.
    fn let_go_on(&mut self, pid: Pid, mut head: Head) -> Result<(), Error> {
        let keeper = self.shared.keeper.clone();
        let change = keeper.and_then(|keeper| keeper.halted.ends(pid));
        let (Some(change), Condition::Halted { n, error }) = (change, &head.condition) else {
            return Err(not_halted());
        };
        let record = n.to_string();
        let about = [("record", record.as_str()), ("error", error.message.as_str())];
        self.tell(EventKind::ProcessSkipped, (pid, &head.program), &about, "");
        head.condition = Condition::Alive;
        let head = Change::put(Space::Head, keys::process(number(&pid)), encoded(&head));
        self.fly_changes(pid, vec![head, change]);
        // It comes back when that is decided.
        self.count_undecided(pid);
        self.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
        Ok(())
    }
}

fn not_halted() -> Error {
    let message = "the process does not stand still: there is nothing to skip";
    Error::new(ErrorKind::Conflict, message)
}

/// Messages that wait for a process in the store, up to so many, and their bytes.
fn waiting(keeper: &Keeper, id: u64, most: u64) -> Result<(u64, u64), Error> {
    let (from, to) = keys::all_of(id);
    let (mut messages, mut bytes) = (0, 0);
    let scanned = keeper.store.scan(Space::Inbox, &from, &to, false, &mut |_, value| {
        (messages, bytes) = (messages + 1, bytes + value.len() as u64);
        messages < most
    });
    scanned.map_err(|error| of_store(&error))?;
    Ok((messages, bytes))
}
