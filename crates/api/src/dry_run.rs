//! Dry runs: what would come of a message.

use crate::{PartView, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message for a copy of a durable process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunRequest {
    /// The topic: 1 to 255 bytes, the first of which is not `@`.
    #[schema(min_length = 1, max_length = 255)]
    pub topic: String,
    /// Its values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payload: Vec<serde_json::Value>,
    /// Instructions that it may execute, 10 000 000 000 at most; 100 000 000 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub instructions: Option<u64>,
    /// How long it may take, with the replay to the process's last state, as in `30s`, 10m at most; 30s when
    /// nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}

/// What would come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRunView {
    /// PID of the process.
    pub pid: String,
    /// Inputs that it had taken: the slot that the message would have.
    pub slot: u64,
    /// The program it runs.
    pub program: String,
    /// Whether it took the message. One that is busy, or listens to something else, leaves it.
    pub taken: bool,
    /// `waits` (it waits for something), `returned` (it ended) or `failed`.
    pub outcome: String,
    /// What it would have returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// What it failed with; `Unavailable` with the limit, or `Timeout`, when it came to a limit of the dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// The messages that it would have sent back to whoever sent it the message, each a list of values; 64 at most.
    pub answers: Vec<Vec<serde_json::Value>>,
    /// What would have gone out, in order: messages, processes, calls, timers, lines; the first 64.
    pub went: Vec<PartView>,
    /// How many there are.
    pub went_count: u64,
    /// Instructions that it took.
    pub instructions: u64,
    /// Bytes of its heap after it.
    pub memory_bytes: u64,
    /// Whether its state would be another one; missing when it would have ended or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<bool>,
}
