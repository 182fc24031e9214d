//! `procession doctor`: does everything that a node needs work here?

use crate::connect::{self, Common};
use crate::failure::{ExitStatus, Failure};
use crate::output::{Column, column, list, printable};
use clap::Args;
use procession_client::{ClientError, Target};
use serde::Serialize;
use std::io::Write as _;

/// What `doctor` is told.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What was found about one thing.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    /// `ok`, `note` or `wrong`.
    result: &'static str,
    detail: String,
}

const COLUMNS: &[Column<Finding>] = &[
    column("CHECK", |it| it.check.to_owned()),
    column("RESULT", |it| it.result.to_owned()),
    column("DETAIL", |it| it.detail.clone()),
];

/// Runs the command; exit code 1 when something is wrong.
pub(crate) fn run(arguments: &DoctorArguments) -> Result<String, Failure> {
    let settings = arguments.common.settings()?;
    let format = match arguments.common.output {
        Some(format) => format,
        None => settings.format()?,
    };
    let target = connect::target(&settings)?;
    let mut findings = vec![
        ok("version", env!("CARGO_PKG_VERSION").to_owned()),
        cores(),
        descriptors(),
        socket(&target),
        tokens(&settings),
    ];
    findings.extend(node(&settings)?);
    let shown = list(format, &findings, COLUMNS, |it| it.check.to_owned());
    if findings.iter().all(|finding| finding.result != "wrong") {
        return Ok(shown);
    }
    let _ = std::io::stdout().write_all(shown.as_bytes());
    Err(Failure::new(ExitStatus::Failure, "something is wrong; see above"))
}

fn ok(check: &'static str, detail: String) -> Finding {
    Finding { check, result: "ok", detail }
}

fn note(check: &'static str, detail: String) -> Finding {
    Finding { check, result: "note", detail }
}

fn wrong(check: &'static str, detail: String) -> Finding {
    Finding { check, result: "wrong", detail }
}

fn cores() -> Finding {
    match std::thread::available_parallelism() {
        Ok(cores) => ok("cores", format!("{cores}: so many worker threads")),
        Err(error) => note("cores", format!("unknown ({error}): one worker thread")),
    }
}

/// How many files a node may have open; each connection is one.
fn descriptors() -> Finding {
    const ENOUGH: u64 = 4096;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    match soft {
        Some(soft) if soft >= ENOUGH => ok("open files", format!("{soft} at most")),
        Some(soft) => note("open files", format!("{soft} at most; ulimit -n {ENOUGH} gives more")),
        None => note("open files", "the system does not say how many".to_owned()),
    }
}

fn socket(target: &Target) -> Finding {
    let Target::Socket(path) = target else { return ok("socket", "not used: TCP".to_owned()) };
    let Some(directory) = path.parent() else {
        return wrong("socket", format!("{} is no path of a socket", path.display()));
    };
    match std::fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => ok("socket", path.display().to_string()),
        Ok(_) => wrong("socket", format!("{} is no directory", directory.display())),
        Err(_) => note("socket", format!("{}; its directory will be made", path.display())),
    }
}

fn tokens(settings: &crate::settings::Settings) -> Finding {
    let Ok(path) = settings.tokens() else { return note("tokens", "no file of them".to_owned()) };
    match procession_server::Tokens::open(&path).and_then(|tokens| tokens.list()) {
        Ok(tokens) => ok("tokens", format!("{} in {}", tokens.len(), path.display())),
        Err(error) => wrong("tokens", error.to_string()),
    }
}

fn node(settings: &crate::settings::Settings) -> Result<Vec<Finding>, Failure> {
    let client = connect::client(settings)?;
    let view = match client.node() {
        Ok(view) => view,
        Err(ClientError::Unreachable { target, source }) => {
            return Ok(vec![note("node", format!("none runs on {target}: {source}"))]);
        }
        Err(error) => return Ok(vec![wrong("node", error.to_string())]),
    };
    let mut findings = vec![ok("node", format!("process {} on {}", view.os_pid, client.target()))];
    if view.version == env!("CARGO_PKG_VERSION") {
        findings.push(ok("node's version", view.version));
    } else {
        findings
            .push(note("node's version", format!("{}: not that of this command", view.version)));
    }
    let troubles = view.troubles.iter();
    findings.extend(troubles.map(|trouble| wrong("records", printable(trouble))));
    findings.push(match client.ready() {
        Ok(()) => ok("shards", format!("all {} answer", view.shards)),
        // It may be the application as well as a shard.
        Err(error) => wrong("ready", error.to_string()),
    });
    Ok(findings)
}
