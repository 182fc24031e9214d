//! Answers: JSON, and failures as problems.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use procession_api::{PROBLEM_TYPE, Problem};
use procession_types::{Error, token};
use serde::Serialize;

/// An answer of JSON.
pub(crate) struct Json<T>(pub(crate) StatusCode, pub(crate) T);

/// An answer that says what went wrong.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) Box<Problem>);

/// How every route ends.
pub(crate) type Answer<T> = Result<Json<T>, Failed>;

/// 200 with this.
pub(crate) fn ok<T: Serialize>(value: T) -> Answer<T> {
    Ok(Json(StatusCode::OK, value))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Body> {
        // The types of the API hold nothing that JSON can't say.
        match serde_json::to_vec(&self.1) {
            Ok(text) => body(self.0, "application/json", text),
            Err(error) => Failed::from(Problem::of_status(
                500,
                format!("failed to write the answer: {error}"),
            ))
            .into_response(),
        }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response<Body> {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_vec(&*self.0).unwrap_or_default();
        let mut response = body(status, PROBLEM_TYPE, text);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(Box::new(error.into()))
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

/// A response with a body of some type.
pub(crate) fn body(status: StatusCode, kind: &'static str, mut text: Vec<u8>) -> Response<Body> {
    // What somebody has sent, or a process holds, may have a token in it.
    token::mask(&mut text);
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
