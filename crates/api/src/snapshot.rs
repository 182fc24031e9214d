//! Snapshots of durable processes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A snapshot that the store has of a durable process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotView {
    /// What it is known by: the record of the process's log that follows it.
    pub snapshot: u64,
    /// Inputs that the process had taken.
    pub slot: u64,
    /// When it was made, RFC 3339.
    pub at: String,
    /// The program whose state it is.
    pub program: String,
    /// Hash of that program's version, in hexadecimal.
    pub program_hash: String,
    /// Bytes of the state; on disk it is compressed, and shares with other snapshots what has not changed.
    pub state_bytes: u64,
    /// Instructions that the process had executed.
    pub instructions: u64,
    /// BLAKE3 of the state, in hexadecimal: equal states have equal hashes.
    pub hash: String,
}

/// How a snapshot is made or gone back to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRequest {
    /// How long the replay to the process's last state may take, as in `30s`, 1h at most; 30s when nothing is
    /// said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}
