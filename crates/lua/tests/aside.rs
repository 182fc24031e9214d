//! Large heaps are collected when the driver says so: the guest asks, and goes on as if nothing was.
#![allow(clippy::unwrap_used)]
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Guest, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{ExitReason, Failure, Fragment, Limit, Limits};
use support::TestHost;
use support::session::program;

/// A table of many tables, of which most are replaced again and again.
const CHURN: &[u8] = b"
local kept, sum = {}, 0
for round = 1, 8 do
  for i = 1, 60000 do kept[i] = { i, round } end
end
for i = 1, #kept do sum = sum + kept[i][1] * kept[i][2] end
print(#kept, sum)
";

/// Runs to the end; gives what was printed, how it ended, and how often the guest asked.
fn run(source: &[u8], limits: Limits, obeys: bool) -> (String, ExitReason, usize) {
    let program = program("big.lua", source);
    let image = LuaEnvironment::new().load(&program).unwrap();
    let mut guest: Box<dyn Guest> = image.spawn(&Fragment::default(), &limits).unwrap();
    let (mut host, mut asked) = (TestHost::default(), 0);
    loop {
        match guest.run(&mut host, 100_000) {
            Turn::Aside => {
                asked += 1;
                if obeys {
                    guest.work();
                }
            }
            Turn::Exited(reason) => {
                return (String::from_utf8(host.output).unwrap(), reason, asked);
            }
            Turn::Preempted => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_large_heap_is_collected_aside() {
    let expected = format!("60000\t{}\n", 60000_u64 * 60001 / 2 * 8);
    for obeys in [true, false] {
        let (printed, reason, asked) = run(CHURN, Limits::default(), obeys);
        assert_eq!(printed, expected);
        assert_eq!(reason, ExitReason::Normal(Fragment::nil()));
        assert!(asked > 2, "asked {asked} times");
    }
}

#[test]
fn the_memory_limit_holds_there_too() {
    let limits = Limits { memory_bytes_max: 4 << 20, ..Limits::default() };
    let (_, reason, asked) = run(CHURN, limits, true);
    let ExitReason::Failed(failure) = reason else { panic!("{reason:?}") };
    let Failure::Limit { limit: Limit::Memory, place: Some(place) } = *failure else {
        panic!("{failure:?}")
    };
    assert_eq!(&*place, "big.lua:4");
    assert!(asked > 0);
}
