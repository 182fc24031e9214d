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
    /// What the shell sees of it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Problem(problem) => problem.exit_code(),
            Self::Unreachable { .. } | Self::Broken(_) => exit_code(ErrorKind::Unavailable, None),
            Self::Timeout { .. } => exit_code(ErrorKind::Timeout, None),
        }
    }

    /// The problem that the node told of.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Unreachable { .. } | Self::Broken(_) | Self::Timeout { .. } => None,
        }
    }
}
