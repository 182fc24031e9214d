//! What one sees who looks inside a guest between two of its turns.

use crate::{CallId, Queue};

/// What a coroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// A message of a queue.
    Message(Queue),
    /// An event.
    Event,
    /// The reply of a call.
    Reply(CallId),
    /// Another coroutine of the process, as on a channel of its own.
    Coroutine,
    /// Several of these at once.
    Anything,
}

/// What a coroutine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It has not executed anything.
    NotStarted,
    /// It runs when its process has its turn, or when its own turn in the process comes.
    Ready,
    /// It waits.
    Waiting(Awaited),
    /// It yielded.
    Suspended,
    /// It resumed another one.
    Normal,
}

/// A coroutine of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoroutineInfo {
    /// Whether the process schedules it, as it does the main function; others run when resumed.
    pub is_task: bool,
    /// See [`Activity`].
    pub activity: Activity,
    /// Where it is, as `file:line`; `None` before it starts and in what belongs to no file.
    pub place: Option<Box<str>>,
    /// Its calls, innermost first, in the form of the language; empty before it starts.
    pub traceback: Box<str>,
}

/// Where a look into a guest goes on: behind what earlier looks have told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Coroutines of tasks.
    pub tasks: usize,
    /// Other coroutines.
    pub others: usize,
    /// Where the next one of these may be, in the memory of the guest as it was then.
    pub position: usize,
    /// Which memory that was.
    pub layout: u64,
}

/// See [`crate::Guest::inspect`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// Tasks in their order, each with what it resumed; then those that nobody has resumed.
    pub coroutines: Vec<CoroutineInfo>,
    /// Where to go on when there are more than the budget allowed to look at.
    pub rest: Option<Seen>,
}
