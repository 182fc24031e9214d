//! Fuzzers: random programs compared with PUC Lua 5.4 and with themselves, and random bytes for
//! everything that reads bytes from outside.
//!
//! A [`Target`] turns seeds into inputs and says what it found; a [`campaign`] runs one for a time.
//! The same seeds give the same inputs everywhere. It never ships and must never be needed by what
//! does.
#![forbid(unsafe_code)]
#![allow(clippy::cast_possible_truncation, reason = "random numbers are cut to size all the time")]
#![allow(clippy::cast_possible_wrap, reason = "likewise")]

pub mod campaign;
mod differ;
pub mod generate;
mod minimise;
mod mutate;
mod ours;
pub mod peer;
mod random;
mod seeds;
#[path = "../../lua/tests/support/mod.rs"]
mod support;
pub mod targets;
#[path = "../../durable/tests/support/values.rs"]
mod values;

pub use ours::keep_panics;
pub use targets::{Finding, Target};
