//! How the export of a node's metrics and records goes, for whoever looks; and the one word about a
//! collector that fails, and about its return.

use crate::event::{Event, EventKind};
use crate::record::Source;
use crate::telemetry::Telemetry;
use procession_environment::{Level, LogRecord};
use procession_types::Timestamp;

/// Who says it.
const NODE: Source<'_> = Source { pid: None, host: "", program: "procession", service: "" };

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

    /// Nothing has been exported yet.
    pub(crate) fn begin_export(&self) {
        *self.lock_exported() = Some(Exported::default());
    }

    /// Counts a request of the exporter.
    pub(crate) fn count_export(&self, is_accepted: bool) {
        let mut exported = self.lock_exported();
        let state = exported.get_or_insert_default();
        state.accepted += u64::from(is_accepted);
        state.failures += u64::from(!is_accepted);
    }

    /// Notes how an export as a whole went, and says it when it is otherwise than before.
    pub(crate) fn note_export(&self, error: Option<String>) {
        let now = self.now();
        let mut exported = self.lock_exported();
        let state = exported.get_or_insert_default();
        let before = state.since;
        let word = match (&error, before) {
            (Some(error), None) => {
                let message = format!("metrics and records can't be exported: {error}");
                Some((Level::Warn, EventKind::SinkFailed, message))
            }
            (None, Some(since)) => {
                let seconds = now.0.saturating_sub(since.0) as f64 / 1e9;
                let message =
                    format!("metrics and records are exported again after {seconds:.1} s");
                Some((Level::Info, EventKind::SinkRecovered, message))
            }
            (Some(_), Some(_)) | (None, None) => None,
        };
        state.since = error.is_some().then(|| before.unwrap_or(now));
        state.error = error;
        drop(exported);
        let Some((level, kind, message)) = word else { return };
        self.publish(&Event::new(kind, message.clone()).with("sink", "otlp"));
        let record = LogRecord { level, message, fields: Vec::new() };
        // Whoever should be held for a full queue is a process.
        let _ = self.log(now, &NODE, &record);
    }
}
