//! `/v1/drains`: what takes no new work.

use crate::answer::{Answer, Failed, Json, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Params, Segment, duration};
use crate::routes::node::sorted_page;
use crate::routes::services::find;
use crate::state::State;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use procession_api::{
    DrainLeftView, DrainRequest, DrainView, ListQuery, Page, Problem, UndrainQuery, rfc3339,
};
use procession_runtime::{Drain, DrainTarget, Node};
use procession_types::{Error, ErrorKind, SmolStr};
use std::sync::Arc;
use std::time::Duration;

/// How long what is in hand has to be finished when nobody says so, and at most.
const DEADLINE: Duration = Duration::from_secs(300);
const DEADLINE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How long a start is waited for when nobody says so, and at most.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_MAX: Duration = Duration::from_secs(300);

/// Drains the node, a process host, a service, a supervisor or a pool.
///
/// It takes no new work from now on: what is addressed to it from outside or by its names is refused
/// (503). What it has in hand is finished, and when all is, or the time is over, it is taken down,
/// after what requires it. The answer does not wait for that: `GET /v1/drains/{target}` tells how far
/// it is. Asking again changes nothing.
#[utoipa::path(
    post, path = "/v1/drains", tag = "drains", operation_id = "drain",
    request_body = DrainRequest,
    responses((status = 202, body = DrainView, description = "It drains"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn begin(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<DrainRequest>,
) -> Answer<DrainView> {
    let time = duration("deadline", request.deadline.as_deref(), DEADLINE, DEADLINE_MAX)?;
    let target = allowed(&state, &caller, request.target).await?;
    let node = Arc::clone(&state.node);
    let drain = state.ask(move |_| node.drain(target, time)).await??;
    Ok(Json(StatusCode::ACCEPTED, view(drain)))
}

/// What is drained, or being drained, sorted.
#[utoipa::path(
    get, path = "/v1/drains", tag = "drains", operation_id = "listDrains",
    params(ListQuery),
    responses((status = 200, body = Page<DrainView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn list(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ListQuery>,
) -> Answer<Page<DrainView>> {
    caller.may(&state, "node.info", "*")?;
    let all = state.node.drains().into_iter().map(view).collect();
    ok(sorted_page(all, &query, |item: &DrainView| &item.target)?)
}

/// How far one is.
#[utoipa::path(
    get, path = "/v1/drains/{target}", tag = "drains", operation_id = "getDrain",
    params(("target" = String, Path, description = "node, or the id of what is drained, or the part of it behind the colon, or a beginning of either, when no other has that")),
    responses((status = 200, body = DrainView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn get(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(target): Segment,
) -> Answer<DrainView> {
    caller.may(&state, "node.info", "*")?;
    let found = state.ask(move |node| target_of(node, &target).and_then(|it| node.drain_of(&it)));
    ok(view(found.await??))
}

/// Undoes a drain, also one that is done: it takes work again, and what the drain has taken down is
/// started. The answer waits for that, and tells the drain as it was.
#[utoipa::path(
    delete, path = "/v1/drains/{target}", tag = "drains", operation_id = "undoDrain",
    params(("target" = String, Path, description = "node, or the id of what is drained, or the part of it behind the colon, or a beginning of either, when no other has that"), UndrainQuery),
    responses((status = 200, body = DrainView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn undo(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(target): Segment,
    Params(query): Params<UndrainQuery>,
) -> Answer<DrainView> {
    // It holds a thread until it is done.
    let _permit = admit(&state.controls)?;
    let patience = duration("timeout", query.timeout.as_deref(), PATIENCE, PATIENCE_MAX)?;
    let target = allowed(&state, &caller, target).await?;
    ok(view(state.ask(move |node| node.undo_drain(&target, patience)).await??))
}

/// What is meant, if the caller may drain it.
async fn allowed(state: &State, caller: &Caller, text: String) -> Result<DrainTarget, Failed> {
    let target = state.ask(move |node| target_of(node, &text)).await??;
    let (action, resource) = match &target {
        DrainTarget::Node => ("node.drain", "*"),
        DrainTarget::Host(id) => ("host.drain", id.as_str()),
        DrainTarget::Supervised(id) => ("service.drain", id.as_str()),
    };
    caller.may(state, action, resource)?;
    Ok(target)
}

/// What a text means.
fn target_of(node: &Node, text: &str) -> Result<DrainTarget, Error> {
    if text == "node" {
        return Ok(DrainTarget::Node);
    }
    let ids = node.hosts().into_iter().map(|host| host.config.id);
    let behind = |id: &SmolStr| id.rsplit_once(':').is_some_and(|(_, name)| name == text);
    let (whole, parts): (Vec<SmolStr>, Vec<SmolStr>) =
        ids.filter(|id| id == text || behind(id)).partition(|id| id == text);
    if let Some(id) = whole.into_iter().next() {
        return Ok(DrainTarget::Host(id));
    }
    let found = match find(node, text) {
        Ok(found) if found.id == text => return Ok(DrainTarget::Supervised(found.id)),
        Err(error) if error.kind != ErrorKind::NotFound => return Err(error),
        found => found.ok(),
    };
    let hosts = parts.into_iter().map(DrainTarget::Host);
    let mut all: Vec<DrainTarget> =
        hosts.chain(found.map(|it| DrainTarget::Supervised(it.id))).collect();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            let ids: Vec<&str> = all.iter().chain([&last]).map(DrainTarget::text).collect();
            Err(Error::invalid(format!("\"{text}\" may be {}; write the id", ids.join(", "))))
        }
        (None, _) => {
            let message = format!("no process host, service, supervisor or pool \"{text}\"");
            Err(Error::not_found(message))
        }
    }
}

fn view(drain: Drain) -> DrainView {
    let left = |it: procession_runtime::DrainLeft| DrainLeftView { what: it.what, does: it.does };
    DrainView {
        target: drain.target.text().to_owned(),
        kind: drain.kind.to_owned(),
        state: drain.state.name().to_owned(),
        since: rfc3339(drain.since),
        until: rfc3339(drain.until),
        left_count: drain.left_count,
        left: drain.left.into_iter().map(left).collect(),
        stopped: drain.stopped.into_iter().map(String::from).collect(),
        cut_off: drain.cut_off,
    }
}
