//! What durable processes have done, how they were, and their pasts run again.

use crate::{CoroutineView, LIMIT_DEFAULT, LIMIT_MAX, OriginView, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which records of a process's log are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// The slot to begin with; that of the first record when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0)]
    pub from: Option<u64>,
    /// Records of the page, 1 to 1000; 100 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the page before ended: its `next`. It comes in the place of `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub cursor: Option<String>,
}

impl HistoryQuery {
    /// Records of the page.
    ///
    /// # Errors
    /// When it is 0 or over the most, as text.
    pub fn limit(&self) -> Result<usize, String> {
        match self.limit.unwrap_or(LIMIT_DEFAULT) {
            limit @ 1..=LIMIT_MAX => Ok(limit as usize),
            other => Err(format!("limit is 1 to {LIMIT_MAX}, not {other}")),
        }
    }
}

/// A part of what a durable process has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryView {
    /// The process's PID.
    pub pid: String,
    /// The first slot that is still kept.
    pub first_slot: u64,
    /// Inputs that it has taken so far: the slot of its next one.
    pub slots: u64,
    /// The records, in their order.
    pub items: Vec<PastRecordView>,
    /// The `cursor` of the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a record of a durable process's log says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PastRecordView {
    /// Its number in the log.
    pub record: u64,
    /// Inputs that the process had taken before: the slot of its first one.
    pub slot: u64,
    /// Inputs that it has.
    pub inputs: u32,
    /// When it was written, RFC 3339.
    pub at: String,
    /// `turns`, `failed` (over its input: the state is that before), `ended`, `killed`, `upgraded`; `forked`,
    /// `restored` or `imported` when it went on with a state that was made elsewhere.
    pub deed: String,
    /// What it failed with, or ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// Of a failure, what was done about it: `skip`, `halt` or `exit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
    /// Of an upgrade, the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Of `forked`, `restored` and `imported`: whose state it went on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<OriginView>,
    /// What came in: messages, events and replies; the first 64.
    pub came: Vec<PartView>,
    /// How many there are.
    pub came_count: u64,
    /// What went out: messages, processes, calls, timers, lines; the first 64.
    pub went: Vec<PartView>,
    /// How many there are.
    pub went_count: u64,
    /// Instructions of its turns.
    pub instructions: u64,
    /// Instructions that the process had executed in all; 0 where the record does not say it.
    pub instructions_total: u64,
    /// How long its turns took, in nanoseconds.
    pub duration_ns: u64,
    /// Bytes of the process's state after it; 0 where the record does not say it.
    pub state_bytes: u64,
    /// Bytes of the record.
    pub bytes: u64,
}

/// One thing that came to a process, or went out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartView {
    /// `message`, `event`, `reply`; `send`, `spawn`, `call`, `terminate`, `cancel`, `unregister`, `timer`,
    /// `print`, `log`.
    pub kind: String,
    /// PID of the process on the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The topic of a message, the program of a spawn, what is called, the name that is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The value, short.
    pub text: String,
    /// Bytes of the value.
    pub bytes: u64,
}

/// At which slot a process is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StateQuery {
    /// Inputs that it has taken; as many as the log has when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0)]
    pub at: Option<u64>,
    /// How long the replay to there may take, as in `30s`, 1h at most; 30s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub timeout: Option<String>,
}

/// A durable process as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastStateView {
    /// Its PID.
    pub pid: String,
    /// Inputs that it had taken. Fewer than asked for where the log ends before, and where the process was
    /// not at rest between two inputs: then it is the state before the record that has them.
    pub slot: u64,
    /// The record that it wrote next, or would have written.
    pub record: u64,
    /// Whether it ends there.
    pub ended: bool,
    /// The program it ran.
    pub program: String,
    /// Instructions that it had executed.
    pub instructions: u64,
    /// Bytes of its heap.
    pub memory_bytes: u64,
    /// BLAKE3 of the state, in hexadecimal: equal states have equal hashes. Missing when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Where the coroutine was that had the last turn, as `file:line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Its coroutines.
    pub coroutines: Vec<CoroutineView>,
    /// Whether it had more of them than one look shows.
    pub coroutines_cut: bool,
    /// Topics it listened to.
    pub topics: Vec<String>,
    /// Patterns of events it had subscribed to.
    pub subscriptions: Vec<String>,
    /// When its timers were to go off, RFC 3339, in order.
    pub timers: Vec<String>,
    /// Calls under way that waited for something else.
    pub calls: u64,
    /// PIDs of those that it monitored.
    pub monitoring: Vec<String>,
    /// PIDs of those that it had linked itself to.
    pub links: Vec<String>,
    /// Its names, in the order in which it got them.
    pub names: Vec<String>,
}

/// Which part of a process's past is run again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Begins at the newest snapshot before this slot; at the beginning when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub from: Option<u64>,
    /// Ends when this slot is next; at the log's end when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub to: Option<u64>,
    /// How long it may take, as in `30s`, 1h at most; 30s when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}

/// What came of a past that was run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayView {
    /// The process's PID.
    pub pid: String,
    /// The first record that was run.
    pub first_record: u64,
    /// How many were.
    pub records: u64,
    /// Inputs that the process had taken at the end.
    pub slot: u64,
    /// Snapshots whose state was met.
    pub snapshots: u64,
    /// Where it was not the same, first; missing when all was the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<DifferenceView>,
}

/// Where a past that was run again differs from what was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DifferenceView {
    /// In which record.
    pub record: u64,
    /// After how many inputs.
    pub slot: u64,
    /// What was written down, and what happened instead.
    pub what: String,
}
