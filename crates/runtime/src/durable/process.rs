//! What a worker remembers of a durable process that is in memory.

use super::birth::Embryo;
use super::budget::{Charge, Turns, Waiting};
use super::recover::Wanted;
use super::rule::Since;
use crate::fold::FoldHash;
use crate::worker::Worker;
use procession_durable::head::{Head, number};
use procession_durable::journal::{Entry, Source};
use procession_durable::keys;
use procession_durable::ledger::Ledger;
use procession_durable::record::Parcel;
use procession_durable::recorder::Recording;
use procession_kernel::{SlotIndex, TurnEnd};
use procession_store::{Change, Commit, Space};
use procession_types::{Error, Event, ExitReason, Pid, SmolStr, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// See the module.
pub(crate) struct Kept {
    pub(crate) pid: Pid,
    /// Its number in the store.
    pub(crate) id: u64,
    /// The number of its next record.
    pub(crate) n: u64,
    pub(crate) head: Head,
    pub(crate) ledger: Ledger,
    pub(crate) recording: Recording,
    /// Where messages in its mailbox are written down, by their positions among all that came.
    pub(crate) sources: BTreeMap<u64, Source>,
    /// Where requests to end are written down that wait among its events.
    pub(crate) cancels: Vec<(Option<Pid>, Timestamp, Source)>,
    /// Groups of commits that were in the store when it came back: what they had for it, it was given.
    pub(crate) read_at: u64,
    /// What it was given from the store when it came back: the same may be on its way to it still.
    pub(crate) loaded: HashSet<Source>,
    /// What its next commit carries along.
    pub(crate) first: Vec<Change>,
    /// Commits that are not decided yet.
    pub(crate) in_flight: usize,
    /// The end of a turn that waits until there are fewer of them.
    pub(crate) held: Option<TurnEnd>,
    /// Turns in which it takes one input only: to find out which one it fails over.
    pub(crate) careful: u32,
    /// When the store has it woken.
    pub(crate) wakes_at: Option<Timestamp>,
    /// Whether the store has it looked after at the next start.
    pub(crate) is_uneasy: bool,
    /// It does not wait for anything: it has to go on by itself at the next start.
    pub(crate) is_busy: bool,
    /// What was written since the last snapshot.
    pub(crate) since: Since,
    /// It stands still until all its commits are decided, for a snapshot.
    pub(crate) drains: bool,
    /// A snapshot of it is being made.
    pub(crate) snapshot: bool,
    /// Time that the turns since the last commit took, in nanoseconds.
    pub(crate) took_ns: u64,
    /// What it takes in memory.
    pub(crate) charge: Charge,
    /// It is on its way out of memory as soon as its last commit is decided.
    pub(crate) leaves: bool,
}

/// A commit that the committer has, or will get.
pub(crate) struct Flight {
    pub(crate) pid: Pid,
    pub(crate) slot: SlotIndex,
    pub(crate) n: u64,
    pub(crate) program: SmolStr,
    pub(crate) outputs: Vec<Entry>,
    /// The process ends when it is decided.
    pub(crate) ending: Option<ExitReason>,
    /// It is not to wait for the disk: released as soon as the committer has it.
    pub(crate) is_early: bool,
    /// Already released.
    pub(crate) is_released: bool,
    /// Is told when it is decided.
    pub(crate) told: Option<Told>,
}

/// What is done when a commit is decided.
pub(crate) type Told = Box<dyn FnOnce(&mut Worker, Result<(), Error>) + Send>;

/// What a worker remembers of all durable processes that are at home on its shard.
#[derive(Default)]
pub(crate) struct Desk {
    /// By the slots of those in memory.
    pub(crate) kept: HashMap<SlotIndex, Box<Kept>, FoldHash>,
    /// Commits under way, in the order in which they will be decided.
    pub(crate) flights: VecDeque<Flight>,
    /// The last of them, for which the committer had no room.
    pub(crate) unsent: VecDeque<Commit>,
    /// Processes that were made by durable ones, and do not run yet.
    pub(crate) embryos: HashMap<Pid, Embryo>,
    /// What has come for processes that are not in memory.
    pub(crate) early: HashMap<Pid, Vec<Arrival>>,
    /// What such processes had in their mailboxes, or had taken, and get again.
    pub(crate) returned: HashMap<Pid, Early>,
    /// Events that such processes have not read.
    pub(crate) unread: HashMap<Pid, Vec<Event>>,
    /// Whom such processes are no longer linked to, which no commit says.
    pub(crate) parted: HashMap<Pid, Vec<Pid>>,
    /// When such processes will be terminated.
    pub(crate) deadlines: HashMap<Pid, Timestamp>,
    /// Commits of such processes that are not decided yet: before that, nobody knows their last state.
    pub(crate) undecided: HashMap<Pid, usize>,
    /// Those of them that are to be brought back then.
    pub(crate) waking: HashMap<Pid, Wanted>,
    /// Those that are to take their inputs one by one, for so many turns.
    pub(crate) careful: HashMap<Pid, u32>,
    /// When those that sleep are to be woken.
    pub(crate) alarms: BTreeSet<(Timestamp, Pid)>,
    /// Who had no turn for longest, for hosts with a budget.
    pub(crate) turns: Turns,
    /// Those that are to be brought back when there is room for them.
    pub(crate) waiting: Waiting,
    /// Somebody may have to make room.
    pub(crate) is_tight: bool,
    /// Those that are not brought back, because somebody writes to their logs.
    pub(crate) withheld: HashSet<Pid>,
    /// The node stops: nobody is brought back any more.
    pub(crate) is_resting: bool,
}

/// Something that is in the store for a process, on its way there.
pub(crate) struct Arrival {
    pub(crate) source: Source,
    pub(crate) parcel: Parcel,
    /// The group of commits that has put it there, as the node counts them; [`Arrival::SOON`] when it
    /// was not waited for.
    pub(crate) group: u64,
}

impl Arrival {
    /// The group of what is not on disk yet.
    pub(crate) const SOON: u64 = u64::MAX;
}

/// What a process gets that comes back, in order.
pub(crate) type Early = Vec<(Option<Source>, Parcel)>;

impl Kept {
    /// Notes that a process has ended normally to which it had linked itself.
    pub(crate) fn part(&mut self, peer: Pid) {
        self.recording.parted(peer, &mut self.ledger);
        if peer.is_durable() {
            let key = keys::relation(number(&peer), true, self.id);
            self.first.push(Change::remove(Space::Relation, key));
        }
    }

    /// See [`Ledger::next_time`].
    pub(crate) fn next_time(&self) -> Option<Timestamp> {
        self.ledger.next_time(&self.head.birth)
    }

    pub(crate) fn new(charge: Charge, head: Head, ledger: Ledger, n: u64) -> Self {
        let pid = head.birth.pid;
        Self {
            pid,
            id: number(&pid),
            n,
            head,
            ledger,
            recording: Recording::default(),
            sources: BTreeMap::new(),
            cancels: Vec::new(),
            read_at: 0,
            loaded: HashSet::new(),
            first: Vec::new(),
            in_flight: 0,
            held: None,
            careful: 0,
            wakes_at: None,
            is_uneasy: false,
            is_busy: false,
            since: Since::default(),
            drains: false,
            snapshot: false,
            took_ns: 0,
            charge,
            leaves: false,
        }
    }

    /// The number of one output of the next record.
    pub(crate) fn source(&self, index: usize) -> Source {
        Source { id: self.id, n: self.n, index: index as u32 }
    }
}

/// A reason that several hear.
pub(crate) fn shared(reason: &ExitReason) -> Arc<ExitReason> {
    Arc::new(reason.clone())
}
