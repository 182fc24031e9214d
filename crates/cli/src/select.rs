//! Which processes or services a command is for.

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
    /// All that match: program, host, state, name, parent, service, or labels of that; as in program=app:worker,state!=paused
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
        let pids = found.into_iter().map(|process| process.pid).collect();
        selected(pids, has_more, "process", "procession ps", selector)
    }

    /// Does something to each of them, also after one for which it failed.
    ///
    /// # Errors
    /// The first failure; the others are told as they come.
    pub(crate) fn each(
        &self,
        client: &Client,
        act: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        each(self.resolve(client)?, act)
    }

    /// The same for a command that is for one process when it names one, and has more words behind
    /// it: with a selector, the first of its words is no process's. Gives the words that are left.
    ///
    /// # Errors
    /// Exit code 2 when neither a process nor a selector is given.
    pub(crate) fn of_words(
        selector: Option<&String>,
        words: impl Iterator<Item = String>,
    ) -> Result<(Self, Vec<String>), Failure> {
        let mut words: Vec<String> = words.collect();
        let processes = match selector {
            Some(_) => Vec::new(),
            None if words.is_empty() => {
                return Err(Failure::usage("nobody says which process is meant")
                    .with_hint("name one, or select with -l"));
            }
            None => vec![words.remove(0)],
        };
        Ok((Self { processes, selector: selector.cloned() }, words))
    }
}

/// What a command understands that is for services, supervisors or pools.
#[derive(Debug, Clone, Args)]
pub(crate) struct WhichServices {
    /// Ids of services, supervisors or pools, or the parts of them behind the colon
    #[arg(
        value_name = "SERVICE",
        required_unless_present = "selector",
        conflicts_with = "selector"
    )]
    pub(crate) services: Vec<String>,
    /// All that match: kind, state, program, host, supervisor, labels; as in kind=pool,stage=counters
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
}

impl WhichServices {
    /// The services, as they were named, or the ids of those that match.
    ///
    /// # Errors
    /// Exit code 4 when none matches.
    pub(crate) fn resolve(&self, client: &Client) -> Result<Vec<String>, Failure> {
        let Some(selector) = &self.selector else { return Ok(self.services.clone()) };
        let (found, has_more) = client
            .services(Some(selector), SELECTED_MAX)
            .map_err(|error| failed("list services", &error))?;
        // The application as a whole is started and stopped with its node.
        let is_part = |id: &String| id != procession_runtime::ROOT;
        let ids = found.into_iter().map(|service| service.id).filter(is_part);
        selected(ids.collect(), has_more, "service", "procession status", selector)
    }

    /// As [`Which::each`].
    pub(crate) fn each(
        &self,
        client: &Client,
        act: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        each(self.resolve(client)?, act)
    }
}

fn selected(
    found: Vec<String>,
    has_more: bool,
    what: &str,
    shows: &str,
    selector: &str,
) -> Result<Vec<String>, Failure> {
    if has_more {
        let message = format!("more than {SELECTED_MAX} match {selector}");
        return Err(Failure::new(ExitStatus::Limit, message).with_hint("select fewer"));
    }
    if found.is_empty() {
        let message = format!("no {what} matches {selector}");
        return Err(Failure::new(ExitStatus::NotFound, message)
            .with_hint(format!("{shows} -o wide shows what there is to select by")));
    }
    Ok(found)
}

fn each(
    names: Vec<String>,
    mut act: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut first = None;
    for name in names {
        let Err(failure) = act(&name) else { continue };
        match &first {
            None => first = Some(failure),
            // Nobody is left to tell when stderr is gone.
            Some(_) => drop(writeln!(std::io::stderr(), "{failure}")),
        }
    }
    first.map_or(Ok(()), Err)
}
