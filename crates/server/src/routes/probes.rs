//! What machines ask: whether it lives, whether it is ready, its figures, what it can be asked.

use crate::answer::{Failed, body};
use crate::caller::Caller;
use crate::openapi::openapi_json;
use crate::state::State;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::http::{Response, StatusCode};
use procession_api::Problem;
use procession_runtime::Node;
use procession_types::ErrorKind;

/// Whether the server lives. Needs no token.
#[utoipa::path(
    get, path = "/livez", tag = "probes", operation_id = "livez", security(()),
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(crate) async fn livez() -> Response<Body> {
    body(StatusCode::OK, "text/plain; charset=utf-8", b"ok\n".to_vec())
}

/// Whether every shard of the node answers. Needs no token.
#[utoipa::path(
    get, path = "/readyz", tag = "probes", operation_id = "readyz", security(()),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn readyz(Extracted(state): Extracted<State>) -> Result<Response<Body>, Failed> {
    if *state.stopping.borrow() {
        return Err(Problem::new(ErrorKind::Unavailable, "the node is stopping").into());
    }
    let _ = state.ask(Node::stats).await?;
    Ok(body(StatusCode::OK, "text/plain; charset=utf-8", b"ready\n".to_vec()))
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
