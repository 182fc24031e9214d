//! What survives the node: ordered byte keys by [`Space`], among them the log of every durable
//! process, each value with a checksum and each log a chain of hashes.
//!
//! [`Store`] is the contract. [`DiskStore`] keeps it on disk, [`MemoryStore`] in memory,
//! [`FaultyStore`] breaks by a seed. [`Committer`] is the one
//! thread through which a node writes: all that wait are made durable by one sync.
//!
//! Nothing here knows what the bytes mean, and nothing here hands out a value whose checksum does not
//! fit.
#![forbid(unsafe_code)]

mod batch;
mod chain;
mod check;
mod commit;
mod committer;
mod disk;
mod engine;
mod error;
mod faulty;
mod forward;
mod heads;
mod memory;
mod plan;
mod portable;
mod seal;
mod sealed;
mod space;
mod store;
mod travel;
mod verify;

pub use chain::{HASH_BYTES, Hash, ROOT, Record, link};
pub use check::{Counts, Damage, SpaceCount, check};
pub use commit::{Append, Change, Commit, KEY_BYTES_MAX, VALUE_BYTES_MAX};
pub use committer::{Bells, Committer, CommitterConfig, Done, Refusal, Refused, Statistics};
pub use disk::{DiskConfig, DiskStore, Missing, TornTail};
pub use error::StoreError;
pub use faulty::{FaultCounts, Faults, FaultyStore};
pub use memory::MemoryStore;
pub use portable::PortableError;
pub use space::{Space, log_key, read_log_key};
pub use store::{Found, LogEnds, Size, Store};
pub use travel::{TravelError, Travelled, export, import};
pub use verify::verify;
