//! `/v1/calls`: a process that is started for its result.

use crate::answer::{Answer, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, duration};
use crate::routes::processes::start_of;
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{CallRequest, CallResponse, Problem, SpawnRequest, to_json};
use procession_runtime::{HOST_NORMAL, Node};
use procession_types::{Error, ErrorKind, ExitReason, Pid};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a call may take when nobody says so, and at most.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// The status of what was understood and could not be done.
const UNPROCESSABLE: u16 = 422;

/// Terminates the process of a call that nobody waits for any more. It exists as soon as the process
/// does: the caller may go away before anybody here has heard of the start.
struct Callee {
    node: Arc<Node>,
    pid: Pid,
    has_ended: bool,
}

impl Drop for Callee {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let (node, pid) = (Arc::clone(&self.node), self.pid);
        // It may have ended meanwhile. Not waited for: this runs where nothing may wait.
        tokio::task::spawn_blocking(move || drop(node.terminate(pid)));
    }
}

/// Runs a program as a process for its result.
///
/// An error of the program is answered as a problem of the error's kind, with its traceback; with
/// status 422 where that would say that the node has failed.
#[utoipa::path(
    post, path = "/v1/calls", tag = "calls", operation_id = "call",
    request_body = CallRequest,
    responses((status = 200, body = CallResponse),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn call(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<CallRequest>,
) -> Answer<CallResponse> {
    let _permit = admit(&state.waits)?;
    let most = duration("timeout", request.timeout.as_deref(), TIMEOUT_DEFAULT, TIMEOUT_MAX)?;
    let host = request.host.unwrap_or_else(|| HOST_NORMAL.to_owned());
    caller.may(&state, "process.call", &request.program)?;
    caller.may(&state, "process.host", &host)?;
    let request =
        SpawnRequest { program: request.program, args: request.args, ..SpawnRequest::default() };
    let (request, context) = start_of(request, host, caller.context())?;
    let node = Arc::clone(&state.node);
    let (mut callee, ended) = state.ask(move |_| start(node, request, context)).await??;
    let reason = match tokio::time::timeout(most, ended).await {
        Ok(reason) => reason.map_err(|_| stopping())?,
        Err(_) => {
            let detail = format!("the call took longer than {} s", most.as_secs_f64());
            return Err(Problem::new(ErrorKind::Timeout, detail).into());
        }
    };
    callee.has_ended = true;
    match &*reason {
        ExitReason::Normal(result) => {
            let (result, cut) = to_json(result);
            ok(CallResponse { pid: state.node.pid_text(callee.pid), result, cut })
        }
        // A failure always has an error.
        ExitReason::Failed(_) => Err(of_program(reason.error().unwrap_or_else(stopping)).into()),
    }
}

/// The problem of a program: statuses from 500 on would say that it is the node's.
fn of_program(error: Error) -> Problem {
    let problem = Problem::from(error);
    let status = if problem.status < 500 { problem.status } else { UNPROCESSABLE };
    Problem { status, ..problem }
}

type Ended = oneshot::Receiver<Arc<ExitReason>>;

/// Starts the process; its end comes out of what is returned, also when it has ended already.
fn start(
    node: Arc<Node>,
    request: procession_environment::SpawnRequest,
    context: procession_types::Context,
) -> Result<(Callee, Ended), Error> {
    let (sender, receiver) = oneshot::channel();
    // Whoever called may be gone.
    let tell = move |reason: &Arc<ExitReason>| drop(sender.send(Arc::clone(reason)));
    let pid = node.spawn_watched(request, context, tell)?;
    Ok((Callee { node, pid, has_ended: false }, receiver))
}

fn stopping() -> Error {
    Error::new(ErrorKind::Unavailable, "the node is stopping")
}
