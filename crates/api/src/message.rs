//! Messages to processes, and those that wait in a mailbox.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A message to send.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// To whom: a PID, a name, or the unique beginning of a process's id.
    #[schema(min_length = 1, max_length = 512)]
    pub to: String,
    /// What it is about; must not start with `@`.
    #[schema(min_length = 1, max_length = 255)]
    pub topic: String,
    /// The values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payload: Vec<serde_json::Value>,
}

/// How much of a mailbox to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PeekQuery {
    /// Messages, the oldest first, 1 to 1000; 20 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A look into a mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Peeked {
    /// Messages that wait in all.
    pub count: u32,
    /// The oldest of them. They stay where they are.
    pub items: Vec<WaitingMessage>,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingMessage {
    /// What it is about.
    pub topic: String,
    /// PID of the sender, when it was a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The values.
    pub payload: Vec<serde_json::Value>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether parts of the values are left out, for their depth or number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}
