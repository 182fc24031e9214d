//! What the telemetry of a node is made from.

use procession_types::{SmolStr, Timestamp};
use std::io::{self, Write};
use std::path::PathBuf;

/// How much of a stream is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of one file.
    pub segment_bytes: u64,
    /// Bytes of all files; the oldest are removed.
    pub total_bytes: u64,
    /// Bytes of the newest records in memory.
    pub memory_bytes: usize,
}

/// Where the streams go that people and pipes read. They are no sinks of records.
pub struct Streams {
    /// What processes print.
    pub print: Box<dyn Write + Send>,
    /// What processes log.
    pub log: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

/// What is kept of what processes print and log, and of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// Whether anything is kept at all; if not, there are only the streams.
    pub keeps: bool,
    /// Where files go; `None` = only memory. One node at a time may use a directory.
    pub directory: Option<PathBuf>,
    /// What processes print and log.
    pub logs: Budget,
    /// What happens to processes, services and pools.
    pub events: Budget,
    /// Bytes of the newest records of one process in memory, beside `logs.memory_bytes`.
    pub process_bytes: usize,
    /// Likewise, of all processes.
    pub processes_bytes: usize,
}

impl Records {
    /// Nothing is kept.
    #[must_use]
    pub fn none() -> Self {
        Self { keeps: false, ..Self::default() }
    }
}

impl Default for Records {
    /// In memory only.
    fn default() -> Self {
        Self {
            keeps: true,
            directory: None,
            logs: Budget { segment_bytes: 8 << 20, total_bytes: 256 << 20, memory_bytes: 4 << 20 },
            events: Budget { segment_bytes: 4 << 20, total_bytes: 32 << 20, memory_bytes: 2 << 20 },
            process_bytes: 16 << 10,
            processes_bytes: 8 << 20,
        }
    }
}

/// See the module.
pub struct Config {
    /// See [`Records`].
    pub records: Records,
    /// Where records go while the files fail.
    pub fallback: Option<Box<dyn Write + Send>>,
    /// See [`Streams`].
    pub streams: Streams,
    /// Texts that must appear in no event: values of variables, tokens. Those of fewer than
    /// [`SECRET_BYTES_MIN`] bytes are not looked for: they would be found everywhere.
    pub secrets: Vec<String>,
    /// Name of the node in its cluster.
    pub node: Option<SmolStr>,
    /// The node's clock.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// See [`Config::secrets`].
pub const SECRET_BYTES_MIN: usize = 6;

impl Config {
    /// Records in memory only, no streams, and this clock.
    #[must_use]
    pub fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            records: Records::default(),
            fallback: Some(Box::new(io::stderr())),
            streams: Streams { print: Box::new(io::sink()), log: Box::new(io::sink()) },
            secrets: Vec::new(),
            node: None,
            clock: Box::new(clock),
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the secrets.
        f.debug_struct("Config").field("records", &self.records).finish_non_exhaustive()
    }
}

/// Why the records of a node can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another node uses the directory.
    #[error("{} is in use by another node; stop it, or choose another directory", .0.display())]
    InUse(PathBuf),
    /// The directory can't be created, read or written.
    #[error("keep records in {}: {source}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
