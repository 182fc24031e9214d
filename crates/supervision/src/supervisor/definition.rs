//! What a supervisor is made from.

use procession_types::SmolStr;
use procession_types::definition::{HealthCheck, Intensity, Restart, Strategy};

/// A child: a service, a pool, or a further supervisor.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildDefinition {
    /// `namespace:name`.
    pub id: SmolStr,
    /// It starts with its supervisor; otherwise when it is told to, or when one that requires it
    /// starts.
    pub auto_start: bool,
    /// How long it may take to be ready; `None` = as long as it wants, as a supervisor whose children
    /// have time limits of their own.
    pub start_timeout_ns: Option<u64>,
    /// How long it may take to end when it is asked to.
    pub stop_timeout_ns: u64,
    /// How it is asked whether it still does something, if it is.
    pub health: Option<HealthCheck>,
    /// Whether and how it is started again.
    pub restart: Restart,
    /// Positions of the children that must be up before it starts, and that stop after it.
    pub requires: Vec<usize>,
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// `namespace:name`.
    pub id: SmolStr,
    /// Which children are started again when one of them fails.
    pub strategy: Strategy,
    /// How many restarts it bears; `None` = any number, since each child's own waits bound them.
    pub intensity: Option<Intensity>,
    /// The children, in their declared order. No cycle of requirements goes through them; see
    /// [`crate::plan`].
    pub children: Vec<ChildDefinition>,
}
