//! What a kernel is told once: its place in the node, the process hosts, the slice.

use procession_types::{Limits, ShardIndex, SmolStr};
use std::sync::Arc;

/// Instructions of a slice by default. Long enough that the switch (about 50 ns) does not show,
/// short enough (about 20 µs) that a thousand busy neighbours still answer within 20 ms.
pub const SLICE_INSTRUCTIONS: u64 = 4000;

/// Which ready queue a host's processes wait in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Served first, though never so that normal processes starve.
    System,
    /// Everything else.
    #[default]
    Normal,
}

/// A named place where processes run.
#[derive(Debug, Clone, PartialEq)]
pub struct HostConfig {
    /// `namespace:name`, as PIDs print it.
    pub id: SmolStr,
    /// Processes alive at once on the whole node.
    pub processes_max: u32,
    /// See [`Priority`].
    pub priority: Priority,
    /// Its share of each shard's instructions beside the other hosts of the same priority while
    /// they have work too, 1 to [`WEIGHT_MAX`].
    pub weight: u32,
    /// Limits of its processes, as far as their programs name none.
    pub limits: Limits,
    /// How long a process is idle before the driver packs it; 0 = it is packed whenever it waits;
    /// `None` = never.
    pub hibernate_after_ns: Option<u64>,
    /// Bytes of memory that its durable processes take before those leave it that had no turn for
    /// longest; `None` = as many as there are.
    pub resident_bytes_max: Option<u64>,
}

/// How long a process is idle before it hibernates, by default: long enough that one that has
/// something to do every now and then is never packed.
pub const HIBERNATE_AFTER_NS: u64 = 30_000_000_000;

/// The greatest [`HostConfig::weight`].
pub const WEIGHT_MAX: u32 = 1000;

impl HostConfig {
    /// A host of normal priority and weight 1, with default limits and room for ten million
    /// processes.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: SmolStr::new(id),
            processes_max: 10_000_000,
            priority: Priority::Normal,
            weight: 1,
            limits: Limits::default(),
            hibernate_after_ns: Some(HIBERNATE_AFTER_NS),
            resident_bytes_max: None,
        }
    }
}

/// What processes of one program on one host share.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Id of the program.
    pub program: SmolStr,
    /// What each of its processes may use.
    pub limits: Limits,
    /// It is a part of the runtime itself: no policy stands in its way.
    pub built_in: bool,
}

/// What a kernel is made from.
#[derive(Debug, Clone)]
pub struct KernelConfig {
    /// Which shard this is.
    pub shard: ShardIndex,
    /// How many shards the node has.
    pub shards: ShardIndex,
    /// Which start of the node this is; see [`procession_types::Pid::epoch`].
    pub epoch: u32,
    /// The epoch of durable processes' PIDs, when the node has a store.
    pub store_epoch: Option<u32>,
    /// Instructions of a slice.
    pub slice: u64,
    /// The node's hosts; a PID's host is a position in here.
    pub hosts: Arc<[HostConfig]>,
    /// Slots of the process table at most.
    pub processes_max: u32,
}

impl KernelConfig {
    /// The configuration of a node's only shard.
    #[must_use]
    pub fn single(epoch: u32, hosts: Arc<[HostConfig]>) -> Self {
        Self {
            shard: 0,
            shards: 1,
            epoch,
            store_epoch: None,
            slice: SLICE_INSTRUCTIONS,
            hosts,
            processes_max: 16_000_000,
        }
    }
}
