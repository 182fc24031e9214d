//! What happens to every request before its route: who asks is found out, and how many there are is
//! bounded, and how long they take.

use crate::answer::Failed;
use crate::caller::{Caller, Peer, unidentified};
use crate::state::State;
use axum::extract::{Request, State as Extracted};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use procession_api::Problem;
use procession_types::ErrorKind;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Finds out who asks.
pub(crate) async fn identified(
    Extracted(state): Extracted<State>,
    mut request: Request,
    next: Next,
) -> Response {
    match identify(&state, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failed) => failed.into_response(),
    }
}

fn identify(state: &State, request: &Request) -> Result<Caller, Failed> {
    // A connection that says nothing of itself is treated as the least trusted one.
    if request.extensions().get() == Some(&Peer::Local) {
        return Ok(Caller::Local);
    }
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = token.ok_or_else(|| unidentified("a token is needed here"))?;
    let principal = state.tokens.as_ref().and_then(|tokens| tokens.verify(token));
    principal.map(Caller::Token).ok_or_else(|| unidentified("the token is not valid"))
}

/// Bounds requests that do something and answer.
pub(crate) async fn short(
    Extracted(state): Extracted<State>,
    request: Request,
    next: Next,
) -> Response {
    let _permit = match admit(&state.requests) {
        Ok(permit) => permit,
        Err(failed) => return failed.into_response(),
    };
    let most = state.limits.request_time_max;
    match tokio::time::timeout(most, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("the request took longer than {} s", most.as_secs());
            Failed::from(Problem::new(ErrorKind::Timeout, detail)).into_response()
        }
    }
}

/// Room for one more request.
///
/// # Errors
/// `Unavailable` when there are too many.
pub(crate) fn admit(requests: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failed> {
    Arc::clone(requests).try_acquire_owned().map_err(|_| {
        let problem = Problem::new(ErrorKind::Unavailable, "too many requests at once");
        Failed::from(Problem { retryable: Some(true), ..problem })
    })
}

/// What every answer says to those who keep or interpret it.
pub(crate) async fn labelled(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
