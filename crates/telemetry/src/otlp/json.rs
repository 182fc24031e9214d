//! The JSON of OTLP 1.x, as opentelemetry-proto gives it: whole numbers of 64 bits are texts.

use crate::metrics::{Family, FamilyKind, Histogram, Metrics, Series};
use crate::record::{Kind, Record};
use procession_environment::Level;
use procession_types::Timestamp;
use serde_json::{Map, Value, json};

/// Sums and histograms say how much it has been since the start.
const CUMULATIVE: u8 = 2;

pub(super) fn resource(attributes: &[(String, String)]) -> Value {
    let own = [("service.name", "procession")].into_iter();
    let given = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let own = own.filter(|_| attributes.iter().all(|(name, _)| name != "service.name"));
    json!({ "attributes": texts(own.chain(given)) })
}

fn scope() -> Value {
    json!({ "name": "procession", "version": env!("CARGO_PKG_VERSION") })
}

fn texts<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    pairs.map(|(name, value)| json!({ "key": name, "value": { "stringValue": value } })).collect()
}

fn nanoseconds(time: Timestamp) -> Value {
    Value::String(time.0.max(0).to_string())
}

pub(super) fn metrics(
    resource: &Value,
    metrics: &Metrics,
    (started, now): (Timestamp, Timestamp),
) -> Value {
    let families = metrics.families.iter().filter(|family| !family.series.is_empty());
    let families: Vec<Value> = families.map(|of| family(of, started, now)).collect();
    let scoped = json!([{ "scope": scope(), "metrics": families }]);
    json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": scoped }] })
}

fn family(family: &Family, started: Timestamp, now: Timestamp) -> Value {
    let points = family.series.iter().map(|(labels, series)| {
        let labels = labels.iter().map(|(name, value)| (*name, value.as_str()));
        let mut point = match series {
            Series::Number(value) => json!({ "asDouble": value }),
            Series::Histogram(histogram) => distribution(histogram),
        };
        point["attributes"] = texts(labels);
        point["startTimeUnixNano"] = nanoseconds(started);
        point["timeUnixNano"] = nanoseconds(now);
        point
    });
    let points: Vec<Value> = points.collect();
    let mut out = json!({ "name": family.name, "description": family.help });
    let (of, data) = match family.kind {
        FamilyKind::Gauge => ("gauge", json!({ "dataPoints": points })),
        FamilyKind::Counter => (
            "sum",
            json!({
                "dataPoints": points,
                "aggregationTemporality": CUMULATIVE,
                "isMonotonic": true,
            }),
        ),
        FamilyKind::Histogram => {
            let data = json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE });
            ("histogram", data)
        }
    };
    out[of] = data;
    out
}

fn distribution(histogram: &Histogram) -> Value {
    let counts: Vec<String> = histogram.counts.iter().map(u64::to_string).collect();
    json!({
        "count": histogram.count().to_string(),
        "sum": histogram.sum,
        "bucketCounts": counts,
        "explicitBounds": histogram.bounds,
    })
}

pub(super) fn records(resource: &Value, records: &[Record]) -> Value {
    let records: Vec<Value> = records.iter().map(record).collect();
    let scoped = json!([{ "scope": scope(), "logRecords": records }]);
    json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": scoped }] })
}

fn record(record: &Record) -> Value {
    let (number, text) = match record.kind.level() {
        Some(Level::Debug) => (5, "DEBUG"),
        Some(Level::Warn) => (13, "WARN"),
        Some(Level::Error) => (17, "ERROR"),
        Some(Level::Info) | None => (9, "INFO"),
    };
    let pid = record.pid_text();
    let of_source = [
        ("procession.kind", Some(record.kind.name())),
        ("procession.pid", pid.as_deref()),
        ("procession.host", Some(record.host.as_str())),
        ("procession.program", Some(record.program.as_str())),
        ("procession.service", record.service.as_deref()),
    ];
    let of_source = of_source.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let of_source = of_source.filter(|(_, value)| !value.is_empty());
    let labels = record.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields = record.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // A name may come once: what the source says goes before what a program calls its fields.
    let mut attributes = Map::new();
    for (name, value) in of_source.chain(labels).chain(fields) {
        attributes.entry(name).or_insert_with(|| value.into());
    }
    let pairs =
        attributes.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let mut out = json!({
        "timeUnixNano": nanoseconds(record.time),
        "severityNumber": number,
        "severityText": text,
        "body": { "stringValue": record.text() },
        "attributes": texts(pairs),
    });
    if let Kind::Event(kind) = record.kind {
        out["eventName"] = kind.name().into();
    }
    out
}
