//! Messages between processes.

use crate::{Fragment, Pid, Topic};

/// What waits in a mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What it is about; never starts with `@`.
    pub topic: Topic,
    /// The sender, when it was a process.
    pub from: Option<Pid>,
    /// The values.
    pub payload: Fragment,
}

impl Message {
    /// What the message counts for against `mailbox_bytes_max`.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> u64 {
        (size_of::<Self>() + self.topic.len() + self.payload.bytes()) as u64
    }
}
