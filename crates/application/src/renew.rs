//! Bringing processes that run to what their definitions say now.

use crate::reload::Reloaded;
use procession_runtime::{Kind, Node, StateName, Supervised, Verb, When, joined};
use procession_spec::{Application, Change};
use procession_types::{Error, ErrorKind, Fragment, Pid};
use std::time::{Duration, Instant};

/// How many processes are looked through for the members of pools, per shard.
const PROCESSES_MAX: usize = 1_000_000;
/// Members are asked in turn; each is given so long at least.
const MEMBER_PATIENCE_MIN: Duration = Duration::from_millis(50);

/// See the module.
pub(crate) struct Renewals<'a> {
    pub(crate) node: &'a Node,
    /// As it shall be.
    pub(crate) application: &'a Application,
    pub(crate) patience: Duration,
}

impl Renewals<'_> {
    /// Brings a service or pool to what it is now; supervisors have been given their definitions.
    pub(crate) fn bring(&self, change: &Change, done: &mut Reloaded) -> Result<(), Error> {
        let it = self.node.supervised_by_id(&change.id)?;
        match it.kind {
            Kind::Supervisor => Ok(()),
            Kind::Pool => self.pool(change, &it, done),
            Kind::Service => self.service(change, &it, done),
        }
    }

    fn service(&self, change: &Change, it: &Supervised, done: &mut Reloaded) -> Result<(), Error> {
        let id = &change.id;
        if !it.status.wanted {
            // It starts with what is new when somebody starts it.
            return Ok(());
        }
        let Some(pid) = it.status.pid else { return self.try_again(id, it, done) };
        if change.needs_restart() {
            return self.restart(id, done);
        }
        if !change.program {
            return Ok(());
        }
        match self.upgrade(pid, &self.arguments(id), self.patience) {
            Err(error) if error.kind == ErrorKind::Timeout => self.restart(id, done),
            other => {
                other?;
                done.upgraded.push(id.clone());
                Ok(())
            }
        }
    }

    fn restart(&self, id: &str, done: &mut Reloaded) -> Result<(), Error> {
        // Noted first: what does not come up has been touched, too.
        done.restarted.push(id.to_owned());
        self.node.control(id, Verb::Restart, self.patience).map(drop)
    }

    /// One that had failed before: what has changed may help. If it does not, it is as it was.
    fn try_again(&self, id: &str, it: &Supervised, done: &mut Reloaded) -> Result<(), Error> {
        if !matches!(it.status.state, StateName::Failed | StateName::Backoff) {
            return Ok(());
        }
        match self.node.control(id, Verb::Restart, self.patience) {
            Ok(_) => done.restarted.push(id.to_owned()),
            Err(_) => done.failing.push(id.to_owned()),
        }
        Ok(())
    }

    fn pool(&self, change: &Change, it: &Supervised, done: &mut Reloaded) -> Result<(), Error> {
        let id = &change.id;
        let Some(pool) = it.status.pid else { return self.try_again(id, it, done) };
        if change.needs_restart() {
            self.node.retire_members(id, None)?;
            done.replaced.push(id.clone());
            return Ok(());
        }
        if !change.program {
            return Ok(());
        }
        let (arguments, end) = (self.arguments(id), Instant::now() + self.patience);
        let mut late = Vec::new();
        for member in self.members(pool) {
            let left = end.saturating_duration_since(Instant::now()).max(MEMBER_PATIENCE_MIN);
            match self.upgrade(member, &arguments, left) {
                Err(error) if error.kind == ErrorKind::Timeout => late.push(member),
                other => other?,
            }
            // From the first one on: what has to be put back is told by this.
            if !done.upgraded.contains(id) {
                done.upgraded.push(id.clone());
            }
        }
        if !late.is_empty() {
            self.node.retire_members(id, Some(late))?;
            done.replaced.push(id.clone());
        }
        if !done.upgraded.contains(id) {
            done.upgraded.push(id.clone());
        }
        Ok(())
    }

    fn arguments(&self, id: &str) -> Fragment {
        let service = self.application.services.get(id).map(|it| &it.arguments);
        let arguments = service.or_else(|| self.application.pools.get(id).map(|it| &it.arguments));
        arguments.map(|list| joined(list)).unwrap_or_default()
    }

    /// One that has ended meanwhile needs no upgrade: what comes after it runs the new program.
    fn upgrade(&self, pid: Pid, arguments: &Fragment, patience: Duration) -> Result<(), Error> {
        match self.node.upgrade(pid, None, arguments.clone(), When::AtRest(patience)) {
            Err(error) if error.kind == ErrorKind::NotFound && !self.node.is_alive(pid) => Ok(()),
            other => other,
        }
    }

    /// The processes that a pool has started.
    fn members(&self, pool: Pid) -> Vec<Pid> {
        let processes = self.node.processes(PROCESSES_MAX).into_iter();
        processes.filter(|it| it.parent == Some(pool)).map(|it| it.pid).collect()
    }
}
