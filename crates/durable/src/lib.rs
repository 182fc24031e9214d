//! Durable processes: what crosses the `Host` trait is recorded, and replayed.
//!
//! [`bytes`] is the form on disk of every value that crosses it. Nothing here does I/O, reads a clock
//! or knows a store.
#![forbid(unsafe_code)]

pub mod bytes;
