//! Looking into a mailbox without taking anything out.

use crate::{Kernel, SlotIndex};
use procession_types::{Fragment, Pid, Topic};

/// Bytes of payloads that one look copies; what comes after shows no payload.
pub const PEEK_BYTES_MAX: u64 = 1 << 20;

/// A message that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// What it is about.
    pub topic: Topic,
    /// The sender, when it was a process.
    pub from: Option<Pid>,
    /// What it counts for in the mailbox.
    pub bytes: u64,
    /// The values; `None` when [`PEEK_BYTES_MAX`] was used up.
    pub payload: Option<Fragment>,
}

impl Kernel {
    /// The oldest messages that wait for the process at a slot, `count_max` at most, and how many
    /// there are in all. Those on topics that it listens to are among them.
    #[must_use]
    pub fn peek(&self, slot: SlotIndex, count_max: usize) -> Option<(u32, Vec<Waiting>)> {
        let mailbox = &self.table.at(slot)?.mailbox;
        let mut bytes_left = PEEK_BYTES_MAX;
        let messages = mailbox.oldest(count_max).into_iter().map(|message| {
            let bytes = message.bytes();
            let fits = bytes_left.checked_sub(bytes);
            bytes_left = fits.unwrap_or(bytes_left);
            Waiting {
                topic: message.topic.clone(),
                from: message.from,
                bytes,
                payload: fits.map(|_| message.payload.clone()),
            }
        });
        Some((mailbox.len(), messages.collect()))
    }
}
