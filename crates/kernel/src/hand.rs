//! Handing a message on to a child, and telling what became of it.
//!
//! The message keeps its own sender. The parent hands one at a time: it asks for the rest of the child
//! with it, and a child is not at rest before it has taken what it was handed. When a child ends, its
//! parent hears how many of them it took, before it hears of the end: so it knows whether the last one
//! was lost with it or never reached it.

use crate::message::full;
use crate::{Dispatch, Kernel, QueueId, Signal, SlotIndex, State, Step};
use procession_types::{Error, ErrorKind, Event, Message, Pid, Rest, Topic};

/// What a process was handed by its parent.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    /// How many messages.
    count: u64,
    /// The last of them: its position among all that came, and its topic. No position =
    /// it was taken, or comes again with the process, which runs before it can be at rest then.
    last: (Option<u64>, Topic),
}

impl Handed {
    /// As it is once the process has left memory, where its mailbox counts anew.
    pub(crate) fn asleep(&mut self) {
        self.last.0 = None;
    }
}

impl Kernel {
    /// Puts a message into the mailbox of a child of the process at a slot, as from its own sender.
    /// The process is told by [`Event::Rest`] when the child has taken it and is idle, and by
    /// [`Event::Took`], before EXIT, when it ends. A message that the child has not taken when the
    /// next one comes counts as taken.
    ///
    /// # Errors
    /// `NotFound` (dead child), `Invalid` (not the caller's child), `RateLimited` (full mailbox),
    /// `Conflict` (a child of this shard that is paused: it would keep the message until it is resumed),
    /// `Unavailable` (too many events unread).
    pub fn hand(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        child: Pid,
        message: Message,
    ) -> Result<(), Error> {
        let from = self.check_child(cx, slot, child)?;
        let here = self.is_mine(child).then(|| self.table.get(child)).flatten();
        match here {
            Some(process) if process.state == State::Paused => {
                return Err(Error::new(ErrorKind::Conflict, "the process is paused"));
            }
            Some(process) => {
                let room = process.mailbox.room(&process.definition.limits);
                if room.messages == 0 || room.bytes < message.bytes() {
                    return Err(full());
                }
            }
            None => match cx.directory.dispatch(child, message.bytes()) {
                Dispatch::Sent => {}
                Dispatch::Dead => return Self::dead(),
                Dispatch::Full => return Err(full()),
            },
        }
        self.counts.sent += 1;
        let message = Box::new(message);
        match here.map(|process| process.slot) {
            Some(slot) => {
                self.put_handed(cx, slot, message);
                self.publish_room(cx, slot);
            }
            None => {
                let birth = self.birth_of(slot);
                self.emit_by(cx, birth, Signal::Hand { from, to: child, message });
            }
        }
        Ok(())
    }

    /// A message that was announced, from a parent on another shard.
    pub(crate) fn deliver_hand(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        message: Box<Message>,
    ) {
        let Some(process) = self.table.at(slot) else { return };
        let (to, bytes, is_parent) = (process.pid, message.bytes(), process.parent == Some(from));
        if is_parent {
            self.put_handed(cx, slot, message);
        } else {
            self.counts.dropped_dead += 1;
        }
        self.arrived(cx, to, bytes);
    }

    fn put_handed(&mut self, cx: &mut Step<'_>, slot: SlotIndex, message: Box<Message>) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let last = (Some(process.mailbox.arrivals()), message.topic.clone());
        process.mailbox.push_over(message);
        process.asked = Some(Rest::Idle);
        let count = process.rare().handed.as_ref().map_or(0, |handed| handed.count) + 1;
        process.rare().handed = Some(Box::new(Handed { count, last }));
        // It has not seen the message yet: it runs before it can be at rest.
        Self::wake(process, &mut self.ready, cx.now);
    }

    /// Counts a message as handed by `from` to its durable child `to`, which got it by another way and has it
    /// at this position of its mailbox, or in hand. All that follows is as for [`Kernel::hand`].
    pub fn count_handed(
        &mut self,
        cx: &mut Step<'_>,
        (from, to): (Pid, Pid),
        topic: Topic,
        at: Option<u64>,
    ) {
        self.emit(cx, Signal::Handed { from, to, topic, at });
    }

    pub(crate) fn deliver_handed(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        last: (Option<u64>, Topic),
    ) {
        let Some(process) = self.table.at_mut(slot).filter(|it| it.parent == Some(from)) else {
            return;
        };
        process.asked = Some(Rest::Idle);
        let count = process.rare().handed.as_ref().map_or(0, |handed| handed.count) + 1;
        process.rare().handed = Some(Box::new(Handed { count, last }));
        if process.state == State::Waiting {
            self.tell_rest(cx, slot);
        }
    }

    pub(crate) fn publish_room(&mut self, cx: &Step<'_>, slot: SlotIndex) {
        if let Some(process) = self.table.at(slot) {
            cx.directory.set_room(process.pid, process.mailbox.room(&process.definition.limits));
        }
    }

    /// Whether the process at a slot has not taken what it was handed last, and the queue of that
    /// otherwise; `None` when it was handed nothing.
    pub(crate) fn handed_queue(&self, slot: SlotIndex) -> Option<Result<QueueId, Untaken>> {
        let process = self.table.at(slot)?;
        let handed = process.rare.as_ref()?.handed.as_ref()?;
        let (arrival, topic) = &handed.last;
        let queue = process.mailbox.queue_of(topic).unwrap_or(QueueId::INBOX);
        let is_held = arrival.is_some_and(|arrival| process.mailbox.holds(arrival));
        Some(if is_held { Err(Untaken) } else { Ok(queue) })
    }

    /// How many messages have been handed to the process at a slot.
    pub(crate) fn handed_count(&self, slot: SlotIndex) -> u64 {
        let rare = self.table.at(slot).and_then(|process| process.rare.as_ref());
        rare.and_then(|rare| rare.handed.as_ref()).map_or(0, |handed| handed.count)
    }

    /// Tells the parent of a process that ends how many messages it has taken.
    pub(crate) fn tell_taken(&mut self, cx: &mut Step<'_>, process: &crate::process::Process) {
        let Some(parent) = process.parent else { return };
        let handed = process.rare.as_ref().and_then(|rare| rare.handed.as_ref());
        let Some(Handed { count, last: (arrival, _) }) = handed.map(|handed| &**handed) else {
            return;
        };
        let is_held = arrival.is_some_and(|arrival| process.mailbox.holds(arrival));
        let count = count - u64::from(is_held);
        self.emit_by(cx, process.birth, Signal::Took { from: process.pid, to: parent, count });
    }

    pub(crate) fn deliver_took(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        from: Pid,
        count: u64,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        process.events.push_back(Event::Took { from, at: cx.now, count });
        Self::wake(process, &mut self.ready, cx.now);
    }
}

/// It waits in the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Untaken;
