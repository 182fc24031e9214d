//! What must appear in no record of the node's own.

use crate::config::SECRET_BYTES_MIN;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

/// Secrets that are remembered: new ones come with new configurations, and old ones stay secrets.
const SECRETS_MAX: usize = 10_000;

/// See the module.
pub(crate) struct Secrets {
    /// Whether there are any: whoever has none pays a look at this.
    has_some: AtomicBool,
    /// The longest first: a secret may be the start of another.
    list: RwLock<Vec<String>>,
}

impl Secrets {
    pub(crate) fn new(secrets: Vec<String>) -> Self {
        let new = Self { has_some: AtomicBool::new(false), list: RwLock::default() };
        new.add(secrets);
        new
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_some.load(Ordering::Acquire)
    }

    /// Adds some; beyond the most that are remembered, the shortest are dropped.
    pub(crate) fn add(&self, secrets: Vec<String>) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        list.extend(secrets.into_iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN));
        list.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        list.dedup();
        list.truncate(SECRETS_MAX);
        self.has_some.store(!list.is_empty(), Ordering::Release);
    }

    /// A text without them.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if self.is_empty() {
            return text;
        }
        for secret in self.list.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), "[secret]"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_secrets_are_hidden_the_longest_first() {
        let secrets = Secrets::new(vec!["abc".into()]);
        assert!(secrets.is_empty());
        assert_eq!(secrets.hide("abc hunter2"), "abc hunter2");
        secrets.add(vec!["hunter2".into()]);
        secrets.add(vec!["hunter22".into(), "hunter2".into()]);
        assert_eq!(secrets.hide("a hunter2, a hunter22"), "a [secret], a [secret]");
    }
}
