//! `procession inspect`: everything about a process.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{Format, age, bold, bytes, one, printable, printable_lines};
use crate::select::Which;
use clap::Args;
use procession_api::{CoroutineView, HaltView, PeekQuery, Peeked, ProcessDetail};
use procession_client::Client;
use serde_json::{Value, json};

/// What `inspect` is told.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Also show so many of the messages that wait
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "20",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) messages: Option<u32>,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &InspectArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let mut shown: Vec<String> = Vec::new();
    arguments.which.each(&client, |process| {
        shown.push(look(&client, format, process, arguments)?);
        Ok(())
    })?;
    let between = if matches!(format, Format::Table | Format::Wide) { "\n" } else { "" };
    Ok(shown.join(between))
}

fn look(
    client: &Client,
    format: Format,
    process: &str,
    arguments: &InspectArguments,
) -> Result<String, Failure> {
    let doing = format!("inspect {process}");
    let detail = client.process(process).map_err(|error| failed(&doing, &error))?;
    let peeked = arguments.messages.map(|limit| {
        // By its PID: who holds the name may have changed.
        client.peek(&detail.process.pid, &PeekQuery { limit: Some(limit) })
    });
    let peeked = peeked.transpose().map_err(|error| failed(&doing, &error))?;
    let mut value = serde_json::to_value(&detail).unwrap_or_default();
    if let (Some(peeked), Value::Object(fields)) = (&peeked, &mut value) {
        fields.insert("messages".to_owned(), json!(peeked.items));
    }
    let text = |_: &Value| text(&detail, peeked.as_ref());
    Ok(one(format, &value, text, |_| crate::ps::name(&detail.process)))
}

fn memory(detail: &ProcessDetail) -> String {
    let packed = if detail.hibernating { ", hibernating" } else { "" };
    bytes(detail.process.memory_bytes) + packed
}

fn text(detail: &ProcessDetail, peeked: Option<&Peeked>) -> String {
    let process = &detail.process;
    let mut lines = vec![
        ("PID", process.pid.clone()),
        ("Names", process.names.join(", ")),
        ("Program", process.program.clone()),
        ("Host", process.host.clone()),
        ("State", format!("{} for {}", process.state, age(&process.since))),
        ("Started", format!("{} ({} ago)", process.started, age(&process.started))),
        ("Parent", process.parent.clone().unwrap_or_default()),
        ("At", detail.place.clone().unwrap_or_default()),
        ("Deadline", detail.deadline.clone().unwrap_or_default()),
        ("Answers", detail.caller.clone().unwrap_or_default()),
        ("Actor", detail.actor.clone().unwrap_or_default()),
        ("Scope", detail.scope.as_ref().map_or_else(String::new, |scope| scope.join(", "))),
        ("Memory", memory(detail)),
        ("Instructions", process.instructions.to_string()),
        (
            "Mailbox",
            format!("{} messages, {}", process.mailbox_messages, bytes(process.mailbox_bytes)),
        ),
        (
            "Waiting",
            format!("{} events, {} calls, {} topics", detail.events, detail.calls, detail.topics),
        ),
        ("Links", pids(&detail.links, detail.links_count)),
        ("Monitors", pids(&detail.monitoring, detail.monitoring_count)),
        ("Monitored by", pids(&detail.watchers, detail.watchers_count)),
    ];
    let limits = detail.limits.iter().map(|(name, value)| format!("{name} {value}"));
    lines.push(("Limits", limits.collect::<Vec<_>>().join(", ")));
    let mut text = lines_text(&lines);
    if let Some(halted) = &detail.halted {
        text.push_str(&halt_text(halted));
    }
    text.push_str(&coroutines_text(&detail.coroutines, detail.coroutines_cut));
    if let Some(peeked) = peeked {
        let heading = format!("Messages ({} of {})", peeked.items.len(), peeked.count);
        text.push_str(&format!("\n{}\n", bold(&heading)));
        for message in &peeked.items {
            let values: Vec<String> = message.payload.iter().map(Value::to_string).collect();
            let from = message.from.as_deref().map(|pid| format!(" from {pid}"));
            let cut = if message.cut { " …" } else { "" };
            let line = format!(
                "{}{}: {}{cut}",
                message.topic,
                from.unwrap_or_default(),
                values.join(", ")
            );
            text.push_str(&format!("  {}\n", printable(&line)));
        }
    }
    text
}

/// Why it stands still, and what to do.
fn halt_text(halted: &HaltView) -> String {
    let input = halted.input.as_ref().map_or_else(
        || "a timer or a reply".to_owned(),
        |it| {
            let from = it.peer.as_deref().map(|pid| format!(" from {pid}"));
            let about = it.about.as_deref().map(|about| format!(" {about}"));
            let (about, from) = (about.unwrap_or_default(), from.unwrap_or_default());
            format!("{}{about}{from}: {}", it.kind, it.text)
        },
    );
    let lines = [
        ("Since", format!("{} ({} ago)", halted.since, age(&halted.since))),
        ("Over", format!("slot {}, record {}: {input}", halted.slot, halted.record)),
        ("Error", halted.error.detail.clone()),
        ("What to do", halted.hint.clone()),
    ];
    let mut text = format!("\n{}\n{}", bold("Halted"), lines_text(&lines));
    if let Some(traceback) = &halted.error.traceback {
        text.push_str(&printable_lines(traceback));
        text.push('\n');
    }
    text
}

/// What is known, a line each.
pub(crate) fn lines_text(lines: &[(&str, String)]) -> String {
    let known = lines.iter().filter(|(_, value)| !value.is_empty());
    known.map(|(name, value)| format!("{name:14}{}\n", printable(value))).collect()
}

/// What coroutines do.
pub(crate) fn coroutines_text(coroutines: &[CoroutineView], are_cut: bool) -> String {
    let mut text = String::new();
    for (number, coroutine) in coroutines.iter().enumerate() {
        text.push_str(&format!("\n{}\n", bold(&format!("Coroutine {}", number + 1))));
        text.push_str(&coroutine_text(coroutine));
    }
    if are_cut {
        text.push_str("\nThere are more coroutines than are shown.\n");
    }
    text
}

fn coroutine_text(coroutine: &CoroutineView) -> String {
    let awaited = coroutine.waits_for.as_deref().map(|what| format!(" for {what}"));
    let place = coroutine.line.as_deref().map(|line| format!(" at {line}"));
    let kind = if coroutine.task { "task, " } else { "" };
    let (awaited, place) = (awaited.unwrap_or_default(), place.unwrap_or_default());
    let mut text =
        format!("  {}\n", printable(&format!("{kind}{}{awaited}{place}", coroutine.status)));
    for line in coroutine.traceback.as_deref().unwrap_or_default().lines() {
        text.push_str(&format!("  {}\n", printable_lines(line)));
    }
    text
}

fn pids(shown: &[String], count: u64) -> String {
    let more = count.saturating_sub(shown.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}
