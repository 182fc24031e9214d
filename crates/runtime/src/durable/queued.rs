//! Messages of the queues of pools on their way: from senders into a queue, from there to members, and out
//! of it when they are done.

use super::keeper::{Keeper, of_store, too_many};
use super::outside::Told;
use super::process::Arrival;
use crate::door::{Door, check_topic};
use crate::mail::Mail;
use crate::node::Node;
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::number;
use procession_durable::journal::Source;
use procession_durable::keys;
use procession_durable::record::Parcel;
use procession_environment::Host;
use procession_store::{Change, Commit, Space, StoreError};
use procession_types::{Error, ErrorKind, Fragment, Limit, Message, Pid, SmolStr, Topic};
use std::sync::Arc;

/// Messages that one commit keeps.
const KEPT_AT_ONCE: usize = 64;

const fn source(n: u64) -> Source {
    Source { id: Source::QUEUE, n, index: 0 }
}

pub(crate) fn full() -> Error {
    Error::limit(Limit::Mailbox, "mailbox is full").with_retryable(true)
}

impl Door<'_> {
    /// See [`procession_environment::Host::keep`].
    pub(crate) fn keep_messages(&mut self, messages: Vec<Message>) {
        let Some(keeper) = self.worker.shared.keeper.clone() else { return };
        let pool = SmolStr::new(self.own_program());
        for some in messages.chunks(KEPT_AT_ONCE) {
            let kept =
                some.iter().map(|it| keeper.queues.keep(&pool, keeper.receipt(), it.clone(), None));
            let changes = kept.collect();
            self.worker.fly_changes(self.pid, changes);
        }
    }

    /// See [`procession_environment::Host::hand_queued`].
    pub(crate) fn hand_from_queue(
        &mut self,
        child: Pid,
        n: u64,
        message: Message,
    ) -> Result<(), Error> {
        let keeper = self.worker.shared.keeper.clone().filter(|_| child.is_durable());
        let Some(keeper) = keeper else { return self.hand(child, message) };
        self.check_living()?;
        self.worker.sends += 1;
        self.worker.step(|kernel, cx| kernel.check_alive(cx, child))?;
        let here = self.worker.kernel.locate(child);
        if here.is_some_and(|slot| self.worker.kernel.is_paused(slot)) {
            return Err(Error::new(ErrorKind::Conflict, "the process is paused"));
        }
        keeper.queues.hand(n, child);
        let parent = self.pid;
        let home = child.shard % self.worker.shared.shards();
        if home == self.worker.shard {
            self.worker.take_from_queue((parent, child), n, message);
        } else {
            let task =
                move |worker: &mut Worker| worker.take_from_queue((parent, child), n, message);
            self.worker.post_task(home, Box::new(task));
        }
        Ok(())
    }

    /// See [`procession_environment::Host::settle_queued`].
    pub(crate) fn settle_in_queue(&mut self, n: u64, by: Pid) {
        let Some(keeper) = self.worker.shared.keeper.clone() else { return };
        let changes = keeper.queues.done(n);
        let home = by.shard % self.worker.shared.shards();
        if home == self.worker.shard || !by.is_durable() {
            return self.worker.fly_changes(self.pid, changes);
        }
        // Behind the commit in which the member took it.
        let pid = self.pid;
        self.worker.post_task(home, Box::new(move |worker| worker.fly_changes(pid, changes)));
    }

    /// See [`procession_environment::Host::bury_queued`].
    pub(crate) fn bury_from_queue(
        &mut self,
        n: u64,
        letter: Option<(&str, Topic, Fragment)>,
    ) -> Result<(), Error> {
        let Some(keeper) = self.worker.shared.keeper.clone() else { return Ok(()) };
        let mut changes = keeper.queues.done(n);
        let mut sent = Ok(());
        if let Some((to, topic, payload)) = letter {
            match self.resolve(to.as_bytes()) {
                Ok(pid) if pid.is_durable() && self.worker.shared.is_alive(pid) => {
                    sent = check_topic(&topic).and_then(|()| self.check_pid("process.send", pid));
                    if sent.is_ok() {
                        let message = Message { topic, from: Some(self.pid), payload };
                        let parcel = Parcel::Message(message);
                        let source = Source { id: Source::OUTSIDE, n: keeper.receipt(), index: 0 };
                        let key = keys::inbox(number(&pid), source);
                        changes.push(Change::put(Space::Inbox, key, encoded(&parcel)));
                        let arrival = Arrival { source, parcel, group: Arrival::SOON };
                        self.worker.fly_changes(self.pid, changes);
                        self.worker.send_parcel(pid, arrival);
                        return Ok(());
                    }
                }
                Ok(_) => sent = self.send(to.as_bytes(), topic, payload),
                Err(error) => sent = Err(error),
            }
        }
        self.worker.fly_changes(self.pid, changes);
        sent
    }

    /// See [`procession_environment::Host::count_handed`].
    pub(crate) fn count_as_handed(&mut self, child: Pid, topic: Topic) {
        let parent = self.pid;
        self.worker.step(|kernel, cx| kernel.count_handed(cx, (parent, child), topic, None));
    }
}

impl Worker {
    /// Gives a message of its parent's queue to a member that is at home here.
    fn take_from_queue(&mut self, (parent, child): (Pid, Pid), n: u64, message: Message) {
        let topic = message.topic.clone();
        let at = self.kernel.locate(child).map(|slot| self.kernel.arrivals(slot));
        let parcel = Parcel::Message(message);
        self.accept(child, Arrival { source: source(n), parcel, group: Arrival::SOON });
        self.step(|kernel, cx| kernel.count_handed(cx, (parent, child), topic, at));
        self.flush();
    }

    /// Writes down with a member what it has from its pool's queue and has not taken in a commit: from now
    /// on it has that for good.
    pub(crate) fn leave_with(
        &mut self,
        pid: Pid,
        messages: impl Iterator<Item = (Source, Message)>,
    ) {
        let Some(keeper) = self.shared.keeper.clone() else { return };
        let mut changes = Vec::new();
        for (source, message) in messages.filter(|(source, _)| source.id == Source::QUEUE) {
            let Some(taken) = keeper.queues.taken(source.n, pid) else { continue };
            let parcel = encoded(&Parcel::Message(message));
            changes.push(Change::put(Space::Inbox, keys::inbox(number(&pid), source), parcel));
            changes.push(taken);
        }
        if !changes.is_empty() {
            self.fly_changes(pid, changes);
        }
    }

    /// Has the process of a pool look around.
    pub(crate) fn rouse_pool(&mut self, process: Pid) {
        // Its next process looks by itself.
        let _ = self.step(|kernel, cx| kernel.rouse(cx, process));
    }
}

impl Node {
    /// Puts a message into the queue of a pool that keeps it; `told` is called when it is there, and on
    /// disk, or not at all when this returns an error.
    pub(crate) fn send_queued(
        &self,
        keeper: &Arc<Keeper>,
        pool: &SmolStr,
        (to, message): (Pid, Message),
        told: Told,
    ) -> Result<(), Error> {
        if !self.shared.is_alive(to) {
            return Err(Error::not_found("process not found"));
        }
        if !keeper.queues.has_room(pool) {
            return Err(full());
        }
        keeper.check_room()?;
        let n = keeper.receipt();
        let source = source(n);
        let change = keeper.queues.keep(pool, n, message, Some(source));
        let (arrivals, of) = (Arc::clone(&keeper.arrivals), Arc::clone(keeper));
        let done = move |result: Result<(), StoreError>| match result {
            Ok(()) => {
                let task = move |worker: &mut Worker| {
                    if let Some(process) = of.queues.arrived(source) {
                        worker.rouse_pool(process);
                        worker.flush();
                    }
                    told(Ok(()));
                };
                arrivals.add(to.shard, Mail::Task(Box::new(task)));
            }
            Err(error) => {
                of.queues.retract(|it| *it == source);
                told(Err(of_store(&error)));
            }
        };
        keeper.committer.submit(Commit::of(vec![change]), Box::new(done)).map_err(|_| {
            keeper.queues.retract(|it| *it == source);
            too_many()
        })
    }
}
