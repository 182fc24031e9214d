//! The runtime of a node: worker threads that run guests, and everything a guest reaches through
//! its [`procession_environment::Host`].
//!
//! One worker thread per shard owns that shard's kernel and guests; nothing of a shard is locked.
//! Threads meet in few places only: inboxes, the directory, the queues of the writer and the I/O
//! threads, and the node's services. The runtime decides nothing about processes, it carries out what the kernels say;
//! and it knows nothing of any language, only `dyn` environments, images and guests.
#![forbid(unsafe_code)]

mod aside;
mod birth;
mod built_in;
mod chronicle;
mod clock;
mod closing;
mod config;
mod directory;
mod door;
mod door_host;
mod door_service;
mod drain;
mod durable;
mod fold;
mod fs;
mod grant;
mod guests;
mod idle;
mod inbox;
mod io_pool;
mod list;
mod mail;
mod metrics;
mod names;
mod node;
mod pid_bytes;
mod pid_cache;
mod placement;
mod pools;
mod pressure;
mod process_info;
mod program;
mod questions;
mod quiet;
mod random;
mod recent;
mod reconfigure;
mod records;
mod renewal;
mod security;
mod service;
mod shared;
mod slots;
mod supervise;
mod swap;
mod tally;
mod turn;
mod upgrade;
mod visit;
mod watch;
mod web;
mod web_cancel;
mod web_client;
mod web_error;
mod web_grant;
mod web_queue;
mod web_url;
mod worker;

pub use closing::Closing;
pub use config::{ConfigError, HOST_NORMAL, HOST_SYSTEM, NodeConfig, Sinks, Spreading};
pub use drain::{Drain, DrainLeft, DrainState, DrainTarget};
pub use durable::{
    Deed, Difference, DryRun, DryRunLimits, EXPORT_BYTES_MAX, Forked, Generation,
    HISTORY_RECORDS_MAX, Halt, HistoryFrom, HistoryPage, Imported, Outcome, Part, Parts,
    PastRecord, PastState, Replayed, ResidentUse, Restored, SnapshotRule,
};
pub use grant::{Access, Grant};
pub use list::{HostUse, Listed, Position};
pub use node::{Node, Started, Stats};
pub use process_info::{COROUTINES_MAX, Coroutine, ProcessInfo, state_name};
pub use procession_durable::record::Origin;
pub use procession_kernel::{
    Counts, HostConfig, Info, PEEK_BYTES_MAX, Priority, State, WEIGHT_MAX, Waiting,
};
pub use procession_supervision::plan::{Declared, Kind};
pub use procession_supervision::pool::{self, Scale, Status as PoolStatus};
pub use procession_supervision::supervisor::{
    ChildStatus, Ending as LastEnding, News, StateName, Verb,
};
pub use procession_telemetry as telemetry;
pub use renewal::When;
pub use service::Variables;
pub use supervise::{
    ApplicationDefinition, Delivery, EVENTS_KEPT_MAX, LifecycleEvent, LifecycleEvents, ROOT,
    Supervised, joined,
};
pub use visit::ANSWER_PATIENCE;
pub use watch::{Ending, Watching};
pub use web_client::WebRoots;
pub use web_grant::WebGrants;
