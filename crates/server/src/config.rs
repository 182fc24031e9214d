//! What a server is made from.

use procession_api::{Problem, ReloadRequest, ReloadView};
use procession_runtime::Node;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Called when somebody asks the node to stop, with how long processes have to end.
pub type Shutdown = Box<dyn Fn(Duration) + Send + Sync>;

/// Called when somebody asks that the application be read again, with how long something may take to be
/// at rest or to come up; it may take as long as that for each part of the application.
pub type Reload =
    Box<dyn Fn(ReloadRequest, Duration) -> Result<ReloadView, Box<Problem>> + Send + Sync>;

/// What is told about the node that it does not know itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// What it runs: a directory or a file.
    pub application: Option<String>,
    /// Its configuration, without secrets.
    pub config: serde_json::Value,
}

/// What a server is made from.
pub struct ServerConfig {
    /// The node that it is the face of.
    pub node: Arc<Node>,
    /// Where its Unix socket is; `None` = it has none.
    pub socket: Option<PathBuf>,
    /// Addresses of TCP to listen on; callers need a token there.
    pub listen: Vec<SocketAddr>,
    /// The file of the tokens.
    pub tokens: Option<PathBuf>,
    /// See [`About`].
    pub about: About,
    /// See [`Shutdown`].
    pub shutdown: Shutdown,
    /// See [`Reload`]; `None` = it runs no application from a directory.
    pub reload: Option<Reload>,
    /// See [`Limits`].
    pub limits: Limits,
}

/// What one server bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections.
    pub connections_max: usize,
    /// Requests at once, those that only wait for something not counted.
    pub requests_max: usize,
    /// Requests at once that only wait: for the end of a process, for news.
    pub waits_max: usize,
    /// Threads that wait for the node.
    pub threads_max: usize,
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// How long the head of a request may take.
    pub head_time_max: Duration,
    /// How long a request may take that does not wait for something.
    pub request_time_max: Duration,
    /// Answers that are kept for `Idempotency-Key`.
    pub replays_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            requests_max: 256,
            waits_max: 512,
            threads_max: 16,
            body_bytes_max: 16 << 20,
            head_bytes_max: 32 << 10,
            head_time_max: Duration::from_secs(10),
            request_time_max: Duration::from_secs(30),
            replays_max: 1000,
        }
    }
}
