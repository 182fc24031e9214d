//! What waits for the committer.

use super::{CommitterConfig, Done, Refusal, Statistics};
use crate::commit::Commit;
use std::collections::VecDeque;

/// A commit that waits.
pub(super) struct Waiting {
    pub(super) commit: Commit,
    pub(super) done: Done,
    pub(super) bytes: usize,
}

/// Commits in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// Somebody was refused and has not yet heard that there is room.
    owes_room: bool,
    closed: bool,
    pub(super) statistics: Statistics,
}

impl Queue {
    /// Adds a commit, or gives it back; says whether the thread may be asleep.
    pub(super) fn push(
        &mut self,
        waiting: Waiting,
        config: &CommitterConfig,
    ) -> (Result<(), (Refusal, Waiting)>, bool) {
        if self.closed {
            return (Err((Refusal::Closed, waiting)), false);
        }
        let bytes = self.bytes.saturating_add(waiting.bytes);
        let full = self.waiting.len() >= config.queue_commits_max || bytes > config.queue_bytes_max;
        if full && !self.waiting.is_empty() {
            self.owes_room = true;
            self.statistics.refused_for_room += 1;
            return (Err((Refusal::Full, waiting)), false);
        }
        self.bytes = bytes;
        self.waiting.push_back(waiting);
        self.statistics.submitted += 1;
        (Ok(()), self.waiting.len() == 1)
    }

    /// Takes the next group; says whether somebody has to be told that there is room.
    pub(super) fn take(&mut self, config: &CommitterConfig) -> (Vec<Waiting>, bool) {
        let mut bytes = 0_usize;
        let fitting = self.waiting.iter().take(config.group_commits_max).take_while(|waiting| {
            bytes = bytes.saturating_add(waiting.bytes);
            bytes <= config.group_bytes_max
        });
        let count = fitting.count().max(1).min(self.waiting.len());
        let group: Vec<Waiting> = self.waiting.drain(..count).collect();
        self.bytes -= group.iter().map(|waiting| waiting.bytes).sum::<usize>();
        let room = self.owes_room
            && self.waiting.len() <= config.queue_commits_max / 2
            && self.bytes <= config.queue_bytes_max / 2;
        self.owes_room &= !room;
        (group, room)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn submitted(&self) -> u64 {
        self.statistics.submitted
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn statistics(&self) -> Statistics {
        Statistics {
            queue_commits: self.waiting.len() as u64,
            queue_bytes: self.bytes as u64,
            ..self.statistics
        }
    }
}
