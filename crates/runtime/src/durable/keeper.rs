//! What all shards share of the store.

use super::alive::{self, Alive};
use super::arrivals::Arrivals;
use super::halted::{self, Halted};
use super::owners::{self, Owners};
use super::patient::{Gauge, Patient};
use super::queues::{self, Queues};
use super::resting::Resting;
use super::rule::SnapshotRule;
use crate::io_pool::IoPool;
use crate::program::{Loaded, Programs};
use procession_durable::FORMAT;
use procession_durable::bytes::{decoded, encoded};
use procession_durable::head::{Head, ProgramHash};
use procession_environment::{Environment, Image, Program};
use procession_kernel::HostConfig;
use procession_store::{
    Bells, Change, Commit, Committer, CommitterConfig, Space, Store, StoreError,
};
use procession_types::{EPOCH_OF_STORE, Error, ErrorKind, Pid, ShardIndex, SmolStr, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers of processes that are set aside at once, so that none is given twice: before they are given,
/// but for a store's first ones.
const BLOCK: u64 = 4096;
const META_EPOCH: &[u8] = b"epoch";
/// The version of the forms of heads, snapshots, parcels and programs; records have one of their own.
const META_FORMAT: &[u8] = b"format";
const META_HOSTS: &[u8] = b"hosts";
/// Threads that bring processes back.
const THREADS_MAX: usize = 4;
const JOBS_MAX: usize = 4_000_000;

/// See the module.
pub(crate) struct Keeper {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) committer: Committer,
    /// What commits that are decided bring to the shards.
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) epoch: u32,
    pub(crate) alive: Arc<Alive>,
    pub(crate) owners: Arc<Owners>,
    pub(crate) halted: Arc<Halted>,
    /// Processes that could not be brought back when that was tried last, and why; some of them.
    pub(crate) broken: Mutex<BTreeMap<Pid, Error>>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) resting: Resting,
    /// For what reads the store or replays.
    pub(crate) pool: IoPool,
    environment: Arc<dyn Environment>,
    versions: Mutex<HashMap<ProgramHash, Arc<dyn Image>>>,
    /// Versions of programs that are in the store, as far as known.
    stored: Mutex<HashSet<ProgramHash>>,
    /// By shard: the last number given, and the last that is set aside.
    numbers: Mutex<HashMap<ShardIndex, (u64, u64)>>,
    /// Whether the store takes what it is given.
    pub(crate) gauge: Arc<Gauge>,
    /// Processes of which a snapshot is being written.
    pub(crate) writing: Arc<Mutex<HashSet<u64>>>,
    /// Numbers for inputs from outside: never given twice, in all starts of the node.
    receipts: AtomicU64,
    /// When snapshots are made, and what is kept.
    pub(crate) rule: SnapshotRule,
}

/// What a keeper needs of its node.
pub(crate) struct Begin {
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) now: Timestamp,
    pub(crate) rule: SnapshotRule,
}

/// What a store says before the node starts.
pub(crate) struct Opened {
    pub(crate) epoch: u32,
    /// Ids of process hosts in the order in which PIDs count them.
    pub(crate) hosts: Vec<SmolStr>,
    pub(crate) alive: Arc<Alive>,
    owners: Arc<Owners>,
    halted: Arc<Halted>,
    queues: Arc<Queues>,
    numbers: HashMap<ShardIndex, (u64, u64)>,
}

impl Opened {
    /// Reads what a store says about itself; makes it so in a new one. `hosts` are those of the node: the
    /// store's come first, in their order.
    pub(crate) fn read(
        store: &dyn Store,
        hosts: &[HostConfig],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        if let Some(format) = store.get(Space::Meta, META_FORMAT)?
            && read_u32(&format) != Some(FORMAT)
        {
            let found = read_u32(&format).map_or_else(|| "unknown".into(), |it| it.to_string());
            return Err(StoreError::Version { found, supported: FORMAT });
        }
        let epoch = match store.get(Space::Meta, META_EPOCH)? {
            Some(bytes) => read_u32(&bytes).ok_or_else(|| foreign(META_EPOCH))?,
            None => (now.0 / 1_000_000_000) as u32 | EPOCH_OF_STORE,
        };
        let stored: Option<Vec<SmolStr>> = match store.get(Space::Meta, META_HOSTS)? {
            Some(bytes) => Some(decoded(&bytes).map_err(|_| foreign(META_HOSTS))?),
            None => None,
        };
        let mut known = stored.clone().unwrap_or_default();
        for host in hosts {
            if !known.contains(&host.id) {
                known.push(host.id.clone());
            }
        }
        let (alive, owners, halted) = (Alive::default(), Owners::default(), Halted::default());
        let queues = Arc::<Queues>::default();
        let mut numbers = HashMap::new();
        let each = |prefix: &[u8], take: &mut dyn FnMut(&[u8], &[u8]) -> bool| {
            store.scan(Space::Meta, prefix, &after(prefix), false, take)
        };
        each(alive::PREFIX, &mut |key, page| alive.load(key, page))?;
        each(owners::PREFIX, &mut |key, value| owners.load(key, value))?;
        each(halted::PREFIX, &mut |_, value| halted.load(value))?;
        each(queues::PREFIX, &mut |key, value| queues.load(key, value))?;
        each(queues::TAKEN, &mut |key, value| queues.load_taken(key, value))?;
        each(NUMBERS, &mut |key, value| {
            let shard = key.strip_prefix(NUMBERS).and_then(|rest| rest.try_into().ok());
            if let (Some(shard), Ok(end)) = (shard.map(u16::from_be_bytes), decoded::<u64>(value)) {
                numbers.insert(shard, (end, end));
            }
            true
        })?;
        let numbers_before = numbers.clone();
        let mut changes = vec![
            Change::put(Space::Meta, META_FORMAT, FORMAT.to_le_bytes()),
            Change::put(Space::Meta, META_EPOCH, epoch.to_le_bytes()),
            Change::put(Space::Meta, META_HOSTS, encoded(&known)),
        ];
        for (shard, (_, end)) in &mut numbers {
            *end += BLOCK;
            changes.push(set_aside(*shard, *end));
        }
        match store.apply(vec![Commit::of(changes)]).pop().unwrap_or(Ok(())) {
            // All of it is there already but for the numbers, and each birth says those again.
            Err(StoreError::Full { .. }) if stored.as_ref() == Some(&known) => {
                numbers = numbers_before;
            }
            other => other?,
        }
        let (alive, owners, halted) = (Arc::new(alive), Arc::new(owners), Arc::new(halted));
        Ok(Self { epoch, hosts: known, alive, owners, halted, queues, numbers })
    }
}

const NUMBERS: &[u8] = b"numbers/";

/// Numbers of a shard up to this one are given, or will be.
fn set_aside(shard: ShardIndex, end: u64) -> Change {
    let mut key = NUMBERS.to_vec();
    key.extend_from_slice(&shard.to_be_bytes());
    Change::put(Space::Meta, key, encoded(&end))
}

/// The end of all keys with a prefix.
fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

fn read_u32(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_le_bytes)
}

fn foreign(key: &[u8]) -> StoreError {
    let what = "it is not what this version of procession writes there".to_owned();
    StoreError::Damaged { space: Space::Meta, key: key.to_vec(), what }
}

/// Who writes to a store, and who reads it and replays.
pub(crate) type Hands = fn(Arc<dyn Store>, Bells) -> std::io::Result<(Committer, IoPool)>;

/// Threads of their own.
pub(crate) fn threads(store: Arc<dyn Store>, bells: Bells) -> std::io::Result<(Committer, IoPool)> {
    let committer = Committer::start(store, CommitterConfig::default(), bells)?;
    Ok((committer, IoPool::new("recovery", THREADS_MAX, JOBS_MAX)))
}

impl Keeper {
    /// Has somebody write.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        opened: Opened,
        Begin { environment, now, rule }: Begin,
        (hands, arrivals): (Hands, Arrivals),
    ) -> std::io::Result<Self> {
        let gauge = Arc::<Gauge>::default();
        let store: Arc<dyn Store> = Arc::new(Patient::new(store, Arc::clone(&gauge)));
        let arrivals = Arc::new(arrivals);
        let (roomy, decided) = (Arc::clone(&arrivals), Arc::clone(&arrivals));
        let bells = Bells {
            on_room: Box::new(move || roomy.tell_of_room()),
            on_decided: Box::new(move || decided.hand_over()),
        };
        let (committer, pool) = hands(Arc::clone(&store), bells)?;
        Ok(Self {
            store,
            committer,
            arrivals,
            epoch: opened.epoch,
            alive: opened.alive,
            owners: opened.owners,
            halted: opened.halted,
            broken: Mutex::default(),
            queues: opened.queues,
            resting: Resting::default(),
            pool,
            environment,
            versions: Mutex::default(),
            stored: Mutex::default(),
            numbers: Mutex::new(opened.numbers),
            gauge,
            writing: Arc::default(),
            // Nanoseconds: a start that came earlier has given lower ones.
            receipts: AtomicU64::new(now.0 as u64),
            rule,
        })
    }

    /// The process hosts of the node, from now on: those of before in the same places, and new ones
    /// behind them. It is on disk when this returns.
    ///
    /// # Errors
    /// `Unavailable`: what the store says.
    pub(crate) fn set_hosts(&self, ids: &Vec<SmolStr>) -> Result<(), Error> {
        let change = Change::put(Space::Meta, META_HOSTS, encoded(ids));
        let (done, written) = channel();
        // Whoever waits is there until it is told.
        let done = Box::new(move |result| drop(done.send(result)));
        let refused = || {
            let message = "too many commits wait for the disk: try again later";
            Error::new(ErrorKind::Unavailable, message).with_retryable(true)
        };
        self.committer.submit(Commit::of(vec![change]), done).map_err(|_| refused())?;
        written.recv().map_err(|_| refused())?.map_err(|error| of_store(&error))
    }

    /// The next PID of a durable process, and what the commit of its birth must carry along: every one,
    /// because nobody knows which of them will be made.
    pub(crate) fn number(&self, host: u16, shard: ShardIndex) -> (Pid, Change) {
        let mut numbers = locked(&self.numbers);
        let (last, end) = numbers.entry(shard).or_default();
        *last += 1;
        if *last + BLOCK / 2 > *end {
            *end += BLOCK;
        }
        let pid = procession_durable::head::pid(host, shard, self.epoch, *last);
        (pid, set_aside(shard, *end))
    }

    /// A number for an input from outside.
    pub(crate) fn receipt(&self) -> u64 {
        self.receipts.fetch_add(1, Ordering::Relaxed)
    }

    /// What the first commit that needs a version of a program must carry along.
    pub(crate) fn store_program(&self, program: &Program, hash: &ProgramHash) -> Option<Change> {
        let is_new = locked(&self.stored).insert(*hash);
        is_new.then(|| Change::put(Space::Program, hash.to_vec(), encoded(program)))
    }

    /// The image of a version of a program: the one that the node has, or an old one from the store.
    pub(crate) fn image(
        &self,
        programs: &Programs,
        id: &str,
        host: u16,
        hash: &ProgramHash,
    ) -> Result<Arc<dyn Image>, Error> {
        if let Ok(Loaded { image, durable: Some(durable), .. }) = programs.load(id, host)
            && durable.hash == *hash
        {
            return Ok(image);
        }
        if let Some(image) = locked(&self.versions).get(hash) {
            return Ok(Arc::clone(image));
        }
        let stored = self.store.get(Space::Program, hash).map_err(|error| of_store(&error))?;
        let Some(bytes) = stored else {
            let message =
                format!("the version of \"{id}\" that the process runs is not in the store");
            return Err(Error::not_found(message));
        };
        let program: Program = decoded(&bytes)
            .map_err(|damaged| Error::new(ErrorKind::Internal, damaged.to_string()))?;
        let image = self.environment.load(&program)?;
        locked(&self.versions).insert(*hash, Arc::clone(&image));
        Ok(image)
    }

    /// The id of a version of a program that a process has run.
    pub(crate) fn program_of(&self, head: &Head, hash: &ProgramHash) -> SmolStr {
        if *hash == head.birth.hash {
            return head.birth.program.clone();
        }
        if *hash == head.hash {
            return head.program.clone();
        }
        let stored = self.store.get(Space::Program, hash).ok().flatten();
        let program = stored.and_then(|bytes| decoded::<Program>(&bytes).ok());
        program.map_or_else(|| head.program.clone(), |program| SmolStr::new(program.id))
    }

    /// The error for whoever asks for something that needs the disk, while there is no room.
    pub(crate) fn check_room(&self) -> Result<(), Error> {
        if !self.gauge.is_stalled.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Nobody else may have anything to write, and so find out.
        if self.store.has_room().is_ok_and(|has_room| has_room) {
            self.gauge.is_stalled.store(false, Ordering::Relaxed);
            return Ok(());
        }
        let message =
            "the store takes no more: its disk is full, or has failed; see the node's log";
        Err(Error::new(ErrorKind::Unavailable, message).with_retryable(true))
    }
}

/// The error for whoever asks for more than the disk keeps up with.
pub(crate) fn too_many() -> Error {
    let message = "too many commits wait for the disk: try again later";
    Error::new(ErrorKind::Unavailable, message).with_retryable(true)
}

/// An error of the store as everybody sees errors.
pub(crate) fn of_store(error: &StoreError) -> Error {
    let kind = match error {
        // The disk, not what was asked of it.
        StoreError::Full { .. }
        | StoreError::Io { .. }
        | StoreError::Failed { .. }
        | StoreError::Closed => ErrorKind::Unavailable,
        StoreError::Conflict { .. } => ErrorKind::Conflict,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, format!("store: {error}"))
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
