//! Who was born where a guest of another shard's is tells it directly; nobody else does.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::{Child, PLAIN, STORE_EPOCH, World, failed};

/// A process of shard 0 that lives on shard 1, and its slot there.
fn guest() -> (World, Pid, SlotIndex) {
    let mut world = World::new(3);
    let guest = world.waiting(0);
    world.migrate(guest, 1);
    world.carry();
    let slot = world.kernels[1].locate(guest).unwrap();
    (world, guest, slot)
}

/// A child of the process at a slot of shard 1.
fn born(world: &mut World, parent: SlotIndex, child: &Child) -> Pid {
    let definition = Definition { program: "app:x".into(), limits: world.limits, built_in: false };
    let spawn = Spawn {
        pid: None,
        host: 0,
        definition: definition.into(),
        context: Context::default().into(),
        parent: Some(parent),
        monitored: child.monitored,
        linked: child.linked,
        called: child.called,
        name: None,
        messages: Vec::new(),
    };
    let Spawned::New { slot, pid, .. } = world.on(1, |k, cx| k.spawn(cx, spawn)).unwrap() else {
        panic!("it has no name that another could hold")
    };
    world.on(1, |kernel, cx| kernel.launch(cx, slot, 0));
    pid
}

fn nothing_under_way(world: &World) -> bool {
    world.queues.iter().all(|queue| queue.is_empty())
}

fn topics(world: &mut World, shard: u16, slot: SlotIndex) -> Vec<String> {
    let next = || {
        let message = world.on(shard, |k, cx| k.receive(cx, slot, QueueId::INBOX))?;
        Some(message.topic.to_string())
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn a_parent_hears_of_its_child_without_its_home() {
    let (mut world, guest, slot) = guest();
    let child = born(&mut world, slot, &Child { monitored: true, linked: true, ..PLAIN });
    world.kernels[1].set_trap_links(slot, true);
    world.send(child, guest, "last words").unwrap();
    world.crash(child);
    assert!(nothing_under_way(&world));
    assert_eq!(topics(&mut world, 1, slot), ["last words"]);
    let events: Vec<Event> = std::iter::from_fn(|| world.kernels[1].receive_event(slot)).collect();
    assert!(matches!(&*events, [Event::Exit { .. }, Event::LinkDown { .. }]), "{events:?}");
    let called = born(&mut world, slot, &Child { called: true, ..PLAIN });
    world.exit(called, failed("x"));
    let call = world.kernels[1].calls(slot)[0];
    assert!(nothing_under_way(&world) && world.kernels[1].is_finished(slot, call));
}

#[test]
fn relations_with_a_guest_are_made_and_undone_at_once_within_its_limits() {
    let (mut world, guest, slot) = guest();
    let child = born(&mut world, slot, &PLAIN);
    world.on(1, |k, cx| k.monitor(cx, child.slot, guest)).unwrap();
    world.on(1, |k, cx| k.link(cx, child.slot, guest)).unwrap();
    assert!(nothing_under_way(&world));
    let info = world.on(1, |k, cx| k.info(cx, guest)).unwrap();
    assert_eq!((info.watchers_count, info.links_count), (1, 1));
    assert_eq!(world.directory.relations_under_way(guest), 0);
    world.on(1, |k, cx| k.unmonitor(cx, child.slot, guest)).unwrap();
    world.on(1, |k, cx| k.unlink(cx, child.slot, guest)).unwrap();
    assert!(nothing_under_way(&world));
    let info = world.on(1, |k, cx| k.info(cx, guest)).unwrap();
    assert_eq!((info.watchers_count, info.links_count), (0, 0));
    for _ in 0..world.limits.mailbox_messages_max {
        world.send(child, guest, "x").unwrap();
    }
    assert_eq!(world.send(child, guest, "x").unwrap_err().kind, ErrorKind::RateLimited);
    world.on(1, |k, cx| k.terminate_by(cx, child.slot, guest)).unwrap();
    assert!(!world.alive(guest));
}

#[test]
fn who_was_there_before_takes_the_way_over_the_home() {
    let mut world = World::new(3);
    let (guest, older) = (world.waiting(0), world.waiting(1));
    // Sent before it comes; it is still under way when it is there.
    world.migrate(guest, 1);
    world.send(older, guest, "first").unwrap();
    let migrant = world.queues[1].pop_front().unwrap();
    world.queues[1].push_front(migrant);
    world.carry_one(1);
    let slot = world.kernels[1].locate(guest).unwrap();
    world.send(older, guest, "second").unwrap();
    assert_eq!(topics(&mut world, 1, slot), [""; 0]);
    world.carry();
    assert_eq!(topics(&mut world, 1, slot), ["first", "second"]);
}

#[test]
fn who_has_moved_takes_it_even_where_it_was_born() {
    let (mut world, guest, slot) = guest();
    let child = born(&mut world, slot, &PLAIN);
    world.rest();
    world.migrate(child, 2);
    world.carry();
    let there = world.kernels[2].locate(child).unwrap();
    let topic = |text| Topic::new(text);
    world.on(2, |k, cx| k.send(cx, there, guest, topic("first"), Fragment::nil())).unwrap();
    world.on(2, |k, cx| assert!(k.emigrate(cx, there, 1)));
    while world.kernels[1].locate(child).is_none() {
        // Everything but what the home of the guest has to forward.
        let shard = [1, 2].into_iter().find(|shard| !world.queues[*shard].is_empty()).unwrap();
        world.carry_one(shard);
    }
    world.send(child, guest, "second").unwrap();
    world.carry();
    assert_eq!(topics(&mut world, 1, slot), ["first", "second"]);
}

#[test]
fn a_guest_that_was_away_meanwhile_is_a_new_one() {
    let (mut world, guest, slot) = guest();
    let child = born(&mut world, slot, &PLAIN);
    world.rest();
    world.send(child, guest, "first").unwrap();
    world.on(1, |k, cx| assert!(k.emigrate(cx, slot, 0)));
    world.carry();
    // Under way to its home, which sends it here again.
    world.send(child, guest, "second").unwrap();
    world.on(0, |k, cx| assert!(k.emigrate(cx, guest.slot, 1)));
    world.carry_one(1);
    let slot = world.kernels[1].locate(guest).unwrap();
    world.send(child, guest, "third").unwrap();
    world.carry();
    assert_eq!(topics(&mut world, 1, slot), ["first", "second", "third"]);
}

#[test]
fn a_durable_process_has_a_home_among_the_shards_that_there_are() {
    let mut world = World::new(2);
    let sender = world.waiting(0);
    let durable = Pid { shard: 7, slot: 1, epoch: STORE_EPOCH, ..sender };
    let room = Room { messages: 1, bytes: 1 };
    world.directory.enter(durable, room, 1);
    world.on(0, |k, cx| k.terminate_by(cx, sender.slot, durable)).unwrap();
    assert_eq!(world.queues.iter().map(|queue| queue.len()).collect::<Vec<_>>(), [0, 1]);
}
