//! Builds the library: the functions written in Rust, those written in Lua (see
//! [`crate::library::sources`]), and the tables in which programs find them.

use crate::bytecode::Op;
use crate::compile;
use crate::image::{Image, ImageBuilder};
use crate::library::{
    Builtin, Frozen, Library, base, builtin_word, class, coroutine, function_word, math, number,
    os, print, program, protect, sources, string, table_word, utf8,
};
use crate::modules;
use procession_environment::Dialect;
use procession_types::word::{self, Word};
use std::collections::HashMap;
use std::sync::Arc;

/// Public tables after the fixed ones, in order of their numbers. `a/b` is the field b of table a.
const TABLES: &[&str] = &[
    "string",
    "table",
    "math",
    "coroutine",
    "utf8",
    "debug",
    "os",
    "process",
    "process/registry",
    "process/event",
    "channel",
    "errors",
    "payload",
    "time",
    "fs",
    "ctx",
    "logger",
    "security",
    "json",
    "hash",
    "base64",
    "uuid",
    "env",
    "metrics",
    "store",
    "funcs",
    "events",
    "queue",
    "http",
];

/// Those of them that are reached by `require` only.
const MODULES: &[&str] = &[
    "time", "fs", "ctx", "logger", "security", "json", "hash", "base64", "uuid", "env", "metrics",
    "store", "funcs", "events", "queue", "http",
];

/// Names of the modules that a program may list in `modules:`.
#[must_use]
pub fn module_names() -> &'static [&'static str] {
    MODULES
}

const BUILTINS: &[&[Builtin]] = &[
    base::FUNCTIONS,
    protect::FUNCTIONS,
    print::FUNCTIONS,
    coroutine::FUNCTIONS,
    program::FUNCTIONS,
    string::FUNCTIONS,
    crate::library::table::FUNCTIONS,
    math::FUNCTIONS,
    utf8::FUNCTIONS,
    crate::errors::FUNCTIONS,
    crate::process_library::FUNCTIONS,
    crate::mailbox::FUNCTIONS,
    crate::calls::FUNCTIONS,
    crate::json::FUNCTIONS,
    os::FUNCTIONS,
    crate::finalize::FUNCTIONS,
    modules::hash::FUNCTIONS,
    modules::base64::FUNCTIONS,
    modules::uuid::FUNCTIONS,
    modules::services::FUNCTIONS,
    modules::funcs::FUNCTIONS,
    modules::events::FUNCTIONS,
    modules::queue::FUNCTIONS,
    modules::http::FUNCTIONS,
];

const ERROR_KINDS: [(&str, &str); 11] = [
    ("NOT_FOUND", "NotFound"),
    ("ALREADY_EXISTS", "AlreadyExists"),
    ("INVALID", "Invalid"),
    ("PERMISSION_DENIED", "PermissionDenied"),
    ("UNAVAILABLE", "Unavailable"),
    ("INTERNAL", "Internal"),
    ("CANCELED", "Canceled"),
    ("CONFLICT", "Conflict"),
    ("TIMEOUT", "Timeout"),
    ("RATE_LIMITED", "RateLimited"),
    ("UNKNOWN", "Unknown"),
];

/// Where a public name belongs.
fn table_number(name: &str) -> Option<u16> {
    let first = number::CLASS_META + class::COUNT as u16;
    match name {
        "base" => return Some(number::GLOBALS),
        "private" => return Some(number::PRIVATE),
        _ => {}
    }
    if let Some(class) = name.strip_prefix("class_") {
        let position = class::NAMES.iter().position(|known| *known == class)?;
        return Some(number::CLASS_META + position as u16);
    }
    TABLES.iter().position(|known| *known == name).map(|position| first + position as u16)
}

/// The tables under construction.
struct Tables {
    entries: Vec<Vec<(Word, Word)>>,
}

impl Tables {
    fn put(&mut self, table: u16, key: Word, value: Word) {
        let entries = &mut self.entries[table as usize];
        if let Some(entry) = entries.iter_mut().find(|(known, _)| *known == key) {
            entry.1 = value;
        } else {
            entries.push((key, value));
        }
    }

    /// Enters a function under its qualified name.
    fn put_function(&mut self, builder: &mut ImageBuilder<'_>, name: &str, value: Word) {
        let (table, key) = if let Some(private) = name.strip_prefix('@') {
            (Some(number::PRIVATE), private)
        } else if let Some((class, method)) = name.split_once(':') {
            (table_number(&format!("class_{class}")), method)
        } else if let Some((table, key)) = name.split_once('.') {
            (table_number(table), key)
        } else {
            (Some(number::GLOBALS), name)
        };
        let key = builder.string(key.as_bytes());
        if let Some(table) = table {
            self.put(table, key, value);
        }
        // The library's own code finds it under a name that no program can change.
        if name.contains('.') {
            let own = builder.string(name.replace('.', "_").as_bytes());
            self.put(number::PRIVATE, own, value);
        }
    }
}

/// Builds the library.
///
/// # Panics
/// When the library's own source is faulty: every test would show it.
pub(crate) fn build() -> Library {
    let mut builder = ImageBuilder::new(0, None);
    let compiled =
        compile::compile(sources::SOURCE.as_bytes(), "=[C]", Dialect::Plain, &mut builder)
            .unwrap_or_else(|error| panic!("the library's source is faulty: {error}"));
    let count = number::CLASS_META as usize + class::COUNT as usize + TABLES.len();
    assert!(count <= crate::heap::root::OVERLAY_MAX, "every library table has a root for its copy");
    let mut tables = Tables { entries: vec![Vec::new(); count] };
    let mut builtins = Vec::new();
    for list in BUILTINS {
        for builtin in *list {
            let id = builtins.len() as u32;
            tables.put_function(&mut builder, builtin.name, builtin_word(id));
            builtins.push(*builtin);
        }
    }
    let functions = lua_functions(&mut builder, compiled.main, &mut tables);
    constants(&mut builder, &mut tables);
    let names = Library::names(|text| builder.string(text.as_bytes()));
    finish_tables(&mut builder, &mut tables);
    let frozen = tables.entries.into_iter().map(Frozen::new).collect();
    let modules = MODULES
        .iter()
        .filter_map(|&name| table_number(name).map(|number| (name, number)))
        .collect();
    let (mut image, strings) = builder.finish();
    image.modules.push(("".into(), compiled.main));
    image.env_is_boxed.push(false);
    let image: Arc<Image> = Arc::new(image);
    Library { image, strings, tables: frozen, builtins, names, functions, modules }
}

/// The functions that the sources define: the main chunk consists of `function name … end` only, so every closure it makes is stored into a global at once.
fn lua_functions(
    builder: &mut ImageBuilder<'_>,
    main: u32,
    tables: &mut Tables,
) -> HashMap<Box<str>, Word> {
    let mut functions = HashMap::new();
    let code = builder.image.prototypes[main as usize].code.clone();
    let constants = builder.image.prototypes[main as usize].constants.clone();
    for pair in code.windows(2) {
        if pair[0].op() != Op::Closure {
            continue;
        }
        assert!(pair[1].op() == Op::SetGlobal, "the library's source defines functions only");
        let prototype = pair[0].d();
        let free = builder.image.prototypes[prototype as usize].upvalues.len();
        assert!(free <= 1, "functions of the library have no upvalues");
        let name = text(builder, constants[pair[1].d() as usize]);
        let value = function_word(prototype);
        functions.insert(name.clone().into_boxed_str(), value);
        let (table, key) = match name.split_once("__") {
            Some((table, key)) => {
                let table = table.replace("process_", "process/");
                let number = table_number(&table);
                (number.unwrap_or_else(|| panic!("no library table {table}")), key.to_owned())
            }
            None => (number::PRIVATE, name),
        };
        let key = builder.string(key.as_bytes());
        tables.put(table, key, value);
    }
    functions
}

/// The text of a constant of the image under construction.
fn text(builder: &ImageBuilder<'_>, value: Word) -> String {
    let bytes = if word::tag(value) == word::TAG_SHORT {
        let (bytes, length) = word::short_bytes(value);
        bytes[..length].to_vec()
    } else {
        let words = &builder.image.strings;
        let at = word::index(value) as usize;
        let length = word::header_length(words[at]) as usize;
        let bytes: Vec<u8> = words[at + 1..]
            .iter()
            .take(word::string_words(length))
            .flat_map(|word| word.to_le_bytes())
            .collect();
        bytes[..length].to_vec()
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Values that are no functions.
fn constants(builder: &mut ImageBuilder<'_>, tables: &mut Tables) {
    let mut put = |table: &str, key: &str, value: Word| {
        if let Some(table) = table_number(table) {
            let key = builder.string(key.as_bytes());
            tables.put(table, key, value);
        }
    };
    put("math", "pi", word::from_f64(std::f64::consts::PI));
    put("math", "huge", word::from_f64(f64::INFINITY));
    for (index, key) in ["maxinteger", "mininteger"].into_iter().enumerate() {
        let value = word::make(word::TAG_SPECIAL, word::SPACE_EXTREME, index as u32);
        put("math", key, value);
    }
    for (position, name) in class::NAMES.iter().enumerate() {
        put("private", &name.to_uppercase(), word::int_wrapping(position as i64));
    }
    let mut text = |table: &str, key: &str, value: &[u8]| {
        if let Some(table) = table_number(table) {
            let (key, value) = (builder.string(key.as_bytes()), builder.string(value));
            tables.put(table, key, value);
        }
    };
    text("base", "_VERSION", b"Lua 5.4");
    text("utf8", "charpattern", b"[\0-\x7F\xC2-\xFD][\x80-\xBF]*");
    for (key, kind) in ERROR_KINDS {
        text("errors", key, kind.as_bytes());
    }
    text("process/event", "CANCEL", b"pid.cancel");
    text("process/event", "EXIT", b"pid.exit");
    text("process/event", "LINK_DOWN", b"pid.link.down");
    for name in class::NAMES {
        text(&format!("class_{name}"), "__name", name.as_bytes());
    }
}

/// Links between the tables: globals, nested tables, metatables, what library code sees.
fn finish_tables(builder: &mut ImageBuilder<'_>, tables: &mut Tables) {
    for &name in TABLES {
        let Some(table) = table_number(name) else { continue };
        let (owner, key) = match name.split_once('/') {
            Some((owner, key)) => (table_number(owner), key),
            None if MODULES.contains(&name) => (None, name),
            None => (Some(number::GLOBALS), name),
        };
        let key = builder.string(key.as_bytes());
        if let Some(owner) = owner {
            tables.put(owner, key, table_word(table));
        }
    }
    let globals = builder.string(b"_G");
    tables.put(number::GLOBALS, globals, table_word(number::GLOBALS));
    let index = builder.string(b"__index");
    let strings = table_number("string").unwrap_or(number::GLOBALS);
    tables.put(number::STRING_META, index, table_word(strings));
    for class in 0..class::COUNT as u16 {
        let meta = number::CLASS_META + class;
        if u32::from(class) == class::ERROR {
            // An error object has the methods of strings too: it stands for its message.
            for (key, value) in tables.entries[strings as usize].clone() {
                if !tables.entries[meta as usize].iter().any(|(known, _)| *known == key) {
                    tables.put(meta, key, value);
                }
            }
        }
        tables.put(meta, index, table_word(meta));
    }
    for (key, value) in tables.entries[number::GLOBALS as usize].clone() {
        tables.put(number::PRIVATE, key, value);
    }
}
