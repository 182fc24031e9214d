//! Processes that are born on another shard than the one on which they live.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::World;

/// Spawns on shard 0, for a parent, a process that shall live on shard 1.
fn bear(world: &mut World, parent: Pid, name: Option<&str>) -> Result<Spawned, Error> {
    let vacancy = world.kernels[1].set_aside().unwrap();
    let definition = Definition { program: "app:x".into(), limits: world.limits, built_in: false };
    let spawn = Spawn {
        pid: Some(vacancy.pid(1)),
        host: 1,
        definition: definition.into(),
        context: Context::default().into(),
        parent: Some(parent.slot),
        monitored: true,
        linked: false,
        called: false,
        name: name.map(SmolStr::new),
        messages: vec![("first".into(), Fragment::nil())],
    };
    world.on(0, |kernel, cx| kernel.spawn(cx, spawn))
}

fn begun(world: &mut World, parent: Pid) -> Pid {
    let Spawned::New { slot, pid, .. } = bear(world, parent, None).unwrap() else {
        panic!("it has no name that another could hold")
    };
    world.on(0, |kernel, cx| kernel.launch(cx, slot, 0));
    pid
}

#[test]
fn it_is_at_home_from_its_first_turn_on() {
    let mut world = World::new(2);
    let parent = world.waiting(0);
    let child = begun(&mut world, parent);
    assert_eq!((child.shard, world.kernels[0].locate(child)), (1, None));
    assert!(world.alive(child) && world.kernels[1].locate(child).is_none(), "it is under way");
    world.send(parent, child, "second").unwrap();
    world.carry();
    assert_eq!(world.kernels[1].locate(child), Some(child.slot));
    assert_eq!(world.receive(child, QueueId::INBOX).as_deref(), Some("first"));
    assert_eq!(world.receive(child, QueueId::INBOX).as_deref(), Some("second"));
    world.crash(child);
    world.carry();
    assert!(matches!(&*world.events(parent), [Event::Exit { from, .. }] if *from == child));
}

#[test]
fn what_comes_before_it_does_waits_at_home() {
    let mut world = World::new(2);
    let (parent, other) = (world.waiting(0), world.waiting(1));
    let child = begun(&mut world, parent);
    let migrant = world.queues[1].pop_front().unwrap();
    world.send(other, child, "early").unwrap();
    world.on(1, |k, cx| k.monitor(cx, other.slot, child)).unwrap();
    world.queues[1].push_back(migrant);
    world.carry();
    let info = world.info(child).unwrap();
    assert_eq!((info.mailbox_messages, info.watchers_count), (2, 2));
}

#[test]
fn a_slot_is_free_again_when_nobody_moves_in() {
    let mut world = World::new(2);
    let parent = world.waiting(0);
    world.on(0, |k, cx| k.register(cx, parent.slot, "taken", parent)).unwrap();
    assert_eq!(bear(&mut world, parent, Some("taken")), Ok(Spawned::Existing(parent)));
    world.carry();
    // The host takes two.
    let (_, _) = (begun(&mut world, parent), begun(&mut world, parent));
    let refused = bear(&mut world, parent, None).unwrap_err();
    assert_eq!(refused.limit, Some(Limit::Processes));
    world.carry();
    let next = world.kernels[1].set_aside().unwrap().pid(0);
    assert_eq!((next.slot, next.generation), (2, 1), "the one that was refused had this slot");
}

#[test]
fn one_that_ends_before_it_leaves_is_known_to_be_dead() {
    let mut world = World::new(2);
    let parent = world.waiting(0);
    let Spawned::New { slot, pid, .. } = bear(&mut world, parent, None).unwrap() else {
        panic!("it has no name that another could hold")
    };
    world.on(0, |k, cx| k.monitor(cx, parent.slot, pid)).unwrap();
    world.on(0, |k, cx| k.discard(cx, slot, Some(parent.slot)));
    world.carry();
    assert!(!world.alive(pid) && world.kernels[1].locate(pid).is_none());
    assert_eq!(world.kernels[1].set_aside().unwrap().pid(0).generation, 1);
    assert_eq!(world.send(parent, pid, "late").unwrap_err().kind, ErrorKind::NotFound);
}
