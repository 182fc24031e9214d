//! `/v1/services` and `/v1/pools`.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Params, Segment, duration};
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{
    ControlRequest, ListQuery, NameCursor, Page, PoolView, Problem, ScaleRequest, Selector,
    ServiceView, rfc3339,
};
use procession_runtime::{Kind, Node, PoolStatus, Scale, Supervised, Verb};
use procession_types::{Error, ErrorKind};
use std::time::Duration;

/// How long a command is waited for when nobody says so, and at most.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_MAX: Duration = Duration::from_secs(300);
/// Candidates that a message names.
const NAMED_MAX: usize = 4;

/// The services, supervisors and pools of the application, sorted, a page at a time.
///
/// The selector's keys are `id`, `kind`, `state`, `program`, `host`, `supervisor` and labels.
#[utoipa::path(
    get, path = "/v1/services", tag = "services", operation_id = "listServices",
    params(ListQuery),
    responses((status = 200, body = Page<ServiceView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn list(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<ServiceView>> {
    caller.may(&state, "service.list", "*")?;
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let limit = query.limit().map_err(invalid)?;
    let selector: Selector = query.selector.as_deref().unwrap_or("").parse().map_err(invalid)?;
    let cursor: Option<NameCursor> =
        query.cursor.as_deref().map(str::parse).transpose().map_err(invalid)?;
    let all = state.ask(|node| {
        node.supervised().into_iter().map(|it| view(node, it)).collect::<Vec<ServiceView>>()
    });
    let mut items = all.await?;
    items.sort_by(|one, other| one.id.cmp(&other.id));
    items.retain(|item| {
        cursor.as_ref().is_none_or(|cursor| item.id > cursor.after)
            && selector.matches(|key| label(item, key))
    });
    let is_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| is_more);
    let next = last.map(|last| NameCursor { after: last.id.clone() }.to_string());
    ok(Page { items, next })
}

fn label<'a>(view: &'a ServiceView, key: &str) -> Option<&'a str> {
    match key {
        "id" | "name" => Some(&view.id),
        "kind" => Some(&view.kind),
        "state" => Some(&view.state),
        "program" => Some(&view.program),
        "host" => Some(&view.host),
        "supervisor" => view.supervisor.as_deref(),
        label => view.labels.get(label).map(String::as_str),
    }
}

/// One service, supervisor or pool.
#[utoipa::path(
    get, path = "/v1/services/{service}", tag = "services", operation_id = "getService",
    params(("service" = String, Path, description = "Its id, or the part of it behind the colon, or a beginning of either, when no other has that")),
    responses((status = 200, body = ServiceView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn get(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(service): Segment,
) -> Answer<ServiceView> {
    let view = state.ask(move |node| find(node, &service).map(|it| view(node, it))).await??;
    caller.may(&state, "service.info", &view.id)?;
    ok(view)
}

/// Starts a service, supervisor or pool, and waits until it is up.
#[utoipa::path(
    post, path = "/v1/services/{service}/start", tag = "services", operation_id = "startService",
    params(("service" = String, Path, description = "Its id, or the part of it behind the colon, or a beginning of either, when no other has that")),
    request_body = ControlRequest,
    responses((status = 200, body = ServiceView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "It does not come up; the detail says why"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn start(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(service): Segment,
    Body(request): Body<ControlRequest>,
) -> Answer<ServiceView> {
    control(&state, &caller, service, request, Verb::Start).await
}

/// Stops a service, supervisor or pool after what requires it, and waits until it is down.
#[utoipa::path(
    post, path = "/v1/services/{service}/stop", tag = "services", operation_id = "stopService",
    params(("service" = String, Path, description = "Its id, or the part of it behind the colon, or a beginning of either, when no other has that")),
    request_body = ControlRequest,
    responses((status = 200, body = ServiceView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn stop(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(service): Segment,
    Body(request): Body<ControlRequest>,
) -> Answer<ServiceView> {
    control(&state, &caller, service, request, Verb::Stop).await
}

/// Lets a service, supervisor or pool go down and come up again, and waits for that.
#[utoipa::path(
    post, path = "/v1/services/{service}/restart", tag = "services", operation_id = "restartService",
    params(("service" = String, Path, description = "Its id, or the part of it behind the colon, or a beginning of either, when no other has that")),
    request_body = ControlRequest,
    responses((status = 200, body = ServiceView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "It does not come up; the detail says why"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn restart(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(service): Segment,
    Body(request): Body<ControlRequest>,
) -> Answer<ServiceView> {
    control(&state, &caller, service, request, Verb::Restart).await
}

async fn control(
    state: &State,
    caller: &Caller,
    service: String,
    request: ControlRequest,
    verb: Verb,
) -> Answer<ServiceView> {
    // Few at once: each holds a thread until it is done.
    let _permit = admit(&state.controls)?;
    let patience = duration("timeout", request.timeout.as_deref(), PATIENCE, PATIENCE_MAX)?;
    let id = state.ask(move |node| find(node, &service).map(|it| it.id)).await??;
    let action = match verb {
        Verb::Start => "service.start",
        Verb::Stop => "service.stop",
        Verb::Restart => "service.restart",
    };
    caller.may(state, action, &id)?;
    let controlled =
        state.ask(move |node| node.control(&id, verb, patience).map(|it| view(node, it)));
    ok(controlled.await??)
}

/// The service that a text means: its id, the part of it behind the colon, or a beginning of either
/// that no other has.
pub(crate) fn find(node: &Node, text: &str) -> Result<Supervised, Error> {
    if let Ok(found) = node.supervised_by_id(text) {
        return Ok(found);
    }
    let ends = |it: &Supervised| it.id.rsplit_once(':').is_some_and(|(_, name)| name == text);
    let all = node.supervised();
    let mut found: Vec<Supervised> = all.iter().filter(|it| ends(it)).cloned().collect();
    // A beginning, when it is no whole name of anything.
    if found.is_empty() && !text.is_empty() && node.lookup(text).is_none() {
        let begins = |it: &Supervised| {
            it.id.starts_with(text)
                || it.id.rsplit_once(':').is_some_and(|(_, name)| name.starts_with(text))
        };
        found = all.into_iter().filter(begins).collect();
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Error::not_found(format!("service \"{text}\" not found"))),
        (Some(last), false) => {
            let ids = found.iter().chain([&last]).take(NAMED_MAX).map(|it| it.id.to_string());
            let ids: Vec<String> = ids.collect();
            Err(Error::invalid(format!("\"{text}\" may be {}; write the id", ids.join(", "))))
        }
    }
}

/// The pool that a text means; one that is no part of an application has to be named whole.
fn pool_id(node: &Node, text: &str) -> Result<String, Error> {
    match find(node, text) {
        Ok(found) if found.kind == Kind::Pool => Ok(found.id.to_string()),
        Ok(found) => {
            let message = format!("{} is a {} and no pool", found.id, found.kind.name());
            Err(Error::invalid(message))
        }
        Err(error) if error.kind == ErrorKind::NotFound => Ok(text.to_owned()),
        Err(error) => Err(error),
    }
}

fn view(node: &Node, it: Supervised) -> ServiceView {
    let status = it.status;
    ServiceView {
        id: it.id.to_string(),
        kind: it.kind.name().to_owned(),
        state: status.state.name().to_owned(),
        since: rfc3339(status.since),
        wanted: status.wanted,
        pid: status.pid.map(|pid| node.pid_text(pid)),
        program: it.program.to_string(),
        host: it.host.to_string(),
        supervisor: it.supervisor.map(String::from),
        requires: it.requires,
        labels: it.labels,
        restarts: status.restarts,
        attempts: status.attempts,
        until: status.until.map(rfc3339),
        checked: status.checked.map(rfc3339),
        unhealthy: status.unhealthy,
        last: status.last.map(|last| last.text()),
        reason: status.reason,
    }
}

/// The pools, sorted. Those that do not run are left out; `GET /v1/services` tells of them, too.
#[utoipa::path(
    get, path = "/v1/pools", tag = "pools", operation_id = "listPools",
    params(ListQuery),
    responses((status = 200, body = Page<PoolView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn pools(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<PoolView>> {
    caller.may(&state, "pool.list", "*")?;
    let all = state.ask(|node| {
        let ids = node.pools().into_iter();
        ids.filter_map(|id| node.pool_status(&id).ok()).map(pool_view).collect::<Vec<PoolView>>()
    });
    ok(crate::routes::node::sorted_page(all.await?, &query, |item| &item.id)?)
}

/// One pool that runs.
#[utoipa::path(
    get, path = "/v1/pools/{pool}", tag = "pools", operation_id = "getPool",
    params(("pool" = String, Path, description = "Its id, or the part of it behind the colon, or a beginning of either, when no other has that")),
    responses(
        (status = 200, body = PoolView),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "The pool has not answered in time: it is busy, or paused"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn pool(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(pool): Segment,
) -> Answer<PoolView> {
    let pool = state.ask(move |node| pool_id(node, &pool)).await??;
    caller.may(&state, "pool.info", &pool)?;
    ok(state.ask(move |node| node.pool_status(&pool).map(pool_view)).await??)
}

/// Sets the size of a pool, or its bounds.
#[utoipa::path(
    post, path = "/v1/pools/{pool}/scale", tag = "pools", operation_id = "scalePool",
    params(("pool" = String, Path, description = "Its id, or the part of it behind the colon, or a beginning of either, when no other has that")),
    request_body = ScaleRequest,
    responses(
        (status = 200, body = PoolView),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "The pool has not answered in time: it is busy, or paused"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn scale(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(pool): Segment,
    Body(request): Body<ScaleRequest>,
) -> Answer<PoolView> {
    let pool = state.ask(move |node| pool_id(node, &pool)).await??;
    caller.may(&state, "pool.scale", &pool)?;
    let ScaleRequest { size, auto, min_size, max_size } = request;
    if auto && size.is_some() {
        let detail = "size and auto can't be asked for at once";
        return Err(Problem::new(ErrorKind::Invalid, detail).into());
    }
    let size = if auto { Some(None) } else { size.map(Some) };
    let scale = Scale { size, min_size, max_size };
    ok(state.ask(move |node| node.scale_pool(&pool, scale).map(pool_view)).await??)
}

fn pool_view(status: PoolStatus) -> PoolView {
    let counts = status.counts;
    let counts = [
        ("handed", counts.handed),
        ("done", counts.done),
        ("busy_ns", counts.busy_ns),
        ("redelivered", counts.redelivered),
        ("dead_letters", counts.dead_letters),
        ("lost", counts.lost),
        ("failures", counts.failures),
        ("restarts", counts.restarts),
        ("grown", counts.grown),
        ("shrunk", counts.shrunk),
        ("refused", counts.refused),
        ("checks", counts.checks),
        ("unhealthy", counts.unhealthy),
        ("reclaimed", counts.reclaimed),
        ("alerts", counts.alerts),
    ];
    let error = |last: &procession_runtime::pool::LastError| {
        format!("{}: {}", rfc3339(last.at), last.error.message)
    };
    PoolView {
        id: status.id.to_string(),
        size: status.size,
        min_size: status.bounds.0,
        max_size: status.bounds.1,
        pinned: status.pinned,
        starting: status.members.starting,
        idle: status.members.idle,
        busy: status.members.busy,
        ending: status.members.ending,
        waiting: status.waiting,
        waiting_max: status.waiting_max,
        stopping: status.is_stopping,
        stall: status.stall.map(|stall| stall.to_string()),
        errors: status.errors.iter().map(error).collect(),
        counts: counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
    }
}
