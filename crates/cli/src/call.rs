//! `procession call`: run a program on a node for its result.

use crate::connect::{Common, failed};
use crate::failure::Failure;
use crate::output::{bytes, one, printable};
use crate::progress::Progress;
use crate::{time, values};
use clap::Args;
use procession_api::{CallRequest, DryRunRequest, DryRunView};
use std::time::Duration;

/// What `call` is told.
#[derive(Debug, Args)]
pub(crate) struct CallArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Id of the program, as in app:sum; with --dry-run a durable process
    pub(crate) program: String,
    /// Give a message (a topic, then its values) to a copy of a durable process, and tell what would come of it
    #[arg(long, conflicts_with = "host")]
    pub(crate) dry_run: bool,
    /// Instructions that the dry run may execute
    #[arg(long, value_name = "COUNT", requires = "dry_run")]
    pub(crate) instructions: Option<u64>,
    /// Id of the process host [default: app:processes]
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// How long it may take, 1h at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
    /// Each of ARGS is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Arguments of its main function; with --dry-run a topic, and values
    #[arg(value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

/// Runs the command; gives its output.
pub(crate) fn run(arguments: &CallArguments) -> Result<String, Failure> {
    if arguments.dry_run {
        return dry_run(arguments);
    }
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

/// What would come of a message. It is no failure of the command when the process would fail.
fn dry_run(arguments: &CallArguments) -> Result<String, Failure> {
    let process = &arguments.program;
    let Some((topic, values)) = arguments.arguments.split_first() else {
        return Err(Failure::usage(
            "--dry-run needs a topic: procession call --dry-run PROCESS TOPIC [VALUES…]",
        ));
    };
    let (client, format) = arguments.common.client()?;
    let request = DryRunRequest {
        topic: topic.clone(),
        payload: values::read(values, arguments.json)?,
        instructions: arguments.instructions,
        timeout: None,
    };
    let progress = Progress::begin(format!("trying {process}"));
    let ran = client.dry_run(process, &request, arguments.timeout);
    drop(progress);
    let ran = ran.map_err(|error| failed(&format!("try {process}"), &error))?;
    Ok(one(format, &ran, told, |it| it.outcome.clone()))
}

fn told(run: &DryRunView) -> String {
    let mut lines: Vec<String> = run.went.iter().map(part).collect();
    if run.went_count > run.went.len() as u64 {
        lines.push(format!("… {} more", run.went_count - run.went.len() as u64));
    }
    let answers = run.answers.iter().map(|it| {
        let values: Vec<String> =
            it.iter().map(|it| values::shown(it).trim_end().to_owned()).collect();
        format!("answer: {}", values.join(" "))
    });
    lines.extend(answers);
    if !run.taken {
        lines.push(
            "it did not take the message: it waits for something else, or is busy".to_owned(),
        );
    }
    lines.push(match (&run.error, &run.result) {
        (Some(error), _) => format!("it would fail: {}", error.detail),
        (None, Some(result)) => format!("it would end with {}", values::shown(result).trim_end()),
        (None, None) => "it would wait for the next".to_owned(),
    });
    let changed = match run.changed {
        Some(true) => ", its state would change",
        Some(false) => ", its state would stay as it is",
        None => "",
    };
    let memory = bytes(run.memory_bytes);
    lines.push(format!("slot {}: {} instructions, {memory}{changed}", run.slot, run.instructions));
    lines.iter().map(|line| printable(line) + "\n").collect()
}

/// One thing that would have gone out.
fn part(part: &procession_api::PartView) -> String {
    let peer = part.peer.as_deref();
    let words = [Some(part.kind.as_str()), peer, part.about.as_deref(), Some(&part.text)];
    let words: Vec<&str> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
