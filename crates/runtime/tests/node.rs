//! Processes on a node of several threads, played by closures.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod script;

use procession_environment::*;
use procession_runtime::*;
use procession_types::*;
use script::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A guest that never waits: it uses up every slice.
fn busy(_: &mut dyn Host, _: &mut Memory) -> Turn {
    Turn::Preempted
}

fn idle(_: &mut dyn Host, _: &mut Memory) -> Turn {
    Turn::Waiting
}

#[test]
fn after_exit_the_pid_is_dead_and_the_name_free() {
    let reason = Stage::new(2)
        .program("app:child", |host, _| {
            host.register("worker", None).unwrap();
            done()
        })
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                let pid = host.spawn(monitored("app:child")).unwrap();
                memory.pids.push(text(host, pid));
                return Turn::Waiting;
            }
            let Some(event) = host.receive_event() else { return Turn::Waiting };
            assert!(matches!(event, Event::Exit { .. }));
            let error = host.send(&memory.pids[0], topic("x"), value(1)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotFound);
            assert!(host.lookup("worker").is_err());
            done()
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn busy_processes_spread_over_the_shards_and_fail_together() {
    // The children use up their slices, so some move to the other shard.
    let count = 8;
    let stage = Stage::new(2).program("app:busy", busy).program("app:main", move |host, memory| {
        if memory.turn == 1 {
            for _ in 0..count {
                let pid = host.spawn(monitored("app:busy")).unwrap();
                memory.pids.push(text(host, pid));
            }
            host.relate(Relation::Link, &memory.pids[0].clone()).unwrap();
            host.set_options(Options { trap_links: true });
        }
        if memory.turn == 2000 {
            let last = memory.pids.pop().unwrap();
            host.terminate(&last).unwrap();
        }
        while let Some(event) = host.receive_event() {
            match event {
                Event::Exit { reason, .. } => {
                    assert!(reason.is_abnormal());
                    memory.notes.push(1);
                    // Each is terminated when the end of the one before is known.
                    if let Some(next) = memory.pids.pop() {
                        host.terminate(&next).unwrap();
                    }
                }
                Event::LinkDown { .. } => memory.notes.push(100),
                Event::Cancel { .. } | Event::Rest { .. } | Event::Took { .. } => {
                    unreachable!("nobody asks for it")
                }
            }
        }
        if memory.notes.iter().sum::<u64>() == 100 + count as u64 {
            done()
        } else {
            Turn::Preempted
        }
    });
    let node = Node::start(stage.config).unwrap();
    let main = start(&node, "app:main");
    assert_normal(&end(&main));
    assert_eq!(node.stats().processes, 0);
}

#[test]
fn a_busy_process_moves_to_an_idle_shard_and_still_answers() {
    let places = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let (seen, both) = (places.clone(), places.clone());
    let stage = Stage::new(2)
        .program("app:busy", move |host, _| {
            seen.lock().unwrap().insert(std::thread::current().name().map(str::to_owned));
            match next(host) {
                Some(message) => {
                    let to = text(host, message.from.unwrap());
                    host.send(&to, topic("pong"), message.payload).unwrap();
                    Turn::Preempted
                }
                None => Turn::Preempted,
            }
        })
        .program("app:main", move |host, memory| {
            let ping = |host: &mut dyn Host, memory: &mut Memory, child: usize| {
                memory.notes[child] += 1;
                let number = value(memory.notes[child] as i64);
                host.send(&memory.pids[child].clone(), topic("ping"), number).unwrap();
            };
            if memory.turn == 1 {
                memory.notes.resize(4, 0);
                for _ in 0..4 {
                    let pid = host.spawn(request("app:busy")).unwrap();
                    memory.pids.push(text(host, pid));
                }
                for child in 0..4 {
                    ping(host, memory, child);
                }
            }
            while let Some(message) = next(host) {
                let from = text(host, message.from.unwrap());
                let child = memory.pids.iter().position(|pid| *pid == from).unwrap();
                assert_eq!(number(&message.payload), memory.notes[child] as i64);
                ping(host, memory, child);
            }
            let spread = both.lock().unwrap().len() == 2;
            let enough = memory.notes.iter().all(|count| *count >= 100);
            if spread && enough { done() } else { Turn::Waiting }
        });
    let node = Node::start(stage.config).unwrap();
    assert_normal(&end(&start(&node, "app:main")));
    assert_eq!(places.lock().unwrap().len(), 2, "both shards should have had a child");
}

#[test]
fn a_cancelled_process_is_terminated_at_the_deadline_even_when_busy() {
    for code in [busy as fn(&mut dyn Host, &mut Memory) -> Turn, idle] {
        let stage = Stage::new(1).program("app:main", code);
        let node = Node::start(stage.config).unwrap();
        let main = start(&node, "app:main");
        node.cancel(main.pid, Some(Duration::from_millis(5)), "test").unwrap();
        let reason = end(&main);
        assert_eq!(reason.label(), "deadline");
        assert_eq!(reason.error().unwrap().kind, ErrorKind::Timeout);
    }
}

#[test]
fn a_busy_process_is_terminated_and_its_neighbours_go_on() {
    let turns = Arc::new(AtomicU64::new(0));
    let count = turns.clone();
    let stage = Stage::new(1).program("app:busy", busy).program("app:main", move |_, memory| {
        count.fetch_add(1, Ordering::Relaxed);
        if memory.turn == 1000 { done() } else { Turn::Preempted }
    });
    let node = Node::start(stage.config).unwrap();
    let looping = start(&node, "app:busy");
    let main = start(&node, "app:main");
    assert_normal(&end(&main));
    assert_eq!(turns.load(Ordering::Relaxed), 1000);
    let looped = node.info(looping.pid).unwrap().process.instructions;
    assert!(looped > 0, "the loop had turns as well");
    node.terminate(looping.pid).unwrap();
    assert_eq!(end(&looping).label(), "terminated");
}

#[test]
fn a_panic_ends_its_process_only() {
    let reason = Stage::new(1)
        .program("app:broken", |_, _| panic!("interpreter bug {}", 7))
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                host.spawn(monitored("app:broken")).unwrap();
                return Turn::Waiting;
            }
            let Some(Event::Exit { reason, .. }) = host.receive_event() else {
                return Turn::Waiting;
            };
            assert_eq!(reason.label(), "fault");
            assert!(reason.error().unwrap().message.contains("interpreter bug 7"));
            done()
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn calls_reply_with_the_result_or_the_error() {
    let reason = Stage::new(2)
        .program("app:twice", |_, memory| {
            let doubled = 2 * number(&memory.arguments);
            Turn::Exited(ExitReason::Normal(value(doubled)))
        })
        .program("app:fails", |_, _| fail("no luck"))
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                for id in ["app:twice", "app:fails"] {
                    let call = SpawnRequest { arguments: value(21), ..request(id) };
                    let call = host.start(Call::Process(Box::new(call))).unwrap();
                    memory.notes.push(call.0);
                }
            }
            let calls: Vec<CallId> = memory.notes.iter().map(|id| CallId(*id)).collect();
            if !calls.iter().all(|call| host.is_finished(*call)) {
                return Turn::Waiting;
            }
            assert_eq!(number(&host.finish(calls[0]).unwrap().unwrap()), 42);
            assert_eq!(host.finish(calls[1]).unwrap().unwrap_err().message, "no luck");
            assert!(host.receive_event().is_none());
            done()
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn a_full_mailbox_refuses_and_nothing_is_lost() {
    let limits = Limits { mailbox_messages_max: 5, ..Limits::default() };
    let reason = Stage::new(1)
        .program("app:full", idle)
        .limits("app:full", limits)
        .program("app:main", |host, _| {
            let pid = host.spawn(request("app:full")).unwrap();
            let to = text(host, pid);
            for _ in 0..5 {
                host.send(&to, topic("x"), value(1)).unwrap();
            }
            let error = host.send(&to, topic("x"), value(1)).unwrap_err();
            assert_eq!((error.kind, error.limit), (ErrorKind::RateLimited, Some(Limit::Mailbox)));
            done()
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn a_mailbox_on_another_shard_is_not_overfilled() {
    let stage = Stage::new(2).program("app:full", idle).program("app:main", |host, memory| {
        let accepted = (0..500).take_while(|_| host.send(b"full", topic("x"), value(1)).is_ok());
        let accepted = accepted.count() as u64;
        memory.notes.push(accepted);
        let sum = memory.notes.iter().sum::<u64>();
        assert!(sum <= 10_000, "{sum} accepted");
        if accepted < 500 { done() } else { Turn::Preempted }
    });
    let node = Node::start(stage.config).unwrap();
    let main_shard = |pid: Pid| 1 - pid.shard;
    let full = SpawnRequest { name: Some("full".into()), ..request("app:full") };
    let full = node.spawn(full, Context::default()).unwrap();
    let main = loop {
        let main = start(&node, "app:main");
        if main.pid.shard == main_shard(full.pid) {
            break main;
        }
        // Not a flood from the same shard: that is another test.
        node.terminate(main.pid).ok();
    };
    assert_normal(&end(&main));
    assert_eq!(node.stats().counts.sent, 10_000);
}

#[test]
fn what_does_not_load_is_an_error_of_the_spawn() {
    let stage = Stage::new(1)
        .top_level("app:raises", |host| {
            host.register("ghost", None).unwrap();
            Err(Error::new(ErrorKind::Internal, "top level failed"))
        })
        .top_level("app:endless", |host| host.spawn(request("app:endless")).map(drop))
        .program("app:main", |host, _| {
            for (id, kind) in [
                ("app:raises", ErrorKind::Internal),
                ("app:syntax", ErrorKind::Invalid),
                ("app:nothing", ErrorKind::NotFound),
                ("noid", ErrorKind::Invalid),
                ("app:endless", ErrorKind::Unavailable),
            ] {
                assert_eq!(host.spawn(monitored(id)).unwrap_err().kind, kind, "{id}");
            }
            let elsewhere = SpawnRequest { host: "app:nowhere".into(), ..request("app:main") };
            assert_eq!(host.spawn(elsewhere).unwrap_err().kind, ErrorKind::NotFound);
            assert!(host.lookup("ghost").is_err());
            assert!(host.receive_event().is_none());
            done()
        });
    let mut config = stage.config;
    config.programs.push(program("app:syntax", ProgramLimits::default()));
    let script = stage.script;
    let node = Node::start(config).unwrap();
    let main = start(&node, "app:main");
    assert_normal(&end(&main));
    assert_eq!(node.stats().processes, 0);
    assert_eq!(*script.loads.lock().unwrap(), 4, "each program is loaded once");
}

#[test]
fn an_upgrade_keeps_the_pid_and_the_messages() {
    let reason = Stage::new(1)
        .program("app:new", |host, memory| {
            assert_eq!(number(&memory.arguments), 9);
            assert_eq!(host.program(), "app:new");
            assert_eq!(host.lookup("me").unwrap(), host.pid());
            assert_eq!(next(host).unwrap().topic, "kept");
            done()
        })
        .top_level("app:bad", |_| Err(Error::invalid("no")))
        .program("app:main", |host, _| {
            host.register("me", None).unwrap();
            let queue = host.listen(&topic("kept")).unwrap();
            host.send(b"me", topic("kept"), value(1)).unwrap();
            assert!(host.upgrade(Some("app:bad"), value(9)).is_err());
            assert!(host.has_message(queue));
            host.upgrade(Some("app:new"), value(9)).unwrap();
            Turn::Replaced
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn a_taken_name_gets_the_messages_and_its_pid_is_returned() {
    let reason = Stage::new(2)
        .program("app:single", |host, _| {
            while let Some(message) = next(host) {
                if message.topic == "stop" {
                    return done();
                }
            }
            Turn::Waiting
        })
        .program("app:main", |host, memory| {
            if memory.turn == 1 {
                let named = SpawnRequest {
                    name: Some("only".into()),
                    messages: vec![(topic("hello"), value(1))],
                    ..monitored("app:single")
                };
                let first = host.spawn(named.clone()).unwrap();
                assert_eq!(host.spawn(named.clone()).unwrap(), first);
                let stop = SpawnRequest { messages: vec![(topic("stop"), value(1))], ..named };
                assert_eq!(host.spawn(stop).unwrap(), first);
            }
            if host.receive_event().is_some() { done() } else { Turn::Waiting }
        })
        .run();
    assert_normal(&reason);
}

#[test]
fn sleeps_end_and_idle_guests_are_trimmed_once() {
    let stage = Stage::new(1).program("app:idle", idle).program("app:main", |host, memory| {
        if memory.turn == 1 {
            let call = host.start(Call::Sleep { nanoseconds: 500_000_000 }).unwrap();
            memory.notes.push(call.0);
        }
        let call = CallId(memory.notes[0]);
        if host.finish(call).is_some() { done() } else { Turn::Waiting }
    });
    let trims = stage.script.trims.clone();
    let node = Node::start(stage.config).unwrap();
    start(&node, "app:idle");
    assert_normal(&end(&start(&node, "app:main")));
    assert_eq!(*trims.lock().unwrap(), 2);
}

#[test]
fn who_is_idle_for_long_hibernates_once_and_who_is_not_does_not() {
    let stage = Stage::new(1)
        .program("app:idle", idle)
        // It has something to do every 50 ms, and is never idle for 400.
        .program("app:main", |host, memory| {
            if memory.notes.pop().is_none_or(|call| host.finish(CallId(call)).is_some()) {
                let call = host.start(Call::Sleep { nanoseconds: 50_000_000 }).unwrap();
                memory.notes.push(call.0);
            }
            if memory.turn > 20 { done() } else { Turn::Waiting }
        });
    let (mut config, hibernations) = (stage.config, stage.script.hibernations.clone());
    config.hosts[0].hibernate_after_ns = Some(400_000_000);
    let node = Node::start(config).unwrap();
    start(&node, "app:idle");
    assert_normal(&end(&start(&node, "app:main")));
    assert_eq!(*hibernations.lock().unwrap(), 1);
}

#[test]
fn a_look_that_never_comes_to_an_end_is_cut() {
    let stage = Stage::new(1)
        .program("app:endless", |_, memory| {
            memory.is_endless = true;
            Turn::Waiting
        })
        .program("app:main", |host, memory| {
            let Some(call) = memory.notes.pop() else {
                let to = host.lookup("endless").unwrap();
                let to = text(host, to);
                memory.notes.push(host.start(Call::Info { to }).unwrap().0);
                return Turn::Waiting;
            };
            match host.finish(CallId(call)) {
                Some(answer) => Turn::Exited(ExitReason::Normal(answer.unwrap())),
                None => {
                    memory.notes.push(call);
                    Turn::Waiting
                }
            }
        });
    let node = Node::start(stage.config).unwrap();
    let endless = start_named(&node, "app:endless", "endless").pid;
    let mut looks = std::iter::repeat_with(|| node.info(endless).unwrap()).take(1_000_000);
    // After its first turn.
    assert!(looks.find(|info| info.looks > 1).unwrap().rest.is_some());
    assert_normal(&end(&start(&node, "app:main")));
}

#[test]
fn limits_of_time_and_instructions_are_enforced() {
    for (limits, label) in [
        (Limits { instructions_max: Some(100_000), ..Limits::default() }, Limit::Instructions),
        (Limits { wall_clock_ns_max: Some(10_000_000), ..Limits::default() }, Limit::WallClock),
    ] {
        let reason = Stage::new(1).program("app:main", busy).limits("app:main", limits).run();
        assert_eq!(reason.error().unwrap().limit, Some(label));
    }
}

#[test]
fn shutdown_asks_first_and_terminates_the_rest() {
    let stage = Stage::new(2)
        .program("app:polite", |host, _| match host.receive_event() {
            Some(Event::Cancel { .. }) => done(),
            _ => Turn::Waiting,
        })
        .program("app:deaf", busy);
    let node = Node::start(stage.config).unwrap();
    let polite: Vec<Started> = (0..10).map(|_| start(&node, "app:polite")).collect();
    start(&node, "app:deaf");
    assert_eq!(node.shutdown(Duration::from_millis(100)), 1);
    for process in &polite {
        assert_normal(&end(process));
    }
}

#[test]
fn a_shutdown_is_over_as_soon_as_the_last_process_has_ended() {
    for (shards, count) in [(1, 0), (1, 1), (2, 500)] {
        let stage = Stage::new(shards).program("app:polite", |host, _| {
            if host.receive_event().is_some() { done() } else { Turn::Waiting }
        });
        let node = Node::start(stage.config).unwrap();
        (0..count).for_each(|_| drop(start(&node, "app:polite")));
        let started = std::time::Instant::now();
        assert_eq!(node.shutdown(Duration::from_secs(3600)), 0);
        assert!(started.elapsed() < Duration::from_secs(60), "it waited for the deadline");
    }
}

#[test]
fn a_strict_node_lets_the_unknown_do_nothing() {
    let stage = Stage::new(1).program("app:main", |host, _| {
        let pid = host.pid();
        let me = text(host, pid);
        for result in [
            host.send(&me, topic("x"), value(1)),
            host.spawn(request("app:main")).map(drop),
            host.terminate(&me),
            host.relate(Relation::Monitor, &me),
            host.register("x", None),
            host.start(Call::Fs(FsOperation::List { path: ".".into() })).map(drop),
        ] {
            assert_eq!(result.unwrap_err().kind, ErrorKind::PermissionDenied);
        }
        assert!(!host.can("anything", "at all"));
        done()
    });
    let mut config = stage.config;
    config.policies = procession_policy::Policies::new(procession_policy::Unidentified::Deny);
    let node = Node::start(config).unwrap();
    assert_normal(&end(&start(&node, "app:main")));
}
