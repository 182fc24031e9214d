//! The routes. Each file is one kind of thing; each function says in its attribute what the OpenAPI
//! file says of it.

pub(crate) mod access;
pub(crate) mod calls;
pub(crate) mod drains;
pub(crate) mod dry_runs;
pub(crate) mod exports;
pub(crate) mod forks;
pub(crate) mod messages;
pub(crate) mod names;
pub(crate) mod node;
pub(crate) mod past;
pub(crate) mod probes;
pub(crate) mod processes;
pub(crate) mod records;
pub(crate) mod reload;
pub(crate) mod services;
pub(crate) mod snapshots;

use crate::answer::Failed;
use crate::enter;
use crate::idempotency;
use crate::parameters;
use crate::state::State;
use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use procession_api::Problem;

/// Everything that the server answers.
pub(crate) fn router(state: &State) -> Router {
    let identified = from_fn_with_state(State::clone(state), enter::identified);
    let short = from_fn_with_state(State::clone(state), enter::short);
    let quick = making(state).merge(short_routes()).layer(short.clone());
    let api = quick.merge(long_making(state)).merge(long_routes());
    Router::new()
        .merge(api.layer(from_fn(parameters::known_only)).layer(identified))
        .merge(probes().layer(short))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn(enter::labelled))
        .with_state(State::clone(state))
}

/// What may be sent again with its `Idempotency-Key`.
fn making(state: &State) -> Router<State> {
    Router::new()
        .route("/v1/processes", post(processes::spawn))
        .route("/v1/messages", post(messages::send))
        .layer(from_fn_with_state(State::clone(state), idempotency::once))
}

/// Likewise, with a bound of its own.
fn long_making(state: &State) -> Router<State> {
    Router::new()
        .route("/v1/processes/{process}/fork", post(forks::fork))
        .layer(from_fn_with_state(State::clone(state), idempotency::once))
}

fn short_routes() -> Router<State> {
    Router::new()
        .route("/v1/processes", get(processes::list))
        .route("/v1/processes/{process}", get(processes::get).delete(processes::terminate))
        .route("/v1/processes/{process}/cancel", post(processes::cancel))
        .route("/v1/processes/{process}/pause", post(processes::pause))
        .route("/v1/processes/{process}/resume", post(processes::resume))
        .route("/v1/processes/{process}/skip", post(processes::skip))
        .route("/v1/processes/{process}/messages", get(messages::peek))
        .route("/v1/processes/{process}/history", get(past::history))
        .route("/v1/services", get(services::list))
        .route("/v1/services/{service}", get(services::get))
        .route("/v1/pools", get(services::pools))
        .route("/v1/pools/{pool}", get(services::pool))
        .route("/v1/pools/{pool}/scale", post(services::scale))
        .route("/v1/drains", get(drains::list).post(drains::begin))
        .route("/v1/drains/{target}", get(drains::get))
        .route("/v1/logs", get(records::logs))
        .route("/v1/events", get(records::events))
        .route("/v1/names", get(names::list))
        .route("/v1/names/{name}", get(names::get))
        .route("/v1/programs", get(node::programs))
        .route("/v1/hosts", get(node::hosts))
        .route("/v1/node", get(node::node))
        .route("/v1/stats", get(node::stats))
        .route("/v1/config", get(node::config))
        .route("/v1/shutdown", post(node::shutdown))
        .route("/v1/policies", get(access::policies))
        .route("/v1/policies/{policy}", get(access::policy))
        .route("/v1/authorize", post(access::authorize))
        .route("/metrics", get(probes::metrics))
        .route("/openapi.json", get(probes::openapi))
}

/// Those that wait for something, each with a bound of its own.
fn long_routes() -> Router<State> {
    Router::new()
        .route("/v1/processes/{process}/wait", get(processes::wait))
        .route("/v1/processes/{process}/upgrade", post(processes::upgrade))
        .route("/v1/processes/{process}/state", get(past::state))
        .route("/v1/processes/{process}/replay", post(past::replay))
        .route("/v1/processes/{process}/snapshots", get(snapshots::list).post(snapshots::create))
        .route("/v1/processes/{process}/snapshots/{snapshot}/restore", post(snapshots::restore))
        .route("/v1/processes/{process}/dry-run", post(dry_runs::dry_run))
        .route("/v1/processes/{process}/export", get(exports::export))
        .route("/v1/imports", post(exports::import))
        .route("/v1/services/{service}/start", post(services::start))
        .route("/v1/services/{service}/stop", post(services::stop))
        .route("/v1/services/{service}/restart", post(services::restart))
        .route("/v1/drains/{target}", delete(drains::undo))
        .route("/v1/reload", post(reload::reload))
        .route("/v1/logs/stream", get(records::logs_stream))
        .route("/v1/events/stream", get(records::events_stream))
        .route("/v1/calls", post(calls::call))
        .route("/v1/stats/stream", get(node::stats_stream))
}

/// What is answered to anybody.
fn probes() -> Router<State> {
    Router::new().route("/livez", get(probes::livez)).route("/readyz", get(probes::readyz))
}

async fn no_route(method: Method, uri: Uri) -> Failed {
    let problem = Problem::of_status(404, format!("there is no {method} {}", uri.path()));
    Failed::from(problem.with_hint("what there is says /openapi.json"))
}

async fn no_method(method: Method, uri: Uri) -> Failed {
    let detail = format!("{} can't be asked with {method}", uri.path());
    Failed::from(Problem::of_status(405, detail).with_hint("what there is says /openapi.json"))
}
