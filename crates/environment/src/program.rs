//! What a process runs.

use procession_types::ProgramLimits;
use std::sync::Arc;

/// The accepted language variant of a Lua program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Lua 5.4.
    #[default]
    Plain,
    /// Lua 5.4 with gradual type annotations, which are checked for syntax and dropped.
    Typed,
}

/// What to do when a durable process fails over an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// The input is written down as failed; the process goes on in the state before it.
    #[default]
    Skip,
    /// The process stands still until somebody decides.
    Halt,
    /// The process ends.
    Exit,
}

/// When what a durable process does may be seen by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Promise {
    /// At once: a crash may lose the last milliseconds.
    Async,
    /// When it is on this node's disk.
    #[default]
    Local,
}

/// How the processes of a program outlive the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Durability {
    /// See [`Promise`].
    pub promise: Promise,
    /// See [`OnError`].
    pub on_error: OnError,
}

/// A piece of source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The name under which `require` finds it; for the main source the program's id.
    pub name: String,
    /// How messages name it, as in `worker.lua`.
    pub file: String,
    /// The text.
    pub source: Arc<[u8]>,
}

/// The definition that a process runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// `namespace:name`.
    pub id: String,
    /// The main source.
    pub main: Module,
    /// Function of the main source's result that is run; `None` = `main`, or the result itself when
    /// it is a function, or nothing when the source returns nothing.
    pub method: Option<String>,
    /// Names of the runtime's modules it may `require`.
    pub modules: Vec<String>,
    /// Other sources it may `require`.
    pub imports: Vec<Module>,
    /// See [`Dialect`].
    pub dialect: Dialect,
    /// Limits of its processes.
    pub limits: ProgramLimits,
    /// How its processes outlive the node; `None` = they don't.
    pub durability: Option<Durability>,
}
