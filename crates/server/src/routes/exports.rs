//! `/v1/processes/{process}/export` and `/v1/imports`: processes in files.

use crate::answer::{Failed, Json};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Params, Segment, read_body};
use crate::past_view;
use crate::routes::past::{kept, patience};
use crate::state::State;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use procession_api::{ExportQuery, ForkView, ImportQuery, Problem};
use procession_runtime::{EXPORT_BYTES_MAX, HOST_NORMAL, Imported, Node};
use procession_types::{Error, SmolStr};
use std::time::Instant;

/// A durable process in a file: what it was when it had taken so many inputs. It goes on.
#[utoipa::path(
    get, path = "/v1/processes/{process}/export", tag = "past", operation_id = "exportProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"), ExportQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn export(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Params(query): Params<ExportQuery>,
) -> Result<Response<Body>, Failed> {
    let permit = admit(&state.controls)?;
    let patience = patience(query.timeout.as_deref())?;
    let pid = kept(&state, &caller, "process.export", process).await?;
    let export = move |node: &Node| {
        // Held by the thread: it goes on when nobody waits for its answer any more.
        let _permit = permit;
        node.export(pid, query.at, Some(Instant::now() + patience))
    };
    let mut response = Response::new(Body::from(state.ask(export).await??));
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// Makes a new durable process of what a file holds, which is the body of the request.
///
/// It needs the same version of its program here. It has the context of whoever imports it, and the limits of
/// its program on this process host.
#[utoipa::path(
    post, path = "/v1/imports", tag = "past", operation_id = "importProcess",
    params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ForkView, description = "The process lives"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn import(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Params(query): Params<ImportQuery>,
    request: Request,
) -> Result<Json<ForkView>, Failed> {
    let permit = admit(&state.controls)?;
    let host = query.host.unwrap_or_else(|| HOST_NORMAL.to_owned());
    let file = read_body(request, EXPORT_BYTES_MAX).await?;
    let imported = state.ask(move |_| Imported::read(&file)).await??;
    let program = imported.program().clone();
    caller.may(&state, "process.import", &program)?;
    caller.may(&state, "process.spawn", &program)?;
    caller.may(&state, "process.host", &host)?;
    for pattern in imported.subscriptions() {
        caller.may(&state, "events.subscribe", pattern)?;
    }
    if let Some(name) = &query.name {
        caller.may(&state, "process.registry.register", name)?;
    }
    let context = caller.context();
    let import = move |node: &Node| {
        let _permit = permit;
        let of = imported.of().to_owned();
        let given = query.name.as_deref().map(SmolStr::new);
        let born = node.import(imported, SmolStr::new(host), given, context)?;
        Ok::<_, Error>(past_view::forked(node, of, born, query.name))
    };
    Ok(Json(StatusCode::CREATED, state.ask(import).await??))
}
