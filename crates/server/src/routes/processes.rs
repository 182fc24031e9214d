//! `/v1/processes`.

use crate::answer::{Answer, Failed, Json, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Params, Segment, duration};
use crate::find::find;
use crate::owners::Owners;
use crate::past_view;
use crate::state::State;
use crate::view;
use axum::extract::State as Extracted;
use axum::http::header::{HeaderValue, LOCATION};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use procession_api::{
    CancelRequest, ExitView, HaltView, ListQuery, Page, Problem, ProcessCursor, ProcessDetail,
    ProcessView, Selector, SpawnRequest, SpawnResponse, UpgradeRequest, WaitQuery, from_json,
};
use procession_environment as environment;
use procession_runtime::{HOST_NORMAL, Listed, Node, Position, When};
use procession_types::{Context, Error, ErrorKind, Pid, SmolStr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Processes that one page with a selector looks at.
const LOOKED_AT_MAX: usize = 10_000;
/// Processes that are looked at in one visit of a shard.
const VISIT_MAX: usize = 1000;
/// How long an end is waited for when nobody says so, and at most.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);
const WAIT_MAX: Duration = Duration::from_secs(24 * 3600);
/// Longest time that a cancelled process can be given.
const DEADLINE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How long a process has until it waits for a message when nobody says so, and at most.
const UPGRADE_DEFAULT: Duration = Duration::from_secs(10);
const UPGRADE_MAX: Duration = Duration::from_secs(60);
/// How long a process that stands still may take to be replayed, to be looked at.
const HALTED_PATIENCE: Duration = Duration::from_secs(20);
/// Where those that stand still come in a list: behind those of all shards.
const HALTED_SHARD: u16 = u16::MAX;
/// Longest id or name, in bytes.
const ID_BYTES_MAX: usize = 255;

/// All processes, a page at a time.
///
/// The selector's keys are `program`, `host`, `state`, `name`, `parent`, `pid`, `id`, `service` and the
/// labels of services, supervisors and pools, which their processes and members have. Processes that
/// start, end or move to another shard between two pages may be missing or come twice.
#[utoipa::path(
    get, path = "/v1/processes", tag = "processes", operation_id = "listProcesses",
    params(ListQuery),
    responses((status = 200, body = Page<ProcessView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn list(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<ProcessView>> {
    caller.may(&state, "process.list", "*")?;
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let limit = query.limit().map_err(invalid)?;
    let selector: Selector = query.selector.as_deref().unwrap_or("").parse().map_err(invalid)?;
    let cursor: Option<ProcessCursor> =
        query.cursor.map(|cursor| cursor.parse()).transpose().map_err(invalid)?;
    let from = cursor.map_or(Position::default(), |it| Position { shard: it.shard, slot: it.slot });
    ok(state.ask(move |node| page(node, from, limit, &selector)).await??)
}

fn page(
    node: &Node,
    from: Position,
    limit: usize,
    selector: &Selector,
) -> Result<Page<ProcessView>, Error> {
    // Whoever selects by what processes have themselves does not pay for the others.
    let is_own = selector.check(&LABELS).is_ok();
    let owners = if is_own { Owners::default() } else { Owners::of(node) };
    if !is_own {
        let keys: Vec<&str> =
            LABELS.into_iter().chain(["service"]).chain(owners.labels()).collect();
        selector.check(&keys).map_err(Error::invalid)?;
    }
    let mut items = Vec::new();
    let mut next = Some(from);
    let mut looked_at = 0;
    while let Some(from) = next
        && items.len() < limit
        && looked_at < LOOKED_AT_MAX
    {
        let visit_max = if selector.is_empty() { limit - items.len() } else { VISIT_MAX };
        let (views, after) = visit(node, from, visit_max)?;
        looked_at += visit_max;
        next = after;
        for (at, view) in views {
            if !selector.matches(|key| labels(&view, &owners, key)) {
                continue;
            }
            if items.len() == limit {
                next = Some(at);
                break;
            }
            items.push(view);
        }
    }
    let next = next.map(|it| ProcessCursor { shard: it.shard, slot: it.slot }.to_string());
    Ok(Page { items, next })
}

type Visited = (Vec<(Position, ProcessView)>, Option<Position>);

/// Some processes, each with its place, and where to go on.
fn visit(node: &Node, from: Position, count_max: usize) -> Result<Visited, Error> {
    let first_halted = Position { shard: HALTED_SHARD, slot: 0 };
    if from.shard != HALTED_SHARD {
        let (listed, after) = node.page(from, count_max)?;
        let view = |it: Listed| (it.at, view::process(node, &it.process, it.memory_bytes));
        let after = after.or_else(|| (!node.halted().is_empty()).then_some(first_halted));
        return Ok((listed.into_iter().map(view).collect(), after));
    }
    let pids = node.halted();
    let mut views = Vec::new();
    for (slot, pid) in pids.iter().enumerate().skip(from.slot as usize).take(count_max) {
        // One that goes on by now was on a page before, or is on the next list.
        if let Some(halt) = node.halt(*pid)? {
            let at = Position { shard: HALTED_SHARD, slot: slot as u32 };
            views.push((at, past_view::halted(node, &halt)));
        }
    }
    let next = from.slot as usize + count_max;
    let after = (next < pids.len()).then_some(Position { slot: next as u32, ..first_halted });
    Ok((views, after))
}

/// What processes are selected by of their own.
const LABELS: [&str; 7] = ["program", "host", "state", "name", "parent", "pid", "id"];

/// The values of a process that a selector's key means.
fn labels<'a>(view: &'a ProcessView, owners: &'a Owners, key: &str) -> Vec<&'a str> {
    match key {
        "program" => vec![&view.program],
        "host" => vec![&view.host],
        "state" => vec![&view.state],
        "pid" => vec![&view.pid],
        "id" => vec![&view.id],
        "name" => view.names.iter().map(String::as_str).collect(),
        "parent" => view.parent.as_deref().into_iter().collect(),
        "service" => owners.owner(view).map(|it| it.id.as_str()).into_iter().collect(),
        label => {
            let value = owners.owner(view).and_then(|it| it.labels.get(label));
            value.map(String::as_str).into_iter().collect()
        }
    }
}

/// Everything about a process. It is looked at between two of its turns.
#[utoipa::path(
    get, path = "/v1/processes/{process}", tag = "processes", operation_id = "getProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    responses((status = 200, body = ProcessDetail), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn get(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
) -> Answer<ProcessDetail> {
    let pid = allowed(&state, &caller, "process.info", process).await?;
    let look = move |node: &Node| match node.is_halted(pid).then(|| node.halt(pid)) {
        // It is in the store only, and stays there.
        Some(Ok(Some(halt))) => {
            let until = Some(Instant::now() + HALTED_PATIENCE);
            let past = node.state_within(pid, u64::MAX, until)?;
            Ok(past_view::halted_detail(node, halt, past))
        }
        Some(Err(error)) => Err(error),
        Some(Ok(None)) | None => node.info(pid).map(|info| view::detail(node, info)),
    };
    ok(state.ask(look).await??)
}

/// Starts a process without a parent.
///
/// With an `Idempotency-Key`, the same request again starts nothing and is answered as before.
#[utoipa::path(
    post, path = "/v1/processes", tag = "processes", operation_id = "spawnProcess",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again")),
    request_body = SpawnRequest,
    responses(
        (status = 201, body = SpawnResponse, description = "It was started"),
        (status = 200, body = SpawnResponse, description = "Another process holds the name"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn spawn(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<SpawnRequest>,
) -> Result<Response<axum::body::Body>, Failed> {
    let host = request.host.as_deref().unwrap_or(HOST_NORMAL).to_owned();
    caller.may(&state, "process.spawn", &request.program)?;
    caller.may(&state, "process.host", &host)?;
    if let Some(name) = &request.name {
        caller.may(&state, "process.registry.register", name)?;
    }
    let (request, context) = start_of(request, host, caller.context())?;
    let spawned = state.ask(move |node| {
        let started = node.spawn(request, context)?;
        Ok::<_, Error>((node.pid_text(started.pid), started.ending.is_some()))
    });
    let (pid, created) = spawned.await??;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/v1/processes/{}", crate::find::id(&pid));
    let mut response = Json(status, SpawnResponse { pid, created }).into_response();
    // A path of digits and dots is a valid header.
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// What the node is asked to start.
pub(crate) fn start_of(
    request: SpawnRequest,
    host: String,
    mut context: Context,
) -> Result<(environment::SpawnRequest, Context), Failed> {
    let ids = [Some(&request.program), Some(&host), request.name.as_ref()];
    if ids.into_iter().flatten().any(|id| id.is_empty() || id.len() > ID_BYTES_MAX) {
        let detail = format!("program, host and name have 1 to {ID_BYTES_MAX} bytes");
        return Err(Problem::new(ErrorKind::Invalid, detail).into());
    }
    for (name, value) in request.context {
        context.values.insert(name, from_json(&[value])?);
    }
    let spawn = environment::SpawnRequest {
        program: SmolStr::new(&request.program),
        host: SmolStr::new(&host),
        arguments: from_json(&request.args)?,
        name: request.name.map(SmolStr::new),
        ..environment::SpawnRequest::default()
    };
    Ok((spawn, context))
}

/// Ends a process at once.
#[utoipa::path(
    delete, path = "/v1/processes/{process}", tag = "processes", operation_id = "terminateProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    responses((status = 204, description = "It ends"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn terminate(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
) -> Result<StatusCode, Failed> {
    let pid = allowed(&state, &caller, "process.terminate", process).await?;
    state.ask(move |node| node.terminate(pid)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a process to end, and terminates it at the deadline if there is one.
#[utoipa::path(
    post, path = "/v1/processes/{process}/cancel", tag = "processes", operation_id = "cancelProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    request_body = CancelRequest,
    responses((status = 202, description = "It was asked"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn cancel(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Body(request): Body<CancelRequest>,
) -> Result<StatusCode, Failed> {
    let pid = allowed(&state, &caller, "process.cancel", process).await?;
    let given = request.deadline.is_some();
    let deadline = duration("deadline", request.deadline.as_deref(), Duration::ZERO, DEADLINE_MAX)?;
    let reason = request.reason.unwrap_or_default();
    state.ask(move |node| node.cancel(pid, given.then_some(deadline), &reason)).await??;
    Ok(StatusCode::ACCEPTED)
}

/// Pauses a process: it gets no turns, and its timers stop, until it is resumed.
#[utoipa::path(
    post, path = "/v1/processes/{process}/pause", tag = "processes", operation_id = "pauseProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    responses((status = 204, description = "It is paused"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn pause(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
) -> Result<StatusCode, Failed> {
    let pid = allowed(&state, &caller, "process.pause", process).await?;
    state.ask(move |node| node.pause(pid)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a paused process go on.
#[utoipa::path(
    post, path = "/v1/processes/{process}/resume", tag = "processes", operation_id = "resumeProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    responses((status = 204, description = "It goes on"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn resume(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
) -> Result<StatusCode, Failed> {
    let pid = allowed(&state, &caller, "process.resume", process).await?;
    state.ask(move |node| node.resume(pid)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a durable process go on that stands still over an input: in the state before it, and without it. One
/// that failed over a timer or a reply tries that again. The answer says what was passed over.
#[utoipa::path(
    post, path = "/v1/processes/{process}/skip", tag = "processes", operation_id = "skipInput",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    responses((status = 200, body = HaltView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn skip(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
) -> Answer<HaltView> {
    let pid = allowed(&state, &caller, "process.skip", process).await?;
    let skipped = state.ask(move |node| node.skip(pid).map(|it| past_view::halt(node, it))).await?;
    ok(skipped?)
}

/// Lets another program go on in the place of a process's.
#[utoipa::path(
    post, path = "/v1/processes/{process}/upgrade", tag = "processes", operation_id = "upgradeProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    request_body = UpgradeRequest,
    responses((status = 204, description = "The new program goes on"),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn upgrade(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Body(request): Body<UpgradeRequest>,
) -> Result<StatusCode, Failed> {
    let _permit = admit(&state.controls)?;
    let UpgradeRequest { program, args, now, timeout } = request;
    let patience = duration("timeout", timeout.as_deref(), UPGRADE_DEFAULT, UPGRADE_MAX)?;
    let pid = allowed(&state, &caller, "process.upgrade", process).await?;
    if let Some(program) = &program {
        caller.may(&state, "process.spawn", program)?;
    }
    let arguments = from_json(&args)?;
    let when = if now { When::Now } else { When::AtRest(patience) };
    state.ask(move |node| node.upgrade(pid, program.as_deref(), arguments, when)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Waits for the end of a process.
#[utoipa::path(
    get, path = "/v1/processes/{process}/wait", tag = "processes", operation_id = "waitForProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"), WaitQuery),
    responses((status = 200, body = ExitView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn wait(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Params(query): Params<WaitQuery>,
) -> Answer<ExitView> {
    let _permit = admit(&state.waits)?;
    let most = duration("timeout", query.timeout.as_deref(), WAIT_DEFAULT, WAIT_MAX)?;
    let pid = allowed(&state, &caller, "process.monitor", process).await?;
    let exit = end_of(&state, pid, most).await?;
    let exit = exit.ok_or_else(|| {
        let detail = format!("the process has not ended within {} s", most.as_secs_f64());
        Problem::new(ErrorKind::Timeout, detail)
    })?;
    ok(exit)
}

/// The end of a process; `None` when it has not come within the time.
pub(crate) async fn end_of(
    state: &State,
    pid: Pid,
    most: Duration,
) -> Result<Option<ExitView>, Failed> {
    let (sender, receiver) = oneshot::channel();
    // Whoever waits may be gone when it ends.
    let tell = move |reason: &Arc<_>| drop(sender.send(Arc::clone(reason)));
    let watching = state.node.watch(pid, tell);
    let _watching = watching.ok_or_else(|| {
        Error::not_found(format!("process {} not found", state.node.pid_text(pid)))
    })?;
    let mut stopping = state.stopping.clone();
    let ended = tokio::select! {
        ended = tokio::time::timeout(most, receiver) => match ended {
            Ok(ended) => ended.ok(),
            Err(_) => return Ok(None),
        },
        _ = stopping.wait_for(|&stopping| stopping) => None,
    };
    match ended {
        Some(reason) => Ok(Some(view::exit(&state.node, pid, &reason))),
        None => Err(Error::new(ErrorKind::Unavailable, "the node is stopping").into()),
    }
}

/// The process that is meant, if the caller may do that to it.
///
/// # Errors
/// `NotFound`, `PermissionDenied`, `Invalid`.
pub(crate) async fn allowed(
    state: &State,
    caller: &Caller,
    action: &str,
    process: String,
) -> Result<Pid, Failed> {
    let pid = state.ask(move |node| find(node, &process)).await??;
    caller.may(state, action, &state.node.pid_text(pid))?;
    Ok(pid)
}
