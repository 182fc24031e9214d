//! The answer to a check.

use std::fmt;

/// Whether it is allowed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Decision<'a> {
    /// The answer.
    pub allowed: bool,
    /// The policy that decided, when one did.
    pub decided_by: Option<&'a str>,
    /// Why.
    pub reason: Reason<'a>,
}

/// Why a decision fell as it did. Shows as a sentence for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason<'a> {
    /// The caller has no actor or no scope, and the node lets such callers do everything.
    Open,
    /// The caller has no actor or no scope, and the node is strict.
    Unidentified,
    /// This policy denies it; a deny wins over any allow.
    Denied(&'a str),
    /// This policy allows it, and none denies it.
    Allowed(&'a str),
    /// No policy of the scope says anything about it.
    NoPolicy,
    /// The scope names a policy that does not exist; it might have been a deny.
    UnknownPolicy(&'a str),
}

impl<'a> Decision<'a> {
    /// The decision that follows from a reason.
    pub(crate) const fn of(reason: Reason<'a>) -> Self {
        let (allowed, decided_by) = match reason {
            Reason::Open => (true, None),
            Reason::Allowed(id) => (true, Some(id)),
            Reason::Denied(id) => (false, Some(id)),
            Reason::Unidentified | Reason::NoPolicy | Reason::UnknownPolicy(_) => (false, None),
        };
        Self { allowed, decided_by, reason }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str(
                "allowed: the caller has no actor and scope, and the node is not strict",
            ),
            Self::Unidentified => {
                f.write_str("denied: the caller has no actor and scope, and the node is strict")
            }
            Self::Denied(id) => write!(f, "denied by policy {id}; a deny wins over any allow"),
            Self::Allowed(id) => write!(f, "allowed by policy {id}; no policy denies it"),
            Self::NoPolicy => f.write_str("denied: no policy of the scope allows it"),
            Self::UnknownPolicy(id) => {
                write!(f, "denied: the scope names policy {id}, which does not exist")
            }
        }
    }
}
