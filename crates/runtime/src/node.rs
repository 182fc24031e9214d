//! A node: its threads, and what one can do with it from outside of a process.

use crate::birth::Birth;
use crate::clock::Clock;
use crate::config::{ConfigError, NodeConfig};
use crate::directory::SharedDirectory;
use crate::grant::Grants;
use crate::inbox::Inbox;
use crate::io_pool::IoPool;
use crate::mail::Mail;
use crate::output::Output;
use crate::program::Programs;
use crate::shared::{ShardLoad, Shared};
use crate::watch::{Ending, Watches};
use crate::worker::Worker;
use procession_environment::{Program, SpawnRequest};
use procession_kernel::{Cancel, Counts, Directory, Info, KernelConfig};
use procession_types::{Context, Error, ErrorKind, ExitReason, Message, Pid, ShardIndex};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Stack of a worker: a compiler and nested spawns need some.
const WORKER_STACK_BYTES: usize = 16 << 20;

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
    /// Writes of output that failed.
    pub output_failures: u64,
}

/// A node. Dropping it stops everything at once; [`Node::shutdown`] is the polite way.
pub struct Node {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts the threads of a node.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn start(config: NodeConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let clock = Clock::start();
        let (epoch, shards) = (clock.epoch(), config.shards);
        let grants = Grants::new(&config.grants).map_err(|(path, source)| {
            ConfigError::Grant { path: path.display().to_string(), source }
        })?;
        let programs = Programs::new(config.environment);
        config.programs.into_iter().for_each(|program| programs.define(program));
        let shared = Arc::new(Shared {
            name: config.name,
            clock,
            directory: SharedDirectory::new(epoch, usize::from(shards), config.hosts.len()),
            hosts: config.hosts.into(),
            inboxes: (0..shards).map(|_| Arc::default()).collect(),
            loads: (0..shards).map(|_| ShardLoad::default()).collect(),
            hungry: AtomicUsize::new(0),
            programs,
            policies: config.policies,
            grants,
            output: Output::new(),
            io: IoPool::default(),
            watches: Watches::default(),
            stopping: AtomicBool::new(false),
            overdue: AtomicU64::new(0),
        });
        let mut node = Self { workers: Vec::new(), writer: None, shared };
        let shared = Arc::clone(&node.shared);
        let sinks = config.sinks;
        let writer = move || {
            let inboxes: Vec<Arc<Inbox>> = shared.inboxes.clone();
            shared.output.write(sinks, &inboxes);
        };
        node.writer = Some(std::thread::Builder::new().name("writer".into()).spawn(writer)?);
        for shard in 0..shards {
            let kernel = KernelConfig {
                shard,
                shards,
                epoch,
                slice: config.slice.max(1),
                hosts: Arc::clone(&node.shared.hosts),
                processes_max: 16_000_000,
            };
            node.workers.push(start_worker(kernel, &node.shared, config.seed)?);
        }
        Ok(node)
    }

    /// Adds or replaces a program. Processes that run the old one go on with it.
    pub fn define(&self, program: Program) {
        self.shared.programs.define(program);
    }

    /// Starts a process without a parent, on the shard with the fewest.
    ///
    /// # Errors
    /// As for a spawn by a process, without permissions.
    pub fn spawn(&self, request: SpawnRequest, context: Context) -> Result<Started, Error> {
        let loads = self.shared.loads.iter().enumerate();
        let least = loads.min_by_key(|(_, load)| load.processes.load(Ordering::Relaxed));
        let shard = least.map_or(0, |(shard, _)| shard as ShardIndex);
        self.on(shard, move |worker| {
            let shared = Arc::clone(&worker.shared);
            let Some(host) = shared.host(&request.host) else {
                let message = format!("process host \"{}\" not found", request.host);
                return Err(Error::not_found(message));
            };
            let loaded = shared.programs.load(&request.program)?;
            let context = Arc::new(context);
            let birth = Birth { request, host, loaded, context, parent: None, called: false };
            let before = worker.kernel.counts().spawned;
            let (pid, _) = worker.birth(birth)?;
            let is_new = worker.kernel.counts().spawned > before;
            let ending =
                is_new.then(|| shared.watches.add(pid, || shared.directory.is_alive(pid)));
            Ok(Started { pid, ending: ending.flatten() })
        })?
    }

    /// Waits for the end of a process that lives.
    ///
    /// # Errors
    /// `NotFound` when it is dead already, `Unavailable` when the node stops before.
    pub fn wait(&self, pid: Pid) -> Result<Arc<ExitReason>, Error> {
        let shared = &self.shared;
        let ending = shared.watches.add(pid, || shared.directory.is_alive(pid));
        let ending = ending.ok_or_else(|| Error::not_found("process not found"))?;
        ending.wait().ok_or_else(stopped)
    }

    /// Puts a message into a mailbox.
    ///
    /// # Errors
    /// `NotFound`, `RateLimited`.
    pub fn send(&self, to: Pid, message: Message) -> Result<(), Error> {
        self.on(to.shard, move |worker| worker.step(|kernel, cx| kernel.post(cx, to, message)))?
    }

    /// Asks a process to end, and terminates it after the time if there is one.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn cancel(&self, to: Pid, after: Option<Duration>, reason: &str) -> Result<(), Error> {
        let deadline = after.map(|wait| self.shared.clock.now().after(nanoseconds(wait)));
        let cancel = Cancel { from: None, deadline, reason: Some(reason.into()) };
        self.on(to.shard, move |worker| worker.step(|kernel, cx| kernel.cancel(cx, to, cancel)))?
    }

    /// Ends a process.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn terminate(&self, to: Pid) -> Result<(), Error> {
        self.on(to.shard, move |worker| worker.step(|kernel, cx| kernel.terminate(cx, to)))?
    }

    /// The holder of a name.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<Pid> {
        self.shared.directory.holder(name)
    }

    /// A PID as people and programs see it.
    #[must_use]
    pub fn pid_text(&self, pid: Pid) -> String {
        self.shared.pid_text(pid)
    }

    /// What there is to know about a process; `None` when it is dead.
    #[must_use]
    pub fn info(&self, pid: Pid) -> Option<Info> {
        let home = self.on(pid.shard, move |worker| {
            let info = worker.step(|kernel, cx| kernel.info(cx, pid));
            (info, worker.kernel.away(pid))
        });
        match home.ok()? {
            (None, Some(shard)) => {
                self.on(shard, move |w| w.step(|kernel, cx| kernel.info(cx, pid))).ok()?
            }
            (info, _) => info,
        }
    }

    /// What all processes do, `count_max` per shard at most.
    #[must_use]
    pub fn processes(&self, count_max: usize) -> Vec<Info> {
        let shards = 0..self.workers.len() as ShardIndex;
        let lists = shards.filter_map(|shard| {
            self.on(shard, move |worker| {
                let pids = worker.kernel.processes(0, count_max);
                let info = |(_, pid)| worker.step(|kernel, cx| kernel.info(cx, pid));
                pids.into_iter().filter_map(info).collect::<Vec<Info>>()
            })
            .ok()
        });
        lists.flatten().collect()
    }

    /// What the node has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut counts = Counts::default();
        for shard in 0..self.workers.len() as ShardIndex {
            if let Ok(of_shard) = self.on(shard, |worker| worker.kernel.counts()) {
                counts.add(&of_shard);
            }
        }
        Stats {
            counts,
            processes: self.shared.directory.processes(),
            output_failures: self.shared.output.failures(),
        }
    }

    /// Waits until everything printed so far is written.
    pub fn flush_output(&self) {
        self.shared.output.flush();
    }

    /// Asks every process to end, terminates those that still live after the time, and stops.
    /// Returns how many had to be terminated.
    pub fn shutdown(self, after: Duration) -> u64 {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let end = Instant::now() + after;
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
        while self.shared.directory.processes() > 0 && Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        let left = self.shared.directory.processes();
        self.shared.overdue.load(Ordering::SeqCst) + left
    }

    /// Runs something on a worker, between two turns. Must not be called on a worker.
    fn on<T: Send + 'static>(
        &self,
        shard: ShardIndex,
        act: impl FnOnce(&mut Worker) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = channel();
        let inbox = self.shared.inbox(shard).ok_or_else(|| Error::not_found("process not found"))?;
        inbox.push(Mail::Task(Box::new(move |worker| {
            let result = act(worker);
            worker.flush();
            // Whoever asked is waiting for it.
            let _ = sender.send(result);
        })));
        receiver.recv().map_err(|_| stopped())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.inboxes.iter().for_each(|inbox| inbox.push(Mail::Stop));
        for worker in self.workers.drain(..) {
            // A worker that panicked has already said so.
            let _ = worker.join();
        }
        self.shared.io.close();
        self.shared.watches.close();
        self.shared.output.close();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
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
        let _closed_at_the_end = Closing(inbox);
        Worker::new(config, shared, seed).run();
    })
}

/// Closes the inbox of a worker that ends, also by a panic.
struct Closing(Arc<Inbox>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Unavailable, "the node is stopping")
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
