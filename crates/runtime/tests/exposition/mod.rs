//! A strict reader of the text form of metrics: it refuses whatever a scraper might not take.

use std::collections::{BTreeMap, BTreeSet};

/// Values by name and labels, as in `name{a="b"}`.
pub type Samples = BTreeMap<String, f64>;

/// Reads a text.
pub fn read(text: &str) -> Result<Samples, String> {
    let mut samples = Samples::new();
    let mut done = BTreeSet::new();
    let (mut name, mut kind, mut help) = (String::new(), String::new(), None);
    if !text.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    for line in text.lines() {
        let wrong = |what: &str| Err(format!("{what}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (of, text) = rest.split_once(' ').ok_or("a help without a text")?;
            help = Some(of.to_owned());
            if text.is_empty() || text.contains('\\') {
                return wrong("help");
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (of, is) = rest.split_once(' ').ok_or("a type without a kind")?;
            if !done.insert(of.to_owned()) || help.take().is_some_and(|help| help != of) {
                return wrong("a family in two places");
            }
            if !["counter", "gauge", "histogram"].contains(&is) || !is_name(of) {
                return wrong("type");
            }
            if (is == "counter") != of.ends_with("_total") {
                return wrong("counters, and only they, end with _total");
            }
            (name, kind) = (of.to_owned(), is.to_owned());
        } else {
            let (series, value) = line.rsplit_once(' ').ok_or("a line without a value")?;
            let of = series.split('{').next().unwrap_or_default();
            let parts = ["_bucket", "_sum", "_count"];
            let part = of.strip_prefix(&name).ok_or(format!("outside of its family: {line}"))?;
            if !(part.is_empty() && kind != "histogram"
                || kind == "histogram" && parts.contains(&part))
            {
                return wrong("series");
            }
            labels(&series[of.len()..]).map_err(|error| format!("{error}: {line}"))?;
            let number: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
            if kind == "counter" && !(number >= 0.0 && number.is_finite()) {
                return wrong("a counter");
            }
            if samples.insert(series.to_owned(), number).is_some() {
                return wrong("twice");
            }
        }
    }
    Ok(samples)
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Reads `{name="value",…}` or nothing.
fn labels(text: &str) -> Result<(), String> {
    let Some(mut rest) = text.strip_prefix('{') else {
        return if text.is_empty() { Ok(()) } else { Err("braces".to_owned()) };
    };
    let mut names = BTreeSet::new();
    loop {
        let (name, value) = rest.split_once("=\"").ok_or("a label without a value")?;
        if !is_name(name) || name.contains(':') || !names.insert(name.to_owned()) {
            return Err(format!("label {name}"));
        }
        let mut chars = value.char_indices();
        let end = loop {
            match chars.next().ok_or("an open quote")? {
                (at, '"') => break at,
                (_, '\\') => {
                    let (_, escaped) = chars.next().ok_or("an open escape")?;
                    if !['\\', '"', 'n'].contains(&escaped) {
                        return Err(format!("escape {escaped}"));
                    }
                }
                (_, '\n') => return Err("a line end".to_owned()),
                _ => {}
            }
        };
        match &value[end + 1..] {
            "}" => return Ok(()),
            more => rest = more.strip_prefix(',').ok_or("no comma between labels")?,
        }
    }
}
