//! The keys of a lifecycle, which services, supervisors and pools have.

use super::SUPERVISED;
use super::security::PRINCIPAL_KEYS;
use crate::shape::{Key, Presence, Shape};

pub(super) const LIFECYCLE: Key = Key {
    name: "lifecycle",
    shape: Shape::Record(LIFECYCLE_KEYS),
    presence: Presence::Default("{}"),
    doc: "how it starts, stops and is started again",
};

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
        shape: Shape::Count { min: 1, max: u32::MAX as u64 },
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
