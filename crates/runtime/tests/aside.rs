//! Guests whose work another thread does: their shard goes on, and they can be ended and asked about.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::Turn;
use procession_runtime::Node;
use procession_types::*;
use script::*;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Work that says that it has begun, and waits for a word.
fn work_between(begun: Sender<()>, go: Receiver<()>) -> Work {
    Box::new(move || {
        begun.send(()).unwrap();
        go.recv_timeout(PATIENCE).expect("somebody lets it go on");
    })
}

fn set_aside_once(memory: &mut Memory) -> Turn {
    if memory.turn == 1 { Turn::Aside } else { done() }
}

#[test]
fn the_shard_goes_on_while_a_guest_is_away() {
    let ((begun, has_begun), (go, may_go)) = (channel(), channel());
    let stage = Stage::new(1)
        .program("app:main", |_, memory| set_aside_once(memory))
        // It lives on the only shard.
        .program("app:other", move |_, _| {
            go.send(()).unwrap();
            done()
        });
    *stage.script.work.lock().unwrap() = Some(work_between(begun, may_go));
    let node = Node::start(stage.config).unwrap();
    let main = start(&node, "app:main");
    has_begun.recv_timeout(PATIENCE).unwrap();
    assert_normal(&end(&start(&node, "app:other")));
    assert_normal(&end(&main));
}

#[test]
fn a_process_whose_guest_is_away_can_be_terminated_and_asked_about() {
    let ((begun, has_begun), (go, may_go)) = (channel(), channel());
    let stage = Stage::new(1).program("app:main", |_, memory| set_aside_once(memory)).program(
        "app:killer",
        |host, _| {
            host.terminate(b"victim").unwrap();
            done()
        },
    );
    *stage.script.work.lock().unwrap() = Some(work_between(begun, may_go));
    let node = Node::start(stage.config).unwrap();
    let main = start_named(&node, "app:main", "victim");
    has_begun.recv_timeout(PATIENCE).unwrap();
    let info = std::thread::scope(|scope| {
        let asks = scope.spawn(|| node.info(main.pid));
        assert_normal(&end(&start(&node, "app:killer")));
        go.send(()).unwrap();
        asks.join().unwrap()
    });
    // The answer comes when the guest is back, which is the moment before its end; whoever asks later
    // hears that it is dead.
    match info {
        Ok(info) => assert_eq!(info.process.pid, main.pid),
        Err(error) => assert_eq!(error.kind, ErrorKind::NotFound),
    }
    let ExitReason::Failed(failure) = &*end(&main) else { panic!("it was terminated") };
    assert_eq!(**failure, Failure::Terminated);
}

#[test]
fn a_panic_in_the_work_ends_its_process_only() {
    let stage = Stage::new(1)
        .program("app:main", |_, memory| set_aside_once(memory))
        .program("app:other", |_, _| done());
    *stage.script.work.lock().unwrap() = Some(Box::new(|| panic!("as the test wants")));
    let node = Node::start(stage.config).unwrap();
    let ExitReason::Failed(failure) = &*end(&start(&node, "app:main")) else { panic!("it failed") };
    let Failure::Fault(report) = &**failure else { panic!("{failure:?}") };
    assert!(report.contains("as the test wants"), "{report}");
    assert_normal(&end(&start(&node, "app:other")));
}
