//! A node without threads: each of its steps is taken by whoever simulates it.

use crate::birth::{Birth, Bond};
use crate::clock::Clock;
use crate::config::{HOST_NORMAL, NodeConfig, Sinks};
use crate::durable::process::Arrival;
use crate::durable::{SnapshotRule, wake_durable};
use crate::io_pool::IoPool;
use crate::mail::{Mail, Task};
use crate::node::{assemble, kernel};
use crate::shared::Shared;
use crate::worker::Worker;
use procession_durable::record::Parcel;
use procession_environment::{Program, SpawnRequest};
use procession_store::{Bells, Committer, CommitterConfig, Store};
use procession_telemetry::Records;
use procession_types::{Context, Message, Pid, ShardIndex, SmolStr};
use std::io::{self, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Commits that may wait: few, so that workers have to keep some.
const QUEUE_COMMITS_MAX: usize = 8;
pub(super) const SHARDS: ShardIndex = 2;

/// What became of something that was sent from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nobody knows yet.
    Waits,
    /// The sender was told that it is on disk.
    Acknowledged,
    /// The sender was told that it is not.
    Refused,
}

/// See the module.
pub(super) struct Machine {
    pub(super) shared: Arc<Shared>,
    pub(super) workers: Vec<Worker>,
    /// What threads outside of the node are about to do: they may take their time.
    late: Arc<Mutex<Vec<(ShardIndex, Task)>>>,
    lines: Lines,
    writer: JoinHandle<()>,
}

impl Machine {
    /// Starts on what a store has.
    pub(super) fn start(
        store: Arc<dyn Store>,
        hand: &'static AtomicI64,
        programs: Vec<Program>,
        seed: u64,
    ) -> Self {
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        config.shards = SHARDS;
        config.hosts[0].hibernate_after_ns = Some(20_000_000);
        config.programs = programs;
        config.records = Records::none();
        config.store = Some(store);
        // Lives are short here.
        config.snapshots = SnapshotRule {
            records_max: 24,
            records_idle: 4,
            records_kept: 100,
            ..SnapshotRule::default()
        };
        let lines = Lines::default();
        config.sinks = Sinks { print: Box::new(lines.clone()), log: Box::new(io::sink()) };
        let slice = 2000;
        let assembled = assemble(config, Clock::by_hand(hand), hands).expect("the store is whole");
        let shared = assembled.shared;
        let records = assembled.records;
        let writer = std::thread::spawn(move || records.run(|| ()));
        let worker = |shard| {
            let kernel = kernel(&shared, shard, assembled.store_epoch, slice);
            Worker::new(kernel, Arc::clone(&shared), Some(seed))
        };
        let workers = (0..SHARDS).map(worker).collect();
        wake_durable(&shared);
        Self { shared, workers, late: Arc::default(), lines, writer }
    }

    /// A worker looks around once.
    pub(super) fn look(&mut self, shard: usize) {
        let inbox = Arc::clone(&self.shared.inboxes[shard]);
        self.workers[shard].round(&inbox);
    }

    /// A group of so many commits at most is written; false when none waits.
    pub(super) fn write(&self, commits_max: usize) -> bool {
        self.keeper().committer.step(commits_max)
    }

    /// Something is read or replayed; false when there is nothing.
    pub(super) fn read(&self, choose: impl FnOnce(usize) -> usize) -> bool {
        self.keeper().pool.step(choose)
    }

    /// One of those outside of the node goes on; false when nobody was about to.
    pub(super) fn act(&self, choose: impl FnOnce(usize) -> usize) -> bool {
        let mut late = self.late.lock().expect("no panic");
        if late.is_empty() {
            return false;
        }
        let at = choose(late.len());
        let (shard, task) = late.remove(at);
        self.push(shard, task);
        true
    }

    fn push(&self, shard: ShardIndex, task: Task) {
        self.shared.inbox(shard).expect("a shard").push(Mail::Task(task));
    }

    /// Whether nothing would happen by itself, but for what time brings.
    pub(super) fn is_calm(&self) -> bool {
        let is_busy = |worker: &Worker| {
            let inbox = &self.shared.inboxes[usize::from(worker.shard)];
            worker.kernel.has_ready() || inbox.has_mail() || !worker.desk.flights.is_empty()
        };
        !self.workers.iter().any(is_busy) && self.late.lock().expect("no panic").is_empty()
    }

    fn keeper(&self) -> &super::super::Keeper {
        self.shared.keeper.as_ref().expect("a store")
    }

    /// Has a named process started.
    pub(super) fn spawn(&mut self, shard: ShardIndex, program: &str, name: &str) -> Pid {
        let mut request = programs_request(program);
        let mut builder = procession_types::FragmentBuilder::new();
        let value = builder.string(name.as_bytes());
        request.arguments = builder.finish(&[value]);
        request.name = Some(SmolStr::new(name));
        let worker = &mut self.workers[usize::from(shard)];
        let host = self.shared.host(HOST_NORMAL).expect("every node has it");
        let loaded = self.shared.programs.load(&request.program, host).expect("it loads");
        let context = Arc::new(Context::default());
        let birth = Birth { request, host, loaded, context, parent: None, bond: Bond::Free };
        let (pid, _) = worker.birth(birth).expect("it starts");
        worker.flush();
        pid
    }

    /// Sends something from outside, as `Node::send` does; `tell` is what the sender is told.
    pub(super) fn send(&self, to: Pid, message: Message, tell: Arc<Mutex<Sent>>) {
        let keeper = Arc::clone(self.shared.keeper.as_ref().expect("a store"));
        let refused = |_| *tell.lock().expect("no panic") = Sent::Refused;
        if let Err(error) = keeper.check_room() {
            return refused(error);
        }
        let parcel = Parcel::Message(message);
        let (source, commit) = keeper.receive(to, &parcel);
        let (late, told) = (Arc::clone(&self.late), Arc::clone(&tell));
        let gauge = Arc::clone(&keeper.gauge);
        let done = move |result: Result<(), procession_store::StoreError>| {
            let mut told = told.lock().expect("no panic");
            *told = if result.is_ok() { Sent::Acknowledged } else { Sent::Refused };
            if result.is_ok() {
                let group = gauge.groups.load(Ordering::SeqCst);
                let arrival = Arrival { source, parcel, group };
                let task = move |worker: &mut Worker| worker.accept(to, arrival);
                late.lock().expect("no panic").push((to.shard, Box::new(task)));
            }
        };
        if keeper.committer.submit(commit, Box::new(done)).is_err() {
            *tell.lock().expect("no panic") = Sent::Refused;
        }
    }

    /// Puts everything to rest, as the end of a node does; then it is `stop`ped.
    pub(super) fn rest(&mut self) {
        while self.act(|_| 0) {}
        for shard in 0..self.workers.len() {
            self.look(shard);
            self.workers[shard].rest_all();
        }
        for _ in 0..2 {
            while self.write(usize::MAX) {}
            for shard in 0..self.workers.len() {
                self.look(shard);
            }
        }
        while self.write(usize::MAX) {}
    }

    /// It is gone; what it has printed. The store must have crashed, or everything rest.
    pub(super) fn stop(self) -> String {
        let keeper = Arc::clone(self.shared.keeper.as_ref().expect("a store"));
        keeper.pool.close();
        // What waits is dropped with the store.
        while keeper.committer.step(usize::MAX) {}
        drop(self.workers);
        self.shared.inboxes.iter().for_each(|inbox| inbox.close());
        self.shared.telemetry.flush();
        self.shared.telemetry.close();
        self.writer.join().expect("the writer ends");
        let bytes = std::mem::take(&mut *self.lines.0.lock().expect("no panic"));
        String::from_utf8(bytes).expect("programs print text")
    }
}

/// A request to start a program.
fn programs_request(program: &str) -> SpawnRequest {
    SpawnRequest {
        program: SmolStr::new(program),
        host: SmolStr::new(HOST_NORMAL),
        ..SpawnRequest::default()
    }
}

/// Nobody: the simulation has hands.
fn hands(store: Arc<dyn Store>, bells: Bells) -> io::Result<(Committer, IoPool)> {
    let config =
        CommitterConfig { queue_commits_max: QUEUE_COMMITS_MAX, ..CommitterConfig::default() };
    Ok((Committer::stepped(store, config, bells), IoPool::new("nobody", 0, usize::MAX)))
}

/// What processes print.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Turns a clock on.
pub(super) fn turn(hand: &AtomicI64, nanoseconds: i64) {
    hand.fetch_add(nanoseconds, Ordering::Relaxed);
}
