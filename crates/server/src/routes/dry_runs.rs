//! `/v1/processes/{process}/dry-run`.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Segment, duration};
use crate::past_view;
use crate::routes::messages::checked_topic;
use crate::routes::past::kept;
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{DryRunRequest, DryRunView, Problem, from_json};
use procession_runtime::{DryRunLimits, Node};
use procession_types::{Error, ErrorKind};
use std::time::{Duration, Instant};

/// How long a dry run takes when nobody says so, and at most.
const TIME_DEFAULT: Duration = Duration::from_secs(30);
const TIME_MAX: Duration = Duration::from_secs(600);
/// Instructions of a dry run when nobody says so, and at most.
const INSTRUCTIONS_DEFAULT: u64 = 100_000_000;
const INSTRUCTIONS_MAX: u64 = 10_000_000_000;

/// Gives a message to a copy of a durable process, and tells what would come of it. Nothing does.
///
/// What is sent to the sender of the message is the answer. Timers go off at once; requests to other machines,
/// files, calls, stores and queues are refused with `Unavailable`. That the process fails is an answer, and no
/// failure of the request.
#[utoipa::path(
    post, path = "/v1/processes/{process}/dry-run", tag = "past", operation_id = "dryRunProcess",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    request_body = DryRunRequest,
    responses((status = 200, body = DryRunView), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn dry_run(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Body(request): Body<DryRunRequest>,
) -> Answer<DryRunView> {
    let permit = admit(&state.controls)?;
    let DryRunRequest { topic, payload, instructions, timeout } = request;
    let topic = checked_topic(topic)?;
    let most = duration("timeout", timeout.as_deref(), TIME_DEFAULT, TIME_MAX)?;
    let instructions = instructions.unwrap_or(INSTRUCTIONS_DEFAULT);
    if instructions == 0 || instructions > INSTRUCTIONS_MAX {
        let detail = format!("instructions is 1 to {INSTRUCTIONS_MAX}, not {instructions}");
        return Err(Failed::from(Problem::new(ErrorKind::Invalid, detail)));
    }
    let message = (topic, from_json(&payload)?);
    let pid = kept(&state, &caller, "process.dry_run", process).await?;
    let run = move |node: &Node| {
        // Held by the thread: it goes on when nobody waits for its answer any more.
        let _permit = permit;
        let limits = DryRunLimits { instructions, until: Instant::now() + most };
        Ok::<_, Error>(past_view::dry_run(node, pid, node.dry_run(pid, message, limits)?))
    };
    ok(state.ask(run).await??)
}
