//! What a durable process has done, record by record, straight from the store: no shard is asked, so
//! that nobody who looks back waits for running work, and those that sleep, stand still or have ended
//! are looked at like all others.

use super::alive::Whereabouts;
use super::keeper::{Keeper, of_store};
use super::sketch;
use crate::node::Node;
use crate::shared::Shared;
use procession_durable::bytes::{Bytes as _, Reader, decoded};
use procession_durable::head::{Head, number};
use procession_durable::journal::Entry;
use procession_durable::keys;
use procession_durable::record::{Kind, Origin, Record};
use procession_environment::OnError;
use procession_store::{LogEnds, Space};
use procession_types::{Error, ErrorKind, Pid, SmolStr, Timestamp};

/// The most records of one answer.
pub const HISTORY_RECORDS_MAX: usize = 1000;
/// What came in with one record, or went out, that is told; the rest is counted.
const PARTS_MAX: usize = 64;

/// What a record of a durable process's log says.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRecord {
    /// Its number in the log.
    pub n: u64,
    /// Inputs (messages and events) that the process had taken before: its first slot.
    pub slot: u64,
    /// Inputs that it has taken with this one.
    pub inputs: u32,
    /// When it was written.
    pub at: Timestamp,
    /// See [`Deed`].
    pub deed: Deed,
    /// What came in, in order: inputs and replies of calls.
    pub came: Parts,
    /// What went out, in order.
    pub went: Parts,
    /// Instructions that the process had executed in all after it; 0 where the record has none.
    pub instructions: u64,
    /// Those of its turns alone.
    pub used: u64,
    /// How long its turns took, in nanoseconds.
    pub duration_ns: u64,
    /// Bytes of the state after it; 0 where the record has none.
    pub state_bytes: u64,
    /// Bytes of the record.
    pub bytes: u64,
}

/// Where a look at the past begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryFrom {
    /// With the record that has this slot.
    Slot(u64),
    /// With this record.
    Record(u64),
}

/// A part of what a durable process has done.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// Records in their order.
    pub records: Vec<PastRecord>,
    /// The record that comes after them, if there is one by now.
    pub next: Option<u64>,
    /// The first slot that the log still has.
    pub first_slot: u64,
    /// Inputs that the process has taken so far.
    pub slots: u64,
}

/// What was written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// The process had turns.
    Turns,
    /// It failed over its input; its state is that before.
    Failed(Error, OnError),
    /// It ended by itself; with the error when it failed.
    Ended(Option<Error>),
    /// It was ended by somebody else; with the error that the others were told.
    Killed(Option<Error>),
    /// Another program took its place: which.
    Upgraded(SmolStr),
    /// It went on with a state that was made elsewhere.
    Given(Origin),
}

impl Deed {
    /// What happened, in a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::Failed(..) => "failed",
            Self::Ended(_) => "ended",
            Self::Killed(_) => "killed",
            Self::Upgraded(_) => "upgraded",
            Self::Given(Origin::Fork { .. }) => "forked",
            Self::Given(Origin::Restore { .. }) => "restored",
            Self::Given(Origin::Import { .. }) => "imported",
        }
    }

    /// The error, where there is one.
    #[must_use]
    pub const fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error, _) => Some(error),
            Self::Ended(error) | Self::Killed(error) => error.as_ref(),
            Self::Turns | Self::Upgraded(_) | Self::Given(_) => None,
        }
    }
}

/// Things that crossed the door.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// The first of them.
    pub list: Vec<Part>,
    /// How many there are in all.
    pub count: usize,
}

/// One thing that crossed the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is: `message`, `event`, `reply`, `send`, `spawn`, `call`, `print` and so on.
    pub kind: &'static str,
    /// The process on the other side.
    pub peer: Option<Pid>,
    /// The topic of a message, the program of a spawn, the name that is given up, what is called.
    pub about: Option<SmolStr>,
    /// The value, short.
    pub text: String,
    /// Bytes of the value.
    pub bytes: u64,
}

impl Parts {
    pub(super) fn add(&mut self, part: Part) {
        self.count += 1;
        if self.list.len() < PARTS_MAX {
            self.list.push(part);
        }
    }
}

impl Node {
    /// What a durable process has done: records in their order, from the one with slot `from_slot` on,
    /// `count_max` at most and never more than [`HISTORY_RECORDS_MAX`]. It is read from the store on the
    /// caller's thread, also of processes that sleep, stand still or have ended.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process; `Internal` when what it has is damaged.
    pub fn history(
        &self,
        pid: Pid,
        from_slot: u64,
        count_max: usize,
    ) -> Result<Vec<PastRecord>, Error> {
        self.history_page(pid, HistoryFrom::Slot(from_slot), count_max).map(|page| page.records)
    }

    /// Likewise, with what there is besides.
    ///
    /// # Errors
    /// As for [`Node::history`].
    pub fn history_page(
        &self,
        pid: Pid,
        from: HistoryFrom,
        count_max: usize,
    ) -> Result<HistoryPage, Error> {
        let (keeper, _) = self.past_of(pid)?;
        let id = number(&pid);
        let count_max = count_max.min(HISTORY_RECORDS_MAX);
        let from = match from {
            HistoryFrom::Slot(slot) => record_of(keeper, id, slot)?,
            HistoryFrom::Record(n) => n,
        };
        let records = records(keeper, id, from, count_max)?;
        let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
        let (first_slot, slots) = slots(keeper, id, &ends)?;
        let after = records.last().map_or(from, |last| last.n + 1);
        let next = (after < ends.next).then_some(after);
        Ok(HistoryPage { records, next, first_slot, slots })
    }

    /// Whether the store has something of a process, be it alive or not.
    #[must_use]
    pub fn is_kept(&self, pid: Pid) -> bool {
        self.past_of(pid).is_ok()
    }

    /// The store, and what it says of a process.
    pub(super) fn past_of(&self, pid: Pid) -> Result<(&Keeper, Head), Error> {
        head_of(&self.shared, pid)
    }
}

/// Records of a log, and what each of them cost.
fn records(
    keeper: &Keeper,
    id: u64,
    from: u64,
    count_max: usize,
) -> Result<Vec<PastRecord>, Error> {
    let (mut found, mut wrong) = (Vec::new(), None);
    if count_max == 0 {
        return Ok(found);
    }
    let mut before = instructions_before(keeper, id, from)?;
    let read = keeper.store.records(id, from, &mut |n, stored| {
        let read = decoded(stored.body).and_then(|record| past(n, &record, stored.body.len()));
        match read {
            Ok(mut past) => {
                match past.deed {
                    // The new program begins to count anew.
                    Deed::Upgraded(_) => before = 0,
                    // What the other one has executed.
                    Deed::Given(_) => before = past.instructions,
                    _ if past.instructions > 0 => {
                        past.used = past.instructions.saturating_sub(before);
                        before = past.instructions;
                    }
                    _ => {}
                }
                found.push(past);
            }
            Err(damaged) => wrong = Some(damage(id, n, damaged)),
        }
        wrong.is_none() && found.len() < count_max
    });
    read.map_err(|error| of_store(&error))?;
    wrong.map_or(Ok(found), Err)
}

/// Instructions that a process had executed in all before a record. Failed inputs and upgrades in between
/// say nothing of that.
fn instructions_before(keeper: &Keeper, id: u64, n: u64) -> Result<u64, Error> {
    let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
    let oldest = ends.first.max(n.saturating_sub(HISTORY_RECORDS_MAX as u64));
    for before in (oldest..n.min(ends.next)).rev() {
        let record = record(keeper, id, before)?;
        if matches!(record.kind, Kind::Upgraded { .. }) {
            return Ok(0);
        }
        if record.usage.instructions > 0 {
            return Ok(record.usage.instructions);
        }
    }
    Ok(0)
}

/// The store, and what it says of a process.
pub(super) fn head_of(shared: &Shared, pid: Pid) -> Result<(&Keeper, Head), Error> {
    let Some(keeper) = shared.keeper.as_deref().filter(|_| pid.is_durable()) else {
        let message = "the process is not durable: nothing is kept of what it did; \
            set \"durable: true\" on its program";
        return Err(Error::not_found(message));
    };
    let bytes = keeper.store.get(Space::Head, &keys::process(number(&pid)));
    let head = bytes.map_err(|error| of_store(&error))?;
    let head = head.map(|bytes| decoded::<Head>(&bytes)).transpose().map_err(|damaged| {
        let message = format!("what the store says of process {}: {damaged}", number(&pid));
        Error::new(ErrorKind::Internal, message)
    })?;
    // The number alone could be that of another node's process.
    match head.filter(|head| head.birth.pid == pid) {
        Some(head) => Ok((keeper, head)),
        None => Err(Error::not_found("the store has no such process")),
    }
}

impl Shared {
    /// Whether a PID that somebody has written names the process whose number it has: one of another host
    /// is nobody's, whatever rights there are on that host.
    pub(crate) fn is_as_written(&self, pid: Pid) -> bool {
        let Some(keeper) = self.keeper.as_deref().filter(|_| pid.is_durable()) else { return true };
        // The number has no more of it.
        if pid.generation > u32::from(u16::MAX) {
            return false;
        }
        match keeper.alive.whereabouts(pid) {
            // Whoever looks for one that has ended looks into the store.
            Whereabouts::Nowhere => true,
            Whereabouts::On(host) => host == pid.host,
            Whereabouts::Unknown => {
                let is_it = head_of(self, pid).is_ok();
                if is_it {
                    keeper.alive.found(pid);
                }
                is_it
            }
        }
    }
}

/// The first record at which the process has taken input `slot` or stands before it; the next one that
/// will be written when there is none. Slots never fall within a log, so it is searched by halves.
pub(super) fn record_of(keeper: &Keeper, id: u64, slot: u64) -> Result<u64, Error> {
    let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
    let (mut low, mut high) = (ends.first, ends.next);
    while low < high {
        let middle = low + (high - low) / 2;
        let record = record(keeper, id, middle)?;
        if record.slot >= slot || record.slot + u64::from(record.inputs) > slot {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// The first slot that a log has, and the one behind its last.
pub(super) fn slots(keeper: &Keeper, id: u64, ends: &LogEnds) -> Result<(u64, u64), Error> {
    if ends.first >= ends.next {
        return Ok((0, 0));
    }
    let (first, last) = (record(keeper, id, ends.first)?, record(keeper, id, ends.next - 1)?);
    Ok((first.slot, last.slot + u64::from(last.inputs)))
}

/// One record of a log.
pub(super) fn record(keeper: &Keeper, id: u64, n: u64) -> Result<Record, Error> {
    let value = keeper.store.get(Space::Log, &keys::log(id, n)).map_err(|e| of_store(&e))?;
    let stored = value.as_deref().and_then(procession_store::Record::of_value);
    let Some(stored) = stored else {
        let message = format!("record {n} of process {id}: it is missing");
        return Err(Error::new(ErrorKind::Internal, message));
    };
    decoded(stored.body).map_err(|damaged| damage(id, n, damaged))
}

fn damage(id: u64, n: u64, damaged: procession_durable::bytes::Damaged) -> Error {
    Error::new(ErrorKind::Internal, format!("record {n} of process {id}: {damaged}"))
}

/// What an entry on its own brought, as a failed input is kept.
pub(super) fn came_of(entry: &[u8]) -> Option<Part> {
    sketch::came(&Entry::take(&mut Reader::new(entry)).ok()?)
}

fn past(
    n: u64,
    record: &Record,
    bytes: usize,
) -> Result<PastRecord, procession_durable::bytes::Damaged> {
    let (mut came, mut went) = (Parts::default(), Parts::default());
    let input = match &record.kind {
        // An input that failed is written down as the entry that it would have been.
        Kind::Failed { input, .. } => input.as_slice(),
        _ => record.journal().unwrap_or_default(),
    };
    let mut journal = Reader::new(input);
    while !journal.rest().is_empty() {
        let entry = Entry::take(&mut journal)?;
        if let Some(part) = sketch::came(&entry) {
            came.add(part);
        } else if let Some(part) = sketch::went(&entry) {
            went.add(part);
        }
    }
    let deed = match &record.kind {
        Kind::Turns { .. } => Deed::Turns,
        Kind::Failed { error, rule, .. } => Deed::Failed(error.clone(), *rule),
        Kind::Ended { reason, .. } => Deed::Ended(reason.error()),
        Kind::Killed { reason } => Deed::Killed(reason.error()),
        Kind::Upgraded { program, .. } => Deed::Upgraded(program.clone()),
        Kind::Given { origin, .. } => Deed::Given(origin.clone()),
    };
    Ok(PastRecord {
        n,
        slot: record.slot,
        inputs: record.inputs,
        at: record.at,
        deed,
        came,
        went,
        instructions: record.usage.instructions,
        used: 0,
        duration_ns: record.usage.duration_ns,
        state_bytes: record.usage.state_bytes,
        bytes: bytes as u64,
    })
}
