//! Where people leave what they want of a pool. Its process is roused afterwards.

use procession_supervision::pool::{Scale, Status};
use procession_types::definition::Pool as Definition;
use procession_types::{Error, Limit, Pid};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

/// Commands that wait for one pool.
const COMMANDS_MAX: usize = 1000;

/// What somebody wants; the answer goes into the channel.
pub(crate) enum Command {
    /// How is it?
    Status { reply: Sender<Status> },
    /// Another size.
    Scale { scale: Scale, reply: Sender<Result<Status, Error>> },
    /// Another definition.
    Redefine { definition: Box<Definition>, reply: Sender<()> },
    /// These members, or all, shall make room for others.
    Retire { members: Option<Vec<Pid>>, reply: Sender<()> },
}

/// See the module. `is_empty` is written under the lock, and read without it: so a pool that nobody
/// wants anything of takes no lock.
#[derive(Default)]
pub(crate) struct Desk {
    commands: Mutex<VecDeque<Command>>,
    has_some: AtomicBool,
}

impl Desk {
    /// Leaves a command.
    pub(crate) fn put(&self, command: Command) -> Result<(), Error> {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        if commands.len() >= COMMANDS_MAX {
            let message = format!("{COMMANDS_MAX} commands wait for the pool already");
            return Err(Error::limit(Limit::Mailbox, message).with_retryable(true));
        }
        commands.push_back(command);
        self.has_some.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Takes the oldest one.
    pub(crate) fn take(&self) -> Option<Command> {
        if !self.has_some.load(Ordering::SeqCst) {
            return None;
        }
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let command = commands.pop_front();
        self.has_some.store(!commands.is_empty(), Ordering::SeqCst);
        command
    }

    /// The process has ended: whoever waits for an answer hears that none comes.
    pub(super) fn clear(&self) {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.clear();
        self.has_some.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn nobody_waits_for_a_pool_that_has_ended() {
        let desk = Desk::default();
        let (reply, answer) = channel();
        desk.put(Command::Status { reply }).unwrap();
        desk.clear();
        assert!(answer.recv().is_err());
        assert!(desk.take().is_none());
    }
}
