//! The snapshots of a process in the store: several generations, of which the newest good one counts.

use super::history::record;
use super::keeper::{Keeper, locked, of_store};
use super::pages::{NewPages, cut, joined, needed};
use procession_durable::bytes::{decoded, encoded};
use procession_durable::head::ProgramHash;
use procession_durable::keys;
use procession_durable::ledger::Ledger;
use procession_durable::record::Kind;
use procession_durable::snapshot::{PAGE_BYTES, PageHash, PageRef, Snapshot, State};
use procession_store::{Change, Commit, Found, Record, Space, StoreError, log_key};
use procession_types::{Error, Timestamp};
use std::collections::{HashMap, HashSet};

/// Snapshots that are kept.
const SNAPSHOTS_KEPT: usize = 3;
/// The largest state that is written as a whole: below, what could be saved is less than what it takes to
/// find out.
const WHOLE_BYTES_MAX: usize = 64 << 10;
/// The line of states that processes were given: they lead somewhere as long as the log says so, and nothing
/// rests on them.
const LINE_GIVEN: u8 = 2;

/// A state that is to become a snapshot.
pub(crate) struct Taken {
    /// The record that comes next.
    pub(crate) n: u64,
    pub(crate) at: Timestamp,
    pub(crate) program: ProgramHash,
    pub(crate) instructions: u64,
    pub(crate) ledger: Ledger,
    /// What the guest gave.
    pub(crate) state: Vec<u8>,
}

/// Writes a snapshot, and removes what is too old with it. `done` is called when it is on disk or refused;
/// then there will be another one.
pub(crate) fn put(keeper: &Keeper, id: u64, taken: Taken, done: impl FnOnce() + Send + 'static) {
    let Some(writing) = Writing::begin(keeper, id) else { return done() };
    let done = move || {
        drop(writing);
        done();
    };
    // What can't be read or written now is tried again when the next one is due.
    let changes = changes(keeper, id, taken).unwrap_or_default();
    if changes.is_empty() {
        return done();
    }
    if let Err(refused) = keeper.committer.submit(Commit::of(changes), Box::new(|_| done())) {
        (refused.done)(Err(StoreError::Closed));
    }
}

/// The right to write a snapshot of a process: two at once could remove what the other needs.
pub(crate) struct Writing {
    of: std::sync::Arc<std::sync::Mutex<HashSet<u64>>>,
    id: u64,
}

impl Writing {
    /// `None` while somebody else has it.
    pub(crate) fn begin(keeper: &Keeper, id: u64) -> Option<Self> {
        let of = std::sync::Arc::clone(&keeper.writing);
        let is_free = locked(&of).insert(id);
        is_free.then_some(Self { of, id })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        locked(&self.of).remove(&self.id);
    }
}

/// What the store has to do for a snapshot; nothing when it has that already, or newer ones enough.
pub(crate) fn changes(keeper: &Keeper, id: u64, taken: Taken) -> Result<Vec<Change>, Error> {
    let mut old = list(keeper, id)?;
    let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
    // One of records that are not there is of another past.
    let mut gone: Vec<Snapshot> = old.extract_if(.., |it| it.n > ends.next).collect();
    let at = old.iter().take_while(|it| it.n > taken.n).count();
    if at >= SNAPSHOTS_KEPT || old.get(at).is_some_and(|it| it.n == taken.n) {
        return Ok(Vec::new());
    }
    let mut rest = old.split_off(old.len().min(SNAPSHOTS_KEPT - 1));
    // What a record leads to that is still in the log.
    let mut pinned = rest.extract_if(.., |it| is_given(keeper, id, it.n)).collect();
    gone.append(&mut rest);
    let (snapshot, new) = made(keeper, id, taken, &old)?;
    let mut changes = written(id, &snapshot, new);
    old.insert(at.min(old.len()), snapshot);
    if let (Some(oldest), Some(newest)) = (old.get(SNAPSHOTS_KEPT - 1), old.first()) {
        let first = oldest.n.min(newest.n.saturating_sub(keeper.rule.records_kept));
        if first > 0 {
            changes.push(Change::trim_log(id, first - 1));
        }
    }
    old.append(&mut pinned);
    // Before the pages that are put: one of them may be of those that go.
    changes.splice(0..0, removed(id, &gone, &old));
    Ok(changes)
}

/// Puts a snapshot into the store, with the pages that are new.
pub(crate) fn written(id: u64, snapshot: &Snapshot, new: NewPages) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::with_capacity(new.len() + 8);
    if let State::Pages { line, .. } = &snapshot.state {
        let put = |(hash, bytes)| Change::put(Space::Page, keys::page(id, *line, &hash), bytes);
        changes.extend(new.into_iter().map(put));
    }
    let key = keys::snapshot(id, snapshot.n);
    changes.push(Change::put(Space::Snapshot, key, encoded(snapshot)));
    changes
}

/// Whether a snapshot is what the record before it gave the process.
fn is_given(keeper: &Keeper, id: u64, n: u64) -> bool {
    let before = n.checked_sub(1).map(|n| record(keeper, id, n));
    before.is_some_and(|it| it.is_ok_and(|it| matches!(it.kind, Kind::Given { .. })))
}

/// A state that a process is given, as it is to lie in the store: it shares pages with no other.
pub(crate) fn apart(state: &[u8]) -> (State, NewPages) {
    let length = state.len() as u64;
    if state.len() <= WHOLE_BYTES_MAX {
        return (State::Whole { length, bytes: lz4_flex::block::compress(state) }, Vec::new());
    }
    let cut = cut(state, &[], &HashMap::new(), &mut |_| None);
    (State::Pages { length, line: LINE_GIVEN, pages: cut.pages }, cut.new)
}

/// A snapshot, and the pages that it needs and the store does not have. `old` are those that stay, the
/// newest first.
fn made(
    keeper: &Keeper,
    id: u64,
    taken: Taken,
    old: &[Snapshot],
) -> Result<(Snapshot, NewPages), Error> {
    let Taken { n, at, program, instructions, ledger, state } = taken;
    let hash = *blake3::hash(&state).as_bytes();
    let previous = hash_before(keeper, id, n)?;
    let length = state.len() as u64;
    let (state, new) = if state.len() <= WHOLE_BYTES_MAX {
        apart(&state)
    } else {
        let line = old.first().and_then(line_of).map_or(0, |line| 1 - line.min(1));
        let mine = || old.iter().filter_map(|one| pages_of(one, line));
        let known: HashMap<PageHash, PageRef> =
            mine().flatten().map(|page| (page.hash, *page)).collect();
        let older = mine().next().unwrap_or_default();
        let cut = cut(&state, older, &known, &mut |hash| page(keeper, id, line, hash));
        (State::Pages { length, line, pages: cut.pages }, cut.new)
    };
    Ok((Snapshot { n, at, previous, program, instructions, ledger, state, hash }, new))
}

/// The hash of the record before `n`.
fn hash_before(keeper: &Keeper, id: u64, n: u64) -> Result<[u8; 32], Error> {
    let ends = keeper.store.log_ends(id).map_err(|error| of_store(&error))?;
    if ends.next == n {
        return Ok(ends.head);
    }
    if ends.first == n {
        return Ok(ends.previous);
    }
    let before = n.checked_sub(1).map(|last| keeper.store.get(Space::Log, &log_key(id, last)));
    let value = before.transpose().map_err(|error| of_store(&error))?.flatten();
    let record = value.as_deref().and_then(Record::of_value).map(|record| record.hash);
    record.ok_or_else(|| {
        Error::not_found(format!("the log of process {id} has no record before {n}"))
    })
}

/// A snapshot of a process with its state; `None` when it is not there, or anything of it is not as it was
/// written.
///
/// # Errors
/// When the store can't be read.
pub(crate) fn find(keeper: &Keeper, id: u64, n: u64) -> Result<Option<(Snapshot, Vec<u8>)>, Error> {
    let mut found = None;
    visit(keeper, id, n, &mut |at, snapshot| {
        found = snapshot.filter(|_| at == n);
        false
    })?;
    Ok(found.and_then(|it| state(keeper, id, &it).map(|state| (it, state))))
}

/// The snapshots of a process that can be read, the newest first.
///
/// # Errors
/// When the store can't be read.
pub(crate) fn list(keeper: &Keeper, id: u64) -> Result<Vec<Snapshot>, Error> {
    let mut found = Vec::new();
    visit(keeper, id, u64::MAX, &mut |_, snapshot| {
        found.extend(snapshot);
        true
    })?;
    Ok(found)
}

/// Visits the snapshots of a process whose next record is `n_max` at most, the newest first, until `look`
/// returns false. Gives the number of the next record, and the snapshot unless it is damaged.
fn visit(
    keeper: &Keeper,
    id: u64,
    n_max: u64,
    look: &mut dyn FnMut(u64, Option<Snapshot>) -> bool,
) -> Result<(), Error> {
    let (from, end) = keys::all_of(id);
    let to = n_max.checked_add(1).map_or(end, |n| keys::snapshot(id, n));
    let each = &mut |key: &[u8], found: Found<'_>| {
        let Some(n) = keys::second(key) else { return true };
        let snapshot = match found {
            Found::Value(bytes) => decoded::<Snapshot>(bytes).ok().filter(|it| it.n == n),
            Found::Damaged(_) => None,
        };
        look(n, snapshot)
    };
    let seen = keeper.store.inspect(Space::Snapshot, &from, &to, true, each);
    seen.map_err(|error| of_store(&error))
}

/// What became of the search for a snapshot to go on from.
pub(crate) struct Search<T> {
    /// The newest that is good, and what was made of it.
    pub(crate) found: Option<T>,
    /// Newer ones that are damaged or not whole, by the records that follow them.
    pub(crate) damaged: Vec<u64>,
}

/// Looks for the newest good snapshot whose next record is `n_max` at most. `restore` makes something of a
/// snapshot and the guest's state; `None` passes it over, as one of another version of the program.
///
/// # Errors
/// When the store can't be read.
pub(crate) fn newest<T>(
    keeper: &Keeper,
    id: u64,
    n_max: u64,
    mut restore: impl FnMut(&Snapshot, &[u8]) -> Option<T>,
) -> Result<Search<(Snapshot, T)>, Error> {
    let mut search = Search { found: None, damaged: Vec::new() };
    visit(keeper, id, n_max, &mut |n, snapshot| {
        let whole = snapshot.and_then(|it| state(keeper, id, &it).map(|state| (it, state)));
        let Some((snapshot, state)) = whole else {
            search.damaged.push(n);
            return true;
        };
        search.found = restore(&snapshot, &state).map(|made| (snapshot, made));
        search.found.is_none()
    })?;
    Ok(search)
}

/// The guest's state in a snapshot; `None` when it is not what was put there, or not of this log.
pub(crate) fn state(keeper: &Keeper, id: u64, snapshot: &Snapshot) -> Option<Vec<u8>> {
    if hash_before(keeper, id, snapshot.n).ok()? != snapshot.previous {
        return None;
    }
    let length = usize::try_from(snapshot.state.length()).ok()?;
    // No page is smaller when it is compressed than by this factor.
    const FACTOR_MAX: usize = 256;
    let state = match &snapshot.state {
        State::Whole { bytes, .. } => {
            (length / FACTOR_MAX <= bytes.len()).then_some(())?;
            lz4_flex::block::decompress(bytes, length).ok()?
        }
        State::Pages { line, pages, .. } => {
            (length.div_ceil(PAGE_BYTES) == pages.len()).then_some(())?;
            joined(length, pages, &mut |hash| page(keeper, id, *line, hash)).ok()?
        }
    };
    (*blake3::hash(&state).as_bytes() == snapshot.hash).then_some(state)
}

/// Removes snapshots that are damaged, and those that may share the damage: nothing that is written later
/// may rest on it. `good` is the one that the process went on from.
pub(crate) fn remove_damaged(keeper: &Keeper, id: u64, damaged: &[u64], good: Option<u64>) {
    // What is refused now is tried when the process comes back next.
    let Ok(all) = list(keeper, id) else { return };
    let is_damaged = |one: &Snapshot| damaged.contains(&one.n);
    let lines = all.iter().filter(|it| is_damaged(it)).filter_map(line_of);
    let lines: Vec<u8> = lines.filter(|line| *line != LINE_GIVEN).collect();
    let is_suspect = |one: &Snapshot| {
        let shares = line_of(one).is_some_and(|line| lines.contains(&line));
        is_damaged(one) || shares && good.is_none_or(|good| one.n < good)
    };
    let (gone, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(is_suspect);
    let mut changes: Vec<Change> = removed(id, &gone, &kept).collect();
    let key = |n: &u64| Change::remove(Space::Snapshot, keys::snapshot(id, *n));
    changes.extend(damaged.iter().map(key));
    let _ = keeper.committer.submit(Commit::of(changes), Box::new(|_| ()));
}

/// Removes snapshots, and the pages that only they need.
fn removed<'a>(
    id: u64,
    gone: &'a [Snapshot],
    kept: &[Snapshot],
) -> impl Iterator<Item = Change> + use<'a> {
    let all =
        |of: &[Snapshot], line| needed(of.iter().filter_map(|it| pages_of(it, line)).flatten());
    let lines = [0, 1, LINE_GIVEN].map(|line| (line, all(gone, line), all(kept, line)));
    let pages =
        lines.into_iter().flat_map(move |(line, gone, kept): (u8, HashSet<_>, HashSet<_>)| {
            let mut only: Vec<PageHash> = gone.difference(&kept).copied().collect();
            only.sort_unstable();
            only.into_iter()
                .map(move |hash| Change::remove(Space::Page, keys::page(id, line, &hash)))
        });
    gone.iter()
        .map(move |it| Change::remove(Space::Snapshot, keys::snapshot(id, it.n)))
        .chain(pages)
}

fn line_of(snapshot: &Snapshot) -> Option<u8> {
    match &snapshot.state {
        State::Whole { .. } => None,
        State::Pages { line, .. } => Some(*line),
    }
}

fn pages_of(snapshot: &Snapshot, of: u8) -> Option<&[PageRef]> {
    match &snapshot.state {
        State::Pages { line, pages, .. } if *line == of => Some(pages),
        State::Whole { .. } | State::Pages { .. } => None,
    }
}

/// A page as it lies in the store; `None` when it is not there, or damaged.
fn page(keeper: &Keeper, id: u64, line: u8, hash: &PageHash) -> Option<Vec<u8>> {
    keeper.store.get(Space::Page, &keys::page(id, line, hash)).ok().flatten()
}
