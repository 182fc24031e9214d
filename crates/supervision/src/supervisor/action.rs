//! What a supervisor is told, and what it wants done.

use super::definition::Definition;
use super::status::Ending;
use procession_types::{Error, ExitReason, Pid, SmolStr, Timestamp};
use std::sync::Arc;

/// When a step happens, and a random number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The node's clock; never goes back.
    pub now: Timestamp,
    /// Any number.
    pub random: u64,
}

/// Who waits for the answer of a command; the driver's own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What somebody wants of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It shall be up, now: answered when it is, or when it has failed once.
    Start,
    /// It shall be down, after all that require it: answered when it is.
    Stop,
    /// It shall go down and come up again; those that require it go on.
    Restart,
}

/// Something that has happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The supervisor's life begins.
    Begin,
    /// The process that [`Action::Spawn`] asked for lives.
    Spawned {
        /// Position of the child.
        child: usize,
        /// Its process.
        pid: Pid,
    },
    /// Instead of a new one the child has its process of before, which is durable and comes back.
    Adopted {
        /// Position of the child.
        child: usize,
        /// Its process.
        pid: Pid,
    },
    /// It could not be started.
    Refused {
        /// Position of the child.
        child: usize,
        /// Why.
        error: Error,
    },
    /// A child's process is at its first wait point, or at one after [`Action::Check`].
    Ready {
        /// Which process.
        pid: Pid,
    },
    /// A child's process is durable, has failed over an input, and stands still. [`Input::Ready`] follows
    /// when somebody lets it go on.
    Halted {
        /// Which process.
        pid: Pid,
        /// Why.
        reason: Box<str>,
    },
    /// A child's process is at rest, as [`Action::Rest`] has asked.
    Rested {
        /// Which process.
        pid: Pid,
    },
    /// What [`Action::Look`] has shown.
    Looked {
        /// Which process.
        pid: Pid,
        /// The look's number.
        number: u64,
        /// Whether somebody has paused it, so that it can't come to a wait point.
        is_paused: bool,
    },
    /// A child's process has ended.
    Exited {
        /// Which process.
        pid: Pid,
        /// How.
        reason: Arc<ExitReason>,
    },
    /// The time has come that [`super::Supervisor::next_deadline`] told.
    Tick,
    /// Somebody wants something.
    Command {
        /// Who waits for the answer, if anybody does.
        ticket: Option<Ticket>,
        /// What.
        verb: Verb,
        /// Id of the child.
        child: SmolStr,
    },
    /// It has other children from now on, or others are described. What it was given before must have
    /// been carried out: the positions change.
    Redefine {
        /// Who waits until those have ended that are left out, if anybody does.
        ticket: Option<Ticket>,
        /// What it is made from now; the id stays.
        definition: Box<Definition>,
    },
    /// All children shall end, each after those that require it, and the supervisor after them.
    Stop,
    /// Likewise, but durable processes are put to rest instead: the next supervisor adopts them.
    Rest,
}

/// Something that must be done.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Action {
    /// Start the process of a child, whose end is the driver's to report. [`Input::Spawned`] or
    /// [`Input::Refused`] must follow.
    Spawn {
        /// Position of the child.
        child: usize,
    },
    /// Ask a process to end.
    Cancel {
        /// Which.
        pid: Pid,
        /// When it will be terminated.
        deadline: Timestamp,
        /// For it to read.
        reason: &'static str,
    },
    /// Put a durable process to rest. [`Input::Rested`] must follow, and nothing is heard of it after that.
    Rest {
        /// Which.
        pid: Pid,
    },
    /// End a process.
    Terminate {
        /// Which.
        pid: Pid,
    },
    /// Ask a process for its next wait point; [`Input::Ready`] follows when it comes to one.
    Check {
        /// Which.
        pid: Pid,
    },
    /// Look at a process that came to none in time. [`Input::Looked`] must follow if it lives.
    Look {
        /// Which.
        pid: Pid,
        /// Tells this look from others.
        number: u64,
    },
    /// Tell those who want to know.
    Publish {
        /// Position of the child; `None` = it is about the supervisor itself.
        child: Option<usize>,
        /// What.
        news: News,
    },
    /// A child is in another state.
    Changed {
        /// Position of the child.
        child: usize,
    },
    /// One that another definition has left out has no process any more: it can be forgotten.
    Gone {
        /// Its id.
        id: SmolStr,
    },
    /// Answer a command.
    Answer {
        /// Who waits.
        ticket: Ticket,
        /// How it went.
        result: Result<(), Error>,
    },
    /// All children have ended, and the supervisor ends: well, or with this failure.
    Finish {
        /// Why it has given up.
        failure: Option<Error>,
    },
}

/// News about a child, or about a supervisor.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Its process has been started.
    Started {
        /// Which it is.
        pid: Pid,
        /// How often it has been started again so far.
        restarts: u64,
    },
    /// Its durable process of before comes back.
    Adopted {
        /// Which it is.
        pid: Pid,
    },
    /// Its durable process stands still.
    Halted {
        /// Which it is.
        pid: Pid,
        /// Why.
        reason: Box<str>,
    },
    /// Its durable process was put to rest.
    Rested {
        /// Which it is.
        pid: Pid,
    },
    /// Its process is ready.
    Running {
        /// Which it is.
        pid: Pid,
    },
    /// It waits for something before it starts.
    Waiting,
    /// It has not become ready in time, and is terminated.
    NotReady {
        /// Which it was.
        pid: Pid,
    },
    /// It has not answered a health check in time, and is terminated.
    Unhealthy {
        /// Which it was.
        pid: Pid,
        /// The time that it had, in nanoseconds.
        after_ns: u64,
    },
    /// Its process could not be started.
    Refused {
        /// Why.
        reason: Box<str>,
    },
    /// Its process was asked to end.
    Stopping {
        /// Which it is.
        pid: Pid,
        /// When it will be terminated.
        deadline: Timestamp,
    },
    /// Its process did not end when it was asked to, and is terminated.
    Overdue {
        /// Which it is.
        pid: Pid,
    },
    /// Its process has ended.
    Exited {
        /// Which it was.
        pid: Pid,
        /// How.
        ending: Ending,
    },
    /// It will be started again.
    Backoff {
        /// When.
        until: Timestamp,
        /// Which attempt in a row that will be.
        attempt: u32,
    },
    /// It has been stopped.
    Stopped,
    /// It has done its work.
    Completed,
    /// It has failed, and is not started again.
    Failed {
        /// Why.
        reason: Box<str>,
    },
    /// All children that depend on a failed one are stopped, and started again with it.
    GroupRestart {
        /// Position of the one that failed.
        cause: usize,
    },
    /// The supervisor bears no more: it stops its children and fails.
    GaveUp {
        /// Why.
        reason: Box<str>,
    },
}

impl News {
    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Adopted { .. } => "adopted",
            Self::Halted { .. } => "halted",
            Self::Rested { .. } => "rested",
            Self::Running { .. } => "running",
            Self::Waiting => "waiting",
            Self::NotReady { .. } => "not_ready",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Refused { .. } => "refused",
            Self::Stopping { .. } => "stopping",
            Self::Overdue { .. } => "overdue",
            Self::Exited { .. } => "exited",
            Self::Backoff { .. } => "backoff",
            Self::Stopped => "stopped",
            Self::Completed => "completed",
            Self::Failed { .. } => "failed",
            Self::GroupRestart { .. } => "group_restart",
            Self::GaveUp { .. } => "gave_up",
        }
    }
}

/// Actions in the order in which they must be carried out.
#[derive(Debug, Default)]
#[must_use]
pub struct Actions {
    list: Vec<Action>,
}

impl Actions {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes them all, keeping the room they had.
    pub fn drain(&mut self) -> impl Iterator<Item = Action> + '_ {
        self.list.drain(..)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn push(&mut self, action: Action) {
        self.list.push(action);
    }

    pub(crate) fn publish(&mut self, child: usize, news: News) {
        self.push(Action::Publish { child: Some(child), news });
    }
}
