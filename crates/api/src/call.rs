//! Calls: a process that is started for its result.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A program to run for its result.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallRequest {
    /// Id of the program, as in `app:sum`.
    #[schema(min_length = 1, max_length = 255)]
    pub program: String,
    /// Id of the process host; `app:processes` when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub host: Option<String>,
    /// Arguments of its main function.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<serde_json::Value>,
    /// How long it may take, as in `10s`, 1h at most; 30s when nothing is said. It is terminated then, and
    /// also when the caller goes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}

/// The result of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallResponse {
    /// PID of the process that ran.
    pub pid: String,
    /// What its main function returned.
    pub result: serde_json::Value,
    /// Whether parts of the result are left out, for their depth or number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}
