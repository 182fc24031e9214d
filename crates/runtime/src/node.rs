//! A node: its threads, and what one can do with it from outside of a process.

use crate::clock::Clock;
use crate::closing::Closing;
use crate::config::{ConfigError, NodeConfig, Sinks};
use crate::directory::SharedDirectory;
use crate::drain::Drains;
use crate::durable::{Arrivals, Begin, Hands, Keeper, Opened, Residence, threads, wake_durable};
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
use crate::service::Services;
use crate::shared::{ShardLoad, Shared};
use crate::swap::Current;
use crate::watch::{Ending, Watches};
use crate::web_client::WebClient;
use crate::web_queue::WebQueue;
use crate::worker::Worker;
use procession_kernel::{Cancel, Counts, HostConfig, KernelConfig};
use procession_store::Store;
use procession_telemetry::{self as telemetry, Event, EventKind, Telemetry};
use procession_types::{HostIds, Pid, ShardIndex, SmolStr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Stack of a worker: a compiler and nested spawns need some.
const WORKER_STACK_BYTES: usize = 16 << 20;

/// Threads for files, and what may wait for them.
const FILE_THREADS_MAX: usize = 4;
const FILE_JOBS_MAX: usize = 10_000;

/// How much longer than the deadline a shutdown waits for the kernels to have terminated everybody.
const GRACE: Duration = Duration::from_secs(1);
/// How long what was printed may take to be written when a node ends.
const OUTPUT_PATIENCE: Duration = Duration::from_secs(5);
/// How long what processes have begun to do with files may take likewise.
const OPERATIONS_PATIENCE: Duration = Duration::from_secs(5);

/// A process that was started from outside, and its end.
#[derive(Debug)]
pub struct Started {
    /// Who it is.
    pub pid: Pid,
    /// How it will end; `None` when another process held the name that was asked for.
    pub ending: Option<Ending>,
}

/// What a node has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Sums over all shards.
    pub counts: Counts,
    /// Processes alive.
    pub processes: u64,
    /// Those of them that are paused.
    pub paused: u64,
    /// Writes of output that failed.
    pub output_failures: u64,
}

/// A node. Dropping it stops everything at once; [`Node::shutdown`] is the polite way.
pub struct Node {
    pub(crate) shared: Arc<Shared>,
    pub(crate) workers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts the threads of a node.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn start(config: NodeConfig) -> Result<Self, ConfigError> {
        let (slice, seed) = (config.slice, config.seed);
        let assembled = assemble(config, Clock::start(), threads)?;
        let mut node = Self { workers: Vec::new(), writer: None, shared: assembled.shared };
        node.start_threads(assembled.records, assembled.store_epoch, (slice, seed))?;
        wake_durable(&node.shared);
        let shards = node.shared.shards();
        let started = Event::new(EventKind::NodeStarted, "").with("shards", shards);
        node.publish(&started.with("version", env!("CARGO_PKG_VERSION")));
        Ok(node)
    }

    fn start_threads(
        &mut self,
        records: telemetry::Writer,
        store_epoch: Option<u32>,
        (slice, seed): (u64, Option<u64>),
    ) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let writer = move || records.run(|| shared.inboxes.iter().for_each(|inbox| inbox.poke()));
        self.writer = Some(std::thread::Builder::new().name("writer".into()).spawn(writer)?);
        for shard in 0..self.shared.shards() {
            let kernel = kernel(&self.shared, shard, store_epoch, slice);
            self.workers.push(start_worker(kernel, &self.shared, seed)?);
        }
        Ok(())
    }

    /// Waits until everything printed so far is written, but no longer than 5 s: whether it is. A pipe
    /// that nobody reads takes nothing.
    pub fn flush_output(&self) -> bool {
        self.shared.telemetry.flush_within(OUTPUT_PATIENCE)
    }

    /// What the end of this node waits for, once it has begun.
    pub fn closing(&self) -> Closing {
        self.shared.closing.clone()
    }

    /// Asks every process to end, terminates those that still live after the time, and stops.
    /// Returns how many had to be terminated.
    pub fn shutdown(self, after: Duration) -> u64 {
        let closing = self.closing();
        closing.wait_for("the application");
        let late = self.stop_application_first(after);
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.publish(&Event::new(EventKind::NodeStopping, "shutdown"));
        closing.wait_for("what durable processes leave in the store");
        self.rest_durable();
        closing.wait_for("processes");
        let end = Instant::now() + after + GRACE;
        let deadline = self.shared.clock.now().after(nanoseconds(after));
        for shard in 0..self.workers.len() as ShardIndex {
            // Refused only when the worker is gone already.
            let _ = self.on(shard, move |worker| {
                for (_, pid) in worker.kernel.processes(0, usize::MAX) {
                    let reason = Some("shutdown".into());
                    let cancel = Cancel { from: None, deadline: Some(deadline), reason };
                    // A process that reads no events is terminated at the deadline anyway.
                    let _ = worker.step(|kernel, cx| kernel.cancel(cx, pid, cancel));
                }
            });
        }
        self.shared.quiet.wait(end, || self.shared.directory.processes() == 0);
        for shard in 0..self.workers.len() as ShardIndex {
            // What has ended is counted when the worker has come this far.
            let _ = self.on(shard, |_| ());
        }
        let left = self.shared.directory.processes();
        self.shared.overdue.load(Ordering::SeqCst) + left + late
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.inboxes.iter().for_each(|inbox| inbox.push(Mail::Stop));
        let closing = self.closing();
        for (shard, worker) in self.workers.drain(..).enumerate() {
            closing.wait_for(format!("the thread of shard {shard}"));
            // A worker that panicked has already said so.
            let _ = worker.join();
        }
        if let Some(keeper) = &self.shared.keeper {
            keeper.gauge.is_closing.store(true, Ordering::SeqCst);
            closing.wait_for("reads of the store");
            keeper.pool.close();
            closing.wait_for("writes of the store");
            keeper.committer.close();
        }
        closing.wait_for("operations on files");
        // Whoever reads a file of a disk that does not answer is not waited for.
        self.shared.io.close_within(OPERATIONS_PATIENCE);
        self.shared.net.leave();
        self.shared.watches.close();
        self.shared.register.hub.close();
        self.shared.telemetry.close();
        closing.wait_for("what processes have printed");
        // One whose stream nobody reads stays where it is: the node ends all the same.
        let is_written = self.shared.telemetry.flush_within(OUTPUT_PATIENCE);
        if let Some(writer) = self.writer.take().filter(|it| is_written || it.is_finished()) {
            let _ = writer.join();
        }
        // It is closed when the last one lets go of it.
        closing.wait_for("the store to close");
    }
}

/// A node without its threads.
pub(crate) struct Assembled {
    pub(crate) shared: Arc<Shared>,
    /// What writes the records, on a thread of its own.
    pub(crate) records: telemetry::Writer,
    /// The epoch of the PIDs of durable processes.
    pub(crate) store_epoch: Option<u32>,
}

/// What all threads of a node share.
pub(crate) fn assemble(
    config: NodeConfig,
    clock: Clock,
    hands: Hands,
) -> Result<Assembled, ConfigError> {
    config.check()?;
    let (epoch, shards) = (clock.epoch(), config.shards);
    let grants = Grants::new(&config.grants).map_err(|(path, source)| ConfigError::Grant {
        path: path.display().to_string(),
        source,
    })?;
    let opened = config.store.as_ref();
    let opened = opened.map(|store| Opened::read(&**store, &config.hosts, clock.now()));
    let opened = opened.transpose()?;
    let hosts = ordered(config.hosts, opened.as_ref());
    let hosts: Arc<[HostConfig]> = hosts.into();
    let programs = Programs::new(Arc::clone(&config.environment), Arc::clone(&hosts));
    config.programs.into_iter().for_each(|program| programs.define(program));
    let Sinks { print, log } = config.sinks;
    let telemetry = telemetry::Config {
        records: config.records,
        streams: telemetry::Streams { print, log },
        secrets: config.variables.secrets(),
        node: config.name.as_deref().map(SmolStr::new),
        ..telemetry::Config::new(move || clock.now())
    };
    let host_ids = HostIds::new(hosts.iter().map(|host| host.id.clone()));
    let (telemetry, records) = Telemetry::open(telemetry, host_ids.clone())?;
    let inboxes: Vec<Arc<Inbox>> = (0..shards).map(|_| Arc::default()).collect();
    let tender = Arc::clone(&inboxes[0]);
    let durable = opened.as_ref().map(|opened| (opened.epoch, Arc::clone(&opened.alive)));
    let store_epoch = durable.as_ref().map(|(epoch, _)| *epoch);
    let keeper = config.store.zip(opened);
    let begin = Begin { environment: config.environment, now: clock.now(), rule: config.snapshots };
    let keeper = keeper.map(|kept| keep(kept, begin, hands, &inboxes));
    let keeper = keeper.transpose()?;
    let io = IoPool::new("io", FILE_THREADS_MAX, FILE_JOBS_MAX);
    let shared = Arc::new(Shared {
        name: config.name,
        clock,
        closing: Closing::default(),
        residence: Residence::new(&hosts, &inboxes),
        directory: SharedDirectory::new(epoch, durable, usize::from(shards)),
        hosts: host_ids,
        spreading: config.spreading,
        inboxes,
        loads: (0..shards).map(|_| ShardLoad::default()).collect(),
        vacancies: (0..shards).map(|_| Vacancies::default()).collect(),
        hungry: AtomicUsize::new(0),
        programs,
        policies: Current::new(config.policies),
        grants: RwLock::new((Arc::new(grants), Arc::new(config.web_grants))),
        services: Services::new(config.variables, tender, io.clone()),
        telemetry,
        io,
        net: WebQueue::new(),
        web_client: WebClient::new(&config.web_roots),
        keeper,
        pools: Pools::default(),
        watches: Watches::default(),
        register: Arc::default(),
        application: Mutex::default(),
        drains: Drains::default(),
        questions: Questions::default(),
        looks: Looks::default(),
        stopping: AtomicBool::new(false),
        quiet: Quiet::default(),
        overdue: AtomicU64::new(0),
    });
    Ok(Assembled { shared, records, store_epoch })
}

/// What the kernel of a shard is made from.
pub(crate) fn kernel(
    shared: &Shared,
    shard: ShardIndex,
    store_epoch: Option<u32>,
    slice: u64,
) -> KernelConfig {
    KernelConfig {
        shard,
        shards: shared.shards(),
        epoch: shared.clock.epoch(),
        store_epoch,
        slice: slice.max(1),
        hosts: shared.programs.hosts(),
        processes_max: 16_000_000,
    }
}

/// Starts what keeps durable processes.
fn keep(
    (store, opened): (Arc<dyn Store>, Opened),
    begin: Begin,
    hands: Hands,
    inboxes: &[Arc<Inbox>],
) -> std::io::Result<Arc<Keeper>> {
    let arrivals = Arrivals::new(inboxes.to_vec());
    Keeper::start(store, opened, begin, (hands, arrivals)).map(Arc::new)
}

/// The hosts in the order in which the store counts them. Those that it knows and the configuration does
/// not stay for the processes that live there.
fn ordered(mut hosts: Vec<HostConfig>, opened: Option<&Opened>) -> Vec<HostConfig> {
    let Some(opened) = opened else { return hosts };
    let mut found = |id: &SmolStr| {
        let position = hosts.iter().position(|host| host.id == *id);
        position.map_or_else(|| HostConfig::new(id), |position| hosts.remove(position))
    };
    opened.hosts.iter().map(&mut found).collect()
}

fn start_worker(
    config: KernelConfig,
    shared: &Arc<Shared>,
    seed: Option<u64>,
) -> std::io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    let builder = std::thread::Builder::new().name(format!("shard-{}", config.shard));
    builder.stack_size(WORKER_STACK_BYTES).spawn(move || {
        let inbox = Arc::clone(&shared.inboxes[usize::from(config.shard)]);
        let _closed_at_the_end = ClosedAtTheEnd(inbox);
        Worker::new(config, shared, seed).run();
    })
}

/// Closes the inbox of a worker that ends, also by a panic.
struct ClosedAtTheEnd(Arc<Inbox>);

impl Drop for ClosedAtTheEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
