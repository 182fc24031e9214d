//! Going back: a process goes on from a snapshot of its own. Its log gets one more record, which takes a slot;
//! nothing of its history is lost.
//!
//! Meanwhile the process is *withheld*: out of memory, and not brought back by what comes for it, so that
//! nobody else writes to its log. No shard waits.

use super::generations::{writing, written};
use super::given::{Captured, Given, end_of};
use super::history::slots;
use super::keeper::{Keeper, locked};
use super::snapshots;
use crate::birth::guarded;
use crate::node::Node;
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::{Condition, Head, number};
use procession_durable::keys;
use procession_durable::ledger::Ledger;
use procession_durable::record::Origin;
use procession_environment::Request;
use procession_kernel::Directory as _;
use procession_store::{Change, Space};
use procession_telemetry::EventKind;
use procession_types::{Error, ErrorKind, Pid, SmolStr};
use std::time::{Duration, Instant};

/// How long the commits of a process that is withheld may take, when nobody says so.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has come of going back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The snapshot.
    pub n: u64,
    /// Inputs that the process had taken then.
    pub from: u64,
    /// The slot that going back has taken: the state is that of the snapshot from the next one on.
    pub slot: u64,
    /// BLAKE3 of the state.
    pub hash: [u8; 32],
}

impl Node {
    /// Lets a durable process go on from a snapshot of its own, known by the record that follows it. It is on
    /// disk when this returns.
    ///
    /// Its state, program, topics, subscriptions, timers and open calls are those of then: timers that are
    /// overdue go off at once, calls fail with `Unknown` or are made again where they only read. Its names,
    /// links, monitors and unread messages stay as they are now. One that stands still goes on.
    ///
    /// # Errors
    /// `NotFound` when the store has no such process or snapshot; `Conflict` when it has ended, or somebody
    /// else is at it; `Internal` when the snapshot is damaged; `Timeout`; `Unavailable` when the disk is full.
    pub fn restore(&self, pid: Pid, n: u64, until: Option<Instant>) -> Result<Restored, Error> {
        let (keeper, head) = self.past_of(pid)?;
        keeper.check_room()?;
        // Before anything happens to it: that this can be done at all.
        self.past_life(keeper, &head, n)?;
        let until = until.unwrap_or_else(|| Instant::now() + PATIENCE);
        self.on(pid.shard, move |worker| worker.withhold(pid))??;
        let restored = self.go_back(pid, n, until);
        let news = restored.as_ref().ok().cloned();
        let _ = self.on(pid.shard, move |worker| worker.give_back(pid, news));
        restored.map(|(restored, _)| restored)
    }

    /// The state of a snapshot, when a process can go on from it.
    fn past_life(&self, keeper: &Keeper, head: &Head, n: u64) -> Result<Captured, Error> {
        if let Condition::Ended { .. } = head.condition {
            let message = "the process has ended: procession fork makes one that goes on";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let id = number(&head.birth.pid);
        let Some((snapshot, state)) = snapshots::find(keeper, id, n)? else {
            let all = snapshots::list(keeper, id)?;
            if all.iter().any(|it| it.n == n) {
                let message = format!("snapshot {n} is damaged: take another one");
                return Err(Error::new(ErrorKind::Internal, message));
            }
            let all: Vec<String> = all.iter().map(|it| it.n.to_string()).collect();
            let there = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            return Err(Error::not_found(format!("no snapshot {n}: there is {there}")));
        };
        let birth = &head.birth;
        let program = keeper.program_of(head, &snapshot.program);
        let (host, hash) = (birth.pid.host, snapshot.program);
        let image = keeper.image(&self.shared.programs, &program, host, &hash)?;
        let guest = guarded(|| image.restore(&state, &birth.limits))?;
        let memory_bytes = guest.usage().memory_bytes;
        let condition = Condition::Alive;
        let head = Head { program, hash, condition, ..head.clone() };
        let (ledger, instructions) = (snapshot.ledger, snapshot.instructions);
        Ok(Captured { head, ledger, instructions, memory_bytes, state })
    }

    /// The commit, while the process is withheld. Also gives what its program had subscribed to.
    fn go_back(&self, pid: Pid, n: u64, until: Instant) -> Result<(Restored, Vec<SmolStr>), Error> {
        self.await_commits(pid, until)?;
        let id = number(&pid);
        let (keeper, head) = self.past_of(pid)?;
        let _writing = writing(keeper, id)?;
        let mut captured = self.past_life(keeper, &head, n)?;
        let from = captured.ledger.inputs;
        let now = self.last_ledger(keeper, &head, until)?;
        captured.ledger.goes_back(&now);
        let (slot, head) = (now.inputs, captured.head.clone());
        let (old, new) = (now.next_time(&head.birth), captured.ledger.next_time(&head.birth));
        let given = Given::new(Origin::Restore { n, slot: from }, captured);
        let hash = given.hash;
        let ends = end_of(keeper, id)?;
        let at = self.shared.clock.now();
        let mut commit = given.commit((id, ends.next), &ends.head, (at, 1));
        let wake = |at| keys::wake(at, id);
        commit.changes.extend(old.map(|at| Change::remove(Space::Wake, wake(at))));
        commit.changes.extend(new.map(|at| Change::put(Space::Wake, wake(at), encoded(&pid))));
        commit.changes.extend([
            Change::put(Space::Head, keys::process(id), encoded(&head)),
            Change::put(Space::Uneasy, keys::process(id), encoded(&pid)),
        ]);
        let halted = keeper.halted.ends(pid);
        let was_halted = halted.is_some();
        commit.changes.extend(halted);
        written(keeper, commit).inspect_err(|_| {
            if was_halted {
                // The store still says so.
                drop(keeper.halted.begins(pid));
            }
        })?;
        locked(&keeper.broken).remove(&pid);
        Ok((Restored { n, from, slot, hash }, now.subscriptions.into_keys().collect()))
    }

    /// Waits until all commits of a process that is withheld are decided.
    fn await_commits(&self, pid: Pid, until: Instant) -> Result<(), Error> {
        while self.on(pid.shard, move |worker| worker.has_undecided(pid))? {
            if Instant::now() >= until {
                let message = "the commits of the process were not on disk in time";
                return Err(Error::new(ErrorKind::Timeout, message).with_retryable(true));
            }
            self.flush_store();
        }
        Ok(())
    }

    /// What is known of a process beside its state, at the end of its log. When that can't be run again,
    /// which may be why somebody goes back: what the store and the directory say.
    fn last_ledger(&self, keeper: &Keeper, head: &Head, until: Instant) -> Result<Ledger, Error> {
        let error = match self.past_at(keeper, head, u64::MAX, Some(until)) {
            Ok(past) => return Ok(past.ledger),
            Err(error) => error,
        };
        if error.kind == ErrorKind::Timeout {
            return Err(error);
        }
        let pid = head.birth.pid;
        let id = number(&pid);
        let newest = snapshots::list(keeper, id)?.into_iter().next();
        let mut ledger = newest.map(|it| it.ledger).unwrap_or_default();
        ledger.names = self.shared.directory.names(pid);
        (_, ledger.inputs) = slots(keeper, id, &end_of(keeper, id)?)?;
        Ok(ledger)
    }
}

impl Worker {
    /// Takes a process out of memory, and keeps it there until it is given back.
    fn withhold(&mut self, pid: Pid) -> Result<(), Error> {
        let conflict = |what: &str| Error::new(ErrorKind::Conflict, what.to_owned());
        if !self.desk.withheld.insert(pid) {
            return Err(conflict("the process is being taken back to a snapshot already"));
        }
        if let Some(slot) = self.kernel.locate(pid) {
            for call in self.kernel.calls(slot) {
                self.step(|kernel, cx| kernel.abandon(cx, slot, call));
            }
            self.roll_back(slot, true);
        }
        if self.kernel.locate(pid).is_some() {
            self.desk.withheld.remove(&pid);
            return Err(conflict("the process has not begun yet").with_retryable(true));
        }
        self.count_undecided(pid);
        Ok(())
    }

    fn has_undecided(&mut self, pid: Pid) -> bool {
        self.send_commits();
        self.desk.flights.iter().any(|flight| flight.pid == pid)
    }

    /// It goes on; with the news when it has gone back, and with what its program had subscribed to.
    fn give_back(&mut self, pid: Pid, news: Option<(Restored, Vec<SmolStr>)>) {
        self.desk.withheld.remove(&pid);
        if let Some((restored, subscriptions)) = news {
            let shared = std::sync::Arc::clone(&self.shared);
            for pattern in subscriptions {
                // What the state of then wants is made again when it comes back.
                let request = Request::Unsubscribe { pattern };
                let _ = shared.services.answer(pid, self.now, request, &mut Vec::new());
            }
            let (n, from) = (restored.n.to_string(), restored.from.to_string());
            self.tell(
                EventKind::ProcessRestored,
                (pid, ""),
                &[("slot", &from), ("snapshot", &n)],
                "",
            );
        }
        self.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
    }
}
