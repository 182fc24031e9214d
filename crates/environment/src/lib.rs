//! The contract between the runtime and what executes programs.
//!
//! A new environment is one crate that implements [`Environment`], [`Image`] and [`Guest`]; nothing
//! else changes. [`Host`] is the one door through which a guest reaches anything: permissions,
//! limits, logging and metering sit behind it, once for all environments.
#![forbid(unsafe_code)]

mod guest;
mod host;
mod http;
mod inspect;
mod program;
mod service;

pub use guest::{Environment, Guest, Image, Turn, Usage};
pub use host::{
    Call, CallId, CancelRequest, FsOperation, Host, Level, LogRecord, Options, Owned, Queue,
    Relation, SpawnRequest,
};
pub use http::HttpRequest;
pub use inspect::{Activity, Awaited, CoroutineInfo, Inspection, Seen};
pub use program::{Dialect, Durability, Module, OnError, Program, Promise};
pub use service::{
    Labels, Measurement, MetricDefinition, MetricKind, MetricRequest, QueueOperation, QueueOptions,
    QueueRequest, Request, StoreOperation, StoreRequest,
};
