//! What a pool shows of itself.

use super::member::MemberState;
use super::{Phase, Pool};
use procession_types::{Error, SmolStr, Timestamp};

/// Errors that are remembered.
pub const ERRORS_KEPT_MAX: usize = 8;

/// What a pool has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages handed to a member, each time counted.
    pub handed: u64,
    /// Messages that a member has done.
    pub done: u64,
    /// Nanoseconds that members had them.
    pub busy_ns: u64,
    /// Messages handed out again.
    pub redelivered: u64,
    /// Messages that no member could do.
    pub dead_letters: u64,
    /// Dead letters that reached nobody.
    pub lost: u64,
    /// Members that failed.
    pub failures: u64,
    /// Members that took the place of failed ones.
    pub restarts: u64,
    /// Members added because work waited.
    pub grown: u64,
    /// Members ended because they were too many.
    pub shrunk: u64,
    /// Members that could not be started.
    pub refused: u64,
    /// Health checks made.
    pub checks: u64,
    /// Members that did not answer one, or did not start in time.
    pub unhealthy: u64,
    /// Members replaced because they held too much memory while idle.
    pub reclaimed: u64,
    /// Bytes that these held.
    pub reclaimed_bytes: u64,
    /// Reports that somebody should look at.
    pub alerts: u64,
}

/// How many members do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MembersByState {
    /// Not yet waiting for their first message.
    pub starting: u32,
    /// Waiting for a message.
    pub idle: u32,
    /// Paused by somebody, or durable and standing still.
    pub paused: u32,
    /// With a message.
    pub busy: u32,
    /// About to end.
    pub ending: u32,
}

/// A failure with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct LastError {
    /// When.
    pub at: Timestamp,
    /// What.
    pub error: Error,
}

/// Why messages wait and no member is added.
#[derive(Debug, Clone, PartialEq)]
pub enum Stall {
    /// It is as large as it may be.
    AtMost {
        /// How large.
        most: u32,
    },
    /// Its size was set by somebody.
    Pinned {
        /// To what.
        size: u32,
    },
    /// Members fail, and it waits before it tries again.
    AfterFailure {
        /// Until when.
        until: Timestamp,
    },
    /// A member could not be started.
    Refused {
        /// When it tries again.
        until: Timestamp,
        /// Why.
        error: Error,
    },
    /// Enough members are starting.
    Starting {
        /// How many.
        count: u32,
    },
    /// Work has not been waiting for long.
    Patient,
    /// The pool is about to end.
    Stopping,
}

impl std::fmt::Display for Stall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost { most } => write!(f, "it has {most} members, its most (max_size)"),
            Self::Pinned { size } => write!(f, "its size was set to {size}"),
            Self::AfterFailure { .. } => {
                write!(f, "members fail; it waits before it starts the next (restart_delay)")
            }
            Self::Refused { error, .. } => write!(f, "a member could not be started: {error}"),
            Self::Starting { count } => write!(f, "{count} members are starting"),
            Self::Patient => write!(f, "work has been waiting for a moment only"),
            Self::Stopping => write!(f, "it is stopping"),
        }
    }
}

/// A pool as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Its id.
    pub id: SmolStr,
    /// Members that are not about to end.
    pub size: u32,
    /// See [`MembersByState`].
    pub members: MembersByState,
    /// Members at least and at most.
    pub bounds: (u32, u32),
    /// The size that somebody has set.
    pub pinned: Option<u32>,
    /// Messages that wait for a member.
    pub waiting: u32,
    /// Most of them.
    pub waiting_max: u32,
    /// Whether it takes no more work because it is about to end.
    pub is_stopping: bool,
    /// Why it does not grow although work waits.
    pub stall: Option<Stall>,
    /// Failures in a row.
    pub failures_in_a_row: u32,
    /// The last ones, the newest last.
    pub errors: Vec<LastError>,
    /// See [`Counts`].
    pub counts: Counts,
}

impl Pool {
    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many members do what.
    #[must_use]
    pub fn members(&self) -> MembersByState {
        let mut found = MembersByState::default();
        for member in self.members.values() {
            *match member.state {
                MemberState::Starting { .. } => &mut found.starting,
                MemberState::Idle { .. } => &mut found.idle,
                MemberState::Away | MemberState::Halted { .. } => &mut found.paused,
                MemberState::Busy { .. } => &mut found.busy,
                MemberState::Ending { .. } => &mut found.ending,
            } += 1;
        }
        found
    }

    /// The pool as people see it, with so many messages in its mailbox.
    #[must_use]
    pub fn status(&self, waiting: u32) -> Status {
        let waiting = waiting.saturating_add(self.returned.len() as u32);
        Status {
            id: SmolStr::new(&self.definition.id),
            size: self.counted,
            members: self.members(),
            bounds: (self.definition.size.min_size, self.definition.size.max_size),
            pinned: self.pinned,
            waiting,
            waiting_max: self.definition.queue_max,
            is_stopping: self.phase != Phase::Running,
            stall: self.stall(waiting),
            failures_in_a_row: self.failures,
            errors: self.errors.iter().cloned().collect(),
            counts: self.counts,
        }
    }

    fn stall(&self, waiting: u32) -> Option<Stall> {
        if waiting == 0 || !self.idle.is_empty() {
            return None;
        }
        Some(match (self.phase, self.pinned, &self.refused, self.retry_at) {
            (Phase::Draining { .. } | Phase::Stopping | Phase::Finished, ..) => Stall::Stopping,
            (Phase::Running, _, Some((until, error)), _) => {
                Stall::Refused { until: *until, error: error.clone() }
            }
            (Phase::Running, _, None, Some(until)) if self.counted == self.starting => {
                Stall::AfterFailure { until }
            }
            (Phase::Running, Some(size), ..) if self.members.len() as u32 >= size => {
                Stall::Pinned { size }
            }
            (Phase::Running, ..) if self.members.len() as u32 >= self.most() => {
                Stall::AtMost { most: self.most() }
            }
            (Phase::Running, ..) if self.starting >= waiting => {
                Stall::Starting { count: self.starting }
            }
            (Phase::Running, ..) => Stall::Patient,
        })
    }
}
