//! What the node is in the middle of when it is killed, and what its disk does.

use procession_runtime::{NodeConfig, SnapshotRule};
use procession_store::DiskConfig;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Nothing but commits.
    Kill,
    /// The accounts' program is replaced again and again.
    Upgrade,
    /// A snapshot after every few records, of states of all sizes.
    Snapshot,
    /// Old records go, and the store gives back their room.
    Compaction,
    /// Hardly any account may be in memory.
    Eviction,
    /// Writes are cut short or fail, and syncs fail.
    Fault,
    /// The disk is full, and has room again.
    FullDisk,
}

impl Variant {
    /// What one node of the run is like.
    pub(crate) fn configure(self, config: &mut NodeConfig) {
        let often = SnapshotRule { records_max: 5, records_idle: 1, ..SnapshotRule::default() };
        config.hosts[0].hibernate_after_ns = Some(20_000_000);
        match self {
            Self::Kill | Self::Fault => {}
            Self::FullDisk => config.snapshots = SnapshotRule { records_kept: 200, ..often },
            Self::Upgrade => config.snapshots.records_max = 20,
            Self::Snapshot => config.snapshots = SnapshotRule { records_kept: 50, ..often },
            Self::Compaction => {
                config.snapshots = SnapshotRule { records_max: 2, records_kept: 2, ..often };
            }
            Self::Eviction => {
                config.snapshots = often;
                // Room for about two.
                config.hosts[0].resident_bytes_max = Some(200_000);
            }
        }
    }

    /// How the store lies on the disk in one life of the node.
    pub(crate) fn disk(self, life: u64) -> DiskConfig {
        let mut config = DiskConfig::default();
        match self {
            // Half of the lives see the end of the disk itself, the others keep away from it.
            Self::FullDisk => config.reserve_bytes = life % 2 * (4 << 20),
            Self::Fault => config.reserve_bytes = 0,
            _ => {}
        }
        config
    }

    /// Entries of the table that an account keeps beside its books. A state over 64 KiB is written in pages,
    /// one over 256 KiB is copied by another thread.
    pub(crate) fn entries(self, account: u64) -> i64 {
        match self {
            Self::Snapshot | Self::Eviction => [0, 1_000, 4_000][account as usize % 3],
            Self::Upgrade => [0, 200][account as usize % 2],
            Self::Kill | Self::Compaction | Self::Fault | Self::FullDisk => 0,
        }
    }

    /// Whether a node may fail to start, or refuse transfers.
    pub(crate) fn may_refuse(self) -> bool {
        matches!(self, Self::Fault | Self::FullDisk)
    }

    /// The longest life of the node, in microseconds.
    pub(crate) fn life_max(self) -> u64 {
        match self {
            Self::Fault | Self::FullDisk | Self::Compaction => 600_000,
            Self::Kill | Self::Upgrade | Self::Snapshot | Self::Eviction => 120_000,
        }
    }

    /// Lives of the node in the tests, at least.
    pub(crate) fn lives(self) -> u64 {
        match self {
            Self::Kill => 12,
            Self::Fault => 9,
            _ => 6,
        }
    }
}
