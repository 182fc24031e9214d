//! The keys of pools and of `process_management`.

use super::lifecycle::LIFECYCLE;
use super::supervised::{ARGUMENTS, CONTEXT, PROCESS, RUNS_ON};
use crate::shape::{Key, Presence, Shape};

const SMALL_MAX: u64 = u32::MAX as u64;
/// Members of a pool.
const MEMBERS_MAX: u64 = 1_000_000;

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
