//! How the export of a node's metrics and records goes, for whoever looks.

#[cfg(feature = "otlp")]
mod report;

use crate::telemetry::Telemetry;
use procession_types::Timestamp;

/// What an exporter has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    /// Requests that were accepted.
    pub accepted: u64,
    /// Requests that failed.
    pub failures: u64,
    /// Why the last export did, until one is accepted as a whole.
    pub error: Option<String>,
    /// Since when they fail.
    pub since: Option<Timestamp>,
}

impl Telemetry {
    /// How the export goes; `None` when nothing is exported.
    #[must_use]
    pub fn exported(&self) -> Option<Exported> {
        self.lock_exported().clone()
    }
}
