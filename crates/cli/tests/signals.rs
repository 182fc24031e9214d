//! Ctrl-C: once is a request, twice is the end.

mod common;

use common::Session;
use std::time::{Duration, Instant};

fn start(file: &str) -> Session {
    let session = Session::start(env!("CARGO_BIN_EXE_procession"), &["run", file]);
    assert_eq!(session.line(), "ready");
    session
}

#[test]
fn once_asks_the_program_to_end() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let session = start("polite.lua");
        session.signal(signal);
        assert_eq!(session.line(), "pid.cancel\ttrue");
        let ended = session.end();
        assert_eq!(ended.code, Some(code), "{ended:#?}");
    }
}

#[test]
fn twice_ends_at_once() {
    let session = start("stubborn.lua");
    session.signal("INT");
    assert_eq!(session.line(), "pid.cancel");
    let second = Instant::now();
    session.signal("INT");
    let ended = session.end();
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    assert!(second.elapsed() < Duration::from_secs(4), "{:?}", second.elapsed());
}

#[test]
fn the_deadline_ends_who_does_not_listen() {
    let session = start("stubborn.lua");
    let first = Instant::now();
    session.signal("INT");
    assert_eq!(session.line(), "pid.cancel");
    let ended = session.end();
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    let took = first.elapsed();
    assert!(took >= Duration::from_secs(4) && took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn a_pipe_that_nobody_reads_keeps_no_node_from_ending() {
    let session = Session::start_and_read_a_line(&["run", "shout.lua"]);
    assert_eq!(session.line(), "ready");
    session.signal("TERM");
    let ended = session.end();
    assert_eq!(ended.code, Some(143), "{ended:#?}");
}
