//! A node with durable processes as one thread: the schedule of everything that is on threads of its own
//! otherwise (shards, the committer, those that bring processes back, whoever sends from outside), the
//! clock, and what goes wrong with the disk, are chosen by a seed. It crashes between any two steps.
//!
//! What is simulated is the runtime itself, over a [`FaultyStore`]. `machine.rs` is the node, `programs.rs`
//! runs on it, `world.rs` is the schedule, `truth.rs` is what must be true at the end of it.
//!
//! `cargo xtask sim --durable --seeds N` runs as many seeds as asked, `--seed N` repeats a run.

mod machine;
mod programs;
mod truth;
mod world;

use procession_store::Faults;
use std::time::Instant;
use world::{Outcome, World};

/// The first seed of a run that was asked for, and how many there are.
const SEED: &str = "PROCESSION_SIM_SEED";
const SEEDS: &str = "PROCESSION_SIM_SEEDS";
const STEPS: usize = 900;
/// Stack of the thread that is all shards.
const STACK_BYTES: usize = 32 << 20;

/// What may go wrong in the run of a seed.
fn faults(seed: u64) -> Faults {
    match seed % 4 {
        // Crashes alone.
        0 => Faults::default(),
        1 => Faults::HONEST,
        2 => Faults { sync_lies: 300, crash_between: 10, ..Faults::default() },
        _ => Faults { duplicate: 60, lost_acknowledgement: 10, ..Faults::default() },
    }
}

fn run(seed: u64) -> Outcome {
    World::new(seed, faults(seed)).run(STEPS)
}

/// Runs all seeds; those that fail are named at the end.
fn run_all(seeds: impl Iterator<Item = u64> + Send + 'static) {
    let all = move || {
        let (started, mut sum, mut failed) = (Instant::now(), Outcome::default(), Vec::new());
        for (count, seed) in (1_u64..).zip(seeds) {
            match std::panic::catch_unwind(|| run(seed)) {
                Ok(one) => sum.add(&one),
                Err(_) => {
                    println!("seed {seed} failed");
                    failed.push(seed);
                }
            }
            // A long run has something to say for itself when it is ended before it is done.
            if count.is_multiple_of(500) {
                println!("{count} seeds in {:.1} s", started.elapsed().as_secs_f64());
            }
        }
        println!("{sum:?} in {:.1} s", started.elapsed().as_secs_f64());
        (sum, failed)
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(all);
    let (sum, failed) = thread.expect("a thread").join().expect("all seeds were tried");
    let repeat = "repeat one with: cargo xtask sim --durable --seed";
    assert!(failed.is_empty(), "seeds {failed:?} failed; {repeat} {}", failed[0]);
    assert!(sum.crashes > 0 && sum.acknowledged > 0 && sum.lines > 0, "{sum:?}");
}

#[test]
fn what_was_promised_is_kept_whatever_happens() {
    run_all(1..=200);
}

#[test]
fn a_seed_says_everything() {
    let both = || (run(5), run(5), run(6));
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(both);
    let (one, again, other) = thread.expect("a thread").join().expect("all is as it must be");
    assert_eq!(one, again);
    assert_ne!(one, other);
}

/// For `cargo xtask sim --durable`.
#[test]
#[ignore = "runs for as long as it is asked to"]
fn as_asked() {
    let asked = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse::<u64>().expect("a number"))
    };
    let (first, count) = (asked(SEED, 1), asked(SEEDS, 1000));
    run_all(first..first + count);
}
