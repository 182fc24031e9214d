//! The journal: everything that crossed the door of a process, in order, as bytes.
//!
//! A guest's turns are a function of the answers that its host gave, and of nothing else. So the journal
//! holds each answer, and what the guest asked for when that has an effect outside of it: with the
//! answers it can be run again, with the rest it can be compared with what it did.

use crate::bytes::{record, variants};
use procession_environment::{
    Call, CallId, CancelRequest, LogRecord, Queue, Relation, SpawnRequest,
};
use procession_types::{Error, Event, Fragment, Message, Pid, SmolStr, Timestamp, Topic};

/// Where an input comes from that was written down before it was taken: the outputs of durable
/// processes, and what came from outside of the node with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The sender's number; 0 for the outside.
    pub id: u64,
    /// The sender's commit.
    pub n: u64,
    /// Which of its outputs.
    pub index: u32,
}

/// One thing that crossed the door.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum Entry {
    /// A turn of so many instructions begins.
    Turn { budget: usize },
    /// The program's top level begins: the first turn of every guest.
    Start { budget: usize },
    /// Between two turns, unused memory was given back: garbage is collected then.
    Trimmed,
    /// The clock.
    Now(Timestamp),
    /// Random bits.
    Random(u64),
    /// Yes.
    True,
    /// No.
    False,
    /// Nothing there.
    Nothing,
    /// It was done.
    Done,
    /// It was refused.
    Refused(Error),
    /// A message was taken.
    Message { queue: Queue, source: Option<Source>, message: Message },
    /// An event was taken.
    Event(Event),
    /// The reply of a call was taken.
    Reply { call: CallId, result: Result<Fragment, Error> },
    /// A queue for a topic.
    Listening(Queue),
    /// A service's answer.
    Answer(Fragment),
    /// A number.
    Number(u32),
    /// The holder of a name.
    Found(Pid),
    /// A message goes out.
    Sent { to: Pid, topic: Topic, payload: Fragment },
    /// A process is to be started, and will be this one. With a call when its end is the reply of one.
    Spawned { pid: Pid, call: Option<CallId>, request: Box<SpawnRequest> },
    /// The name of a process to be started was held: by this one.
    Existing(Pid),
    /// A process is to end.
    Terminated(Pid),
    /// A process is asked to end.
    Cancelled { to: Pid, at: Timestamp, request: CancelRequest },
    /// A relation was made or undone.
    Related { relation: Relation, to: Pid },
    /// A name is given up; whether somebody held it.
    Unregistered { name: SmolStr, held: bool },
    /// A timer was set.
    Sleeps { call: CallId, until: Timestamp },
    /// An operation outside is to be started.
    Called { call: CallId, what: Box<Call> },
    /// A call got a deadline.
    Expires(Timestamp),
    /// A line of output.
    Printed(Vec<u8>),
    /// A log record.
    Logged(LogRecord),
    /// Before a turn: a process has ended normally to which it was linked, which it is not told.
    Parted(Pid),
}

record!(Source { id, n, index });

variants!(Entry, "a journal entry" {
    0 Turn { budget },
    1 Start { budget },
    2 Trimmed,
    3 Now(at),
    4 Random(bits),
    5 True,
    6 False,
    7 Nothing,
    8 Done,
    9 Refused(error),
    10 Message { queue, source, message },
    11 Event(event),
    12 Reply { call, result },
    13 Listening(queue),
    14 Answer(value),
    15 Number(number),
    16 Found(pid),
    17 Sent { to, topic, payload },
    18 Spawned { pid, call, request },
    19 Existing(pid),
    20 Terminated(pid),
    21 Cancelled { to, at, request },
    22 Related { relation, to },
    23 Unregistered { name, held },
    24 Sleeps { call, until },
    25 Called { call, what },
    26 Expires(until),
    27 Printed(line),
    28 Logged(record),
    29 Parted(pid),
});
