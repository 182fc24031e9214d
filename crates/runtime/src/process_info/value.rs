//! What there is to know about a process as programs get it, from `process.info`.

use super::{ProcessInfo, state_name};
use crate::shared::Shared;
use procession_types::{Fragment, FragmentBuilder, Limits, word, word::Word};

/// Longest traceback in an answer, in bytes; the file names in it are the program's.
const TRACEBACK_BYTES_MAX: usize = 8192;

/// Names and values in turn.
#[derive(Default)]
struct Fields {
    builder: FragmentBuilder,
    list: Vec<Word>,
}

impl Fields {
    fn put(&mut self, name: &str, value: Word) {
        let name = self.builder.string(name.as_bytes());
        self.list.extend([name, value]);
    }

    fn text(&mut self, name: &str, value: &str) {
        let value = self.builder.string(value.as_bytes());
        self.put(name, value);
    }

    fn number(&mut self, name: &str, value: u64) {
        let value = self.builder.integer(i64::try_from(value).unwrap_or(i64::MAX));
        self.put(name, value);
    }

    fn texts(&mut self, name: &str, values: impl Iterator<Item = impl AsRef<str>>) {
        let values: Vec<Word> =
            values.map(|value| self.builder.string(value.as_ref().as_bytes())).collect();
        let value = self.builder.list(&values);
        self.put(name, value);
    }
}

/// The answer as programs get it.
pub(super) fn fragment(info: &ProcessInfo, sees_security: bool, shared: &Shared) -> Fragment {
    let process = &info.process;
    let mut fields = Fields::default();
    fields.text("pid", &shared.pid_text(process.pid));
    fields.text("program", &process.program);
    let host = shared.hosts.get(process.host).map_or("", |host| host.as_str());
    fields.text("host", host);
    fields.text("state", state_name(process.state));
    for (name, at) in [("since", process.since), ("started", process.started)] {
        fields.number(name, at.0.max(0) as u64);
    }
    if let Some(deadline) = process.deadline {
        fields.number("deadline", deadline.0.max(0) as u64);
    }
    for (name, pid) in [("parent", process.parent), ("caller", process.caller)] {
        if let Some(pid) = pid {
            fields.text(name, &shared.pid_text(pid));
        }
    }
    fields.number("memory_bytes", info.memory_bytes);
    fields.put("hibernating", word::from_bool(info.is_hibernating));
    fields.number("instructions", process.instructions);
    fields.number("mailbox_messages", u64::from(process.mailbox_messages));
    fields.number("mailbox_bytes", process.mailbox_bytes);
    let counts = [("events", process.events), ("topics", process.topics), ("calls", process.calls)];
    for (name, count) in counts {
        fields.number(name, count as u64);
    }
    fields.put("trap_links", word::from_bool(process.trap_links));
    fields.texts("names", process.names.iter());
    let relations = [
        ("links", &process.links, process.links_count),
        ("monitors", &process.monitoring, process.monitoring_count),
        ("monitored_by", &process.watchers, process.watchers_count),
    ];
    for (name, pids, count) in relations {
        fields.texts(name, pids.iter().map(|pid| shared.pid_text(*pid)));
        fields.number(&format!("{name}_count"), count as u64);
    }
    if sees_security {
        if let Some(actor) = &process.context.actor {
            fields.text("actor", &actor.id);
        }
        if let Some(scope) = &process.context.scope {
            fields.texts("scope", scope.policies.iter());
        }
    }
    limits(&mut fields, &process.limits);
    coroutines(&mut fields, info);
    let value = fields.builder.list(&fields.list);
    fields.builder.finish(&[value])
}

fn limits(fields: &mut Fields, limits: &Limits) {
    let outer = std::mem::take(&mut fields.list);
    fields.number("memory_bytes", limits.memory_bytes_max);
    let optional =
        [("instructions", limits.instructions_max), ("wall_clock_ns", limits.wall_clock_ns_max)];
    for (name, most) in optional {
        if let Some(most) = most {
            fields.number(name, most);
        }
    }
    fields.number("mailbox_messages", u64::from(limits.mailbox_messages_max));
    fields.number("mailbox_bytes", limits.mailbox_bytes_max);
    fields.number("message_bytes", limits.message_bytes_max);
    let counts = [
        ("links", limits.links_max),
        ("names", limits.names_max),
        ("calls", limits.calls_max),
        ("topics", limits.topics_max),
    ];
    for (name, most) in counts {
        fields.number(name, u64::from(most));
    }
    let inner = std::mem::replace(&mut fields.list, outer);
    let value = fields.builder.list(&inner);
    fields.put("limits", value);
}

fn coroutines(fields: &mut Fields, info: &ProcessInfo) {
    if let Some(place) = &info.place {
        fields.text("line", place);
    }
    let mut list = Vec::with_capacity(info.coroutines.len());
    let builder = &mut fields.builder;
    for coroutine in &info.coroutines {
        let text = |builder: &mut FragmentBuilder, text: Option<&str>| {
            text.map_or(word::NIL, |text| builder.string(text.as_bytes()))
        };
        let status = text(builder, Some(coroutine.status()));
        let awaited = text(builder, coroutine.awaited.as_deref());
        let line = text(builder, coroutine.info.place.as_deref());
        let traceback = cut(&coroutine.info.traceback);
        let traceback = text(builder, Some(traceback).filter(|text| !text.is_empty()));
        list.push(builder.record(&[
            ("task", word::from_bool(coroutine.info.is_task)),
            ("status", status),
            ("waits_for", awaited),
            ("line", line),
            ("traceback", traceback),
        ]));
    }
    let value = fields.builder.list(&list);
    fields.put("coroutines", value);
    fields.put("coroutines_cut", word::from_bool(info.rest.is_some()));
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TRACEBACK_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
