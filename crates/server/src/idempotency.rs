//! `Idempotency-Key`: a request that is sent again, since its answer was lost, is answered as the
//! first time and does nothing.
//!
//! The answers of the last so many keys are kept. A key belongs to its caller. What may come out
//! otherwise next time (a fault, too much at once) is not kept.

use crate::answer::Failed;
use crate::caller::Caller;
use crate::extract::read_body;
use crate::state::State;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use http_body_util::BodyExt as _;
use procession_api::Problem;
use procession_types::ErrorKind;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The header of requests.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of answers that are given again.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// Largest answer that is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

type Key = (String, String);
type Fingerprint = [u8; 32];

struct Entry {
    fingerprint: Fingerprint,
    /// `None` while the first request is under way.
    answer: Option<Arc<Kept>>,
}

/// An answer.
struct Kept {
    status: StatusCode,
    kind: Option<HeaderValue>,
    location: Option<HeaderValue>,
    /// `None` when it was too large to be kept.
    body: Option<Vec<u8>>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Key, Entry>,
    /// In the order in which they came.
    order: VecDeque<Key>,
}

/// See the module.
pub(crate) struct Replays {
    inner: Mutex<Inner>,
    count_max: usize,
}

enum Begun {
    First,
    Again(Arc<Kept>),
}

impl Replays {
    pub(crate) fn new(count_max: usize) -> Self {
        Self { inner: Mutex::default(), count_max: count_max.max(1) }
    }

    fn begin(&self, key: &Key, fingerprint: Fingerprint) -> Result<Begun, Failed> {
        let mut inner = self.lock();
        if let Some(entry) = inner.entries.get(key) {
            if entry.fingerprint != fingerprint {
                let detail = "the Idempotency-Key was used for another request";
                let problem = Problem::new(ErrorKind::Conflict, detail);
                let hint = "use a new key for every request that is not the same one again";
                return Err(problem.with_hint(hint).into());
            }
            return entry.answer.clone().map(Begun::Again).ok_or_else(|| {
                let detail = "the first request with this Idempotency-Key is under way";
                let problem = Problem::new(ErrorKind::Conflict, detail);
                Failed::from(Problem { retryable: Some(true), ..problem })
            });
        }
        while inner.order.len() >= self.count_max {
            let Some(oldest) = inner.order.pop_front() else { break };
            inner.entries.remove(&oldest);
        }
        inner.order.push_back(key.clone());
        inner.entries.insert(key.clone(), Entry { fingerprint, answer: None });
        Ok(Begun::First)
    }

    fn keep(&self, key: &Key, kept: Kept) {
        if let Some(entry) = self.lock().entries.get_mut(key) {
            entry.answer = Some(Arc::new(kept));
        }
    }

    fn forget(&self, key: &Key) {
        let mut inner = self.lock();
        if inner.entries.get(key).is_some_and(|entry| entry.answer.is_none()) {
            inner.entries.remove(key);
            inner.order.retain(|other| other != key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics while it holds the lock, so the state is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a key whose request did not come to an answer that is kept.
struct Under<'a>(&'a Replays, &'a Key);

impl Drop for Under<'_> {
    fn drop(&mut self) {
        self.0.forget(self.1);
    }
}

/// The middleware of routes that make something.
pub(crate) async fn once(
    Extracted(state): Extracted<State>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let Some(key) = request.headers().get(&KEY) else { return next.run(request).await };
    match replay(&state, key.clone(), request, next).await {
        Ok(response) => response,
        Err(failed) => failed.into_response(),
    }
}

async fn replay(
    state: &State,
    key: HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Failed> {
    let key = key.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let Some(key) = key else {
        let detail = format!("an Idempotency-Key is 1 to {KEY_BYTES_MAX} visible characters");
        return Err(Problem::new(ErrorKind::Invalid, detail).into());
    };
    let caller = request.extensions().get::<Caller>().map_or("", Caller::key);
    let key = (caller.to_owned(), key.to_owned());
    let (parts, body) = request.into_parts();
    let body = read_body(Request::new(body), state.limits.body_bytes_max).await?;
    let fingerprint = Sha256::new()
        .chain_update(parts.method.as_str())
        .chain_update([0])
        .chain_update(parts.uri.to_string())
        .chain_update([0])
        .chain_update(&body)
        .finalize()
        .into();
    if let Begun::Again(kept) = state.replays.begin(&key, fingerprint)? {
        return Ok(again(&kept));
    }
    let _under = Under(&state.replays, &key);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).map_err(|error| {
        Problem::new(ErrorKind::Internal, format!("failed to read the answer: {error}"))
    })?;
    let kept = Kept {
        status,
        kind: parts.headers.get(CONTENT_TYPE).cloned(),
        location: parts.headers.get(LOCATION).cloned(),
        body: (body.len() <= ANSWER_BYTES_MAX).then(|| body.to_vec()),
    };
    state.replays.keep(&key, kept);
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(kept: &Kept) -> Response<Body> {
    let Some(body) = &kept.body else {
        let detail = "this was done before; its answer was too large to be kept";
        return Failed::from(Problem::new(ErrorKind::Conflict, detail)).into_response();
    };
    let mut response = Response::new(Body::from(body.clone()));
    *response.status_mut() = kept.status;
    let headers = [(CONTENT_TYPE, &kept.kind), (LOCATION, &kept.location)];
    for (name, value) in
        headers.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))
    {
        response.headers_mut().insert(name, value.clone());
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        (String::new(), name.to_owned())
    }

    fn kept() -> Kept {
        Kept { status: StatusCode::CREATED, kind: None, location: None, body: Some(vec![1]) }
    }

    #[test]
    fn only_so_many_are_kept() {
        let replays = Replays::new(2);
        for name in ["a", "b", "c"] {
            assert!(matches!(replays.begin(&key(name), [0; 32]), Ok(Begun::First)));
            replays.keep(&key(name), kept());
        }
        assert!(matches!(replays.begin(&key("c"), [0; 32]), Ok(Begun::Again(_))));
        assert!(replays.begin(&key("c"), [1; 32]).is_err());
        assert!(matches!(replays.begin(&key("a"), [1; 32]), Ok(Begun::First)));
        assert_eq!(replays.lock().order.len(), 2);
    }

    #[test]
    fn what_did_not_end_is_forgotten() {
        let replays = Replays::new(2);
        assert!(replays.begin(&key("a"), [0; 32]).is_ok());
        let under = replays.begin(&key("a"), [0; 32]).err().unwrap();
        assert_eq!((under.0.status, under.0.retryable), (409, Some(true)));
        drop(Under(&replays, &key("a")));
        assert!(matches!(replays.begin(&key("a"), [0; 32]), Ok(Begun::First)));
        replays.keep(&key("a"), kept());
        drop(Under(&replays, &key("a")));
        assert!(matches!(replays.begin(&key("a"), [0; 32]), Ok(Begun::Again(_))));
    }
}
