//! What a pool tells people: log records, events on `pool.KIND` for programs and those of the node's
//! records, and alerts, also to a webhook.
//!
//! An alert of a kind is raised at once, and then not again for a while: the next one says how many
//! there were. A webhook that does not answer keeps nobody waiting.

use procession_environment::{Call, CallId, Host, HttpRequest, Level, LogRecord, Request};
use procession_supervision::pool::Report;
use procession_telemetry::{Event, EventKind, Telemetry};
use procession_types::definition::Pool as Definition;
use procession_types::{FragmentBuilder, Pid, SmolStr, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Time between two alerts of the same kind.
const PAUSE_NS: u64 = 30_000_000_000;
/// Posts that are under way.
const POSTS_MAX: usize = 8;
const POST_TIMEOUT_NS: u64 = 10_000_000_000;
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Alerts of one kind.
#[derive(Debug, Default)]
struct Kind {
    posted: Option<Timestamp>,
    /// How many there were since.
    held_back: u64,
}

/// See the module.
pub(super) struct Reporter {
    pool: String,
    program: SmolStr,
    telemetry: Telemetry,
    alerting: bool,
    webhook: Option<String>,
    kinds: BTreeMap<&'static str, Kind>,
    posts: Vec<CallId>,
}

impl Reporter {
    pub(super) fn new(definition: &Definition, telemetry: Telemetry) -> Self {
        let monitoring = &definition.monitoring;
        Self {
            pool: definition.id.clone(),
            program: SmolStr::new(&definition.program),
            telemetry,
            alerting: monitoring.alerting,
            webhook: monitoring.webhook.clone(),
            kinds: BTreeMap::new(),
            posts: Vec::new(),
        }
    }

    /// It goes by another definition from now on.
    pub(super) fn redefine(&mut self, definition: &Definition) {
        let monitoring = &definition.monitoring;
        self.program = SmolStr::new(&definition.program);
        self.alerting = monitoring.alerting;
        self.webhook.clone_from(&monitoring.webhook);
    }

    pub(super) fn report(&mut self, host: &mut dyn Host, report: &Report) {
        let kind = report.kind();
        let fields = fields(host, report);
        let is_alert = self.alerting && report.is_alert();
        let level = match report {
            Report::Grown { .. } | Report::Shrunk { .. } => Level::Info,
            Report::MemberFailed { .. } | Report::Reclaimed { .. } => Level::Warn,
            Report::Unhealthy { .. } | Report::MemberHalted { .. } => Level::Warn,
            Report::ScaleRefused { .. } => Level::Warn,
            Report::Dead { .. } | Report::Abandoned { .. } => Level::Warn,
            Report::Failed { .. } => Level::Error,
        };
        let mut shown = vec![("pool".to_owned(), self.pool.clone())];
        shown.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        if is_alert {
            shown.push(("alert".to_owned(), "true".to_owned()));
        }
        host.log(LogRecord { level, message: said(report).to_owned(), fields: shown });
        self.publish(host, kind, said(report), &fields, is_alert);
        self.record(report, &fields);
        if is_alert {
            self.alert(host, kind, said(report), &fields);
        }
    }

    /// The records of a member bear the pool's id and labels.
    pub(super) fn describe(&self, member: Pid, labels: &[(SmolStr, SmolStr)]) {
        self.telemetry.describe(member, &self.pool, labels);
    }

    /// A durable member of before has come back.
    pub(super) fn adopted(&self, member: Pid) {
        let what = "a durable member has come back";
        self.publish_record(EventKind::ServiceAdopted, Some(member), what, &[]);
    }

    /// Keeps what happened among the node's events; ends of processes are there already.
    fn record(&self, report: &Report, fields: &[(&'static str, String)]) {
        let (kind, member) = match report {
            Report::MemberFailed { .. } | Report::Failed { .. } => return,
            Report::Unhealthy { pid, .. } => (EventKind::HealthFailed, Some(*pid)),
            Report::MemberHalted { pid, .. } => (EventKind::ServiceHalted, Some(*pid)),
            Report::Grown { .. } | Report::Shrunk { .. } => (EventKind::PoolScaled, None),
            Report::ScaleRefused { .. } => (EventKind::PoolScaleFailed, None),
            Report::Reclaimed { pid, .. } => (EventKind::LeakReclaimed, Some(*pid)),
            Report::Dead { .. } | Report::Abandoned { .. } => (EventKind::PoolDeadLetter, None),
        };
        self.publish_record(kind, member, said(report), fields);
    }

    fn publish_record(
        &self,
        kind: EventKind,
        member: Option<Pid>,
        message: &str,
        fields: &[(&'static str, String)],
    ) {
        let mut event = Event::new(kind, message).of_service(self.pool.clone());
        if let Some(pid) = member {
            event = event.of_process(pid, self.program.clone());
        }
        for (name, value) in fields.iter().filter(|(name, _)| *name != "pid") {
            event = event.with(name, value);
        }
        self.telemetry.publish(&event);
    }

    /// Puts an event on topic `pool.KIND` into the mailboxes of those that have subscribed.
    fn publish(
        &self,
        host: &mut dyn Host,
        kind: &str,
        message: &str,
        fields: &[(&'static str, String)],
        is_alert: bool,
    ) {
        let topic = SmolStr::from(format!("pool.{kind}"));
        let mut builder = FragmentBuilder::new();
        let mut record = vec![("pool", builder.string(self.pool.as_bytes()))];
        record.push(("message", builder.string(message.as_bytes())));
        for (name, value) in fields {
            record.push((name, builder.string(value.as_bytes())));
        }
        if is_alert {
            record.push(("alert", procession_types::word::TRUE));
        }
        let (name, event) = (builder.string(topic.as_bytes()), builder.record(&record));
        let payload = builder.finish(&[name, event]);
        // Only a topic or a payload that is too long is refused, and these are not.
        let _ = host.ask(Request::Publish { topic, payload });
    }

    fn alert(
        &mut self,
        host: &mut dyn Host,
        kind: &'static str,
        message: &str,
        fields: &[(&'static str, String)],
    ) {
        let now = host.now();
        let state = self.kinds.entry(kind).or_default();
        let rests = state.posted.is_some_and(|posted| now < posted.after(PAUSE_NS));
        if rests || self.posts.len() >= POSTS_MAX {
            state.held_back += 1;
            return;
        }
        let held_back = std::mem::take(&mut state.held_back);
        state.posted = Some(now);
        let mut shown = vec![("kind", kind.to_owned()), ("held_back", held_back.to_string())];
        shown.extend_from_slice(fields);
        self.publish_record(EventKind::AlertRaised, None, message, &shown);
        let Some(url) = self.webhook.clone() else { return };
        let mut body = format!("{{\"pool\":{},\"kind\":\"{kind}\"", json(&self.pool));
        // Writing to a string does not fail.
        let _ = write!(body, ",\"message\":{},\"held_back\":{held_back}", json(message));
        let _ = write!(body, ",\"time_ns\":{}", now.0);
        for (name, value) in fields {
            let _ = write!(body, ",\"{name}\":{}", json(value));
        }
        body.push('}');
        let request = HttpRequest {
            method: SmolStr::new_static("POST"),
            url,
            headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
            body: Some(body.into_bytes()),
            timeout_ns: POST_TIMEOUT_NS,
            body_bytes_max: ANSWER_BYTES_MAX,
            redirects_max: 0,
        };
        match host.start(Call::Http(Box::new(request))) {
            Ok(call) => self.posts.push(call),
            Err(error) => failed(host, &self.pool, &error.message),
        }
    }

    /// Takes note of posts that are over.
    pub(super) fn tidy(&mut self, host: &mut dyn Host) {
        let pool = &self.pool;
        self.posts.retain(|call| match host.finish(*call) {
            Some(Err(error)) => {
                failed(host, pool, &error.message);
                false
            }
            Some(Ok(answer)) => {
                let value = answer.values().first().copied();
                let status = value.and_then(|value| answer.field(value, b"status"));
                let status = status.and_then(|status| answer.integer(status)).unwrap_or_default();
                if !(200..300).contains(&status) {
                    failed(host, pool, &format!("it answered with status {status}"));
                }
                false
            }
            None => host.is_open(*call),
        });
    }
}

fn failed(host: &mut dyn Host, pool: &str, error: &str) {
    host.log(LogRecord {
        level: Level::Warn,
        message: "an alert did not reach its webhook".to_owned(),
        fields: vec![("pool".to_owned(), pool.to_owned()), ("error".to_owned(), error.to_owned())],
    });
}

/// What happened, in words.
const fn said(report: &Report) -> &'static str {
    match report {
        Report::MemberFailed { .. } => "a member of a pool failed",
        Report::Unhealthy { .. } => "a member of a pool hangs and is ended",
        Report::MemberHalted { .. } => "a durable member of a pool stands still",
        Report::Grown { .. } => "a pool grows",
        Report::Shrunk { .. } => "a pool shrinks",
        Report::ScaleRefused { .. } => "a pool can't start a member",
        Report::Reclaimed { .. } => "an idle member of a pool held too much memory and is replaced",
        Report::Dead { .. } => "no member of a pool could do a message",
        Report::Abandoned { .. } => "a pool has ended with messages that nobody has done",
        Report::Failed { .. } => "a pool has failed",
    }
}

fn fields(host: &dyn Host, report: &Report) -> Vec<(&'static str, String)> {
    let pid = |pid| String::from_utf8_lossy(&crate::built_in::text(host, pid)).into_owned();
    match report {
        Report::MemberFailed { pid: member, error, delay_ns } => vec![
            ("pid", member.map_or_else(String::new, pid)),
            ("error", error.message.clone()),
            ("delay_ms", (delay_ns / 1_000_000).to_string()),
        ],
        Report::Unhealthy { pid: member, after_ns } => {
            vec![("pid", pid(*member)), ("after_ms", (after_ns / 1_000_000).to_string())]
        }
        Report::MemberHalted { pid: member, error } => {
            vec![("pid", pid(*member)), ("error", error.message.clone())]
        }
        Report::Grown { by, to, waiting } => {
            vec![("by", by.to_string()), ("to", to.to_string()), ("waiting", waiting.to_string())]
        }
        Report::Shrunk { by, to } => vec![("by", by.to_string()), ("to", to.to_string())],
        Report::ScaleRefused { size, error } => {
            vec![("size", size.to_string()), ("error", error.message.clone())]
        }
        Report::Reclaimed { pid: member, memory_bytes } => {
            vec![("pid", pid(*member)), ("memory_bytes", memory_bytes.to_string())]
        }
        Report::Dead { topic, attempts, error } => vec![
            ("topic", topic.clone()),
            ("attempts", attempts.to_string()),
            ("error", error.message.clone()),
        ],
        Report::Abandoned { count, error } => {
            vec![("count", count.to_string()), ("error", error.message.clone())]
        }
        Report::Failed { error, failures } => {
            vec![("error", error.message.clone()), ("failures", failures.to_string())]
        }
    }
}

/// A text in JSON.
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
