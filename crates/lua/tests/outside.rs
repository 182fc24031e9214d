//! What built-in functions hold outside of the heap on their way: not much more than the process may hold
//! in it, however often one large string is named.
#![cfg(target_os = "linux")]
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use support::TestHost;
use support::session::program;

const MEMORY_BYTES: u64 = 16 << 20;
/// The heap, the array it is collected into, what a built-in makes on its way, and what the allocator keeps.
const PEAK_BYTES_MAX: u64 = 6 * MEMORY_BYTES;
const TURNS: usize = 300;

/// `s` has 2 MiB, `list` names it 200 times, `named` under 200 names.
const PRELUDE: &str = "local s = ('x'):rep(2 << 20)
    local list, named = {}, {}
    for i = 1, 200 do list[i], named['k' .. i] = s, s end
    local unpack = table.unpack; ";

/// Programs, and what they end with.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("format", "string.format(('%s'):rep(200), unpack(list))", "memory limit"),
    ("format padded", "string.format(('%-9s'):rep(200), unpack(list))", "memory limit"),
    (
        "format quoted",
        "s = ('\\0'):rep(2 << 20) for i = 1, 200 do list[i] = s end string.format(('%q'):rep(200), unpack(list))",
        "memory limit",
    ),
    (
        "format numbers",
        "local f = ('%99.99f'):rep(400000) for i = 1, 400000 do list[i] = 1e308 end string.format(f, unpack(list))",
        "",
    ),
    (
        "format and a mistake",
        "print(pcall(string.format, ('%s'):rep(200) .. '%y', unpack(list)))",
        "memory limit",
    ),
    ("print", "print(pcall(print, unpack(list)))", "larger than 16777216 bytes"),
    (
        "print and a metamethod",
        "list[201] = setmetatable({}, { __tostring = function() return 'z' end }) print(pcall(print, unpack(list)))",
        "larger than 16777216 bytes",
    ),
    ("log", "require('logger').info(s, named) print('logged')", "logged"),
    (
        "context",
        "print(process.with_context(named):spawn('a:b', 'a:c'))",
        "context is larger than 16777216 bytes",
    ),
    (
        "function context",
        "print(require('funcs').new():with_context(named):call('a:b'))",
        "context is larger",
    ),
    (
        "messages",
        "local to = process.with_context({}) for i = 1, 200 do to = to:with_message('t', s) end print(to:spawn('a:b', 'a:c'))",
        "messages are larger than 67108864 bytes",
    ),
    (
        "actor",
        "local a = require('security').new_actor('a', named) print(process.with_context({}):with_actor(a):spawn('a:b', 'a:c'))",
        "attributes are larger than 65536 bytes",
    ),
    (
        "scope",
        "local a = require('security').new_scope(list) print(process.with_context({}):with_scope(a):spawn('a:b', 'a:c'))",
        "policies are larger than 65536 bytes",
    ),
    (
        "can",
        "print(require('security').can('a', 'b', named))",
        "attributes are larger than 65536 bytes",
    ),
    (
        "can with nested lists",
        "local x = 1 for i = 1, 5 do local t = {} for j = 1, 25 do t[j] = x end x = t end
         print(require('security').can('a', 'b', x))",
        "attributes are larger than 65536 bytes",
    ),
    (
        "headers",
        "print(require('http').get('http://a', { headers = { a = list } }))",
        "headers are larger than 8388608 bytes",
    ),
    ("concat", "table.concat(list)", "memory limit"),
    ("gsub", "s:gsub('', s)", "memory limit"),
    ("gsub captures", "s:gsub('.*', ('%0'):rep(200))", "memory limit"),
    ("gsub function", "('x'):rep(200):gsub('.', function() return s end)", "memory limit"),
    ("json", "print(require('json').encode(list))", "cannot encode more than 16777216 bytes"),
    (
        "string.pack",
        "local t = ('x'):rep(4000) for i = 1, 100000 do list[i] = t end string.pack(('c4000'):rep(100000), unpack(list))",
        "memory limit",
    ),
    (
        "labels",
        "print(require('metrics').counter('a'):add(1, named))",
        "labels are larger than 65536 bytes",
    ),
    ("send", "print(process.send('a', 't', list))", "not in this test host"),
    ("store", "print(require('store').get('a'):set(s, list))", ""),
    ("date", "os.date(('%c'):rep(1 << 20))", "memory limit"),
];

/// The most memory that this process has held since the last look, in bytes, beside what it holds.
fn peak(run: impl FnOnce()) -> u64 {
    let status = |name: &str| {
        let text = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
        let line = text.lines().find(|line| line.starts_with(name)).expect("it is there");
        let number = line.split_whitespace().nth(1).expect("a number");
        number.parse::<u64>().expect("a number") << 10
    };
    std::fs::write("/proc/self/clear_refs", "5").expect("may be reset");
    let before = status("VmRSS:");
    run();
    status("VmHWM:").saturating_sub(before)
}

/// How a program ends, with what it has printed.
fn end(source: &str) -> String {
    // The top level would be executed once with the default limits.
    let source = format!("return {{ main = function() {PRELUDE} {source} end }}");
    let limits = Limits { memory_bytes_max: MEMORY_BYTES, ..Limits::default() };
    let image =
        LuaEnvironment::new().load(&program("outside.lua", source.as_bytes())).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &limits).expect("spawns");
    let mut host = TestHost::default();
    for _ in 0..TURNS {
        match guest.run(&mut host, 1_000_000) {
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            turn => {
                host.output.truncate(1 << 16);
                return format!("{} {turn:?}", String::from_utf8_lossy(&host.output));
            }
        }
    }
    "does not end".to_owned()
}

/// One test, since the memory is that of all of this program's threads.
#[test]
fn nothing_large_is_made_outside_of_the_heap() {
    end("");
    let mut failures = Vec::new();
    let only = std::env::var("OUTSIDE_ONLY").ok();
    let is_tried = |name: &str| only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    for &(name, source, expected) in PROGRAMS.iter().filter(|program| is_tried(program.0)) {
        let mut ended = String::new();
        let bytes = peak(|| ended = end(source));
        if bytes > PEAK_BYTES_MAX {
            failures.push(format!("{name}: {} MiB", bytes >> 20));
        }
        let expected = if expected == "memory limit" { "limit: Memory" } else { expected };
        if !ended.contains(expected) {
            let shown: String = ended.chars().take(300).collect();
            failures.push(format!("{name}: no \"{expected}\": {shown}"));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
