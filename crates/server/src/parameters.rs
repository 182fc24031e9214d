//! Which parameters a route takes: those that the OpenAPI file says of it, and no others. It is
//! looked at before every route, so that none can forget it.

use crate::answer::Failed;
use crate::openapi;
use axum::extract::{MatchedPath, Query, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use procession_api::Problem;
use procession_types::ErrorKind;
use std::collections::HashMap;
use std::sync::LazyLock;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};

/// Characters of a name that is shown.
const SHOWN_MAX: usize = 80;

/// The names of parameters, by method and path.
type Known = HashMap<(Method, String), Vec<String>>;

static KNOWN: LazyLock<Known> = LazyLock::new(known);

/// Refuses a request with a parameter that its route does not take.
pub(crate) async fn known_only(request: Request, next: Next) -> Response {
    match check(&request) {
        Ok(()) => next.run(request).await,
        Err(failed) => failed.into_response(),
    }
}

fn check(request: &Request) -> Result<(), Failed> {
    if request.uri().query().is_none_or(str::is_empty) {
        return Ok(());
    }
    // Without a route it is answered that there is none.
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        method => method.clone(),
    };
    // A method that is not there is answered as such.
    let Some(known) = KNOWN.get(&(method, path.as_str().to_owned())) else { return Ok(()) };
    let invalid = |detail: String| Failed::from(Problem::new(ErrorKind::Invalid, detail));
    let Query(given) =
        Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map_err(|error| {
            invalid(format!("failed to read the parameters: {}", error.body_text()))
        })?;
    let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(name)) else {
        return Ok(());
    };
    let name: String = name.chars().take(SHOWN_MAX).collect();
    let there_is = match &known[..] {
        [] => "this takes none".to_owned(),
        known => format!("there is {}", known.join(", ")),
    };
    Err(invalid(format!("unknown parameter \"{name}\": {there_is}")))
}

fn known() -> Known {
    let mut known = Known::new();
    for (path, item) in openapi::document().paths.paths {
        let operations = [
            (Method::GET, item.get),
            (Method::POST, item.post),
            (Method::PUT, item.put),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                known.insert((method, path.clone()), names(operation));
            }
        }
    }
    known
}

fn names(operation: Operation) -> Vec<String> {
    let query = |parameter| match parameter {
        RefOr::T(Parameter { name, parameter_in: ParameterIn::Query, .. }) => Some(name),
        // None of the document's parameters is kept apart from its route.
        RefOr::T(_) | RefOr::Ref(_) => None,
    };
    operation.parameters.unwrap_or_default().into_iter().filter_map(query).collect()
}
