//! The keys of a file.

use super::pool::{MONITORING_KEYS, RECOVERY_KEYS, SIZE_KEYS};
use super::{GROUP, POLICY};
use crate::shape::{Key, Presence, Shape};

/// The keys that every file has.
pub(crate) const FILE_KEYS: &[Key] = &[
    Key {
        name: "version",
        shape: Shape::Version,
        presence: Presence::Required,
        doc: "the version of the format",
    },
    Key {
        name: "namespace",
        shape: Shape::Namespace,
        presence: Presence::Required,
        doc: "what stands before the names of the file's entries",
    },
    Key {
        name: "entries",
        shape: Shape::Entries,
        presence: Presence::Default("[]"),
        doc: "what the file declares",
    },
];

/// The keys that only the file of the application's own directory has.
pub(crate) const APPLICATION_KEYS: &[Key] = &[
    Key {
        name: "lua",
        shape: Shape::Record(LUA_KEYS),
        presence: Presence::Default("{}"),
        doc: "how the Lua environment behaves",
    },
    Key {
        name: "process_management",
        shape: Shape::Record(PROCESS_MANAGEMENT_KEYS),
        presence: Presence::Default("{}"),
        doc: "the defaults of every pool",
    },
    Key {
        name: "security",
        shape: Shape::Record(SECURITY_KEYS),
        presence: Presence::Default("{}"),
        doc: "how permissions are decided",
    },
    Key {
        name: "variables",
        shape: Shape::Map { key: &Shape::VariableName, value: &Shape::Literal },
        presence: Presence::Default("{}"),
        doc: "variables that programs may read, as with --env",
    },
    Key {
        name: "grants",
        shape: Shape::List { of: &Shape::Grant, min: 0 },
        presence: Presence::Default("[]"),
        doc: "what of the machine programs may use, as with --grant",
    },
];

const LUA_KEYS: &[Key] = &[Key {
    name: "payload",
    shape: Shape::Word(&[
        ("plain", "the value itself"),
        ("wrapped", "a wrapper with :data() and :get_format()"),
    ]),
    presence: Presence::Default("plain"),
    doc: "what msg:payload() gives",
}];

const PROCESS_MANAGEMENT_KEYS: &[Key] = &[
    Key {
        name: "pool",
        shape: Shape::Record(SIZE_KEYS),
        presence: Presence::Default("{}"),
        doc: "the size of pools",
    },
    Key {
        name: "monitoring",
        shape: Shape::Record(MONITORING_KEYS),
        presence: Presence::Default("{}"),
        doc: "how pools are watched",
    },
    Key {
        name: "recovery",
        shape: Shape::Record(RECOVERY_KEYS),
        presence: Presence::Default("{}"),
        doc: "how pools get over failures",
    },
];

const SECURITY_KEYS: &[Key] = &[
    Key {
        name: "strict",
        shape: Shape::Bool,
        presence: Presence::Absent("as the node decides"),
        doc: "whether processes without actor or scope are denied everything",
    },
    Key {
        name: "groups",
        shape: Shape::Map {
            key: &Shape::Reference(&GROUP),
            value: &Shape::List { of: &Shape::Reference(&POLICY), min: 1 },
        },
        presence: Presence::Default("{}"),
        doc: "policies under a common id",
    },
];
