//! The past of a durable process, in the words of the API.

use crate::view::coroutines;
use procession_api::{
    DifferenceView, HistoryView, PartView, PastRecordView, PastStateView, Problem, RecordCursor,
    ReplayView, rfc3339,
};
use procession_environment::OnError;
use procession_runtime::{Deed, HistoryPage, Node, Part, PastRecord, PastState, Replayed};
use procession_types::Pid;

/// A page of what it has done.
pub(crate) fn history(node: &Node, pid: Pid, page: HistoryPage) -> HistoryView {
    HistoryView {
        pid: node.pid_text(pid),
        first_slot: page.first_slot,
        slots: page.slots,
        items: page.records.into_iter().map(|it| record(node, it)).collect(),
        next: page.next.map(|record| RecordCursor { record }.to_string()),
    }
}

fn record(node: &Node, past: PastRecord) -> PastRecordView {
    let parts = |list: Vec<Part>| list.into_iter().map(|it| part(node, it)).collect();
    let (rule, program) = match &past.deed {
        Deed::Failed(_, rule) => (Some(rule_name(*rule).to_owned()), None),
        Deed::Upgraded(program) => (None, Some(program.to_string())),
        Deed::Turns | Deed::Ended(_) | Deed::Killed(_) => (None, None),
    };
    PastRecordView {
        record: past.n,
        slot: past.slot,
        inputs: past.inputs,
        at: rfc3339(past.at),
        deed: past.deed.name().to_owned(),
        error: past.deed.error().map(Problem::from),
        on_error: rule,
        program,
        came_count: past.came.count as u64,
        came: parts(past.came.list),
        went_count: past.went.count as u64,
        went: parts(past.went.list),
        instructions: past.used,
        instructions_total: past.instructions,
        duration_ns: past.duration_ns,
        state_bytes: past.state_bytes,
        bytes: past.bytes,
    }
}

const fn rule_name(rule: OnError) -> &'static str {
    match rule {
        OnError::Skip => "skip",
        OnError::Halt => "halt",
        OnError::Exit => "exit",
    }
}

fn part(node: &Node, part: Part) -> PartView {
    PartView {
        kind: part.kind.to_owned(),
        peer: part.peer.map(|pid| node.pid_text(pid)),
        about: part.about.map(String::from),
        text: part.text,
        bytes: part.bytes,
    }
}

/// The process as it was.
pub(crate) fn state(node: &Node, pid: Pid, state: PastState) -> PastStateView {
    let pids = |pids: Vec<Pid>| pids.into_iter().map(|pid| node.pid_text(pid)).collect();
    PastStateView {
        pid: node.pid_text(pid),
        slot: state.slot,
        record: state.n,
        ended: state.has_ended,
        program: state.program.into(),
        instructions: state.instructions,
        memory_bytes: state.memory_bytes,
        hash: state.hash.map(|hash| hex(&hash)),
        place: state.place.map(String::from),
        coroutines: coroutines(state.coroutines),
        coroutines_cut: state.is_cut,
        topics: state.topics.into_iter().map(String::from).collect(),
        subscriptions: state.subscriptions.into_iter().map(String::from).collect(),
        timers: state.timers.into_iter().map(rfc3339).collect(),
        calls: state.calls as u64,
        monitoring: pids(state.monitors),
        links: pids(state.links),
        names: state.names.into_iter().map(String::from).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What came of its past when that was run again.
pub(crate) fn replayed(node: &Node, pid: Pid, replayed: Replayed) -> ReplayView {
    let difference =
        replayed.difference.map(|it| DifferenceView { record: it.n, slot: it.slot, what: it.what });
    ReplayView {
        pid: node.pid_text(pid),
        first_record: replayed.first,
        records: replayed.records,
        slot: replayed.slot,
        snapshots: replayed.snapshots,
        difference,
    }
}
