//! Metrics that programs keep: counters, gauges and histograms with labels. Their number, and the
//! number of series, is bounded, so that a label with ever new values can't fill the memory.

use procession_environment::{Labels, Measurement, MetricDefinition, MetricKind, MetricRequest};
use procession_types::{Error, ErrorKind, Fragment, FragmentBuilder, Limit, SmolStr, word};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Metrics of a node.
const METRICS_MAX: usize = 1_000;
/// Series of one metric.
const SERIES_MAX: usize = 1_000;
/// Series of all metrics.
const SERIES_TOTAL_MAX: usize = 20_000;
/// Labels of one series.
const LABELS_MAX: usize = 16;
/// Buckets of a histogram.
const BUCKETS_MAX: usize = 64;
/// Bytes of a name, of a label's value, of a help text.
const NAME_BYTES_MAX: usize = 128;
const VALUE_BYTES_MAX: usize = 256;
const HELP_BYTES_MAX: usize = 1_000;
/// What the names of the node's own metrics start with.
const OWN_PREFIX: &str = "procession_";
/// What the names of a histogram's series end with.
const HISTOGRAM_PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];
/// Bounds of buckets when none are given: seconds from 5 ms to 10 s, as is usual.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug)]
enum Series {
    Number(f64),
    Buckets { counts: Vec<u64>, sum: f64, count: u64 },
}

#[derive(Debug)]
struct Metric {
    definition: MetricDefinition,
    series: BTreeMap<Labels, Series>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    metrics: BTreeMap<SmolStr, Metric>,
    series: usize,
}

impl Metrics {
    pub(crate) fn answer(&mut self, request: MetricRequest) -> Result<Fragment, Error> {
        match request {
            MetricRequest::Define(definition) => {
                self.define(definition)?;
                Ok(FragmentBuilder::new().finish(&[word::TRUE]))
            }
            MetricRequest::Record { name, kind, labels, measurement } => {
                if !self.metrics.contains_key(&name) {
                    let buckets = Vec::new();
                    self.define(MetricDefinition {
                        name: name.clone(),
                        kind,
                        help: None,
                        buckets,
                    })?;
                }
                self.record(&name, kind, labels, measurement)?;
                Ok(FragmentBuilder::new().finish(&[word::TRUE]))
            }
            MetricRequest::Value { name, labels } => self.value(&name, &labels),
            MetricRequest::Text => Ok(super::text(self.text().as_bytes())),
        }
    }

    fn define(&mut self, mut definition: MetricDefinition) -> Result<(), Error> {
        check_name("metric", &definition.name, ":")?;
        if definition.name.starts_with(OWN_PREFIX) {
            let message = format!("metric names that start with {OWN_PREFIX} are the node's own");
            return Err(Error::invalid(message));
        }
        if definition.help.as_ref().is_some_and(|help| help.len() > HELP_BYTES_MAX) {
            let message = format!("help is longer than {HELP_BYTES_MAX} bytes");
            return Err(Error::invalid(message));
        }
        check_buckets(&definition.buckets)?;
        if let Some(known) = self.metrics.get(&definition.name) {
            let known = &known.definition;
            let is_same = known.kind == definition.kind
                && (definition.buckets.is_empty() || known.buckets == definition.buckets);
            return if is_same { Ok(()) } else { Err(other(&known.name, known.kind)) };
        }
        self.check_series(&definition)?;
        if self.metrics.len() >= METRICS_MAX {
            let message = format!("there are {METRICS_MAX} metrics already");
            return Err(Error::limit(Limit::Metrics, message));
        }
        if definition.buckets.is_empty() && definition.kind == MetricKind::Histogram {
            definition.buckets = BUCKETS.to_vec();
        }
        let name = definition.name.clone();
        self.metrics.insert(name, Metric { definition, series: BTreeMap::new() });
        Ok(())
    }

    /// A histogram writes series of names of their own, which no other metric may have.
    fn check_series(&self, definition: &MetricDefinition) -> Result<(), Error> {
        let name = definition.name.as_str();
        for part in HISTOGRAM_PARTS {
            let owner = name.strip_suffix(part).and_then(|owner| self.metrics.get(owner));
            if let Some(owner) = owner
                && owner.definition.kind == MetricKind::Histogram
            {
                let owner = &owner.definition.name;
                let message = format!("histogram {owner} has the series {name}: take another name");
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            let taken = format!("{name}{part}");
            let is_histogram = definition.kind == MetricKind::Histogram;
            if is_histogram && self.metrics.contains_key(taken.as_str()) {
                let message = format!(
                    "metric {taken} is there already, and histogram {name} would have a series of \
                     that name: take another name"
                );
                return Err(Error::new(ErrorKind::Conflict, message));
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        name: &SmolStr,
        kind: MetricKind,
        labels: Labels,
        measurement: Measurement,
    ) -> Result<(), Error> {
        let Some(metric) = self.metrics.get_mut(name) else {
            return Err(Error::not_found(format!("metric {name} not found")));
        };
        if metric.definition.kind != kind {
            return Err(other(name, metric.definition.kind));
        }
        let series = match metric.series.get_mut(&labels) {
            Some(series) => series,
            None => {
                check_labels(&labels)?;
                if metric.series.len() >= SERIES_MAX || self.series >= SERIES_TOTAL_MAX {
                    let message = format!(
                        "metric {name} has too many series: {SERIES_MAX} per metric and \
                         {SERIES_TOTAL_MAX} per node at most"
                    );
                    return Err(Error::limit(Limit::Metrics, message));
                }
                let new = match kind {
                    MetricKind::Counter | MetricKind::Gauge => Series::Number(0.0),
                    MetricKind::Histogram => {
                        let counts = vec![0; metric.definition.buckets.len()];
                        Series::Buckets { counts, sum: 0.0, count: 0 }
                    }
                };
                self.series += 1;
                metric.series.entry(labels).or_insert(new)
            }
        };
        measure(&metric.definition, series, measurement)
    }

    fn value(&self, name: &str, labels: &Labels) -> Result<Fragment, Error> {
        let Some(metric) = self.metrics.get(name) else {
            return Err(Error::not_found(format!("metric {name} not found")));
        };
        let mut builder = FragmentBuilder::new();
        let is_histogram = metric.definition.kind == MetricKind::Histogram;
        let value = match metric.series.get(labels) {
            Some(Series::Number(value)) => word::from_f64(*value),
            None if !is_histogram => word::from_f64(0.0),
            found => {
                let (count, sum) = match found {
                    Some(Series::Buckets { count, sum, .. }) => (*count, *sum),
                    _ => (0, 0.0),
                };
                let count = builder.integer(count as i64);
                builder.record(&[("count", count), ("sum", word::from_f64(sum))])
            }
        };
        Ok(builder.finish(&[value]))
    }

    /// The text form: a line `name{label="value"} number` for each series.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for (name, metric) in &self.metrics {
            if let Some(help) = &metric.definition.help {
                let help = help.replace('\\', "\\\\").replace('\n', "\\n");
                let _ = writeln!(out, "# HELP {name} {help}");
            }
            let _ = writeln!(out, "# TYPE {name} {}", metric.definition.kind.name());
            for (labels, series) in &metric.series {
                match series {
                    Series::Number(value) => line(&mut out, name, labels, None, *value),
                    Series::Buckets { counts, sum, count } => {
                        let mut below = 0;
                        for (bound, here) in metric.definition.buckets.iter().zip(counts) {
                            below += here;
                            let bound = number(*bound);
                            let name = format!("{name}_bucket");
                            line(&mut out, &name, labels, Some(&bound), below as f64);
                        }
                        let name_of = |part| format!("{name}_{part}");
                        line(&mut out, &name_of("bucket"), labels, Some("+Inf"), *count as f64);
                        line(&mut out, &name_of("sum"), labels, None, *sum);
                        line(&mut out, &name_of("count"), labels, None, *count as f64);
                    }
                }
            }
        }
        out
    }
}

fn measure(
    definition: &MetricDefinition,
    series: &mut Series,
    measurement: Measurement,
) -> Result<(), Error> {
    let name = &definition.name;
    match (series, measurement) {
        (Series::Number(value), Measurement::Add(by)) => {
            if definition.kind == MetricKind::Counter && (by < 0.0 || !by.is_finite()) {
                let message = format!("counter {name} can't grow by {}", number(by));
                return Err(Error::invalid(message));
            }
            *value += by;
        }
        (Series::Number(value), Measurement::Set(to)) if definition.kind == MetricKind::Gauge => {
            *value = to;
        }
        (Series::Buckets { counts, sum, count }, Measurement::Observe(seen)) => {
            if seen.is_nan() {
                let message = format!("histogram {name} can't observe what is no number");
                return Err(Error::invalid(message));
            }
            if let Some(at) = definition.buckets.iter().position(|bound| seen <= *bound) {
                counts[at] += 1;
            }
            *sum += seen;
            *count += 1;
        }
        (Series::Number(_) | Series::Buckets { .. }, _) => {
            let message = format!("metric {name} is a {}", definition.kind.name());
            return Err(Error::invalid(message));
        }
    }
    Ok(())
}

fn line(out: &mut String, name: &str, labels: &Labels, bound: Option<&str>, value: f64) {
    out.push_str(name);
    let bound = bound.map(|bound| ("le", bound));
    let pairs = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (position, (label, value)) in pairs.chain(bound).enumerate() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{}{label}=\"{value}\"", if position == 0 { '{' } else { ',' });
    }
    if !labels.is_empty() || bound.is_some() {
        out.push('}');
    }
    let _ = writeln!(out, " {}", number(value));
}

/// A number as scrapers read it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

fn other(name: &str, kind: MetricKind) -> Error {
    let message = format!(
        "metric {name} is a {} already, with other buckets or of another kind",
        kind.name()
    );
    Error::new(ErrorKind::Conflict, message)
}

fn check_name(what: &str, name: &str, more: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
    let starts_well = name.starts_with(|c: char| !c.is_ascii_digit() && fits(c));
    if starts_well && name.len() <= NAME_BYTES_MAX && name.chars().all(fits) {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    let message = format!(
        "invalid {what} name \"{shown}\": up to {NAME_BYTES_MAX} letters, digits and _, no digit first"
    );
    Err(Error::invalid(message))
}

fn check_labels(labels: &Labels) -> Result<(), Error> {
    if labels.len() > LABELS_MAX {
        return Err(Error::invalid(format!("a series has at most {LABELS_MAX} labels")));
    }
    for (name, value) in labels {
        check_name("label", name, "")?;
        if name == "le" || name.starts_with("__") {
            return Err(Error::invalid(format!("label name \"{name}\" is reserved")));
        }
        if value.len() > VALUE_BYTES_MAX {
            let message = format!("value of label {name} is longer than {VALUE_BYTES_MAX} bytes");
            return Err(Error::invalid(message));
        }
    }
    Ok(())
}

fn check_buckets(buckets: &[f64]) -> Result<(), Error> {
    let ascend = buckets.windows(2).all(|pair| pair[0] < pair[1]);
    if buckets.len() > BUCKETS_MAX || !ascend || buckets.iter().any(|bound| !bound.is_finite()) {
        let message = format!("buckets are up to {BUCKETS_MAX} ascending finite numbers");
        return Err(Error::invalid(message));
    }
    Ok(())
}
