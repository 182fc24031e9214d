//! The keys of hosts, services and supervisors.

use super::lifecycle::LIFECYCLE;
use super::program::HOST_LIMIT_KEYS;
use super::{HOST, PROGRAM, SUPERVISED};
use crate::shape::{Key, Presence, Shape};

const SMALL_MAX: u64 = u32::MAX as u64;

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
        name: "resident_memory",
        shape: Shape::Size { min: 1 << 20 },
        presence: Presence::Absent("as much as they need"),
        doc: "memory that durable processes take before those leave it that had no turn for longest",
    },
    Key {
        name: "limits",
        shape: Shape::Record(HOST_LIMIT_KEYS),
        presence: Presence::Default("{}"),
        doc: "what each process may use, as far as its program does not say",
    },
];

pub(super) const PROCESS: Key = Key {
    name: "process",
    shape: Shape::Reference(&PROGRAM),
    presence: Presence::Required,
    doc: "the program that it runs",
};
pub(super) const RUNS_ON: Key = Key {
    name: "host",
    shape: Shape::Reference(&HOST),
    presence: Presence::Default("app:processes"),
    doc: "where it runs",
};
pub(super) const ARGUMENTS: Key = Key {
    name: "arguments",
    shape: Shape::List { of: &Shape::Value, min: 0 },
    presence: Presence::Default("[]"),
    doc: "arguments of the program's function",
};
pub(super) const CONTEXT: Key = Key {
    name: "context",
    shape: Shape::Map { key: &Shape::Text, value: &Shape::Value },
    presence: Presence::Default("{}"),
    doc: "values that ctx.get finds",
};
/// Keys of `process.service`.
pub(super) const SERVICE_KEYS: &[Key] = &[
    PROCESS,
    RUNS_ON,
    ARGUMENTS,
    CONTEXT,
    Key {
        name: "monitoring",
        shape: Shape::Record(HEALTH_KEYS),
        presence: Presence::Default("{}"),
        doc: "how it is watched; what is missing is what process_management says, if it says so",
    },
    LIFECYCLE,
];

const HEALTH_KEYS: &[Key] = &[
    Key {
        name: "health_check_interval",
        shape: Shape::Duration { min_ns: 0 },
        presence: Presence::Default("0"),
        doc: "time between two health checks; 0 = none",
    },
    Key {
        name: "health_check_timeout",
        shape: Shape::Duration { min_ns: 1_000_000 },
        presence: Presence::Default("5s"),
        doc: "how long it may take to answer one; never longer than the interval",
    },
];

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
