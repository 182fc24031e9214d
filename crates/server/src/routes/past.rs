//! `/v1/processes/{process}/history`, `/state` and `/replay`: the past of durable processes, straight
//! from the store. No shard is asked.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Params, Segment, duration};
use crate::find::find_kept;
use crate::past_view;
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{
    HistoryQuery, HistoryView, PastStateView, Problem, RecordCursor, ReplayRequest, ReplayView,
    StateQuery,
};
use procession_runtime::{HistoryFrom, Node};
use procession_types::{Error, ErrorKind, Pid};
use std::time::{Duration, Instant};

/// How long a past is run again when nobody says so, and at most.
const REPLAY_DEFAULT: Duration = Duration::from_secs(30);
const REPLAY_MAX: Duration = Duration::from_secs(3600);

/// What a durable process has done, record by record: what came in, what went out, what it cost.
///
/// Also of processes that sleep, stand still or ended not long ago, which are named by their whole PIDs.
#[utoipa::path(
    get, path = "/v1/processes/{process}/history", tag = "past", operation_id = "getHistory",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"), HistoryQuery),
    responses((status = 200, body = HistoryView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn history(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Params(query): Params<HistoryQuery>,
) -> Answer<HistoryView> {
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let limit = query.limit().map_err(invalid)?;
    let cursor = query.cursor.as_deref().map(str::parse::<RecordCursor>).transpose();
    let from = match cursor.map_err(invalid)? {
        Some(cursor) => HistoryFrom::Record(cursor.record),
        None => HistoryFrom::Slot(query.from.unwrap_or(0)),
    };
    let look = move |node: &Node, pid| {
        node.history_page(pid, from, limit).map(|page| past_view::history(node, pid, page))
    };
    ok(past_of(&state, &caller, process, look).await?)
}

/// A durable process as it was when it had taken so many inputs.
#[utoipa::path(
    get, path = "/v1/processes/{process}/state", tag = "past", operation_id = "getPastState",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"), StateQuery),
    responses((status = 200, body = PastStateView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn state(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Params(query): Params<StateQuery>,
) -> Answer<PastStateView> {
    let permit = admit(&state.controls)?;
    let (slot, patience) = (query.at.unwrap_or(u64::MAX), patience(query.timeout.as_deref())?);
    let look = move |node: &Node, pid| {
        // Held by the thread: it goes on when nobody waits for its answer any more.
        let _permit = permit;
        let state = node.state_within(pid, slot, Some(Instant::now() + patience))?;
        Ok(past_view::state(node, pid, state))
    };
    ok(past_of(&state, &caller, process, look).await?)
}

/// Runs a part of a durable process's past again, and compares what it does with what was written down
/// and with the snapshots on the way. Nothing happens to the process, nor to anybody else.
///
/// A difference is an answer, and no failure of the request.
#[utoipa::path(
    post, path = "/v1/processes/{process}/replay", tag = "past", operation_id = "replayPast",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    request_body = ReplayRequest,
    responses((status = 200, body = ReplayView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn replay(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Body(request): Body<ReplayRequest>,
) -> Answer<ReplayView> {
    let permit = admit(&state.controls)?;
    let (from, to) = (request.from, request.to.unwrap_or(u64::MAX));
    let patience = patience(request.timeout.as_deref())?;
    let look = move |node: &Node, pid| {
        let _permit = permit;
        let until = Some(Instant::now() + patience);
        // Of a log that was trimmed, the whole is what is left.
        let from = from.map_or_else(|| node.first_state(pid), Ok)?;
        let replayed = node.replay_within(pid, (from, to), until)?;
        Ok(past_view::replayed(node, pid, replayed))
    };
    ok(past_of(&state, &caller, process, look).await?)
}

pub(crate) fn patience(text: Option<&str>) -> Result<Duration, Failed> {
    duration("timeout", text, REPLAY_DEFAULT, REPLAY_MAX)
}

/// Looks at the past of the process that is meant, if the caller may.
async fn past_of<T: Send + 'static>(
    state: &State,
    caller: &Caller,
    process: String,
    look: impl FnOnce(&Node, Pid) -> Result<T, Error> + Send + 'static,
) -> Result<T, Failed> {
    let pid = kept(state, caller, "process.history", process).await?;
    Ok(state.ask(move |node| look(node, pid)).await??)
}

/// The process that is meant, as far as the store has something of it, if the caller may do that to it.
///
/// # Errors
/// `NotFound`, `PermissionDenied`, `Invalid`.
pub(crate) async fn kept(
    state: &State,
    caller: &Caller,
    action: &str,
    process: String,
) -> Result<Pid, Failed> {
    let pid = state.ask(move |node| find_kept(node, &process)).await??;
    caller.may(state, action, &state.node.pid_text(pid))?;
    Ok(pid)
}
