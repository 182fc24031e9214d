//! Snapshots of durable processes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// What has come of going back to a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreView {
    /// PID of the process.
    pub pid: String,
    /// The snapshot.
    pub snapshot: u64,
    /// Inputs that the process had taken then.
    pub from_slot: u64,
    /// The slot that going back has taken.
    pub slot: u64,
    /// BLAKE3 of the state, in hexadecimal.
    pub hash: String,
}

/// Which state of a process is exported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// Inputs that it had taken; all so far when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0)]
    pub at: Option<u64>,
    /// How long the replay to there may take, as in `30s`, 1h at most; 30s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub timeout: Option<String>,
}

/// Where an exported process goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Id of the process host; `app:processes` when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 255)]
    pub host: Option<String>,
    /// A name for it, which nobody may hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1, max_length = 255)]
    pub name: Option<String>,
}
