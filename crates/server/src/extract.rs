//! Reading requests, with every mistake in them answered as a problem.

use crate::answer::Failed;
use crate::caller::{Caller, unidentified};
use crate::state::State;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use procession_api::Problem;
use procession_types::{ErrorKind, units};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A body of JSON. One that is empty is `{}`.
pub(crate) struct Body<T>(pub(crate) T);

/// The parameters behind `?`.
pub(crate) struct Params<T>(pub(crate) T);

/// The variable part of a path.
pub(crate) struct Segment(pub(crate) String);

/// Two variable parts of a path.
pub(crate) struct Segments(pub(crate) (String, String));

/// Longest variable part of a path, in bytes.
const SEGMENT_BYTES_MAX: usize = 512;

impl<T: DeserializeOwned> FromRequest<State> for Body<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, state: &State) -> Result<Self, Failed> {
        let text = read_body(request, state.limits.body_bytes_max).await?;
        let text = if text.is_empty() { b"{}" } else { &text[..] };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            Failed::from(Problem::new(
                ErrorKind::Invalid,
                format!("failed to read the body: {error}"),
            ))
        })
    }
}

/// A body whole.
///
/// # Errors
/// 413 when it is too large, 400 when it breaks off.
pub(crate) async fn read_body(request: Request, bytes_max: usize) -> Result<Vec<u8>, Failed> {
    use http_body_util::{BodyExt as _, LengthLimitError, Limited};
    let body = Limited::new(request.into_body(), bytes_max).collect().await;
    match body {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("the body has more than {bytes_max} bytes");
            Err(Failed::from(Problem::of_status(413, detail)))
        }
        Err(error) => {
            let detail = format!("failed to read the body: {error}");
            Err(Failed::from(Problem::new(ErrorKind::Invalid, detail)))
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<State> for Params<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Failed> {
        Query::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|error| {
            let detail = format!("failed to read the parameters: {}", error.body_text());
            Failed::from(Problem::new(ErrorKind::Invalid, detail))
        })
    }
}

impl FromRequestParts<State> for Segment {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failed> {
        let text: String = path(parts, state).await?;
        short(&text)?;
        Ok(Self(text))
    }
}

impl FromRequestParts<State> for Segments {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failed> {
        let texts: (String, String) = path(parts, state).await?;
        short(&texts.0).and_then(|()| short(&texts.1))?;
        Ok(Self(texts))
    }
}

async fn path<T: DeserializeOwned + Send>(parts: &mut Parts, state: &State) -> Result<T, Failed> {
    let Path(path) = Path::<T>::from_request_parts(parts, state).await.map_err(|error| {
        Failed::from(Problem::new(ErrorKind::Invalid, format!("the path is wrong: {error}")))
    })?;
    Ok(path)
}

fn short(segment: &str) -> Result<(), Failed> {
    if segment.len() <= SEGMENT_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("a part of the path has more than {SEGMENT_BYTES_MAX} bytes");
    Err(Failed::from(Problem::new(ErrorKind::Invalid, detail)))
}

impl FromRequestParts<State> for Caller {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Failed> {
        // `enter` has put it there for every route but the probes.
        parts.extensions.get().cloned().ok_or_else(|| unidentified("nobody said who asks"))
    }
}

/// A duration of a request, `default` when nothing is said.
///
/// # Errors
/// `Invalid` when it is none, or longer than the most.
pub(crate) fn duration(
    name: &str,
    text: Option<&str>,
    default: Duration,
    most: Duration,
) -> Result<Duration, Failed> {
    let Some(text) = text else { return Ok(default) };
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let nanoseconds = units::parse_duration(text)
        .map_err(|error| invalid(format!("{name}: {}", error.message)))?;
    let duration = Duration::from_nanos(nanoseconds);
    if duration > most {
        return Err(invalid(format!("{name}: \"{text}\" is longer than {} s", most.as_secs())));
    }
    Ok(duration)
}
