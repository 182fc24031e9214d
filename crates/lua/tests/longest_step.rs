//! The longest single step: what a built-in function does at once can't be preempted, so it is paid for by
//! what it touches, also where it fails. Each function is called with something small and with the same
//! sixteen times as large; the instructions that both count for differ at least as the sizes do.
#![allow(missing_docs)]

mod support;

#[path = "longest_step/calls.rs"]
mod calls;

use calls::{BYTES, CONSTANT, ITEMS};
use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use support::TestHost;
use support::session::program;

/// Bytes, or items, of the small ones.
const SMALL_BYTES: u64 = 1 << 12;
const SMALL_ITEMS: u64 = 1 << 10;
/// How much larger the large ones are.
const FACTOR: u64 = 16;
/// Bytes, or items, that an instruction may stand for.
const BYTES_PER_FUEL: u64 = 130;
const ITEMS_PER_FUEL: u64 = 36;
const TURNS: usize = 100;

/// What is there for each call: a string of `n` bytes, another one that is equal, a list of `n` numbers and one
/// of `n` texts; modules by their names. What it prepares itself stands before a `|`.
const PRELUDE: &str = "
    local n = N
    local s, equal = ('1'):rep(n), ('1'):rep(n)
    local list, texts = {}, {}
    for i = 1, n <= 65536 and n or 0 do list[i], texts[i] = i, 'text ' .. i end
    local unpack = table.unpack
    local function module(name) return require(name) end
    local json, base64, hash, uuid, http, fs, env, time, ctx, events, queue, store, security, logger, metrics, funcs =
      module 'json', module 'base64', module 'hash', module 'uuid', module 'http', module 'fs', module 'env',
      module 'time', module 'ctx', module 'events', module 'queue', module 'store', module 'security',
      module 'logger', module 'metrics', module 'funcs'
";

/// The instructions that a call counts for. Ballast keeps the collector away from it.
fn instructions(call: &str, n: u64) -> Result<u64, String> {
    let (before, call) = call.split_once('|').unwrap_or(("", call));
    let source = format!(
        "return {{ main = function()
           {} {before}
           local function call() {call} end
           local ballast = ('x'):rep(8 << 20)
           collectgarbage()
           local before = process.usage().instructions
           pcall(call)
           local after = process.usage().instructions
           print(after - before, #ballast)
         end }}",
        PRELUDE.replace('N', &n.to_string())
    );
    let program = program("step.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).map_err(|error| error.to_string())?;
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    let mut host = TestHost::default();
    for _ in 0..TURNS {
        match guest.run(&mut host, 10_000_000) {
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            Turn::Exited(_) => break,
            turn => return Err(format!("{turn:?}")),
        }
    }
    // What is printed by the call itself stands before.
    let output = String::from_utf8_lossy(&host.output);
    let last = output.lines().last().and_then(|line| line.split('\t').next());
    last.and_then(|number| number.parse().ok()).ok_or_else(|| format!("ends with {last:?}"))
}

/// What is wrong with a call.
fn fault(call: &str, small: u64, per_fuel: u64) -> Option<String> {
    let large = small * FACTOR;
    let used = [small, large].map(|n| instructions(call, n));
    let [Ok(less), Ok(more)] = used else { return Some(format!("{call}: {used:?}")) };
    let least = (large - small) / per_fuel;
    (more.saturating_sub(less) < least)
        .then(|| format!("{call}: {less} and {more} instructions, {least} more are the least"))
}

#[test]
fn functions_are_paid_for_by_what_they_touch() {
    let bytes = BYTES.iter().filter_map(|call| fault(call, SMALL_BYTES, BYTES_PER_FUEL));
    let items = ITEMS.iter().filter_map(|call| fault(call, SMALL_ITEMS, ITEMS_PER_FUEL));
    let faults: Vec<_> = bytes.chain(items).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// All functions that programs can call by a name.
const NAMES: &str = "
    local function list(prefix, t)
      for name, value in pairs(t) do
        if type(value) == 'function' then print(prefix .. name) end
        if type(value) == 'table' and prefix == '' and name ~= '_G' then list(name .. '.', value) end
      end
    end
    list('', _G) list('process.registry.', process.registry)
    for _, name in ipairs { MODULES } do list(name .. '.', require(name)) end";

#[test]
fn no_function_is_forgotten() {
    let modules: Vec<_> =
        procession_lua::module_names().iter().map(|name| format!("'{name}'")).collect();
    let source = NAMES.replace("MODULES", &modules.join(","));
    let image =
        LuaEnvironment::new().load(&program("names.lua", source.as_bytes())).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    let mut host = TestHost::default();
    let turn = guest.run(&mut host, 10_000_000);
    assert!(matches!(turn, Turn::Exited(_)), "{turn:?}");
    let output = String::from_utf8(host.output).expect("names");
    let is_missing = |name: &&str| {
        let calls = BYTES.iter().chain(ITEMS);
        !CONSTANT.contains(name) && !calls.into_iter().any(|call| call.contains(name))
    };
    let missing: Vec<_> = output.lines().filter(is_missing).collect();
    assert!(output.lines().count() > 150 && missing.is_empty(), "no call of {missing:?}");
}
