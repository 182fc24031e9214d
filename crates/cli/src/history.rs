//! `procession history`: what a durable process has done.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Column, Format, bytes, column, count, list, wide};
use clap::Args;
use procession_api::{HistoryQuery, LIMIT_MAX, PartView, PastRecordView};
use std::io::Write as _;

/// What `history` is told.
#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID (also of one that has ended), an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
    /// The slot to begin with [default: the first that is kept]
    #[arg(long, value_name = "SLOT", conflicts_with = "tail")]
    pub(crate) from: Option<u64>,
    /// How many records at most
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub(crate) limit: usize,
    /// The last so many slots
    #[arg(long, value_name = "COUNT")]
    pub(crate) tail: Option<u64>,
}

/// A record a line. What came and went is in full with -o json.
const COLUMNS: &[Column<PastRecordView>] = &[
    column("SLOT", slots),
    column("AT", |it| it.at.clone()),
    column("DEED", deed),
    column("CAME", |it| parts(&it.came, it.came_count)),
    column("WENT", |it| parts(&it.went, it.went_count)),
    column("INSTRUCTIONS", |it| count(it.instructions)),
    column("TIME", |it| duration(it.duration_ns)),
    column("STATE", |it| if it.state_bytes == 0 { String::new() } else { bytes(it.state_bytes) }),
    wide("RECORD", |it| it.record.to_string()),
    wide("BYTES", |it| it.bytes.to_string()),
    wide("ERROR", |it| it.error.as_ref().map_or_else(String::new, |it| it.detail.clone())),
];

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &HistoryArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let ask = |query: &HistoryQuery| {
        client
            .history(process, query)
            .map_err(|error| failed(&format!("look back at {process}"), &error))
    };
    let limit = arguments.limit.max(1);
    let mut query = HistoryQuery { from: arguments.from, ..HistoryQuery::default() };
    if let Some(tail) = arguments.tail {
        query.limit = Some(1);
        query.from = Some(ask(&query)?.slots.saturating_sub(tail));
    }
    let mut records = Vec::new();
    let has_more = loop {
        query.limit = Some((limit - records.len()).clamp(1, LIMIT_MAX as usize) as u32);
        let page = ask(&query)?;
        if records.is_empty() {
            // Nobody is left to tell when stderr is gone.
            let _ =
                std::io::stderr().write_all(missing(arguments.from, page.first_slot).as_bytes());
        }
        records.extend(page.items);
        match page.next {
            Some(next) if records.len() < limit => query.cursor = Some(next),
            next => break next.is_some(),
        }
    };
    if has_more && matches!(format, Format::Table | Format::Wide) {
        let after = records.last().map_or(0, |it| it.slot + u64::from(it.inputs));
        let note =
            format!("procession: there is more; --from {after} goes on, --limit COUNT shows more");
        let _ = writeln!(std::io::stderr(), "{note}");
    }
    Ok(list(format, &records, COLUMNS, |it| it.slot.to_string()))
}

/// That what was asked for is no longer there.
fn missing(from: Option<u64>, first: u64) -> String {
    match from {
        Some(from) if from < first => {
            format!("procession: slots before {first} are no longer kept\n")
        }
        _ => String::new(),
    }
}

fn slots(record: &PastRecordView) -> String {
    match record.inputs {
        0 | 1 => record.slot.to_string(),
        more => format!("{}-{}", record.slot, record.slot + u64::from(more) - 1),
    }
}

fn deed(record: &PastRecordView) -> String {
    if let Some(origin) = &record.origin {
        let whose = origin.pid.as_deref().unwrap_or("its own snapshot");
        return format!("{}: {whose} at {}", record.deed, origin.slot);
    }
    let about = record.on_error.as_deref().or(record.program.as_deref());
    match (record.inputs, about) {
        (0, None) if record.deed == "turns" && record.record == 0 => "began".to_owned(),
        (_, None) => record.deed.clone(),
        (_, Some(about)) => format!("{}: {about}", record.deed),
    }
}

fn parts(parts: &[PartView], count: u64) -> String {
    let Some(first) = parts.first() else { return String::new() };
    let more = if count > 1 { format!(" +{}", count - 1) } else { String::new() };
    let about = first.about.as_deref().map(|about| format!(" {about}"));
    let text: String = first.text.chars().take(TEXT_CHARACTERS_MAX).collect();
    let cut = if text.len() < first.text.len() { "…" } else { "" };
    let text = escaped(&text);
    let space = if text.is_empty() { "" } else { " " };
    format!("{}{}{space}{text}{cut}{more}", first.kind, about.unwrap_or_default())
}

/// A line as it was printed, with what would not be seen written out.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// Longest value in a table.
const TEXT_CHARACTERS_MAX: usize = 24;

/// A short time for people.
fn duration(nanoseconds: u64) -> String {
    match nanoseconds {
        0 => String::new(),
        1..1_000_000 => format!("{:.1} µs", nanoseconds as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", nanoseconds as f64 / 1e6),
        _ => format!("{:.1} s", nanoseconds as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(about: Option<&str>, text: &str) -> PartView {
        let about = about.map(str::to_owned);
        PartView { kind: "message".to_owned(), peer: None, about, text: text.to_owned(), bytes: 1 }
    }

    #[test]
    fn parts_are_short() {
        assert_eq!(parts(&[], 0), "");
        assert_eq!(parts(&[part(Some("add"), "7")], 1), "message add 7");
        assert_eq!(parts(&[part(None, "")], 3), "message +2");
        assert_eq!(parts(&[part(None, "a\tb\u{7f}")], 1), "message a\\tb\\u{7f}");
        let long = parts(&[part(None, &"x".repeat(80))], 1);
        assert_eq!(long, format!("message {}…", "x".repeat(24)));
    }

    #[test]
    fn what_is_gone_is_told() {
        assert_eq!(missing(None, 9), "");
        assert_eq!(missing(Some(9), 9), "");
        assert_eq!(missing(Some(8), 9), "procession: slots before 9 are no longer kept\n");
    }

    #[test]
    fn times_are_short() {
        let shown = [0, 1500, 2_500_000, 3_000_000_000].map(duration);
        assert_eq!(shown, ["", "1.5 µs", "2.5 ms", "3.0 s"]);
    }
}
