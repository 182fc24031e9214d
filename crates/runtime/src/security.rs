//! Permission checks: may this caller do that?

use crate::pid_bytes;
use crate::shared::Shared;
use procession_policy::{Attributes, Check, Decision};
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

impl Shared {
    /// Whether every check of a process with this context is allowed; then the text of the resource
    /// need not be made.
    #[inline]
    pub(crate) fn is_open_to(&self, context: &Context) -> bool {
        self.policies.is_open_to(context)
    }

    /// What the policies say about an action of the caller.
    pub(crate) fn decide<'a>(
        &'a self,
        context: &'a Context,
        action: &'a str,
        on: &'a str,
        attributes: &'a Caller<'_>,
    ) -> Decision<'a> {
        let (actor, scope) = (context.actor.as_ref(), context.scope.as_ref());
        self.policies.decide(&Check { actor, scope, action, resource: on, attributes })
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
