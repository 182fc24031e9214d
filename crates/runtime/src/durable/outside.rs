//! What comes for durable processes from outside of the node, and the end of the node.

use super::keeper::{Keeper, of_store, too_many};
use super::process::Arrival;
use crate::mail::Mail;
use crate::node::Node;
use crate::worker::Worker;
use procession_durable::bytes::encoded;
use procession_durable::head::number;
use procession_durable::journal::{Entry, Source};
use procession_durable::keys;
use procession_durable::record::Parcel;
use procession_kernel::SlotIndex;
use procession_store::{Change, Commit, Space, StoreError};
use procession_types::{Error, Message, Pid};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Is told what became of a message, on a thread of the node: it has to be quick.
pub(crate) type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

impl Node {
    /// Puts a message into the mailbox of a durable process; `told` is called when it is there, and on
    /// disk, or not at all when this returns an error.
    pub(crate) fn send_durable(&self, to: Pid, message: Message, told: Told) -> Result<(), Error> {
        let keeper = self.shared.keeper.as_ref().filter(|_| self.shared.is_alive(to));
        let keeper = keeper.ok_or_else(|| Error::not_found("process not found"))?;
        self.check_waiting(to)?;
        keeper.check_room()?;
        let parcel = Parcel::Message(message);
        let (source, commit) = keeper.receive(to, &parcel);
        let (arrivals, gauge) = (Arc::clone(&keeper.arrivals), Arc::clone(&keeper.gauge));
        let done = move |result: Result<(), StoreError>| match result {
            Ok(()) => {
                let group = gauge.groups.load(Ordering::SeqCst);
                let arrival = Arrival { source, parcel, group };
                let task = move |worker: &mut Worker| {
                    worker.accept(to, arrival);
                    told(Ok(()));
                };
                arrivals.add(to.shard, Mail::Task(Box::new(task)));
            }
            Err(error) => told(Err(of_store(&error))),
        };
        keeper.committer.submit(commit, Box::new(done)).map_err(|_| too_many())
    }

    /// Waits until everything that durable processes have done so far is on disk.
    pub fn flush_store(&self) {
        if let Some(keeper) = &self.shared.keeper {
            keeper.committer.flush();
        }
    }

    /// Puts all durable processes to rest, and what waits for them onto the disk.
    pub(crate) fn rest_durable(&self) {
        let Some(keeper) = &self.shared.keeper else { return };
        // There may never be room again: what is not on disk by now was promised to nobody.
        keeper.gauge.is_closing.store(true, Ordering::SeqCst);
        for shard in 0..self.shared.shards() {
            // Refused only when the worker is gone already.
            let _ = self.on(shard, Worker::rest_all);
        }
        self.flush_store();
        for shard in 0..self.shared.shards() {
            // What was decided is released by now.
            let _ = self.on(shard, |_| ());
        }
    }
}

impl Keeper {
    /// Something from outside for a durable process: where it is written down, and how.
    pub(crate) fn receive(&self, to: Pid, parcel: &Parcel) -> (Source, Commit) {
        let source = Source { id: Source::OUTSIDE, n: self.receipt(), index: 0 };
        let key = keys::inbox(number(&to), source);
        (source, Commit::of(vec![Change::put(Space::Inbox, key, encoded(parcel))]))
    }
}

impl Worker {
    /// Takes all durable processes of this shard out of memory. What they have begun and not committed
    /// never was; what waits in their mailboxes is written down.
    pub(crate) fn rest_all(&mut self) {
        let slots: Vec<_> = self.desk.kept.keys().copied().collect();
        for slot in slots {
            self.rest_one(slot);
        }
        self.desk.is_resting = true;
        self.flush();
    }

    /// Likewise the process at a slot.
    pub(crate) fn rest_one(&mut self, slot: SlotIndex) {
        let Some(mut kept) = self.desk.kept.remove(&slot) else { return };
        let pid = kept.pid;
        self.drop_outputs(&std::mem::take(&mut kept.recording.outputs));
        if let Some(resident) = self.guests.take_of(slot, pid) {
            crate::worker::discard(resident);
        }
        let Some(evicted) = self.step(|kernel, cx| kernel.evict(cx, slot)) else { return };
        let taken = super::failure::inputs_of(&kept.recording.journal);
        let again = taken.into_iter().filter_map(|entry| match entry {
            Entry::Message { source, message, .. } => Some((source, message)),
            _ => None,
        });
        let waiting = evicted.messages.into_iter();
        let waiting = waiting.map(|(at, message)| (kept.sources.get(&at).copied(), message));
        let (written, unwritten): (Vec<_>, Vec<_>) =
            again.chain(waiting).partition(|(source, _)| source.is_some());
        self.write_down(pid, unwritten.into_iter().map(|(_, message)| message));
        let written = written.into_iter().filter_map(|(source, message)| Some((source?, message)));
        self.leave_with(pid, written);
        if !evicted.events.is_empty() {
            self.desk.unread.insert(pid, evicted.events);
        }
    }
}
