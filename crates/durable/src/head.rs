//! What is known of a durable process beside its log: how it began, what it runs, whether it lives.

use crate::bytes::{Bytes, Damaged, Reader, record, variants};
use procession_environment::{Dialect, Durability, Module, OnError, Program, Promise};
use procession_types::{
    Context, Error, ExitReason, Fragment, HostIndex, Limits, Pid, ProgramLimits, ShardIndex,
    SmolStr, Timestamp,
};
use std::sync::Arc;

/// The hash of a program: what tells two versions of it apart.
pub type ProgramHash = [u8; 32];

/// How a process began. Never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Birth {
    /// Who it is.
    pub pid: Pid,
    /// Id of its process host.
    pub host: SmolStr,
    /// Who started it, when it was a process.
    pub parent: Option<Pid>,
    /// When.
    pub at: Timestamp,
    /// What its function was given.
    pub arguments: Fragment,
    /// What it inherited.
    pub context: Context,
    /// What it may use, for as long as it lives: a replay must meet the same limits.
    pub limits: Limits,
    /// The program it began with.
    pub program: SmolStr,
    /// Which version of it.
    pub hash: ProgramHash,
}

/// The number of a durable process in its store, which its PID says: the shard on which it began, and
/// which one of that shard's it is. It begins with 1.
#[must_use]
pub const fn number(pid: &Pid) -> u64 {
    (pid.shard as u64) << 48 | (pid.generation as u64 & 0xFFFF) << 32 | pid.slot as u64
}

/// The PID of a durable process of a shard: its `count`th, on a host, of the store with this epoch.
#[must_use]
pub const fn pid(host: HostIndex, shard: ShardIndex, epoch: u32, count: u64) -> Pid {
    Pid { host, shard, epoch, slot: count as u32, generation: (count >> 32) as u32 & 0xFFFF }
}

/// How a process stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// It lives.
    Alive,
    /// It stands still at an input that it can't get past.
    Halted {
        /// The commit that says over what.
        n: u64,
        /// What happened.
        error: Error,
    },
    /// It has ended.
    Ended {
        /// When.
        at: Timestamp,
        /// How.
        reason: Arc<ExitReason>,
    },
}

/// What the store holds of a process, beside log and snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// See [`Birth`].
    pub birth: Birth,
    /// The program it runs now.
    pub program: SmolStr,
    /// Which version of it.
    pub hash: ProgramHash,
    /// How it is kept.
    pub durability: Durability,
    /// See [`Condition`].
    pub condition: Condition,
}

variants!(OnError, "what to do about errors" {
    0 Skip,
    1 Halt,
    2 Exit,
});

variants!(Promise, "a promise" {
    0 Async,
    1 Local,
});

record!(Durability { promise, on_error });

variants!(Condition, "a condition" {
    0 Alive,
    1 Halted { n, error },
    2 Ended { at, reason },
});

record!(Limits {
    memory_bytes_max,
    instructions_max,
    wall_clock_ns_max,
    mailbox_messages_max,
    mailbox_bytes_max,
    message_bytes_max,
    links_max,
    names_max,
    calls_max,
    topics_max,
});

record!(ProgramLimits {
    memory_bytes_max,
    instructions_max,
    wall_clock_ns_max,
    mailbox_messages_max,
    mailbox_bytes_max,
    message_bytes_max,
    links_max,
    names_max,
    calls_max,
    topics_max,
});

record!(Birth { pid, host, parent, at, arguments, context, limits, program, hash });
record!(Head { birth, program, hash, durability, condition });

variants!(Dialect, "a dialect" {
    0 Plain,
    1 Typed,
});

record!(Module { name, file, source });
record!(Program { id, main, method, modules, imports, dialect, limits, durability });

impl Bytes for ProgramHash {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        from.array("a hash")
    }
}

impl Bytes for [u8; 16] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        from.array("a hash")
    }
}

impl Bytes for Arc<[u8]> {
    fn put(&self, out: &mut Vec<u8>) {
        crate::bytes::put_length(self.len(), out);
        out.extend_from_slice(self);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Vec::take(from).map(Self::from)
    }
}
