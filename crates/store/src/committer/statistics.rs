//! What the committer counts.

use std::time::Duration;

/// Counts since the start, and how much waits now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Commits that were taken into the queue.
    pub submitted: u64,
    /// Commits of which the writer knows what became.
    pub decided: u64,
    /// Commits that the store refused, or could not write.
    pub refused: u64,
    /// Commits that were not taken because the queue was full.
    pub refused_for_room: u64,
    /// Groups, each written with one sync.
    pub groups: u64,
    /// Bytes of the commits of all groups.
    pub bytes: u64,
    /// The most commits that a group had.
    pub group_commits_largest: u64,
    /// Time that the store took for all groups, syncs and all.
    pub apply_time: Duration,
    /// The longest time for one group.
    pub apply_time_longest: Duration,
    /// Commits that wait now.
    pub queue_commits: u64,
    /// Bytes that wait now.
    pub queue_bytes: u64,
}

impl Statistics {
    pub(super) fn count_group(
        &mut self,
        commits: usize,
        refused: usize,
        bytes: u64,
        taken: Duration,
    ) {
        self.groups += 1;
        self.refused += refused as u64;
        self.bytes = self.bytes.saturating_add(bytes);
        self.group_commits_largest = self.group_commits_largest.max(commits as u64);
        self.apply_time = self.apply_time.saturating_add(taken);
        self.apply_time_longest = self.apply_time_longest.max(taken);
    }
}
