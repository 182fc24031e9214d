//! The kernel of one shard: who is alive, who knows whom, who may run.
//!
//! A [`Kernel`] is a pure state machine. Every change comes in as a method call with a [`Step`]
//! (the time, the [`Directory`] of the node, a place for [`Effects`]); everything that must happen
//! outside comes back as an [`Effect`]. It never reads a clock, draws a random number, does I/O,
//! blocks, or runs a guest: guests live in the driver, in a vector parallel to the process table.
//!
//! Shards share nothing but the directory. A process of another shard is reached only by a
//! [`Signal`]. Every shard has one inbox, in which what was handed over earlier comes first,
//! whoever handed it over; the order of messages between two processes rests on that.
#![forbid(unsafe_code)]

mod adopt;
mod call;
mod cancel;
mod config;
mod context;
mod deliver;
mod directory;
mod effect;
mod exit;
mod hand;
mod info;
mod inspect;
mod kernel;
mod link;
mod mailbox;
mod message;
mod migrate;
mod monitor;
mod name;
mod near;
mod pause;
mod peek;
mod pid_map;
mod process;
mod ready;
mod relation;
mod rest;
mod signal;
mod single;
mod sleep;
mod spawn;
mod table;
mod timer;
mod turn;
mod vacancy;

pub use call::{CallId, CallKind};
pub use cancel::{CANCEL_EVENTS_MAX, Cancel};
pub use config::{
    Definition, HIBERNATE_AFTER_NS, HostConfig, KernelConfig, Priority, SLICE_INSTRUCTIONS,
    WEIGHT_MAX,
};
pub use directory::{ClaimError, Directory, Dispatch, Room};
pub use effect::{Effect, Effects, NoPlaces, Places, Step};
pub use info::{Counts, Glance, INFO_PIDS_MAX, Info, Load};
pub use inspect::{Asker, CallSubject};
pub use kernel::Kernel;
pub use link::Tags;
pub use mailbox::{ClosedListeners, QueueId};
pub use migrate::Migrant;
pub use peek::{PEEK_BYTES_MAX, Waiting};
pub use process::State;
pub use ready::Run;
pub use signal::Signal;
pub use single::SingleDirectory;
pub use sleep::{Evicted, Revival, RevivedCall};
pub use spawn::{Spawn, Spawned};
pub use turn::TurnEnd;
pub use vacancy::Vacancy;

/// Position in a shard's process table, and in the driver's vector of guests.
pub type SlotIndex = u32;
