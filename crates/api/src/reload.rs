//! Reloading an application.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the application of a node is read again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReloadRequest {
    /// The directory to read, absolute; the one that the node was started with when nothing is said.
    /// Only over the node's own socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 4096)]
    pub directory: Option<String>,
    /// Only say what would change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// How long something may take to be at rest or to come up, 5m at most; 10s when nothing is said. A
    /// service that is not at rest by then is started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timeout: Option<String>,
}

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeView {
    /// `added`, `removed` or `changed`.
    pub what: String,
    /// `program`, `host`, `policy`, `service`, `pool`, `supervisor` or `application`.
    pub kind: String,
    /// Its id; empty for the application as a whole.
    pub id: String,
    /// What of it changed, by the keys of its entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// What a reload has changed, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ReloadView {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// What is different.
    pub changes: Vec<ChangeView>,
    /// What stands in its way: process hosts that are gone and still used. Without `dry_run` a reload with such is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
    /// Services and pools whose processes go on with new code.
    pub upgraded: Vec<String>,
    /// Services that were started again.
    pub restarted: Vec<String>,
    /// Pools whose members make room for others, each when it has done what it has.
    pub replaced: Vec<String>,
    /// Services that had failed before, and still do.
    pub failing: Vec<String>,
    /// What should be looked at in its files, though it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<String>,
}
