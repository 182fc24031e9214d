//! Lifecycle events that a process receives.

use crate::{ExitReason, Pid, Timestamp};
use std::sync::Arc;

/// What `process.events()` yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody asks the process to end.
    Cancel {
        /// Who asked, when it was a process.
        from: Option<Pid>,
        /// When.
        at: Timestamp,
        /// When it will be terminated if it still lives; `None` = never.
        deadline: Option<Timestamp>,
        /// Free text of the caller.
        reason: Option<Box<str>>,
    },
    /// A monitored process ended, in any way.
    Exit {
        /// Which.
        from: Pid,
        /// When.
        at: Timestamp,
        /// How; shared, since thousands may be told of one death.
        reason: Arc<ExitReason>,
    },
    /// A linked process ended abnormally, and this one traps links.
    LinkDown {
        /// Which.
        from: Pid,
        /// When.
        at: Timestamp,
        /// How.
        reason: Arc<ExitReason>,
    },
}
