//! A parent that asks is told when its child waits, wherever the child lives.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_types::*;
use script::*;

#[test]
fn a_parent_is_told_when_its_child_has_used_up_its_slices_and_waits() {
    // The child uses up its slices, so it may well move to the other shard meanwhile.
    let reason = Stage::new(2)
        .program(
            "app:child",
            |_, memory| {
                if memory.turn < 500 { Turn::Preempted } else { Turn::Waiting }
            },
        )
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                let pid = host.spawn(monitored("app:child")).unwrap();
                memory.pids.push(text(host, pid));
                host.ask_rest(&memory.pids[0], Rest::WaitPoint).unwrap();
                return Turn::Waiting;
            }
            let child = memory.pids[0].clone();
            let Some(event) = host.receive_event() else { return Turn::Waiting };
            let Event::Rest { from, rest, .. } = event else { unreachable!("{event:?}") };
            assert_eq!(text(host, from), child);
            if rest == Rest::Idle {
                return done();
            }
            host.send(&child, topic("work"), value(1)).unwrap();
            host.ask_rest(&child, Rest::Idle).unwrap();
            Turn::Waiting
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn nobody_else_is_told() {
    let reason = Stage::new(1)
        .program("app:main", |host, _| {
            let me = text(host, host.pid());
            let asked = host.ask_rest(&me, Rest::WaitPoint);
            assert_eq!(asked.unwrap_err().kind, ErrorKind::Invalid);
            let asked = host.ask_rest(b"nobody", Rest::WaitPoint);
            assert_eq!(asked.unwrap_err().kind, ErrorKind::NotFound);
            done()
        })
        .run();
    assert_normal(&reason);
}
