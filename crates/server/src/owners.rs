//! Which service, supervisor or pool a process belongs to: what that is labelled with, its processes are.

use procession_api::ProcessView;
use procession_runtime::{Kind, Node, Supervised};
use std::collections::{BTreeSet, HashMap};

/// What processes belong to, as of one moment.
#[derive(Default)]
pub(crate) struct Owners {
    /// By the PID of their own process.
    by_pid: HashMap<String, Supervised>,
    labels: BTreeSet<String>,
}

impl Owners {
    pub(crate) fn of(node: &Node) -> Self {
        let mut owners = Self::default();
        for owner in node.supervised() {
            owners.labels.extend(owner.labels.keys().cloned());
            if let Some(pid) = owner.status.pid {
                owners.by_pid.insert(node.pid_text(pid), owner);
            }
        }
        owners
    }

    /// The names of all labels that anything has, sorted.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(String::as_str)
    }

    /// What a process belongs to: that whose process it is, or the pool whose member it is.
    pub(crate) fn owner(&self, process: &ProcessView) -> Option<&Supervised> {
        let pool = || {
            let parent = self.by_pid.get(process.parent.as_ref()?)?;
            (parent.kind == Kind::Pool).then_some(parent)
        };
        self.by_pid.get(&process.pid).or_else(pool)
    }
}
