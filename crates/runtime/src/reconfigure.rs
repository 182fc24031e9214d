//! What a node goes by, changed while it runs: policies, grants, variables, process hosts and the
//! environment of programs.

use crate::config::{ConfigError, NodeConfig};
use crate::drain::{Closing, Picture};
use crate::grant::Grants;
use crate::node::Node;
use procession_kernel::HostConfig;
use procession_types::{HOSTS_MAX, HostIndex, ShardIndex};
use std::sync::Arc;

impl Node {
    /// Takes policies, grants, variables, the environment of programs that are defined from now on, and
    /// the process hosts from a configuration; all else of it is not looked at.
    ///
    /// Hosts that are new are there from now on. The bounds, weights and priorities of the others hold
    /// at once, limits for processes that are started from now on, of programs that name none. A host
    /// that the configuration has not stays as it is until [`Node::remove_host`].
    ///
    /// # Errors
    /// See [`ConfigError`]; nothing is changed then.
    pub fn reconfigure(&self, config: NodeConfig) -> Result<(), ConfigError> {
        config.check()?;
        let hosts = self.with_new_hosts(&config.hosts)?;
        let grants = Grants::new(&config.grants).map_err(|(path, source)| ConfigError::Grant {
            path: path.display().to_string(),
            source,
        })?;
        let shared = &self.shared;
        shared.telemetry.hide(config.variables.secrets());
        shared.policies.set(config.policies);
        shared.set_grants(grants, config.web_grants);
        shared.services.set_variables(config.variables);
        shared.programs.set_hosts(Arc::clone(&hosts), config.environment);
        for (index, host) in hosts.iter().enumerate() {
            shared.residence.set_host(index as HostIndex, host);
        }
        for shard in 0..self.workers.len() as ShardIndex {
            let hosts = Arc::clone(&hosts);
            // Refused only when the worker is gone already.
            let _ = self.on(shard, move |worker| {
                for (index, host) in hosts.iter().enumerate() {
                    worker.idle.set_host(index as HostIndex, host);
                }
                worker.kernel.set_hosts(hosts);
            });
        }
        // Every shard knows them by now.
        for host in config.hosts {
            let index = shared.hosts.push(&host.id);
            if let Some(index) = index.filter(|index| shared.drains.gates.is_removed(*index)) {
                shared.drains.gates.set_host(index, None);
            }
        }
        Ok(())
    }

    /// The hosts of the node, as a configuration describes them, and behind them those that are new. The
    /// store hears of these first: processes of theirs can outlive the node.
    fn with_new_hosts(&self, described: &[HostConfig]) -> Result<Arc<[HostConfig]>, ConfigError> {
        let mut hosts = self.shared.programs.hosts().to_vec();
        let known = hosts.len();
        for new in described {
            match hosts.iter_mut().find(|host| host.id == new.id) {
                Some(host) => *host = new.clone(),
                None => hosts.push(new.clone()),
            }
        }
        if hosts.len() > HOSTS_MAX {
            return Err(ConfigError::Hosts(hosts.len()));
        }
        let new: Vec<&str> = hosts[known..].iter().map(|host| host.id.as_str()).collect();
        if let (Some(keeper), false) = (&self.shared.keeper, new.is_empty()) {
            let ids = hosts.iter().map(|host| host.id.clone()).collect();
            let refused = |error| ConfigError::NewHost(new.join(", "), error);
            keeper.set_hosts(&ids).map_err(refused)?;
        }
        Ok(hosts.into())
    }

    /// Takes a process host away: nothing is started on it any more, and its id is unknown until it is
    /// configured again. Processes that are left on it go on until they end.
    pub fn remove_host(&self, id: &str) {
        if let Some(host) = self.shared.hosts.position(id) {
            self.shared.drains.gates.set_host(host, Some(Closing::Removed));
        }
    }

    /// Processes on a host that are no part of the application, and not of one: their PIDs with what
    /// they run, `count_max` at most, and how many there are in all.
    #[must_use]
    pub fn host_users(&self, id: &str, count_max: usize) -> (Vec<String>, usize) {
        let Some(host) = self.shared.host(id) else { return (Vec::new(), 0) };
        let users = Picture::take(self).left(|other| other == host, true);
        let shown = users.iter().take(count_max).map(|user| {
            let left = user.left(self);
            format!("{} {}", left.what, left.does)
        });
        (shown.collect(), users.len())
    }
}
