//! What recording needs of the runtime beside [`Host`]: effects in two halves. The first finds out
//! whether the effect would be refused and reserves what its result names, so that the guest gets its
//! answer; the second happens when the commit is durable, or never.

use procession_environment::{Call, CallId, CancelRequest, Host, Queue, Relation, SpawnRequest};
use procession_types::{Error, Event, Fragment, Message, Pid, Timestamp, Topic};

use crate::journal::Source;

/// Why a process is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It lives on its own.
    Spawn,
    /// The caller waits for its end.
    Call,
    /// Likewise, on the caller's own process host.
    Function,
}

/// What a spawn will lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// A process with this PID, which nobody has yet; with a call when it was wanted.
    New(Pid, Option<CallId>),
    /// The name is held: the messages go to this one.
    Existing(Pid),
}

/// The first halves of effects, and inputs with their sources.
pub trait Gate {
    /// What is done at once, because nobody else can notice it or it can't wait.
    fn host(&mut self) -> &mut dyn Host;

    /// Likewise, for questions.
    fn host_ref(&self) -> &dyn Host;

    /// Takes the oldest message of a queue, and says where it was written down.
    fn take_message(&mut self, queue: Queue) -> Option<(Message, Option<Source>)>;

    /// Takes the oldest event, and says where it was written down, unless it is a death: that is known by
    /// whose.
    fn take_event(&mut self) -> Option<(Event, Option<Source>)>;

    /// Whom a send would reach.
    ///
    /// # Errors
    /// Those of [`Host::send`].
    fn check_send(&mut self, to: &[u8], topic: &Topic, payload: &Fragment) -> Result<Pid, Error>;

    /// Reserves what a spawn's result names. The request's host becomes the one that is meant.
    ///
    /// # Errors
    /// Those of [`Host::spawn`] that can be told now.
    fn reserve(&mut self, request: &mut SpawnRequest, purpose: Purpose) -> Result<Reserved, Error>;

    /// Whom a request to end would reach.
    ///
    /// # Errors
    /// Those of [`Host::terminate`].
    fn check_terminate(&mut self, to: &[u8]) -> Result<Pid, Error>;

    /// Whom a request would reach, and when it is made.
    ///
    /// # Errors
    /// Those of [`Host::cancel`].
    fn check_cancel(&mut self, to: &[u8], what: &CancelRequest) -> Result<(Pid, Timestamp), Error>;

    /// Makes or undoes a relation, and says with whom: nobody else can notice that.
    ///
    /// # Errors
    /// Those of [`Host::relate`].
    fn relate_to(&mut self, relation: Relation, to: &[u8]) -> Result<Pid, Error>;

    /// Whether a name is held.
    ///
    /// # Errors
    /// Those of [`Host::unregister`].
    fn check_unregister(&mut self, name: &str) -> Result<bool, Error>;

    /// Opens a call that waits for something outside, which is not started yet.
    ///
    /// # Errors
    /// Those of [`Host::start`] that can be told now.
    fn open(&mut self, call: &Call) -> Result<CallId, Error>;

    /// Opens a call that waits for a time: which time.
    ///
    /// # Errors
    /// Those of [`Host::start`].
    fn open_sleep(&mut self, nanoseconds: u64) -> Result<(CallId, Timestamp), Error>;

    /// Sets the time by which a call's reply must be there, and says which time.
    ///
    /// # Errors
    /// Those of [`Host::expire`].
    fn expire_at(&mut self, call: CallId, nanoseconds: u64) -> Result<Timestamp, Error>;
}
