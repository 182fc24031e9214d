//! What processes print and log, and what happens to them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Which records are wanted; everything that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RecordQuery {
    /// Of this process: a PID, also of one that has ended, or the name or id of one that lives. The id
    /// of a service, supervisor or pool means all processes that it has had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 512)]
    pub process: Option<String>,
    /// Of processes of this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 255)]
    pub program: Option<String>,
    /// Of processes on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 255)]
    pub host: Option<String>,
    /// Of this service or pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 255)]
    pub service: Option<String>,
    /// With these labels: `name=value`, joined by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 1024)]
    pub labels: Option<String>,
    /// Of at least this level: `debug`, `info`, `warn` or `error`. What is printed counts as
    /// `info`. Events have no level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 16)]
    pub level: Option<String>,
    /// Events of these kinds, joined by commas, as in `process.exited,service.failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 1024)]
    pub kinds: Option<String>,
    /// At this time or later: RFC 3339 as answers say it, or so long ago, as in `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub since: Option<String>,
    /// Before this time, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub until: Option<String>,
    /// A regular expression that the message or `name=value` of a field contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 1024)]
    pub grep: Option<String>,
    /// The last so many of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub tail: Option<u32>,
    /// With a number above this one: the `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 32)]
    pub cursor: Option<String>,
    /// Records of the page, 1 to 1000; 100 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// One thing that was printed, logged or happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordView {
    /// Its number. Numbers grow.
    pub id: u64,
    /// When, RFC 3339.
    pub time: String,
    /// `print`, a level, the kind of an event, or `gap`: records are missing here.
    pub kind: String,
    /// The process; missing for the node itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// Its program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The service or pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Labels of the service or pool.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Names and values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// What was printed or what happened.
    pub message: String,
    /// Whether there was more than is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// One event of a stream of server-sent events, as the OpenAPI file tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamEvent {
    /// To be sent as `Last-Event-ID` by whoever comes back.
    pub id: String,
    /// `record` or `stats`.
    pub event: String,
    /// What one item of the list of the same name is, as JSON in one line.
    #[schema(content_media_type = "application/json")]
    pub data: String,
}
