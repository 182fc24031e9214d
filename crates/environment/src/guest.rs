//! Environments, loaded programs and running guests.

use crate::{Host, Inspection, Program, Queue, Seen};
use procession_types::{Error, ExitReason, Fragment, Limits};
use std::sync::Arc;

/// Something that executes programs: lua, wasm, native, remote.
pub trait Environment: Send + Sync {
    /// Checks and compiles a program. The result is immutable and shared by all its processes.
    ///
    /// # Errors
    /// `Invalid` when the program is malformed, with file and line.
    fn load(&self, program: &Program) -> Result<Arc<dyn Image>, Error>;
}

/// A loaded program.
pub trait Image: Send + Sync {
    /// A guest that will run the program's function with the arguments. It has executed nothing that
    /// anybody could notice: see [`Guest::start`].
    ///
    /// # Errors
    /// When the program's own top level fails, or a limit is too small for it.
    fn spawn(&self, arguments: &Fragment, limits: &Limits) -> Result<Box<dyn Guest>, Error>;

    /// A guest from a snapshot of a guest of the same program.
    ///
    /// # Errors
    /// `Invalid` when the bytes are damaged, of another format version, or of another program.
    fn restore(&self, snapshot: &[u8], limits: &Limits) -> Result<Box<dyn Guest>, Error>;
}

/// What a guest did with its budget.
#[derive(Debug)]
#[must_use]
pub enum Turn {
    /// It waits: for a message, an event, or the reply of a call. This is a wait point.
    Waiting,
    /// The budget is used up; it would go on.
    Preempted,
    /// It has ended.
    Exited(ExitReason),
    /// It asked for [`Host::upgrade`], which succeeded: the guest prepared there takes its place.
    Replaced,
    /// It would go on, but [`Guest::work`] must be called first. That takes long and concerns nobody
    /// else, so another thread may do it.
    Aside,
}

/// What a guest has used and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Instructions executed since it was spawned.
    pub instructions: u64,
    /// Bytes its heap holds.
    pub memory_bytes: u64,
}

/// A running program. Its state is its own: nothing outside refers into it.
pub trait Guest: Send {
    /// Runs the part of the program that belongs to loading it (a Lua chunk's top level), if that
    /// has not happened yet, for at most `budget` instructions; called at most once, before `run`,
    /// inside the spawn. The program may reach its first wait point here; it then goes on in `run`.
    ///
    /// # Errors
    /// When the top level raises: the spawn fails with this error.
    fn start(&mut self, host: &mut dyn Host, budget: u64) -> Result<(), Error>;

    /// Runs for about `budget` instructions (never much longer), or to a wait point, or to the end.
    fn run(&mut self, host: &mut dyn Host, budget: u64) -> Turn;

    /// Does what [`Turn::Aside`] asked for: a large collection, for example.
    fn work(&mut self) {}

    /// The whole state as bytes; `None` when the guest can't be captured just now.
    fn snapshot(&self) -> Option<Vec<u8>>;

    /// See [`Usage`].
    fn usage(&self) -> Usage;

    /// Where the program is, as `file:line`, for reports of how it ended; `None` when it can't tell.
    fn place(&mut self) -> Option<Box<str>> {
        None
    }

    /// Whether the program, at the wait point where it is, waits for a message, perhaps among other
    /// things: it would take one; of this queue when there is one. Asked between two turns, about
    /// members of pools only.
    fn receives(&mut self, queue: Option<Queue>) -> bool {
        let _ = queue;
        true
    }

    /// Whether the program, at the wait point where it is, waits for its events, perhaps among other
    /// things: there it would hear that it is to end, and so has nothing in hand that it could not
    /// leave.
    fn hears_events(&mut self) -> bool {
        false
    }

    /// What the program's coroutines do, between two turns, without those that were `seen` before. It
    /// changes nothing, and takes about as long as `budget` instructions: what does not fit is left out, and
    /// is told by a further look. What begins or ends between two looks may be missing, or there twice.
    fn inspect(&mut self, budget: u64, seen: Seen) -> Inspection {
        let _ = (budget, seen);
        Inspection::default()
    }

    /// Packs the state into fewer bytes until it is needed again, which nobody can notice but by
    /// the time it takes; called when the process has been idle for long. False when it can't.
    fn hibernate(&mut self) -> bool {
        false
    }

    /// Whether it is packed now.
    fn is_hibernating(&self) -> bool {
        false
    }

    /// Gives back memory that is held but not used; called when the process has been idle.
    fn trim(&mut self) {}
}
