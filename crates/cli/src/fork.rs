//! `procession fork`: a new durable process with the past of another one.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::one;
use crate::progress::Progress;
use crate::time;
use clap::Args;
use procession_api::{ForkRequest, ForkView};
use std::time::Duration;

/// What `fork` is told.
#[derive(Debug, Args)]
pub(crate) struct ForkArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID (also of one that has ended), an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: String,
    /// As it was when it had taken so many inputs [default: all]
    #[arg(long, value_name = "SLOT")]
    pub(crate) at: Option<u64>,
    /// A name for the fork, which nobody may hold
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How long the replay to there may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
    /// Send it again with the same key, and nothing is forked again
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &ForkArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let request =
        ForkRequest { at: arguments.at, name: arguments.name.clone(), ..ForkRequest::default() };
    let progress = Progress::begin(format!("running the past of {process} again"));
    let key = arguments.idempotency_key.as_deref();
    let forked = client.fork(process, &request, (arguments.timeout, key));
    drop(progress);
    let forked = forked.map_err(|error| failed(&format!("fork {process}"), &error))?;
    let text = |it: &ForkView| format!("{}  (slot {} of {})\n", it.pid, it.slot, it.of);
    Ok(one(format, &forked, text, |it| it.pid.clone()))
}
