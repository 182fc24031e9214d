//! Export to an OpenTelemetry collector: metrics and records as OTLP over HTTP in JSON, by a thread of
//! its own. A collector that is away costs nothing but a failed attempt now and then: records are
//! taken from the store, from where the last successful export ended.

mod json;

use crate::metrics::Metrics;
use crate::query::Query;
use crate::telemetry::{Stream, Telemetry};
use procession_types::Timestamp;
use serde_json::Value;
use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Records of one request.
const RECORDS_PER_REQUEST: usize = 1_000;
/// Requests with records in a row, of each stream.
const REQUESTS_MAX: usize = 100;

/// What is exported, and where to.
#[derive(Clone)]
pub struct Otlp {
    /// Start of the collector's URLs, as `http://localhost:4318`. Only plain http: for a collector
    /// elsewhere, let one on this machine pass it on.
    pub endpoint: String,
    /// Time between two exports.
    pub interval: Duration,
    /// Headers of each request; their values are shown nowhere.
    pub headers: Vec<(String, String)>,
    /// Attributes of the resource, beside `service.name`.
    pub attributes: Vec<(String, String)>,
}

impl Otlp {
    /// To this endpoint, every ten seconds.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        let (headers, attributes) = (Vec::new(), Vec::new());
        Self { endpoint: endpoint.into(), interval: Duration::from_secs(10), headers, attributes }
    }
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Otlp")
            .field("endpoint", &self.endpoint)
            .field("interval", &self.interval)
            .field("headers", &names)
            .field("attributes", &self.attributes)
            .finish()
    }
}

/// Why an exporter can't be started.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// The endpoint is no plain http URL.
    #[error("OTLP endpoint \"{0}\": write http://HOST:PORT (https is not spoken here)")]
    Endpoint(String),
    /// The system gives no thread.
    #[error("start the thread of the OTLP exporter: {0}")]
    Thread(#[from] std::io::Error),
}

/// A running exporter. Dropping it exports once more and ends it.
pub struct Exporter {
    telemetry: Telemetry,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter")
            .field("exported", &self.telemetry.exported())
            .finish_non_exhaustive()
    }
}

impl Exporter {
    /// Starts one. `metrics` is asked on its thread for what to export; records are exported from
    /// now on.
    ///
    /// # Errors
    /// See [`OtlpError`].
    pub fn start(
        telemetry: Telemetry,
        otlp: Otlp,
        metrics: impl Fn() -> Metrics + Send + 'static,
    ) -> Result<Self, OtlpError> {
        if !otlp.endpoint.starts_with("http://") || otlp.endpoint.len() < 8 {
            return Err(OtlpError::Endpoint(otlp.endpoint));
        }
        telemetry.begin_export();
        let shown = telemetry.clone();
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT));
        let positions = [Stream::Logs, Stream::Events].map(|stream| telemetry.last(stream));
        let mut export = Export {
            agent: config.build().into(),
            resource: json::resource(&otlp.attributes),
            started: telemetry.now(),
            positions,
            failure: None,
            telemetry,
            otlp,
        };
        let (wake, woken) = channel();
        let body = move || {
            loop {
                let ended = woken.recv_timeout(export.otlp.interval);
                export.all(&metrics());
                if ended == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("otlp".into()).spawn(body)?;
        Ok(Self { telemetry: shown, wake: Some(wake), thread: Some(thread) })
    }

    /// Exports now rather than at the end of the interval.
    pub fn export_now(&self) {
        if let Some(wake) = &self.wake {
            // Gone only when the thread has panicked, which the join will tell.
            let _ = wake.send(());
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Export {
    telemetry: Telemetry,
    otlp: Otlp,
    agent: ureq::Agent,
    resource: Value,
    started: Timestamp,
    /// The numbers of the last records exported, of logs and events.
    positions: [u64; 2],
    /// The first failure of this export, and whether it came as an answer.
    failure: Option<(String, bool)>,
}

impl Export {
    fn all(&mut self, metrics: &Metrics) {
        self.failure = None;
        let times = (self.started, self.telemetry.now());
        let sent = self.post("v1/metrics", &json::metrics(&self.resource, metrics, times));
        // One that takes no metrics may take records, but one that is away takes nothing.
        if sent || self.is_there() {
            self.records(Stream::Logs);
            self.records(Stream::Events);
        }
        self.telemetry.note_export(self.failure.take().map(|(error, _)| error));
    }

    fn records(&mut self, stream: Stream) {
        for _ in 0..REQUESTS_MAX {
            let after = Some(self.positions[stream as usize]);
            let query = Query { after, count_max: RECORDS_PER_REQUEST, ..Query::default() };
            let page = self.telemetry.query(stream, &query);
            if !page.records.is_empty()
                && !self.post("v1/logs", &json::records(&self.resource, &page.records))
            {
                return;
            }
            self.positions[stream as usize] = page.next;
            if page.is_complete {
                return;
            }
        }
    }

    /// Whether what has failed so far was answered at least.
    fn is_there(&self) -> bool {
        self.failure.as_ref().is_none_or(|(_, is_answer)| *is_answer)
    }

    /// Sends a request; whether it was accepted.
    fn post(&mut self, path: &str, body: &Value) -> bool {
        let url = format!("{}/{path}", self.otlp.endpoint.trim_end_matches('/'));
        let mut request = self.agent.post(&url).header("content-type", "application/json");
        for (name, value) in &self.otlp.headers {
            request = request.header(name, value);
        }
        let failure = match request.send(body.to_string().as_bytes()) {
            Ok(_) => None,
            Err(ureq::Error::StatusCode(code)) => Some((format!("status {code} for {url}"), true)),
            Err(error) => Some((format!("{url}: {error}"), false)),
        };
        let is_sent = failure.is_none();
        self.telemetry.count_export(is_sent);
        self.failure = self.failure.take().or(failure);
        is_sent
    }
}
