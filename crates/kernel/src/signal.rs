//! What shards tell each other.

use crate::{Asker, CallId, Cancel, Tags};
use procession_types::{Error, ExitReason, Fragment, Message, Pid, Rest, Topic};
use std::sync::Arc;

/// One thing that a process, or the kernel in its name, does to a process of another shard.
#[derive(Debug, Clone)]
pub enum Signal {
    /// A message for the mailbox; it was announced with [`crate::Directory::dispatch`].
    Message {
        /// The receiver.
        to: Pid,
        /// What.
        message: Box<Message>,
    },
    /// `from` wants to be told of the end of `to`.
    Monitor {
        /// The watcher.
        from: Pid,
        /// The watched.
        to: Pid,
    },
    /// `from` no longer wants that.
    Unmonitor {
        /// The watcher.
        from: Pid,
        /// The watched.
        to: Pid,
    },
    /// The watched process `from` has ended, or never lived; `to` is the watcher.
    Down {
        /// The one that ended.
        from: Pid,
        /// The watcher.
        to: Pid,
        /// How it ended.
        reason: Arc<ExitReason>,
    },
    /// `from` linked itself to `to`.
    Link {
        /// Who asked.
        from: Pid,
        /// The other.
        to: Pid,
        /// Names this link among all that the two ever had; see [`Tags`].
        tag: u32,
    },
    /// `from` removed the links with these tags, `mine` being of `from`.
    Unlink {
        /// Who asked.
        from: Pid,
        /// The other.
        to: Pid,
        /// Which.
        tags: Tags,
    },
    /// The linked process `from` has ended, or never lived.
    LinkDown {
        /// The one that ended.
        from: Pid,
        /// The one that hears of it.
        to: Pid,
        /// How it ended; a normal end removes the link silently.
        reason: Arc<ExitReason>,
    },
    /// A request to end.
    Cancel {
        /// The one that should end.
        to: Pid,
        /// See [`Cancel`].
        cancel: Cancel,
    },
    /// The end.
    Terminate {
        /// Whose.
        to: Pid,
    },
    /// It shall stand still.
    Pause {
        /// Which.
        to: Pid,
    },
    /// It shall go on.
    Resume {
        /// Which.
        to: Pid,
    },
    /// The reply of a pending call.
    Reply {
        /// The caller.
        to: Pid,
        /// Which call.
        call: CallId,
        /// The reply.
        result: Result<Fragment, Error>,
    },
    /// A question about the process.
    Inspect {
        /// About whom.
        to: Pid,
        /// Who asks.
        asker: Asker,
    },
    /// `from` wants to be told once when its child `to` is at rest.
    AskRest {
        /// The parent.
        from: Pid,
        /// The child.
        to: Pid,
        /// How.
        rest: Rest,
    },
    /// The child `from` is at rest, as its parent `to` has asked.
    Rested {
        /// The child.
        from: Pid,
        /// The parent.
        to: Pid,
        /// How.
        rest: Rest,
        /// How many messages it has taken of those that its parent has handed to it.
        taken: u64,
    },
    /// `from` is the parent of the durable process `to` from now on, and wants to be told of its end.
    Adopt {
        /// The parent.
        from: Pid,
        /// The child.
        to: Pid,
    },
    /// `from` has brought its child `to` a message by another way, or knows of one that it has in hand, and
    /// wants to be told when it is idle.
    Handed {
        /// The parent.
        from: Pid,
        /// The child.
        to: Pid,
        /// The topic of the message.
        topic: Topic,
        /// The position of the message among all that came, when it is in the mailbox.
        at: Option<u64>,
    },
    /// The process shall look around once.
    Rouse {
        /// Which.
        to: Pid,
    },
    /// `from` hands a message to its child `to`; it was announced with
    /// [`crate::Directory::dispatch`].
    Hand {
        /// The parent.
        from: Pid,
        /// The child.
        to: Pid,
        /// What.
        message: Box<Message>,
    },
    /// The child `from` ends, and has taken so many of the messages that its parent `to` has handed
    /// to it.
    Took {
        /// The child.
        from: Pid,
        /// The parent.
        to: Pid,
        /// How many.
        count: u64,
    },
    /// To a process's home: the shard where it is asks to be rid of it.
    Return {
        /// The process.
        to: Pid,
    },
    /// From a process's home: it shall come back.
    Recall {
        /// The process.
        to: Pid,
    },
    /// To a process's home: it has ended elsewhere.
    Gone {
        /// The process.
        to: Pid,
    },
}

impl Signal {
    /// The process that the signal is for.
    #[must_use]
    pub fn to(&self) -> Pid {
        match self {
            Self::Message { to, .. }
            | Self::Monitor { to, .. }
            | Self::Unmonitor { to, .. }
            | Self::Down { to, .. }
            | Self::Link { to, .. }
            | Self::Unlink { to, .. }
            | Self::LinkDown { to, .. }
            | Self::Cancel { to, .. }
            | Self::Terminate { to }
            | Self::Pause { to }
            | Self::Resume { to }
            | Self::Reply { to, .. }
            | Self::Inspect { to, .. }
            | Self::AskRest { to, .. }
            | Self::Rested { to, .. }
            | Self::Adopt { to, .. }
            | Self::Handed { to, .. }
            | Self::Rouse { to }
            | Self::Hand { to, .. }
            | Self::Took { to, .. }
            | Self::Return { to }
            | Self::Recall { to }
            | Self::Gone { to } => *to,
        }
    }
}
