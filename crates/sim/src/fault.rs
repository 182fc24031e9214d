//! Things broken on purpose, and the directory that can break.

use procession_kernel::{ClaimError, Directory, Dispatch, Room, Signal, SingleDirectory};
use procession_types::{HostIndex, Pid, SmolStr};
use std::cell::RefCell;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The news of an end gets lost.
    LoseExit,
    /// A message gets lost.
    LoseMessage,
    /// A message reaches another process.
    Misroute,
    /// Two messages change places.
    Reorder,
    /// A signal for a guest of the shard where it is sent does not take the way over its home.
    Overtake,
    /// A message arrives twice.
    Double,
    /// One side does not hear of a link.
    LoseLink,
    /// The end of a caller does not reach its callee.
    LoseTerminate,
    /// That a process shall be paused gets lost.
    LosePause,
    /// A question about a process gets lost.
    LoseQuestion,
    /// A child's rest is not told to its parent.
    LoseRest,
    /// The parent of a child that ends does not hear what it took.
    LoseTook,
    /// The names of the dead are not released.
    KeepNames,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::LoseExit,
        Self::LoseMessage,
        Self::Misroute,
        Self::Reorder,
        Self::Overtake,
        Self::Double,
        Self::LoseLink,
        Self::LoseTerminate,
        Self::LosePause,
        Self::LoseQuestion,
        Self::LoseRest,
        Self::LoseTook,
        Self::KeepNames,
    ];

    /// Whether a signal is one that this fault loses.
    pub(crate) fn loses(self, signal: &Signal) -> bool {
        match self {
            Self::LoseExit => matches!(signal, Signal::Down { .. }),
            Self::LoseMessage => {
                matches!(signal, Signal::Message { .. } | Signal::Hand { .. })
            }
            Self::LoseLink => matches!(signal, Signal::Link { .. }),
            Self::LoseTerminate => matches!(signal, Signal::Terminate { .. }),
            Self::LosePause => matches!(signal, Signal::Pause { .. }),
            Self::LoseQuestion => matches!(signal, Signal::Inspect { .. }),
            Self::LoseRest => matches!(signal, Signal::Rested { .. }),
            Self::LoseTook => matches!(signal, Signal::Took { .. }),
            Self::Misroute | Self::Reorder | Self::Overtake | Self::Double | Self::KeepNames => {
                false
            }
        }
    }
}

/// A directory that keeps the names of the dead when told to.
#[derive(Default)]
pub(crate) struct FaultyDirectory {
    inner: SingleDirectory,
    keeps_names: bool,
    kept: RefCell<Vec<(SmolStr, Pid)>>,
}

impl FaultyDirectory {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { keeps_names: fault == Some(Fault::KeepNames), ..Self::default() }
    }

    pub(crate) fn all_names(&self) -> Vec<(SmolStr, Pid)> {
        let mut names = self.inner.all_names();
        names.extend(self.kept.borrow().iter().cloned());
        names
    }

    pub(crate) fn relation_room(&self, pid: Pid) -> u32 {
        self.inner.relation_room(pid)
    }

    pub(crate) fn host_count(&self, host: HostIndex) -> u32 {
        self.inner.host_count(host)
    }
}

impl Directory for FaultyDirectory {
    fn enter(&self, pid: Pid, room: Room, relations: u32) {
        self.inner.enter(pid, room, relations);
    }

    fn leave(&self, pid: Pid) {
        if self.keeps_names {
            let names = self.inner.names(pid).into_iter().map(|name| (name, pid));
            self.kept.borrow_mut().extend(names);
        }
        self.inner.leave(pid);
    }

    fn is_alive(&self, pid: Pid) -> bool {
        self.inner.is_alive(pid)
    }

    fn set_room(&self, pid: Pid, room: Room) {
        self.inner.set_room(pid, room);
    }

    fn dispatch(&self, pid: Pid, bytes: u64) -> Dispatch {
        self.inner.dispatch(pid, bytes)
    }

    fn arrived(&self, pid: Pid, what: Room) {
        self.inner.arrived(pid, what);
    }

    fn set_relations(&self, pid: Pid, room: u32) {
        self.inner.set_relations(pid, room);
    }

    fn relate(&self, pid: Pid) -> Dispatch {
        self.inner.relate(pid)
    }

    fn related(&self, pid: Pid) {
        self.inner.related(pid);
    }

    fn relations_under_way(&self, pid: Pid) -> u32 {
        self.inner.relations_under_way(pid)
    }

    fn claim(&self, name: &str, pid: Pid, names_max: u32) -> Result<(), ClaimError> {
        self.inner.claim(name, pid, names_max)
    }

    fn release(&self, name: &str) -> Option<Pid> {
        self.inner.release(name)
    }

    fn holder(&self, name: &str) -> Option<Pid> {
        self.inner.holder(name)
    }

    fn names(&self, pid: Pid) -> Vec<SmolStr> {
        self.inner.names(pid)
    }

    fn enter_host(&self, host: HostIndex, processes_max: u32) -> bool {
        self.inner.enter_host(host, processes_max)
    }

    fn leave_host(&self, host: HostIndex) {
        self.inner.leave_host(host);
    }
}
