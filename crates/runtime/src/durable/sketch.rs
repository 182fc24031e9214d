//! Entries of a journal in few words, for those who look back.

use super::history::Part;
use procession_durable::journal::Entry;
use procession_environment::Call;
use procession_types::{Event, ExitReason, Fragment, Pid, SmolStr, word};

/// Longest text of a value, in characters.
const TEXT_CHARACTERS_MAX: usize = 80;
/// Values of a fragment that are told.
const VALUES_MAX: usize = 4;

/// What an entry brought to the process; `None` when it is neither an input nor a reply.
pub(super) fn came(entry: &Entry) -> Option<Part> {
    Some(match entry {
        Entry::Message { message, .. } => {
            value("message", message.from, Some(SmolStr::new(&*message.topic)), &message.payload)
        }
        Entry::Event(event) => of_event(event),
        Entry::Reply { call, result } => {
            let about = Some(SmolStr::new(call.0.to_string()));
            match result {
                Ok(reply) => value("reply", None, about, reply),
                Err(error) => text("reply", None, about, &error.message),
            }
        }
        _ => return None,
    })
}

fn of_event(event: &Event) -> Part {
    let about = |name: &'static str| Some(SmolStr::new_static(name));
    match event {
        Event::Cancel { from, reason, .. } => {
            text("event", *from, about("CANCEL"), reason.as_deref().unwrap_or_default())
        }
        Event::Exit { from, reason, .. } => ending(*from, "EXIT", reason),
        Event::LinkDown { from, reason, .. } => ending(*from, "LINK_DOWN", reason),
        Event::Took { from, count, .. } => {
            text("event", Some(*from), about("TOOK"), &count.to_string())
        }
        Event::Rest { from, .. } => text("event", Some(*from), about("REST"), ""),
    }
}

fn ending(from: Pid, name: &'static str, reason: &ExitReason) -> Part {
    let about = Some(SmolStr::new_static(name));
    match reason {
        ExitReason::Normal(result) => value("event", Some(from), about, result),
        ExitReason::Failed(_) => {
            let error = reason.error().map(|error| error.message).unwrap_or_default();
            text("event", Some(from), about, &error)
        }
    }
}

/// What an entry let out of the process; `None` when it is an answer.
pub(super) fn went(entry: &Entry) -> Option<Part> {
    let named = |name: &str| Some(SmolStr::new(name));
    Some(match entry {
        Entry::Sent { to, topic, payload } => {
            value("send", Some(*to), Some(SmolStr::new(&**topic)), payload)
        }
        Entry::Spawned { pid, call, request } => {
            let kind = if call.is_some() { "call" } else { "spawn" };
            value(kind, Some(*pid), Some(request.program.clone()), &request.arguments)
        }
        Entry::Terminated(to) => text("terminate", Some(*to), None, ""),
        Entry::Cancelled { to, request, .. } => {
            text("cancel", Some(*to), None, request.reason.as_deref().unwrap_or_default())
        }
        Entry::Unregistered { name, .. } => text("unregister", None, named(name), ""),
        Entry::Sleeps { call, until } => {
            text("timer", None, named(&call.0.to_string()), &until.0.to_string())
        }
        Entry::Called { what, .. } => {
            let about = match &**what {
                Call::Sleep { .. } => "time",
                Call::Process(_) => "process",
                Call::Function(_) => "function",
                Call::Fs(_) => "fs",
                Call::Http(_) => "http",
                Call::Consume { .. } => "queue",
                Call::Info { .. } => "info",
            };
            text("call", None, named(about), &format!("{what:?}"))
        }
        Entry::Printed(line) => Part {
            bytes: line.len() as u64,
            ..text("print", None, None, &String::from_utf8_lossy(line))
        },
        Entry::Logged(record) => text("log", None, None, &record.message),
        _ => return None,
    })
}

fn text(kind: &'static str, peer: Option<Pid>, about: Option<SmolStr>, text: &str) -> Part {
    Part { kind, peer, about, text: cut(text), bytes: text.len() as u64 }
}

fn value(
    kind: &'static str,
    peer: Option<Pid>,
    about: Option<SmolStr>,
    fragment: &Fragment,
) -> Part {
    Part { kind, peer, about, text: short(fragment), bytes: fragment.bytes() as u64 }
}

/// The values of a fragment: numbers, truth values and strings as they are, the rest as `{…}`.
fn short(fragment: &Fragment) -> String {
    let values = fragment.values();
    let mut texts: Vec<String> =
        values.iter().take(VALUES_MAX).map(|v| one(fragment, *v)).collect();
    if values.len() > VALUES_MAX {
        texts.push("…".to_owned());
    }
    cut(&texts.join(", "))
}

fn one(fragment: &Fragment, value: word::Word) -> String {
    if let Some(number) = fragment.integer(value) {
        number.to_string()
    } else if let Some(bytes) = fragment.string(value) {
        format!("{:?}", cut(&String::from_utf8_lossy(&bytes)))
    } else if word::is_float(value) {
        word::to_f64(value).to_string()
    } else if value == word::NIL {
        "nil".to_owned()
    } else if value == word::from_bool(true) {
        "true".to_owned()
    } else if value == word::from_bool(false) {
        "false".to_owned()
    } else {
        "{…}".to_owned()
    }
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(TEXT_CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
