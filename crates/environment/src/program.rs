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
}
