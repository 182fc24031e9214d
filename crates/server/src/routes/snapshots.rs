//! `/v1/processes/{process}/snapshots`.

use crate::answer::{Answer, Failed, ok};
use crate::caller::Caller;
use crate::enter::admit;
use crate::extract::{Body, Segment, Segments};
use crate::past_view;
use crate::routes::past::{kept, patience};
use crate::state::State;
use axum::extract::State as Extracted;
use procession_api::{Page, Problem, RestoreView, SnapshotRequest, SnapshotView};
use procession_runtime::Node;
use procession_types::{Error, ErrorKind};
use std::time::Instant;

/// The snapshots that the store has of a durable process, the newest first.
#[utoipa::path(
    get, path = "/v1/processes/{process}/snapshots", tag = "past", operation_id = "listSnapshots",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    responses((status = 200, body = Page<SnapshotView>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn list(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
) -> Answer<Page<SnapshotView>> {
    let pid = kept(&state, &caller, "process.history", process).await?;
    let all = state.ask(move |node| node.snapshots(pid)).await??;
    let items = all.into_iter().map(past_view::snapshot).collect();
    ok(Page { items, next: None })
}

/// Makes a snapshot of a durable process as it is on disk now. When there is one of that state, it is that one.
#[utoipa::path(
    post, path = "/v1/processes/{process}/snapshots", tag = "past", operation_id = "createSnapshot",
    params(("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one")),
    request_body = SnapshotRequest,
    responses((status = 200, body = SnapshotView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "A snapshot of the process is being written, or the disk is full"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn create(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segment(process): Segment,
    Body(request): Body<SnapshotRequest>,
) -> Answer<SnapshotView> {
    let permit = admit(&state.controls)?;
    let patience = patience(request.timeout.as_deref())?;
    let pid = kept(&state, &caller, "process.snapshot", process).await?;
    let make = move |node: &Node| {
        // Held by the thread: it goes on when nobody waits for its answer any more.
        let _permit = permit;
        let made = node.make_snapshot(pid, Some(Instant::now() + patience))?;
        Ok::<_, Error>(past_view::snapshot(made))
    };
    ok(state.ask(make).await??)
}

/// Lets a durable process go on from a snapshot of its own.
///
/// That takes a slot: nothing of its history is lost. Its names, links, monitors and unread messages stay as
/// they are.
#[utoipa::path(
    post, path = "/v1/processes/{process}/snapshots/{snapshot}/restore", tag = "past", operation_id = "restoreSnapshot",
    params(
        ("process" = String, Path, description = "A PID, a name, an id, or the unique beginning of one"),
        ("snapshot" = u64, Path, description = "What the snapshot is known by"),
    ),
    request_body = SnapshotRequest,
    responses((status = 200, body = RestoreView),
        (status = 504, body = Problem, content_type = "application/problem+json", description = "The time that the request gave is over"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "A snapshot of the process is being written, or the disk is full"),
        (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(crate) async fn restore(
    Extracted(state): Extracted<State>,
    caller: Caller,
    Segments((process, snapshot)): Segments,
    Body(request): Body<SnapshotRequest>,
) -> Answer<RestoreView> {
    let permit = admit(&state.controls)?;
    let patience = patience(request.timeout.as_deref())?;
    let n: u64 = snapshot.parse().map_err(|_| {
        let detail = format!("a snapshot is known by a number, not by \"{snapshot}\"");
        Failed::from(Problem::new(ErrorKind::Invalid, detail))
    })?;
    let pid = kept(&state, &caller, "process.restore", process).await?;
    let restore = move |node: &Node| {
        // Held by the thread: it goes on when nobody waits for its answer any more.
        let _permit = permit;
        let restored = node.restore(pid, n, Some(Instant::now() + patience))?;
        Ok::<_, Error>(past_view::restored(node, pid, &restored))
    };
    ok(state.ask(restore).await??)
}
