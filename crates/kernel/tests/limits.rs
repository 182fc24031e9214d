//! Mailboxes, timers, turns, and every limit with the error that names it.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::{Child, PLAIN, World, normal};

#[test]
fn every_limit_has_an_error_that_names_it() {
    let mut world = World::new(2);
    world.limits = Limits {
        mailbox_messages_max: 2,
        message_bytes_max: 100,
        links_max: 1,
        names_max: 1,
        calls_max: 1,
        topics_max: 1,
        ..Limits::default()
    };
    let (a, b, c) = (world.waiting(0), world.waiting(0), world.waiting(1));
    let refused = |result: Result<(), Error>, limit: Limit| {
        let error = result.unwrap_err();
        assert_eq!(error.limit, Some(limit));
        let full = limit == Limit::Mailbox;
        let kind = if full { ErrorKind::RateLimited } else { ErrorKind::Unavailable };
        assert_eq!(error.kind, kind);
    };
    for to in [b, c] {
        world.send(a, to, "1").unwrap();
        world.send(a, to, "2").unwrap();
        refused(world.send(a, to, "3"), Limit::Mailbox);
        world.carry();
        refused(world.send(a, to, "3"), Limit::Mailbox);
        world.receive(to, QueueId::INBOX).unwrap();
        world.send(a, to, "4").unwrap();
    }
    let large = Fragment::from_words([word::TRUE; 13].into_iter().collect(), 13);
    let sent = world.on(0, |kernel, cx| kernel.send(cx, a.slot, b, Topic::new("t"), large));
    refused(sent, Limit::MessageSize);
    world.on(0, |kernel, cx| kernel.link(cx, a.slot, c)).unwrap();
    refused(world.on(0, |kernel, cx| kernel.monitor(cx, a.slot, c)), Limit::Links);
    refused(world.on(0, |kernel, cx| kernel.link(cx, b.slot, a)), Limit::Links);
    world.on(0, |kernel, cx| kernel.register(cx, a.slot, "n", a)).unwrap();
    refused(world.on(0, |kernel, cx| kernel.register(cx, a.slot, "m", a)), Limit::Names);
    let until = Timestamp(5000);
    world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
    refused(world.kernels[0].open_call(a.slot, CallKind::Driver).map(drop), Limit::Calls);
    world.kernels[0].listen(a.slot, &Topic::new("t")).unwrap();
    refused(world.kernels[0].listen(a.slot, &Topic::new("u")).map(drop), Limit::Topics);
    let small = Child { host: 1, ..PLAIN };
    world.spawn(None, &small);
    world.spawn(None, &Child { shard: 1, ..small });
    refused(world.embryo(None, &PLAIN_SMALL).map(drop), Limit::Processes);
}

const PLAIN_SMALL: Child = Child { host: 1, ..PLAIN };

#[test]
fn listeners_match_in_arrival_order_and_nothing_is_lost() {
    let mut world = World::new(1);
    let a = world.waiting(0);
    for topic in ["x", "y", "x", "z"] {
        world.send(a, a, topic).unwrap();
    }
    let x = world.kernels[0].listen(a.slot, &Topic::new("x")).unwrap();
    assert_eq!(world.kernels[0].listen(a.slot, &Topic::new("x")), Ok(x));
    world.send(a, a, "x").unwrap();
    assert!(world.receive(a, x).is_some());
    world.kernels[0].unlisten(a.slot, x);
    assert!(!world.kernels[0].has_message(a.slot, x));
    world.send(a, a, "x").unwrap();
    let inbox: Vec<String> = std::iter::from_fn(|| world.receive(a, QueueId::INBOX)).collect();
    assert_eq!(inbox, ["y", "x", "z", "x", "x"]);
    let again = world.kernels[0].listen(a.slot, &Topic::new("x")).unwrap();
    assert_ne!(again, x);
}

#[test]
fn an_upgrade_keeps_unread_messages_and_can_be_undone() {
    let mut world = World::new(1);
    let a = world.waiting(0);
    let topics: Vec<Topic> = (0..40).map(|n| Topic::new(format!("t{n}"))).collect();
    let queues: Vec<QueueId> =
        topics.iter().map(|topic| world.kernels[0].listen(a.slot, topic).unwrap()).collect();
    for topic in topics.iter().rev() {
        world.send(a, a, topic).unwrap();
    }
    let closed = world.kernels[0].close_listeners(a.slot);
    assert_eq!(world.receive(a, QueueId::INBOX).as_deref(), Some("t39"));
    world.kernels[0].reopen_listeners(a.slot, closed);
    assert!(!world.kernels[0].has_message(a.slot, QueueId::INBOX));
    assert_eq!(world.receive(a, queues[7]).as_deref(), Some("t7"));
    drop(world.kernels[0].close_listeners(a.slot));
    assert_eq!(world.receive(a, QueueId::INBOX).as_deref(), Some("t38"));
}

#[test]
fn the_earliest_deadline_of_several_counts() {
    for shard in [0, 1] {
        let mut world = World::new(2);
        let (a, b) = (world.waiting(0), world.waiting(shard));
        for after in [500, 200, 900] {
            let deadline = Some(world.now.after(after));
            let cancel = Cancel { from: Some(a), deadline, reason: None };
            world.on(0, |kernel, cx| kernel.cancel(cx, b, cancel)).unwrap();
        }
        world.carry();
        assert_eq!(world.events(b).len(), 3);
        for (after, alive) in [(199, true), (1, false)] {
            world.now = world.now.after(after);
            world.on(shard, |kernel, cx| kernel.tick(cx));
            assert_eq!(world.alive(b), alive);
        }
        assert_eq!(world.reason(b), "deadline");
    }
}

#[test]
fn cancelled_timers_do_not_pile_up() {
    let mut world = World::new(1);
    let a = world.waiting(0);
    for n in 0..100_000 {
        let until = Timestamp(1_000_000 + n);
        let call = world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
        world.on(0, |kernel, cx| kernel.abandon(cx, a.slot, call));
        assert!(world.kernels[0].load().timers <= 130);
    }
    world.limits.wall_clock_ns_max = Some(1_000_000);
    for _ in 0..10_000 {
        let pid = world.waiting(0);
        world.exit(pid, normal());
        assert!(world.kernels[0].load().timers <= 130);
    }
}

#[test]
fn sleeps_end_in_time_and_wake() {
    let mut world = World::new(1);
    let a = world.waiting(0);
    let until = world.now.after(50);
    let call = world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
    assert_eq!(world.kernels[0].next_deadline(), Some(until));
    world.on(0, |kernel, cx| kernel.tick(cx));
    assert!(!world.kernels[0].is_finished(a.slot, call));
    world.now = until;
    world.on(0, |kernel, cx| kernel.tick(cx));
    assert!(world.kernels[0].next_ready(world.now).is_some());
    assert_eq!(world.kernels[0].finish(a.slot, call), Some(Ok(Fragment::nil())));
    assert_eq!(world.kernels[0].finish(a.slot, call), None);
}

#[test]
fn calls_that_take_too_long_are_taken_back() {
    for away in [false, true] {
        let mut world = World::new(2);
        let a = world.waiting(0);
        let start = world.now;
        let calls: Vec<_> =
            (0..3).map(|_| world.kernels[0].open_call(a.slot, CallKind::Driver).unwrap()).collect();
        for (call, after) in calls.iter().zip([90, 50, 50]) {
            // The last time that is set counts.
            world.kernels[0].limit_call(a.slot, *call, start.after(10)).unwrap();
            world.kernels[0].limit_call(a.slot, *call, start.after(after)).unwrap();
        }
        world.on(0, |kernel, cx| kernel.reply(cx, a, calls[2], Ok(Fragment::nil())));
        assert_eq!(world.kernels[0].limit_call(a.slot, calls[2], start.after(1)), Ok(()));
        let error = world.kernels[0].limit_call(a.slot, CallId(99), start.after(1)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        let (shard, slot) = if away {
            world.migrate(a, 1);
            world.carry();
            let run = world.kernels[1].next_ready(world.now).unwrap();
            world.on(1, |kernel, cx| kernel.end_turn(cx, run.slot, 1, TurnEnd::Waiting));
            (1, run.slot)
        } else {
            (0, a.slot)
        };
        world.now = start.after(49);
        world.on(shard, |kernel, cx| kernel.tick(cx));
        assert!(!world.kernels[usize::from(shard)].is_finished(slot, calls[1]));
        world.now = start.after(50);
        world.on(shard, |kernel, cx| kernel.tick(cx));
        let late = world.kernels[usize::from(shard)].finish(slot, calls[1]).unwrap().unwrap_err();
        assert_eq!((late.kind, late.retryable), (ErrorKind::Timeout, Some(true)));
        assert_eq!(
            world.kernels[usize::from(shard)].finish(slot, calls[2]),
            Some(Ok(Fragment::nil()))
        );
        world.on(shard, |kernel, cx| kernel.reply(cx, a, calls[1], Ok(Fragment::nil())));
        assert_eq!(
            world.kernels[usize::from(shard)].finish(slot, calls[1]),
            None,
            "a late reply is dropped"
        );
        assert!(world.kernels[usize::from(shard)].has_call(slot, calls[0]));
        world.on(shard, |kernel, cx| kernel.abandon(cx, slot, calls[0]));
        assert!(!world.kernels[usize::from(shard)].has_call(slot, calls[0]));
        world.now = start.after(1_000);
        world.on(shard, |kernel, cx| kernel.tick(cx));
        assert_eq!(world.kernels[usize::from(shard)].finish(slot, calls[0]), None);
        assert_eq!(world.kernels[usize::from(shard)].load().timers, 0);
    }
}

#[test]
fn instruction_and_wall_clock_limits_end_a_busy_process() {
    let mut world = World::new(1);
    world.limits.instructions_max = Some(250);
    let a = world.spawn(None, &PLAIN);
    let mut budgets = Vec::new();
    while let Some(run) = world.kernels[0].next_ready(world.now) {
        budgets.push(run.budget);
        world.on(0, |k, cx| k.end_turn(cx, run.slot, run.budget, TurnEnd::Preempted));
    }
    assert_eq!(budgets, [100, 100, 50]);
    assert_eq!(world.reason(a), "limit");
    world.limits = Limits { wall_clock_ns_max: Some(10), ..Limits::default() };
    let b = world.spawn(None, &PLAIN);
    let run = world.kernels[0].next_ready(world.now).unwrap();
    world.now = world.now.after(10);
    world.on(0, |kernel, cx| kernel.tick(cx));
    world.on(0, |k, cx| k.end_turn(cx, run.slot, run.budget, TurnEnd::Preempted));
    assert_eq!(world.reason(b), "limit");
}

#[test]
fn turns_are_fair_and_system_processes_do_not_starve_others() {
    let mut world = World::new(1);
    let normals: Vec<Pid> = (0..3).map(|_| world.spawn(None, &PLAIN)).collect();
    let system = world.spawn(None, &Child { host: 2, ..PLAIN });
    let mut turns = std::collections::BTreeMap::new();
    for _ in 0..900 {
        let run = world.kernels[0].next_ready(world.now).unwrap();
        *turns.entry(run.pid).or_insert(0) += 1;
        world.on(0, |k, cx| k.end_turn(cx, run.slot, run.budget, TurnEnd::Preempted));
    }
    assert_eq!(turns[&system], 800);
    for pid in normals {
        assert!((33..=34).contains(&turns[&pid]));
    }
}

#[test]
fn a_message_during_the_turn_is_not_slept_over() {
    let mut world = World::new(1);
    let a = world.spawn(None, &PLAIN);
    let run = world.kernels[0].next_ready(world.now).unwrap();
    world.send(a, a, "x").unwrap();
    world.on(0, |k, cx| k.end_turn(cx, run.slot, 1, TurnEnd::Waiting));
    assert_eq!(world.kernels[0].next_ready(world.now).map(|run| run.pid), Some(a));
}

#[test]
fn names_belong_to_one_living_process() {
    let mut world = World::new(2);
    let (a, b) = (world.waiting(0), world.waiting(1));
    world.on(0, |kernel, cx| kernel.register(cx, a.slot, "n", b)).unwrap();
    world.on(0, |kernel, cx| kernel.register(cx, a.slot, "n", b)).unwrap();
    let taken = world.on(0, |kernel, cx| kernel.register(cx, a.slot, "n", a)).unwrap_err();
    assert_eq!(taken.kind, ErrorKind::AlreadyExists);
    world.exit(b, normal());
    assert_eq!(world.directory.holder("n"), None);
    let dead = world.on(0, |kernel, cx| kernel.register(cx, a.slot, "n", b)).unwrap_err();
    assert_eq!(dead.kind, ErrorKind::NotFound);
}

/// A watcher of its own on a shard asks for a relation.
fn relate(world: &mut World, shard: u16, target: Pid, is_link: bool) -> (Pid, Result<(), Error>) {
    let pid = world.waiting(shard);
    let done = world.on(shard, |kernel, cx| match is_link {
        true => kernel.link(cx, pid.slot, target),
        false => kernel.monitor(cx, pid.slot, target),
    });
    (pid, done)
}

#[test]
fn relations_from_other_shards_are_limited_too() {
    for (is_link, moves) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut world = World::new(3);
        world.limits.links_max = 4;
        let target = world.waiting(0);
        if moves {
            world.migrate(target, 2);
        }
        // Under way or not, from one shard or several.
        let mut related = Vec::new();
        for shard in [1, 1, 0, 1] {
            let (pid, done) = relate(&mut world, shard, target, is_link);
            assert_eq!(done, Ok(()));
            related.push(pid);
        }
        for carries in [false, true] {
            for shard in [0, 1] {
                let (pid, done) = relate(&mut world, shard, target, is_link);
                let error = done.unwrap_err();
                assert_eq!((error.kind, error.limit), (ErrorKind::Unavailable, Some(Limit::Links)));
                let info = world.info(pid).unwrap();
                assert_eq!((info.links_count, info.monitoring_count), (0, 0), "nothing was done");
            }
            if carries {
                world.carry();
            }
        }
        // Again is no further one.
        let first = related[0];
        world
            .on(1, |kernel, cx| match is_link {
                true => kernel.link(cx, first.slot, target),
                false => kernel.monitor(cx, first.slot, target),
            })
            .unwrap();
        // One that is given up makes room for another.
        world
            .on(1, |kernel, cx| match is_link {
                true => kernel.unlink(cx, first.slot, target),
                false => kernel.unmonitor(cx, first.slot, target),
            })
            .unwrap();
        world.carry();
        assert_eq!(relate(&mut world, 1, target, is_link).1, Ok(()));
        assert!(relate(&mut world, 0, target, is_link).1.is_err());
        world.carry();
        let place = world.place(target);
        let info = world.on(place, |kernel, cx| kernel.info(cx, target)).unwrap();
        assert_eq!(info.links_count + info.watchers_count, 4);
    }
}

#[test]
fn a_relation_with_the_dead_of_another_shard_is_over_at_once() {
    let mut world = World::new(2);
    let dead = world.waiting(0);
    world.crash(dead);
    for is_link in [false, true] {
        let pid = world.waiting(1);
        world.kernels[1].set_trap_links(pid.slot, true);
        world
            .on(1, |kernel, cx| match is_link {
                true => kernel.link(cx, pid.slot, dead),
                false => kernel.monitor(cx, pid.slot, dead),
            })
            .unwrap();
        let [Event::Exit { reason, .. } | Event::LinkDown { reason, .. }] = &world.events(pid)[..]
        else {
            panic!("one event");
        };
        assert_eq!(reason.error().unwrap().kind, ErrorKind::NotFound);
        assert!(world.queues.iter().all(|queue| queue.is_empty()));
    }
}

#[test]
fn a_child_that_may_not_have_its_parent_is_not_started() {
    let mut world = World::new(1);
    let parent = world.waiting(0);
    world.limits.links_max = 1;
    let both = Child { monitored: true, linked: true, ..PLAIN };
    assert_eq!(world.embryo(Some(parent), &both).unwrap_err().limit, Some(Limit::Links));
    world.spawn(Some(parent), &Child { linked: true, ..PLAIN });
    assert_eq!(world.info(parent).unwrap().links_count, 1);
}
