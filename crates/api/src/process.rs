//! Processes as the API shows them, and what one may ask of them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A process in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessView {
    /// Its PID.
    pub pid: String,
    /// The part of the PID that no other process of this node has; a prefix of it is enough where
    /// a process is asked for, as long as it is unique.
    pub id: String,
    /// The program it runs.
    pub program: String,
    /// The process host on which it runs.
    pub host: String,
    /// `starting`, `ready`, `running`, `waiting`, `paused` or, of a durable one that stands still over a
    /// failure, `halted`.
    pub state: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// When it was spawned, RFC 3339.
    pub started: String,
    /// The names that it holds.
    pub names: Vec<String>,
    /// The PID of who spawned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Messages that wait in its mailbox.
    pub mailbox_messages: u32,
    /// Bytes that wait in its mailbox.
    pub mailbox_bytes: u64,
    /// Bytes of its heap as it is when the process is awake.
    pub memory_bytes: u64,
    /// Instructions executed so far.
    pub instructions: u64,
}

/// Everything there is to know about a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessDetail {
    /// What lists show, too.
    #[serde(flatten)]
    pub process: ProcessView,
    /// Why it stands still, when its state is `halted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<HaltView>,
    /// Whether it is packed, since it has been idle for long.
    #[serde(default)]
    pub hibernating: bool,
    /// Where the coroutine is that had the last turn, as `file:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it will be terminated, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// The PID of the process whose call it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The actor for which its permissions are checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The policies that apply to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<String>>,
    /// Whether it hears of failures of linked processes instead of failing with them.
    pub trap_links: bool,
    /// PIDs of linked processes, the first 100.
    pub links: Vec<String>,
    /// How many there are.
    pub links_count: u64,
    /// PIDs of those whose end it will be told, the first 100.
    pub monitoring: Vec<String>,
    /// How many there are.
    pub monitoring_count: u64,
    /// PIDs of those who will be told of its end, the first 100.
    pub watchers: Vec<String>,
    /// How many there are.
    pub watchers_count: u64,
    /// Events that wait.
    pub events: u64,
    /// Topics it listens to.
    pub topics: u64,
    /// Calls that are under way, or whose replies wait.
    pub calls: u64,
    /// Its limits by name, in bytes, milliseconds or pieces; those that are not set are missing.
    pub limits: std::collections::BTreeMap<String, u64>,
    /// Its coroutines, 1000 or a few more at most.
    pub coroutines: Vec<CoroutineView>,
    /// Whether it has more of them.
    pub coroutines_cut: bool,
}

/// Why a durable process stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HaltView {
    /// Since when, RFC 3339.
    pub since: String,
    /// The record of its log that says so.
    pub record: u64,
    /// The slot of the input over which it failed: the state is that before it.
    pub slot: u64,
    /// That input; missing when it failed over a timer or the reply of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<crate::PartView>,
    /// What it failed with.
    pub error: crate::Problem,
    /// What can be done.
    pub hint: String,
}

/// A coroutine of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoroutineView {
    /// Whether the process schedules it; others run when resumed.
    pub task: bool,
    /// `not started`, `ready`, `waiting`, `suspended` or `normal`.
    pub status: String,
    /// What it waits for: `inbox`, `topic NAME`, `events`, `time`, `process PID`, `reply`,
    /// `coroutine` or `anything`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Where it is, as `file:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Its calls, innermost first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceback: Option<String>,
}

/// How a process is asked to end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// How long it has until it is terminated, as in `5s`; it is never when this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub deadline: Option<String>,
    /// Text for it to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// How long an end is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WaitQuery {
    /// As in `30s`, 24h at most; 30s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub timeout: Option<String>,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExitView {
    /// Its PID.
    pub pid: String,
    /// `normal`, `error`, `terminated`, `linked`, `deadline`, `limit`, `deadlock` or `fault`.
    pub reason: String,
    /// What its main function returned; `null` when that was nothing, or it failed.
    pub result: serde_json::Value,
    /// What was the matter, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<crate::Problem>,
}
