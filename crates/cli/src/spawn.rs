//! `procession spawn`: start a process on a node.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::one;
use crate::values;
use clap::Args;
use procession_api::SpawnRequest;

/// What `spawn` is told.
#[derive(Debug, Args)]
pub(crate) struct SpawnArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Id of the program, as in app:worker
    pub(crate) program: String,
    /// Id of the process host [default: app:processes]
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// A name to hold; when another process holds it, nothing is started and that one is shown
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Send it again with the same key, and nothing is started again
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Each of ARGS is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Arguments of its main function
    #[arg(value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &SpawnArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let request = SpawnRequest {
        program: arguments.program.clone(),
        host: arguments.host.clone(),
        name: arguments.name.clone(),
        args: values::read(&arguments.arguments, arguments.json)?,
        ..SpawnRequest::default()
    };
    let spawned = client
        .spawn(&request, arguments.idempotency_key.as_deref())
        .map_err(|error| failed(&format!("spawn {}", arguments.program), &error))?;
    let text = |it: &procession_api::SpawnResponse| {
        let note = if it.created { "" } else { "  (it held the name already)" };
        format!("{}{note}\n", it.pid)
    };
    Ok(one(format, &spawned, text, |it| it.pid.clone()))
}
