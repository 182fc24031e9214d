//! A process is a value: the same program with the same answers comes to the same states, byte for byte, whether
//! it is run once or again, and whether it goes on or is restored from its snapshot wherever its turn ends.
//! The replay of durable processes rests on this.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment as _, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits};
use std::sync::Mutex;
use support::TestHost;
use support::corpus::{name_of, scripts};
use support::session;

const THREADS: usize = 4;

/// What a program has come to.
#[derive(Debug, PartialEq, Eq)]
struct Trail {
    /// BLAKE3 of its state wherever a turn ended; `None` where it could not be captured.
    states: Vec<Option<[u8; 32]>>,
    /// Instructions that it took.
    instructions: u64,
    output: Vec<u8>,
}

/// Runs a source to its end or to where it waits for somebody.
fn trail(file: &str, source: &[u8], restores: bool) -> Trail {
    let program = session::program(file, source);
    let mut found = Trail { states: Vec::new(), instructions: 0, output: Vec::new() };
    // Scripts that do not load are for other tests.
    let Ok(image) = LuaEnvironment::new().load(&program) else { return found };
    let limits = Limits::default();
    let mut host = TestHost::default();
    let mut guest = image.spawn(&Fragment::default(), &limits).expect("spawns");
    let mut copied = 0;
    loop {
        // Turns get longer with what has been copied, so that the work stays bounded.
        match guest.run(&mut host, 200 + copied / 64) {
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            Turn::Exited(_) | Turn::Waiting | Turn::Replaced => break,
        }
        let state = guest.snapshot();
        copied += state.as_ref().map_or(0, |state| state.len() as u64);
        found.states.push(state.as_deref().map(|state| *blake3::hash(state).as_bytes()));
        if restores && state.is_some() {
            guest = session::restored(&image, guest.as_ref(), &limits, false);
        }
    }
    found.instructions = guest.usage().instructions;
    found.states.push(guest.snapshot().map(|state| *blake3::hash(&state).as_bytes()));
    found.output = host.output;
    found
}

#[test]
fn every_script_of_the_corpus_comes_to_the_same_states() {
    let scripts = Mutex::new(scripts());
    let failures = Mutex::new(Vec::new());
    let turns = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(script) = { scripts.lock().expect("lock").pop() } {
                    let source = std::fs::read(&script).expect("a readable script");
                    let name = name_of(&script);
                    let first = trail(&name, &source, false);
                    *turns.lock().expect("lock") += first.states.len();
                    for (how, restores) in [("again", false), ("restored", true)] {
                        if let Some(wrong) = difference(&first, &trail(&name, &source, restores)) {
                            failures.lock().expect("lock").push(format!("{name}, {how}: {wrong}"));
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("lock");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    let turns = turns.into_inner().expect("lock");
    assert!(turns > 1000 || std::env::var_os("CONFORMANCE_ONLY").is_some(), "only {turns} states");
}

#[test]
fn one_that_differs_is_seen() {
    let source = |value: u32| format!("local sum = {value} for i = 1, 1000 do sum = sum | i end");
    let [one, other] = [1, 2].map(|value| trail("t.lua", source(value).as_bytes(), false));
    assert_eq!(one.instructions, other.instructions);
    assert!(difference(&one, &other).is_some_and(|it| it.starts_with("0 of")));
}

fn difference(first: &Trail, other: &Trail) -> Option<String> {
    if first == other {
        return None;
    }
    let same = first.states.iter().zip(&other.states).take_while(|(a, b)| a == b).count();
    let (turns, instructions) = (first.states.len(), first.instructions);
    Some(format!(
        "{same} of {turns} states are the same; {instructions} instructions, then {} with {} states",
        other.instructions,
        other.states.len()
    ))
}
