//! The one error type that Lua, HTTP, the CLI and the metrics share.

use crate::{Fragment, Limit};
use std::fmt;

/// What kind of failure it was. The names are what Lua programs compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// There is no such process, name, host, program or file.
    NotFound,
    /// The name or entry is taken.
    AlreadyExists,
    /// The caller's arguments make no sense.
    Invalid,
    /// A policy, or the lack of one, says no.
    PermissionDenied,
    /// A limit was hit or something needed is unreachable.
    Unavailable,
    /// A fault of the callee or of the runtime itself.
    Internal,
    /// The operation was cancelled.
    Canceled,
    /// Somebody else changed the thing first.
    Conflict,
    /// It took longer than allowed.
    Timeout,
    /// Too much at once: a full mailbox.
    RateLimited,
    /// A kind this version does not know.
    Unknown,
}

impl ErrorKind {
    /// Every kind, in the order of the documents.
    pub const ALL: [Self; 11] = [
        Self::NotFound,
        Self::AlreadyExists,
        Self::Invalid,
        Self::PermissionDenied,
        Self::Unavailable,
        Self::Internal,
        Self::Canceled,
        Self::Conflict,
        Self::Timeout,
        Self::RateLimited,
        Self::Unknown,
    ];

    /// The kind's name as programs see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::Invalid => "Invalid",
            Self::PermissionDenied => "PermissionDenied",
            Self::Unavailable => "Unavailable",
            Self::Internal => "Internal",
            Self::Canceled => "Canceled",
            Self::Conflict => "Conflict",
            Self::Timeout => "Timeout",
            Self::RateLimited => "RateLimited",
            Self::Unknown => "Unknown",
        }
    }

    /// The kind with this name; `Unknown` for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure with everything a program or a person needs to act on it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// See [`ErrorKind`].
    pub kind: ErrorKind,
    /// What failed, in lower case, fit to follow "failed to …: ".
    pub message: String,
    /// Whether trying again may help; `None` when nobody said.
    pub retryable: Option<bool>,
    /// The limit that was hit, if one was.
    pub limit: Option<Limit>,
    /// More data of the program's own (one value), if any.
    pub details: Option<Box<Fragment>>,
    /// The guest's traceback where the error was raised, if it came from a guest.
    pub traceback: Option<Box<str>>,
}

impl Error {
    /// An error with a kind and a message and nothing else.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message, retryable: None, limit: None, details: None, traceback: None }
    }

    /// Shorthand for kind `Invalid`.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Shorthand for kind `NotFound`.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Shorthand for kind `PermissionDenied`, naming the action and the resource.
    #[must_use]
    pub fn denied(action: &str, resource: &str) -> Self {
        let message = format!("permission denied: {action} on {resource}");
        Self::new(ErrorKind::PermissionDenied, message)
    }

    /// A limit that was hit: kind `RateLimited` for a full mailbox or queue, otherwise `Unavailable`.
    #[must_use]
    pub fn limit(limit: Limit, message: impl Into<String>) -> Self {
        let kind = match limit {
            Limit::Mailbox | Limit::Queue => ErrorKind::RateLimited,
            _ => ErrorKind::Unavailable,
        };
        let mut error = Self::new(kind, message);
        error.limit = Some(limit);
        error
    }

    /// The same error with a traceback.
    #[must_use]
    pub fn with_traceback(mut self, traceback: impl Into<Box<str>>) -> Self {
        self.traceback = Some(traceback.into());
        self
    }

    /// The same error marked as worth another try, or not.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.retryable = Some(retryable);
        self
    }
}
