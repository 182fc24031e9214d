//! What a pool is told.

use super::MemberNumber;
use procession_types::{Error, ExitReason, Message, Pid, Timestamp};
use std::sync::Arc;

/// What every step of a pool is given.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The node's clock; never goes back.
    pub now: Timestamp,
    /// Messages in the pool's queue that it has not been given.
    pub waiting: u32,
    /// Those of them that are kept until they are done, also when the pool ends: they come first.
    pub queued: u32,
    /// Random bits, for the part of a delay that is random.
    pub random: u64,
}

/// One thing that has happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// It begins. Once, before everything else.
    Start,
    /// The oldest message of its mailbox; only when [`super::Pool::wants_work`].
    Work(Message),
    /// Likewise, and something keeps it under a number until [`super::Action::Done`] or
    /// [`super::Action::DeadLetter`].
    Queued {
        /// The number.
        queued: u64,
        /// What.
        message: Message,
    },
    /// A member that was asked for has been started.
    Spawned {
        /// Which.
        member: MemberNumber,
        /// Its process.
        pid: Pid,
    },
    /// A member that was asked for could not be started.
    Refused {
        /// Which.
        member: MemberNumber,
        /// Why.
        error: Error,
    },
    /// A message could not be put into a member's mailbox.
    NotHanded {
        /// Which.
        pid: Pid,
        /// Why.
        error: Error,
    },
    /// A member waits for a message, and has read those it was handed.
    Idle {
        /// Which.
        pid: Pid,
        /// How many messages it had taken then.
        taken: u64,
    },
    /// A member is at a wait point, whatever it waits for.
    WaitPoint {
        /// Which.
        pid: Pid,
    },
    /// What a look at a member has shown.
    Measured {
        /// Which.
        pid: Pid,
        /// Bytes its heap holds.
        memory_bytes: u64,
        /// Bytes it may hold.
        memory_bytes_max: u64,
        /// Somebody has paused it: that it does nothing is no fault.
        is_paused: bool,
    },
    /// A member is durable, has failed over a message, and stands still. [`Input::Idle`] follows when
    /// somebody lets it go on and it has done what it had.
    Halted {
        /// Which.
        pid: Pid,
        /// Why.
        error: Error,
    },
    /// A member is at rest, as [`super::Action::Rest`] has asked.
    Rested {
        /// Which.
        pid: Pid,
    },
    /// A member has ended, and has taken so many of the messages that it was handed. Comes before
    /// [`Input::Ended`]; without it the member has taken none.
    Took {
        /// Which.
        pid: Pid,
        /// How many.
        count: u64,
    },
    /// A member has ended.
    Ended {
        /// Which.
        pid: Pid,
        /// How.
        reason: Arc<ExitReason>,
    },
    /// Messages have come that nobody is there to take.
    Look,
    /// A dead letter reached nobody.
    LetterLost,
    /// The time of [`super::Pool::next_deadline`] has come, or may have.
    Tick,
    /// The pool shall end, and durable members are put to rest: the next process of the pool adopts them.
    Rest,
    /// The pool shall end: it finishes what it can until this time.
    Stop {
        /// `None` = it has all the time it needs.
        deadline: Option<Timestamp>,
    },
}
