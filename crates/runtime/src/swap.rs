//! The policies of a node, which can be replaced as a whole while everybody looks at them.
//!
//! Each thread keeps the ones it has seen last, so a look costs an atomic load and a comparison; only
//! the first look after a change takes the lock. What nobody has any more is dropped by the last thread
//! that looks again.

use procession_policy::{Policies, Unidentified};
use procession_types::Context;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Numbers of [`Current`]s and of their changes: no two are alike in a process of the system, which
/// may have several nodes.
static VERSIONS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static SEEN: RefCell<Option<(u64, Arc<Policies>)>> = const { RefCell::new(None) };
}

/// See the module.
pub(crate) struct Current {
    /// Changes with each replacement, after it.
    version: AtomicU64,
    /// Callers without actor and scope may do anything.
    is_lenient: AtomicBool,
    policies: RwLock<Arc<Policies>>,
}

fn is_lenient(policies: &Policies) -> bool {
    policies.unidentified() == Unidentified::Allow
}

impl Current {
    pub(crate) fn new(policies: Policies) -> Self {
        let version = AtomicU64::new(VERSIONS.fetch_add(1, Ordering::Relaxed));
        let is_lenient = AtomicBool::new(is_lenient(&policies));
        Self { version, is_lenient, policies: RwLock::new(Arc::new(policies)) }
    }

    /// The policies of now.
    pub(crate) fn get(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, policies: Policies) {
        let mut current = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        self.is_lenient.store(is_lenient(&policies), Ordering::Release);
        *current = Arc::new(policies);
        // Whoever sees the number finds what belongs to it, or something later.
        self.version.store(VERSIONS.fetch_add(1, Ordering::Relaxed), Ordering::Release);
    }

    /// As [`Policies::is_open_to`] of the policies of now, for every message: one load.
    #[inline]
    pub(crate) fn are_open_to(&self, context: &Context) -> bool {
        (context.actor.is_none() || context.scope.is_none())
            && self.is_lenient.load(Ordering::Acquire)
    }

    /// Looks at the policies of now. `look` must not look again.
    #[inline]
    pub(crate) fn with<R>(&self, look: impl FnOnce(&Policies) -> R) -> R {
        let version = self.version.load(Ordering::Acquire);
        SEEN.with_borrow_mut(|seen| match seen {
            Some((of, policies)) if *of == version => look(policies),
            _ => look(&seen.insert((version, self.get())).1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(current: &Current) -> bool {
        let context = Context::default();
        let is_open = current.are_open_to(&context);
        assert_eq!(current.with(|policies| policies.is_open_to(&context)), is_open);
        is_open
    }

    #[test]
    fn every_thread_sees_the_policies_of_now_and_nobody_those_of_another_node() {
        let (one, other) = (Current::new(Policies::default()), Current::new(Policies::default()));
        assert!(is_open(&one) && is_open(&other));
        one.set(Policies::new(Unidentified::Deny));
        assert!(!is_open(&one) && is_open(&other));
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!is_open(&one) && is_open(&other)));
        });
        one.set(Policies::default());
        assert!(is_open(&one) && is_open(&other));
    }
}
