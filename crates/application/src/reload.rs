//! From one state of an application to the next while it runs: new code for services and pools that
//! go on.
//!
//! A reload is done as a whole or not at all. What it can't do is refused before anything is changed;
//! when a new program turns out not to start, everything is put back as it was.

use procession_environment::Program;
use procession_runtime::{Kind, Node, Supervised, Verb, When, joined};
use procession_spec::{Application, Difference, Sort};
use procession_types::{Error, ErrorKind, Fragment, Pid};
use std::fmt;
use std::time::Duration;

/// How many processes are looked through for the members of pools, per shard.
const PROCESSES_MAX: usize = 1_000_000;

/// What a reload has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reloaded {
    /// Programs that are new or have changed.
    pub programs: Vec<String>,
    /// Services, and pools, whose processes go on with new code.
    pub upgraded: Vec<String>,
    /// Services that were started again, since they did not wait for a message in time.
    pub restarted: Vec<String>,
}

/// Why a reload was refused. The application is as it was before.
#[derive(Debug, Clone, PartialEq)]
pub enum ReloadError {
    /// What has changed that a running node can't change.
    Unsupported(Vec<String>),
    /// A new program does not start, or something could not be upgraded.
    Failed {
        /// The service or pool.
        id: String,
        /// What went wrong.
        error: Error,
    },
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(changes) => {
                let list = changes.join(", ");
                write!(f, "a running node can't change {list}: stop the application and start it")
            }
            Self::Failed { id, error } => {
                write!(f, "{id} could not be upgraded, all is as before: {}", error.message)
            }
        }
    }
}

impl std::error::Error for ReloadError {}

/// Makes a node that runs `before` run `after`: defines what is new, and upgrades the processes whose
/// programs changed, each as soon as it waits for a message. A service that does not within
/// `patience` is restarted; members of pools keep what they have in hand, so they are waited for.
/// What did not change is not touched.
///
/// # Errors
/// See [`ReloadError`].
pub fn reload(
    node: &Node,
    before: &Application,
    after: &Application,
    patience: Duration,
) -> Result<Reloaded, ReloadError> {
    let difference = Difference::between(before, after);
    let unsupported = unsupported(&difference);
    if !unsupported.is_empty() {
        return Err(ReloadError::Unsupported(unsupported));
    }
    let changed = difference.changed.iter().filter(|change| change.sort == Sort::Program);
    let changed = changed.map(|change| change.id.clone());
    let added = difference.added.iter().map(|(_, id)| id.clone());
    let mut done = Reloaded { programs: changed.chain(added).collect(), ..Reloaded::default() };
    done.programs.sort();
    define(node, after, &done.programs);
    let users = difference.changed.iter().filter(|change| change.program);
    for id in users.filter(|change| change.sort != Sort::Program).map(|change| &change.id) {
        if let Err(error) = renew(node, after, id, patience, &mut done) {
            put_back(node, before, &done, patience);
            return Err(ReloadError::Failed { id: id.clone(), error });
        }
    }
    for (_, id) in &difference.removed {
        node.undefine(id);
    }
    Ok(done)
}

/// What a reload can't do: everything but programs.
fn unsupported(difference: &Difference) -> Vec<String> {
    let mut found: Vec<String> =
        difference.application.iter().map(|key| format!("\"{key}\"")).collect();
    for (what, list) in [("the new", &difference.added), ("the removed", &difference.removed)] {
        let others = list.iter().filter(|(sort, _)| *sort != Sort::Program);
        found.extend(others.map(|(sort, id)| format!("{what} {} {id}", word(*sort))));
    }
    for change in &difference.changed {
        if change.sort != Sort::Program && !change.keys.is_empty() {
            let keys = change.keys.join(", ");
            found.push(format!("{keys} of {} {}", word(change.sort), change.id));
        }
    }
    found
}

const fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Program => "program",
        Sort::Host => "process host",
        Sort::Policy => "policy",
        Sort::Service => "service",
        Sort::Pool => "pool",
        Sort::Supervisor => "supervisor",
    }
}

fn define(node: &Node, application: &Application, ids: &[String]) {
    let programs = ids.iter().filter_map(|id| application.programs.get(id));
    let programs: Vec<Program> = programs.map(|it| it.program.clone()).collect();
    programs.into_iter().for_each(|program| node.define(program));
}

/// Lets the processes of a service or pool go on with the program as it is defined now.
fn renew(
    node: &Node,
    application: &Application,
    id: &str,
    patience: Duration,
    done: &mut Reloaded,
) -> Result<(), Error> {
    let Supervised { kind, status, .. } = node.supervised_by_id(id)?;
    // What does not run starts with the new program anyway.
    let Some(pid) = status.pid else { return Ok(()) };
    if kind == Kind::Pool {
        let arguments = application.pools.get(id).map(|it| joined(&it.arguments));
        let arguments = arguments.unwrap_or_default();
        for member in members(node, pid) {
            upgrade(node, member, &arguments, patience)?;
        }
        done.upgraded.push(id.to_owned());
        return Ok(());
    }
    let arguments = application.services.get(id).map(|it| joined(&it.arguments));
    match upgrade(node, pid, &arguments.unwrap_or_default(), patience) {
        Err(error) if error.kind == ErrorKind::Timeout => {
            node.control(id, Verb::Restart, patience)?;
            done.restarted.push(id.to_owned());
        }
        other => {
            other?;
            done.upgraded.push(id.to_owned());
        }
    }
    Ok(())
}

/// One that has ended meanwhile needs no upgrade: what comes after it runs the new program.
fn upgrade(node: &Node, pid: Pid, arguments: &Fragment, patience: Duration) -> Result<(), Error> {
    match node.upgrade(pid, None, arguments.clone(), When::AtRest(patience)) {
        Err(error) if error.kind == ErrorKind::NotFound && !node.is_alive(pid) => Ok(()),
        other => other,
    }
}

/// The processes that a pool has started.
fn members(node: &Node, pool: Pid) -> Vec<Pid> {
    let processes = node.processes(PROCESSES_MAX).into_iter();
    processes.filter(|it| it.parent == Some(pool)).map(|it| it.pid).collect()
}

/// Undoes what has been done. What can't be put back now is when it starts the next time.
fn put_back(node: &Node, before: &Application, done: &Reloaded, patience: Duration) {
    let (old, new): (Vec<_>, Vec<_>) =
        done.programs.iter().cloned().partition(|id| before.programs.contains_key(id));
    define(node, before, &old);
    let mut again = Reloaded::default();
    for id in done.upgraded.iter().chain(&done.restarted) {
        // Its supervisor sees to it when even that fails.
        let _ = renew(node, before, id, patience, &mut again);
    }
    new.iter().for_each(|id| node.undefine(id));
}
