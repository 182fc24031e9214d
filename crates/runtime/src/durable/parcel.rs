//! What comes for a durable process from outside of its shard's kernel, and is written down already.

use super::process::{Arrival, Early, Kept};
use crate::worker::Worker;
use procession_durable::journal::Source;
use procession_durable::record::Parcel;
use procession_kernel::{Directory as _, SlotIndex};
use procession_types::{Event, Pid};
use std::collections::HashSet;

impl Worker {
    /// Takes in what has come for a process that is at home here: at once, or when it is back.
    pub(crate) fn accept(&mut self, to: Pid, arrival: Arrival) {
        match self.kernel.locate(to) {
            Some(slot) => {
                let Arrival { source, parcel, group } = arrival;
                // It may have been given it from the store, and may have taken it since.
                let is_known =
                    |it: &mut Box<Kept>| it.loaded.remove(&source) || group <= it.read_at;
                if !self.desk.kept.get_mut(&slot).is_some_and(is_known) {
                    self.unpack(slot, to, Some(source), parcel);
                }
            }
            None if self.shared.directory.is_alive(to) => {
                self.desk.early.entry(to).or_default().push(arrival);
                self.step(|kernel, cx| kernel.rouse_sleeper(cx, to));
            }
            // It waits in the store for nobody: what is left there is removed with the process.
            None => {}
        }
        self.flush();
    }

    /// Gives it to a process that is in memory.
    pub(crate) fn unpack(
        &mut self,
        slot: SlotIndex,
        to: Pid,
        source: Option<Source>,
        parcel: Parcel,
    ) {
        match parcel {
            Parcel::Message(message) => {
                let at = self.step(|kernel, cx| kernel.post_over(cx, slot, message));
                // A process that has not had its first turn keeps its sources elsewhere.
                if let (Some(source), Some(kept)) = (source, self.desk.kept.get_mut(&slot)) {
                    kept.sources.insert(at, source);
                }
            }
            Parcel::Cancel { from, at, deadline, reason } => {
                let event = Event::Cancel { from, at, deadline, reason };
                self.step(|kernel, cx| kernel.bring(cx, slot, event));
                if let (Some(source), Some(kept)) = (source, self.desk.kept.get_mut(&slot)) {
                    kept.cancels.push((from, at, source));
                }
            }
            Parcel::Terminate => {
                // It may have ended by something else since.
                let _ = self.step(|kernel, cx| kernel.terminate(cx, to));
            }
            Parcel::Death { of, by_link, reason, .. } => {
                self.step(|kernel, cx| kernel.hear(cx, slot, of, by_link, reason));
            }
        }
    }

    /// What has come for a process while it was not in memory, each once and in order: what it had before
    /// and gets again, what waits in the store, which had so many groups when that was looked up, and what
    /// has come since.
    pub(crate) fn early(&mut self, pid: Pid, stored: Early, read_at: u64) -> Early {
        let mut all = self.desk.returned.remove(&pid).unwrap_or_default();
        let mut known: HashSet<Source> = all.iter().filter_map(|(source, _)| *source).collect();
        let since = self.desk.early.remove(&pid).unwrap_or_default();
        let since = since.into_iter().filter(|arrival| arrival.group > read_at);
        let since = since.map(|arrival| (Some(arrival.source), arrival.parcel));
        for (source, parcel) in stored.into_iter().chain(since) {
            if source.is_none_or(|source| known.insert(source)) {
                all.push((source, parcel));
            }
        }
        all
    }
}
