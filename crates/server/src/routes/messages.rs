//! `/v1/messages`, and the messages that wait for a process.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::extract::{Body, Params, Segment};
use crate::routes::processes::allowed;
use crate::state::State;
use crate::view;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use procession_api::{LIMIT_MAX, MessageRequest, PeekQuery, Peeked, Problem, from_json};
use procession_types::{ErrorKind, Message, TOPIC_BYTES_MAX, Topic};
use tokio::sync::oneshot;

/// Messages that a look shows when nobody says how many.
const PEEK_DEFAULT: u32 = 20;

/// Sends a message to a process.
///
/// 202 says that it is in the mailbox, not that it was read. With an `Idempotency-Key`, the same
/// request again sends nothing and is answered as before.
#[utoipa::path(
    post, path = "/v1/messages", tag = "messages", operation_id = "sendMessage",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again")),
    request_body = MessageRequest,
    responses((status = 202, description = "It is in the mailbox"), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn send(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Body(request): Body<MessageRequest>,
) -> Result<StatusCode, Failed> {
    let MessageRequest { to, topic, payload } = request;
    let topic = checked_topic(topic)?;
    let pid = allowed(&state, &caller, "process.send", to).await?;
    let message = Message { topic, from: None, payload: from_json(&payload)? };
    state.node.check_takes(pid)?;
    // No thread waits for the disk: as many senders as there are share one sync.
    let (tell, told) = oneshot::channel();
    let tell = move |result| drop(tell.send(result));
    if state.node.is_halted(pid) {
        // What waits for one that stands still is counted in the store, which may take its time.
        state.ask(move |node| node.send_then(pid, message, tell)).await??;
    } else {
        state.node.send_then(pid, message, tell)?;
    }
    let stopping = |_| Problem::new(ErrorKind::Unavailable, "the node is stopping");
    told.await.map_err(stopping)??;
    Ok(StatusCode::ACCEPTED)
}

/// A topic that somebody may send on.
///
/// # Errors
/// `Invalid`.
pub(crate) fn checked_topic(topic: String) -> Result<Topic, Failed> {
    if topic.is_empty() || topic.len() > TOPIC_BYTES_MAX || topic.starts_with('@') {
        let detail = format!("a topic has 1 to {TOPIC_BYTES_MAX} bytes and does not start with @");
        return Err(Problem::new(ErrorKind::Invalid, detail).into());
    }
    Ok(Topic::new(topic))
}

/// The oldest messages that wait for a process. They stay where they are.
#[utoipa::path(
    get, path = "/v1/processes/{process}/messages", tag = "messages", operation_id = "peekMessages",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"), PeekQuery),
    responses((status = 200, body = Peeked), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn peek(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Params(query): Params<PeekQuery>,
) -> Answer<Peeked> {
    let limit = query.limit.unwrap_or(PEEK_DEFAULT);
    if limit == 0 || limit > LIMIT_MAX {
        let detail = format!("limit is 1 to {LIMIT_MAX}, not {limit}");
        return Err(Problem::new(ErrorKind::Invalid, detail).into());
    }
    let pid = allowed(&state, &caller, "process.peek", process).await?;
    let peeked = state.ask(move |node| {
        let (count, messages) = node.peek(pid, limit as usize)?;
        let items = messages.into_iter().map(|message| view::waiting(node, message)).collect();
        Ok::<_, procession_types::Error>(Peeked { count, items })
    });
    ok(peeked.await??)
}
