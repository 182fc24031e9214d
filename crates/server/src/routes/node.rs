//! The node itself: what it is, what it has done, how it is stopped.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Params, duration};
use crate::sse;
use crate::state::State;
use axum::extract::State as Extracted;
use axum::http::{HeaderMap, Response, StatusCode};
use procession_api::{
    DurableView, HostView, ListQuery, NameCursor, NodeStats, NodeView, Page, Problem, ProgramView,
    ShutdownRequest, StreamEvent, StreamQuery, rfc3339,
};
use procession_runtime::{DrainTarget, Node, Priority, ResidentUse};
use procession_types::ErrorKind;
use std::time::Duration;

/// How long processes have when nobody says so, and at most.
const GRACE_DEFAULT: Duration = Duration::from_secs(10);
const GRACE_MAX: Duration = Duration::from_secs(3600);
/// How often a stream of figures tells them when nobody says so; at least and at most.
const INTERVAL_DEFAULT: Duration = Duration::from_secs(1);
const INTERVAL_MIN: Duration = Duration::from_millis(100);
const INTERVAL_MAX: Duration = Duration::from_secs(3600);

/// What this node is.
#[utoipa::path(
    get, path = "/v1/node", tag = "node", operation_id = "getNode",
    responses((status = 200, body = NodeView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn node(Extracted(state): Extracted<State>, caller: Caller) -> Answer<NodeView> {
    caller.may(&state, "node.info", "*")?;
    let hosts = state.node.hosts();
    ok(NodeView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os_pid: std::process::id(),
        started: rfc3339(state.started),
        application: state.about.application.clone(),
        shards: state.node.shards(),
        processes: hosts.iter().map(|host| u64::from(host.processes)).sum(),
        drain: drain_of(&state.node, &DrainTarget::Node),
        troubles: state.node.troubles(),
    })
}

/// What the node has done since its start.
#[utoipa::path(
    get, path = "/v1/stats", tag = "node", operation_id = "getStats",
    responses((status = 200, body = NodeStats), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn stats(Extracted(state): Extracted<State>, caller: Caller) -> Answer<NodeStats> {
    caller.may(&state, "node.stats", "*")?;
    ok(state.ask(figures).await?)
}

/// The same again and again, as server-sent events named `stats`.
///
/// The ids of the events count up; after `Last-Event-ID` they go on with the next number.
#[utoipa::path(
    get, path = "/v1/stats/stream", tag = "node", operation_id = "streamStats",
    params(StreamQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Id of the last event that was seen")),
    responses((status = 200, content_type = "text/event-stream", body = StreamEvent), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn stats_stream(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response<axum::body::Body>, Failed> {
    caller.may(&state, "node.stats", "*")?;
    let interval = duration("interval", query.interval.as_deref(), INTERVAL_DEFAULT, INTERVAL_MAX)?;
    let mut tick = tokio::time::interval(interval.max(INTERVAL_MIN));
    let (response, sink) = sse::stream(admit(&state.waits)?);
    let mut id = sse::last_event_id(&headers).unwrap_or(0);
    tokio::spawn(async move {
        let mut stopping = state.stopping.clone();
        loop {
            tokio::select! {
                _ = stopping.wait_for(|&stopping| stopping) => return,
                () = sink.closed() => return,
                _ = tick.tick() => {}
            }
            let Ok(figures) = state.ask(figures).await else { return };
            id = id.wrapping_add(1);
            if !sink.send(id, "stats", &figures).await {
                return;
            }
        }
    });
    Ok(response)
}

fn figures(node: &Node) -> NodeStats {
    let stats = node.stats();
    NodeStats {
        at: rfc3339(node.now()),
        processes: stats.processes,
        started: stats.counts.spawned,
        ended: stats.counts.ended,
        messages_sent: stats.counts.sent,
        messages_received: stats.counts.received,
        turns: stats.counts.turns,
        instructions: stats.counts.instructions,
        output_failures: stats.output_failures,
    }
}

/// The programs that processes can run, sorted, a page at a time.
#[utoipa::path(
    get, path = "/v1/programs", tag = "node", operation_id = "listPrograms",
    params(ListQuery),
    responses((status = 200, body = Page<ProgramView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn programs(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<ProgramView>> {
    caller.may(&state, "node.info", "*")?;
    let ids = state.node.programs().into_iter();
    let items = ids.map(|id| ProgramView { id: id.to_string() });
    ok(sorted_page(items.collect(), &query, |item| &item.id)?)
}

/// The process hosts, sorted, a page at a time.
#[utoipa::path(
    get, path = "/v1/hosts", tag = "node", operation_id = "listHosts",
    params(ListQuery),
    responses((status = 200, body = Page<HostView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn hosts(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<HostView>> {
    caller.may(&state, "node.info", "*")?;
    let items = state.node.hosts().into_iter().map(|host| HostView {
        id: host.config.id.to_string(),
        processes: host.processes,
        processes_max: host.config.processes_max,
        priority: match host.config.priority {
            Priority::System => "system".to_owned(),
            Priority::Normal => "normal".to_owned(),
        },
        drain: drain_of(&state.node, &DrainTarget::Host(host.config.id)),
        durable: durable(&host.durable),
    });
    ok(sorted_page(items.collect(), &query, |item| &item.id)?)
}

fn drain_of(node: &Node, target: &DrainTarget) -> Option<String> {
    node.drain_of(target).ok().map(|drain| drain.state.name().to_owned())
}

fn durable(used: &ResidentUse) -> DurableView {
    DurableView {
        resident: used.processes,
        sleeping: used.sleeping,
        resident_bytes: used.bytes,
        resident_bytes_max: used.bytes_max,
        evictions: used.evictions,
        wakes: used.wakes,
    }
}

/// A page of a short list, by the name of its items. The only key of a selector is `id`.
pub(crate) fn sorted_page<T>(
    mut items: Vec<T>,
    query: &ListQuery,
    name: impl Fn(&T) -> &str,
) -> Result<Page<T>, Failed> {
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let limit = query.limit().map_err(invalid)?;
    let selector: procession_api::Selector =
        query.selector.as_deref().unwrap_or("").parse().map_err(invalid)?;
    selector.check(&["id"]).map_err(invalid)?;
    let cursor: Option<NameCursor> =
        query.cursor.as_deref().map(str::parse).transpose().map_err(invalid)?;
    items.sort_by(|one, other| name(one).cmp(name(other)));
    items.retain(|item| {
        cursor.as_ref().is_none_or(|cursor| name(item) > &*cursor.after)
            && selector.matches(|key| (key == "id").then(|| name(item)))
    });
    let is_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| is_more);
    let next = last.map(|last| NameCursor { after: name(last).to_owned() }.to_string());
    Ok(Page { items, next })
}

/// The node's configuration, without secrets.
#[utoipa::path(
    get, path = "/v1/config", tag = "node", operation_id = "getConfig",
    responses((status = 200, body = serde_json::Value), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn config(
    Extracted(state): Extracted<State>,
    caller: Caller,
) -> Answer<serde_json::Value> {
    caller.may(&state, "node.config", "*")?;
    ok(state.about.config.clone())
}

/// Asks all processes to end, and stops the node.
#[utoipa::path(
    post, path = "/v1/shutdown", tag = "node", operation_id = "shutdown",
    request_body = ShutdownRequest,
    responses((status = 202, description = "It stops"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn shutdown(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<ShutdownRequest>,
) -> Result<StatusCode, Failed> {
    caller.may(&state, "node.shutdown", "*")?;
    let grace = duration("grace", request.grace.as_deref(), GRACE_DEFAULT, GRACE_MAX)?;
    (state.shutdown)(grace);
    Ok(StatusCode::ACCEPTED)
}
