//! The OpenAPI file.

use crate::routes::{
    access, calls, drains, dry_runs, exports, forks, messages, names, node, past, probes,
    processes, records, reload, services, snapshots,
};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Procession",
        description = "The API of a Procession node: its processes, names and messages, and the node itself.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        processes::list, processes::spawn, processes::get, processes::terminate,
        processes::cancel, processes::pause, processes::resume, processes::wait, processes::upgrade, processes::skip,
        past::history, past::state, past::replay,
        forks::fork, snapshots::list, snapshots::create, snapshots::restore,
        exports::export, exports::import, dry_runs::dry_run,
        services::list, services::get, services::start, services::stop, services::restart,
        services::pools, services::pool, services::scale,
        drains::list, drains::begin, drains::get, drains::undo,
        records::logs, records::events, records::logs_stream, records::events_stream,
        messages::send, messages::peek,
        calls::call,
        names::list, names::get,
        node::programs, node::hosts, node::node, node::stats, node::stats_stream, node::config,
        node::shutdown, reload::reload,
        access::policies, access::policy, access::authorize,
        probes::livez, probes::readyz, probes::metrics, probes::openapi,
    ),
    security(("token" = []), ()),
    modifiers(&Token),
)]
struct Document;

/// How callers over TCP say who they are.
struct Token;

impl utoipa::Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

/// The document whose text is the file.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The text of the OpenAPI file, as it is committed in `docs/openapi.json`.
///
/// # Panics
/// Never: the document holds nothing that JSON can't say.
#[must_use]
pub fn openapi_json() -> String {
    let text = document().to_pretty_json();
    text.expect("an OpenAPI document is JSON") + "\n"
}
