//! The table of kinds and keys: the application format.

mod file;
mod lifecycle;
mod pool;
mod program;
mod security;
mod supervised;

pub(crate) use file::{APPLICATION_KEYS, FILE_KEYS};
pub(crate) use supervised::PLACE_KEYS;

use crate::shape::{Key, Kind, Presence, Shape, Support, Target};

/// The keys that every entry has.
pub(crate) const ENTRY_KEYS: &[Key] = &[
    Key {
        name: "name",
        shape: Shape::Name,
        presence: Presence::Required,
        doc: "the entry's name: with the file's namespace before it, its id",
    },
    Key { name: "kind", shape: Shape::Text, presence: Presence::Required, doc: "what it is" },
    Key {
        name: "meta",
        shape: Shape::Map { key: &Shape::Text, value: &Shape::Scalar },
        presence: Presence::Default("{}"),
        doc: "anything about it; single values are labels that commands select by",
    },
];

/// Every kind.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "process.lua",
        doc: "A program in Lua.",
        keys: program::PROCESS_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "process.wasm",
        doc: "A program in WebAssembly.",
        keys: program::WASM_KEYS,
        support: Support::NotYet,
    },
    Kind {
        name: "process.native",
        doc: "A program of the operating system.",
        keys: program::NATIVE_KEYS,
        support: Support::NotYet,
    },
    Kind {
        name: "library.lua",
        doc: "Lua code that programs import.",
        keys: program::LIBRARY_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "function.lua",
        doc: "A program in Lua that runs as a short process per call.",
        keys: program::PROCESS_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "process.host",
        doc: "A place where processes run, with a limit of its own.",
        keys: supervised::HOST_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "process.service",
        doc: "A supervised process. While it runs, its process holds the service's id as a name.",
        keys: supervised::SERVICE_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "process.supervisor",
        doc: "Services, pools and further supervisors that live and die together.",
        keys: supervised::SUPERVISOR_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "process.pool",
        doc: "A scaled set of processes of one program. A message to its id goes to an idle member.",
        keys: pool::POOL_KEYS,
        support: Support::Yes,
    },
    Kind {
        name: "security.policy",
        doc: "A rule that allows or denies actions on resources.",
        keys: security::POLICY_ENTRY_KEYS,
        support: Support::Yes,
    },
];

/// What runs as a process.
pub(crate) const PROGRAM: Target = Target {
    noun: "program",
    kinds: &["process.lua", "process.wasm", "process.native"],
    always: &[],
};
/// What programs import.
pub(crate) const LIBRARY: Target = Target { noun: "library", kinds: &["library.lua"], always: &[] };
/// Where processes run.
pub(crate) const HOST: Target = Target {
    noun: "host",
    kinds: &["process.host"],
    always: &["app:processes", "system:processes"],
};
/// What is supervised.
pub(crate) const SUPERVISED: Target = Target {
    noun: "service, pool or supervisor",
    kinds: &["process.service", "process.pool", "process.supervisor"],
    always: &[],
};
/// A policy.
pub(crate) const POLICY: Target =
    Target { noun: "policy", kinds: &["security.policy"], always: &[] };
/// A group of policies; groups are no entries, so no kind is one.
pub(crate) const GROUP: Target = Target { noun: "group of policies", kinds: &[], always: &[] };

/// The kind with this name.
pub(crate) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
