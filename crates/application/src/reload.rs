//! From one state of an application to the next while it runs.
//!
//! A reload is done as a whole or not at all. What it can't do is refused before anything is changed;
//! when a new program turns out not to start, or a new service not to come up, everything is put back as
//! it was.

use crate::assemble::{assemble, definition};
use crate::renew::Renewals;
use crate::transition;
use procession_policy::Unidentified;
use procession_runtime::{ConfigError, HOST_NORMAL, HOST_SYSTEM, Node, StateName, Verb};
use procession_spec::{Application, Difference, Sort};
use procession_types::{Error, ErrorKind};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Users of a process host that a message names.
const NAMED_MAX: usize = 4;

/// What a reload has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reloaded {
    /// Programs that are new or have changed.
    pub programs: Vec<String>,
    /// Services, and pools, whose processes go on with new code.
    pub upgraded: Vec<String>,
    /// Services that were started again, since what they were started with has changed, or since they
    /// were not at rest in time.
    pub restarted: Vec<String>,
    /// Pools whose members make room for others, each when it has done what it has.
    pub replaced: Vec<String>,
    /// Services that had failed before, and still do.
    pub failing: Vec<String>,
}

/// Why a reload was refused. The application is as it was before.
#[derive(Debug)]
pub enum ReloadError {
    /// Process hosts that are gone and still used, and by whom.
    InUse(Vec<String>),
    /// What the definitions say makes no sense together.
    Definition(Vec<Error>),
    /// A granted directory can't be used.
    Grant(ConfigError),
    /// A directory that programs may write to can't be made.
    Directory(PathBuf, std::io::Error),
    /// A new program does not start, or something does not come up or could not be upgraded.
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
            Self::InUse(hosts) => write!(f, "{}", hosts.join("\n")),
            Self::Definition(errors) => {
                let lines: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
                write!(f, "{}", lines.join("\n"))
            }
            Self::Grant(error) => write!(f, "{error}"),
            Self::Directory(path, error) => write!(f, "make {}: {error}", path.display()),
            Self::Failed { id, error } => {
                write!(f, "{id} can't go on with it, all is as before: {}", error.message)
            }
        }
    }
}

impl std::error::Error for ReloadError {}

/// What a reload is about.
#[derive(Debug, Clone, Copy)]
pub struct Reload<'a> {
    /// What the node runs.
    pub before: &'a Application,
    /// What it shall run.
    pub after: &'a Application,
    /// Where the application's files are.
    pub directory: &'a Path,
    /// The variables of the environment.
    pub variables: &'a [(String, Vec<u8>)],
    /// What becomes of processes without actor and scope where the application does not say.
    pub unidentified: Unidentified,
    /// How long something may take to be at rest, or to come up. A service that is not at rest by then
    /// is started again; members of pools do what they have, and make room for others.
    pub patience: Duration,
}

impl Reload<'_> {
    /// What is different, and what stands in the way of it.
    #[must_use]
    pub fn difference(&self, node: &Node) -> (Difference, Vec<String>) {
        let difference = Difference::between(self.before, self.after);
        let in_use = gone_hosts(&difference).filter_map(|id| used_by(node, id)).collect();
        (difference, in_use)
    }

    /// Makes a node that runs `before` run `after`. What did not change is not touched: it keeps its
    /// process.
    ///
    /// # Errors
    /// See [`ReloadError`].
    pub fn run(&self, node: &Node) -> Result<Reloaded, ReloadError> {
        let (difference, in_use) = self.difference(node);
        if !in_use.is_empty() {
            return Err(ReloadError::InUse(in_use));
        }
        let mut done = Reloaded { programs: new_programs(&difference), ..Reloaded::default() };
        if difference.is_empty() {
            return Ok(done);
        }
        let result = self.go(node, &difference, &mut done);
        if result.is_err() {
            self.put_back(node, &difference, &done);
        }
        result.map(|()| done)
    }

    fn go(
        &self,
        node: &Node,
        difference: &Difference,
        done: &mut Reloaded,
    ) -> Result<(), ReloadError> {
        self.configure(node, self.after)?;
        define(node, self.after, &done.programs);
        let (before, after) = (definition(self.before), definition(self.after));
        let both = transition::between(&before, &after);
        node.redefine_application(both).map_err(ReloadError::Definition)?;
        let failed = |id: &str, error| ReloadError::Failed { id: id.to_owned(), error };
        for id in transition::in_order(self.after) {
            let is_new = difference.added.iter().any(|(_, new)| new == id);
            if is_new && self.starts(id) {
                node.control(id, Verb::Start, self.patience).map_err(|e| failed(id, e))?;
            }
            let change = difference.changed.iter().find(|change| {
                change.id == id && !matches!(change.sort, Sort::Program | Sort::Host | Sort::Policy)
            });
            if let Some(change) = change {
                let renewals = Renewals { node, application: self.after, patience: self.patience };
                renewals.bring(change, done).map_err(|e| failed(id, e))?;
            }
        }
        if difference.removed.iter().any(|(sort, _)| is_supervised(*sort)) {
            // Something that does not end in its time is ended, and is no reason to go back.
            let ended = node.redefine_application(after);
            if let Err(errors) = ended
                && errors.iter().any(|error| error.kind != ErrorKind::Timeout)
            {
                return Err(ReloadError::Definition(errors));
            }
        }
        let gone = difference.removed.iter().filter(|(sort, _)| *sort == Sort::Program);
        gone.for_each(|(_, id)| node.undefine(id));
        gone_hosts(difference).for_each(|id| node.remove_host(id));
        Ok(())
    }

    /// Whether something new starts by itself.
    fn starts(&self, id: &str) -> bool {
        let service = self.after.services.get(id).map(|it| it.lifecycle.auto_start);
        let pool = self.after.pools.get(id).map(|it| it.lifecycle.auto_start);
        service.or(pool).unwrap_or(false)
    }

    /// Policies, grants, variables and hosts.
    fn configure(&self, node: &Node, application: &Application) -> Result<(), ReloadError> {
        let variables = self.variables.iter().cloned();
        let made = assemble(application, self.directory, variables, self.unidentified);
        made.make_directories().map_err(|(path, error)| ReloadError::Directory(path, error))?;
        node.reconfigure(made.config).map_err(ReloadError::Grant)
    }

    /// Undoes what has been done. What can't be put back now is when it starts the next time.
    fn put_back(&self, node: &Node, difference: &Difference, done: &Reloaded) {
        let (old, new): (Vec<_>, Vec<_>) =
            done.programs.iter().cloned().partition(|id| self.before.programs.contains_key(id));
        // What was right before is right now, and its supervisor sees to what does not come up.
        let _ = self.configure(node, self.before);
        define(node, self.before, &old);
        let _ = node.redefine_application(definition(self.before));
        let renewals = Renewals { node, application: self.before, patience: self.patience };
        let mut again = Reloaded::default();
        for change in &difference.changed {
            let was_touched = [&done.upgraded, &done.restarted, &done.replaced, &done.failing]
                .iter()
                .any(|list| list.contains(&change.id));
            if was_touched {
                let _ = renewals.bring(change, &mut again);
            }
        }
        // Those that are down now and were up before.
        for it in node.supervised() {
            let is_down = matches!(it.status.state, StateName::Backoff | StateName::Failed);
            if is_down && difference.changed.iter().any(|change| it.id == change.id) {
                let _ = node.control(&it.id, Verb::Restart, self.patience);
            }
        }
        new.iter().for_each(|id| node.undefine(id));
        let hosts =
            difference.added.iter().filter(|(sort, id)| *sort == Sort::Host && !is_always(id));
        hosts.for_each(|(_, id)| node.remove_host(id));
    }
}

/// Whether every node has this host, described or not.
fn is_always(host: &str) -> bool {
    host == HOST_NORMAL || host == HOST_SYSTEM
}

/// The process hosts that the node shall have no more.
fn gone_hosts(difference: &Difference) -> impl Iterator<Item = &str> {
    let hosts = difference.removed.iter().filter(|(sort, _)| *sort == Sort::Host);
    hosts.map(|(_, id)| id.as_str()).filter(|id| !is_always(id))
}

/// Who uses a process host beside the application; `None` when nobody does.
fn used_by(node: &Node, host: &str) -> Option<String> {
    let (users, count) = node.host_users(host, NAMED_MAX);
    let more = match count.saturating_sub(users.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let users = users.join(", ");
    (count > 0).then(|| format!("process host {host} is gone, and {users}{more} on it"))
}

const fn is_supervised(sort: Sort) -> bool {
    match sort {
        Sort::Service | Sort::Pool | Sort::Supervisor => true,
        Sort::Program | Sort::Host | Sort::Policy => false,
    }
}

fn new_programs(difference: &Difference) -> Vec<String> {
    let changed = difference.changed.iter().filter(|change| change.sort == Sort::Program);
    let added = difference.added.iter().filter(|(sort, _)| *sort == Sort::Program);
    let ids = changed.map(|change| change.id.clone()).chain(added.map(|(_, id)| id.clone()));
    let mut programs: Vec<String> = ids.collect();
    programs.sort();
    programs
}

fn define(node: &Node, application: &Application, ids: &[String]) {
    let programs = ids.iter().filter_map(|id| application.programs.get(id));
    programs.for_each(|it| node.define(it.program.clone()));
}
