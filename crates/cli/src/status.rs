//! `procession status`: what the node is and how it is.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{Column, Format, age, column, count, list, one, printable, wide};
use clap::Args;
use procession_api::ServiceView;
use procession_client::ClientError;
use serde_json::{Value, json};

/// Services that are shown.
const SERVICES_MAX: usize = 10_000;

const SERVICES: &[Column<ServiceView>] = &[
    column("ID", |it| it.id.clone()),
    column("KIND", |it| it.kind.clone()),
    column("STATE", |it| it.state.clone()),
    column("FOR", |it| age(&it.since)),
    column("RESTARTS", |it| it.restarts.to_string()),
    column("WHY", |it| it.reason.clone().or(it.last.clone()).unwrap_or_default()),
    wide("CHECKED", |it| it.checked.as_deref().map(age).unwrap_or_default()),
    wide("UNHEALTHY", |it| it.unhealthy.to_string()),
    wide("SUPERVISOR", |it| it.supervisor.clone().unwrap_or_default()),
    wide("PID", |it| it.pid.clone().unwrap_or_default()),
];

/// What `status` is told.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Runs the command; gives its output. A node that does not run is exit code 3, not 7: that is an
/// answer to the question.
pub(crate) fn run(arguments: &StatusArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let node = match client.node() {
        Err(ClientError::Unreachable { target, source }) => {
            let message = format!("no node runs on {target}: {source}");
            return Err(Failure::new(ExitStatus::NotRunning, message)
                .with_hint("start one with procession up DIR or procession run --serve FILE"));
        }
        other => other.map_err(|error| failed("ask for the status", &error))?,
    };
    let stats = client.stats().map_err(|error| failed("ask for the status", &error))?;
    let (services, _) = client
        .services(None, SERVICES_MAX)
        .map_err(|error| failed("ask for the status", &error))?;
    let value = json!({"node": node, "stats": stats, "services": services});
    let text = |_: &Value| {
        let lines = [
            ("Node", format!("{} (process {})", client.target(), node.os_pid)),
            ("Version", node.version.clone()),
            ("Application", node.application.clone().unwrap_or_default()),
            ("Running for", age(&node.started)),
            ("Drain", node.drain.clone().unwrap_or_default()),
            ("Trouble", printable(&node.troubles.join("; "))),
            ("Shards", node.shards.to_string()),
            ("Processes", node.processes.to_string()),
            ("Started", count(stats.started)),
            ("Ended", count(stats.ended)),
            (
                "Messages",
                format!(
                    "{} sent, {} received",
                    count(stats.messages_sent),
                    count(stats.messages_received)
                ),
            ),
            ("Instructions", count(stats.instructions)),
        ];
        let lines = lines.iter().filter(|(_, value)| !value.is_empty());
        let text: String = lines.map(|(name, value)| format!("{name:14}{value}\n")).collect();
        if services.is_empty() {
            return text;
        }
        let columns = if format == Format::Wide { Format::Wide } else { Format::Table };
        format!("{text}\n{}", list(columns, &services, SERVICES, |it| it.id.clone()))
    };
    Ok(one(format, &value, text, |_| client.target().to_string()))
}
