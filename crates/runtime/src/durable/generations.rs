//! The snapshots of a process, as people see and make them.

use super::keeper::{Keeper, of_store, too_many};
use super::snapshots::{self, Taken, Writing};
use crate::node::Node;
use procession_durable::head::{Head, ProgramHash, number};
use procession_durable::snapshot::Snapshot;
use procession_store::{Commit, StoreError};
use procession_types::{Error, ErrorKind, Pid, SmolStr, Timestamp};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How long somebody else may take who writes a snapshot of the same process.
const OTHER_PATIENCE: Duration = Duration::from_secs(10);

/// A snapshot in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The record that follows it: what it is known by.
    pub n: u64,
    /// Inputs that the process had taken.
    pub slot: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The program whose state it is.
    pub program: SmolStr,
    /// Which version of it.
    pub version: ProgramHash,
    /// Instructions that the process had executed.
    pub instructions: u64,
    /// Bytes of the state, as it is when nothing is compressed or shared.
    pub state_bytes: u64,
    /// BLAKE3 of the state.
    pub hash: [u8; 32],
}

impl Node {
    /// The snapshots of a durable process that the store has, the newest first.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process.
    pub fn snapshots(&self, pid: Pid) -> Result<Vec<Generation>, Error> {
        let (keeper, head) = self.past_of(pid)?;
        let all = snapshots::list(keeper, number(&pid))?;
        Ok(all.iter().map(|it| generation(keeper, &head, it)).collect())
    }

    /// Makes a snapshot of a durable process now: its last state is replayed aside and written. The
    /// process and its shard are not waited for. When there is one of that state, it is that one.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process; `Conflict` when it has ended; `Timeout`; `Unavailable`
    /// when the disk is full.
    pub fn make_snapshot(&self, pid: Pid, until: Option<Instant>) -> Result<Generation, Error> {
        let (keeper, head) = self.past_of(pid)?;
        keeper.check_room()?;
        let past = self.past_at(keeper, &head, u64::MAX, until)?;
        if past.has_ended {
            let message = "the process has ended: its past is kept for a day, as it is";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let (id, n) = (number(&pid), past.n);
        let captured = past.captured()?;
        let taken = Taken {
            n,
            at: self.shared.clock.now(),
            program: captured.head.hash,
            instructions: captured.instructions,
            ledger: captured.ledger,
            state: captured.state,
        };
        write(keeper, id, taken)?;
        // When it has gone on meanwhile, three newer ones may be there.
        let all = snapshots::list(keeper, id)?;
        let made = all.iter().find(|it| it.n == n).or(all.first());
        made.map(|it| generation(keeper, &head, it)).ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "the snapshot was not written: try again later")
        })
    }
}

/// Writes a snapshot, and waits until it is on disk.
fn write(keeper: &Keeper, id: u64, taken: Taken) -> Result<(), Error> {
    let _writing = writing(keeper, id)?;
    let changes = snapshots::changes(keeper, id, taken)?;
    if changes.is_empty() {
        return Ok(());
    }
    written(keeper, Commit::of(changes))
}

/// The right to write a snapshot of a process, as soon as nobody else has it.
pub(super) fn writing(keeper: &Keeper, id: u64) -> Result<Writing, Error> {
    let end = Instant::now() + OTHER_PATIENCE;
    loop {
        if let Some(writing) = Writing::begin(keeper, id) {
            return Ok(writing);
        }
        if Instant::now() >= end {
            let message = "a snapshot of the process is being written: try again later";
            return Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Commits, and waits until it is on disk.
pub(super) fn written(keeper: &Keeper, commit: Commit) -> Result<(), Error> {
    let (sender, receiver) = channel();
    // Whoever asked is waiting for it.
    let done = Box::new(move |result: Result<(), StoreError>| drop(sender.send(result)));
    keeper.committer.submit(commit, done).map_err(|_| too_many())?;
    receiver.recv().map_err(|_| too_many())?.map_err(|error| of_store(&error))
}

fn generation(keeper: &Keeper, head: &Head, of: &Snapshot) -> Generation {
    Generation {
        n: of.n,
        slot: of.ledger.inputs,
        at: of.at,
        program: keeper.program_of(head, &of.program),
        version: of.program,
        instructions: of.instructions,
        state_bytes: of.state.length(),
        hash: of.hash,
    }
}
