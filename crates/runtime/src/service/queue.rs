//! Work queues in memory. A message is handed to one consumer, who says when it is done; if that
//! one fails or does not say so in time, another gets it, and after so many attempts it goes to a queue
//! of dead letters.

mod delivery;

use super::schedule::{Due, Key, Schedule};
use procession_environment::{CallId, QueueOperation, QueueOptions};
use procession_types::{Error, ErrorKind, Fragment, FragmentBuilder, Limit, Pid};
use procession_types::{SmolStr, Timestamp, word};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Queues of a node.
const QUEUES_MAX: usize = 1_000;
/// Bytes of a queue, and of all of them.
const BYTES_MAX: usize = 256 << 20;
const BYTES_TOTAL_MAX: usize = 1 << 30;
/// Bytes of a queue's name, and of one message.
const NAME_BYTES_MAX: usize = 255;
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// Most that `messages_max` can be.
const MESSAGES_MAX: u32 = 1_000_000;
/// What a message counts for beside its payload.
const MESSAGE_BYTES: usize = 64;

/// A consumer that waits: the call of a process.
type Waiting = (Pid, CallId);

/// The result of a call that waited.
pub(crate) struct Handed {
    pub(crate) pid: Pid,
    pub(crate) call: CallId,
    pub(crate) delivery: Fragment,
}

#[derive(Debug)]
struct Message {
    payload: Fragment,
    /// How often it has been handed to somebody.
    attempts: u32,
}

impl Message {
    fn bytes(&self) -> usize {
        MESSAGE_BYTES + self.payload.bytes()
    }
}

#[derive(Debug)]
struct Delivery {
    message: Message,
    to: Pid,
    /// The call that it answers, when that had to wait.
    call: Option<CallId>,
    /// When it is taken back.
    overdue: Option<Key>,
}

#[derive(Debug, Default)]
struct Queue {
    options: QueueOptions,
    ready: VecDeque<Message>,
    delayed: BTreeMap<Key, Message>,
    waiting: VecDeque<Waiting>,
    in_flight: BTreeMap<u64, Delivery>,
    bytes: usize,
    /// Messages that had no attempt left and found no room among the dead letters.
    dropped: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    queues: HashMap<SmolStr, Queue>,
    /// In which queue a call waits, or waited until it was handed a message.
    calls: HashMap<Waiting, SmolStr>,
    /// What processes hold.
    held: HashMap<Pid, Vec<(SmolStr, u64)>>,
    schedule: Schedule,
    /// The time of the operation that is being carried out.
    now: Timestamp,
    deliveries: u64,
    bytes: usize,
}

impl Queues {
    /// What follows happens at this time.
    pub(crate) fn at(&mut self, now: Timestamp) -> &mut Self {
        self.now = now;
        self
    }

    /// When [`Queues::tend`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.schedule.next()
    }

    /// Does what its time has come for.
    pub(crate) fn tend(&mut self, out: &mut Vec<Handed>) {
        while let Some((key, due)) = self.schedule.take(self.now) {
            match due {
                Due::Ready { queue: name } => {
                    let Some(queue) = self.queues.get_mut(&name) else { continue };
                    queue.ready.extend(queue.delayed.remove(&key));
                    self.hand_out(&name, out);
                }
                Due::Overdue { queue: name, delivery } => {
                    let held = self.queues.get(&name).and_then(|it| it.in_flight.get(&delivery));
                    let Some(holder) = held.map(|held| held.to) else { continue };
                    if let Ok(message) = self.take(holder, &name, delivery) {
                        self.put_back(&name, message, out);
                    }
                }
            }
        }
    }

    /// Carries an operation out; messages that could be handed to waiting consumers are in `out`.
    pub(crate) fn answer(
        &mut self,
        caller: Pid,
        name: &SmolStr,
        operation: QueueOperation,
        out: &mut Vec<Handed>,
    ) -> Result<Fragment, Error> {
        match operation {
            QueueOperation::Declare(options) => {
                check_options(name, &options)?;
                self.queue(name)?.options = options;
            }
            QueueOperation::Publish { payload, delay_ns } => {
                self.publish(name, payload, delay_ns)?;
                self.hand_out(name, out);
            }
            QueueOperation::Ack { delivery } => {
                let message = self.take(caller, name, delivery)?;
                self.forget(name, &message);
            }
            QueueOperation::Nack { delivery, requeue } => {
                let message = self.take(caller, name, delivery)?;
                if requeue {
                    self.put_back(name, message, out);
                } else {
                    self.bury(name, message, out);
                }
            }
            QueueOperation::Info => return Ok(self.info(name)),
            QueueOperation::Purge => {
                let Some(queue) = self.queues.get_mut(name) else { return Ok(super::integer(0)) };
                let ready = std::mem::take(&mut queue.ready);
                let delayed = std::mem::take(&mut queue.delayed);
                let bytes: usize = ready.iter().chain(delayed.values()).map(Message::bytes).sum();
                queue.bytes -= bytes;
                self.bytes -= bytes;
                delayed.keys().for_each(|key| self.schedule.remove(*key));
                return Ok(super::integer((ready.len() + delayed.len()) as i64));
            }
        }
        Ok(FragmentBuilder::new().finish(&[word::TRUE]))
    }

    /// Takes the oldest message for a consumer; when there is none, its call waits.
    pub(crate) fn consume(
        &mut self,
        consumer: Pid,
        call: CallId,
        name: &SmolStr,
    ) -> Result<Option<Fragment>, Error> {
        let queue = self.queue(name)?;
        if let Some(message) = queue.ready.pop_front() {
            return Ok(Some(self.deliver(name, message, consumer, None)));
        }
        queue.waiting.push_back((consumer, call));
        self.calls.insert((consumer, call), name.clone());
        Ok(None)
    }

    /// A call is not wanted any more. A message that was on its way to it is as if never handed out.
    pub(crate) fn abandoned(&mut self, consumer: Pid, call: CallId, out: &mut Vec<Handed>) {
        let Some(name) = self.calls.remove(&(consumer, call)) else { return };
        let Some(queue) = self.queues.get_mut(&name) else { return };
        queue.waiting.retain(|waiting| *waiting != (consumer, call));
        let mut flying = queue.in_flight.iter();
        let found = flying.find(|(_, held)| held.to == consumer && held.call == Some(call));
        let Some(delivery) = found.map(|(delivery, _)| *delivery) else { return };
        if let Ok(mut message) = self.take(consumer, &name, delivery) {
            message.attempts -= 1;
            self.put_back(&name, message, out);
        }
    }

    /// What a process holds.
    pub(crate) fn held_by(&self, pid: Pid) -> Vec<(SmolStr, u64)> {
        self.held.get(&pid).cloned().unwrap_or_default()
    }

    /// Gives back what a process held and won't acknowledge any more.
    pub(crate) fn give_back(
        &mut self,
        pid: Pid,
        deliveries: Vec<(SmolStr, u64)>,
        out: &mut Vec<Handed>,
    ) {
        // The oldest goes to the front.
        for (name, delivery) in deliveries.into_iter().rev() {
            if let Ok(message) = self.take(pid, &name, delivery) {
                self.put_back(&name, message, out);
            }
        }
    }

    fn queue(&mut self, name: &SmolStr) -> Result<&mut Queue, Error> {
        if !self.queues.contains_key(name) {
            if name.is_empty() || name.len() > NAME_BYTES_MAX {
                let message = format!("a queue's name has 1 to {NAME_BYTES_MAX} bytes");
                return Err(Error::invalid(message));
            }
            if self.queues.len() >= QUEUES_MAX {
                self.queues.retain(|_, queue| !queue.is_unused());
            }
            if self.queues.len() >= QUEUES_MAX {
                let message = format!("there are {QUEUES_MAX} queues already");
                let mut error = Error::limit(Limit::Queue, message);
                error.kind = ErrorKind::Unavailable;
                return Err(error);
            }
        }
        Ok(self.queues.entry(name.clone()).or_default())
    }

    fn publish(&mut self, name: &SmolStr, payload: Fragment, delay_ns: u64) -> Result<(), Error> {
        if payload.bytes() > MESSAGE_BYTES_MAX {
            let message = format!("message is larger than {MESSAGE_BYTES_MAX} bytes");
            return Err(Error::limit(Limit::MessageSize, message));
        }
        let total = self.bytes;
        let queue = self.queue(name)?;
        let message = Message { payload, attempts: 0 };
        let bytes = message.bytes();
        let count = queue.ready.len() + queue.delayed.len() + queue.in_flight.len();
        if count >= queue.options.messages_max as usize
            || queue.bytes + bytes > BYTES_MAX
            || total + bytes > BYTES_TOTAL_MAX
        {
            let message = format!("queue \"{name}\" is full");
            return Err(Error::limit(Limit::Queue, message).with_retryable(true));
        }
        queue.bytes += bytes;
        self.bytes += bytes;
        let Some(queue) = self.queues.get_mut(name) else { return Ok(()) };
        if delay_ns == 0 {
            queue.ready.push_back(message);
        } else {
            let due = Due::Ready { queue: name.clone() };
            queue.delayed.insert(self.schedule.add(self.now.after(delay_ns), due), message);
        }
        Ok(())
    }

    fn info(&self, name: &SmolStr) -> Fragment {
        let mut builder = FragmentBuilder::new();
        let unused = Queue::default();
        let queue = self.queues.get(name).unwrap_or(&unused);
        let mut count = |count: usize| builder.integer(count as i64);
        let (ready, in_flight) = (count(queue.ready.len()), count(queue.in_flight.len()));
        let delayed = count(queue.delayed.len());
        let (consumers, bytes) = (count(queue.waiting.len()), count(queue.bytes));
        let dropped = count(queue.dropped as usize);
        let record = builder.record(&[
            ("ready", ready),
            ("delayed", delayed),
            ("in_flight", in_flight),
            ("waiting", consumers),
            ("bytes", bytes),
            ("dropped", dropped),
        ]);
        builder.finish(&[record])
    }
}

impl Queue {
    fn is_unused(&self) -> bool {
        self.ready.is_empty()
            && self.delayed.is_empty()
            && self.in_flight.is_empty()
            && self.waiting.is_empty()
            && self.options == QueueOptions::default()
    }
}

fn check_options(name: &SmolStr, options: &QueueOptions) -> Result<(), Error> {
    if options.deliveries_max == 0 {
        return Err(Error::invalid("option deliveries_max is at least 1"));
    }
    if options.messages_max == 0 || options.messages_max > MESSAGES_MAX {
        return Err(Error::invalid(format!("option messages_max is 1 to {MESSAGES_MAX}")));
    }
    if options.ack_timeout_ns == Some(0) {
        return Err(Error::invalid("option ack_timeout is longer than nothing"));
    }
    let Some(dead_letter) = &options.dead_letter else { return Ok(()) };
    if dead_letter == name || dead_letter.is_empty() || dead_letter.len() > NAME_BYTES_MAX {
        return Err(Error::invalid("option dead_letter is the name of another queue"));
    }
    Ok(())
}
