//! Time and size of a snapshot and its restoration, for a small process that waits at its first
//! `receive`. Prints lines `case <TAB> metric <TAB> median <TAB> min <TAB> max <TAB> unit`.
#![allow(clippy::print_stdout, missing_docs)]

use procession_environment::{Dialect, Environment, Module, Program, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits, ProgramLimits};
use std::time::Instant;

#[path = "../tests/support/mod.rs"]
mod support;

const SOURCE: &[u8] = b"local count, names = 0, {}
return { main = function()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    count = count + 1
    names[#names + 1] = message:topic()
  end
end }";
const ROUNDS: usize = 7;
const EACH: usize = 20_000;

fn report(metric: &str, mut values: Vec<f64>, unit: &str) {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values[0], values[values.len() - 1]);
    println!("snapshot\t{metric}\t{:.4}\t{low:.4}\t{high:.4}\t{unit}", values[values.len() / 2]);
}

fn nanoseconds_each(mut act: impl FnMut()) -> Vec<f64> {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..EACH).for_each(|_| act());
            start.elapsed().as_nanos() as f64 / EACH as f64
        })
        .collect()
}

fn main() -> Result<(), procession_types::Error> {
    let program = Program {
        id: "app:idle".into(),
        main: Module { name: "app:idle".into(), file: "idle.lua".into(), source: SOURCE.into() },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    };
    let image = LuaEnvironment::new().load(&program)?;
    let mut host = support::TestHost::default();
    let mut guest = image.spawn(&Fragment::default(), &Limits::default())?;
    assert!(matches!(guest.run(&mut host, 100_000), Turn::Waiting), "it waits for a message");
    guest.trim();
    let snapshot = guest.snapshot().unwrap_or_default();
    report("bytes", vec![snapshot.len() as f64], "B");
    report("snapshot_ns", nanoseconds_each(|| drop(guest.snapshot())), "ns");
    report(
        "restore_ns",
        nanoseconds_each(|| drop(image.restore(&snapshot, &Limits::default()))),
        "ns",
    );
    // A turn in which nothing has come, without and with a hibernation before it.
    let turn = nanoseconds_each(|| drop(guest.run(&mut host, 4000)));
    report("idle_turn_ns", turn, "ns");
    let woken = nanoseconds_each(|| {
        guest.hibernate();
        drop(guest.run(&mut host, 4000));
    });
    report("hibernate_and_wake_ns", woken, "ns");
    let spawn = || drop(image.spawn(&Fragment::default(), &Limits::default()));
    report("spawn_ns", nanoseconds_each(spawn), "ns");
    Ok(())
}
