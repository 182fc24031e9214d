//! What a node is made from.

use crate::durable::SnapshotRule;
use crate::grant::Grant;
use crate::service::Variables;
use crate::web_client::WebRoots;
use crate::web_grant::WebGrants;
use procession_environment::{Environment, Program};
use procession_kernel::{HostConfig, Priority, SLICE_INSTRUCTIONS, WEIGHT_MAX};
use procession_policy::Policies;
use procession_store::{Store, StoreError};
use procession_telemetry::{OpenError, Records};
use procession_types::{Error, HOSTS_MAX, ShardIndex};
use std::io::Write;
use std::sync::Arc;

/// Id of the host that every node has for programs.
pub const HOST_NORMAL: &str = "app:processes";
/// Id of the host that every node has for what must not wait behind programs.
pub const HOST_SYSTEM: &str = "system:processes";

/// Where output goes. Both are written by one thread of the node, never by a worker.
pub struct Sinks {
    /// What processes print.
    pub print: Box<dyn Write + Send>,
    /// What processes log.
    pub log: Box<dyn Write + Send>,
}

impl Sinks {
    /// Standard output and standard error.
    #[must_use]
    pub fn standard() -> Self {
        Self { print: Box::new(std::io::stdout()), log: Box::new(std::io::stderr()) }
    }

    /// Nowhere.
    #[must_use]
    pub fn none() -> Self {
        Self { print: Box::new(std::io::sink()), log: Box::new(std::io::sink()) }
    }
}

/// When a shard gives work away that its thread could do itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spreading {
    /// When its thread has had no rest for about a second: until then messages stay on one shard, where
    /// they are cheapest, and nobody waits for a thread to wake up.
    #[default]
    UnderPressure,
    /// Whenever another shard has less.
    Always,
}

/// What a node is made from. [`NodeConfig::new`] has a default for everything but the environment.
pub struct NodeConfig {
    /// Name in a cluster; PIDs then print as `{node@host|id}`.
    pub name: Option<String>,
    /// Worker threads, each with a shard. Default: one per core.
    pub shards: ShardIndex,
    /// When shards give work away.
    pub spreading: Spreading,
    /// Process hosts; the first two are the default ones.
    pub hosts: Vec<HostConfig>,
    /// Programs that processes may run, by id. More can be defined later.
    pub programs: Vec<Program>,
    /// What executes them.
    pub environment: Arc<dyn Environment>,
    /// Instructions of a slice.
    pub slice: u64,
    /// The policies, and what happens to processes without actor or scope.
    pub policies: Policies,
    /// Directories that processes may use.
    pub grants: Vec<Grant>,
    /// Hosts that processes may talk to.
    pub web_grants: WebGrants,
    /// Whose certificates those hosts may have.
    pub web_roots: WebRoots,
    /// Variables that processes may read.
    pub variables: Variables,
    /// Where output goes.
    pub sinks: Sinks,
    /// What is remembered of it, and of events. Default: the newest, in memory.
    pub records: Records,
    /// What keeps durable processes; `None` = there are none.
    pub store: Option<Arc<dyn Store>>,
    /// When snapshots of those are made, and what is kept of their past.
    pub snapshots: SnapshotRule,
    /// Seed of the random numbers of guests; `None` = a new one at every start.
    pub seed: Option<u64>,
}

/// Why a node can't be built.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Zero shards, or more than 1024.
    #[error("a node has 1 to 1024 shards, not {0}")]
    Shards(ShardIndex),
    /// No host, or more than 1024.
    #[error("a node has 1 to 1024 process hosts, not {0}")]
    Hosts(usize),
    /// A weight of 0, or a greater one than [`WEIGHT_MAX`].
    #[error("process host {host} has weight {weight}; weights are 1 to 1000")]
    Weight {
        /// The host's id.
        host: String,
        /// As configured.
        weight: u32,
    },
    /// Two hosts with the same id.
    #[error("two process hosts are called {0}")]
    DuplicateHost(String),
    /// A new process host that the store could not be told of.
    #[error("process host {0} can't be added: {1}")]
    NewHost(String, Error),
    /// A granted directory that can't be used.
    #[error("grant {path}: {source}")]
    Grant {
        /// As configured.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Records can't be kept.
    #[error(transparent)]
    Records(#[from] OpenError),
    /// The store can't be read.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl NodeConfig {
    /// A node of as many shards as there are cores, with the default hosts, no grants, open to
    /// processes without actor, and with the standard streams.
    #[must_use]
    pub fn new(environment: Arc<dyn Environment>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut system = HostConfig::new(HOST_SYSTEM);
        system.priority = Priority::System;
        Self {
            name: None,
            shards: ShardIndex::try_from(cores).unwrap_or(1024).min(1024),
            spreading: Spreading::default(),
            hosts: vec![HostConfig::new(HOST_NORMAL), system],
            programs: Vec::new(),
            environment,
            slice: SLICE_INSTRUCTIONS,
            policies: Policies::default(),
            grants: Vec::new(),
            web_grants: WebGrants::default(),
            web_roots: WebRoots::from_environment(),
            variables: Variables::default(),
            sinks: Sinks::standard(),
            records: Records::default(),
            store: None,
            snapshots: SnapshotRule::default(),
            seed: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.shards == 0 || self.shards > 1024 {
            return Err(ConfigError::Shards(self.shards));
        }
        if self.hosts.is_empty() || self.hosts.len() > HOSTS_MAX {
            return Err(ConfigError::Hosts(self.hosts.len()));
        }
        for (position, host) in self.hosts.iter().enumerate() {
            if host.weight == 0 || host.weight > WEIGHT_MAX {
                return Err(ConfigError::Weight { host: host.id.to_string(), weight: host.weight });
            }
            if self.hosts[..position].iter().any(|other| other.id == host.id) {
                return Err(ConfigError::DuplicateHost(host.id.to_string()));
            }
        }
        Ok(())
    }
}
