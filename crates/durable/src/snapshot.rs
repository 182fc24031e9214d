//! A snapshot: the state of a process at a wait point, with everything that is needed to go on from there.
//!
//! A small state is in it as a whole. A large one lies in pages beside it, which snapshots share: a page
//! that is as it was is not written again, and one of which little has changed is written as what differs
//! from an older one, its *base*.
//!
//! Pages belong to one of two lines. Snapshots take turns: each shares pages with the one before the last,
//! never with the last. So whatever happens to a page, the snapshot before is whole.

use crate::bytes::{record, variants};
use crate::head::ProgramHash;
use crate::ledger::Ledger;
use procession_types::Timestamp;

/// Bytes of a page; the last one of a state may be shorter. Measured on heaps of 1 and 16 MB: pages of 4
/// KiB with bases take as much room in all, and four times as many keys; 64 KiB are beyond what the
/// compressor looks back.
pub const PAGE_BYTES: usize = 16 << 10;

/// What a page is known by: the first half of the BLAKE3 of its bytes.
pub type PageHash = [u8; 16];

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The record that comes next.
    pub n: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The hash of the record before `n`: what follows is chained to it.
    pub previous: [u8; 32],
    /// The hash of the program whose state it is.
    pub program: ProgramHash,
    /// Instructions that the process has executed.
    pub instructions: u64,
    /// See [`Ledger`].
    pub ledger: Ledger,
    /// The guest's snapshot.
    pub state: State,
    /// BLAKE3 of the guest's snapshot.
    pub hash: [u8; 32],
}

/// Where a guest's snapshot is.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum State {
    /// Here: its length, and LZ4 of it.
    Whole { length: u64, bytes: Vec<u8> },
    /// In pages of this line.
    Pages { length: u64, line: u8, pages: Vec<PageRef> },
}

/// A page of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRef {
    /// See [`PageHash`].
    pub hash: PageHash,
    /// The page with which as the dictionary its LZ4 was made. It has no base itself.
    pub base: Option<PageHash>,
}

impl State {
    /// Bytes of the guest's snapshot.
    #[must_use]
    pub const fn length(&self) -> u64 {
        match self {
            Self::Whole { length, .. } | Self::Pages { length, .. } => *length,
        }
    }
}

record!(PageRef { hash, base });

variants!(State, "where a state is" {
    0 Whole { length, bytes },
    1 Pages { length, line, pages },
});

record!(Snapshot { n, at, previous, program, instructions, ledger, state, hash });
