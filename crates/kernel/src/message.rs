//! Sending and receiving: the paths that everything is measured by.

use crate::kernel::not_found;
use crate::near::Birth;
use crate::{ClosedListeners, Dispatch, Kernel, QueueId, Signal, SlotIndex, Step};
use procession_types::{Error, Event, Fragment, Limit, Message, Pid, Topic};

impl Kernel {
    /// Puts a message of the process at a slot into a mailbox.
    ///
    /// # Errors
    /// `NotFound`, `RateLimited` (full mailbox), `Unavailable` (message too large).
    #[inline(always)]
    pub fn send(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        to: Pid,
        topic: Topic,
        payload: Fragment,
    ) -> Result<(), Error> {
        let sender = self.table.at(slot).ok_or_else(not_found)?;
        if payload.bytes() as u64 > sender.definition.limits.message_bytes_max {
            return Err(Error::limit(Limit::MessageSize, "message too large"));
        }
        let birth = sender.birth;
        // In one place from here to its receiver: to move it costs more than to make room for it.
        let message = Box::new(Message { topic, from: Some(sender.pid), payload });
        self.post_for(cx, birth, to, message)
    }

    /// Puts a message into a mailbox for the process at a slot, whoever it says that it is from.
    ///
    /// # Errors
    /// `NotFound`, `RateLimited` (full mailbox).
    pub fn post_by(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        to: Pid,
        message: Message,
    ) -> Result<(), Error> {
        self.post_for(cx, self.birth_of(slot), to, Box::new(message))
    }

    /// Puts a message into a mailbox for somebody outside.
    ///
    /// # Errors
    /// `NotFound`, `RateLimited` (full mailbox).
    pub fn post(&mut self, cx: &mut Step<'_>, to: Pid, message: Message) -> Result<(), Error> {
        self.post_for(cx, Birth::VOID, to, Box::new(message))
    }

    #[inline]
    fn post_for(
        &mut self,
        cx: &mut Step<'_>,
        birth: Birth,
        to: Pid,
        message: Box<Message>,
    ) -> Result<(), Error> {
        let slot = if self.is_mine(to) { Some(to.slot) } else { self.near(birth, to) };
        let process = slot.and_then(|slot| self.table.at_mut(slot)).filter(|it| it.pid == to);
        let Some(process) = process else { return self.post_away(cx, to, message) };
        let limits = &process.definition.limits;
        if process.mailbox.push(message, limits).is_err() {
            return Err(full());
        }
        // Two plain stores; they do not show beside the rest (measured).
        cx.directory.set_room(to, process.mailbox.room(limits));
        self.counts.sent += 1;
        Self::wake(process, &mut self.ready, cx.now);
        Ok(())
    }

    /// To a process of another shard, or one of this shard that is on another or dead.
    #[inline(never)]
    fn post_away(
        &mut self,
        cx: &mut Step<'_>,
        to: Pid,
        message: Box<Message>,
    ) -> Result<(), Error> {
        if !self.is_possible(to) {
            return Self::dead();
        }
        match cx.directory.dispatch(to, message.bytes()) {
            Dispatch::Sent => {
                self.counts.sent += 1;
                self.emit(cx, Signal::Message { to, message });
                Ok(())
            }
            Dispatch::Dead => Self::dead(),
            Dispatch::Full => Err(full()),
        }
    }

    /// A message of this shard for a process that another shard is about to move here.
    pub(crate) fn deliver_message(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        message: Box<Message>,
    ) {
        let Some(process) = self.table.at_mut(slot) else { return };
        let (to, bytes) = (process.pid, message.bytes());
        process.mailbox.push_over(message);
        Self::wake(process, &mut self.ready, cx.now);
        self.arrived(cx, to, bytes);
    }

    /// Takes the oldest message of a queue.
    #[inline]
    pub fn receive(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        queue: QueueId,
    ) -> Option<Box<Message>> {
        let process = self.table.at_mut(slot)?;
        let message = process.mailbox.receive(queue)?;
        self.counts.received += 1;
        let room = process.mailbox.room(&process.definition.limits);
        cx.directory.set_room(process.pid, room);
        Some(message)
    }

    /// Likewise, with the message's position among all that came for the process.
    pub fn receive_entry(
        &mut self,
        cx: &mut Step<'_>,
        slot: SlotIndex,
        queue: QueueId,
    ) -> Option<(u64, Box<Message>)> {
        let process = self.table.at_mut(slot)?;
        let entry = process.mailbox.receive_entry(queue)?;
        self.counts.received += 1;
        let room = process.mailbox.room(&process.definition.limits);
        cx.directory.set_room(process.pid, room);
        Some(entry)
    }

    /// How many messages have ever come for the process at a slot.
    #[must_use]
    pub fn arrivals(&self, slot: SlotIndex) -> u64 {
        self.table.at(slot).map_or(0, |process| process.mailbox.arrivals())
    }

    /// Puts a message into the mailbox of the process at a slot even when it is full: one that was
    /// accepted before. Returns its position among all that came.
    pub fn post_over(&mut self, cx: &mut Step<'_>, slot: SlotIndex, message: Message) -> u64 {
        let Some(process) = self.table.at_mut(slot) else { return 0 };
        let at = process.mailbox.arrivals();
        process.mailbox.push_over(Box::new(message));
        cx.directory.set_room(process.pid, process.mailbox.room(&process.definition.limits));
        Self::wake(process, &mut self.ready, cx.now);
        at
    }

    /// Whether `receive` would give a message.
    #[inline]
    #[must_use]
    pub fn has_message(&self, slot: SlotIndex, queue: QueueId) -> bool {
        self.table.at(slot).is_some_and(|process| process.mailbox.has_message(queue))
    }

    /// Has a process look around once, although nothing has come for it: there is news that it is
    /// told in another way.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn rouse(&mut self, cx: &mut Step<'_>, to: Pid) -> Result<(), Error> {
        self.check_alive(cx, to)?;
        self.emit(cx, Signal::Rouse { to });
        Ok(())
    }

    pub(crate) fn deliver_rouse(&mut self, cx: &Step<'_>, slot: SlotIndex) {
        if let Some(process) = self.table.at_mut(slot) {
            Self::wake(process, &mut self.ready, cx.now);
        }
    }

    /// Messages that wait for the process at a slot.
    #[must_use]
    pub fn waiting(&self, slot: SlotIndex) -> u32 {
        self.table.at(slot).map_or(0, |process| process.mailbox.len())
    }

    /// Takes the oldest event.
    #[inline]
    pub fn receive_event(&mut self, slot: SlotIndex) -> Option<Event> {
        const KEPT_CAPACITY_MAX: usize = 64;
        let events = &mut self.table.at_mut(slot)?.events;
        let event = events.pop_front();
        if events.is_empty() && events.capacity() > KEPT_CAPACITY_MAX {
            events.shrink_to_fit();
        }
        event
    }

    /// Whether `receive_event` would give an event.
    #[inline]
    #[must_use]
    pub fn has_event(&self, slot: SlotIndex) -> bool {
        self.table.at(slot).is_some_and(|process| !process.events.is_empty())
    }

    /// A queue for a topic; messages on it that wait in the inbox move there. The same topic gives
    /// the same queue.
    ///
    /// # Errors
    /// `Unavailable` when there are too many.
    pub fn listen(&mut self, slot: SlotIndex, topic: &Topic) -> Result<QueueId, Error> {
        let process = self.caller_mut(slot)?;
        if let Some(queue) = process.mailbox.queue_of(topic) {
            return Ok(queue);
        }
        let most = process.definition.limits.topics_max.min(u32::from(u16::MAX)) as usize;
        if process.mailbox.topics() >= most {
            return Err(Error::limit(Limit::Topics, "listening to too many topics"));
        }
        Ok(process.mailbox.listen(topic))
    }

    /// Whether the process listens to a topic.
    #[must_use]
    pub fn has_listener(&self, slot: SlotIndex, topic: &str) -> bool {
        self.table.at(slot).is_some_and(|process| process.mailbox.queue_of(topic).is_some())
    }

    /// Ends a queue; what waits in it takes its place in the inbox, or is dropped when the topic is
    /// reserved.
    pub fn unlisten(&mut self, slot: SlotIndex, queue: QueueId) {
        if let Some(process) = self.table.at_mut(slot) {
            process.mailbox.unlisten(queue);
        }
    }

    /// Ends all queues of the process, as for another program that will take its place.
    pub fn close_listeners(&mut self, slot: SlotIndex) -> ClosedListeners {
        self.table.at_mut(slot).map(|process| process.mailbox.close_all()).unwrap_or_default()
    }

    /// Undoes that: the other program did not start.
    pub fn reopen_listeners(&mut self, slot: SlotIndex, closed: ClosedListeners) {
        if let Some(process) = self.table.at_mut(slot) {
            process.mailbox.reopen(closed);
        }
    }

    /// Gives back room of a process that has been idle.
    pub fn trim(&mut self, slot: SlotIndex) {
        if let Some(process) = self.table.at_mut(slot) {
            process.mailbox.trim();
            process.events.shrink_to_fit();
        }
    }
}

pub(crate) fn full() -> Error {
    Error::limit(Limit::Mailbox, "mailbox is full").with_retryable(true)
}
