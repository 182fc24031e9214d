//! A member and what it does.

use procession_types::{Message, Pid, Timestamp};

/// Identifies a member within its pool. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberNumber(pub u64);

/// A message with what happened to it so far.
#[derive(Debug, Clone)]
pub(super) struct Work {
    /// Position among all that the pool was given.
    pub(super) arrival: u64,
    pub(super) message: Message,
    /// Its number in the pool's queue, when that keeps it until it is done.
    pub(super) queued: Option<u64>,
    /// How often a member has had it.
    pub(super) attempts: u32,
}

/// Why a member is being ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dismissal {
    /// It is not needed, or is replaced by a fresh one, or the pool ends.
    Unneeded,
    /// It is durable, and is put to rest.
    Rest,
    /// It has not answered for so long.
    Unhealthy { after_ns: u64 },
}

#[derive(Debug)]
pub(super) enum MemberState {
    /// Its program runs towards its first message.
    Starting { since: Timestamp },
    /// It waits for a message.
    Idle { since: Timestamp },
    /// Somebody has paused it while it was idle.
    Away,
    /// It has a message.
    Busy {
        work: Work,
        since: Timestamp,
        /// It is not needed after this message.
        leaves: bool,
    },
    /// It stands still, perhaps with a message.
    Halted { work: Option<Work>, since: Timestamp },
    /// It has been asked to end, or terminated.
    Ending { why: Dismissal, work: Option<Work> },
}

/// The state of a check of its health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checkup {
    /// None are made.
    Never,
    /// The next one is at this time.
    At(Timestamp),
    /// It must be answered before this time.
    Until(Timestamp),
}

#[derive(Debug)]
pub(super) struct Member {
    /// `None` until it is started.
    pub(super) pid: Option<Pid>,
    pub(super) state: MemberState,
    pub(super) started: Timestamp,
    /// It was there before the pool was, and may have much to repeat.
    pub(super) has_time: bool,
    /// Messages it was handed.
    pub(super) handed: u64,
    /// Messages it has taken, told when it ends.
    pub(super) took: u64,
    /// Messages it has done.
    pub(super) done: u64,
    pub(super) checkup: Checkup,
    /// Which it was among all that became idle, when it did so the last time.
    pub(super) idled: u64,
    /// When it is looked at, if it is.
    pub(super) look: Option<Timestamp>,
}

impl Member {
    /// One that has been asked for.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            pid: None,
            state: MemberState::Starting { since: now },
            started: now,
            has_time: false,
            handed: 0,
            took: 0,
            done: 0,
            checkup: Checkup::Never,
            idled: 0,
            look: None,
        }
    }

    /// Whether it counts for the pool's size.
    pub(super) fn is_counted(&self) -> bool {
        match self.state {
            MemberState::Starting { .. } | MemberState::Idle { .. } | MemberState::Away => true,
            MemberState::Busy { leaves, .. } => !leaves,
            MemberState::Halted { .. } | MemberState::Ending { .. } => false,
        }
    }

    /// Whether a message is in its hands, and may come back. What a halted one has may stay there for ever.
    pub(super) fn has_work(&self) -> bool {
        match self.state {
            MemberState::Busy { .. } | MemberState::Ending { work: Some(_), .. } => true,
            MemberState::Starting { .. }
            | MemberState::Idle { .. }
            | MemberState::Away
            | MemberState::Halted { .. }
            | MemberState::Ending { work: None, .. } => false,
        }
    }

    pub(super) fn is_starting(&self) -> bool {
        matches!(self.state, MemberState::Starting { .. })
    }
}
