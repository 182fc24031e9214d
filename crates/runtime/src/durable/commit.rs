//! What a turn did, as one commit.

use super::birth::claimed;
use super::keeper::of_store;
use super::process::{Arrival, Flight, Kept};
use crate::mail::Mail;
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::{Condition, number};
use procession_durable::journal::{Entry, Source};
use procession_durable::keys;
use procession_durable::record::{Kind, Parcel, Record, Usage};
use procession_environment::{Promise, Relation, Usage as Used};
use procession_kernel::SlotIndex;
use procession_store::{Append, Change, Commit, Space, StoreError};
use procession_types::{ExitReason, Message, Pid};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Worker {
    /// Commits what the process at a slot has done since its last commit. With an ending, this is its
    /// last one.
    pub(crate) fn seal(&mut self, slot: SlotIndex, used: Used, ending: Option<ExitReason>) {
        let Some(mut kept) = self.desk.kept.remove(&slot) else { return };
        let recording = std::mem::take(&mut kept.recording);
        let usage = Usage {
            instructions: used.instructions,
            state_bytes: used.memory_bytes,
            duration_ns: std::mem::take(&mut kept.took_ns),
        };
        let mut changes = std::mem::take(&mut kept.first);
        changes.extend(self.taken(kept.pid, &recording.taken));
        changes.extend(heard(kept.id, &recording.news));
        for (relation, to) in recording.relations.iter().filter(|(_, to)| to.is_durable()) {
            changes.push(related(*relation, *to, &kept));
        }
        for (name, got) in &recording.names {
            changes.push(match got {
                true => claimed(name, kept.pid),
                false => Change::remove(Space::Name, name.as_bytes()),
            });
        }
        self.outputs(&kept, &recording.outputs, &mut changes);
        mark(&mut kept, &mut changes);
        let kind = match &ending {
            None => Kind::Turns { journal: recording.journal },
            Some(reason) => {
                Kind::Ended { journal: recording.journal, reason: Arc::new(reason.clone()) }
            }
        };
        let record = Record {
            at: self.now,
            slot: kept.ledger.inputs - u64::from(recording.inputs),
            inputs: recording.inputs,
            usage,
            kind,
        };
        if let Some(reason) = &ending {
            self.dies(&mut kept, slot, reason, &mut changes);
        }
        self.submit(slot, kept, (record, changes), recording.outputs, ending);
    }

    /// Hands a record with its changes to the committer.
    pub(crate) fn submit(
        &mut self,
        slot: SlotIndex,
        mut kept: Box<Kept>,
        (record, changes): (Record, Vec<Change>),
        outputs: Vec<Entry>,
        ending: Option<ExitReason>,
    ) {
        let bytes = record.bytes();
        kept.since.records += 1;
        kept.since.bytes += bytes.len() as u64;
        let is_early = kept.head.durability.promise == Promise::Async;
        let program = kept.head.program.clone();
        let (pid, n) = (kept.pid, kept.n);
        let commit = Commit { append: Some(Append { id: kept.id, n, record: bytes }), changes };
        kept.n += 1;
        kept.in_flight += 1;
        self.desk.kept.insert(slot, kept);
        let is_released = false;
        let flight =
            Flight { pid, slot, n, program, outputs, ending, is_early, is_released, told: None };
        self.fly(flight, commit);
    }

    /// Sends a commit to the committer, behind those sent before.
    pub(crate) fn fly(&mut self, flight: Flight, commit: Commit) {
        self.desk.flights.push_back(flight);
        self.desk.unsent.push_back(commit);
        self.send_commits();
    }

    /// Hands over what the committer has room for. What comes back is in the order of `flights`.
    ///
    /// What does not wait for the disk leaves its process then, and no earlier: who acts upon it on another
    /// shard must not come before it.
    pub(crate) fn send_commits(&mut self) {
        let Some(keeper) = self.shared.keeper.clone() else { return };
        let mut early = Vec::new();
        while let Some(commit) = self.desk.unsent.pop_front() {
            let (arrivals, shard) = (Arc::clone(&keeper.arrivals), self.shard);
            let gauge = Arc::clone(&keeper.gauge);
            let done = move |result| {
                let group = gauge.groups.load(Ordering::SeqCst);
                arrivals.add(shard, Mail::Decided { result, group });
            };
            if let Err(refused) = keeper.committer.submit(commit, Box::new(done)) {
                // It tells when there is room.
                self.desk.unsent.push_front(refused.commit);
                break;
            }
            let at = self.desk.flights.len().checked_sub(self.desk.unsent.len() + 1);
            let flight = at.and_then(|at| self.desk.flights.get_mut(at));
            if let Some(flight) = flight.filter(|flight| flight.is_early) {
                flight.is_released = true;
                let (from, outputs) = ((flight.pid, flight.slot), flight.outputs.clone());
                early.push((from, flight.n, flight.program.clone(), outputs));
            }
        }
        for (from, n, program, outputs) in early {
            self.release(from, (n, Arrival::SOON), &program, outputs);
        }
    }

    /// The oldest commit under way is decided.
    pub(crate) fn decided(&mut self, result: Result<(), StoreError>, group: u64) {
        let Some(flight) = self.desk.flights.pop_front() else { return };
        let Flight { pid, slot, n, program, outputs, ending, is_released, told, .. } = flight;
        self.one_less_undecided(pid);
        if let Some(told) = told {
            told(self, result.as_ref().copied().map_err(of_store));
        }
        let is_here = self.desk.kept.get(&slot).is_some_and(|kept| kept.pid == pid);
        match result {
            Ok(()) => {
                if let Some(kept) = self.desk.kept.get_mut(&slot).filter(|_| is_here) {
                    kept.in_flight = kept.in_flight.saturating_sub(1);
                }
                if !is_released {
                    self.release((pid, slot), (n, group), &program, outputs);
                }
                match ending {
                    Some(reason) if is_here => self.end_durable(slot, reason),
                    _ if is_here => self.settle_kept(slot),
                    _ => {}
                }
            }
            Err(error) => {
                self.drop_outputs(&outputs);
                if let Some(keeper) = &self.shared.keeper {
                    keeper.queues.retract(|it| it.id == number(&pid) && it.n == n);
                }
                if is_here {
                    self.refused_commit(slot, n, &error);
                }
            }
        }
        self.flush();
    }

    /// A process that was rolled back can be brought back when all that it had committed is decided.
    fn one_less_undecided(&mut self, pid: Pid) {
        let Some(left) = self.desk.undecided.get_mut(&pid) else { return };
        *left -= 1;
        if *left == 0 {
            self.desk.undecided.remove(&pid);
            if let Some(wanted) = self.desk.waking.remove(&pid) {
                self.bring_back(pid, wanted);
            }
        }
    }

    /// A process is not in memory any more, and some of its commits may be under way.
    pub(crate) fn count_undecided(&mut self, pid: Pid) {
        let undecided = self.desk.flights.iter().filter(|flight| flight.pid == pid).count();
        if undecided > 0 {
            self.desk.undecided.insert(pid, undecided);
        }
    }

    /// What a process has taken does not come again.
    pub(crate) fn taken(&self, pid: Pid, sources: &[Source]) -> Vec<Change> {
        let queues = self.shared.keeper.as_ref().map(|keeper| &keeper.queues);
        let noted = sources.iter().filter(|source| source.id == Source::QUEUE);
        let noted = noted.filter_map(|source| queues?.taken(source.n, pid));
        let removed = sources.iter().map(|source| taken(number(&pid), *source));
        noted.chain(removed).collect()
    }

    /// What outputs leave in the store for durable receivers.
    fn outputs(&mut self, kept: &Kept, outputs: &[Entry], changes: &mut Vec<Change>) {
        for (index, output) in outputs.iter().enumerate() {
            let source = kept.source(index);
            match output {
                Entry::Spawned { pid, request, .. } => {
                    let embryo = self.desk.embryos.get_mut(pid);
                    let Some(newborn) = embryo.and_then(|it| it.newborn.as_mut()) else { continue };
                    // Messages of a spawn are told apart by the bits above the outputs.
                    let mut at = 0;
                    newborn.write_down(Some(kept.pid), &request.messages, || {
                        at += 1;
                        Source { index: source.index | at << 16, ..source }
                    });
                    changes.append(&mut newborn.changes);
                }
                output => {
                    if let Some((to, parcel)) =
                        parcel(kept.pid, output).filter(|(to, _)| to.is_durable())
                    {
                        let key = keys::inbox(number(&to), source);
                        changes.push(Change::put(Space::Inbox, key, encoded(&parcel)));
                    } else if let Some((to, Parcel::Message(message))) = parcel(kept.pid, output)
                        && let Some(keeper) = &self.shared.keeper
                        && let Some(pool) = keeper.queues.pool_of(to)
                    {
                        let n = keeper.receipt();
                        changes.push(keeper.queues.keep(&pool, n, message, Some(source)));
                    }
                }
            }
        }
    }
}

/// What an output brings to another process.
pub(crate) fn parcel(from: Pid, output: &Entry) -> Option<(Pid, Parcel)> {
    Some(match output {
        Entry::Sent { to, topic, payload } => {
            let (topic, payload) = (topic.clone(), payload.clone());
            (*to, Parcel::Message(Message { topic, from: Some(from), payload }))
        }
        Entry::Terminated(to) => (*to, Parcel::Terminate),
        Entry::Cancelled { to, at, request } => {
            let deadline = request.deadline_ns.map(|wait| at.after(wait));
            let reason = request.reason.clone().map(String::into_boxed_str);
            (*to, Parcel::Cancel { from: Some(from), at: *at, deadline, reason })
        }
        _ => return None,
    })
}

/// Deaths of durable processes that one was told of: they do not come again, and nothing is left of the
/// relations.
pub(crate) fn heard(id: u64, news: &[(Pid, bool)]) -> impl Iterator<Item = Change> {
    news.iter().flat_map(move |(of, by_link)| {
        let of = number(of);
        let relation = Change::remove(Space::Relation, keys::relation(of, *by_link, id));
        [taken(id, Source::death(of, *by_link)), relation]
    })
}

/// An input was taken: it does not come again.
fn taken(id: u64, source: Source) -> Change {
    Change::remove(Space::Inbox, keys::inbox(id, source))
}

fn related(relation: Relation, to: Pid, kept: &Kept) -> Change {
    let by_link = matches!(relation, Relation::Link | Relation::Unlink);
    let key = keys::relation(number(&to), by_link, kept.id);
    match relation {
        Relation::Monitor | Relation::Link => Change::put(Space::Relation, key, encoded(&kept.pid)),
        Relation::Unmonitor | Relation::Unlink => Change::remove(Space::Relation, key),
    }
}

/// When the store has the process woken, and whether it is looked after at the next start.
pub(crate) fn mark(kept: &mut Kept, changes: &mut Vec<Change>) {
    let alive = kept.head.condition == Condition::Alive;
    let next = kept.next_time().filter(|_| alive);
    if next != kept.wakes_at {
        let old = std::mem::replace(&mut kept.wakes_at, next);
        changes.extend(old.map(|at| Change::remove(Space::Wake, keys::wake(at, kept.id))));
        changes.extend(
            next.map(|at| Change::put(Space::Wake, keys::wake(at, kept.id), encoded(&kept.pid))),
        );
    }
    let uneasy = (kept.is_busy || kept.ledger.is_uneasy()) && alive;
    if uneasy != kept.is_uneasy {
        kept.is_uneasy = uneasy;
        let key = keys::process(kept.id);
        changes.push(match uneasy {
            true => Change::put(Space::Uneasy, key, encoded(&kept.pid)),
            false => Change::remove(Space::Uneasy, key),
        });
    }
}
