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
    doc: "what each of its processes may use; what is missing is that of its host",
};
const DURABLE: Key = Key {
    name: "durable",
    shape: Shape::Bool,
    presence: Presence::Default("false"),
    doc: "whether its processes outlive the node: what they do is in the node's store before others see it",
};
const ON_ERROR: Key = Key {
    name: "on_error",
    shape: Shape::Word(&[
        ("skip", "the input is written down as failed; the process goes on in the state before it"),
        ("halt", "the process stands still until somebody decides"),
        ("exit", "the process ends"),
    ]),
    presence: Presence::Default("skip"),
    doc: "what happens when a durable process fails over an input",
};
const PROMISE: Key = Key {
    name: "promise",
    shape: Shape::Word(&[
        ("local", "others see what a durable process does when it is on the node's disk"),
        ("async", "at once: a crash may lose the last milliseconds"),
    ]),
    presence: Presence::Default("local"),
    doc: "when others see what a durable process does",
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
    ON_ERROR,
    PROMISE,
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

const HOSTS: Presence = Presence::Absent("that of its host");

/// Keys of a program's `limits`.
const LIMIT_KEYS: &[Key] = &limits([HOSTS; 10]);

/// Keys of a host's `limits`.
pub(super) const HOST_LIMIT_KEYS: &[Key] = &limits([
    Presence::Default("256MiB"),
    Presence::Absent("as many as it wants"),
    Presence::Absent("for ever"),
    Presence::Default("10000"),
    Presence::Default("64MiB"),
    Presence::Default("16MiB"),
    Presence::Default("100000"),
    Presence::Default("100"),
    Presence::Default("10000"),
    Presence::Default("1000"),
]);

const SMALL: Shape = Shape::Count { min: 1, max: u32::MAX as u64 };
const LARGE: Shape = Shape::Count { min: 1, max: i64::MAX as u64 };
const TIME: Shape = Shape::Duration { min_ns: 1 };
const SIZE: Shape = Shape::Size { min: 1 };

const fn key(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> Key {
    Key { name, shape, presence, doc }
}

const fn limits(presence: [Presence; 10]) -> [Key; 10] {
    [
        key("memory", SIZE, presence[0], "heap of a process"),
        key("instructions", LARGE, presence[1], "instructions over the life of a process"),
        key("wall_clock", TIME, presence[2], "time from its start to its end"),
        key("mailbox", SMALL, presence[3], "messages that wait in the mailbox"),
        key("mailbox_bytes", SIZE, presence[4], "size of the messages that wait in the mailbox"),
        key("message_size", SIZE, presence[5], "size of one message"),
        key("links", SMALL, presence[6], "links and monitors"),
        key("names", SMALL, presence[7], "registered names"),
        key("calls", SMALL, presence[8], "timers and other pending calls"),
        key("topics", SMALL, presence[9], "topics listened to"),
    ]
}
