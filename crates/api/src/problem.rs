//! Failures as RFC 9457 says them.

use crate::kind::{exit_code, http_status, kind_of_status, slug};
use procession_types::{Error, ErrorKind, Limit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a [`Problem`].
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// A failure: what happened, what kind of failure it is, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:procession:problem:` and the kind, as in `urn:procession:problem:not-found`.
    #[serde(rename = "type")]
    pub uri: String,
    /// The kind in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What failed, for people.
    pub detail: String,
    /// The kind, as programs compare it: `NotFound`, `Invalid`, ….
    pub kind: String,
    /// The limit that was hit, if one was: `mailbox`, `memory`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Whether trying again may help, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The traceback of the guest's program, when it was its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceback: Option<String>,
}

impl Problem {
    /// A failure of a kind.
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            uri: format!("urn:procession:problem:{}", slug(kind)),
            title: title(kind).to_owned(),
            status: http_status(kind),
            detail: detail.into(),
            kind: kind.name().to_owned(),
            limit: None,
            retryable: None,
            hint: None,
            traceback: None,
        }
    }

    /// A failure of HTTP itself, as a wrong method; the status tells more than its kind does.
    #[must_use]
    pub fn of_status(status: u16, detail: impl Into<String>) -> Self {
        Self { status, ..Self::new(kind_of_status(status), detail) }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The kind; `Unknown` when it is one of a later version.
    #[must_use]
    pub fn error_kind(&self) -> ErrorKind {
        ErrorKind::from_name(&self.kind)
    }

    /// What the shell sees of it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.limit.as_deref() {
            Some(limit) if limit == Limit::WallClock.name() => 8,
            Some(_) => 10,
            None => exit_code(self.error_kind(), None),
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self {
            limit: error.limit.map(|limit| limit.name().to_owned()),
            retryable: error.retryable,
            traceback: error.traceback.as_deref().map(str::to_owned),
            ..Self::new(error.kind, error.message.clone())
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

const fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not found",
        ErrorKind::AlreadyExists => "already exists",
        ErrorKind::Invalid => "invalid request",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Internal => "internal error",
        ErrorKind::Canceled => "canceled",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Timeout => "timed out",
        ErrorKind::RateLimited => "too much at once",
        ErrorKind::Unknown => "unknown error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_problems_and_come_back() {
        let mut error = Error::limit(Limit::Mailbox, "mailbox is full").with_retryable(true);
        error.traceback = Some("stack traceback:".into());
        let problem = Problem::from(error);
        assert_eq!((problem.status, problem.exit_code()), (429, 10));
        let text = serde_json::to_string(&problem).unwrap();
        assert!(text.starts_with("{\"type\":\"urn:procession:problem:rate-limited\""), "{text}");
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
        assert_eq!(problem.error_kind(), ErrorKind::RateLimited);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let text = serde_json::to_string(&Problem::new(ErrorKind::NotFound, "x")).unwrap();
        assert!(!text.contains("hint") && !text.contains("limit"), "{text}");
        let problem = Problem::of_status(405, "x");
        assert_eq!((problem.status, problem.error_kind()), (405, ErrorKind::Invalid));
    }
}
