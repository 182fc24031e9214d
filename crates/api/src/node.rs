//! The node itself.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeView {
    /// Version of procession.
    pub version: String,
    /// Its process id in the operating system.
    pub os_pid: u32,
    /// When it started, RFC 3339.
    pub started: String,
    /// Directory or file of what it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Worker threads, each with a shard.
    pub shards: u16,
    /// Processes alive.
    pub processes: u64,
    /// `draining`, `ending` or `drained` when it takes no new work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<String>,
    /// What is wrong with where its records and metrics go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
}

/// What a node has done since its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeStats {
    /// When this was read, RFC 3339.
    pub at: String,
    /// Processes alive.
    pub processes: u64,
    /// Processes started.
    pub started: u64,
    /// Processes ended.
    pub ended: u64,
    /// Messages sent by processes.
    pub messages_sent: u64,
    /// Messages taken by processes.
    pub messages_received: u64,
    /// Turns given.
    pub turns: u64,
    /// Instructions executed.
    pub instructions: u64,
    /// Writes of output that failed.
    pub output_failures: u64,
}

/// A program that processes can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgramView {
    /// Its id.
    pub id: String,
}

/// How often figures are told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StreamQuery {
    /// As in `500ms`, 100ms to 1h; 1s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub interval: Option<String>,
}

/// A process host: a named place where processes run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostView {
    /// Its id.
    pub id: String,
    /// Processes alive on it; of durable ones those that are in memory.
    pub processes: u32,
    /// How many may be.
    pub processes_max: u32,
    /// `system` or `normal`.
    pub priority: String,
    /// `draining`, `ending` or `drained` when nothing new is started on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<String>,
    /// Its durable processes.
    pub durable: DurableView,
}

/// What the durable processes of a host, or of a node, have in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct DurableView {
    /// Those in memory.
    pub resident: u64,
    /// Those in the store only: they come back when something comes for them.
    pub sleeping: u64,
    /// Bytes that those in memory take.
    pub resident_bytes: u64,
    /// How many they may take before those leave that had no turn for longest, when there is a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_bytes_max: Option<u64>,
    /// How many have left memory to make room, since the node started.
    pub evictions: u64,
    /// How many were brought back.
    pub wakes: u64,
}

/// How a node is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShutdownRequest {
    /// How long processes have to end by themselves, as in `10s`, 1h at most; 10s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub grace: Option<String>,
}
