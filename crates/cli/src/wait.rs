//! `procession wait`: wait for the end of a process.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{one, printable_lines};
use crate::progress::Progress;
use crate::time;
use clap::Args;
use procession_api::ExitView;
use std::io::Write as _;
use std::time::Duration;

/// What `wait` is told.
#[derive(Debug, Args)]
pub(crate) struct WaitArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    pub(crate) process: String,
    /// How long to wait, 24h at most
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Runs the command: gives its output, and fails as the process has failed.
pub(crate) fn run(arguments: &WaitArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let process = &arguments.process;
    let progress = Progress::begin(format!("waiting for the end of {process}"));
    let exit = client.wait(process, arguments.timeout);
    drop(progress);
    let exit = exit.map_err(|error| failed(&format!("wait for {process}"), &error))?;
    let text = |it: &ExitView| {
        let result = crate::values::shown(&it.result);
        format!("{} {result}", it.reason).trim_end().to_owned() + "\n"
    };
    let shown = one(format, &exit, text, |it| it.reason.clone());
    let Some(problem) = exit.error else { return Ok(shown) };
    // The output says how it ended; the exit code and what is told say that it failed.
    let _ = std::io::stdout().write_all(shown.as_bytes());
    let message = format!("{process} failed: {}", problem.detail);
    let failure = Failure::new(ExitStatus::Code(problem.exit_code()), printable_lines(&message));
    Err(failure.with_traceback(problem.traceback.as_deref().map(printable_lines)))
}
