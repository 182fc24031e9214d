//! What all threads of a node share.

use crate::clock::Clock;
use crate::closing::Closing;
use crate::config::{HOST_SYSTEM, Spreading};
use crate::directory::SharedDirectory;
use crate::drain::Drains;
use crate::durable::{Keeper, Residence};
use crate::grant::Grants;
use crate::inbox::Inbox;
use crate::io_pool::IoPool;
use crate::mail::Mail;
use crate::placement::Vacancies;
use crate::pools::Pools;
use crate::process_info::Looks;
use crate::program::Programs;
use crate::questions::Questions;
use crate::quiet::Quiet;
use crate::service::{Handed, Services};
use crate::supervise::{Register, Running};
use crate::swap::Current;
use crate::watch::Watches;
use crate::web_client::WebClient;
use crate::web_grant::WebGrants;
use crate::web_queue::WebQueue;
use procession_kernel::Directory as _;
use procession_telemetry::Telemetry;
use procession_types::{HostIds, HostIndex, Pid, ShardIndex};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// What a shard publishes about itself, from time to time.
#[derive(Default)]
pub(crate) struct ShardLoad {
    /// Processes that live there.
    pub(crate) processes: AtomicUsize,
    /// Processes that are ready there, as of its last look.
    pub(crate) ready: AtomicUsize,
    /// It has had as much to do for a while as its thread can; see [`crate::pressure`].
    pub(crate) pressed: AtomicBool,
    /// It has nothing to do and would take a process.
    pub(crate) hungry: AtomicBool,
}

impl ShardLoad {
    /// Processes there, as of its last look, and those that were born for it since.
    pub(crate) fn processes(&self) -> usize {
        self.processes.load(Ordering::Relaxed)
    }

    /// Those of them that were not ready.
    pub(crate) fn idle(&self) -> usize {
        self.processes().saturating_sub(self.ready.load(Ordering::Relaxed))
    }
}

/// See the module.
pub(crate) struct Shared {
    pub(crate) name: Option<String>,
    pub(crate) clock: Clock,
    pub(crate) closing: Closing,
    /// What PIDs count; what the hosts are like is in [`Programs::hosts`].
    pub(crate) hosts: HostIds,
    pub(crate) spreading: Spreading,
    pub(crate) directory: SharedDirectory,
    pub(crate) inboxes: Vec<Arc<Inbox>>,
    pub(crate) loads: Vec<ShardLoad>,
    /// By shard.
    pub(crate) vacancies: Vec<Vacancies>,
    /// How many shards are hungry, roughly.
    pub(crate) hungry: AtomicUsize,
    pub(crate) programs: Programs,
    pub(crate) policies: Current,
    /// Directories and machines that processes may use.
    pub(crate) grants: RwLock<(Arc<Grants>, Arc<WebGrants>)>,
    pub(crate) services: Services,
    pub(crate) telemetry: Telemetry,
    pub(crate) io: IoPool,
    /// For requests, which may take long: files must not wait behind them.
    pub(crate) net: WebQueue,
    pub(crate) web_client: WebClient,
    /// What durable processes take in memory.
    pub(crate) residence: Residence,
    /// What keeps durable processes.
    pub(crate) keeper: Option<Arc<Keeper>>,
    pub(crate) pools: Pools,
    pub(crate) watches: Watches,
    /// What is supervised, and the application that it belongs to.
    pub(crate) register: Arc<Register>,
    pub(crate) application: Mutex<Option<Running>>,
    /// What takes no new work.
    pub(crate) drains: Drains,
    pub(crate) questions: Questions,
    /// Looks of processes into others that take several slices.
    pub(crate) looks: Looks,
    /// No process may be started any more.
    pub(crate) stopping: AtomicBool,
    /// All of them have ended since.
    pub(crate) quiet: Quiet,
    /// Processes that did not end in time when the node was shut down.
    pub(crate) overdue: AtomicU64,
}

impl Shared {
    /// The host with this id, when it has not been taken away.
    pub(crate) fn host(&self, id: &str) -> Option<HostIndex> {
        self.hosts.position(id).filter(|host| !self.drains.gates.is_removed(*host))
    }

    /// The process of a supervisor or pool, which has its id as a name. While it does not run, somebody else may
    /// have that.
    pub(crate) fn built_in(&self, id: &str) -> Option<Pid> {
        let holder = self.directory.holder(id)?;
        let is_system = !holder.is_durable() && self.host(HOST_SYSTEM) == Some(holder.host);
        is_system.then_some(holder)
    }

    /// Tells consumers what they have waited for.
    pub(crate) fn hand(&self, handed: Vec<Handed>) {
        for Handed { pid, call, delivery } in handed {
            // The home of the process knows where it is.
            if let Some(inbox) = self.inbox(pid.shard) {
                let call = procession_kernel::CallId(call.0);
                inbox.push(Mail::Reply { pid, call, result: Ok(delivery) });
            }
        }
    }

    /// The directories that processes may use, as of now.
    pub(crate) fn grants(&self) -> Arc<Grants> {
        Arc::clone(&self.grants.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// The machines that processes may talk to, as of now.
    pub(crate) fn web_grants(&self) -> Arc<WebGrants> {
        Arc::clone(&self.grants.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    pub(crate) fn set_grants(&self, grants: Grants, web: WebGrants) {
        let new = (Arc::new(grants), Arc::new(web));
        *self.grants.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Whether a process lives.
    pub(crate) fn is_alive(&self, pid: Pid) -> bool {
        self.directory.is_alive(pid)
    }

    /// How many shards there are.
    pub(crate) fn shards(&self) -> ShardIndex {
        self.inboxes.len() as ShardIndex
    }

    /// The inbox of a shard. A durable process's may have been another one's when it began.
    pub(crate) fn inbox(&self, shard: ShardIndex) -> Option<&Inbox> {
        self.inboxes.get(usize::from(shard) % self.inboxes.len()).map(|inbox| &**inbox)
    }
}
