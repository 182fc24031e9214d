//! How far a node is with its end, so that whoever waits for it can say what does not end.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// What a node that ends is waiting for. It outlives the node.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    waits_for: Arc<Mutex<Cow<'static, str>>>,
}

impl Closing {
    /// What is being waited for, in words that read after "it still waits for"; empty before the end
    /// has begun.
    #[must_use]
    pub fn waits_for(&self) -> String {
        self.waits_for.lock().unwrap_or_else(PoisonError::into_inner).to_string()
    }

    /// Takes note of what is waited for from now on.
    pub fn wait_for(&self, what: impl Into<Cow<'static, str>>) {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = what.into();
    }
}
