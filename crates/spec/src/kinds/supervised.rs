//! The keys of hosts, services, supervisors and pools.

use super::program::HOST_LIMIT_KEYS;
use super::security::PRINCIPAL_KEYS;
use super::{HOST, PROGRAM, SUPERVISED};
use crate::shape::{Key, Presence, Shape};

const SMALL_MAX: u64 = u32::MAX as u64;
/// Members of a pool, and children of a supervisor.
const MEMBERS_MAX: u64 = 1_000_000;

/// Keys of `process.host`.
pub(super) const HOST_KEYS: &[Key] = &[Key {
    name: "host",
    shape: Shape::Record(PLACE_KEYS),
    presence: Presence::Default("{}"),
    doc: "what runs there, and how",
}];

/// Keys of `host`.
pub(crate) const PLACE_KEYS: &[Key] = &[
    Key {
        name: "max_processes",
        shape: Shape::Count { min: 1, max: SMALL_MAX },
        presence: Presence::Default("10000000"),
        doc: "processes alive at once",
    },
    Key {
        name: "priority",
        shape: Shape::Word(&[
            ("normal", "as everybody"),
            ("system", "before others, though never so that they starve"),
        ]),
        presence: Presence::Default("normal"),
        doc: "who is served first",
    },
    Key {
        name: "weight",
        shape: Shape::Count { min: 1, max: 1000 },
        presence: Presence::Default("1"),
        doc: "share of the time beside hosts of the same priority that have work, too",
    },
    Key {
        name: "hibernate_after",
        shape: Shape::DurationOrNever,
        presence: Presence::Default("30s"),
        doc: "how long a process is idle before it is packed",
    },
    Key {
        name: "limits",
        shape: Shape::Record(HOST_LIMIT_KEYS),
        presence: Presence::Default("{}"),
        doc: "what each process may use, as far as its program does not say",
    },
];

const PROCESS: Key = Key {
    name: "process",
    shape: Shape::Reference(&PROGRAM),
    presence: Presence::Required,
    doc: "the program that it runs",
};
const RUNS_ON: Key = Key {
    name: "host",
    shape: Shape::Reference(&HOST),
    presence: Presence::Default("app:processes"),
    doc: "where it runs",
};
const ARGUMENTS: Key = Key {
    name: "arguments",
    shape: Shape::List { of: &Shape::Value, min: 0 },
    presence: Presence::Default("[]"),
    doc: "arguments of the program's function",
};
const CONTEXT: Key = Key {
    name: "context",
    shape: Shape::Map { key: &Shape::Text, value: &Shape::Value },
    presence: Presence::Default("{}"),
    doc: "values that ctx.get finds",
};
const LIFECYCLE: Key = Key {
    name: "lifecycle",
    shape: Shape::Record(LIFECYCLE_KEYS),
    presence: Presence::Default("{}"),
    doc: "how it starts, stops and is started again",
};

/// Keys of `process.service`.
pub(super) const SERVICE_KEYS: &[Key] = &[PROCESS, RUNS_ON, ARGUMENTS, CONTEXT, LIFECYCLE];

/// Keys of `process.supervisor`.
pub(super) const SUPERVISOR_KEYS: &[Key] = &[
    Key {
        name: "strategy",
        shape: Shape::Word(&[
            ("one_for_one", "the child that failed"),
            ("one_for_all", "all children"),
            ("rest_for_one", "the child that failed and those after it"),
        ]),
        presence: Presence::Default("one_for_one"),
        doc: "which children are started again when one fails",
    },
    Key {
        name: "intensity",
        shape: Shape::Record(INTENSITY_KEYS),
        presence: Presence::Default("{}"),
        doc: "how many restarts it bears before it fails itself",
    },
    Key {
        name: "children",
        shape: Shape::List { of: &Shape::Reference(&SUPERVISED), min: 1 },
        presence: Presence::Required,
        doc: "services, pools and supervisors, in the order of their start",
    },
    LIFECYCLE,
];

const INTENSITY_KEYS: &[Key] = &[
    Key {
        name: "restarts",
        shape: Shape::Count { min: 0, max: SMALL_MAX },
        presence: Presence::Default("3"),
        doc: "most restarts",
    },
    Key {
        name: "within",
        shape: Shape::Duration { min_ns: 1_000_000 },
        presence: Presence::Default("5s"),
        doc: "in this time",
    },
];

/// Keys of `process.pool`.
pub(super) const POOL_KEYS: &[Key] = &[
    PROCESS,
    RUNS_ON,
    ARGUMENTS,
    CONTEXT,
    Key {
        name: "pool",
        shape: Shape::Record(SIZE_KEYS),
        presence: Presence::Default("{}"),
        doc: "its size; what is missing is that of process_management",
    },
    Key {
        name: "monitoring",
        shape: Shape::Record(MONITORING_KEYS),
        presence: Presence::Default("{}"),
        doc: "how it is watched; what is missing is that of process_management",
    },
    Key {
        name: "recovery",
        shape: Shape::Record(RECOVERY_KEYS),
        presence: Presence::Default("{}"),
        doc: "how it gets over failures; what is missing is that of process_management",
    },
    LIFECYCLE,
];

/// Keys of `pool`.
pub(super) const SIZE_KEYS: &[Key] = &[
    Key {
        name: "min_size",
        shape: Shape::Count { min: 0, max: MEMBERS_MAX },
        presence: Presence::Default("1"),
        doc: "members at least",
    },
    Key {
        name: "max_size",
        shape: Shape::Count { min: 1, max: MEMBERS_MAX },
        presence: Presence::Default("10"),
        doc: "members at most",
    },
    Key {
        name: "idle_timeout",
        shape: Shape::Duration { min_ns: 1_000_000 },
        presence: Presence::Default("300s"),
        doc: "a member above the least that is idle for so long is ended",
    },
    Key {
        name: "queue_max",
        shape: Shape::Count { min: 0, max: SMALL_MAX },
        presence: Presence::Default("10000"),
        doc: "messages that wait for a member at most",
    },
];

/// Keys of `monitoring`.
pub(super) const MONITORING_KEYS: &[Key] = &[
    Key {
        name: "health_check_interval",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("30s"),
        doc: "time between two health checks of a member; 0 = none",
    },
    Key {
        name: "health_check_timeout",
        shape: Shape::Duration { min_ns: 1_000_000 },
        presence: Presence::Default("5s"),
        doc: "how long a member may take to answer one; never longer than the interval",
    },
    Key {
        name: "metrics_collection",
        shape: Shape::Bool,
        presence: Presence::Default("true"),
        doc: "whether its metrics are published",
    },
    Key {
        name: "alerting",
        shape: Shape::Bool,
        presence: Presence::Default("true"),
        doc: "whether failures to scale or to recover raise an alert",
    },
    Key {
        name: "webhook",
        shape: Shape::Url,
        presence: Presence::Absent("nowhere"),
        doc: "where alerts are posted to, beside the log and the events",
    },
];

/// Keys of `recovery`.
pub(super) const RECOVERY_KEYS: &[Key] = &[
    Key {
        name: "auto_restart",
        shape: Shape::Bool,
        presence: Presence::Default("true"),
        doc: "whether a failed member is replaced",
    },
    Key {
        name: "max_restarts",
        shape: Shape::Count { min: 0, max: SMALL_MAX },
        presence: Presence::Default("3"),
        doc: "replacements in a row before the pool fails",
    },
    Key {
        name: "restart_delay",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("10s"),
        doc: "wait before a replacement",
    },
    Key {
        name: "redeliveries_max",
        shape: Shape::Count { min: 0, max: 1000 },
        presence: Presence::Default("3"),
        doc: "how often a message is given to another member when one failed with it",
    },
    Key {
        name: "dead_letter",
        shape: Shape::Text,
        presence: Presence::Absent("nobody"),
        doc: "the name that gets what no member could do, on topic dead-letter",
    },
];

const LIFECYCLE_KEYS: &[Key] = &[
    Key {
        name: "auto_start",
        shape: Shape::Bool,
        presence: Presence::Default("true"),
        doc: "whether it starts with the application",
    },
    Key {
        name: "start_timeout",
        shape: Shape::Duration { min_ns: 1_000_000 },
        presence: Presence::Default("10s"),
        doc: "how long its start may take",
    },
    Key {
        name: "stop_timeout",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("10s"),
        doc: "how long a graceful stop may take before it is terminated",
    },
    Key {
        name: "requires",
        shape: Shape::List { of: &Shape::Reference(&SUPERVISED), min: 0 },
        presence: Presence::Default("[]"),
        doc: "what has to run before it starts, and stops after it",
    },
    Key {
        name: "restart",
        shape: Shape::Record(RESTART_KEYS),
        presence: Presence::Default("{}"),
        doc: "how it is started again",
    },
    Key {
        name: "security",
        shape: Shape::Record(PRINCIPAL_KEYS),
        presence: Presence::Default("{}"),
        doc: "the principal that it runs under",
    },
];

const RESTART_KEYS: &[Key] = &[
    Key {
        name: "policy",
        shape: Shape::Word(&[
            ("permanent", "however it ended"),
            ("transient", "only when it failed"),
            ("temporary", "never"),
        ]),
        presence: Presence::Default("permanent"),
        doc: "whether it is started again",
    },
    Key {
        name: "initial_delay",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("1s"),
        doc: "wait before the first attempt",
    },
    Key {
        name: "max_delay",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("90s"),
        doc: "longest wait",
    },
    Key {
        name: "backoff_factor",
        shape: Shape::Number { min: 1.0, max: 1000.0 },
        presence: Presence::Default("2.0"),
        doc: "what the wait is multiplied by from attempt to attempt",
    },
    Key {
        name: "jitter",
        shape: Shape::Number { min: 0.0, max: 1.0 },
        presence: Presence::Default("0.1"),
        doc: "part of the wait that is random: 0.1 = up to 10 % more or less",
    },
    Key {
        name: "max_attempts",
        shape: Shape::Count { min: 1, max: SMALL_MAX },
        presence: Presence::Absent("endless"),
        doc: "attempts in a row before it is given up",
    },
    Key {
        name: "stable_threshold",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("5s"),
        doc: "a process that has run for so long is stable: the next failure is the first again",
    },
];
