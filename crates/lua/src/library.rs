//! The standard library: one immutable image shared by every process of the node.
//!
//! A library table is a value of its own kind (its number, no heap object). It is read here until a
//! process writes to it; then that process has a copy in its heap, found through the roots.

pub(crate) mod base;
mod collectgarbage;
pub(crate) mod coroutine;
pub(crate) mod frozen;
pub(crate) mod math;
pub(crate) mod os;
pub(crate) mod print;
pub(crate) mod program;
pub(crate) mod protect;
pub(crate) mod short;
pub(crate) mod sources;
pub(crate) mod string;
pub(crate) mod table;
pub(crate) mod utf8;

use crate::image::Image;
use crate::vm::{Args, Flow, Raise, Vm};
pub(crate) use frozen::Frozen;
use procession_types::word::{self, Kind, Word};
use short::Short;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A function of the library written in Rust. Its results replace the callee: see [`Flow`].
pub(crate) type Run = fn(&mut Vm<'_>, Args) -> Result<Flow, Raise>;

/// A built-in function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builtin {
    /// Qualified name, as in `string.rep`.
    pub(crate) name: &'static str,
    /// The function.
    pub(crate) run: Run,
    /// It changes frames itself (pcall, resume …).
    pub(crate) enters: bool,
    /// See [`short`].
    pub(crate) short: Option<Short>,
}

impl Builtin {
    /// The function, with a short way.
    pub(crate) const fn with_short(self, short: Short) -> Self {
        Self { short: Some(short), ..self }
    }
}

pub(crate) const fn plain(name: &'static str, run: Run) -> Builtin {
    Builtin { name, run, enters: false, short: None }
}

pub(crate) const fn entering(name: &'static str, run: Run) -> Builtin {
    Builtin { name, run, enters: true, short: None }
}

/// Marks the arguments of a call that is being continued; no program can make this word.
pub(crate) const CONTINUED: Word = word::make(word::TAG_SPECIAL, word::SPACE_CONTINUED, 0);

/// Numbers of the library tables that the interpreter itself refers to.
pub(crate) mod number {
    /// `_G`.
    pub(crate) const GLOBALS: u16 = 0;
    /// What the library's own Lua code sees as its globals.
    pub(crate) const PRIVATE: u16 = 1;
    /// The metatable of strings.
    pub(crate) const STRING_META: u16 = 2;
    /// First of the metatables of the runtime's objects, by class.
    pub(crate) const CLASS_META: u16 = 3;
    /// `string`, the first of the public tables.
    pub(crate) const STRINGS: u16 = CLASS_META + super::class::COUNT as u16;
}

/// Classes of the runtime's objects.
pub(crate) mod class {
    /// An error object.
    pub(crate) const ERROR: u32 = procession_types::word::USER_ERROR;
    /// A message.
    pub(crate) const MESSAGE: u32 = 1;
    /// A channel.
    pub(crate) const CHANNEL: u32 = 2;
    /// A payload in a wrapper; its field is the value.
    pub(crate) const PAYLOAD: u32 = 5;
    /// An actor.
    pub(crate) const ACTOR: u32 = 7;
    /// A scope.
    pub(crate) const SCOPE: u32 = 8;
    /// How many classes there are. Those without a constant are known to library code in Lua only.
    pub(crate) const COUNT: u32 = 15;
    /// Fields of an object of this class, or of a mark, that Rust code reads without counting.
    pub(crate) const fn fields_least(class: u32) -> u32 {
        match class {
            ERROR => procession_types::word::USER_ERROR_FIELDS,
            MESSAGE => 5,
            CHANNEL => 3,
            ACTOR => 2,
            SCOPE | PAYLOAD => 1,
            // A variable to be closed.
            COUNT => 2,
            _ => 0,
        }
    }
    /// Their names, as `type`-like messages show them.
    pub(crate) const NAMES: [&str; COUNT as usize] = [
        "error", "message", "channel", "case", "spawner", "payload", "timer", "actor", "scope",
        "logger", "metric", "store", "future", "executor", "delivery",
    ];
}

macro_rules! names {
    ($($name:ident = $text:literal,)*) => {
        /// Words of the strings that the interpreter itself looks up.
        #[derive(Debug, Default)]
        #[allow(missing_docs)]
        pub(crate) struct Names { $(pub(crate) $name: Word,)* }

        impl Names {
            fn build(mut string: impl FnMut(&str) -> Word) -> Self {
                Self { $($name: string($text),)* }
            }
        }
    };
}

names! {
    index = "__index", newindex = "__newindex", call = "__call", add = "__add", sub = "__sub",
    mul = "__mul", div = "__div", modulo = "__mod", pow = "__pow", unm = "__unm",
    idiv = "__idiv", band = "__band", bor = "__bor", bxor = "__bxor", shl = "__shl",
    shr = "__shr", bnot = "__bnot", concat = "__concat", len = "__len", eq = "__eq", lt = "__lt",
    le = "__le", close = "__close", gc = "__gc", mode = "__mode", key = "k", tostring = "__tostring",
    name = "__name", metatable = "__metatable", pairs = "__pairs", n = "n",
    nil = "nil", boolean = "boolean", number = "number", string = "string", table = "table",
    function = "function", thread = "thread", userdata = "userdata",
    integer = "integer", float = "float",
    suspended = "suspended", running = "running", normal = "normal", dead = "dead",
    kind = "kind", from = "from", at = "at", result = "result", value = "value", error = "error",
    deadline = "deadline", reason = "reason",
    limit = "limit",
    event_cancel = "pid.cancel", event_exit = "pid.exit", event_link_down = "pid.link.down",
    empty = "", hash = "#", ids = "ids",
}

/// The library.
#[derive(Debug)]
pub(crate) struct Library {
    /// Image 0 of every process.
    pub(crate) image: Arc<Image>,
    /// Its string constants.
    pub(crate) strings: HashMap<Box<[u8]>, Word>,
    /// Its tables.
    pub(crate) tables: Vec<Frozen>,
    /// Its functions in Rust.
    pub(crate) builtins: Vec<Builtin>,
    /// See [`Names`].
    pub(crate) names: Names,
    /// Its functions in Lua that others refer to by name.
    pub(crate) functions: HashMap<Box<str>, Word>,
    /// Modules for `require` by name: library table numbers.
    pub(crate) modules: Vec<(&'static str, u16)>,
}

/// The library of this binary.
pub(crate) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(crate::prelude::build)
}

impl Library {
    /// Builds the words the interpreter looks up.
    pub(crate) fn names(string: impl FnMut(&str) -> Word) -> Names {
        Names::build(string)
    }
}

impl Vm<'_> {
    /// A function of the library written in Lua.
    pub(crate) fn library_function(&self, name: &str) -> Word {
        self.library.functions[name]
    }

    /// Has a function of the library written in Lua take over a call with its arguments.
    pub(crate) fn hand_over(&mut self, args: Args, name: &str) -> Result<Flow, Raise> {
        let function = self.library_function(name);
        self.heap.set(args.slot(), function);
        Ok(Flow::TailCall(args.count))
    }
}

/// The word of a library table.
#[must_use]
pub(crate) const fn table_word(number: u16) -> Word {
    word::make(word::TAG_TABLE, 1, number as u32)
}

/// The word of a built-in function.
#[must_use]
pub(crate) const fn builtin_word(id: u32) -> Word {
    word::make(word::TAG_SPECIAL, word::SPACE_BUILTIN, id)
}

/// The word of a library function written in Lua.
#[must_use]
pub(crate) const fn function_word(prototype: u32) -> Word {
    word::make(word::TAG_FUNCTION, 1, prototype)
}

/// The integer that a word stands for in a library table.
#[must_use]
pub(crate) const fn extreme(value: Word) -> Option<i64> {
    if value >> 32 != word::TAG_SPECIAL << 16 | word::SPACE_EXTREME as u64 {
        return None;
    }
    Some(if word::index(value) == 0 { i64::MAX } else { i64::MIN })
}

/// Whether the word is a built-in function.
#[must_use]
pub(crate) const fn is_builtin(value: Word) -> bool {
    value >> 32 == word::TAG_SPECIAL << 16 | word::SPACE_BUILTIN as u64
}

/// Whether a word refers to an object of the runtime of this class.
pub(crate) fn is_class(vm: &Vm<'_>, value: Word, class: u32) -> bool {
    !word::is_float(value)
        && word::tag(value) == word::TAG_OBJECT
        && word::space(value) == Kind::User as u16
        && word::header_flags(vm.heap.get(word::index(value) as usize)) == class
}
