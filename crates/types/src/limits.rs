//! The limits of a process, and the names under which a limit that was hit is reported.

use std::fmt;

/// A limit that something ran into; its name is what `details().limit` and metrics say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Bytes of a process's heap.
    Memory,
    /// Instructions over a process's life.
    Instructions,
    /// Nanoseconds from spawn to exit.
    WallClock,
    /// Messages or bytes waiting in a mailbox.
    Mailbox,
    /// Bytes of one message.
    MessageSize,
    /// Processes on a host.
    Processes,
    /// Links and monitors of one process.
    Links,
    /// Registered names of one process.
    Names,
    /// Timers and other pending host calls of one process.
    Calls,
    /// Topics one process listens to.
    Topics,
    /// Entries or bytes of a store, or stores.
    Store,
    /// Messages or bytes of a queue, or queues.
    Queue,
    /// Subscriptions to events.
    Subscriptions,
    /// Metrics, or series of one.
    Metrics,
}

impl Limit {
    /// The limit's name as programs see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Instructions => "instructions",
            Self::WallClock => "wall_clock",
            Self::Mailbox => "mailbox",
            Self::MessageSize => "message_size",
            Self::Processes => "processes",
            Self::Links => "links",
            Self::Names => "names",
            Self::Calls => "calls",
            Self::Topics => "topics",
            Self::Store => "store",
            Self::Queue => "queue",
            Self::Subscriptions => "subscriptions",
            Self::Metrics => "metrics",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one process may use: what its program names, and the rest as its host says; see
/// [`ProgramLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Heap, in bytes. Default 256 MiB.
    pub memory_bytes_max: u64,
    /// Instructions over the whole life; `None` = as many as it wants (slices keep it fair).
    pub instructions_max: Option<u64>,
    /// Life time in nanoseconds; `None` = for ever.
    pub wall_clock_ns_max: Option<u64>,
    /// Messages waiting in the mailbox. Default 10 000.
    pub mailbox_messages_max: u32,
    /// Bytes waiting in the mailbox. Default 64 MiB.
    pub mailbox_bytes_max: u64,
    /// Bytes of one message's payload. Default 16 MiB.
    pub message_bytes_max: u64,
    /// Links plus monitors, both directions. Default 100 000.
    pub links_max: u32,
    /// Registered names. Default 100.
    pub names_max: u32,
    /// Pending host calls (timers, file operations, calls). Default 10 000.
    pub calls_max: u32,
    /// Topics listened to. Default 1 000.
    pub topics_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 256 << 20,
            instructions_max: None,
            wall_clock_ns_max: None,
            mailbox_messages_max: 10_000,
            mailbox_bytes_max: 64 << 20,
            message_bytes_max: 16 << 20,
            links_max: 100_000,
            names_max: 100,
            calls_max: 10_000,
            topics_max: 1_000,
        }
    }
}

/// The limits that a program names. Where it names none, that of the host on which a process runs
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProgramLimits {
    /// See [`Limits::memory_bytes_max`].
    pub memory_bytes_max: Option<u64>,
    /// See [`Limits::instructions_max`].
    pub instructions_max: Option<u64>,
    /// See [`Limits::wall_clock_ns_max`].
    pub wall_clock_ns_max: Option<u64>,
    /// See [`Limits::mailbox_messages_max`].
    pub mailbox_messages_max: Option<u32>,
    /// See [`Limits::mailbox_bytes_max`].
    pub mailbox_bytes_max: Option<u64>,
    /// See [`Limits::message_bytes_max`].
    pub message_bytes_max: Option<u64>,
    /// See [`Limits::links_max`].
    pub links_max: Option<u32>,
    /// See [`Limits::names_max`].
    pub names_max: Option<u32>,
    /// See [`Limits::calls_max`].
    pub calls_max: Option<u32>,
    /// See [`Limits::topics_max`].
    pub topics_max: Option<u32>,
}

impl ProgramLimits {
    /// What a process of the program may use on a host with these limits.
    #[must_use]
    pub fn on_host(&self, host: &Limits) -> Limits {
        Limits {
            memory_bytes_max: self.memory_bytes_max.unwrap_or(host.memory_bytes_max),
            instructions_max: self.instructions_max.or(host.instructions_max),
            wall_clock_ns_max: self.wall_clock_ns_max.or(host.wall_clock_ns_max),
            mailbox_messages_max: self.mailbox_messages_max.unwrap_or(host.mailbox_messages_max),
            mailbox_bytes_max: self.mailbox_bytes_max.unwrap_or(host.mailbox_bytes_max),
            message_bytes_max: self.message_bytes_max.unwrap_or(host.message_bytes_max),
            links_max: self.links_max.unwrap_or(host.links_max),
            names_max: self.names_max.unwrap_or(host.names_max),
            calls_max: self.calls_max.unwrap_or(host.calls_max),
            topics_max: self.topics_max.unwrap_or(host.topics_max),
        }
    }
}

/// A program that names every limit.
impl From<Limits> for ProgramLimits {
    fn from(limits: Limits) -> Self {
        Self {
            memory_bytes_max: Some(limits.memory_bytes_max),
            instructions_max: limits.instructions_max,
            wall_clock_ns_max: limits.wall_clock_ns_max,
            mailbox_messages_max: Some(limits.mailbox_messages_max),
            mailbox_bytes_max: Some(limits.mailbox_bytes_max),
            message_bytes_max: Some(limits.message_bytes_max),
            links_max: Some(limits.links_max),
            names_max: Some(limits.names_max),
            calls_max: Some(limits.calls_max),
            topics_max: Some(limits.topics_max),
        }
    }
}
