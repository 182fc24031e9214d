//! Starting processes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A process to start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpawnRequest {
    /// Id of the program, as in `app:worker`.
    #[schema(min_length = 1, max_length = 255)]
    pub program: String,
    /// Id of the process host; `app:processes` when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub host: Option<String>,
    /// Arguments of its main function.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<serde_json::Value>,
    /// A name to hold from the start. When another process holds it already, nothing is started
    /// and the answer is that process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Values of its context.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, serde_json::Value>,
}

/// A process that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpawnResponse {
    /// Its PID.
    pub pid: String,
    /// Whether it is new; `false` when another process held the name.
    pub created: bool,
}
