//! What machines ask: whether it lives, whether it is ready, its figures, what it can be asked.

use crate::answer::{Failed, body};
use crate::caller::Caller;
use crate::openapi::openapi_json;
use crate::state::State;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::http::{Response, StatusCode};
use procession_api::Problem;
use procession_runtime::{Node, ROOT, StateName};
use procession_types::ErrorKind;

/// Services that have failed and are named.
const NAMED_MAX: usize = 4;

/// Whether the server lives. Needs no token.
#[utoipa::path(
    get, path = "/livez", tag = "probes", operation_id = "livez", security(()),
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(crate) async fn livez() -> Response<Body> {
    body(StatusCode::OK, "text/plain; charset=utf-8", b"ok\n".to_vec())
}

/// Whether every shard of the node answers, and its application is up. Needs no token.
///
/// It names what has failed or does not come up, and tells no error of a program.
#[utoipa::path(
    get, path = "/readyz", tag = "probes", operation_id = "readyz", security(()),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Not yet, or not any more; the detail says why"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn readyz(Extracted(state): Extracted<State>) -> Result<Response<Body>, Failed> {
    if *state.stopping.borrow() {
        return Err(Problem::new(ErrorKind::Unavailable, "the node is stopping").into());
    }
    // What runs is being finished, or has been: no new requests, please.
    state.node.check_open()?;
    let look = |node: &Node| (node.stats(), node.supervised_by_id(ROOT));
    let (_, root) = state.ask(look).await?;
    // A node without an application is ready when it answers.
    if let Ok(root) = root
        && root.status.state != StateName::Running
    {
        let failed = state.ask(failed).await?;
        let what = if failed.is_empty() { String::new() } else { format!(": {failed}") };
        let detail = format!("the application is {}{what}", root.status.state.name());
        return Err(Problem::new(ErrorKind::Unavailable, detail).into());
    }
    Ok(body(StatusCode::OK, "text/plain; charset=utf-8", b"ready\n".to_vec()))
}

/// What has failed or does not come up, a few of it.
fn failed(node: &Node) -> String {
    let failing = node.supervised().into_iter();
    let failing = failing.filter_map(|it| match it.failures() {
        0 => None,
        _ if it.status.state == StateName::Halted => Some(format!("{} stands still", it.id)),
        u32::MAX => Some(format!("{} has failed", it.id)),
        _ => Some(format!("{} does not come up", it.id)),
    });
    let failing: Vec<String> = failing.take(NAMED_MAX).collect();
    failing.join(", ")
}

/// The metrics of the node and of its programs, in the text form of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "probes", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn metrics(
    Extracted(state): Extracted<State>,
    caller: Caller,
) -> Result<Response<Body>, Failed> {
    caller.may(&state, "node.metrics", "*")?;
    let text = state.ask(|node| node.metrics()).await?;
    Ok(body(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text.into_bytes()))
}

/// What this server can be asked, as OpenAPI says it.
#[utoipa::path(
    get, path = "/openapi.json", tag = "probes", operation_id = "openapi",
    responses((status = 200, body = serde_json::Value)),
)]
pub(crate) async fn openapi() -> Response<Body> {
    body(StatusCode::OK, "application/json", openapi_json().into_bytes())
}
