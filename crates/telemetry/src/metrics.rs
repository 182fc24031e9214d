//! Metrics as they are at one moment: families of series, and their text form for scrapers
//! (Prometheus text format 0.0.4). The number of series of a family is bounded: what does not fit is
//! added up in one series whose labels are all `other`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Series of one family, beside `other`.
pub const SERIES_MAX: usize = 500;
/// The value of each label of what did not fit.
const OTHER: &str = "other";

/// What kind of numbers a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyKind {
    /// They only grow.
    Counter,
    /// They come and go.
    Gauge,
    /// They are distributions.
    Histogram,
}

/// A distribution.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// Upper bounds of the buckets, ascending; the last bucket has none.
    pub bounds: Vec<f64>,
    /// How many there are in each bucket, one more than bounds.
    pub counts: Vec<u64>,
    /// The sum of all.
    pub sum: f64,
}

impl Histogram {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds another one with the same bounds.
    pub fn add(&mut self, other: &Self) {
        if self.bounds.is_empty() {
            self.bounds.clone_from(&other.bounds);
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.sum += other.sum;
    }
}

/// The value of a series.
#[derive(Debug, Clone, PartialEq)]
pub enum Series {
    /// Of a counter or gauge.
    Number(f64),
    /// Of a histogram.
    Histogram(Histogram),
}

/// Names and values of labels.
type Labels = Vec<(&'static str, String)>;

/// Series with the same name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// See [`FamilyKind`].
    pub kind: FamilyKind,
    /// What it is about.
    pub help: &'static str,
    /// By labels.
    pub series: BTreeMap<Labels, Series>,
}

impl Family {
    /// Adds to a number.
    pub fn add(&mut self, labels: &[(&'static str, &str)], value: impl Number) -> &mut Self {
        let value = value.number();
        match self.at(labels, || Series::Number(0.0)) {
            Series::Number(sum) => *sum += value,
            Series::Histogram(_) => {}
        }
        self
    }

    /// Raises a number to this value, if it is lower.
    pub fn raise(&mut self, labels: &[(&'static str, &str)], value: impl Number) -> &mut Self {
        let value = value.number();
        match self.at(labels, || Series::Number(value)) {
            Series::Number(most) => *most = most.max(value),
            Series::Histogram(_) => {}
        }
        self
    }

    /// Adds to a distribution.
    pub fn observe(&mut self, labels: &[(&'static str, &str)], more: &Histogram) -> &mut Self {
        match self.at(labels, || Series::Histogram(Histogram::default())) {
            Series::Histogram(sum) => sum.add(more),
            Series::Number(_) => {}
        }
        self
    }

    fn at(&mut self, labels: &[(&'static str, &str)], new: impl FnOnce() -> Series) -> &mut Series {
        let own = |value: &str| value.to_owned();
        let mut key: Labels = labels.iter().map(|(name, value)| (*name, own(value))).collect();
        if self.series.len() >= SERIES_MAX && !self.series.contains_key(&key) {
            key.iter_mut().for_each(|(_, value)| *value = own(OTHER));
        }
        self.series.entry(key).or_insert_with(new)
    }
}

/// What can be the value of a series.
pub trait Number {
    /// As a float; whole numbers above 2⁵³ are rounded.
    fn number(self) -> f64;
}

impl Number for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl Number for u64 {
    fn number(self) -> f64 {
        self as f64
    }
}

impl Number for usize {
    fn number(self) -> f64 {
        self as f64
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// In the order in which they were first named.
    pub families: Vec<Family>,
}

impl Metrics {
    /// A family that grows.
    pub fn counter(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(name, FamilyKind::Counter, help)
    }

    /// A family that comes and goes.
    pub fn gauge(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(name, FamilyKind::Gauge, help)
    }

    /// A family of distributions.
    pub fn histogram(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(name, FamilyKind::Histogram, help)
    }

    fn family(&mut self, name: &'static str, kind: FamilyKind, help: &'static str) -> &mut Family {
        let found = self.families.iter().position(|family| family.name == name);
        let at = found.unwrap_or_else(|| {
            self.families.push(Family { name, kind, help, series: BTreeMap::new() });
            self.families.len() - 1
        });
        &mut self.families[at]
    }

    /// The text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for family in self.families.iter().filter(|family| !family.series.is_empty()) {
            let kind = match family.kind {
                FamilyKind::Counter => "counter",
                FamilyKind::Gauge => "gauge",
                FamilyKind::Histogram => "histogram",
            };
            // Writing to a string does not fail.
            let _ = writeln!(out, "# HELP {} {}", family.name, family.help);
            let _ = writeln!(out, "# TYPE {} {kind}", family.name);
            for (labels, series) in &family.series {
                match series {
                    Series::Number(value) => line(&mut out, family.name, "", labels, None, *value),
                    Series::Histogram(histogram) => {
                        buckets(&mut out, family.name, labels, histogram)
                    }
                }
            }
        }
        out
    }
}

fn buckets(out: &mut String, name: &str, labels: &Labels, histogram: &Histogram) {
    let mut below = 0;
    let bounds = histogram.bounds.iter().map(|bound| bound.to_string());
    for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&histogram.counts) {
        below += count;
        line(out, name, "_bucket", labels, Some(&bound), below as f64);
    }
    line(out, name, "_sum", labels, None, histogram.sum);
    line(out, name, "_count", labels, None, below as f64);
}

fn line(
    out: &mut String,
    name: &str,
    part: &str,
    labels: &Labels,
    bound: Option<&str>,
    value: f64,
) {
    out.push_str(name);
    out.push_str(part);
    let labels = labels.iter().map(|(name, value)| (*name, value.as_str()));
    let mut open = '{';
    for (label, value) in labels.chain(bound.map(|bound| ("le", bound))) {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{open}{label}=\"{value}\"");
        open = ',';
    }
    let close = if open == ',' { "}" } else { "" };
    let _ = writeln!(out, "{close} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form() {
        let mut metrics = Metrics::default();
        metrics.counter("a_total", "How many.").add(&[], 3_u64).add(&[], 4_u64);
        let gauge = metrics.gauge("b", "Labels.");
        gauge.add(&[("x", "q\"\\\n"), ("y", "2")], 0.5).raise(&[("x", "1"), ("y", "")], 7_u64);
        let (bounds, counts) = (vec![0.1, 1.0], vec![1, 2, 3]);
        let histogram = Histogram { bounds, counts, sum: 12.5 };
        let family = metrics.histogram("c_seconds", "Times.");
        family.observe(&[("p", "z")], &histogram).observe(&[("p", "z")], &histogram);
        metrics.gauge("d", "Nothing.");
        let expected = "\
# HELP a_total How many.
# TYPE a_total counter
a_total 7
# HELP b Labels.
# TYPE b gauge
b{x=\"1\",y=\"\"} 7
b{x=\"q\\\"\\\\\\n\",y=\"2\"} 0.5
# HELP c_seconds Times.
# TYPE c_seconds histogram
c_seconds_bucket{p=\"z\",le=\"0.1\"} 2
c_seconds_bucket{p=\"z\",le=\"1\"} 6
c_seconds_bucket{p=\"z\",le=\"+Inf\"} 12
c_seconds_sum{p=\"z\"} 25
c_seconds_count{p=\"z\"} 12
";
        assert_eq!(metrics.text(), expected);
    }

    #[test]
    fn what_does_not_fit_is_other_and_nothing_is_lost() {
        let mut metrics = Metrics::default();
        let family = metrics.counter("n_total", "Many.");
        for round in 0..2_u64 {
            for number in 0..2_000_u64 {
                family.add(&[("program", &format!("app:{number}"))], round + 1);
            }
        }
        assert_eq!(family.series.len(), SERIES_MAX + 1);
        let number = |series: &Series| match series {
            Series::Number(number) => *number,
            Series::Histogram(_) => 0.0,
        };
        assert_eq!(family.series.values().map(number).sum::<f64>(), 6_000.0);
        let other = &family.series[&vec![("program", "other".to_owned())]];
        assert_eq!(number(other), 3.0 * 1_500.0);
    }
}
