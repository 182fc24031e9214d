//! The past of a durable process, in the words of the API.

use crate::find::id;
use crate::view::{coroutines, limits};
use procession_api::{
    DifferenceView, DryRunView, ForkView, HaltView, HistoryView, OriginView, PartView,
    PastRecordView, PastStateView, Problem, ProcessDetail, ProcessView, RecordCursor, ReplayView,
    RestoreView, SnapshotView, rfc3339, to_json, values_to_json,
};
use procession_environment::OnError;
use procession_runtime::{
    Deed, DryRun, Forked, Generation, Halt, HistoryPage, Node, Origin, Outcome, Part, PastRecord,
    PastState, Replayed, Restored,
};
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
    let (mut rule, mut program, mut origin) = (None, None, None);
    match &past.deed {
        Deed::Failed(_, of) => rule = Some(rule_name(*of).to_owned()),
        Deed::Upgraded(other) => program = Some(other.to_string()),
        Deed::Given(of) => origin = Some(origin_of(node, of)),
        Deed::Turns | Deed::Ended(_) | Deed::Killed(_) => {}
    }
    PastRecordView {
        record: past.n,
        slot: past.slot,
        inputs: past.inputs,
        at: rfc3339(past.at),
        deed: past.deed.name().to_owned(),
        error: past.deed.error().map(Problem::from),
        on_error: rule,
        program,
        origin,
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

fn origin_of(node: &Node, origin: &Origin) -> OriginView {
    match origin {
        Origin::Fork { of, slot } => {
            OriginView { pid: Some(node.pid_text(*of)), slot: *slot, snapshot: None }
        }
        Origin::Restore { n, slot } => OriginView { pid: None, slot: *slot, snapshot: Some(*n) },
        Origin::Import { of, slot } => {
            OriginView { pid: Some(of.to_string()), slot: *slot, snapshot: None }
        }
    }
}

/// A process that began with the state of another one, which has this PID.
pub(crate) fn forked(node: &Node, of: String, forked: Forked, name: Option<String>) -> ForkView {
    ForkView {
        pid: node.pid_text(forked.pid),
        of,
        slot: forked.slot,
        program: forked.program.into(),
        hash: hex(&forked.hash),
        name,
    }
}

/// What would come of a message.
pub(crate) fn dry_run(node: &Node, pid: Pid, run: DryRun) -> DryRunView {
    let (outcome, result, error) = match &run.outcome {
        Outcome::Waits => ("waits", None, None),
        Outcome::Returned(result) => ("returned", Some(to_json(result).0), None),
        Outcome::Failed(error) => ("failed", None, Some(Problem::from(error))),
    };
    DryRunView {
        pid: node.pid_text(pid),
        slot: run.slot,
        program: run.program.into(),
        taken: run.is_taken,
        outcome: outcome.to_owned(),
        result,
        error,
        answers: run.answers.iter().map(|it| values_to_json(it).values).collect(),
        went_count: run.went.count as u64,
        went: run.went.list.into_iter().map(|it| part(node, it)).collect(),
        instructions: run.instructions,
        memory_bytes: run.memory_bytes,
        changed: run.has_changed,
    }
}

/// A process that went back to a snapshot.
pub(crate) fn restored(node: &Node, pid: Pid, restored: &Restored) -> RestoreView {
    RestoreView {
        pid: node.pid_text(pid),
        snapshot: restored.n,
        from_slot: restored.from,
        slot: restored.slot,
        hash: hex(&restored.hash),
    }
}

/// One of its snapshots.
pub(crate) fn snapshot(generation: Generation) -> SnapshotView {
    SnapshotView {
        snapshot: generation.n,
        slot: generation.slot,
        at: rfc3339(generation.at),
        program: generation.program.into(),
        program_hash: hex(&generation.version),
        state_bytes: generation.state_bytes,
        instructions: generation.instructions,
        hash: hex(&generation.hash),
    }
}

const fn rule_name(rule: OnError) -> &'static str {
    match rule {
        OnError::Skip => "skip",
        OnError::Halt => "halt",
        OnError::Exit => "exit",
    }
}

/// Why a process stands still, and what can be done.
pub(crate) fn halt(node: &Node, halt: Halt) -> HaltView {
    let pid = node.pid_text(halt.birth.pid);
    let skip = match halt.input {
        Some(_) => "goes on without that input",
        // A timer or a reply is still there.
        None => "tries again what it failed over",
    };
    let hint = format!(
        "procession skip '{pid}' {skip}; procession state '{pid}' shows where it stands; procession kill \
         '{pid}' ends it"
    );
    HaltView {
        since: rfc3339(halt.since),
        record: halt.record,
        slot: halt.slot,
        input: halt.input.map(|it| part(node, it)),
        error: Problem::from(&halt.error),
        hint,
    }
}

/// A process that stands still, in a list: it is in the store only.
pub(crate) fn halted(node: &Node, halt: &Halt) -> ProcessView {
    let pid = node.pid_text(halt.birth.pid);
    ProcessView {
        id: id(&pid).to_owned(),
        pid,
        program: halt.program.to_string(),
        host: halt.birth.host.to_string(),
        state: "halted".to_owned(),
        since: rfc3339(halt.since),
        started: rfc3339(halt.birth.at),
        names: halt.names.iter().map(ToString::to_string).collect(),
        parent: halt.birth.parent.map(|pid| node.pid_text(pid)),
        mailbox_messages: u32::try_from(halt.waiting.0).unwrap_or(u32::MAX),
        mailbox_bytes: halt.waiting.1,
        memory_bytes: 0,
        instructions: 0,
    }
}

/// Everything about a process that stands still, as it was before it failed.
pub(crate) fn halted_detail(node: &Node, stands: Halt, past: PastState) -> ProcessDetail {
    let pids = |pids: &[Pid]| pids.iter().take(PIDS_MAX).map(|&pid| node.pid_text(pid)).collect();
    let context = &stands.birth.context;
    ProcessDetail {
        process: ProcessView {
            memory_bytes: past.memory_bytes,
            instructions: past.instructions,
            ..halted(node, &stands)
        },
        hibernating: false,
        place: past.place.map(String::from),
        deadline: None,
        caller: None,
        actor: context.actor.as_ref().map(|actor| actor.id.clone()),
        scope: context.scope.as_ref().map(|scope| scope.policies.clone()),
        trap_links: past.trap_links,
        links: pids(&past.links),
        links_count: past.links.len() as u64,
        monitoring: pids(&past.monitors),
        monitoring_count: past.monitors.len() as u64,
        watchers: Vec::new(),
        watchers_count: 0,
        events: 0,
        topics: past.topics.len() as u64,
        calls: (past.calls + past.timers.len()) as u64,
        limits: limits(&stands.birth.limits),
        coroutines: coroutines(past.coroutines),
        coroutines_cut: past.is_cut,
        halted: Some(halt(node, stands)),
    }
}

/// PIDs of a relation that one look shows.
const PIDS_MAX: usize = 100;

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
        topics: state.topics.into_iter().map(|topic| topic.to_string()).collect(),
        subscriptions: state.subscriptions.into_iter().map(String::from).collect(),
        timers: state.timers.into_iter().map(rfc3339).collect(),
        calls: state.calls as u64,
        monitoring: pids(state.monitors),
        links: pids(state.links),
        names: state.names.into_iter().map(String::from).collect(),
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
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
