//! The one place that says what a kind of error is called over HTTP and to a shell.

use procession_types::{ErrorKind, Limit};

/// The HTTP status of a failure. Whoever runs into the limit of a thing that is full may try again
/// later (429); other limits are the service's (503).
#[must_use]
pub const fn http_status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::Invalid => 400,
        ErrorKind::PermissionDenied => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::AlreadyExists | ErrorKind::Conflict => 409,
        ErrorKind::RateLimited => 429,
        // What is the matter lies with the caller's own process or request.
        ErrorKind::Canceled => 409,
        ErrorKind::Internal | ErrorKind::Unknown => 500,
        ErrorKind::Unavailable => 503,
        ErrorKind::Timeout => 504,
    }
}

/// The kind that an answer without a body of ours has.
#[must_use]
pub const fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        409 | 412 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::Invalid,
        502 | 503 => ErrorKind::Unavailable,
        500..=599 => ErrorKind::Internal,
        _ => ErrorKind::Unknown,
    }
}

/// What the shell sees of a failure; see `docs/cli.md`.
#[must_use]
pub const fn exit_code(kind: ErrorKind, limit: Option<Limit>) -> u8 {
    if let Some(limit) = limit {
        return exit_code_of_limit(limit);
    }
    match kind {
        ErrorKind::Internal | ErrorKind::Canceled | ErrorKind::Unknown => 1,
        ErrorKind::Invalid => 2,
        ErrorKind::NotFound => 4,
        ErrorKind::PermissionDenied => 5,
        ErrorKind::AlreadyExists | ErrorKind::Conflict => 6,
        ErrorKind::Unavailable => 7,
        ErrorKind::Timeout => 8,
        ErrorKind::RateLimited => 10,
    }
}

/// What the shell sees when a limit was hit.
#[must_use]
pub const fn exit_code_of_limit(limit: Limit) -> u8 {
    match limit {
        Limit::WallClock => 8,
        Limit::Memory
        | Limit::Instructions
        | Limit::Mailbox
        | Limit::MessageSize
        | Limit::Processes
        | Limit::Links
        | Limit::Names
        | Limit::Calls
        | Limit::Topics
        | Limit::Store
        | Limit::Queue
        | Limit::Subscriptions
        | Limit::Metrics => 10,
    }
}

/// The kind's name in URIs, as in `not-found`.
#[must_use]
pub const fn slug(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not-found",
        ErrorKind::AlreadyExists => "already-exists",
        ErrorKind::Invalid => "invalid",
        ErrorKind::PermissionDenied => "permission-denied",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Internal => "internal",
        ErrorKind::Canceled => "canceled",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Timeout => "timeout",
        ErrorKind::RateLimited => "rate-limited",
        ErrorKind::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind with its HTTP status and exit code, as `docs/api.md` and `docs/cli.md` say.
    const TABLE: [(ErrorKind, u16, u8); 11] = [
        (ErrorKind::NotFound, 404, 4),
        (ErrorKind::AlreadyExists, 409, 6),
        (ErrorKind::Invalid, 400, 2),
        (ErrorKind::PermissionDenied, 403, 5),
        (ErrorKind::Unavailable, 503, 7),
        (ErrorKind::Internal, 500, 1),
        (ErrorKind::Canceled, 409, 1),
        (ErrorKind::Conflict, 409, 6),
        (ErrorKind::Timeout, 504, 8),
        (ErrorKind::RateLimited, 429, 10),
        (ErrorKind::Unknown, 500, 1),
    ];

    #[test]
    fn kinds_have_status_and_exit_code() {
        assert_eq!(TABLE.map(|(kind, ..)| kind), ErrorKind::ALL);
        for (kind, status, code) in TABLE {
            assert_eq!((http_status(kind), exit_code(kind, None)), (status, code), "{kind}");
        }
        assert_eq!(exit_code(ErrorKind::Unavailable, Some(Limit::Memory)), 10);
        assert_eq!(exit_code(ErrorKind::Unavailable, Some(Limit::WallClock)), 8);
    }

    #[test]
    fn statuses_of_others_have_a_kind() {
        for (status, kind) in [
            (401, ErrorKind::PermissionDenied),
            (404, ErrorKind::NotFound),
            (405, ErrorKind::Invalid),
            (413, ErrorKind::Invalid),
            (503, ErrorKind::Unavailable),
            (200, ErrorKind::Unknown),
        ] {
            assert_eq!(kind_of_status(status), kind, "{status}");
        }
    }
}
