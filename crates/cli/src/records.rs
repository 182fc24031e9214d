//! What `logs` and `events` have in common.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Format, list, one, printable_lines};
use clap::Args;
use procession_api::{LIMIT_MAX, RecordQuery, RecordView};
use std::io::{Write as _, stdout};
use std::ops::ControlFlow;

/// Records that are shown when nobody says how many.
const TAIL_DEFAULT: u32 = 100;

/// Which records are wanted.
#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Only of this process: a PID, also of one that has ended, or the name or id of one that lives; or
    /// of this service or pool: its id
    pub(crate) process: Option<String>,
    /// Go on with what comes
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// The last so many, 1000 at most [default: 100, or all since --since]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) tail: Option<u32>,
    /// At this time or later: RFC 3339, or so long ago, as in 5m
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before this time, likewise
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub(crate) until: Option<String>,
    /// Only of processes of this program
    #[arg(long, value_name = "ID")]
    pub(crate) program: Option<String>,
    /// Only of this service or pool
    #[arg(long, value_name = "ID")]
    pub(crate) service: Option<String>,
    /// Only of services and pools with these labels: name=value, joined by commas
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub(crate) labels: Option<String>,
    /// Only what contains this regular expression
    #[arg(long, value_name = "PATTERN")]
    pub(crate) grep: Option<String>,
}

/// Shows records of a stream, `logs` or `events`.
pub(crate) fn run(
    stream: &str,
    arguments: &RecordArguments,
    change: impl FnOnce(&mut RecordQuery),
) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let all_since = arguments.since.is_some() && arguments.tail.is_none();
    let mut query = RecordQuery {
        process: arguments.process.clone(),
        program: arguments.program.clone(),
        service: arguments.service.clone(),
        labels: arguments.labels.clone(),
        since: arguments.since.clone(),
        until: arguments.until.clone(),
        grep: arguments.grep.clone(),
        tail: if all_since { None } else { Some(arguments.tail.unwrap_or(TAIL_DEFAULT)) },
        limit: Some(LIMIT_MAX),
        ..RecordQuery::default()
    };
    change(&mut query);
    let doing = format!("read {stream}");
    if arguments.follow {
        query.limit = None;
        let followed = client.follow_records(stream, &query, |record| {
            let shown = match format {
                // A list without an end is one of lines.
                Format::Json | Format::Jsonl => one(Format::Jsonl, &record, text, name),
                Format::Yaml => format!("---\n{}", one(format, &record, text, name)),
                Format::Table | Format::Wide | Format::Name => one(format, &record, text, name),
            };
            match stdout().write_all(shown.as_bytes()).and_then(|()| stdout().flush()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        followed.map_err(|error| failed(&doing, &error))?;
        return Ok(String::new());
    }
    let mut records = Vec::new();
    loop {
        let page = client.records(stream, &query).map_err(|error| failed(&doing, &error))?;
        records.extend(page.items);
        // The last so many are one page.
        if query.tail.is_some() || page.next.is_none() {
            break;
        }
        query.cursor = page.next;
    }
    Ok(match format {
        Format::Table | Format::Wide => records.iter().map(text).collect(),
        other => list(other, &records, &[], name),
    })
}

fn name(record: &RecordView) -> String {
    record.id.to_string()
}

/// A record on a line.
fn text(record: &RecordView) -> String {
    // The day matters less than the time; all of it is in the other forms.
    let time = record.time.get(11..23).unwrap_or(&record.time);
    let source = record.service.as_ref().or(record.program.as_ref());
    let source = source.map_or("node", String::as_str);
    let id = record.pid.as_deref().and_then(|pid| pid.rsplit_once('|'));
    let id = id.map_or("", |(_, id)| id.trim_end_matches('}'));
    let fields: Vec<String> =
        record.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let line =
        format!("{time} {:5} {source} {id} {} {}", record.kind, record.message, fields.join(" "));
    // Values that a program prints stand behind tabs, which move the cursor only on.
    printable_lines(&line.trim_end().replace('\n', "\u{FFFD}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_keeps_its_tabs_and_nothing_else_that_moves_the_cursor() {
        let record = RecordView {
            id: 1,
            time: "2026-11-21T20:00:00.000000Z".to_owned(),
            kind: "print".to_owned(),
            pid: Some("{app:processes|1.0.2.0}".to_owned()),
            program: Some("app:a".to_owned()),
            service: None,
            labels: Default::default(),
            fields: Default::default(),
            message: "n\t1\x1b[2J\nx".to_owned(),
            cut: false,
        };
        let shown = "20:00:00.000 print app:a 1.0.2.0 n\t1\u{FFFD}[2J\u{FFFD}x\n";
        assert_eq!(text(&record), shown);
    }
}
