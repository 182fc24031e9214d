//! Random programs print the same however they are run, and damaged snapshots do no harm.
#![allow(clippy::print_stderr, missing_docs)]

mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use std::panic::{AssertUnwindSafe, catch_unwind};
use support::TestHost;
use support::generate::{self, Dialect};
use support::session::{self, Mode};

/// Programs that are run; `ROBUSTNESS_SEEDS=FROM..TO` takes others.
const SEEDS: std::ops::Range<u64> = 0..400;
const THREADS: u64 = 4;
const TURNS_MAX: u64 = 200_000;

fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var("ROBUSTNESS_SEEDS").ok();
    let asked = asked.as_deref().and_then(|text| text.split_once(".."));
    asked.map_or(SEEDS, |(from, to)| from.parse().expect("a number")..to.parse().expect("a number"))
}

#[test]
fn random_programs_print_the_same_in_every_mode() {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|offset| {
                scope.spawn(move || {
                    let own = seeds().filter(|seed| seed % THREADS == offset);
                    own.filter_map(check_modes).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("does not panic")).collect()
    });
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn check_modes(seed: u64) -> Option<String> {
    let source = generate::program(seed, Dialect::Everything);
    let run = |mode| {
        let run = || session::run("random.lua", source.as_bytes(), mode, TURNS_MAX);
        catch_unwind(run).map_err(|_| format!("seed {seed} panics ({mode:?})"))
    };
    let expected = match run(Mode::Normal) {
        Ok(outcome) => outcome,
        Err(failure) => return Some(failure),
    };
    if expected.end.contains("does not end") || expected.end.contains("random.lua") {
        return Some(format!("seed {seed}: {}", expected.end));
    }
    for mode in [Mode::Trimmed, Mode::Restored] {
        match run(mode) {
            Ok(outcome) if outcome == expected => {}
            Ok(outcome) => {
                let lines = expected.output.lines().zip(outcome.output.lines());
                let first = lines.filter(|(a, b)| a != b).map(|(a, b)| format!("{a} | {b}")).next();
                return Some(format!("seed {seed} ({mode:?}): {first:?} {}", outcome.end));
            }
            Err(failure) => return Some(failure),
        }
    }
    None
}

#[test]
fn damaged_snapshots_are_refused() {
    let source = generate::program(7, Dialect::Everything);
    let program = session::program("random.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &program.limits).expect("spawns");
    let mut host = TestHost::default();
    let mut random = 88_172_645_463_325_252_u64;
    let mut below = |n: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % n as u64) as usize
    };
    let mut restored = 0;
    for _ in 0..60 {
        if !matches!(guest.run(&mut host, 200), Turn::Preempted) {
            break;
        }
        let whole = guest.snapshot().expect("can be captured");
        for _ in 0..20 {
            let mut damaged = whole.clone();
            match below(3) {
                0 => damaged.truncate(below(whole.len())),
                1 => damaged[below(whole.len())] ^= 1 << below(8),
                // Mostly what the checksum does not cover.
                _ => damaged[below(48)] ^= 1 << below(8),
            }
            let run = AssertUnwindSafe(|| {
                let limits = Limits { memory_bytes_max: 16 << 20, ..Limits::default() };
                let Ok(mut guest) = image.restore(&damaged, &limits) else { return false };
                let mut host = TestHost::default();
                (0..50).any(|_| !matches!(guest.run(&mut host, 1000), Turn::Preempted));
                true
            });
            restored += usize::from(catch_unwind(run).expect("a damaged snapshot does not panic"));
        }
    }
    assert!(restored < 400, "most damage is noticed");
}

/// Writes the portable programs of the seeds to a directory, to run them elsewhere.
#[test]
#[ignore = "a tool"]
fn write_portable_programs() {
    let directory = std::env::var("ROBUSTNESS_DIRECTORY").expect("ROBUSTNESS_DIRECTORY");
    for seed in seeds() {
        let source = generate::program(seed, Dialect::Portable);
        std::fs::write(format!("{directory}/{seed}.lua"), source).expect("writes");
        let outcome = session::run(
            &format!("{seed}.lua"),
            &std::fs::read(format!("{directory}/{seed}.lua")).expect("reads"),
            Mode::Normal,
            TURNS_MAX,
        );
        let text = format!("{}{}", outcome.output, outcome.end);
        std::fs::write(format!("{directory}/{seed}.out"), text).expect("writes");
    }
}
