//! What a guest may ask of the runtime.

use crate::{HttpRequest, Request};
use procession_types::{
    Actor, Context, ContextChange, Error, Event, Fragment, Message, Pid, Rest, SmolStr, Timestamp,
    Topic,
};

/// A queue of a process's mailbox. [`Queue::INBOX`] holds what no listener claimed; `listen` makes
/// others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Queue(pub u32);

impl Queue {
    /// Messages on topics that nobody listens to.
    pub const INBOX: Self = Self(0);
}

/// Identifies a pending call of one process. Never given twice to the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// A relation to another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Be told once of its end.
    Monitor,
    /// Undo that, also when the news is queued already.
    Unmonitor,
    /// Fail together.
    Link,
    /// Undo that.
    Unlink,
}

/// Options of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether LINK_DOWN is delivered as an event instead of ending the process.
    pub trap_links: bool,
}

/// Everything about a spawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpawnRequest {
    /// Program id.
    pub program: SmolStr,
    /// Process host id.
    pub host: SmolStr,
    /// Arguments of the program's function.
    pub arguments: Fragment,
    /// The parent monitors the child from before its first instruction.
    pub monitored: bool,
    /// The parent is linked to the child from before its first instruction.
    pub linked: bool,
    /// Name to claim before the first instruction. When another process holds it, nothing is
    /// spawned, `messages` go to that process and its PID is the result.
    pub name: Option<SmolStr>,
    /// Messages that are in the mailbox before the first instruction.
    pub messages: Vec<(Topic, Fragment)>,
    /// Change of the inherited context.
    pub context: Option<Box<ContextChange>>,
}

/// How a process is asked to end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CancelRequest {
    /// Nanoseconds until it is terminated; `None` = never.
    pub deadline_ns: Option<u64>,
    /// Text for it to read.
    pub reason: Option<String>,
}

/// A file operation. Paths are relative to the granted directories; see the runtime's `fs`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of each variant say what they are")]
pub enum FsOperation {
    /// The whole file, as one string.
    Read { path: String },
    /// Creates or replaces the file.
    Write { path: String, data: Vec<u8> },
    /// Appends to the file, creating it.
    Append { path: String, data: Vec<u8> },
    /// A list of names, sorted. With an empty path, a list of what is granted, each a table
    /// `{path = …, write = boolean}`.
    List { path: String },
    /// A table `{type = "file"|"directory", size = bytes, modified = nanoseconds}`.
    Stat { path: String },
    /// Creates the directory and its parents.
    MakeDirectory { path: String },
    /// Removes a file or an empty directory.
    Remove { path: String },
}

/// An operation whose result comes later; the guest waits for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Replies nil when the time has come.
    Sleep {
        /// From now.
        nanoseconds: u64,
    },
    /// Spawns, and replies with the result of the process; its end is not seen otherwise. When the
    /// caller ends, the callee is terminated.
    Process(Box<SpawnRequest>),
    /// Likewise, for a function: it runs on the caller's process host, and needs the permission
    /// `funcs.call` on the program and no other.
    Function(Box<SpawnRequest>),
    /// See [`FsOperation`].
    Fs(FsOperation),
    /// Replies with a table of status, headers, body and URL; see [`HttpRequest`].
    Http(Box<HttpRequest>),
    /// Replies with the oldest message of a queue as three values: the payload, the number of the
    /// delivery, and which attempt it is. Permission `queue.consume`.
    Consume {
        /// The queue's name.
        queue: SmolStr,
    },
    /// Replies with what there is to know about a process: a list of names and values in turn.
    Info {
        /// Whom.
        to: Vec<u8>,
    },
}

/// Weight of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever hunts a fault.
    Debug,
    /// What happened.
    Info,
    /// What should not have happened.
    Warn,
    /// What failed.
    Error,
}

/// A structured log record of a guest.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// See [`Level`].
    pub level: Level,
    /// What happened.
    pub message: String,
    /// Names and values, as text.
    pub fields: Vec<(String, String)>,
}

/// A process that belongs to a supervisor or pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// Who it is.
    pub pid: Pid,
    /// The call whose reply is its end; it is abandoned when the end is known otherwise. A durable process
    /// has none.
    pub call: Option<CallId>,
    /// It lived already.
    pub is_adopted: bool,
}

/// The one door out of a guest. A destination is a PID's text or a registered name. Every method
/// checks the caller's permission first, where the API's tables name one.
pub trait Host {
    /// The caller.
    fn pid(&self) -> Pid;
    /// Program id of the caller.
    fn program(&self) -> &str;
    /// Appends a PID's text.
    fn write_pid(&self, pid: Pid, out: &mut Vec<u8>);
    /// The node's clock.
    fn now(&mut self) -> Timestamp;
    /// 64 random bits.
    fn random(&mut self) -> u64;

    /// Puts a message into a mailbox.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, `RateLimited` (full mailbox), `Unavailable` (message size).
    fn send(&mut self, to: &[u8], topic: Topic, payload: Fragment) -> Result<(), Error>;
    /// Takes the oldest message of a queue.
    fn receive(&mut self, queue: Queue) -> Option<Box<Message>>;
    /// Whether `receive` would give a message.
    fn has_message(&self, queue: Queue) -> bool;
    /// Takes the oldest event.
    fn receive_event(&mut self) -> Option<Event>;
    /// Whether `receive_event` would give an event.
    fn has_event(&self) -> bool;
    /// A queue of its own for a topic; messages on it that wait in the inbox move there. The same
    /// topic gives the same queue.
    ///
    /// # Errors
    /// `Unavailable` when there are too many.
    fn listen(&mut self, topic: &Topic) -> Result<Queue, Error>;
    /// Ends a queue; what waits in it goes to the inbox.
    fn unlisten(&mut self, queue: Queue);

    /// Starts a process.
    ///
    /// # Errors
    /// `NotFound` (program, host), `Invalid` (ids, program that does not load), `PermissionDenied`,
    /// `Unavailable` (limits).
    fn spawn(&mut self, request: SpawnRequest) -> Result<Pid, Error>;
    /// Starts a process that belongs to the caller. It ends when the caller does, whatever it traps, unless
    /// it is durable: such a one stays at rest then until its owner's next process adopts it. Its owner is
    /// the name that it is given, or the caller's program. Instead of another process under a name, one is
    /// adopted that the same owner has left. A name that another process holds is an error. For the
    /// runtime's own guests: supervisors and pools.
    ///
    /// # Errors
    /// As for `spawn`; `AlreadyExists` (name); `Conflict` when a durable process of the owner lives, and the
    /// program is not durable any more.
    fn spawn_owned(&mut self, request: SpawnRequest) -> Result<Owned, Error> {
        let _ = request;
        Err(Error::invalid("this host starts no processes"))
    }
    /// Adopts all durable processes that belong to the caller's program and that nobody looks after: what
    /// earlier processes of it have left. `None` when `program`, which they run, is not durable on that
    /// process host. For pools.
    fn adopt(&mut self, program: &str, host: &str) -> Option<Vec<Pid>> {
        let _ = (program, host);
        None
    }
    /// Keeps messages in the queue of the caller's program, in the node's store, for its next process. For
    /// pools, as is all that follows about queues.
    fn keep(&mut self, messages: Vec<Message>) {
        let _ = messages;
    }
    /// As [`Host::hand`], for message `n` of the queue of the caller's program: once a durable child has
    /// taken it, it has it also after a crash.
    ///
    /// # Errors
    /// As for `hand`.
    fn hand_queued(&mut self, child: Pid, n: u64, message: Message) -> Result<(), Error> {
        let _ = n;
        self.hand(child, message)
    }
    /// A child that was adopted has a message of this topic in hand: that counts as handed to it, and its
    /// rest is asked for.
    fn count_handed(&mut self, child: Pid, topic: Topic) {
        let _ = (child, topic);
    }
    /// A child has done message `n` of the queue, which keeps it no more.
    fn settle_queued(&mut self, n: u64, by: Pid) {
        let _ = (n, by);
    }
    /// Nobody can do message `n` of the queue, which keeps it no more. The letter goes to whom it names; one
    /// for a durable process is on disk with that.
    ///
    /// # Errors
    /// As for `send`; the message is kept no more all the same.
    fn bury_queued(
        &mut self,
        n: u64,
        letter: Option<(&str, Topic, Fragment)>,
    ) -> Result<(), Error> {
        let _ = (n, letter);
        Ok(())
    }
    /// Ends a process now.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`.
    fn terminate(&mut self, to: &[u8]) -> Result<(), Error>;
    /// Asks a process to end.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`.
    fn cancel(&mut self, to: &[u8], request: CancelRequest) -> Result<(), Error>;
    /// Makes or undoes a relation.
    ///
    /// # Errors
    /// `NotFound` for a name nobody holds, `PermissionDenied`, `Unavailable` (too many).
    fn relate(&mut self, relation: Relation, to: &[u8]) -> Result<(), Error>;
    /// Asks to be told, by one [`Event::Rest`], when a child of the caller is at rest; at once when it
    /// is so now. Its end is told by a monitor only. A durable child that is asked for
    /// [`Rest::Asleep`] is taken out of memory and stays there until it is adopted: the caller is not told
    /// of its end any more. For the runtime's own guests: supervisors and pools.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` (no child of the caller); `Unavailable` (too many events unread).
    fn ask_rest(&mut self, child: &[u8], rest: Rest) -> Result<(), Error> {
        let _ = (child, rest);
        Err(Error::invalid("this host tells nobody when a process waits"))
    }
    /// Hands a message to a child of the caller, as from its own sender, and asks for its rest: the
    /// [`Event::Rest`] comes when the child has taken the message and waits for the next one of its
    /// kind. When the child ends, an [`Event::Took`] tells how many it has taken, before EXIT. For the
    /// runtime's own guests: pools.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` (no child of the caller); `RateLimited` (full mailbox); `Conflict` (it is
    /// known to be paused); `Unavailable` (too many events unread).
    fn hand(&mut self, child: Pid, message: Message) -> Result<(), Error> {
        let _ = (child, message);
        Err(Error::invalid("this host hands no messages on"))
    }
    /// Messages that wait in the caller's mailbox.
    fn waiting(&self) -> u32 {
        0
    }
    /// Whether the caller has been ended during its turn (it terminated itself, or failed with a
    /// process it is linked to): the guest should give the turn back and do nothing more.
    fn is_ending(&self) -> bool {
        false
    }
    /// The caller's options.
    fn options(&self) -> Options;
    /// Replaces them.
    fn set_options(&mut self, options: Options);
    /// Prepares another guest in this process's place; on success the caller returns
    /// [`crate::Turn::Replaced`] at once. `None` = the same program, loaded again.
    ///
    /// # Errors
    /// As for `spawn`; the caller goes on.
    fn upgrade(&mut self, program: Option<&str>, arguments: Fragment) -> Result<(), Error>;

    /// Claims a name for a process, by default the caller.
    ///
    /// # Errors
    /// `AlreadyExists`, `NotFound` (no such process), `PermissionDenied`, `Invalid`, `Unavailable`.
    fn register(&mut self, name: &str, pid: Option<&[u8]>) -> Result<(), Error>;
    /// Who holds a name.
    ///
    /// # Errors
    /// `NotFound`.
    fn lookup(&mut self, name: &str) -> Result<Pid, Error>;
    /// Releases a name; false when nobody held it.
    ///
    /// # Errors
    /// `PermissionDenied`.
    fn unregister(&mut self, name: &str) -> Result<bool, Error>;

    /// What the caller inherited.
    fn context(&self) -> &Context;
    /// Whether the caller may do this; no error, just the answer.
    fn can(&mut self, action: &str, resource: &str) -> bool;
    /// As `can`, with further attributes that conditions of policies see as `meta.NAME`.
    fn can_with(
        &mut self,
        action: &str,
        resource: &str,
        attributes: &[(String, procession_types::Scalar)],
    ) -> bool {
        let _ = attributes;
        self.can(action, resource)
    }
    /// As `can`, with an error that names action and resource.
    ///
    /// # Errors
    /// `PermissionDenied`.
    fn check(&mut self, action: &str, resource: &str) -> Result<(), Error> {
        if self.can(action, resource) { Ok(()) } else { Err(Error::denied(action, resource)) }
    }
    /// The actor, a shorthand.
    fn actor(&self) -> Option<&Actor> {
        self.context().actor.as_ref()
    }

    /// Writes a line of the process's output (the line end is added).
    fn print(&mut self, line: &[u8]);
    /// Writes a log record.
    fn log(&mut self, record: LogRecord);

    /// Asks one of the node's services, which answers at once.
    ///
    /// # Errors
    /// `PermissionDenied`, `Invalid`, `Unavailable` (limits), and what each [`Request`] says.
    fn ask(&mut self, request: Request) -> Result<Fragment, Error>;

    /// Starts an operation.
    ///
    /// # Errors
    /// `PermissionDenied`, `Invalid`, `Unavailable` (too many pending); for `Call::Process` also
    /// those of `spawn`.
    fn start(&mut self, call: Call) -> Result<CallId, Error>;
    /// Whether the reply is there.
    fn is_finished(&self, id: CallId) -> bool;
    /// Takes the reply; `None` while it is not there.
    fn finish(&mut self, id: CallId) -> Option<Result<Fragment, Error>>;
    /// Whether the call was started and is neither finished nor abandoned.
    fn is_open(&self, id: CallId) -> bool;
    /// The call fails with `Timeout`, and is stopped if it can be, when its reply is not there in
    /// so many nanoseconds from now.
    ///
    /// # Errors
    /// `NotFound` when there is no such call.
    fn expire(&mut self, id: CallId, nanoseconds: u64) -> Result<(), Error>;
    /// The reply is no longer wanted; what can be stopped is stopped.
    fn abandon(&mut self, id: CallId);
}
