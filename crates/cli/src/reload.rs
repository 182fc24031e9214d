//! `procession reload`: read the application again, and change to it what runs.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{one, printable_lines};
use crate::progress::Progress;
use crate::time;
use clap::Args;
use procession_api::{ChangeView, ReloadRequest, ReloadView};
use procession_client::ClientError;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// What `reload` is told.
#[derive(Debug, Args)]
pub(crate) struct ReloadArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The application's directory [default: the one that the node was started with]
    pub(crate) directory: Option<PathBuf>,
    /// Only say what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How long something may take to be at rest or to come up, 5m at most; a service that is not at
    /// rest by then is started again
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::parse)]
    pub(crate) timeout: Duration,
}

/// Runs the command; gives its output. A version that is not valid is exit code 9, and the old one goes
/// on.
pub(crate) fn run(arguments: &ReloadArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    let directory = arguments
        .directory
        .as_ref()
        .map(|path| path.canonicalize().map_err(|error| Failure::file("read", path, &error)));
    let request = ReloadRequest {
        directory: directory.transpose()?.map(|path| path.display().to_string()),
        dry_run: arguments.dry_run,
        timeout: Some(format!("{}ms", arguments.timeout.as_millis())),
    };
    let _progress = Progress::begin("reloading");
    let reloaded = client.reload(&request).map_err(|error| match &error {
        ClientError::Problem(problem) if problem.status == 422 => {
            let text = format!("nothing was changed: {}", problem.detail);
            Failure::new(ExitStatus::InvalidProgram, printable_lines(&text))
                .with_hint_if(problem.hint.clone())
        }
        _ => failed("reload the application", &error),
    })?;
    Ok(one(format, &reloaded, text, |it| {
        it.changes.iter().map(|it| it.id.clone()).collect::<Vec<String>>().join("\n")
    }))
}

fn text(it: &ReloadView) -> String {
    let mut out = String::new();
    if let Some(warnings) = &it.warnings {
        out.push_str(&printable_lines(warnings));
    }
    for ChangeView { what, kind, id, keys } in &it.changes {
        let sign = match what.as_str() {
            "added" => '+',
            "removed" => '-',
            _ => '~',
        };
        let keys = if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) };
        let id = if id.is_empty() { String::new() } else { format!(" {id}") };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{sign} {kind}{id}{keys}");
    }
    if it.changes.is_empty() {
        out.push_str("nothing has changed\n");
    }
    for what in &it.unsupported {
        let _ = writeln!(out, "{what}: procession drain HOST lets them finish");
    }
    let lists = [
        ("upgraded where they are", &it.upgraded),
        ("started again", &it.restarted),
        ("members are replaced", &it.replaced),
        ("failed before, and still do", &it.failing),
    ];
    for (what, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        let _ = writeln!(out, "{what}: {}", list.join(", "));
    }
    if it.dry_run {
        out.push_str("nothing was done\n");
    }
    out
}
