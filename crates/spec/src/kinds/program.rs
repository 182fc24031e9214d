//! The keys of programs.

use super::LIBRARY;
use crate::shape::{Key, Presence, Shape};

const SOURCE: Key = Key {
    name: "source",
    shape: Shape::Source,
    presence: Presence::Required,
    doc: "the file with its code, relative to the file that names it",
};
const MODULES: Key = Key {
    name: "modules",
    shape: Shape::List { of: &Shape::Module, min: 0 },
    presence: Presence::Default("[]"),
    doc: "modules of the runtime that it may require",
};
const IMPORTS: Key = Key {
    name: "imports",
    shape: Shape::Map { key: &Shape::Name, value: &Shape::Reference(&LIBRARY) },
    presence: Presence::Default("{}"),
    doc: "libraries that it may require, by the name it requires them with",
};
const LIMITS: Key = Key {
    name: "limits",
    shape: Shape::Record(LIMIT_KEYS),
    presence: Presence::Default("{}"),
    doc: "what each of its processes may use",
};
const DURABLE: Key = Key {
    name: "durable",
    shape: Shape::Bool,
    presence: Presence::Default("false"),
    doc: "whether its processes survive the node; true is not supported yet",
};

/// Keys of `process.lua` and `function.lua`.
pub(super) const PROCESS_KEYS: &[Key] = &[
    SOURCE,
    Key {
        name: "method",
        shape: Shape::LuaName,
        presence: Presence::Absent("main, or the function that the source returns"),
        doc: "the function that is run, in the table that the source returns",
    },
    MODULES,
    IMPORTS,
    Key {
        name: "dialect",
        shape: Shape::Word(&[
            ("plain", "Lua 5.4"),
            ("typed", "Lua 5.4 with type annotations, which are dropped"),
        ]),
        presence: Presence::Default("plain"),
        doc: "the language, also of what it imports",
    },
    LIMITS,
    DURABLE,
];

/// Keys of `library.lua`.
pub(super) const LIBRARY_KEYS: &[Key] = &[SOURCE, MODULES, IMPORTS];

/// Keys of `process.wasm`.
pub(super) const WASM_KEYS: &[Key] = &[
    SOURCE,
    Key {
        name: "method",
        shape: Shape::Text,
        presence: Presence::Absent("the module's start function"),
        doc: "the exported function that is run",
    },
    LIMITS,
    DURABLE,
];

/// Keys of `process.native`.
pub(super) const NATIVE_KEYS: &[Key] = &[
    Key {
        name: "command",
        shape: Shape::List { of: &Shape::Literal, min: 1 },
        presence: Presence::Required,
        doc: "the program and its arguments",
    },
    LIMITS,
];

const fn count(name: &'static str, max: u64, default: &'static str, doc: &'static str) -> Key {
    Key { name, shape: Shape::Count { min: 1, max }, presence: Presence::Default(default), doc }
}

const fn size(name: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key { name, shape: Shape::Size { min: 1 }, presence: Presence::Default(default), doc }
}

const SMALL_MAX: u64 = u32::MAX as u64;

const LIMIT_KEYS: &[Key] = &[
    size("memory", "256MiB", "heap of a process"),
    Key {
        name: "instructions",
        shape: Shape::Count { min: 1, max: i64::MAX as u64 },
        presence: Presence::Absent("as many as it wants"),
        doc: "instructions over the whole life of a process",
    },
    Key {
        name: "wall_clock",
        shape: Shape::Duration { min_ns: 1 },
        presence: Presence::Absent("for ever"),
        doc: "time from its start to its end",
    },
    count("mailbox", SMALL_MAX, "10000", "messages that wait in the mailbox"),
    size("mailbox_bytes", "64MiB", "size of the messages that wait in the mailbox"),
    size("message_size", "16MiB", "size of one message"),
    count("links", SMALL_MAX, "100000", "links and monitors"),
    count("names", SMALL_MAX, "100", "registered names"),
    count("calls", SMALL_MAX, "10000", "timers and other pending calls"),
    count("topics", SMALL_MAX, "1000", "topics listened to"),
];
