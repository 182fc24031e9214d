//! Small memory limits: a process ends with the limit's failure, never otherwise.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{ExitReason, FragmentBuilder, Limits};
use support::TestHost;
use support::session::{self, Mode};

const PROGRAM: &[u8] = b"
local t = {}
for i = 1, 2000 do t[i] = { i, tostring(i) .. ' and more' } end
print(#t)
";

/// From what not even the first frame fits into to what is enough.
#[test]
fn every_limit_ends_the_process_cleanly() {
    let mut ends = Vec::new();
    for memory_bytes_max in (0..64).map(|step| step * 256).chain([1 << 15, 1 << 17, 1 << 20]) {
        for mode in [Mode::Normal, Mode::Trimmed] {
            let limits = Limits { memory_bytes_max, ..Limits::default() };
            let outcome = session::run_limited("small.lua", PROGRAM, mode, 100_000, limits);
            let is_limit = outcome.end.contains("memory limit");
            let is_done = outcome.end.is_empty() && outcome.output == "2000\n";
            assert!(is_limit || is_done, "{memory_bytes_max} bytes, {mode:?}: {outcome:?}");
            ends.push(is_done);
        }
    }
    assert!(ends.contains(&true) && ends.contains(&false), "both ends are seen");
}

/// Limits at which a program can't even start, whatever lies in the heap before its stack.
#[test]
fn programs_that_cannot_start_end_cleanly() {
    let source = format!("{} print(1)", "f = function() end ".repeat(400));
    for memory_bytes_max in (0..2048).step_by(8) {
        let limits = Limits { memory_bytes_max, ..Limits::default() };
        let outcome =
            session::run_limited("small.lua", source.as_bytes(), Mode::Normal, 1000, limits);
        assert!(outcome.end.contains("memory limit"), "{memory_bytes_max} bytes: {outcome:?}");
    }
}

/// Arguments that are larger than what a new heap holds before its first collection, for a program
/// that executes its top level itself.
#[test]
fn large_arguments_are_there_at_the_start() {
    let source = b"print('top') return function(text) print(#text) end";
    let image = LuaEnvironment::new().load(&session::program("large.lua", source)).expect("loads");
    for length in (0..40_000).step_by(512) {
        let mut builder = FragmentBuilder::new();
        let text = builder.string(&vec![b'x'; length]);
        let arguments = builder.finish(&[text]);
        let mut guest = image.spawn(&arguments, &Limits::default()).expect("spawns");
        let mut host = TestHost::default();
        let end = guest.run(&mut host, 100_000);
        assert!(matches!(end, Turn::Exited(ExitReason::Normal(_))), "{length} bytes: {end:?}");
        assert_eq!(String::from_utf8_lossy(&host.output), format!("top\n{length}\n"));
    }
}
