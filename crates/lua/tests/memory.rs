//! Small memory limits: a process ends with the limit's failure, never otherwise.
#![allow(missing_docs)]

mod support;

use procession_types::Limits;
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
