//! `procession drain`: no new work for something, and an end for what is there.

use crate::connect::{Common, failed};
use crate::failure::{ExitStatus, Failure};
use crate::output::{age, column, list, one, printable};
use crate::progress::Progress;
use crate::select::WhichServices;
use crate::time;
use clap::Args;
use procession_api::{DrainRequest, DrainView};
use procession_client::Client;
use std::io::{Write as _, stdout};
use std::time::Duration;

/// How often a drain is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Parts that the word about progress names.
const NAMED_MAX: usize = 2;

/// What `drain` is told.
#[derive(Debug, Args)]
pub(crate) struct DrainArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// node, or ids of process hosts, services, supervisors or pools, or the parts of them behind the
    /// colon; without any, what is drained is listed
    #[arg(value_name = "TARGET", conflicts_with = "selector")]
    pub(crate) drainable: Vec<String>,
    /// All services, supervisors and pools that match: kind, state, program, host, supervisor, labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// How long what is in hand has to be finished until it is ended, 24h at most
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time::parse)]
    pub(crate) deadline: Duration,
    /// Do not wait until nothing is left
    #[arg(long, conflicts_with = "undo")]
    pub(crate) no_wait: bool,
    /// Let it take work again, and start what the drain has taken down
    #[arg(long)]
    pub(crate) undo: bool,
}

/// Runs the command; gives its output. What was cut off is exit code 8.
pub(crate) fn run(arguments: &DrainArguments) -> Result<String, Failure> {
    let (client, format) = arguments.common.client()?;
    if arguments.drainable.is_empty() && arguments.selector.is_none() {
        let (all, _) = client.drains(1000).map_err(|error| failed("list drains", &error))?;
        let columns = [
            column("TARGET", |it: &DrainView| it.target.clone()),
            column("KIND", |it| it.kind.clone()),
            column("STATE", |it| it.state.clone()),
            column("LEFT", |it| it.left_count.to_string()),
            column("SINCE", |it| age(&it.since)),
        ];
        return Ok(list(format, &all, &columns, |it| it.target.clone()));
    }
    let which = WhichServices {
        services: arguments.drainable.clone(),
        selector: arguments.selector.clone(),
    };
    if !arguments.undo {
        // All of them take no new work before the first is waited for.
        which.each(&client, |target| begin(&client, target, arguments.deadline))?;
        if arguments.no_wait {
            return Ok(String::new());
        }
    }
    which.each(&client, |target| {
        let view = match arguments.undo {
            true => undo(&client, target)?,
            false => wait(&client, target)?,
        };
        let what = if arguments.undo { "takes work again" } else { "drained" };
        let shown = one(format, &view, |it| text(it, what), |it| it.target.clone());
        let _ = stdout().write_all(shown.as_bytes());
        if arguments.undo || view.cut_off == 0 {
            return Ok(());
        }
        let count = view.cut_off;
        let message = format!("{target}: {count} did not finish in time, and were ended");
        Err(Failure::new(ExitStatus::Timeout, message).with_hint("--deadline TIME gives them more"))
    })?;
    Ok(String::new())
}

fn begin(client: &Client, target: &str, deadline: Duration) -> Result<(), Failure> {
    let deadline = Some(format!("{}ms", deadline.as_millis()));
    let begun = client.drain(&DrainRequest { target: target.to_owned(), deadline });
    begun.map(drop).map_err(|error| failed(&format!("drain {target}"), &error))
}

fn undo(client: &Client, target: &str) -> Result<DrainView, Failure> {
    let _progress = Progress::begin(format!("waiting for what {target} has"));
    client
        .undo_drain(target)
        .map_err(|error| failed(&format!("undo the drain of {target}"), &error))
}

/// Waits until nothing is left, and says meanwhile what is.
fn wait(client: &Client, target: &str) -> Result<DrainView, Failure> {
    let progress = Progress::begin(format!("draining {target}"));
    loop {
        let look = client.drain_of(target);
        let view = look.map_err(|error| {
            let failure = failed(&format!("drain {target}"), &error);
            match failure.status == ExitStatus::NotFound {
                true => {
                    Failure::new(ExitStatus::Conflict, format!("the drain of {target} was undone"))
                }
                false => failure,
            }
        })?;
        if view.state == "drained" {
            return Ok(view);
        }
        progress.say(word(&view));
        std::thread::park_timeout(LOOK);
    }
}

/// How far it is, in a line.
fn word(view: &DrainView) -> String {
    let left = view.left.iter().take(NAMED_MAX);
    let left: Vec<String> = left.map(|it| printable(&format!("{} {}", it.what, it.does))).collect();
    let more = if view.left_count > NAMED_MAX as u64 { ", …" } else { "" };
    let DrainView { target, left_count, .. } = view;
    format!("draining {target}: {left_count} left; {}{more}", left.join("; "))
}

fn text(view: &DrainView, what: &str) -> String {
    let DrainView { target, stopped, .. } = view;
    let list = match stopped.len() {
        0 => String::new(),
        1..=8 => format!(": {}", stopped.join(", ")),
        count => format!(": {count} services and pools"),
    };
    let did = if what == "drained" { "stopped" } else { "started" };
    let list = if list.is_empty() { list } else { format!("; {did}{list}") };
    format!("{target} {what}{list}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use procession_api::DrainLeftView;

    fn view() -> DrainView {
        let left = |what: &str, does: &str| DrainLeftView { what: what.into(), does: does.into() };
        DrainView {
            target: "app:pool".into(),
            kind: "pool".into(),
            state: "draining".into(),
            since: String::new(),
            until: String::new(),
            left_count: 3,
            left: vec![left("a:1", "stops"), left("a:2", "waits for its turn"), left("a:3", "x")],
            stopped: vec!["a:0".into()],
            cut_off: 0,
        }
    }

    #[test]
    fn what_is_left_is_told_in_a_line() {
        let expected = "draining app:pool: 3 left; a:1 stops; a:2 waits for its turn, …";
        assert_eq!(word(&view()), expected);
        assert_eq!(text(&view(), "drained"), "app:pool drained; stopped: a:0\n");
        let none = DrainView { stopped: Vec::new(), ..view() };
        assert_eq!(text(&none, "takes work again"), "app:pool takes work again\n");
    }
}
