//! Who asks, and whether they may.

use crate::answer::Failed;
use crate::state::Shared;
use procession_api::Problem;
use procession_policy::Check;
use procession_types::{Actor, Context, Error, ErrorKind, Scope};
use std::sync::Arc;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Over the Unix socket, from the node's own user or root.
    Local,
    /// Over TCP.
    Remote,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// The node's own user or root, who could as well end the node: may do everything.
    Local,
    /// The holder of a token.
    Token(Arc<Principal>),
}

/// What a token is bound to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Principal {
    /// Id of the token, which is no secret.
    pub(crate) token: String,
    pub(crate) actor: Actor,
    pub(crate) scope: Scope,
}

impl Caller {
    /// Whether the caller may do that.
    ///
    /// # Errors
    /// `PermissionDenied`, naming action and resource.
    pub(crate) fn may(&self, shared: &Shared, action: &str, resource: &str) -> Result<(), Failed> {
        let Self::Token(principal) = self else { return Ok(()) };
        let check = Check {
            actor: Some(&principal.actor),
            scope: Some(&principal.scope),
            action,
            resource,
            attributes: &(),
        };
        if shared.node.policies().decide(&check).allowed {
            return Ok(());
        }
        let hint = format!(
            "actor {} of token {} needs a policy that allows it; see procession can",
            principal.actor.id, principal.token
        );
        Err(Failed::from(Problem::from(Error::denied(action, resource)).with_hint(hint)))
    }

    /// What processes inherit that the caller starts: never more than it may itself.
    pub(crate) fn context(&self) -> Context {
        match self {
            Self::Local => Context::default(),
            Self::Token(principal) => Context {
                actor: Some(principal.actor.clone()),
                scope: Some(principal.scope.clone()),
                ..Context::default()
            },
        }
    }

    /// Tells the callers apart whose `Idempotency-Key`s are not each other's.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Local => "",
            Self::Token(principal) => &principal.token,
        }
    }
}

/// The failure of a request without a valid token.
pub(crate) fn unidentified(detail: &str) -> Failed {
    let problem = Problem { status: 401, ..Problem::new(ErrorKind::PermissionDenied, detail) };
    Failed::from(
        problem.with_hint("send Authorization: Bearer TOKEN; procession token create makes one"),
    )
}
