//! When snapshots are made, and how much of the past is kept.

/// When snapshots of durable processes are made, and how many of their records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotRule {
    /// One is made after so many records since the last,
    pub records_max: u64,
    /// so many bytes of log,
    pub log_bytes_max: u64,
    /// or so many instructions, which a recovery would repeat.
    pub instructions_max: u64,
    /// One is made when a process leaves memory that has so many records since the last,
    pub records_idle: u64,
    /// so many bytes of log,
    pub log_bytes_idle: u64,
    /// or so many instructions: bringing it back would take longer by more than a read.
    pub instructions_idle: u64,
    /// The newest records, which stay for those who look back; older ones go with the last snapshot that
    /// needs them.
    pub records_kept: u64,
}

impl Default for SnapshotRule {
    /// About a tenth of a second of replay.
    fn default() -> Self {
        Self {
            records_max: 1000,
            log_bytes_max: 1 << 20,
            instructions_max: 20_000_000,
            records_idle: 32,
            log_bytes_idle: 64 << 10,
            instructions_idle: 500_000,
            records_kept: 100_000,
        }
    }
}

/// Work that a recovery would have to repeat.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Since {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) instructions: u64,
}

impl Since {
    /// Whether it is too much to be repeated.
    pub(crate) const fn is_much(&self, rule: &SnapshotRule) -> bool {
        self.records >= rule.records_max
            || self.bytes >= rule.log_bytes_max
            || self.instructions >= rule.instructions_max
    }

    /// Whether a process leaves a snapshot behind when it leaves memory.
    pub(crate) const fn is_worth_a_snapshot(&self, rule: &SnapshotRule) -> bool {
        self.records >= rule.records_idle
            || self.bytes >= rule.log_bytes_idle
            || self.instructions >= rule.instructions_idle
    }
}
