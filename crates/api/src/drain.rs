//! Draining: no new work, and an end for what is there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be drained.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainRequest {
    /// `node`, the id of a process host, or that of a service, supervisor or pool; of ids, the part
    /// behind the colon is enough when no other has it.
    #[schema(min_length = 1, max_length = 255)]
    pub target: String,
    /// How long what is in hand has to be finished, 24h at most; 5m when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub deadline: Option<String>,
}

/// How far something is drained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrainView {
    /// What is drained: `node`, or an id.
    pub target: String,
    /// `node`, `host`, `service`, `supervisor` or `pool`.
    pub kind: String,
    /// `draining`; `ending` when the time is over and what is left is being ended; `drained`.
    pub state: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// When what is left is ended, RFC 3339.
    pub until: String,
    /// How many services, pools and processes are left.
    pub left_count: u64,
    /// The first of them.
    pub left: Vec<DrainLeftView>,
    /// Services and pools that it has taken down, in this order.
    pub stopped: Vec<String>,
    /// How many did not finish in time, and were ended.
    pub cut_off: u64,
}

/// Something that has not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrainLeftView {
    /// Id of a service or pool, or a PID.
    pub what: String,
    /// What it does, in words.
    pub does: String,
}

/// How long the answer waits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UndrainQuery {
    /// How long the answer waits until what was taken down is up again, 5m at most; 30s when nothing
    /// is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub timeout: Option<String>,
}
