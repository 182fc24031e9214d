//! What a pool wants done.

use super::MemberNumber;
use procession_types::{Error, Message, Pid, Timestamp};
use std::collections::VecDeque;

/// What no member could do.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// As it came.
    pub message: Message,
    /// Its number in the queue that keeps it, if one does: it is kept no more.
    pub queued: Option<u64>,
    /// How often it was handed to a member.
    pub attempts: u32,
    /// What happened the last time.
    pub error: Error,
}

/// Something the driver must do, in this order.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Action {
    /// Start a member, monitored and linked; [`super::Input::Spawned`] or
    /// [`super::Input::Refused`] follows.
    Spawn {
        /// Which.
        member: MemberNumber,
    },
    /// Put a message into a member's mailbox, from its own sender, and tell when the member is idle
    /// again.
    Hand {
        /// Which.
        pid: Pid,
        /// What.
        message: Message,
        /// Its number in the queue that keeps it until [`Action::Done`], if one does.
        queued: Option<u64>,
    },
    /// A message that the queue keeps has been done: it is kept no more.
    Done {
        /// Who has done it.
        pid: Pid,
        /// Its number in the queue.
        queued: u64,
    },
    /// Tell when a member is idle.
    AskIdle {
        /// Which.
        pid: Pid,
    },
    /// Tell when a member is at a wait point, and measure it. A question of
    /// [`Action::AskIdle`] without an answer is forgotten.
    Check {
        /// Which.
        pid: Pid,
    },
    /// Ask a member to end, terminate it at the deadline, and tell when it is idle.
    Cancel {
        /// Which.
        pid: Pid,
        /// When.
        deadline: Timestamp,
    },
    /// Put a durable member to rest. [`super::Input::Rested`] must follow, and nothing is heard of it after
    /// that.
    Rest {
        /// Which.
        pid: Pid,
    },
    /// End a member now.
    Terminate {
        /// Which.
        pid: Pid,
    },
    /// Send this to the destination of the pool's dead letters.
    DeadLetter(DeadLetter),
    /// Log this, publish it, and raise an alert if it is one.
    Report(Report),
    /// End the pool: normally, or with this error. The last action there is.
    Finish(Result<(), Error>),
}

/// Actions in the order in which they must happen.
#[derive(Debug, Default)]
#[must_use]
pub struct Actions {
    pub(super) list: VecDeque<Action>,
}

impl Actions {
    /// No actions.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn push(&mut self, action: Action) {
        self.list.push_back(action);
    }

    /// Takes the next one. Carrying it out may lead to inputs, whose actions come behind.
    pub fn pop(&mut self) -> Option<Action> {
        self.list.pop_front()
    }
}

/// What happened to a member or the pool, for people.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum Report {
    /// A member ended that should not have.
    MemberFailed { pid: Option<Pid>, error: Error, delay_ns: u64 },
    /// A member did not come to a wait point in time and is terminated.
    Unhealthy { pid: Pid, after_ns: u64 },
    /// A durable member has failed over a message, and stands still.
    MemberHalted { pid: Pid, error: Error },
    /// Members were added because work waits.
    Grown { by: u32, to: u32, waiting: u32 },
    /// Members were ended because they were idle, or are above the most.
    Shrunk { by: u32, to: u32 },
    /// A member can't be started.
    ScaleRefused { size: u32, error: Error },
    /// A member held too much memory while idle and is replaced.
    Reclaimed { pid: Pid, memory_bytes: u64 },
    /// A message is a dead letter.
    Dead { topic: String, attempts: u32, error: Error },
    /// The pool has ended with messages that nobody has done: so many are dead letters.
    Abandoned { count: u64, error: Error },
    /// Too many failures in a row: the pool ends.
    Failed { error: Error, failures: u32 },
}

impl Report {
    /// A short word, for metrics, topics of events and logs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::MemberFailed { .. } => "member_failed",
            Self::Unhealthy { .. } => "unhealthy",
            Self::MemberHalted { .. } => "member_halted",
            Self::Grown { .. } => "grown",
            Self::Shrunk { .. } => "shrunk",
            Self::ScaleRefused { .. } => "scale_refused",
            Self::Reclaimed { .. } => "reclaimed",
            Self::Dead { .. } => "dead_letter",
            Self::Abandoned { .. } => "abandoned",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub const fn is_alert(&self) -> bool {
        match self {
            Self::Unhealthy { .. }
            | Self::MemberHalted { .. }
            | Self::ScaleRefused { .. }
            | Self::Reclaimed { .. }
            | Self::Dead { .. }
            | Self::Abandoned { .. }
            | Self::Failed { .. } => true,
            // One failure that is recovered is the daily work of a pool.
            Self::MemberFailed { .. } | Self::Grown { .. } | Self::Shrunk { .. } => false,
        }
    }
}
