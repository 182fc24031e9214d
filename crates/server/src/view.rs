//! What the node knows, in the words of the API.

use crate::find::id;
use procession_api::{
    CoroutineView, ExitView, Problem, ProcessDetail, ProcessView, WaitingMessage, rfc3339, to_json,
    values_to_json,
};
use procession_runtime::{Coroutine, Info, Node, ProcessInfo, Waiting, state_name};
use procession_types::{ExitReason, Limits, Pid};
use serde_json::Value;
use std::collections::BTreeMap;

/// A process in a list.
pub(crate) fn process(node: &Node, info: &Info, memory_bytes: u64) -> ProcessView {
    let pid = node.pid_text(info.pid);
    ProcessView {
        id: id(&pid).to_owned(),
        pid,
        program: info.program.to_string(),
        host: node.host_id(info.host).unwrap_or_default().to_string(),
        state: state_name(info.state).to_owned(),
        since: rfc3339(info.since),
        started: rfc3339(info.started),
        names: info.names.iter().map(ToString::to_string).collect(),
        parent: info.parent.map(|pid| node.pid_text(pid)),
        mailbox_messages: info.mailbox_messages,
        mailbox_bytes: info.mailbox_bytes,
        memory_bytes,
        instructions: info.instructions,
    }
}

/// Everything about a process.
pub(crate) fn detail(node: &Node, info: ProcessInfo) -> ProcessDetail {
    let pids = |pids: &[Pid]| pids.iter().map(|&pid| node.pid_text(pid)).collect();
    let kernel = &info.process;
    let context = &kernel.context;
    ProcessDetail {
        process: process(node, kernel, info.memory_bytes),
        halted: None,
        hibernating: info.is_hibernating,
        place: info.place.map(String::from),
        deadline: kernel.deadline.map(rfc3339),
        caller: kernel.caller.map(|pid| node.pid_text(pid)),
        actor: context.actor.as_ref().map(|actor| actor.id.clone()),
        scope: context.scope.as_ref().map(|scope| scope.policies.clone()),
        trap_links: kernel.trap_links,
        links: pids(&kernel.links),
        links_count: kernel.links_count as u64,
        monitoring: pids(&kernel.monitoring),
        monitoring_count: kernel.monitoring_count as u64,
        watchers: pids(&kernel.watchers),
        watchers_count: kernel.watchers_count as u64,
        events: kernel.events as u64,
        topics: kernel.topics as u64,
        calls: kernel.calls as u64,
        limits: limits(&kernel.limits),
        coroutines: coroutines(info.coroutines),
        coroutines_cut: info.rest.is_some(),
    }
}

/// What the coroutines of a process do.
pub(crate) fn coroutines(coroutines: Vec<Coroutine>) -> Vec<CoroutineView> {
    let view = |coroutine: Coroutine| CoroutineView {
        task: coroutine.info.is_task,
        status: coroutine.status().to_owned(),
        waits_for: coroutine.awaited,
        line: coroutine.info.place.map(String::from),
        traceback: Some(String::from(coroutine.info.traceback)).filter(|text| !text.is_empty()),
    };
    coroutines.into_iter().map(view).collect()
}

/// How a process ended.
pub(crate) fn exit(node: &Node, pid: Pid, reason: &ExitReason) -> ExitView {
    let result = match reason {
        ExitReason::Normal(result) => to_json(result).0,
        ExitReason::Failed(_) => Value::Null,
    };
    ExitView {
        pid: node.pid_text(pid),
        reason: reason.label().to_owned(),
        result,
        error: reason.error().as_ref().map(Problem::from),
    }
}

/// A message of a mailbox.
pub(crate) fn waiting(node: &Node, message: Waiting) -> WaitingMessage {
    let shown = message.payload.as_ref().map(values_to_json);
    WaitingMessage {
        topic: message.topic.to_string(),
        from: message.from.map(|pid| node.pid_text(pid)),
        bytes: message.bytes,
        cut: shown.as_ref().is_none_or(|shown| shown.is_cut),
        payload: shown.map(|shown| shown.values).unwrap_or_default(),
    }
}

pub(crate) fn limits(limits: &Limits) -> BTreeMap<String, u64> {
    let milliseconds = limits.wall_clock_ns_max.map(|ns| ns / 1_000_000);
    let all = [
        ("memory_bytes", Some(limits.memory_bytes_max)),
        ("instructions", limits.instructions_max),
        ("wall_clock_ms", milliseconds),
        ("mailbox_messages", Some(u64::from(limits.mailbox_messages_max))),
        ("mailbox_bytes", Some(limits.mailbox_bytes_max)),
        ("message_bytes", Some(limits.message_bytes_max)),
        ("links", Some(u64::from(limits.links_max))),
        ("names", Some(u64::from(limits.names_max))),
        ("calls", Some(u64::from(limits.calls_max))),
        ("topics", Some(u64::from(limits.topics_max))),
    ];
    let set = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    set.collect()
}
