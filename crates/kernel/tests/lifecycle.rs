//! Spawning, ending, and who hears of it, on one shard and across two.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::{Child, PLAIN, World, failed, normal};

/// The shards of two processes.
const PLACES: [(u16, u16); 3] = [(0, 0), (0, 1), (1, 0)];

fn pair(places: (u16, u16)) -> (World, Pid, Pid) {
    let mut world = World::new(2);
    let (a, b) = (world.waiting(places.0), world.waiting(places.1));
    (world, a, b)
}

fn monitor(world: &mut World, from: Pid, to: Pid) {
    world.on(from.shard, |kernel, cx| kernel.monitor(cx, from.slot, to)).unwrap();
}

fn link(world: &mut World, from: Pid, to: Pid) {
    world.on(from.shard, |kernel, cx| kernel.link(cx, from.slot, to)).unwrap();
}

fn unlink(world: &mut World, from: Pid, to: Pid) {
    world.on(from.shard, |kernel, cx| kernel.unlink(cx, from.slot, to)).unwrap();
}

fn trap(world: &mut World, pid: Pid) {
    world.kernels[usize::from(pid.shard)].set_trap_links(pid.slot, true);
}

#[test]
fn exit_is_told_once_and_after_it_the_pid_is_dead_and_the_name_free() {
    for places in PLACES {
        let (mut world, a, b) = pair(places);
        world.on(b.shard, |kernel, cx| kernel.register(cx, b.slot, "worker", b)).unwrap();
        monitor(&mut world, a, b);
        monitor(&mut world, a, b);
        world.carry();
        world.exit(b, normal());
        world.carry();
        let events = world.events(a);
        assert!(matches!(&events[..], [Event::Exit { from, .. }] if *from == b), "{events:?}");
        let error = world.send(a, b, "x").unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(error.message.contains("not found"));
        assert_eq!(world.directory.holder("worker"), None);
    }
}

#[test]
fn monitoring_the_dead_is_exit_with_not_found() {
    for places in PLACES {
        let (mut world, a, b) = pair(places);
        world.exit(b, normal());
        world.carry();
        monitor(&mut world, a, b);
        world.carry();
        let Some(Event::Exit { reason, .. }) = world.event(a) else { panic!("no EXIT") };
        assert_eq!(reason.error().unwrap().kind, ErrorKind::NotFound);
        assert_eq!(world.event(a), None);
    }
    let (mut world, a, b) = pair((0, 0));
    for stranger in [Pid { shard: 9, ..b }, Pid { epoch: 1, ..b }, Pid { generation: 9, ..b }] {
        monitor(&mut world, a, stranger);
        assert!(matches!(world.event(a), Some(Event::Exit { from, .. }) if from == stranger));
    }
}

#[test]
fn unmonitor_removes_an_unread_exit() {
    for places in PLACES {
        let (mut world, a, b) = pair(places);
        monitor(&mut world, a, b);
        world.carry();
        world.crash(b);
        world.carry();
        world.on(a.shard, |kernel, cx| kernel.unmonitor(cx, a.slot, b)).unwrap();
        world.carry();
        assert_eq!(world.event(a), None);
    }
}

#[test]
fn links_fail_together_unless_the_end_is_normal_or_trapped() {
    for places in PLACES {
        for (reason, trapped, other, events) in [
            (normal(), false, "alive", 0),
            (normal(), true, "alive", 0),
            (failed("x"), false, "linked", 0),
            (failed("x"), true, "alive", 1),
        ] {
            let (mut world, a, b) = pair(places);
            link(&mut world, a, b);
            world.carry();
            if trapped {
                trap(&mut world, a);
            }
            world.exit(b, reason);
            world.carry();
            assert_eq!(world.reason(a), other);
            assert_eq!(world.events(a).len(), events);
            assert!(world.info(a).is_none_or(|info| info.links.is_empty()));
        }
    }
}

#[test]
fn linking_the_dead_is_link_down() {
    for places in PLACES {
        for trapped in [false, true] {
            let (mut world, a, b) = pair(places);
            world.exit(b, normal());
            world.carry();
            if trapped {
                trap(&mut world, a);
            }
            link(&mut world, a, b);
            world.carry();
            assert_eq!(world.alive(a), trapped);
            assert_eq!(world.events(a).len(), usize::from(trapped));
        }
    }
}

#[test]
fn both_sides_agree_about_links_however_signals_cross() {
    // Every sequence of six acts: link, unlink by either side, deliver one signal either way.
    for code in 0..6_u32.pow(6) {
        let mut world = World::new(2);
        let (a, b) = (world.spawn(None, &PLAIN), world.spawn(None, &Child { shard: 1, ..PLAIN }));
        let mut rest = code;
        for _ in 0..6 {
            match rest % 6 {
                0 => link(&mut world, a, b),
                1 => link(&mut world, b, a),
                2 => unlink(&mut world, a, b),
                3 => unlink(&mut world, b, a),
                shard => {
                    let shard = shard as u16 - 4;
                    if let Some(world::Parcel::Signal(signal)) =
                        world.queues[usize::from(shard)].pop_front()
                    {
                        world.on(shard, |kernel, cx| kernel.signal(cx, signal));
                    }
                }
            }
            rest /= 6;
        }
        world.carry();
        let ours = world.info(a).unwrap().links.contains(&b);
        let theirs = world.info(b).unwrap().links.contains(&a);
        assert_eq!(ours, theirs, "{code}");
    }
}

#[test]
fn a_cascade_is_as_long_as_the_chain_and_crosses_shards() {
    let mut world = World::new(2);
    let chain: Vec<Pid> =
        (0..20_000).map(|n| world.spawn(None, &Child { shard: n / 100 % 2, ..PLAIN })).collect();
    world.rest();
    for pair in chain.windows(2) {
        link(&mut world, pair[0], pair[1]);
    }
    world.carry();
    world.on(0, |kernel, cx| kernel.terminate(cx, chain[0])).unwrap();
    world.carry();
    assert_eq!(world.reason(chain[0]), "terminated");
    assert!(chain[1..].iter().all(|pid| world.reason(*pid) == "linked"));
}

#[test]
fn a_running_process_ends_with_its_turn() {
    let (mut world, a, _) = pair((0, 0));
    world.send(a, a, "go").unwrap();
    let run = world.kernels[0].next_ready(world.now).unwrap();
    world.on(0, |kernel, cx| kernel.terminate(cx, a)).unwrap();
    assert!(world.alive(a) && world.kernels[0].is_doomed(run.slot));
    world.on(0, |kernel, cx| kernel.end_turn(cx, run.slot, 1, TurnEnd::Exited(normal())));
    assert_eq!(world.reason(a), "terminated");
}

#[test]
fn a_call_replies_with_the_result_and_ends_with_the_caller() {
    for shard in [0, 1] {
        for outcome in ["returns", "fails", "caller ends", "abandoned"] {
            let (mut world, a, _) = pair((0, 0));
            let child = Child { called: true, ..PLAIN };
            let Ok(Spawned::New { slot, pid, call: Some(call) }) = world.embryo(Some(a), &child)
            else {
                panic!("no call")
            };
            world.on(0, |kernel, cx| kernel.launch(cx, slot, 0));
            if shard == 1 {
                world.migrate(pid, 1);
            }
            world.rest();
            match outcome {
                "returns" => world.exit(pid, normal()),
                "fails" => world.crash(pid),
                "caller ends" => world.crash(a),
                _ => world.on(0, |kernel, cx| kernel.abandon(cx, a.slot, call)),
            }
            world.carry();
            assert!(!world.alive(pid), "{outcome}");
            let reply = world.kernels[0].finish(a.slot, call);
            match outcome {
                "returns" => assert_eq!(reply, Some(Ok(Fragment::nil()))),
                "fails" => assert_eq!(reply.unwrap().unwrap_err().message, "boom"),
                _ => assert_eq!(reply, None),
            }
            assert_eq!(world.events(a), []);
        }
    }
}

#[test]
fn a_spawn_is_monitored_linked_and_named_before_it_runs() {
    let (mut world, a, _) = pair((0, 0));
    trap(&mut world, a);
    let child = Child { monitored: true, linked: true, name: Some("n"), ..PLAIN };
    let Ok(Spawned::New { slot, pid, .. }) = world.embryo(Some(a), &child) else {
        panic!("not spawned")
    };
    assert_eq!(world.directory.holder("n"), Some(pid));
    assert_eq!(world.embryo(Some(a), &child), Ok(Spawned::Existing(pid)));
    // Terminated before it ran: nothing is missed.
    world.on(0, |kernel, cx| kernel.terminate(cx, pid)).unwrap();
    world.on(0, |kernel, cx| kernel.launch(cx, slot, 0));
    let events = world.events(a);
    assert!(matches!(&events[..], [Event::Exit { .. }, Event::LinkDown { .. }]), "{events:?}");
    assert!(!world.alive(pid));
}

#[test]
fn a_spawn_that_does_not_start_leaves_no_trace() {
    let (mut world, a, b) = pair((0, 1));
    let child = Child { monitored: true, linked: true, name: Some("n"), ..PLAIN };
    let Ok(Spawned::New { slot, pid, .. }) = world.embryo(Some(a), &child) else {
        panic!("not spawned")
    };
    // Somebody heard of it nevertheless.
    monitor(&mut world, b, pid);
    world.on(0, |kernel, cx| kernel.discard(cx, slot, Some(a.slot)));
    assert_eq!(world.directory.holder("n"), None);
    world.carry();
    assert!(world.alive(a) && !world.alive(pid));
    assert_eq!(world.events(a), []);
    assert_eq!(world.events(b).len(), 1);
    let info = world.info(a).unwrap();
    assert!(info.links.is_empty() && info.monitoring.is_empty());
    assert_eq!(world.directory.host_count(0), 2);
}

#[test]
fn pids_are_not_reused() {
    let mut world = World::new(1);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1000 {
        let pid = world.waiting(0);
        assert!(seen.insert(pid));
        world.exit(pid, normal());
    }
}

fn rests(world: &mut World, pid: Pid) -> Vec<(Pid, Rest)> {
    let events = world.events(pid).into_iter();
    let rest = |event| match event {
        Event::Rest { from, rest, .. } => Some((from, rest)),
        _ => None,
    };
    events.filter_map(rest).collect()
}

fn ask_rest(world: &mut World, parent: Pid, child: Pid, rest: Rest) -> Result<(), Error> {
    world.on(parent.shard, |kernel, cx| kernel.ask_rest(cx, parent.slot, child, rest))
}

#[test]
fn a_parent_is_told_once_when_its_child_waits() {
    let mut world = World::new(1);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &PLAIN);
    ask_rest(&mut world, parent, child, Rest::WaitPoint).unwrap();
    assert_eq!(rests(&mut world, parent), [], "it has not run yet");
    world.rest();
    assert_eq!(rests(&mut world, parent), [(child, Rest::WaitPoint)]);
    world.send(parent, child, "work").unwrap();
    world.rest();
    assert_eq!(rests(&mut world, parent), [], "nobody asked again");
    ask_rest(&mut world, parent, child, Rest::Idle).unwrap();
    assert_eq!(rests(&mut world, parent), [(child, Rest::Idle)], "it waits already");
}

#[test]
fn a_child_that_is_woken_before_it_can_wait_is_not_at_rest() {
    let mut world = World::new(1);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &PLAIN);
    ask_rest(&mut world, parent, child, Rest::WaitPoint).unwrap();
    let run = world.kernels[0].next_ready(world.now).unwrap();
    assert_eq!(run.pid, child);
    world.send(parent, child, "work").unwrap();
    world.on(0, |kernel, cx| kernel.end_turn(cx, child.slot, 1, TurnEnd::Waiting));
    assert_eq!(rests(&mut world, parent), []);
    let run = world.kernels[0].next_ready(world.now).unwrap();
    world.on(0, |kernel, cx| kernel.end_turn(cx, run.slot, 1, TurnEnd::Waiting));
    assert_eq!(rests(&mut world, parent), [(child, Rest::WaitPoint)]);
}

#[test]
fn only_the_parent_of_the_living_is_told() {
    let mut world = World::new(2);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &PLAIN);
    world.rest();
    let (other, far) = (world.waiting(0), world.waiting(1));
    let kind = |result: Result<(), Error>| result.unwrap_err().kind;
    let asked = ask_rest(&mut world, other, child, Rest::WaitPoint);
    assert_eq!(kind(asked), ErrorKind::Invalid);
    ask_rest(&mut world, far, child, Rest::WaitPoint).unwrap();
    world.carry();
    assert_eq!(world.info(child).unwrap().asked, None);
    world.crash(child);
    let asked = ask_rest(&mut world, parent, child, Rest::WaitPoint);
    assert_eq!(kind(asked), ErrorKind::NotFound);
    assert_eq!(rests(&mut world, parent), []);
}
