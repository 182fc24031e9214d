//! Permission checks: may this caller do that?

use crate::pid_bytes;
use crate::shared::Shared;
use procession_policy::Check;
use procession_types::{Context, Pid, Scalar};

impl Shared {
    /// Whether every check of a process with this context is allowed; then the text of the resource
    /// need not be made.
    #[inline]
    pub(crate) fn is_open_to(&self, context: &Context) -> bool {
        self.policies.is_open_to(context)
    }

    /// Whether the caller may do the action.
    pub(crate) fn allows(&self, context: &Context, caller: Pid, action: &str, on: &str) -> bool {
        if self.is_open_to(context) {
            return true;
        }
        let pid = Scalar::Text(self.pid_text(caller));
        let check = Check {
            actor: context.actor.as_ref(),
            scope: context.scope.as_ref(),
            action,
            resource: on,
            attributes: &[("pid", pid)],
        };
        self.policies.decide(&check).allowed
    }

    /// A PID as people and programs see it.
    pub(crate) fn pid_text(&self, pid: Pid) -> String {
        let mut text = Vec::with_capacity(48);
        pid_bytes::write(pid, &self.hosts, self.name.as_deref(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}
