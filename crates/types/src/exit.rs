//! How a process ended.

use crate::{Error, ErrorKind, Fragment, Limit};

/// Why a process that ended abnormally did.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// It raised, or returned an error.
    Error(Error),
    /// Somebody terminated it.
    Terminated,
    /// A process it was linked to failed, and it did not trap links.
    Linked,
    /// It was cancelled and still ran at the deadline.
    DeadlineExceeded,
    /// It ran into a limit of its own.
    Limit {
        /// Which.
        limit: Limit,
        /// Where its program was, as `file:line`, when that is known.
        place: Option<Box<str>>,
    },
    /// All its coroutines wait for something that can never come; the text says where.
    Deadlock(Box<str>),
    /// The environment itself failed (a panic in the interpreter); only this process ends.
    Fault(Box<str>),
}

impl Failure {
    /// It ran into a limit; where its program was is not known yet.
    #[must_use]
    pub const fn limit(limit: Limit) -> Self {
        Self::Limit { limit, place: None }
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq)]
pub enum ExitReason {
    /// It returned; the fragment holds one value (`nil` for none).
    Normal(Fragment),
    /// It failed.
    Failed(Box<Failure>),
}

impl ExitReason {
    /// An abnormal end.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }

    /// Whether links hear of it and restarts of `transient` services follow.
    #[must_use]
    pub const fn is_abnormal(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// The error that EXIT and LINK_DOWN carry; `None` for a normal end.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        let Self::Failed(failure) = self else { return None };
        Some(match &**failure {
            Failure::Error(error) => error.clone(),
            Failure::Terminated => Error::new(ErrorKind::Canceled, "process terminated"),
            Failure::Linked => Error::new(ErrorKind::Canceled, "linked process failed"),
            Failure::DeadlineExceeded => Error::new(ErrorKind::Timeout, "deadline exceeded"),
            Failure::Limit { limit, place } => {
                let text = match place {
                    Some(place) => format!("{place}: {limit} limit exceeded"),
                    None => format!("{limit} limit exceeded"),
                };
                let mut error = Error::new(ErrorKind::Unavailable, text);
                error.limit = Some(*limit);
                error
            }
            Failure::Deadlock(place) => {
                Error::new(ErrorKind::Internal, format!("deadlock: {place}"))
            }
            Failure::Fault(report) => {
                Error::new(ErrorKind::Internal, format!("internal fault: {report}"))
            }
        })
    }

    /// A short word for metrics and logs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Normal(_) => "normal",
            Self::Failed(failure) => match **failure {
                Failure::Error(_) => "error",
                Failure::Terminated => "terminated",
                Failure::Linked => "linked",
                Failure::DeadlineExceeded => "deadline",
                Failure::Limit { .. } => "limit",
                Failure::Deadlock(_) => "deadlock",
                Failure::Fault(_) => "fault",
            },
        }
    }
}
