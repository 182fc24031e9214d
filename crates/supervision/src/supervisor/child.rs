//! A child as its supervisor sees it. What is wanted of it and what it is are two things.

use super::action::Ticket;
use super::definition::ChildDefinition;
use super::status::{Ending, StateName};
use procession_types::{Pid, Timestamp};

/// Why a process was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopCause {
    /// It is not wanted any more, or something it requires is not.
    Unwanted,
    /// It shall come up again at once.
    Restart,
    /// Its group is started again.
    Group,
    /// It was not ready in time: its end is a failure.
    NotReady,
    /// It has not answered a health check in time: likewise.
    Unhealthy,
    /// The supervisor ends.
    Closing,
    /// Likewise, and its process is durable: it is put to rest.
    Rest,
}

impl StopCause {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Unwanted => "it was told to stop",
            Self::Restart => "it was told to restart",
            Self::Group => "its group is started again",
            Self::NotReady => "it was not ready in time",
            Self::Unhealthy => "it did not answer a health check in time",
            Self::Closing => "its supervisor stops",
            Self::Rest => "it is put to rest",
        }
    }
}

/// When a child is asked whether it still does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checkup {
    /// Never.
    Never,
    /// Then.
    At(Timestamp),
    /// It has been asked, and has to answer until then.
    Until(Timestamp),
    /// It has not answered; somebody looks whether it could, and that is the number of the look.
    Doubted(u64),
}

/// What a child is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    Stopped { since: Timestamp },
    Waiting { since: Timestamp, is_told: bool },
    Starting { pid: Option<Pid>, since: Timestamp, deadline: Option<Timestamp> },
    Running { pid: Pid, since: Timestamp, checkup: Checkup },
    Stopping { pid: Option<Pid>, since: Timestamp, deadline: Option<Timestamp>, cause: StopCause },
    Halted { pid: Pid, since: Timestamp, reason: Box<str> },
    Backoff { until: Timestamp, since: Timestamp, attempt: u32 },
    Exited { since: Timestamp },
    Failed { since: Timestamp, reason: Box<str> },
}

impl State {
    pub(super) const fn name(&self) -> StateName {
        match self {
            Self::Stopped { .. } => StateName::Stopped,
            Self::Waiting { .. } => StateName::Waiting,
            Self::Starting { .. } => StateName::Starting,
            Self::Running { .. } => StateName::Running,
            Self::Stopping { .. } => StateName::Stopping,
            Self::Halted { .. } => StateName::Halted,
            Self::Backoff { .. } => StateName::Backoff,
            Self::Exited { .. } => StateName::Exited,
            Self::Failed { .. } => StateName::Failed,
        }
    }

    pub(super) const fn since(&self) -> Timestamp {
        match self {
            Self::Stopped { since }
            | Self::Waiting { since, .. }
            | Self::Starting { since, .. }
            | Self::Running { since, .. }
            | Self::Stopping { since, .. }
            | Self::Halted { since, .. }
            | Self::Backoff { since, .. }
            | Self::Exited { since }
            | Self::Failed { since, .. } => *since,
        }
    }

    pub(super) const fn pid(&self) -> Option<Pid> {
        match self {
            Self::Starting { pid, .. } | Self::Stopping { pid, .. } => *pid,
            Self::Running { pid, .. } | Self::Halted { pid, .. } => Some(*pid),
            Self::Stopped { .. }
            | Self::Waiting { .. }
            | Self::Backoff { .. }
            | Self::Exited { .. }
            | Self::Failed { .. } => None,
        }
    }

    /// When something must be done about it.
    pub(super) const fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Starting { deadline, .. } | Self::Stopping { deadline, .. } => *deadline,
            Self::Backoff { until, .. } => Some(*until),
            Self::Running { checkup: Checkup::At(at) | Checkup::Until(at), .. } => Some(*at),
            Self::Stopped { .. }
            | Self::Waiting { .. }
            | Self::Running { .. }
            | Self::Halted { .. }
            | Self::Exited { .. }
            | Self::Failed { .. } => None,
        }
    }

    /// Whether it has a process, or is about to.
    pub(super) const fn is_alive(&self) -> bool {
        match self {
            Self::Starting { .. }
            | Self::Running { .. }
            | Self::Halted { .. }
            | Self::Stopping { .. } => true,
            Self::Stopped { .. }
            | Self::Waiting { .. }
            | Self::Backoff { .. }
            | Self::Exited { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// Whether it will be something else without anybody's doing, whatever the others do.
    pub(super) const fn is_moving(&self) -> bool {
        match self {
            Self::Starting { .. } | Self::Stopping { .. } | Self::Backoff { .. } => true,
            Self::Stopped { .. }
            | Self::Waiting { .. }
            | Self::Running { .. }
            | Self::Halted { .. }
            | Self::Exited { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// Whether those that require it may start.
    pub(super) const fn is_met(&self) -> bool {
        match self {
            Self::Running { .. } | Self::Exited { .. } => true,
            Self::Stopped { .. }
            | Self::Waiting { .. }
            | Self::Starting { .. }
            | Self::Stopping { .. }
            | Self::Halted { .. }
            | Self::Backoff { .. }
            | Self::Failed { .. } => false,
        }
    }
}

/// Why a child is started the next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// For the first time, or after it was stopped.
    No,
    /// It has failed: this counts for the supervisor's intensity.
    Failure,
    /// With its group, whose failure was counted, or by command.
    Other,
}

/// Somebody who waits for the answer of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) ticket: Ticket,
    pub(super) for_up: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) definition: ChildDefinition,
    /// Positions of the children that require it.
    pub(super) dependents: Vec<usize>,
    pub(super) state: State,
    /// Whether it shall be up.
    pub(super) wanted: bool,
    /// It has never been wanted.
    pub(super) is_unstarted: bool,
    /// It must be down until its whole group is.
    pub(super) swept: bool,
    /// It must be down for whatever reason: not wanted, swept, or something it requires is held.
    pub(super) is_held: bool,
    /// How many of those it requires are held.
    pub(super) held_required: u32,
    /// How many of those it requires are not up.
    pub(super) unmet: u32,
    /// How many of those that require it have a process.
    pub(super) live_dependents: u32,
    /// Failures in a row, none of them after it was stable.
    pub(super) attempts: u32,
    /// How often it did not answer a health check in time.
    pub(super) unhealthy: u64,
    /// When it last answered one.
    pub(super) checked: Option<Timestamp>,
    pub(super) again: Again,
    pub(super) restarts: u64,
    pub(super) last: Option<Ending>,
    pub(super) waiters: Vec<Waiter>,
    /// The definition has it no more: it is about to end, or has ended.
    pub(super) is_leaving: bool,
}

impl Child {
    pub(super) fn new(definition: ChildDefinition) -> Self {
        Self {
            unmet: definition.requires.len() as u32,
            wanted: false,
            is_unstarted: true,
            dependents: Vec::new(),
            state: State::Stopped { since: Timestamp(0) },
            swept: false,
            is_held: true,
            held_required: definition.requires.len() as u32,
            live_dependents: 0,
            attempts: 0,
            unhealthy: 0,
            checked: None,
            again: Again::No,
            restarts: 0,
            last: None,
            waiters: Vec::new(),
            is_leaving: false,
            definition,
        }
    }
}
