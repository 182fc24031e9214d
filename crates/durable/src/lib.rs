//! Durable processes: what crosses the `Host` trait is recorded, and replayed.
//!
//! [`bytes`] is the form on disk of every value that crosses it. [`journal`] is the list of what crossed,
//! made by a [`recorder`] and run again by [`mod@replay`]; [`ledger`] is what the runtime must know of a
//! process beside its state. [`record`], [`snapshot`], [`head`] and [`keys`] are what is kept of it in a store. Nothing
//! here does I/O, reads a clock or knows a store.
#![forbid(unsafe_code)]

/// The version of the forms of everything that a store has of a process but for its records, which have one of
/// their own.
pub const FORMAT: u32 = 2;

pub mod bytes;
pub mod gate;
pub mod head;
pub mod journal;
pub mod keys;
pub mod ledger;
pub mod portable;
pub mod record;
pub mod recorder;
pub mod replay;
pub mod replayer;
pub mod snapshot;
