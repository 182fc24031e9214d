//! `/v1/processes/{process}/fork`.

use crate::answer::{Failed, Json};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Segment};
use crate::past_view;
use crate::routes::past::{kept, patience};
use crate::state::State;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use procession_api::{ForkRequest, ForkView, Problem};
use procession_runtime::Node;
use procession_types::{Error, SmolStr};
use std::time::Instant;

/// Makes a new durable process with the state that another one had when it had taken so many inputs.
///
/// The other one is not touched, and may have ended. The fork has its arguments, context, limits and process
/// host, and no messages, links, monitors or names but the one it is given. With an `Idempotency-Key`, the
/// same request again makes nothing and is answered as before.
#[utoipa::path(
    post, path = "/v1/processes/{process}/fork", tag = "past", operation_id = "forkProcess",
    params(
        ("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again"),
    ),
    request_body = ForkRequest,
    responses((status = 201, body = ForkView, description = "The fork lives"),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn fork(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Body(request): Body<ForkRequest>,
) -> Result<Json<ForkView>, Failed> {
    let permit = admit(&state.controls)?;
    let ForkRequest { at, name, timeout } = request;
    let patience = patience(timeout.as_deref())?;
    let pid = kept(&state, &caller, "process.fork", process).await?;
    let (program, host) = state.ask(move |node| node.forks_into(pid)).await??;
    caller.may(&state, "process.spawn", &program)?;
    caller.may(&state, "process.host", &host)?;
    if let Some(name) = &name {
        caller.may(&state, "process.registry.register", name)?;
    }
    let fork = move |node: &Node| {
        // Held by the thread: it goes on when nobody waits for its answer any more.
        let _permit = permit;
        let until = Some(Instant::now() + patience);
        let forked = node.fork(pid, at, name.as_deref().map(SmolStr::new), until)?;
        Ok::<_, Error>(past_view::forked(node, node.pid_text(pid), forked, name))
    };
    Ok(Json(StatusCode::CREATED, state.ask(fork).await??))
}
