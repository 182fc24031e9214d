//! Nothing is missing from the corpus: every operation of the bytecode, every metamethod, every
//! function of the standard library and every message that the interpreter has is in some script.
#![allow(missing_docs)]

#[path = "coverage/corpus.rs"]
mod corpus;
#[path = "coverage/messages.rs"]
mod messages;
mod support;

use corpus::Corpus;
use procession_lua::bytecode::Op;
use support::session::{self, Mode};

#[test]
fn every_operation_is_in_the_corpus() {
    let met = Corpus::read().operations;
    let all = Op::ALL.iter().map(|op| format!("{op:?}"));
    let missing: Vec<_> = all.filter(|name| !met.contains(name)).collect();
    assert!(missing.is_empty(), "no script compiles to {missing:?}");
}

/// Metamethods and the other fields of metatables that the language reads.
const EVENTS: &[&str] = &[
    "__add",
    "__sub",
    "__mul",
    "__div",
    "__mod",
    "__pow",
    "__unm",
    "__idiv",
    "__band",
    "__bor",
    "__bxor",
    "__bnot",
    "__shl",
    "__shr",
    "__concat",
    "__len",
    "__eq",
    "__lt",
    "__le",
    "__index",
    "__newindex",
    "__call",
    "__tostring",
    "__name",
    "__pairs",
    "__metatable",
    "__mode",
    "__gc",
    "__close",
];

#[test]
fn every_metamethod_is_in_the_corpus() {
    let mentions = Corpus::read().mentions;
    let missing: Vec<_> = EVENTS.iter().filter(|&&event| !mentions.contains(event)).collect();
    assert!(missing.is_empty(), "no script defines {missing:?}");
    for event in Op::ALL.iter().filter_map(|op| op.event()) {
        assert!(EVENTS.contains(&&*format!("__{event}")), "__{event} is not in the list");
    }
}

/// Prints the names of everything that the standard library has. What is ours only is left out:
/// `tests/api` of the runtime tries that.
const NAMES: &str = "
    local ours = {process = true, channel = true, errors = true, payload = true}
    for name, value in pairs(_G) do
        if type(value) == 'table' and name ~= '_G' and not ours[name] then
            for field in pairs(value) do print(name .. '.' .. field) end
        elseif not ours[name] then
            print(name)
        end
    end";

/// Additions to the standard library, which PUC Lua can't be asked about.
const OURS: &[&str] = &["coroutine.spawn", "table.create", "subscribe", "unsubscribe", "require"];

#[test]
fn every_library_function_is_in_the_corpus() {
    let mentions = Corpus::read().mentions;
    let listed = session::run("names.lua", NAMES.as_bytes(), Mode::Normal, 1000);
    assert_eq!(listed.end, "");
    let names: Vec<&str> = listed.output.lines().collect();
    assert!(names.len() > 80, "{names:?}");
    let missing = names.iter().filter(|name| {
        let method = name.strip_prefix("string.").map(|method| format!(":{method}"));
        !OURS.contains(name)
            && !mentions.contains(**name)
            && !method.is_some_and(|method| mentions.contains(&method))
    });
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "no script uses {missing:?}");
}

/// Prints the names of everything else that programs have: of the process API and of the modules.
const API: &str = "
    local function list(name, value)
        for field, inner in pairs(value) do
            local whole = name .. '.' .. field
            if type(inner) == 'table' then list(whole, inner) else print(whole) end
        end
    end
    for _, name in ipairs{'process', 'channel', 'errors', 'payload'} do list(name, _G[name]) end
    for module in ('MODULES'):gmatch('%w+') do list(module, require(module)) end
    for name, method in pairs(getmetatable(errors.new('x'))) do
        if not string[name] and name:sub(1, 2) ~= '__' then print('errors:' .. name) end
    end";

/// Methods of the API's other objects: a program can't list those.
const METHODS: &[&str] = &[
    ":topic",
    ":from",
    ":payload",
    ":send",
    ":receive",
    ":close",
    ":case_send",
    ":case_receive",
    ":with_context",
    ":with_actor",
    ":with_scope",
    ":with_name",
    ":with_message",
    ":spawn",
    ":spawn_monitored",
    ":spawn_linked",
    ":spawn_linked_monitored",
    ":data",
    ":get_format",
];

#[test]
fn every_function_of_the_api_has_a_test() {
    let source = API.replace("MODULES", &procession_lua::module_names().join(" "));
    let listed = session::run("names.lua", source.as_bytes(), Mode::Normal, 1000);
    assert_eq!(listed.end, "");
    let names: Vec<&str> = listed.output.lines().chain(METHODS.iter().copied()).collect();
    assert!(names.len() > 120, "{names:?}");
    let directory = corpus::directory().join("../../../runtime/tests/api");
    let mut text = String::new();
    for path in corpus::files(&directory, "lua") {
        text += &std::fs::read_to_string(path).expect("a program");
    }
    let missing = names.iter().filter(|name| {
        // Modules go by other names too, so the last word must be there: as a field, a method, or a
        // key or text that a loop takes it from.
        let word = name.rsplit(['.', ':']).next().unwrap_or_default();
        let is_met = |part: String| {
            let mut ends = text.match_indices(&part).map(|(at, _)| at + part.len());
            ends.any(|end| !text[end..].starts_with(|next: char| next.is_alphanumeric()))
        };
        let forms =
            [format!(".{word}"), format!(":{word}"), format!("\"{word}\""), format!("{word} = ")];
        !forms.into_iter().any(is_met)
    });
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "no program of runtime/tests/api uses {missing:?}");
}

#[test]
fn every_message_is_in_the_corpus() {
    let mut expected = String::new();
    for path in corpus::files(&corpus::directory(), "expected") {
        expected += &String::from_utf8_lossy(&std::fs::read(path).expect("readable"));
    }
    let messages = messages::all();
    assert!(messages.len() > 100, "{} messages", messages.len());
    let mut missing = Vec::new();
    for message in &messages {
        let listed = messages::UNSEEN.iter().any(|(text, _)| text == &message.text);
        if listed == expected.contains(message.piece()) {
            missing.push(format!("{}: {}", message.file, message.text));
        }
    }
    for (text, _) in messages::UNSEEN {
        if !messages.iter().any(|message| message.text == *text) {
            missing.push(format!("there is no message: {text}"));
        }
    }
    assert!(missing.is_empty(), "shown by no script:\n{}", missing.join("\n"));
}
