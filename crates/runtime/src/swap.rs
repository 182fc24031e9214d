//! The policies of a node, which can be replaced as a whole while everybody looks at them.
//!
//! Each thread keeps the ones it has seen last, so a look costs an atomic load and a comparison; only
//! the first look after a change takes the lock. What nobody has any more is dropped by the last thread
//! that looks again.

use procession_policy::Policies;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
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
    policies: RwLock<Arc<Policies>>,
}

impl Current {
    pub(crate) fn new(policies: Policies) -> Self {
        let version = AtomicU64::new(VERSIONS.fetch_add(1, Ordering::Relaxed));
        Self { version, policies: RwLock::new(Arc::new(policies)) }
    }

    /// The policies of now.
    pub(crate) fn get(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, policies: Policies) {
        let mut current = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(policies);
        // Whoever sees the number finds what belongs to it, or something later.
        self.version.store(VERSIONS.fetch_add(1, Ordering::Relaxed), Ordering::Release);
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
    use procession_policy::Unidentified;
    use procession_types::Context;

    fn is_open(current: &Current) -> bool {
        current.with(|policies| policies.is_open_to(&Context::default()))
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
