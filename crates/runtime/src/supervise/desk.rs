//! Where commands for a supervisor lie until its process picks them up.

use super::blueprint::Blueprint;
use procession_supervision::supervisor::Verb;
use procession_types::{Error, ErrorKind, SmolStr};
use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Commands that wait for one supervisor at most.
const COMMANDS_MAX: usize = 1000;

/// What somebody wants.
pub(crate) struct Command {
    pub(crate) what: Wanted,
    pub(crate) reply: Sender<Result<(), Error>>,
}

/// Of a child, or of the supervisor itself.
pub(crate) enum Wanted {
    Control {
        verb: Verb,
        child: SmolStr,
    },
    /// It has these children from now on; answered when those that are left out have ended.
    Redefine(Arc<Blueprint>),
}

/// See the module.
#[derive(Default)]
pub(crate) struct Desk(Mutex<VecDeque<Command>>);

impl Desk {
    pub(crate) fn put(&self, command: Command) -> Result<(), Error> {
        let mut commands = self.lock();
        if commands.len() >= COMMANDS_MAX {
            let message = "too many commands wait for this supervisor";
            return Err(Error::new(ErrorKind::RateLimited, message).with_retryable(true));
        }
        commands.push_back(command);
        Ok(())
    }

    pub(crate) fn take(&self) -> Option<Command> {
        self.lock().pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Command>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
