//! `procession call`: run a program on a node for its result.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::one;
use crate::progress::Progress;
use crate::{time, values};
use clap::Args;
use procession_api::CallRequest;
use std::time::Duration;

/// What `call` is told.
#[derive(Debug, Args)]
pub(crate) struct CallArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Id of the program, as in app:sum
    pub(crate) program: String,
    /// Id of the process host [default: app:processes]
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// How long it may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
    /// Each of ARGS is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Arguments of its main function
    #[arg(value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &CallArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let request = CallRequest {
        program: arguments.program.clone(),
        host: arguments.host.clone(),
        args: values::read(&arguments.arguments, arguments.json)?,
        timeout: None,
    };
    let progress = Progress::begin(format!("calling {}", arguments.program));
    let called = client.call(&request, arguments.timeout);
    drop(progress);
    let called = called.map_err(|error| failed(&format!("call {}", arguments.program), &error))?;
    Ok(one(format, &called.result, values::shown, values::shown))
}
