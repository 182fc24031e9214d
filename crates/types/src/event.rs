//! Lifecycle events that a process receives.

use crate::{ExitReason, Pid, Timestamp};
use std::sync::Arc;

/// How a process is at rest, for a parent that asked to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It is at a wait point, whatever it waits for.
    WaitPoint,
    /// It is at a wait point and waits for a message, perhaps among other things: it has read what
    /// it wants to read and would take the next one.
    Idle,
    /// It is durable, was put to rest at its parent's wish, and stays in the store until it is adopted.
    Asleep,
    /// It is durable, has failed over an input, and stands still until somebody decides what is to become
    /// of it.
    Halted,
}

/// What `process.events()` yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody asks the process to end.
    Cancel {
        /// Who asked, when it was a process.
        from: Option<Pid>,
        /// When.
        at: Timestamp,
        /// When it will be terminated if it still lives; `None` = never.
        deadline: Option<Timestamp>,
        /// Free text of the caller.
        reason: Option<Box<str>>,
    },
    /// A monitored process ended, in any way.
    Exit {
        /// Which.
        from: Pid,
        /// When.
        at: Timestamp,
        /// How; shared, since thousands may be told of one death.
        reason: Arc<ExitReason>,
    },
    /// A linked process ended abnormally, and this one traps links.
    LinkDown {
        /// Which.
        from: Pid,
        /// When.
        at: Timestamp,
        /// How.
        reason: Arc<ExitReason>,
    },
    /// A child that was handed messages ends: how many of them it took. Comes before EXIT, to those
    /// that can hand messages.
    Took {
        /// Which.
        from: Pid,
        /// When.
        at: Timestamp,
        /// How many.
        count: u64,
    },
    /// A child is at rest, once for every time that its parent asked. No program can ask, only the
    /// runtime's own supervisors and pools.
    Rest {
        /// Which.
        from: Pid,
        /// When.
        at: Timestamp,
        /// What was asked for.
        rest: Rest,
        /// How many messages it has taken of those that were handed to it; see `hand` of the
        /// environment's host. An answer that comes late is told from one to the last question by it.
        taken: u64,
    },
}
