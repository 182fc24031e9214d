//! `procession status`: what the node is and how it is.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{age, count, one};
use clap::Args;
use procession_client::ClientError;
use serde_json::{Value, json};

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
    let value = json!({"node": node, "stats": stats});
    let text = |_: &Value| {
        let lines = [
            ("Node", format!("{} (process {})", client.target(), node.os_pid)),
            ("Version", node.version.clone()),
            ("Application", node.application.clone().unwrap_or_default()),
            ("Running for", age(&node.started)),
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
        lines.map(|(name, value)| format!("{name:14}{value}\n")).collect::<String>()
    };
    Ok(one(format, &value, text, |_| client.target().to_string()))
}
