//! One record of a process's log: a commit.

use crate::bytes::{Bytes, Damaged, Reader, encoded, record, variants};
use crate::head::ProgramHash;
use crate::journal::Source;
use procession_environment::OnError;
use procession_types::{Error, ExitReason, Fragment, Message, Pid, SmolStr, Timestamp};
use std::sync::Arc;

/// The version of the form of records, and of everything in them.
const VERSION: u8 = 1;

/// What a record says about the process after it, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Instructions that the process has executed.
    pub instructions: u64,
    /// Bytes of its state.
    pub state_bytes: u64,
    /// How long its turns took, in nanoseconds.
    pub duration_ns: u64,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum Kind {
    /// Turns, as a [journal](crate::journal).
    Turns { journal: Vec<u8> },
    /// The process failed over an input, and its state is that before it.
    Failed { input: Vec<u8>, error: Error, rule: OnError },
    /// The last turns, and how the process ended after them.
    Ended { journal: Vec<u8>, reason: Arc<ExitReason> },
    /// It was ended by somebody else.
    Killed { reason: Arc<ExitReason> },
    /// Another program took its place, with these arguments.
    Upgraded { program: SmolStr, hash: ProgramHash, arguments: Fragment },
    /// It goes on with a state that was made elsewhere: the snapshot behind this record has it. `state` is
    /// BLAKE3 of it.
    Given { origin: Origin, program: SmolStr, hash: ProgramHash, state: [u8; 32] },
}

/// Where a state comes from with which a process goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum Origin {
    /// The process is a fork: of whom, when that had taken so many inputs.
    Fork { of: Pid, slot: u64 },
    /// It went back to a snapshot of its own: the record that followed that then, and its slot.
    Restore { n: u64, slot: u64 },
    /// It came in a file: the text of the PID that it had, and its slot.
    Import { of: SmolStr, slot: u64 },
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When it was made.
    pub at: Timestamp,
    /// Inputs that the process had taken before: the first slot of this record.
    pub slot: u64,
    /// Inputs that it takes.
    pub inputs: u32,
    /// See [`Usage`].
    pub usage: Usage,
    /// See [`Kind`].
    pub kind: Kind,
}

record!(Usage { instructions, state_bytes, duration_ns });

variants!(Kind, "a kind of record" {
    0 Turns { journal },
    1 Failed { input, error, rule },
    2 Ended { journal, reason },
    3 Killed { reason },
    4 Upgraded { program, hash, arguments },
    5 Given { origin, program, hash, state },
});

variants!(Origin, "an origin" {
    0 Fork { of, slot },
    1 Restore { n, slot },
    2 Import { of, slot },
});

impl Bytes for Record {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        self.at.put(out);
        self.slot.put(out);
        self.inputs.put(out);
        self.usage.put(out);
        self.kind.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let before = from.clone();
        if from.byte("a version")? != VERSION {
            return Err(before.damaged("a version of records that this build knows"));
        }
        Ok(Self {
            at: Bytes::take(from)?,
            slot: Bytes::take(from)?,
            inputs: Bytes::take(from)?,
            usage: Bytes::take(from)?,
            kind: Bytes::take(from)?,
        })
    }
}

impl Record {
    /// The record's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        encoded(self)
    }

    /// The record's journal, if it has one.
    #[must_use]
    pub fn journal(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Turns { journal } | Kind::Ended { journal, .. } => Some(journal),
            Kind::Failed { .. }
            | Kind::Killed { .. }
            | Kind::Upgraded { .. }
            | Kind::Given { .. } => None,
        }
    }
}

/// What was written down for a process that has not taken it yet.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum Parcel {
    /// A message.
    Message(Message),
    /// A request to end.
    Cancel {
        from: Option<Pid>,
        at: Timestamp,
        deadline: Option<Timestamp>,
        reason: Option<Box<str>>,
    },
    /// Its end.
    Terminate,
    /// A process has ended that it monitors, or is linked to.
    Death { of: Pid, by_link: bool, at: Timestamp, reason: Arc<ExitReason> },
}

variants!(Parcel, "what waits for a process" {
    0 Message(message),
    1 Cancel { from, at, deadline, reason },
    2 Terminate,
    3 Death { of, by_link, at, reason },
});

/// A journal entry's source, as key order has it: sender, commit, output.
impl Source {
    /// What came from outside of the node.
    pub const OUTSIDE: u64 = 0;
    /// What is in the queue of a pool, where it is numbered by `n`, until it is done: who takes it notes that.
    pub const QUEUE: u64 = u64::MAX;
    /// The commit of a death: after all others.
    pub const DEATH: u64 = u64::MAX;

    /// Where the news of a death is written down for those that watch the process.
    #[must_use]
    pub const fn death(id: u64, by_link: bool) -> Self {
        Self { id, n: Self::DEATH, index: by_link as u32 }
    }
}
