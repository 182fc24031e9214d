//! What the exporter notes; the one word about a collector that fails, and about its return.

use super::Exported;
use crate::event::{Event, EventKind};
use crate::record::Source;
use crate::telemetry::Telemetry;
use procession_environment::{Level, LogRecord};

/// Who says it.
const NODE: Source<'_> = Source { pid: None, host: "", program: "procession", service: "" };

impl Telemetry {
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
