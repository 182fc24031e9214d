//! Bringing a process back from the store: the newest good snapshot, and what its log has since. Runs on a
//! thread of its own kind, not on a shard.

use super::death::KEPT_AFTER_END_NS;
use super::keeper::{Keeper, of_store};
use super::process::Early;
use super::rule::Since;
use super::snapshots::{self, Search};
use super::travel::Difference;
use crate::pid_bytes;
use crate::shared::Shared;
use procession_durable::bytes::decoded;
use procession_durable::head::{Condition, Head, number};
use procession_durable::journal::Source;
use procession_durable::keys;
use procession_durable::ledger::Ledger;
use procession_durable::record::{Kind, Parcel, Record};
use procession_durable::replay::{End, replay};
use procession_durable::replayer::Identity;
use procession_durable::snapshot::Snapshot;
use procession_environment::Guest;
use procession_store::{Change, Commit, LogEnds, Space, link};
use procession_telemetry::{Event, EventKind};
use procession_types::{Error, ErrorKind, Pid, Timestamp};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A process as the store has it.
pub(crate) struct Recovered {
    pub(crate) head: Head,
    pub(crate) guest: Box<dyn Guest>,
    pub(crate) ledger: Ledger,
    /// Its next record.
    pub(crate) n: u64,
    /// Whether its program's top level has run.
    pub(crate) is_started: bool,
    /// What waits for it.
    pub(crate) inbox: Early,
    /// Groups of commits that were in the store when that was looked up.
    pub(crate) read_at: u64,
    /// Who monitors it, and who has linked itself to it.
    pub(crate) watchers: Vec<Pid>,
    pub(crate) linked_by: Vec<Pid>,
    pub(crate) since: Since,
    pub(crate) is_uneasy: bool,
}

/// Which processes are brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those that may run.
    Alive,
    /// Also one that stands still, as it was before the input that it can't get past: it is ended at once.
    Anyway,
}

/// What became of the attempt.
pub(crate) enum Found {
    /// It is here.
    Process(Box<Recovered>),
    /// It has ended, or never was.
    Gone,
    /// It stands still, and why.
    Halted(Error),
}

/// Reads and replays. All commits of the process must be decided.
///
/// # Errors
/// What is damaged, or where the replay differs.
pub(crate) fn recover(
    shared: &Shared,
    keeper: &Keeper,
    pid: Pid,
    wanted: Wanted,
) -> Result<Found, Error> {
    let id = number(&pid);
    let Some(bytes) =
        keeper.store.get(Space::Head, &keys::process(id)).map_err(|e| of_store(&e))?
    else {
        return Ok(Found::Gone);
    };
    let head: Head = decoded(&bytes).map_err(damaged)?;
    match &head.condition {
        Condition::Alive => {}
        Condition::Halted { error, .. } if wanted == Wanted::Alive => {
            return Ok(Found::Halted(error.clone()));
        }
        Condition::Halted { .. } => {}
        Condition::Ended { at, .. } => {
            if at.after(KEPT_AFTER_END_NS) <= shared.clock.now() {
                forget(keeper, id, *at)?;
            }
            return Ok(Found::Gone);
        }
    }
    let mut past = Past::begin(shared, keeper, &head, u64::MAX)?;
    if !past.damaged.is_empty() {
        tell_damaged(shared, &head, &past);
        snapshots::remove_damaged(keeper, id, &past.damaged, past.snapshot);
    }
    past.run(u64::MAX)?;
    if past.has_ended {
        return Ok(Found::Gone);
    }
    let (mut watchers, mut linked_by) = (Vec::new(), Vec::new());
    let (from, to) = keys::all_of(id);
    let scanned = keeper.store.scan(Space::Relation, &from, &to, false, &mut |key, value| {
        if let (Some(by_link), Ok(watcher)) = (key.get(8), decoded::<Pid>(value)) {
            if *by_link == 1 { linked_by.push(watcher) } else { watchers.push(watcher) }
        }
        true
    });
    scanned.map_err(|error| of_store(&error))?;
    let read_at = keeper.gauge.groups.load(Ordering::SeqCst);
    let inbox = inbox(keeper, id)?;
    let uneasy = keeper.store.get(Space::Uneasy, &keys::process(id)).map_err(|e| of_store(&e))?;
    let Past { head, guest, ledger, n, is_started, since, .. } = past;
    Ok(Found::Process(Box::new(Recovered {
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
        is_uneasy: uneasy.is_some(),
    })))
}

/// Somebody should know that the disk, or a copy of it, is not what it was.
fn tell_damaged(shared: &Shared, head: &Head, past: &Past<'_>) {
    let records = |n: u64| n.to_string();
    let damaged: Vec<String> = past.damaged.iter().copied().map(records).collect();
    let used = past.snapshot.map_or_else(|| "none, the whole log".to_owned(), records);
    let message = "a snapshot is damaged; an older state and the log were used instead";
    let event = Event::new(EventKind::SnapshotDamaged, message)
        .of_process(head.birth.pid, head.program.clone())
        .with("damaged", damaged.join(" "))
        .with("used", used);
    shared.telemetry.publish(&event);
}

/// Removes what is left of a process that ended long ago.
fn forget(keeper: &Keeper, id: u64, ended: Timestamp) -> Result<(), Error> {
    let (from, to) = keys::all_of(id);
    let mut changes = vec![
        Change::forget_log(id),
        Change::remove(Space::Head, keys::process(id)),
        Change::remove(Space::Wake, keys::wake(ended.after(KEPT_AFTER_END_NS), id)),
    ];
    for space in [Space::Snapshot, Space::Page, Space::Inbox, Space::Relation] {
        let scanned = keeper.store.inspect(space, &from, &to, false, &mut |key, _| {
            changes.push(Change::remove(space, key.to_vec()));
            true
        });
        scanned.map_err(|error| of_store(&error))?;
    }
    // When it is refused now, it is tried at the next start.
    let _ = keeper.committer.submit(Commit::of(changes), Box::new(|_| ()));
    Ok(())
}

fn inbox(keeper: &Keeper, id: u64) -> Result<Early, Error> {
    let (from, to) = keys::all_of(id);
    let (mut inbox, mut wrong) = (Early::new(), None);
    let scanned = keeper.store.scan(Space::Inbox, &from, &to, false, &mut |key, value| {
        match (keys::source(key), decoded::<Parcel>(value)) {
            (Some(source), Ok(parcel)) => inbox.push((Some(source), parcel)),
            (_, Err(error)) => wrong = Some(damaged(error)),
            (None, _) => wrong = Some(Error::new(ErrorKind::Internal, "a key is damaged")),
        }
        wrong.is_none()
    });
    scanned.map_err(|error| of_store(&error))?;
    // Senders are in no order; news of deaths come last, as their keys do within a sender.
    inbox.sort_by_key(|(source, _)| source.map(|source| (source.n == Source::DEATH, source)));
    wrong.map_or(Ok(inbox), Err)
}

fn damaged(damaged: procession_durable::bytes::Damaged) -> Error {
    Error::new(ErrorKind::Internal, damaged.to_string())
}

/// A process on its way through its own past.
pub(crate) struct Past<'a> {
    shared: &'a Shared,
    keeper: &'a Keeper,
    pub(crate) head: Head,
    pub(crate) guest: Box<dyn Guest>,
    pub(crate) ledger: Ledger,
    pub(crate) n: u64,
    pub(crate) is_started: bool,
    pub(crate) has_ended: bool,
    pub(crate) since: Since,
    /// The first slot of the record in which it was to stop and was not at rest: its state is none that
    /// it ever had.
    pub(crate) strayed: Option<u64>,
    /// It was ended by somebody else: its state is the one before that.
    pub(crate) is_intact: bool,
    /// Where it is not as it was, first.
    pub(crate) difference: Option<Difference>,
    /// Snapshots whose states were met.
    pub(crate) met: u64,
    /// States to be met: the record that follows, and the hash.
    expected: Vec<(u64, [u8; 32])>,
    /// The hash of the record before `n`.
    previous: [u8; 32],
    /// Newer snapshots than that from which it came, which are damaged.
    damaged: Vec<u64>,
    /// The snapshot from which it came.
    snapshot: Option<u64>,
    /// When whoever asked no longer waits.
    pub(crate) until: Option<Instant>,
}

impl<'a> Past<'a> {
    /// At the newest good snapshot whose next record is `n_max` at most, or at the beginning.
    pub(crate) fn begin(
        shared: &'a Shared,
        keeper: &'a Keeper,
        head: &Head,
        n_max: u64,
    ) -> Result<Self, Error> {
        let id = number(&head.birth.pid);
        let restore =
            |snapshot: &Snapshot, state: &[u8]| restored(shared, keeper, head, snapshot, state);
        let Search { found, damaged } = snapshots::newest(keeper, id, n_max, restore)?;
        let birth = &head.birth;
        let mut head = head.clone();
        // An upgrade that came later is in the log.
        (head.program, head.hash) = match &found {
            Some((snapshot, _)) => (keeper.program_of(&head, &snapshot.program), snapshot.program),
            None => (birth.program.clone(), birth.hash),
        };
        let (snapshot, guest) = match found {
            Some((snapshot, guest)) => (Some(snapshot), guest),
            None => {
                let (host, hash) = (birth.pid.host, &birth.hash);
                let image = keeper.image(&shared.programs, &birth.program, host, hash)?;
                (None, image.spawn(&birth.arguments, &birth.limits)?)
            }
        };
        let n = snapshot.as_ref().map(|snapshot| snapshot.n);
        let (ledger, previous) = snapshot
            .map_or((Ledger::default(), LogEnds::EMPTY.previous), |it| (it.ledger, it.previous));
        Ok(Self {
            shared,
            keeper,
            head,
            guest,
            ledger,
            n: n.unwrap_or(0),
            is_started: n.is_some(),
            has_ended: false,
            is_intact: false,
            since: Since::default(),
            strayed: None,
            difference: None,
            met: 0,
            expected: Vec::new(),
            previous,
            damaged,
            snapshot: n,
            until: None,
        })
    }

    /// Runs through the records from here on, until `inputs_max` inputs have been taken in all, or to the
    /// end.
    pub(crate) fn run(&mut self, inputs_max: u64) -> Result<(), Error> {
        let id = number(&self.head.birth.pid);
        let store = std::sync::Arc::clone(&self.keeper.store);
        let (mut wrong, from) = (None, self.n);
        let before = self.guest.usage().instructions;
        let read = store.records(id, from, &mut |n, record| match self.record(
            id,
            n,
            record.body,
            record.hash,
            inputs_max,
        ) {
            Ok(goes_on) => goes_on,
            Err(error) => {
                wrong = Some(error);
                false
            }
        });
        // An upgrade begins to count anew.
        self.since.instructions += self.guest.usage().instructions.saturating_sub(before);
        read.map_err(|error| of_store(&error))?;
        wrong.map_or(Ok(()), Err)
    }

    fn record(
        &mut self,
        id: u64,
        n: u64,
        body: &[u8],
        hash: [u8; 32],
        inputs_max: u64,
    ) -> Result<bool, Error> {
        let place = |what: &str| {
            let message = format!("record {n} of process {id}: {what}");
            Error::new(ErrorKind::Internal, message)
        };
        if self.until.is_some_and(|until| Instant::now() >= until) {
            let slot = self.ledger.inputs;
            let message = format!("the time was over when the replay had come to slot {slot}");
            return Err(Error::new(ErrorKind::Timeout, message));
        }
        if n != self.n {
            return Err(place(&format!("record {} is missing before it", self.n)));
        }
        let previous = std::mem::replace(&mut self.previous, hash);
        if link(id, n, &previous, body) != hash {
            return Err(place("it does not follow the one before: the chain is broken"));
        }
        let record: Record = decoded(body).map_err(|error| place(&error.to_string()))?;
        if record.slot >= inputs_max && record.inputs > 0 {
            return Ok(false);
        }
        self.since.records += 1;
        self.since.bytes += body.len() as u64;
        let mut goes_on = true;
        match &record.kind {
            Kind::Turns { journal } | Kind::Ended { journal, .. } => {
                self.is_started = true;
                let end = match self.turns(journal, inputs_max) {
                    Ok(end) => end,
                    Err(what) => {
                        let error = place(&what);
                        self.differs(n, what);
                        return Err(error);
                    }
                };
                goes_on = !matches!(end, End::Withheld | End::Strayed);
                if matches!(end, End::Strayed) {
                    self.strayed = Some(record.slot);
                }
            }
            Kind::Failed { input, .. } => self.ledger.skipped(input),
            Kind::Killed { .. } => self.is_intact = true,
            Kind::Upgraded { program, hash, arguments } => {
                let birth = &self.head.birth;
                let host = birth.pid.host;
                let image = self.keeper.image(&self.shared.programs, program, host, hash)?;
                self.guest = image.spawn(arguments, &birth.limits)?;
                self.ledger.replaced();
                // The record of its start follows, unless the node ended in between.
                self.is_started = false;
                (self.head.program, self.head.hash) = (program.clone(), *hash);
            }
            Kind::Given { program, hash, state, .. } => {
                let found = snapshots::find(self.keeper, id, n + 1)?;
                let found = found.filter(|(it, _)| it.hash == *state && it.program == *hash);
                let Some((snapshot, state)) = found else {
                    return Err(place("the snapshot with the state it gave is damaged or gone"));
                };
                let birth = &self.head.birth;
                let (host, limits) = (birth.pid.host, birth.limits);
                let image = self.keeper.image(&self.shared.programs, program, host, hash)?;
                self.guest = image.restore(&state, &limits)?;
                (self.ledger, self.is_started) = (snapshot.ledger, true);
                (self.head.program, self.head.hash) = (program.clone(), *hash);
            }
        }
        if goes_on {
            self.has_ended |= matches!(record.kind, Kind::Ended { .. } | Kind::Killed { .. });
            self.n = n + 1;
            goes_on = self.is_as_expected();
        }
        Ok(goes_on)
    }

    /// Compares the states to come with these.
    pub(crate) fn expect(&mut self, states: Vec<(u64, [u8; 32])>) {
        self.expected = states;
    }

    /// Whether the state is that of the snapshot before `n`, if there is one.
    fn is_as_expected(&mut self) -> bool {
        let expected = self.expected.iter().find(|(n, _)| *n == self.n).map(|(_, hash)| *hash);
        let (Some(expected), false) = (expected, self.has_ended) else { return true };
        let Some(state) = self.guest.snapshot() else { return true };
        let is_same = *blake3::hash(&state).as_bytes() == expected;
        if is_same {
            self.met += 1;
        } else {
            let what = "the state after it is not that of the snapshot that was made there";
            self.differs(self.n - 1, what.to_owned());
        }
        is_same
    }

    fn differs(&mut self, n: u64, what: String) {
        let slot = self.ledger.inputs;
        self.difference.get_or_insert(Difference { n, slot, what });
    }

    fn turns(&mut self, journal: &[u8], inputs_max: u64) -> Result<End, String> {
        let shared = self.shared;
        let write_pid = |pid: Pid, out: &mut Vec<u8>| {
            pid_bytes::write(pid, &shared.hosts, shared.name.as_deref(), out);
        };
        let identity = Identity {
            pid: self.head.birth.pid,
            program: &self.head.program,
            context: &self.head.birth.context,
            write_pid: &write_pid,
        };
        replay(&mut *self.guest, &identity, &mut self.ledger, journal, inputs_max)
            .map_err(|divergence| format!("its replay differs {divergence}"))
    }
}

/// A guest from a snapshot; `None` when it can't be used.
fn restored(
    shared: &Shared,
    keeper: &Keeper,
    head: &Head,
    snapshot: &Snapshot,
    state: &[u8],
) -> Option<Box<dyn Guest>> {
    let birth = &head.birth;
    let image =
        keeper.image(&shared.programs, &head.program, birth.pid.host, &snapshot.program).ok()?;
    image.restore(state, &birth.limits).ok()
}
