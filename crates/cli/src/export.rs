//! Export to an OpenTelemetry collector, when the settings name one.

use crate::failure::Failure;
use crate::settings::Settings;
use procession_runtime::Node;
use std::sync::Arc;

/// An exporter that runs, if there is one. It goes before its node.
#[derive(Debug, Default)]
pub(crate) struct Export {
    #[cfg(feature = "otlp")]
    _exporter: Option<procession_runtime::telemetry::Exporter>,
}

/// Starts exporting what a node does.
///
/// # Errors
/// Exit code 9 when the setting is wrong, or this build can't export.
pub(crate) fn start(node: &Arc<Node>, settings: &Settings) -> Result<Export, Failure> {
    let Some(endpoint) = settings.get("otlp") else { return Ok(Export::default()) };
    if endpoint.contains('@') {
        return Err(settings.wrong("otlp", "names and passwords don't belong there"));
    }
    begin(node, settings, endpoint)
}

#[cfg(feature = "otlp")]
fn begin(node: &Arc<Node>, settings: &Settings, endpoint: &str) -> Result<Export, Failure> {
    use procession_runtime::telemetry::{Exporter, Otlp};
    let weak = Arc::downgrade(node);
    let metrics = move || weak.upgrade().map(|node| node.own_metrics()).unwrap_or_default();
    let exporter = Exporter::start(node.telemetry().clone(), Otlp::new(endpoint), metrics);
    let exporter = exporter.map_err(|error| settings.wrong("otlp", &error.to_string()))?;
    Ok(Export { _exporter: Some(exporter) })
}

#[cfg(not(feature = "otlp"))]
fn begin(_: &Arc<Node>, settings: &Settings, _: &str) -> Result<Export, Failure> {
    Err(settings.wrong("otlp", "this build has no exporter; build it with --features otlp"))
}
