//! Permission checks: may this caller do that?

use crate::pid_bytes;
use crate::shared::Shared;
use procession_policy::{Attributes, Check, Reason};
use procession_types::{Context, Pid, Scalar};

/// The attributes of a check: `pid`, and what the caller adds (it can't replace `pid`).
pub(crate) struct Caller<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) pid: Pid,
    pub(crate) more: &'a [(String, Scalar)],
}

impl Attributes for Caller<'_> {
    fn attribute(&self, name: &str) -> Option<Scalar> {
        if name == "pid" {
            return Some(Scalar::Text(self.shared.pid_text(self.pid)));
        }
        self.more.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    /// A policy says no, other than that none says yes.
    pub(crate) is_denied: bool,
}

impl Shared {
    /// Whether every check of a process with this context is allowed; then the text of the resource
    /// need not be made.
    #[inline]
    pub(crate) fn is_open_to(&self, context: &Context) -> bool {
        self.policies.are_open_to(context)
    }

    /// What the policies say about an action of the caller.
    pub(crate) fn decide(
        &self,
        context: &Context,
        action: &str,
        on: &str,
        attributes: &Caller<'_>,
    ) -> Verdict {
        let (actor, scope) = (context.actor.as_ref(), context.scope.as_ref());
        let check = Check { actor, scope, action, resource: on, attributes };
        self.policies.with(|policies| {
            let decision = policies.decide(&check);
            let is_denied = matches!(decision.reason, Reason::Denied(_));
            Verdict { allowed: decision.allowed, is_denied }
        })
    }

    /// Whether the caller may do the action.
    pub(crate) fn allows(&self, context: &Context, caller: Pid, action: &str, on: &str) -> bool {
        let caller = Caller { shared: self, pid: caller, more: &[] };
        self.is_open_to(context) || self.decide(context, action, on, &caller).allowed
    }

    /// A PID as people and programs see it.
    pub(crate) fn pid_text(&self, pid: Pid) -> String {
        let mut text = Vec::with_capacity(48);
        pid_bytes::write(pid, &self.hosts, self.name.as_deref(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}
