//! A checked application.

use crate::Grant;
use procession_environment::Program;
use procession_policy::Policy;
use procession_types::Limits;
use procession_types::definition::{Pool, Service, SupervisorDefinition};
use std::collections::BTreeMap;

/// Everything that an application defines. Maps are by id, `namespace:name`; an id names one entry
/// of one kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Application {
    /// What a message's payload is for Lua programs.
    pub payload: Payload,
    /// Whether processes without actor or scope are denied everything; `None` = the node decides.
    pub strict: Option<bool>,
    /// Groups of policies: the ids of each group's policies.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Variables that its programs may read, with their values.
    pub variables: BTreeMap<String, String>,
    /// What of the machine its programs may use.
    pub grants: Vec<Grant>,
    /// What processes and functions run.
    pub programs: BTreeMap<String, ProgramDefinition>,
    /// Places to run beside those that every node has, or in place of them.
    pub hosts: BTreeMap<String, Host>,
    /// Supervised processes.
    pub services: BTreeMap<String, Service>,
    /// Trees of services, pools and further supervisors.
    pub supervisors: BTreeMap<String, SupervisorDefinition>,
    /// Scaled sets of processes.
    pub pools: BTreeMap<String, Pool>,
    /// Who may do what.
    pub policies: BTreeMap<String, Policy>,
}

/// What `msg:payload()` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payload {
    /// The value itself.
    #[default]
    Plain,
    /// A wrapper with `:data()` and `:get_format()`.
    Wrapped,
}

/// A program with what its entry says beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramDefinition {
    /// Its source with everything that it imports.
    pub program: Program,
    /// See [`ProgramKind`].
    pub kind: ProgramKind,
    /// Labels that commands select by.
    pub labels: BTreeMap<String, String>,
}

/// How a program is meant to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramKind {
    /// `process.lua`: spawned, supervised, a member of pools.
    Process,
    /// `function.lua`: a short process per call.
    Function,
}

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Before others, though never so that they starve.
    System,
    /// As everybody.
    #[default]
    Normal,
}

/// A named place where processes run.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// `namespace:name`, as PIDs print it.
    pub id: String,
    /// Processes alive at once.
    pub processes_max: u32,
    /// See [`Priority`].
    pub priority: Priority,
    /// Share of the time beside hosts of the same priority that have work, too; 1 to 1000.
    pub weight: u32,
    /// What each process may use, as far as its program does not say.
    pub limits: Limits,
    /// How long a process is idle before it is packed; 0 = it is packed whenever it waits;
    /// `None` = never.
    pub hibernate_after_ns: Option<u64>,
    /// Bytes of memory that its durable processes take before those leave it that had no turn for
    /// longest; `None` = as many as there are.
    pub resident_bytes_max: Option<u64>,
    /// Labels that commands select by.
    pub labels: BTreeMap<String, String>,
}
