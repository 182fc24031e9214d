//! Chunks that a process loads are part of its memory while it can reach them, and gone afterwards.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{ExitReason, Fragment, Limits};
use support::TestHost;
use support::session::program;

const MEMORY_BYTES: u64 = 1 << 20;

/// Runs a program to its end, restored from a snapshot after every turn if that is asked for; gives
/// how it ends, what it prints and the most memory that it has used.
fn run(source: &str, budget: u64, is_restored: bool) -> (ExitReason, String, u64) {
    run_within(MEMORY_BYTES, source, budget, is_restored)
}

fn run_within(
    memory_bytes_max: u64,
    source: &str,
    budget: u64,
    is_restored: bool,
) -> (ExitReason, String, u64) {
    let program = program("chunks.lua", source.as_bytes());
    let limits = Limits { memory_bytes_max, ..Limits::default() };
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &limits).expect("spawns");
    let (mut host, mut most) = (TestHost::default(), 0);
    loop {
        let turn = guest.run(&mut host, budget);
        most = most.max(guest.usage().memory_bytes);
        match turn {
            Turn::Exited(reason) => {
                return (reason, String::from_utf8(host.output).expect("text"), most);
            }
            Turn::Aside => guest.work(),
            Turn::Preempted if is_restored => {
                let snapshot = guest.snapshot().expect("a snapshot");
                guest = image.restore(&snapshot, &limits).expect("restores");
            }
            Turn::Preempted => {}
            turn => panic!("{turn:?}"),
        }
    }
}

#[test]
fn what_is_not_used_any_more_is_given_back() {
    let source = "local kept, sum = {}, 0
        for i = 1, 20000 do
            local f = load('local text = \"chunk ' .. i .. '\" return function() return text end')()
            sum = sum + #f()
            if i % 1000 == 0 then kept[#kept + 1] = f end
        end
        for i, f in ipairs(kept) do assert(f() == 'chunk ' .. i * 1000) end
        print(sum, #kept)";
    let (reason, output, most) = run(source, 100_000, false);
    assert!(matches!(reason, ExitReason::Normal(_)), "{reason:?}");
    assert_eq!(output, "208894\t20\n");
    assert!(most <= 2 * MEMORY_BYTES, "{most} bytes");
}

/// A heap that is seldom collected, since it is large and what is loaded is small.
#[test]
fn there_is_always_room_for_another_chunk() {
    let source = "local large, sum = {}, 0
        for i = 1, 60000 do large[i] = {i} end
        for i = 1, 130000 do sum = sum + assert(load('return ' .. i))() end
        print(sum)";
    let (reason, output, _) = run_within(64 << 20, source, 1_000_000, false);
    assert!(matches!(reason, ExitReason::Normal(_)), "{reason:?}");
    assert_eq!(output, "8450065000\n");
}

#[test]
fn what_is_used_counts_against_the_limit() {
    let source = "local kept = {}
        for i = 1, 20000 do kept[i] = load('return ' .. i) end
        print('all kept')";
    let (reason, output, _) = run(source, 100_000, false);
    let error = reason.error().expect("it fails");
    assert!(error.message.contains("memory"), "{error}");
    assert_eq!(output, "");
}

#[test]
fn a_restored_process_gives_back_as_the_other_does() {
    let source = "local kept = {}
        for i = 1, 600 do
            local f = load('return \"text of chunk ' .. i .. '\"')
            if i % 90 == 0 then kept[#kept + 1] = f end
        end
        for _, f in ipairs(kept) do print(f()) end
        print(process.usage().instructions)";
    let (reason, output, _) = run(source, 20_000, false);
    assert!(matches!(reason, ExitReason::Normal(_)), "{reason:?}");
    // Collections cost instructions: that they are as many says that there were the same ones.
    assert_eq!(output, run(source, 20_000, true).1);
}

/// Instructions of a program that runs to its end.
fn instructions(source: &str) -> u64 {
    let program = program("chunks.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    let mut host = TestHost::default();
    loop {
        match guest.run(&mut host, 100_000) {
            Turn::Exited(ExitReason::Normal(_)) => return guest.usage().instructions,
            Turn::Preempted => {}
            turn => panic!("{turn:?}"),
        }
    }
}

#[test]
fn a_text_that_is_known_is_paid_for() {
    const LOADS: u64 = 200;
    // Of 24 000 bytes.
    let again = |times: u64| {
        let source = format!(
            "local text = ('x = 1 '):rep(4000) for _ = 1, {times} do assert(load(text)) end"
        );
        instructions(&source)
    };
    let each = (again(LOADS + 1) - again(1)) / LOADS;
    assert!((2_000..20_000).contains(&each), "{each} instructions for each");
}

#[test]
fn a_reader_without_end_is_given_up() {
    let source = "local calls = 0
        local f, message = load(function() calls = calls + 1 return (' '):rep(100000) end)
        assert(f == nil and message == 'chunk is too large' and calls == 11)";
    assert!(instructions(source) > 0);
}

/// A collection may be due when the call of `load` goes on after its chunk was compiled, and a finalizer
/// may be due then that loads something itself.
#[test]
fn a_chunk_belongs_to_the_call_that_loads_it() {
    let source = "local wrong, called = {}, 0
        for i = 1, 6000 do
            setmetatable({}, { __gc = function()
                called = called + 1
                local f = load(\"return 'gc'\")
                if f() ~= 'gc' then wrong[#wrong + 1] = i end
            end })
            local f = load('return ' .. i .. ' --' .. ('x'):rep(i % 50))
            if f() ~= i then wrong[#wrong + 1] = i end
        end
        print(called > 4000, table.concat(wrong, ' '))";
    for budget in [100_000, 1000] {
        let (reason, output, _) = run(source, budget, false);
        assert!(matches!(reason, ExitReason::Normal(_)), "{reason:?}");
        assert_eq!(output, "true\t\n", "turns of {budget}");
    }
}
