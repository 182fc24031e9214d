//! `procession wait`: wait for the end of a process.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{one, printable_lines};
use crate::progress::Progress;
use crate::select::Which;
use crate::time;
use clap::Args;
use procession_api::ExitView;
use std::io::{Write as _, stdout};
use std::time::Duration;

/// What `wait` is told.
#[derive(Debug, Args)]
pub(crate) struct WaitArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) which: Which,
    /// How long to wait, 24h at most
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Runs the command: tells how each has ended, and fails as the first has failed that did.
pub(crate) fn run(arguments: &WaitArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    arguments.which.each(&client, |process| {
        let progress = Progress::begin(format!("waiting for the end of {process}"));
        let exit = client.wait(process, arguments.timeout);
        drop(progress);
        let exit = exit.map_err(|error| failed(&format!("wait for {process}"), &error))?;
        // The output says how it ended; the exit code and what is told say that it failed.
        let _ = stdout().write_all(one(format, &exit, text, |it| it.reason.clone()).as_bytes());
        let Some(problem) = exit.error else { return Ok(()) };
        let message = format!("{process} failed: {}", problem.detail);
        let status = ExitStatus::Code(problem.exit_code());
        let failure = Failure::new(status, printable_lines(&message));
        Err(failure.with_traceback(problem.traceback.as_deref().map(printable_lines)))
    })?;
    Ok(String::new())
}

fn text(exit: &ExitView) -> String {
    let result = crate::values::shown(&exit.result);
    format!("{} {result}", exit.reason).trim_end().to_owned() + "\n"
}
