//! Whether what one process does to another can be seen by it in the order in which it was done:
//! messages, CANCEL, and the news of its end, which comes last.

use crate::world::World;
use procession_kernel::SlotIndex;
use procession_types::{ErrorKind, Event, ExitReason, Failure, Pid};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What one has done to the other, and the other has not seen.
#[derive(Debug, Default)]
struct Unseen {
    /// Numbers of messages, by when they were sent.
    messages: BTreeMap<u64, usize>,
    /// When it was cancelled.
    cancels: VecDeque<u64>,
}

/// By doer and receiver.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    pairs: BTreeMap<(Pid, Pid), Unseen>,
}

impl Orders {
    pub(crate) fn sends(&mut self, from: Pid, to: Pid, at: u64, message: usize) {
        self.pairs.entry((from, to)).or_default().messages.insert(at, message);
    }

    pub(crate) fn cancels(&mut self, from: Pid, to: Pid, at: u64) {
        self.pairs.entry((from, to)).or_default().cancels.push_back(at);
    }

    /// That one was refused.
    pub(crate) fn did_not_cancel(&mut self, from: Pid, to: Pid) {
        if let Some(unseen) = self.pairs.get_mut(&(from, to)) {
            unseen.cancels.pop_back();
        }
    }

    /// A message is received that was sent at a time; nothing else waits to be seen if there are no
    /// events.
    pub(crate) fn receives(
        &mut self,
        by: Pid,
        from: Pid,
        at: u64,
        has_event: bool,
    ) -> Result<(), String> {
        let Some(unseen) = self.pairs.get_mut(&(from, by)) else { return Ok(()) };
        unseen.messages.remove(&at);
        match unseen.cancels.front() {
            Some(cancel) if *cancel < at && !has_event => {
                Err(format!("{by} got a message of {from} before an earlier CANCEL"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// An event is read; `present` are the messages that wait for the same process.
    fn reads(&mut self, by: Pid, event: &Event, present: &BTreeSet<usize>) -> Result<(), String> {
        let (from, at) = match event {
            Event::Cancel { from: Some(from), reason: Some(reason), .. } => {
                (*from, reason.parse().unwrap_or(0))
            }
            Event::Exit { from, reason, .. } | Event::LinkDown { from, reason, .. } => {
                if is_gone(reason) {
                    return Ok(());
                }
                (*from, u64::MAX)
            }
            Event::Took { from, .. } => (*from, u64::MAX),
            Event::Rest { .. } | Event::Cancel { .. } => return Ok(()),
        };
        let Some(unseen) = self.pairs.get_mut(&(from, by)) else { return Ok(()) };
        if at < u64::MAX && unseen.cancels.pop_front() != Some(at)
            || at == u64::MAX && !unseen.cancels.is_empty()
        {
            return Err(format!("{by} read {event:?} before an earlier CANCEL"));
        }
        let mut earlier = unseen.messages.range(..at).map(|(_, message)| *message);
        match earlier.find(|message| !present.contains(message)) {
            Some(message) => Err(format!("{by} got {event:?} before message {message}")),
            None => Ok(()),
        }
    }

    /// Nobody sees what is for the dead.
    pub(crate) fn ended(&mut self, pid: Pid) {
        self.pairs.retain(|(_, to), _| *to != pid);
    }
}

/// Whether the news was made by asking about the dead: that is not in order with anything.
fn is_gone(reason: &ExitReason) -> bool {
    match reason {
        ExitReason::Normal(_) => false,
        ExitReason::Failed(failure) => {
            matches!(&**failure, Failure::Error(error) if error.kind == ErrorKind::NotFound)
        }
    }
}

impl World {
    /// What has happened earlier between the two must have come before an event that is read.
    pub(crate) fn check_order(
        &mut self,
        shard: usize,
        slot: SlotIndex,
        pid: Pid,
        event: &Event,
    ) -> Result<(), String> {
        let waiting = self.kernels[shard].peek(slot, usize::MAX).map_or(Vec::new(), |it| it.1);
        let numbers = waiting.iter().filter_map(|message| {
            let payload = message.payload.as_ref()?;
            usize::try_from(payload.integer(payload.values()[0])?).ok()
        });
        self.model.orders.reads(pid, event, &numbers.collect())
    }
}
