//! Which processes a command is for.

use crate::connect::failed;
use crate::failure::{ExitStatus, Failure};
use clap::Args;
use procession_client::Client;
use std::io::Write as _;

/// Processes that one command is for, at most.
const SELECTED_MAX: usize = 10_000;

/// What a command understands that is for processes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// Names, PIDs, ids, or unique beginnings of them
    #[arg(
        value_name = "PROCESS",
        required_unless_present = "selector",
        conflicts_with = "selector"
    )]
    pub(crate) processes: Vec<String>,
    /// All that match: program, host, state, name, parent; as in program=app:worker,state!=paused
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
}

impl Which {
    /// The processes, as they were named, or the PIDs of those that match.
    ///
    /// # Errors
    /// Exit code 4 when none matches.
    pub(crate) fn resolve(&self, client: &Client) -> Result<Vec<String>, Failure> {
        let Some(selector) = &self.selector else { return Ok(self.processes.clone()) };
        let (found, has_more) = client
            .processes(Some(selector), SELECTED_MAX)
            .map_err(|error| failed("list processes", &error))?;
        if has_more {
            let message = format!("more than {SELECTED_MAX} processes match {selector}");
            return Err(Failure::new(ExitStatus::Limit, message).with_hint("select fewer"));
        }
        if found.is_empty() {
            let message = format!("no process matches {selector}");
            return Err(Failure::new(ExitStatus::NotFound, message)
                .with_hint("procession ps -o wide shows what there is to select by"));
        }
        Ok(found.into_iter().map(|process| process.pid).collect())
    }

    /// Does something to each of them, also after one for which it failed.
    ///
    /// # Errors
    /// The first failure; the others are told as they come.
    pub(crate) fn each(
        &self,
        client: &Client,
        mut act: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut first = None;
        for process in self.resolve(client)? {
            let Err(failure) = act(&process) else { continue };
            match &first {
                None => first = Some(failure),
                // Nobody is left to tell when stderr is gone.
                Some(_) => drop(writeln!(std::io::stderr(), "{failure}")),
            }
        }
        first.map_or(Ok(()), Err)
    }
}
