//! What shards know of each other without asking: liveness, room in mailboxes, names, host counts.

use procession_types::{HostIndex, Pid, SmolStr};

/// Why a name could not be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another process holds it.
    #[error("name is taken")]
    Taken(Pid),
    /// The process that should get it is dead.
    #[error("process not found")]
    Dead,
    /// The process holds as many names as it may.
    #[error("too many names")]
    TooMany,
}

/// What became of the attempt to reach a process of another shard with a message, a link or a
/// monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Dispatch {
    /// There is room; the message counts as on its way until [`Directory::arrived`], the relation
    /// until [`Directory::related`].
    Sent,
    /// The process is dead.
    Dead,
    /// There is no room, counting what is on its way.
    Full,
}

/// What still fits into a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Messages.
    pub messages: u32,
    /// Bytes.
    pub bytes: u64,
}

/// The node's directory. The shard on which a process lives writes what concerns it; every shard
/// reads.
///
/// **Invariant.** What `leave` changed is seen by every shard that has handled a signal emitted
/// after it. So whoever saw EXIT finds the PID dead and its names free.
pub trait Directory {
    /// The process lives from now on; so much fits into its mailbox, and it may get so many
    /// relations.
    fn enter(&self, pid: Pid, room: Room, relations: u32);
    /// The process is dead from now on and its names are free.
    fn leave(&self, pid: Pid);
    /// Whether the process lives.
    fn is_alive(&self, pid: Pid) -> bool;

    /// What still fits into a mailbox of the caller's shard.
    fn set_room(&self, pid: Pid, room: Room);
    /// Announces a message of so many bytes for a process of another shard.
    fn dispatch(&self, pid: Pid, bytes: u64) -> Dispatch;
    /// So many messages that were announced have reached their process, or found it dead.
    fn arrived(&self, pid: Pid, what: Room);

    /// How many links and monitors a process of the caller's shard may still get.
    fn set_relations(&self, pid: Pid, room: u32);
    /// Announces a link or monitor with a process of another shard.
    fn relate(&self, pid: Pid) -> Dispatch;
    /// One that was announced has reached its process, or found it dead.
    fn related(&self, pid: Pid);
    /// How many are announced and have not arrived.
    fn relations_under_way(&self, pid: Pid) -> u32;

    /// Gives a name to a process that lives, by compare and set; the same name and process again
    /// is fine.
    ///
    /// # Errors
    /// See [`ClaimError`].
    fn claim(&self, name: &str, pid: Pid, names_max: u32) -> Result<(), ClaimError>;
    /// Frees a name and says who held it.
    fn release(&self, name: &str) -> Option<Pid>;
    /// Who holds a name.
    fn holder(&self, name: &str) -> Option<Pid>;
    /// The names a process holds, in the order in which it got them.
    fn names(&self, pid: Pid) -> Vec<SmolStr>;

    /// Counts a process on a host; false, and not counted, when `processes_max` are there.
    fn enter_host(&self, host: HostIndex, processes_max: u32) -> bool;
    /// Counts one less.
    fn leave_host(&self, host: HostIndex);
}
