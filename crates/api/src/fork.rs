//! Forks: new durable processes with the past of others.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// At which slot a process is forked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForkRequest {
    /// Inputs that it had taken; all so far when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub at: Option<u64>,
    /// A name for the fork, which nobody may hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// How long the replay to there may take, as in `30s`, 1h at most; 30s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}

/// A process that began with the state of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForkView {
    /// Its PID.
    pub pid: String,
    /// PID of the other one; of an import, as it was on the node it comes from.
    pub of: String,
    /// Inputs that the other had taken, and the slot of its own first input.
    pub slot: u64,
    /// The program it runs.
    pub program: String,
    /// BLAKE3 of the state that it begins with, in hexadecimal.
    pub hash: String,
    /// The name that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Where a state comes from with which a process went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OriginView {
    /// PID of the process whose state it was; of an import, as it was on the node it comes from. Missing when
    /// it was the process's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// Inputs that had been taken in that state.
    pub slot: u64,
    /// Of a process's own snapshot, the record that followed it then: what it is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u64>,
}
