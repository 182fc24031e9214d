//! Channels that are fed by the mailbox: the inbox, topics, events; and objects of the library in
//! general.

use crate::coroutine::{field as co_field, wait};
use crate::heap::root;
use crate::image::Payloads;
use crate::library::{Builtin, class, is_class, plain, short};
use crate::vm::{Args, Flow, Raise, Vm};
use procession_environment::Queue;
use procession_types::word::{self, Word};
use procession_types::{Event, Fragment, Message, Pid, Timestamp};
use smallvec::SmallVec;

/// Fields of a channel (positions after its header).
pub(crate) mod field {
    /// Number of the mailbox queue; -1: the events; nil: a channel of the process's own.
    pub(crate) const QUEUE: usize = 1;
    /// The state of a channel of the process's own: a table of the library's Lua code.
    pub(super) const STATE: usize = 2;
    /// Whether it yields Message objects; 1: those of events.
    pub(super) const MESSAGES: usize = 3;
}

/// Fields of a message (positions after its header).
mod message {
    pub(super) const TOPIC: usize = 1;
    pub(super) const PAYLOAD: usize = 2;
    /// The sender: a string once somebody has asked; until then the first of three integers that
    /// hold its PID (most programs never ask); nil when there is none.
    pub(super) const FROM: usize = 3;
}

/// Number of the image of the program itself.
const PROGRAM_IMAGE: usize = 1;
const EVENTS: i64 = -1;
/// In `field::MESSAGES`.
const OF_EVENTS: Word = word::int_wrapping(1);

pub(crate) const FUNCTIONS: &[Builtin] = &[
    plain("process.inbox", inbox),
    plain("process.events", events),
    plain("@listen", listen),
    plain("@unlisten", unlisten),
    plain("channel:receive", receive),
    plain("@poll", poll),
    plain("@channel_state", channel_state),
    plain("@channel_new", channel_new),
    plain("@is_mailbox", is_mailbox),
    plain("@object", object),
    plain("@object_get", object_get),
    plain("@object_class", object_class),
    plain("message:topic", |vm, args| message_field(vm, args, message::TOPIC))
        .with_short(short::message_field::<{ message::TOPIC }>),
    plain("message:from", message_from),
    plain("message:payload", |vm, args| message_field(vm, args, message::PAYLOAD))
        .with_short(short::message_field::<{ message::PAYLOAD }>),
];

fn mailbox_channel(vm: &mut Vm<'_>, queue: i64, messages: bool) -> Word {
    let fields = [word::int_wrapping(queue), word::NIL, word::from_bool(messages)];
    vm.heap.user(class::CHANNEL, &fields)
}

/// A channel of a subscription to events.
pub(crate) fn event_channel(vm: &mut Vm<'_>, queue: i64) -> Word {
    let fields = [word::int_wrapping(queue), word::NIL, OF_EVENTS];
    vm.heap.user(class::CHANNEL, &fields)
}

fn inbox(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    if vm.heap.get(root::INBOX) == word::NIL {
        let made = mailbox_channel(vm, i64::from(Queue::INBOX.0), true);
        vm.heap.set(root::INBOX, made);
    }
    vm.give(args, vm.heap.get(root::INBOX))
}

fn events(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    if vm.heap.get(root::EVENTS) == word::NIL {
        let made = mailbox_channel(vm, EVENTS, false);
        vm.heap.set(root::EVENTS, made);
    }
    vm.give(args, vm.heap.get(root::EVENTS))
}

/// `@listen(topic, messages)`: a channel, or nil and an error.
fn listen(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let topic = vm.string_arg(args, 1)?;
    let messages = vm.arg(args, 2) == word::TRUE;
    let queue = vm.topic(topic).and_then(|topic| vm.host.listen(&topic));
    match queue {
        Ok(queue) => {
            let channel = mailbox_channel(vm, i64::from(queue.0), messages);
            vm.give(args, channel)
        }
        Err(error) => vm.fail(args, &error),
    }
}

fn channel_arg(vm: &mut Vm<'_>, args: Args) -> Result<usize, Raise> {
    let value = vm.arg(args, 1);
    if is_class(vm, value, class::CHANNEL) {
        return Ok(word::index(value) as usize);
    }
    Err(vm.argument_error(1, "channel", value, args))
}

/// `@unlisten(channel, state)`: the channel is fed no more and has this state from now on.
fn unlisten(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let at = channel_arg(vm, args)?;
    let queue = vm.heap.get(at + field::QUEUE);
    if word::is_int(queue) && word::to_int(queue) > 0 {
        let number = word::to_int(queue) as u32;
        vm.host.unlisten(Queue(number));
        vm.heap.set(at + field::QUEUE, word::NIL);
        vm.heap.set(at + field::STATE, vm.arg(args, 2));
        wake_waiting(vm, wait::queue(number));
    }
    Ok(Flow::Return(0))
}

/// Wakes the coroutines that wait for something, and those that wait for anything.
pub(crate) fn wake_waiting(vm: &mut Vm<'_>, what: Word) {
    let mut task = vm.heap.get(root::TASKS);
    while task != word::NIL {
        let at = word::index(task) as usize;
        let waits = vm.heap.get(at + co_field::WAIT);
        if waits == what || waits == wait::ANYTHING {
            vm.heap.set(at + co_field::WAIT, wait::NOTHING);
        }
        task = vm.heap.get(at + co_field::NEXT);
    }
}

/// `channel:receive()`.
fn receive(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let at = channel_arg(vm, args)?;
    let queue = vm.heap.get(at + field::QUEUE);
    if !word::is_int(queue) {
        let local = vm.library_function("channel_receive");
        vm.heap.set(args.slot(), local);
        return Ok(Flow::TailCall(args.count));
    }
    vm.fuel -= 10;
    match take(vm, at, word::to_int(queue)) {
        Some(value) => vm.give_all(args, &[value, word::TRUE]),
        None if word::to_int(queue) == EVENTS => Ok(Flow::Wait(wait::EVENT, args.count)),
        None => Ok(Flow::Wait(queue, args.count)),
    }
}

/// `@poll(channel)`: `true, value` when a mailbox channel has something, else false.
fn poll(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let at = channel_arg(vm, args)?;
    let queue = word::to_int(vm.heap.get(at + field::QUEUE));
    match take(vm, at, queue) {
        Some(value) => vm.give_all(args, &[word::TRUE, value]),
        None => vm.give(args, word::FALSE),
    }
}

/// Takes the next event that is for programs.
#[inline(never)]
fn take_event(vm: &mut Vm<'_>) -> Option<Word> {
    loop {
        let event = vm.host.receive_event()?;
        if let Some(table) = vm.event_table(event) {
            return Some(table);
        }
    }
}

/// Takes the next value of a mailbox channel.
#[inline(always)]
fn take(vm: &mut Vm<'_>, channel: usize, queue: i64) -> Option<Word> {
    if queue == EVENTS {
        return take_event(vm);
    }
    let message = vm.host.receive(Queue(queue as u32))?;
    let value = match vm.heap.get(channel + field::MESSAGES) {
        word::TRUE => vm.message_object(&message),
        OF_EVENTS => vm.published(&message),
        _ => vm.payload_value(&message.payload),
    };
    crate::message::recycle(message.payload);
    Some(value)
}

impl Vm<'_> {
    /// One value for a payload: itself, a list of several, nil for none.
    #[inline(always)]
    fn payload_value(&mut self, payload: &Fragment) -> Word {
        match payload.words() {
            // It has no objects.
            [value] => *value,
            _ => self.unpacked_value(payload),
        }
    }

    #[inline(never)]
    fn unpacked_value(&mut self, payload: &Fragment) -> Word {
        let values = self.unpack(payload);
        self.one_value(&values)
    }

    fn one_value(&mut self, values: &[Word]) -> Word {
        match values.len() {
            0 => word::NIL,
            1 => values[0],
            count => {
                let at = self.heap.table(count, 0);
                for (position, &value) in values.iter().enumerate() {
                    self.heap.set_int(self.strings(), at, position as i64 + 1, value);
                }
                word::make(word::TAG_TABLE, 0, at as u32)
            }
        }
    }

    #[inline(always)]
    fn message_object(&mut self, message: &Message) -> Word {
        let payload = self.payload_value(&message.payload);
        let topic = self.heap.string(message.topic.as_bytes());
        self.message_of(message, topic, payload)
    }

    /// An event that somebody published: its topic is the first of its values.
    fn published(&mut self, message: &Message) -> Word {
        let values = self.unpack(&message.payload);
        let topic = values.first().copied().unwrap_or(word::NIL);
        let payload = self.one_value(values.get(1..).unwrap_or_default());
        self.message_of(message, topic, payload)
    }

    #[inline(always)]
    fn message_of(&mut self, message: &Message, topic: Word, payload: Word) -> Word {
        let payload = match self.images.get(PROGRAM_IMAGE).map(|image| image.payloads) {
            Some(Payloads::Wrapped) => self.heap.user(class::PAYLOAD, &[payload]),
            _ => payload,
        };
        let [first, second, third] = match message.from {
            Some(pid) => pid_words(pid),
            None => [word::NIL; 3],
        };
        self.heap.user(class::MESSAGE, &[topic, payload, first, second, third])
    }

    fn time_word(&mut self, at: Timestamp) -> Word {
        self.heap.string(&crate::time::rfc3339(at.0))
    }

    /// The event as programs see it; `None` for one that is not for programs.
    fn event_table(&mut self, event: Event) -> Option<Word> {
        let names = &self.library.names;
        let (kind, from, at) = match &event {
            Event::Cancel { from, at, .. } => (names.event_cancel, *from, *at),
            Event::Exit { from, at, .. } => (names.event_exit, Some(*from), *at),
            Event::LinkDown { from, at, .. } => (names.event_link_down, Some(*from), *at),
            Event::Rest { .. } | Event::Took { .. } => return None,
        };
        let from = from.map_or(word::NIL, |pid| self.pid_word(pid));
        let at = self.time_word(at);
        let mut fields: SmallVec<[(Word, Word); 5]> = SmallVec::new();
        fields.extend([(names.kind, kind), (names.from, from), (names.at, at)]);
        match event {
            Event::Cancel { deadline, reason, .. } => {
                if let Some(deadline) = deadline {
                    let text = self.time_word(deadline);
                    fields.push((names.deadline, text));
                }
                if let Some(reason) = reason {
                    let text = self.heap.string(reason.as_bytes());
                    fields.push((names.reason, text));
                }
            }
            Event::Exit { reason, .. } | Event::LinkDown { reason, .. } => {
                let (value, error) = match (&*reason, reason.error()) {
                    (procession_types::ExitReason::Normal(value), _) => {
                        (self.payload_value(value), word::NIL)
                    }
                    (_, Some(error)) => (word::NIL, self.error_object(&error)),
                    (_, None) => (word::NIL, word::NIL),
                };
                let result = self.record(&[(names.value, value), (names.error, error)]);
                fields.push((names.result, result));
            }
            Event::Rest { .. } | Event::Took { .. } => {}
        }
        Some(self.record(&fields))
    }

    /// A table with these fields: few, whose names are different strings.
    pub(crate) fn record(&mut self, fields: &[(Word, Word)]) -> Word {
        let at = self.heap.record(fields);
        word::make(word::TAG_TABLE, 0, at as u32)
    }
}

/// The state table of a channel of the process's own; false for one that the mailbox feeds.
fn channel_state(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let at = channel_arg(vm, args)?;
    if vm.heap.get(at + field::QUEUE) != word::NIL {
        return vm.give(args, word::FALSE);
    }
    vm.give(args, vm.heap.get(at + field::STATE))
}

/// `@channel_new(state)`.
fn channel_new(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let state = vm.arg(args, 1);
    let channel = vm.heap.user(class::CHANNEL, &[word::NIL, state, word::FALSE]);
    vm.give(args, channel)
}

fn is_mailbox(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let at = channel_arg(vm, args)?;
    vm.give(args, word::from_bool(vm.heap.get(at + field::QUEUE) != word::NIL))
}

/// `@object(class, …)`: an object of the runtime with up to eight fields.
fn object(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let class = vm.integer_arg(args, 1)?;
    let fields = vm.rest(args, 2);
    let class = u32::try_from(class).unwrap_or(class::COUNT);
    if class >= class::COUNT || fields.len() < class::fields_least(class) as usize {
        return Err(vm.bad_argument(1, "no such class", args));
    }
    let object = vm.heap.user(class, &fields);
    vm.give(args, object)
}

/// `@object_get(object, class, n)`: field n, after a check of the class.
fn object_get(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let wanted = vm.integer_arg(args, 2)? as u32;
    if !is_class(vm, value, wanted) {
        let name = class::NAMES.get(wanted as usize).copied().unwrap_or("object");
        return Err(vm.argument_error(1, name, value, args));
    }
    let number = vm.integer_arg(args, 3)? as usize;
    let at = word::index(value) as usize;
    let count = word::header_length(vm.heap.get(at)) as usize;
    let found = if (1..=count).contains(&number) { vm.heap.get(at + number) } else { word::NIL };
    vm.give(args, found)
}

/// `@object_class(value)`: the number of its class, or nil.
fn object_class(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    let found = (0..class::COUNT).find(|&class| is_class(vm, value, class));
    vm.give(args, found.map_or(word::NIL, |class| word::int_wrapping(i64::from(class))))
}

/// A PID in three integers of at most 48 bits.
fn pid_words(pid: Pid) -> [Word; 3] {
    [
        word::int_wrapping(i64::from(pid.epoch) | i64::from(pid.host) << 32),
        word::int_wrapping(i64::from(pid.slot) | i64::from(pid.shard) << 32),
        word::int_wrapping(i64::from(pid.generation)),
    ]
}

fn pid_of_words(words: [Word; 3]) -> Pid {
    let [first, second, third] = words;
    Pid {
        host: (first >> 32) as u16,
        shard: (second >> 32) as u16,
        epoch: first as u32,
        slot: second as u32,
        generation: third as u32,
    }
}

/// `message:from()`: the PID's text, made when it is asked for.
fn message_from(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if !is_class(vm, value, class::MESSAGE) {
        return Err(vm.argument_error(1, "message", value, args));
    }
    let at = word::index(value) as usize + message::FROM;
    if word::is_int(vm.heap.get(at)) {
        let pid = pid_of_words([0, 1, 2].map(|offset| vm.heap.get(at + offset)));
        let text = vm.pid_word(pid);
        vm.heap.set(at, text);
    }
    vm.give(args, vm.heap.get(at))
}

fn message_field(vm: &mut Vm<'_>, args: Args, number: usize) -> Result<Flow, Raise> {
    let value = vm.arg(args, 1);
    if !is_class(vm, value, class::MESSAGE) {
        return Err(vm.argument_error(1, "message", value, args));
    }
    vm.give(args, vm.heap.get(word::index(value) as usize + number))
}
