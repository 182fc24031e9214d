//! What an application declares beside its programs: services, supervisors, pools, and how they
//! live. Plain data: the `spec` crate reads it from YAML, `supervision` acts on it.
//!
//! Times are nanoseconds, ids are `namespace:name`.

use crate::{Fragment, Scalar};
use std::collections::BTreeMap;

const SECOND_NS: u64 = 1_000_000_000;

/// Whether a supervised process that has ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RestartPolicy {
    /// However it ended.
    #[default]
    Permanent,
    /// Only when it failed.
    Transient,
    /// Never.
    Temporary,
}

/// How a supervised process is started again.
#[derive(Debug, Clone, PartialEq)]
pub struct Restart {
    /// Whether at all.
    pub policy: RestartPolicy,
    /// Wait before the first attempt.
    pub initial_delay_ns: u64,
    /// Longest wait.
    pub max_delay_ns: u64,
    /// What the wait is multiplied by from attempt to attempt, 1 or more.
    pub backoff_factor: f64,
    /// Part of the wait that is random, 0 to 1: 0.1 = up to 10 % more or less.
    pub jitter: f64,
    /// Attempts in a row before it is given up; `None` = endless.
    pub max_attempts: Option<u32>,
    /// A process that has run for so long is stable: the next failure is the first again.
    pub stable_threshold_ns: u64,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            policy: RestartPolicy::Permanent,
            initial_delay_ns: SECOND_NS,
            max_delay_ns: 90 * SECOND_NS,
            backoff_factor: 2.0,
            jitter: 0.1,
            max_attempts: None,
            stable_threshold_ns: 5 * SECOND_NS,
        }
    }
}

/// The principal under which a supervised process runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceSecurity {
    /// Id of its actor; `None` = no actor.
    pub actor: Option<String>,
    /// What policies can ask about as `actor.meta.*`.
    pub meta: BTreeMap<String, Scalar>,
    /// Policies that apply to it, by id.
    pub policies: Vec<String>,
    /// Groups of policies that apply to it, by id.
    pub groups: Vec<String>,
}

/// Whether a supervised process still does something is asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheck {
    /// Time between an answer and the next question.
    pub interval_ns: u64,
    /// How long the process may take to answer.
    pub timeout_ns: u64,
}

/// How a service, supervisor or pool starts and stops.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle {
    /// It starts with the application.
    pub auto_start: bool,
    /// How long a start may take.
    pub start_timeout_ns: u64,
    /// How long a graceful stop may take before the process is terminated.
    pub stop_timeout_ns: u64,
    /// Ids of what must run before it starts, and stops after it.
    pub requires: Vec<String>,
    /// See [`Restart`].
    pub restart: Restart,
    /// Of a service; `None` = it is not asked. Pools and supervisors look after their own members.
    pub health: Option<HealthCheck>,
    /// See [`ServiceSecurity`].
    pub security: ServiceSecurity,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            auto_start: true,
            start_timeout_ns: 10 * SECOND_NS,
            stop_timeout_ns: 10 * SECOND_NS,
            requires: Vec::new(),
            restart: Restart::default(),
            health: None,
            security: ServiceSecurity::default(),
        }
    }
}

/// A supervised process. While it runs, its process holds the service's id as a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// `namespace:name`.
    pub id: String,
    /// Id of the program that it runs.
    pub program: String,
    /// Id of the process host.
    pub host: String,
    /// Arguments of its main function, one value per fragment.
    pub arguments: Vec<Fragment>,
    /// Values of its context.
    pub context: BTreeMap<String, Fragment>,
    /// Labels that commands select by.
    pub labels: BTreeMap<String, String>,
    /// See [`Lifecycle`].
    pub lifecycle: Lifecycle,
}

/// Which children are started again when one of them fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The one.
    #[default]
    OneForOne,
    /// All of them.
    OneForAll,
    /// The one and those declared after it.
    RestForOne,
}

/// How many restarts a supervisor bears: more of them within the time, and it fails itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intensity {
    /// Most restarts.
    pub restarts: u32,
    /// Within this time.
    pub within_ns: u64,
}

impl Default for Intensity {
    fn default() -> Self {
        Self { restarts: 3, within_ns: 5 * SECOND_NS }
    }
}

/// A group of services, pools and further supervisors that lives and dies by a strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct SupervisorDefinition {
    /// `namespace:name`.
    pub id: String,
    /// See [`Strategy`].
    pub strategy: Strategy,
    /// See [`Intensity`].
    pub intensity: Intensity,
    /// Ids of the children, in the order of their start.
    pub children: Vec<String>,
    /// Labels that commands select by.
    pub labels: BTreeMap<String, String>,
    /// See [`Lifecycle`].
    pub lifecycle: Lifecycle,
}

/// The size of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSize {
    /// Members at least.
    pub min_size: u32,
    /// Members at most.
    pub max_size: u32,
    /// A member above the least that has been idle for so long is ended.
    pub idle_timeout_ns: u64,
}

impl Default for PoolSize {
    fn default() -> Self {
        Self { min_size: 1, max_size: 10, idle_timeout_ns: 300 * SECOND_NS }
    }
}

/// How a pool is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitoring {
    /// Time between two health checks of a member; 0 = none.
    pub health_check_interval_ns: u64,
    /// How long a member may take to answer one.
    pub health_check_timeout_ns: u64,
    /// Whether its metrics are published.
    pub metrics_collection: bool,
    /// Whether failures to scale or to recover raise an alert.
    pub alerting: bool,
    /// Where alerts are posted to beside the log and the events: an http URL.
    pub webhook: Option<String>,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            health_check_interval_ns: 30 * SECOND_NS,
            health_check_timeout_ns: 5 * SECOND_NS,
            metrics_collection: true,
            alerting: true,
            webhook: None,
        }
    }
}

/// How a pool gets over failures of its members.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Whether a failed member is replaced.
    pub auto_restart: bool,
    /// Replacements in a row, of members that did not become stable, before the pool fails.
    pub max_restarts: u32,
    /// Wait before a replacement; it grows as [`Restart`] says for later ones.
    pub restart_delay_ns: u64,
    /// How often a message is given to another member when one failed with it.
    pub redeliveries_max: u32,
    /// The process or name that gets what no member could do, on topic `dead-letter`.
    pub dead_letter: Option<String>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            auto_restart: true,
            max_restarts: 3,
            restart_delay_ns: 10 * SECOND_NS,
            redeliveries_max: 3,
            dead_letter: None,
        }
    }
}

/// A scaled set of processes of one program. A message to the pool's id goes to an idle member.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// `namespace:name`.
    pub id: String,
    /// Id of the program of its members.
    pub program: String,
    /// Id of the process host.
    pub host: String,
    /// Arguments of each member's main function.
    pub arguments: Vec<Fragment>,
    /// Values of each member's context.
    pub context: BTreeMap<String, Fragment>,
    /// Labels that commands select by.
    pub labels: BTreeMap<String, String>,
    /// See [`PoolSize`].
    pub size: PoolSize,
    /// Messages that wait for a member at most.
    pub queue_max: u32,
    /// See [`Monitoring`].
    pub monitoring: Monitoring,
    /// See [`Recovery`].
    pub recovery: Recovery,
    /// See [`Lifecycle`]; its restart is that of the pool as a whole.
    pub lifecycle: Lifecycle,
}
