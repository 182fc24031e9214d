//! How a command fails: exit code and message, in one place.

use crate::hints;
use procession_api::{exit_code, exit_code_of_limit};
use procession_runtime::ConfigError;
use procession_types::{Error, ErrorKind, ExitReason, Failure as ProcessFailure, Limit, Limits};
use std::fmt;
use std::path::Path;

/// The documented exit codes; see `docs/cli.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// The program failed, or something here did.
    Failure,
    /// The command line makes no sense.
    Usage,
    /// What was asked about does not run.
    NotRunning,
    /// A file, directory, program or process is not there.
    NotFound,
    /// The operating system or a policy says no.
    PermissionDenied,
    /// Something is there already, or was changed by somebody else.
    Conflict,
    /// A deadline or the wall clock limit passed.
    Timeout,
    /// The file is no valid program, or the configuration no valid one.
    InvalidProgram,
    /// Another limit was hit.
    Limit,
    /// Ended by a signal of this number.
    Signal(u8),
    /// What `procession_api::exit_code` says of a failure that a node has told of.
    Code(u8),
}

impl ExitStatus {
    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NotRunning => 3,
            Self::NotFound => 4,
            Self::PermissionDenied => 5,
            Self::Conflict => 6,
            Self::Timeout => 8,
            Self::InvalidProgram => 9,
            Self::Limit => 10,
            Self::Signal(number) => 128_u8.saturating_add(number),
            Self::Code(code) => code,
        }
    }
}

/// A failed command. Shows as `procession: error: …` with hint and traceback on lines of their own.
#[derive(Debug, PartialEq)]
pub(crate) struct Failure {
    /// What the shell sees.
    pub(crate) status: ExitStatus,
    message: String,
    hint: Option<String>,
    traceback: Option<String>,
}

impl Failure {
    /// A failure with a message.
    pub(crate) fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: None, traceback: None }
    }

    /// A mistake in the command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, message)
    }

    /// The same with a hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a hint, if there is one.
    pub(crate) fn with_hint_if(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// The same with a traceback, if there is one.
    pub(crate) fn with_traceback(mut self, traceback: Option<String>) -> Self {
        self.traceback = traceback;
        self
    }

    /// A failed operation on a file.
    pub(crate) fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let status = match error.kind() {
            std::io::ErrorKind::NotFound => ExitStatus::NotFound,
            std::io::ErrorKind::PermissionDenied => ExitStatus::PermissionDenied,
            _ => ExitStatus::Failure,
        };
        Self::new(status, format!("failed to {doing} {}: {error}", path.display()))
    }

    /// A node that could not be started.
    pub(crate) fn node(error: &ConfigError) -> Self {
        match error {
            ConfigError::Grant { path, source } => Self::file("grant", Path::new(path), source),
            ConfigError::Shards(_)
            | ConfigError::Hosts(_)
            | ConfigError::Weight { .. }
            | ConfigError::DuplicateHost(_)
            | ConfigError::NewHost(..)
            | ConfigError::Records(_)
            | ConfigError::Store(_)
            | ConfigError::Thread(_) => {
                Self::new(ExitStatus::Failure, format!("failed to start a node: {error}"))
            }
        }
    }

    /// A program that could not be loaded or started; shows the line that is wrong.
    pub(crate) fn load(error: &Error) -> Self {
        let status = match error.kind {
            ErrorKind::Invalid => ExitStatus::InvalidProgram,
            _ => status_of(error),
        };
        let mut failed = Self::of_error(status, error);
        if status == ExitStatus::InvalidProgram
            && let Some(line) = hints::source_line(&error.message)
        {
            failed.message = format!("{}\n{line}", failed.message);
        }
        failed
    }

    /// A process that failed, of the program in this file with these limits; `None` when it ended
    /// normally.
    pub(crate) fn of_exit(reason: &ExitReason, file: &Path, limits: &Limits) -> Option<Self> {
        let ExitReason::Failed(failure) = reason else { return None };
        let error = reason.error()?;
        Some(match &**failure {
            ProcessFailure::Error(error) => Self::of_error(status_of(error), error),
            ProcessFailure::Limit { limit, place } => {
                let value = hints::value_of(*limit, limits);
                let value = value.map_or_else(String::new, |value| format!(" ({value})"));
                let message = match place {
                    Some(_) => format!("{}{value}", error.message),
                    None => format!("{}: {}{value}", file.display(), error.message),
                };
                let hint = hints::of_limit(*limit).map(str::to_owned);
                Self { hint, ..Self::new(status_of_limit(*limit), message) }
            }
            ProcessFailure::DeadlineExceeded => Self::of_error(ExitStatus::Timeout, &error),
            ProcessFailure::Terminated | ProcessFailure::Linked | ProcessFailure::Deadlock(_) => {
                Self::of_error(ExitStatus::Failure, &error)
            }
            ProcessFailure::Fault(_) => Self::of_error(ExitStatus::Failure, &error)
                .with_hint("this is a fault of procession itself; please report it"),
        })
    }

    fn of_error(status: ExitStatus, error: &Error) -> Self {
        let traceback = error.traceback.as_deref().map(str::to_owned);
        let hint = hints::of_error(error).map(str::to_owned);
        Self { status, message: error.message.clone(), hint, traceback }
    }
}

/// How a program that was run by hand has failed: whatever it was that went wrong inside of it, beside
/// the kinds that have a code of their own, it is the program's failure (1).
fn status_of(error: &Error) -> ExitStatus {
    if let Some(limit) = error.limit {
        return status_of_limit(limit);
    }
    match error.kind {
        ErrorKind::NotFound
        | ErrorKind::PermissionDenied
        | ErrorKind::Timeout
        | ErrorKind::RateLimited => ExitStatus::Code(exit_code(error.kind, None)),
        ErrorKind::AlreadyExists
        | ErrorKind::Invalid
        | ErrorKind::Unavailable
        | ErrorKind::Internal
        | ErrorKind::Canceled
        | ErrorKind::Conflict
        | ErrorKind::Unknown => ExitStatus::Failure,
    }
}

const fn status_of_limit(limit: Limit) -> ExitStatus {
    ExitStatus::Code(exit_code_of_limit(limit))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "procession: error: {}", self.message)?;
        if let Some(traceback) = &self.traceback {
            write!(f, "\n{}", traceback.trim_end())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_types::Fragment;

    #[test]
    fn exits_have_their_codes() {
        let error = |kind| ProcessFailure::Error(Error::new(kind, "x"));
        for (failure, code) in [
            (error(ErrorKind::Internal), 1),
            (error(ErrorKind::NotFound), 4),
            (error(ErrorKind::PermissionDenied), 5),
            (error(ErrorKind::Timeout), 8),
            (error(ErrorKind::RateLimited), 10),
            (ProcessFailure::Error(Error::limit(Limit::MessageSize, "x")), 10),
            (ProcessFailure::limit(Limit::Memory), 10),
            (ProcessFailure::limit(Limit::Instructions), 10),
            (ProcessFailure::limit(Limit::WallClock), 8),
            (ProcessFailure::DeadlineExceeded, 8),
            (ProcessFailure::Terminated, 1),
            (ProcessFailure::Deadlock("x".into()), 1),
        ] {
            let shown = format!("{failure:?}");
            let reason = ExitReason::failed(failure);
            let failed = Failure::of_exit(&reason, Path::new("a.lua"), &Limits::default()).unwrap();
            assert_eq!(failed.status.code(), code, "{shown}");
        }
        let normal = ExitReason::Normal(Fragment::nil());
        assert_eq!(Failure::of_exit(&normal, Path::new("a.lua"), &Limits::default()), None);
        assert_eq!(ExitStatus::Signal(2).code(), 130);
    }

    #[test]
    fn messages_have_hint_and_traceback() {
        let error = Error::invalid("a.lua:1: boom").with_traceback("stack traceback:\n\ta.lua:1\n");
        let failed = Failure::load(&error).with_hint("try again");
        assert_eq!(failed.status, ExitStatus::InvalidProgram);
        let expected =
            "procession: error: a.lua:1: boom\nstack traceback:\n\ta.lua:1\nhint: try again";
        assert_eq!(failed.to_string(), expected);
    }
}
