//! What a worker finds in its inbox.

use crate::worker::Worker;
use procession_environment::Guest;
use procession_kernel::{CallId, Migrant, Signal};
use procession_store::StoreError;
use procession_types::{Error, Fragment, Pid};

/// Work that another thread asks a worker to do between two turns.
pub(crate) type Task = Box<dyn FnOnce(&mut Worker) + Send>;

/// See the module.
pub(crate) enum Mail {
    /// From another shard's kernel.
    Signal(Signal),
    /// A process from another shard.
    Migrant(Box<Migrant>, Option<Box<dyn Guest>>),
    /// A call that an I/O thread has carried out.
    Reply { pid: Pid, call: CallId, result: Result<Fragment, Error> },
    /// The oldest commit of this shard that is under way was decided.
    Decided { result: Result<(), StoreError>, group: u64 },
    /// From the node.
    Task(Task),
    /// The end of the worker.
    Stop,
}
