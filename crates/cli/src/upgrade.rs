//! `procession upgrade`: let another program go on in the place of a process's.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::select::Which;
use crate::{time, values};
use clap::Args;
use procession_api::UpgradeRequest;
use std::time::Duration;

/// What `upgrade` is told.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A name, a PID, an id, or the unique beginning of one
    #[arg(value_name = "PROCESS")]
    pub(crate) process: Option<String>,
    /// Id of the program [default: its own, as it is defined now]
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: Option<String>,
    /// All that match, in the place of PROCESS: program, host, state, name, parent, service, or labels of that
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// After its turn, whatever it has in hand, and not as soon as it waits for a message
    #[arg(long)]
    pub(crate) now: bool,
    /// How long it may take until it waits for a message, 1m at most
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
    /// Each of ARGS is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Arguments of its main function
    #[arg(value_name = "ARGS", last = true)]
    pub(crate) arguments: Vec<String>,
}

/// Runs the command; it has no output.
pub(crate) fn run(arguments: &UpgradeArguments) -> Result<String, Failure> {
    let words = [&arguments.process, &arguments.program].into_iter().flatten().cloned();
    let (which, words) = Which::of_words(arguments.selector.as_ref(), words)?;
    if words.len() > 1 {
        return Err(Failure::usage("PROCESS and -l can't be given at once"));
    }
    let request = UpgradeRequest {
        program: words.into_iter().next(),
        args: values::read(&arguments.arguments, arguments.json)?,
        now: arguments.now,
        timeout: Some(format!("{}ms", arguments.timeout.as_millis())),
    };
    let (client, _) = arguments.common.client()?;
    which.each(&client, |process| {
        let _progress = Progress::begin(format!("waiting until {process} is at rest"));
        let upgraded = client.upgrade(process, &request);
        upgraded.map_err(|error| failed(&format!("upgrade {process}"), &error))
    })?;
    Ok(String::new())
}
