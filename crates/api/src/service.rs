//! Services, supervisors and pools.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A service, supervisor or pool of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceView {
    /// Its id; while it runs, its process holds it as a name.
    pub id: String,
    /// `service`, `supervisor` or `pool`.
    pub kind: String,
    /// `stopped`, `waiting`, `starting`, `running`, `stopping`, `backoff`, `exited` or `failed`.
    pub state: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Whether it is wanted up.
    pub wanted: bool,
    /// The PID of its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// The program that it runs; its own id when that is a part of the runtime.
    pub program: String,
    /// The process host of its process.
    pub host: String,
    /// The supervisor whose child it is; missing for the application's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<String>,
    /// What must be up before it starts.
    pub requires: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How often it was started again.
    pub restarts: u64,
    /// Failures in a row.
    pub attempts: u32,
    /// When the next attempt is, or until when it must be ready or has to end, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When it last answered a health check, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
    /// How often it did not answer one in time.
    #[serde(default)]
    pub unhealthy: u64,
    /// How its last process ended, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Why it is as it is, when that needs a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a service is started, stopped or restarted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlRequest {
    /// How long the answer waits until it is done, 5m at most; 30s when nothing is said. What was
    /// asked goes on after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolView {
    /// Its id.
    pub id: String,
    /// Members that are not about to end.
    pub size: u32,
    /// Members at least.
    pub min_size: u32,
    /// Members at most.
    pub max_size: u32,
    /// The size that somebody has set; missing when the load decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<u32>,
    /// Members without a message that start.
    pub starting: u32,
    /// Members without a message.
    pub idle: u32,
    /// Members with a message.
    pub busy: u32,
    /// Members about to end.
    pub ending: u32,
    /// Messages that wait for a member.
    pub waiting: u32,
    /// Most of them.
    pub waiting_max: u32,
    /// Whether it takes no more work because it is about to end.
    pub stopping: bool,
    /// Why it does not grow although work waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall: Option<String>,
    /// The last failures, the newest last.
    pub errors: Vec<String>,
    /// What it has done so far, by name.
    pub counts: BTreeMap<String, u64>,
}

/// How large a pool shall be. What is not said stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleRequest {
    /// So many members, whatever the load is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub size: Option<u32>,
    /// As many as the load wants, again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,
    /// Members at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub min_size: Option<u32>,
    /// Members at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub max_size: Option<u32>,
}

/// What a process is to become. Its PID, names, relations and unread messages stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpgradeRequest {
    /// Id of the program; its own, as it is defined now, when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub program: Option<String>,
    /// Arguments of its main function.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<serde_json::Value>,
    /// After its turn, whatever it has in hand, and not as soon as it waits for a message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub now: bool,
    /// How long it may take until it waits for a message, 1m at most; 10s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}
