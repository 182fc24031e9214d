//! What a node goes by, changed while it runs: policies, grants, variables, process hosts and the
//! environment of programs.

use crate::config::{ConfigError, NodeConfig};
use crate::grant::Grants;
use crate::node::Node;
use procession_kernel::HostConfig;
use procession_types::{HostIndex, ShardIndex};
use std::sync::Arc;

impl Node {
    /// Takes policies, grants, variables, the environment of programs that are defined from now on, and
    /// the process hosts from a configuration; all else of it is not looked at.
    ///
    /// The hosts must be those that the node has. Their bounds, weights and priorities hold at once,
    /// limits for processes that are started from now on, of programs that name none.
    ///
    /// # Errors
    /// See [`ConfigError`]; nothing is changed then.
    pub fn reconfigure(&self, config: NodeConfig) -> Result<(), ConfigError> {
        config.check()?;
        let mut hosts = self.shared.programs.hosts().to_vec();
        for host in &mut hosts {
            let new = config.hosts.iter().find(|new| new.id == host.id);
            let missing = || ConfigError::OtherHosts(host.id.to_string());
            *host = new.ok_or_else(missing)?.clone();
        }
        let known = |new: &&HostConfig| !hosts.iter().any(|host| host.id == new.id);
        if let Some(new) = config.hosts.iter().find(known) {
            return Err(ConfigError::OtherHosts(new.id.to_string()));
        }
        let grants = Grants::new(&config.grants).map_err(|(path, source)| ConfigError::Grant {
            path: path.display().to_string(),
            source,
        })?;
        let shared = &self.shared;
        shared.telemetry.hide(config.variables.secrets());
        shared.policies.set(config.policies);
        shared.set_grants(grants, config.web_grants);
        shared.services.set_variables(config.variables);
        let hosts: Arc<[HostConfig]> = hosts.into();
        shared.programs.set_hosts(Arc::clone(&hosts), config.environment);
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
        Ok(())
    }
}
