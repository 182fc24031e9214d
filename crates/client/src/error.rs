//! How a call fails.

use crate::target::Target;
use procession_api::{Problem, exit_code};
use procession_types::ErrorKind;
use std::io;

/// How a call fails.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there.
    #[error("no node answers on {target}: {source}")]
    Unreachable {
        /// Where.
        target: Target,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system does not let this user ask.
    #[error("this user may not ask the node on {target}: {source}")]
    Forbidden {
        /// Where.
        target: Target,
        /// What the system said.
        source: io::Error,
    },
    /// The node says no.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The connection broke, or what came is no answer.
    #[error("the node's answer is broken: {0}")]
    Broken(String),
    /// No answer within the time.
    #[error("the node has not answered within {seconds} s")]
    Timeout {
        /// How long was waited.
        seconds: u64,
    },
}

impl ClientError {
    /// No connection came about.
    pub(crate) fn no_connection(target: Target, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Forbidden { target, source },
            _ => Self::Unreachable { target, source },
        }
    }

    /// What the shell sees of it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Problem(problem) => problem.exit_code(),
            Self::Unreachable { .. } | Self::Broken(_) => exit_code(ErrorKind::Unavailable, None),
            Self::Forbidden { .. } => exit_code(ErrorKind::PermissionDenied, None),
            Self::Timeout { .. } => exit_code(ErrorKind::Timeout, None),
        }
    }

    /// The problem that the node told of.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Unreachable { .. }
            | Self::Forbidden { .. }
            | Self::Broken(_)
            | Self::Timeout { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_the_system_keeps_out_is_denied_and_not_told_that_nobody_is_there() {
        for (kind, code, text) in [
            (io::ErrorKind::PermissionDenied, 5, "this user may not ask the node on /s: "),
            (io::ErrorKind::ConnectionRefused, 7, "no node answers on /s: "),
            (io::ErrorKind::NotFound, 7, "no node answers on /s: "),
        ] {
            let error = ClientError::no_connection(Target::Socket("/s".into()), kind.into());
            assert_eq!(error.exit_code(), code);
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }
}
