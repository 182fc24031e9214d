//! What every request can reach.

use crate::config::{About, Limits, Reload, Shutdown};
use crate::idempotency::Replays;
use crate::tokens::Tokens;
use procession_runtime::Node;
use procession_types::Timestamp;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// See the module.
pub(crate) struct Shared {
    pub(crate) node: Arc<Node>,
    pub(crate) about: About,
    pub(crate) shutdown: Shutdown,
    pub(crate) reload: Option<Reload>,
    pub(crate) limits: Limits,
    pub(crate) tokens: Option<Tokens>,
    /// When the node was given a face.
    pub(crate) started: Timestamp,
    pub(crate) threads: Arc<Semaphore>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) waits: Arc<Semaphore>,
    /// For commands that hold a thread until they are done.
    pub(crate) controls: Arc<Semaphore>,
    pub(crate) replays: Replays,
    /// Becomes true when the server stops: whoever waits then ends its answer.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// See [`Shared`].
pub(crate) type State = Arc<Shared>;
