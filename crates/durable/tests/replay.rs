//! Every script of the Lua corpus runs once recorded, in turns of many lengths, and is run again from
//! its journal: from the beginning, and from snapshots on the way. Each state must be the same.
#![allow(missing_docs)]

#[path = "support/replaying.rs"]
mod replaying;
#[path = "../../lua/tests/support/mod.rs"]
#[allow(unused_imports)]
mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use replaying::{Findings, Replaying};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use support::{TestHost, session};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lua/tests/corpus");
const THREADS: usize = 2;
/// Turns of a script, at most: what it does later is not looked at.
const TURNS_MAX: usize = 400;
/// Bytes of states, likewise.
const SPENT_BYTES_MAX: u64 = 64 << 20;
/// Between two trims there are so many turns.
const TRIM_EVERY: usize = 7;

fn scripts() -> Vec<PathBuf> {
    let entries = |directory: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(directory).into_iter().flatten();
        entries.map(|entry| entry.expect("an entry").path()).collect()
    };
    let mut found: Vec<PathBuf> =
        entries(Path::new(CORPUS)).iter().flat_map(|directory| entries(directory)).collect();
    let only = std::env::var("REPLAY_ONLY").unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "lua"));
    found.retain(|path| path.to_string_lossy().contains(&only));
    found.sort();
    assert!(found.len() > 80 || !only.is_empty(), "the corpus has shrunk");
    found
}

/// Runs a script recorded; its states are compared when it ends, or is given up.
fn run(script: &Path, findings: &Arc<Findings>) {
    let source = std::fs::read(script).expect("a readable script");
    let file = script.file_name().expect("a name").to_string_lossy();
    let environment = Replaying { inner: LuaEnvironment::new(), findings: findings.clone() };
    let Ok(image) = environment.load(&session::program(&file, &source)) else { return };
    let mut host = TestHost::default();
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    let (mut spent, mut turns) = (0, 0);
    // What is copied and compared stays bounded: turns get longer, and then there are no more.
    while turns < TURNS_MAX && spent < SPENT_BYTES_MAX {
        turns += 1;
        let budget = 50 + turns as u64 * 10 + spent / 1024;
        match guest.run(&mut host, budget) {
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            Turn::Exited(_) | Turn::Waiting | Turn::Replaced => break,
        }
        spent += guest.usage().memory_bytes;
        match turns % TRIM_EVERY {
            0 => guest.trim(),
            3 => drop(guest.hibernate()),
            _ => {}
        }
    }
}

#[test]
fn the_corpus_is_replayed_state_by_state() {
    let (scripts, findings) = (Mutex::new(scripts()), Arc::new(Findings::default()));
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(script) = { scripts.lock().expect("lock").pop() } {
                    let of_script = Arc::new(Findings::default());
                    run(&script, &of_script);
                    if let Err(what) = of_script.verdict() {
                        let what = format!("{}: {what}", script.display());
                        complaints.lock().expect("lock").push(what);
                    }
                    for (all, own) in [
                        (&findings.compared, &of_script.compared),
                        (&findings.resumed, &of_script.resumed),
                    ] {
                        all.fetch_add(own.load(Ordering::Relaxed), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().expect("lock");
    assert!(complaints.is_empty(), "{} differ:\n{}", complaints.len(), complaints.join("\n"));
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counts = (count(&findings.compared), count(&findings.resumed));
    let is_all = std::env::var_os("REPLAY_ONLY").is_none();
    assert!(!is_all || counts.0 > 5000 && counts.1 > 200, "hardly anything compared: {counts:?}");
}
