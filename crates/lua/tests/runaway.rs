//! Programs that want everything: each turn ends soon after its budget, and memory stays near the
//! limit, whatever they do.
#![allow(clippy::print_stderr, missing_docs)]

mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use support::TestHost;
use support::session::program;

const MEMORY_BYTES: u64 = 8 << 20;
const BUDGET: u64 = 10_000;
const TURNS: usize = 100;
/// What one collection of a full heap counts for: half an instruction a word, with the room for
/// garbage beyond the limit.
const COLLECTION: u64 = (8 << 20) / 8 * 9 / 8 / 2;
/// A turn may exceed its budget by what one built-in does at once, and by one collection. (The turns
/// that follow pay for it.)
const INSTRUCTIONS_MAX: u64 = 40 * BUDGET + COLLECTION;
/// The heap, the array it is collected into, and what a built-in holds on its way.
const HELD_BYTES_MAX: u64 = 3 * MEMORY_BYTES;

const PROGRAMS: &[(&str, &str)] = &[
    ("loop", "while true do end"),
    ("goto", "::again:: goto again"),
    ("repeat", "repeat local x = 1 until false"),
    ("numeric for", "for i = 1, math.huge do end"),
    ("recursion", "local function f() return 1 + f() end f()"),
    ("caught recursion", "local function f() return 1 + f() end while true do pcall(f) end"),
    ("tail calls", "local function f() return f() end f()"),
    (
        "mutual metamethods",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end return t[1]",
    ),
    ("rep", "local s = 'x' while true do s = ('x'):rep(4000000) end"),
    ("rep bomb", "local s = ('x'):rep(1 << 40)"),
    ("rep with separator", "while true do local s = ('x'):rep(1000000, ',') end"),
    ("rep of rep", "local s = 'x' while true do s = s:rep(10) end"),
    ("caught rep", "while true do pcall(string.rep, 'x', 1 << 31) end"),
    ("building", "local s = '' while true do s = s .. 'some more text ' end"),
    ("doubling", "local s = 'x' while true do s = s .. s end"),
    ("format", "while true do local s = ('%99.99f'):rep(50):format(table.unpack({}, 1, 0)) end"),
    ("format huge", "local s = ('x'):rep(2000000) while true do string.format('%s', s) end"),
    ("upper", "local s = ('x'):rep(3000000) while true do local a = s:upper() end"),
    ("reverse", "local s = ('x'):rep(2000000) while true do local a = s:reverse() end"),
    ("sub", "local s = ('x'):rep(2000000) while true do local a = s:sub(2) end"),
    ("byte", "local s = ('x'):rep(100000) while true do local a = {s:byte(1, -1)} end"),
    (
        "compare",
        "local a, b = ('x'):rep(1500000) .. 'a', ('x'):rep(1500000) .. 'b' while true do local c = a < b end",
    ),
    (
        "equal",
        "local a, b = ('x'):rep(1500000) .. 'a', ('x'):rep(1500000) .. 'a' while true do local c = a == b end",
    ),
    (
        "pattern bomb",
        "local s = ('a'):rep(30) while true do s:find(('a?'):rep(30) .. ('a'):rep(30)) end",
    ),
    ("pattern backtracking", "local s = ('a'):rep(100000) s:find('.-.-.-.-b')"),
    ("pattern lazy chain", "local s = ('a'):rep(50000) s:gsub('%w-%w-%w-%w-b', 'x')"),
    ("pattern balance", "local s = ('('):rep(100000) while true do s:find('%b()') end"),
    (
        "pattern frontier",
        "local s = ('a '):rep(100000) while true do s:gsub('%f[%w]%w+', '%0%0') end",
    ),
    ("pattern captures", "local s = ('ab'):rep(100000) while true do s:gsub('(a)(b)', '%2%1') end"),
    ("pattern back reference", "local s = ('a'):rep(20000) s:find('(.*)%1b')"),
    (
        "plain find",
        "local s = ('a'):rep(1000000) while true do s:find(('a'):rep(5000) .. 'b', 1, true) end",
    ),
    ("gsub growth", "local s = ('x'):rep(1000000) s:gsub('.*', ('%0'):rep(1000))"),
    ("gsub growth by parts", "local s = ('x'):rep(1000000) s:gsub('.', ('%0'):rep(100))"),
    ("gsub empty", "local s = ('x'):rep(1000000) while true do s:gsub('', '-') end"),
    (
        "gsub function",
        "local s = ('x'):rep(100000) while true do s:gsub('.', function(c) return c .. c end) end",
    ),
    ("gsub looping function", "('x'):gsub('.', function() while true do end end)"),
    ("gmatch", "local s = ('word '):rep(100000) while true do for w in s:gmatch('%a+') do end end"),
    (
        "concat",
        "local t = {} for i = 1, 100000 do t[i] = 'abc' end while true do local s = table.concat(t, ',') end",
    ),
    (
        "concat huge",
        "local t = {} local s = ('x'):rep(100000) for i = 1, 10000 do t[i] = s end table.concat(t)",
    ),
    (
        "sort numbers",
        "local t = {} while true do for i = 1, 200000 do t[i] = (i * 7919) % 100003 end table.sort(t) end",
    ),
    (
        "sort strings",
        "local t, s = {}, ('x'):rep(100) while true do for i = 1, 20000 do t[i] = s .. (i * 7919) % 100003 end table.sort(t) end",
    ),
    (
        "sort long strings",
        "local t, s = {}, ('x'):rep(10000) for i = 1, 300 do t[i] = s .. i end while true do table.sort(t) t[1], t[300] = t[300], t[1] end",
    ),
    (
        "sort mixed",
        "local t = {} for i = 1, 50000 do t[i] = i % 7 end while true do pcall(table.sort, t, function(a, b) return a > b end) end",
    ),
    ("sort looping", "table.sort({ 3, 2, 1 }, function() while true do end end)"),
    (
        "sort inconsistent",
        "local t = {} for i = 1, 1000 do t[i] = i end while true do pcall(table.sort, t, function() return true end) end",
    ),
    (
        "unpack",
        "local t = {} for i = 1, 100000 do t[i] = i end while true do select('#', table.unpack(t)) end",
    ),
    ("unpack empty", "while true do pcall(table.unpack, {}, 1, 900000) end"),
    ("insert in front", "local t = {} while true do table.insert(t, 1, 0) end"),
    (
        "remove in front",
        "local t = {} for i = 1, 200000 do t[i] = i end while true do t[#t + 1] = table.remove(t, 1) end",
    ),
    (
        "move",
        "local t = {} for i = 1, 100000 do t[i] = i end while true do table.move(t, 1, 100000, 2) end",
    ),
    ("move far", "table.move({}, 1, math.maxinteger - 1, 2)"),
    (
        "pack",
        "local t = {} for i = 1, 50000 do t[i] = i end while true do local p = table.pack(table.unpack(t)) end",
    ),
    ("varargs", "local function f(...) return f(1, ...) end f()"),
    (
        "select",
        "local t = {} for i = 1, 10000 do t[i] = i end local function f(...) for i = 1, select('#', ...) do local x = select(i, ...) end end while true do f(table.unpack(t)) end",
    ),
    ("growing table", "local t = {} for i = 1, math.huge do t[i] = i end"),
    ("growing fields", "local t = {} for i = 1, math.huge do t['k' .. i] = i end"),
    ("growing floats", "local t = {} for i = 1, math.huge do t[i + 0.5] = i end"),
    ("big integer keys", "local t = {} for i = 1, math.huge do t[math.maxinteger - i] = i end"),
    ("sparse", "local t = {} for i = 1, math.huge do t[i * 1000] = i end"),
    ("table keys", "local t = {} while true do t[{}] = true end"),
    (
        "next over removed",
        "local t = {} for i = 1, 50000 do t['k' .. i] = 1 end for k in pairs(t) do t[k] = nil end while true do next(t) end",
    ),
    (
        "pairs over removed",
        "local t = {} for i = 1, 50000 do t['k' .. i] = 1 end for k in pairs(t) do t[k] = nil end while true do for k in pairs(t) do end end",
    ),
    (
        "length of holes",
        "local t = {} for i = 100000, 1, -1 do t[i] = i end while true do local n = #t end",
    ),
    ("nested tables", "local t = {} while true do t = { t } end"),
    ("closures", "local f while true do local g = f f = function() return g end end"),
    (
        "coroutines",
        "local list = {} while true do list[#list + 1] = coroutine.create(function() coroutine.yield() end) end",
    ),
    (
        "coroutines forgotten",
        "while true do local co = coroutine.wrap(function() coroutine.yield(1) end) co() end",
    ),
    ("coroutines nested", "local function f() return coroutine.wrap(f)() end f()"),
    ("coroutines nested with pcall", "local function f() return pcall(coroutine.wrap(f)) end f()"),
    (
        "coroutine recursion",
        "local function f() return 1 + coroutine.wrap(function() return f() end)() end f()",
    ),
    (
        "yields",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    ),
    ("error handlers", "while true do xpcall(error, function(m) error(m) end, 'x') end"),
    (
        "error handler recursion",
        "local function h(m) return xpcall(error, h, m) end xpcall(error, h, 'x')",
    ),
    (
        "error in overflow",
        "local function f() return 1 + f() end while true do xpcall(f, function(m) return f() end) end",
    ),
    (
        "traceback in overflow",
        "local function f() return 1 + f() end while true do xpcall(f, debug.traceback) end",
    ),
    (
        "close in overflow",
        "local function f() local c <close> = setmetatable({}, { __close = function() f() end }) return 1 + f() end while true do pcall(f) end",
    ),
    (
        "many to close",
        "local function f(n) local c <close> = setmetatable({}, { __close = function() end }) f(n + 1) end while true do pcall(f, 1) end",
    ),
    (
        "index loop",
        "local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) while true do pcall(function() return a.x end) end",
    ),
    (
        "newindex loop",
        "local a = {} setmetatable(a, { __newindex = a }) while true do pcall(function() a.x = 1 end) end",
    ),
    ("call loop", "local a = {} setmetatable(a, { __call = a }) while true do pcall(a) end"),
    (
        "call chain",
        "local a = setmetatable({}, { __call = function(self, ...) return self(1, ...) end }) a()",
    ),
    (
        "deep concat",
        "local o = setmetatable({}, { __concat = function(a, b) return a end }) local function f(n) return o .. o .. f(n + 1) end pcall(f, 1) while true do local x = o .. 'a' .. o .. 'b' .. o end",
    ),
    (
        "concat recursion",
        "local o o = setmetatable({}, { __concat = function(a, b) return o .. o end }) return o .. o",
    ),
    (
        "equality recursion",
        "local m = {} local a, b = setmetatable({}, m), setmetatable({}, m) m.__eq = function(x, y) return x == y end return a == b",
    ),
    (
        "tostring recursion",
        "local o = setmetatable({}, {}) getmetatable(o).__tostring = function(s) return tostring(s) end tostring(o)",
    ),
    (
        "pairs recursion",
        "local o = setmetatable({}, {}) getmetatable(o).__pairs = function(s) return pairs(s) end pairs(o)",
    ),
    ("load the same", "while true do load('return 1')() end"),
    ("load others", "local i = 0 while true do i = i + 1 load('return ' .. i)() end"),
    ("load faulty", "local i = 0 while true do i = i + 1 load('return ' .. i .. ' +') end"),
    (
        "load large",
        "local s = 'return {' .. ('1,'):rep(10000) .. '}' local i = 0 while true do i = i + 1 load(s .. ' -- ' .. i) end",
    ),
    ("load endless", "load(function() return 'x = 1 ' end)"),
    (
        "load nested",
        "local s = 'x' while true do s = 'load(' .. ('%q'):format(s) .. ')' load(s) end",
    ),
    ("print", "while true do tostring(print) end"),
    ("tostring of tables", "while true do tostring({}) end"),
    ("utf8", "local s = ('é'):rep(500000) while true do utf8.len(s) end"),
    ("utf8 offset", "local s = ('é'):rep(500000) while true do utf8.offset(s, 400000) end"),
    (
        "utf8 codepoint",
        "local s = ('é'):rep(100000) while true do pcall(utf8.codepoint, s, 1, -1) end",
    ),
    (
        "utf8 codes",
        "local s = ('é'):rep(100000) while true do for p, c in utf8.codes(s) do end end",
    ),
    ("utf8 char", "while true do utf8.char(0x10FFFF, 0x10FFFF, 0x10FFFF) end"),
    ("tonumber", "local s = ('9'):rep(1000000) while true do tonumber(s) end"),
    ("tonumber radix", "local s = ('z'):rep(1000000) while true do tonumber(s, 36) end"),
    ("arithmetic on text", "local s = ('1'):rep(500000) while true do local x = s + 1 end"),
    (
        "large exponent",
        "local s = '1e' .. ('9'):rep(100000) while true do local x = tonumber(s) end",
    ),
    (
        "collect",
        "local t = {} for i = 1, 50000 do t[i] = {} end while true do collectgarbage() end",
    ),
    (
        "json",
        "local json = require 'json' local t = {} for i = 1, 20000 do t[i] = i end while true do local s = json.encode(t) json.decode(s) end",
    ),
    (
        "json deep",
        "local json = require 'json' local t = {} while true do t = { t } json.encode(t) end",
    ),
    ("random", "while true do math.random(1, 1 << 62) end"),
    ("warn", "while true do warn('@on') end"),
    ("tasks", "while true do coroutine.spawn(function() end) end"),
    (
        "tasks that spawn",
        "local function f() coroutine.spawn(f) coroutine.spawn(f) end f() channel.new():receive()",
    ),
    ("channel", "local ch = channel.new(1000000000) while true do ch:send(1) end"),
    (
        "string keys",
        "local k = ('k'):rep(100000) local t = { [k] = 1 } while true do local x = t[('k'):rep(100000)] end",
    ),
    (
        "chosen keys",
        "local k, t, i = 0x9E3779B97F4A7C15, {}, 0
         local inverse = k for _ = 1, 6 do inverse = inverse * (2 - k * inverse) end
         while true do i = i + 1 t[string.unpack('d', string.pack('j', i * inverse & (1 << 62) - 1))] = i end",
    ),
    (
        "a key that comes and goes",
        "local t = {} for i = 1, 100000 do t[i] = 1 end for i = 99999, 2, -1 do t[i] = nil end
         while true do t[100000] = nil t[100000] = 1 end",
    ),
    (
        "border of fields",
        "local t = {} for i = 50000, 2, -1 do t[i] = 1 end t[1] = 1 t.x = 1 while true do local n = #t end",
    ),
    ("global writes", "local i = 0 while true do i = i + 1 _G['g' .. i] = i end"),
    ("library writes", "local i = 0 while true do i = i + 1 string['g' .. i] = i end"),
    ("metatable chain", "local t = {} while true do t = setmetatable({}, { __index = t }) end"),
    (
        "deep index chain",
        "local t = {} for i = 1, 1500 do t = setmetatable({}, { __index = t }) end while true do local x = t.y end",
    ),
    (
        "string methods by rawset",
        "getmetatable('').__index = function(s, k) return s[k] end while true do pcall(function() return ('x').y end) end",
    ),
];

#[test]
fn runaway_programs_are_preempted() {
    let mut failures = Vec::new();
    let only = std::env::var("RUNAWAY_ONLY").ok();
    for (name, source) in PROGRAMS {
        if only.as_ref().is_none_or(|only| name.contains(only.as_str())) {
            let checked = std::panic::catch_unwind(|| check(name, source));
            failures.extend(match checked {
                Ok(found) => found,
                Err(_) => Some(format!("{name}: panics")),
            });
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Runs a program for some turns; says what is wrong.
fn check(name: &str, source: &str) -> Option<String> {
    let program = program("runaway.lua", source.as_bytes());
    let limits = Limits { memory_bytes_max: MEMORY_BYTES, ..Limits::default() };
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &limits).expect("spawns");
    let mut host = TestHost::default();
    let (mut before, mut longest) = (0, std::time::Duration::ZERO);
    let mut ended = "runs".to_owned();
    let began = std::time::Instant::now();
    for turn in 0..TURNS {
        let start = std::time::Instant::now();
        let done = guest.run(&mut host, BUDGET);
        longest = longest.max(start.elapsed());
        let usage = guest.usage();
        if usage.instructions - before > INSTRUCTIONS_MAX {
            let used = usage.instructions - before;
            return Some(format!("{name}: turn {turn} took {used} instructions"));
        }
        if usage.memory_bytes > HELD_BYTES_MAX {
            return Some(format!("{name}: holds {} bytes in turn {turn}", usage.memory_bytes));
        }
        before = usage.instructions;
        if !matches!(done, Turn::Preempted) {
            ended = format!("{done:?}");
            break;
        }
    }
    if std::env::var_os("RUNAWAY_TIMES").is_some() {
        ended.truncate(200);
        eprintln!("{longest:?} longest, {:?} in all: {name}: {ended}", began.elapsed());
    }
    None
}

/// What a loop over long strings costs, beyond one over short ones.
#[test]
fn looks_at_long_strings_are_paid_for() {
    const BYTES: u64 = 1 << 20;
    const LOOKS: u64 = 10;
    let spent = |look: &str, bytes: u64| {
        let source = format!(
            "local a, b = ('x'):rep({bytes} - 1) .. 'y', ('x'):rep({bytes} - 1) .. 'y'
             local t = {{ [a] = 1 }}
             for i = 1, {LOOKS} do {look} end"
        );
        let program = program("long.lua", source.as_bytes());
        let image = LuaEnvironment::new().load(&program).expect("loads");
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
        let turn = guest.run(&mut TestHost::default(), 100_000_000);
        assert!(matches!(turn, Turn::Exited(_)), "{turn:?}");
        guest.usage().instructions
    };
    let made = spent("", BYTES) - spent("", 8);
    for look in ["assert(t[b])", "assert(rawequal(a, b))", "assert(a == b)", "t[b] = i"] {
        let looked = spent(look, BYTES) - spent(look, 8) - made;
        assert!(looked >= LOOKS * BYTES / 64, "{look}: {looked} instructions");
    }
}

#[test]
fn a_chain_of_callables_is_paid_for() {
    const DEPTH: u64 = 150;
    const CALLS: u64 = 100;
    let source = format!(
        "local f = function() end
         for i = 1, {DEPTH} do f = setmetatable({{}}, {{ __call = f }}) end
         for i = 1, {CALLS} do f() end"
    );
    let program = program("chain.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    let turn = guest.run(&mut TestHost::default(), 100_000_000);
    assert!(matches!(turn, Turn::Exited(_)), "{turn:?}");
    let instructions = guest.usage().instructions;
    assert!(instructions > CALLS * DEPTH, "{instructions} instructions");
}

/// The instructions of a program that is given no limit.
fn instructions_of(source: &str) -> u64 {
    let program = program("paid.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    loop {
        match guest.run(&mut TestHost::default(), 1_000_000) {
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            turn => {
                let is_end = format!("{turn:?}").starts_with("Exited(Normal");
                assert!(is_end, "{turn:?}");
                return guest.usage().instructions;
            }
        }
    }
}

#[test]
fn a_chain_of_wrappers_is_paid_for() {
    const DEPTH: u64 = 50_000;
    let source = |send: &str| {
        format!(
            "local w = payload.new({{ 1 }}) for i = 1, {DEPTH} do w = payload.new(w) end
             local t = {{}} for i = 1, 2000 do t[i] = w end {send}"
        )
    };
    let sending = instructions_of(&source("process.send('x', 't', t)"));
    let without = instructions_of(&source(""));
    assert!(sending > without + DEPTH, "{} instructions", sending - without);
}

/// Frames of built-in functions and coroutines that end one after the other, by the thousand.
const DEEP: &[&str] = &[
    "local o = setmetatable({}, { __call = pcall }) assert(select('#', o(1)) > 1000)",
    "local f = function() error({}) end
     for _ = 1, 1000 do local g = f f = coroutine.wrap(function() return g() end) end
     assert(not pcall(f))",
    "local f = function() return 1 end
     for _ = 1, 300 do local g, w = f, coroutine.wrap(pcall) f = function() return w(g) end end
     assert(select('#', f()) == 301)",
    "local o = setmetatable({}, { __call = function(self, n) if n == 0 then return true end return self(n - 1) end })
     assert(o(1000000))",
];

#[test]
fn frames_of_the_program_are_none_of_the_threads() {
    for source in DEEP {
        let run = move || {
            let program = program("deep.lua", source.as_bytes());
            let limits = Limits { memory_bytes_max: 1 << 20, ..Limits::default() };
            let image = LuaEnvironment::new().load(&program).expect("loads");
            let mut guest = image.spawn(&Fragment::default(), &limits).expect("spawns");
            let mut host = TestHost::default();
            loop {
                match guest.run(&mut host, BUDGET) {
                    Turn::Preempted => {}
                    turn => return format!("{turn:?}"),
                }
            }
        };
        let small = std::thread::Builder::new().stack_size(256 << 10);
        let ended = small.spawn(run).expect("starts").join().expect("ends");
        assert!(ended.starts_with("Exited(Normal"), "{source}: {ended}");
    }
}

/// What looks down the stack of its caller, with how much deeper each call of it goes.
const LOOKS_DOWN: &[(&str, &str)] = &[
    ("a traceback", "debug.traceback()"),
    ("a traceback from far below", "debug.traceback('', 1 << 40)"),
    ("a position far below", "pcall(error, 'x', 1 << 40)"),
    ("an error that is returned", "require('time').parse('x')"),
];

#[test]
fn what_goes_down_the_stack_is_paid_for() {
    const DEPTH: u64 = 20_000;
    const CALLS: u64 = 50;
    for (name, call) in LOOKS_DOWN {
        let source = format!(
            "local function deep(n) if n > 0 then return 1 + deep(n - 1) end
               local before = process.usage().instructions
               for i = 1, {CALLS} do {call} end
               print(process.usage().instructions - before) return 0 end
             deep({DEPTH})"
        );
        let program = program("down.lua", source.as_bytes());
        let image = LuaEnvironment::new().load(&program).expect("loads");
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
        let mut host = TestHost::default();
        let turn = guest.run(&mut host, 1_000_000_000);
        assert!(matches!(turn, Turn::Exited(_)), "{name}: {turn:?}");
        let output = String::from_utf8(host.output).expect("text");
        let instructions: u64 = output.trim().parse().expect("a number");
        assert!(instructions > CALLS * DEPTH / 4, "{name}: {instructions} instructions");
    }
}

#[test]
fn errors_from_deep_down_are_paid_for() {
    const DEPTH: u64 = 2000;
    // Each variable that is closed, and each handler that fails, has the frames passed again.
    let closing = "local closing = setmetatable({}, { __close = function() end })
         local function deep(n) local x <close> = closing if n > 1 then return 1 + deep(n - 1) end error('') end
         pcall(deep, DEPTH)";
    let failing = "local function deep(n) if n > 1 then return 1 + deep(n - 1) end error('') end
         xpcall(deep, error, DEPTH)";
    for (source, passed) in [(closing, DEPTH * DEPTH / 2), (failing, DEPTH * 190)] {
        let program = program("errors.lua", source.replace("DEPTH", &DEPTH.to_string()).as_bytes());
        let image = LuaEnvironment::new().load(&program).expect("loads");
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
        let turn = guest.run(&mut TestHost::default(), 1_000_000_000);
        assert!(matches!(turn, Turn::Exited(_)), "{turn:?}");
        let instructions = guest.usage().instructions;
        assert!(instructions > passed / 2, "{instructions} instructions: {source}");
    }
}
