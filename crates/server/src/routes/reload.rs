//! `/v1/reload`: the application is read again from its files.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, duration};
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{Problem, ReloadRequest, ReloadView};
use procession_types::{Error, ErrorKind};
use std::time::Duration;

/// How long is waited for something when nobody says so, and at most.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_MAX: Duration = Duration::from_secs(300);

/// Reads the application again, and changes to it what runs; all of it or nothing.
///
/// What did not change keeps its process. A version that is not valid, whose programs do not start or
/// whose services do not come up is refused with everything that is wrong (422 when it is the files),
/// and the old one goes on.
#[utoipa::path(
    post, path = "/v1/reload", tag = "node", operation_id = "reload",
    request_body = ReloadRequest,
    responses((status = 200, body = ReloadView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn reload(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<ReloadRequest>,
) -> Answer<ReloadView> {
    caller.may(&state, "node.reload", "*")?;
    if request.directory.is_some() && !matches!(caller, Caller::Local) {
        let error = Error::denied("node.reload", "directory");
        let hint = "another directory can be named over the node's own socket only";
        return Err(Failed::from(Problem::from(error).with_hint(hint)));
    }
    let patience = duration("timeout", request.timeout.as_deref(), PATIENCE, PATIENCE_MAX)?;
    // It holds a thread until it is done; another one waits for it.
    let _permit = admit(&state.controls)?;
    state.node.check_open()?;
    let shared = State::clone(&state);
    let reloaded = state.ask(move |_| match &shared.reload {
        Some(reload) => reload(request, patience),
        None => {
            let detail = "this node runs no application from a directory";
            let problem = Problem::new(ErrorKind::Conflict, detail);
            Err(Box::new(problem.with_hint("procession up starts one")))
        }
    });
    ok(reloaded.await?.map_err(Failed)?)
}
