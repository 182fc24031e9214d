//! The mailbox of a process: the inbox, and a queue for every topic that it listens to.

use crate::Room;
use procession_types::{Limits, Message, Topic};
use std::collections::{BTreeMap, VecDeque};

/// A drained queue with more room than this gives it back.
const KEPT_CAPACITY_MAX: usize = 256;
/// Listeners that are searched one by one; more get an index.
const LINEAR_MAX: usize = 16;

/// A queue of a mailbox. [`QueueId::INBOX`] holds what no listener claimed. An id is not given
/// again soon: its upper half counts how often the lower half was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(pub u32);

impl QueueId {
    /// Messages on topics that nobody listens to.
    pub const INBOX: Self = Self(0);

    fn index(self) -> Option<usize> {
        ((self.0 & 0xFFFF) as usize).checked_sub(1)
    }

    fn new(index: usize, generation: u16) -> Self {
        Self(u32::from(generation) << 16 | (index as u32 + 1))
    }
}

/// The mailbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug)]
struct Entry {
    /// Position among all messages this mailbox ever got: what goes back to the inbox goes to
    /// where it belongs.
    arrival: u64,
    message: Box<Message>,
}

#[derive(Debug)]
struct Listener {
    id: QueueId,
    topic: Topic,
    queue: VecDeque<Entry>,
}

#[derive(Debug, Default)]
struct Listeners {
    list: Vec<Option<Listener>>,
    count: usize,
    generation: u16,
    /// Positions by topic, once there are more than `LINEAR_MAX`.
    index: Option<BTreeMap<Topic, usize>>,
}

/// The topics of a mailbox whose listening is suspended; see [`crate::Kernel::close_listeners`].
#[derive(Debug, Default)]
pub struct ClosedListeners(Option<Box<Listeners>>);

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    inbox: VecDeque<Entry>,
    listeners: Option<Box<Listeners>>,
    bytes: u64,
    arrivals: u64,
    messages: u32,
}

impl Mailbox {
    pub(crate) fn len(&self) -> u32 {
        self.messages
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many messages it ever got; the position of the next one among them.
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Whether a message waits, by its position.
    pub(crate) fn holds(&self, arrival: u64) -> bool {
        // Each queue is sorted.
        let is_in = |queue: &VecDeque<Entry>| {
            queue.binary_search_by_key(&arrival, |entry| entry.arrival).is_ok()
        };
        let mut listeners = self.listeners.iter().flat_map(|all| all.list.iter().flatten());
        self.messages > 0 && (is_in(&self.inbox) || listeners.any(|it| is_in(&it.queue)))
    }

    #[inline]
    pub(crate) fn room(&self, limits: &Limits) -> Room {
        Room {
            messages: limits.mailbox_messages_max.saturating_sub(self.messages),
            bytes: limits.mailbox_bytes_max.saturating_sub(self.bytes),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, message: Box<Message>, limits: &Limits) -> Result<(), Full> {
        let bytes = message.bytes();
        let total = self.bytes + bytes;
        if self.messages >= limits.mailbox_messages_max || total > limits.mailbox_bytes_max {
            return Err(Full);
        }
        self.add(message, bytes);
        Ok(())
    }

    /// Adds a message even when it is full: one that was accepted elsewhere.
    #[inline]
    pub(crate) fn push_over(&mut self, message: Box<Message>) {
        let bytes = message.bytes();
        self.add(message, bytes);
    }

    /// Adds a message that counts for so many bytes.
    #[inline]
    fn add(&mut self, message: Box<Message>, bytes: u64) {
        // It is the driver's, and nobody listens to it any more.
        if message.topic.is_reserved() && self.queue_of(&message.topic).is_none() {
            return;
        }
        self.bytes += bytes;
        self.messages += 1;
        let arrival = self.arrivals;
        self.arrivals += 1;
        let queue = match &mut self.listeners {
            None => &mut self.inbox,
            Some(listeners) => listeners.queue_for(&message.topic).unwrap_or(&mut self.inbox),
        };
        if queue.capacity() == 0 {
            // Most mailboxes never hold two; a queue that grows on its own begins with room for four.
            queue.reserve_exact(1);
        }
        queue.push_back(Entry { arrival, message });
    }

    /// The oldest message of a queue.
    #[inline]
    pub(crate) fn receive(&mut self, queue: QueueId) -> Option<Box<Message>> {
        self.receive_entry(queue).map(|(_, message)| message)
    }

    /// The oldest message of a queue, and its position among all that came.
    #[inline]
    pub(crate) fn receive_entry(&mut self, queue: QueueId) -> Option<(u64, Box<Message>)> {
        let entries = self.queue_mut(queue)?;
        let entry = entries.pop_front()?;
        if entries.is_empty() && entries.capacity() > KEPT_CAPACITY_MAX {
            *entries = VecDeque::new();
        }
        self.bytes -= entry.message.bytes();
        self.messages -= 1;
        Some((entry.arrival, entry.message))
    }

    /// Takes out everything, oldest first, each with its position among all that came.
    pub(crate) fn drain(&mut self) -> Vec<(u64, Message)> {
        let listeners = self.listeners.iter_mut().flat_map(|all| all.list.iter_mut().flatten());
        let queues =
            std::iter::once(&mut self.inbox).chain(listeners.map(|listener| &mut listener.queue));
        let mut entries: Vec<Entry> = queues.flat_map(std::mem::take).collect();
        entries.sort_unstable_by_key(|entry| entry.arrival);
        (self.messages, self.bytes) = (0, 0);
        entries.into_iter().map(|entry| (entry.arrival, *entry.message)).collect()
    }

    /// Makes a queue for a topic under the number that it had in another mailbox; no message waits.
    pub(crate) fn listen_as(&mut self, topic: &Topic, queue: QueueId) {
        self.listeners.get_or_insert_default().add_as(topic, queue);
    }

    /// Gives no number of a queue again up to this one.
    pub(crate) fn passed(&mut self, queue: QueueId) {
        if queue != QueueId::INBOX {
            self.listeners.get_or_insert_default().generation = (queue.0 >> 16) as u16;
        }
    }

    /// The oldest messages of all queues, in the order in which they came.
    pub(crate) fn oldest(&self, count_max: usize) -> Vec<&Message> {
        let listeners = self.listeners.iter().flat_map(|all| all.list.iter().flatten());
        let queues = std::iter::once(&self.inbox).chain(listeners.map(|listener| &listener.queue));
        let mut entries: Vec<&Entry> =
            queues.flat_map(|queue| queue.iter().take(count_max)).collect();
        entries.sort_unstable_by_key(|entry| entry.arrival);
        entries.truncate(count_max);
        entries.into_iter().map(|entry| &*entry.message).collect()
    }

    pub(crate) fn has_message(&self, queue: QueueId) -> bool {
        match self.queue(queue) {
            Some(entries) => !entries.is_empty(),
            None => false,
        }
    }

    pub(crate) fn topics(&self) -> usize {
        self.listeners.as_ref().map_or(0, |listeners| listeners.count)
    }

    pub(crate) fn queue_of(&self, topic: &str) -> Option<QueueId> {
        let listeners = self.listeners.as_ref()?;
        let at = listeners.find(topic)?;
        listeners.list[at].as_ref().map(|listener| listener.id)
    }

    /// The topic of a queue.
    pub(crate) fn topic(&self, queue: QueueId) -> Option<&Topic> {
        let listener = self.listeners.as_ref()?.list.get(queue.index()?)?.as_ref()?;
        (listener.id == queue).then_some(&listener.topic)
    }

    /// Makes a queue for a topic that has none and moves there what waits in the inbox.
    pub(crate) fn listen(&mut self, topic: &Topic) -> QueueId {
        let mut queue = VecDeque::new();
        if self.inbox.iter().any(|entry| entry.message.topic == *topic) {
            for entry in std::mem::take(&mut self.inbox) {
                let claimed = entry.message.topic == *topic;
                if claimed { queue.push_back(entry) } else { self.inbox.push_back(entry) }
            }
        }
        self.listeners.get_or_insert_default().add(topic, queue)
    }

    /// Ends a queue; what waits in it takes its place in the inbox.
    pub(crate) fn unlisten(&mut self, queue: QueueId) {
        let Some(listeners) = &mut self.listeners else { return };
        let Some(listener) = listeners.remove(queue) else { return };
        if listener.topic.is_reserved() {
            self.discount(&listener.queue);
        } else {
            self.merge(listener.queue);
        }
    }

    /// Ends all queues as `unlisten` does, and returns what `reopen` needs to undo that; messages
    /// on reserved topics are in there.
    pub(crate) fn close_all(&mut self) -> ClosedListeners {
        let mut closed = self.listeners.take();
        for listener in closed.iter_mut().flat_map(|closed| closed.list.iter_mut().flatten()) {
            if listener.topic.is_reserved() {
                self.discount(&listener.queue);
            } else {
                let entries = std::mem::take(&mut listener.queue);
                self.merge(entries);
            }
        }
        ClosedListeners(closed)
    }

    /// Messages that are not in the mailbox any more.
    fn discount(&mut self, entries: &VecDeque<Entry>) {
        self.messages -= entries.len() as u32;
        self.bytes -= entries.iter().map(|entry| entry.message.bytes()).sum::<u64>();
    }

    /// Brings the queues back that `close_all` ended, under their old ids.
    pub(crate) fn reopen(&mut self, closed: ClosedListeners) {
        drop(self.close_all());
        let Some(mut listeners) = closed.0 else { return };
        for listener in listeners.list.iter().flatten() {
            self.messages += listener.queue.len() as u32;
            self.bytes += listener.queue.iter().map(|entry| entry.message.bytes()).sum::<u64>();
        }
        for entry in std::mem::take(&mut self.inbox) {
            match listeners.find(&entry.message.topic).and_then(|at| listeners.list[at].as_mut()) {
                Some(listener) => listener.queue.push_back(entry),
                None => self.inbox.push_back(entry),
            }
        }
        self.listeners = Some(listeners);
    }

    /// Gives back room that is not used.
    pub(crate) fn trim(&mut self) {
        self.inbox.shrink_to_fit();
        for listener in self.listeners.iter_mut().flat_map(|all| all.list.iter_mut().flatten()) {
            listener.queue.shrink_to_fit();
        }
    }

    fn merge(&mut self, entries: VecDeque<Entry>) {
        if entries.is_empty() {
            return;
        }
        self.inbox.extend(entries);
        // Both parts are sorted, which the sort finds in one pass.
        self.inbox.make_contiguous().sort_by_key(|entry| entry.arrival);
    }

    fn queue(&self, queue: QueueId) -> Option<&VecDeque<Entry>> {
        if queue == QueueId::INBOX {
            return Some(&self.inbox);
        }
        let listener = self.listeners.as_ref()?.list.get(queue.index()?)?.as_ref()?;
        (listener.id == queue).then_some(&listener.queue)
    }

    #[inline]
    fn queue_mut(&mut self, queue: QueueId) -> Option<&mut VecDeque<Entry>> {
        if queue == QueueId::INBOX {
            return Some(&mut self.inbox);
        }
        let listener = self.listeners.as_mut()?.list.get_mut(queue.index()?)?.as_mut()?;
        (listener.id == queue).then_some(&mut listener.queue)
    }
}

impl Listeners {
    fn find(&self, topic: &str) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(topic).copied();
        }
        self.list.iter().position(|slot| slot.as_ref().is_some_and(|held| held.topic == *topic))
    }

    fn queue_for(&mut self, topic: &str) -> Option<&mut VecDeque<Entry>> {
        let at = self.find(topic)?;
        self.list[at].as_mut().map(|listener| &mut listener.queue)
    }

    fn add(&mut self, topic: &Topic, queue: VecDeque<Entry>) -> QueueId {
        let at = match self.list.iter().position(Option::is_none) {
            Some(at) => at,
            None => {
                self.list.push(None);
                self.list.len() - 1
            }
        };
        self.generation = self.generation.wrapping_add(1);
        let id = QueueId::new(at, self.generation);
        self.put(at, Listener { id, topic: topic.clone(), queue });
        id
    }

    fn add_as(&mut self, topic: &Topic, id: QueueId) {
        let Some(at) = id.index() else { return };
        while self.list.len() <= at {
            self.list.push(None);
        }
        self.put(at, Listener { id, topic: topic.clone(), queue: VecDeque::new() });
    }

    fn put(&mut self, at: usize, listener: Listener) {
        let topic = listener.topic.clone();
        self.list[at] = Some(listener);
        self.count += 1;
        if let Some(index) = &mut self.index {
            index.insert(topic, at);
        } else if self.count > LINEAR_MAX {
            let entries = self.list.iter().enumerate();
            self.index = Some(
                entries
                    .filter_map(|(at, slot)| slot.as_ref().map(|held| (held.topic.clone(), at)))
                    .collect(),
            );
        }
    }

    fn remove(&mut self, queue: QueueId) -> Option<Listener> {
        let slot = self.list.get_mut(queue.index()?)?;
        let listener = slot.take_if(|listener| listener.id == queue)?;
        self.count -= 1;
        if let Some(index) = &mut self.index {
            index.remove(&listener.topic);
        }
        Some(listener)
    }
}
