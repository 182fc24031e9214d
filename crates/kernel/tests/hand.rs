//! Messages that a parent hands on to its children.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::*;

const WATCHED: Child = Child { monitored: true, ..PLAIN };

fn message(topic: &'static str, from: Pid) -> Message {
    Message { topic: topic.into(), from: Some(from), payload: Fragment::nil() }
}

fn hand(world: &mut World, parent: Pid, child: Pid, message: Message) -> Result<(), Error> {
    world.on(parent.shard, |kernel, cx| kernel.hand(cx, parent.slot, child, message))
}

fn told(world: &mut World, pid: Pid) -> Vec<String> {
    let events = world.events(pid).into_iter();
    let text = |event| match event {
        Event::Rest { rest, taken, .. } => format!("{rest:?} {taken}"),
        Event::Took { count, .. } => format!("took {count}"),
        Event::Exit { .. } => "exit".to_owned(),
        Event::LinkDown { .. } | Event::Cancel { .. } => "other".to_owned(),
    };
    events.map(text).collect()
}

fn take(world: &mut World, pid: Pid) -> Message {
    *world.on(pid.shard, |kernel, cx| kernel.receive(cx, pid.slot, QueueId::INBOX)).unwrap()
}

#[test]
fn a_child_gets_it_from_its_sender_and_rests_when_it_has_taken_it() {
    let mut world = World::new(1);
    let (parent, sender) = (world.waiting(0), world.waiting(0));
    let child = world.spawn(Some(parent), &WATCHED);
    world.rest();
    hand(&mut world, parent, child, message("work", sender)).unwrap();
    world.rest();
    assert!(told(&mut world, parent).is_empty(), "it waits, and has not taken it");
    assert_eq!(take(&mut world, child), message("work", sender));
    world.send(sender, child, "other").unwrap();
    world.rest();
    assert_eq!(told(&mut world, parent), ["Idle 1"]);
    world.exit(child, normal());
    assert_eq!(told(&mut world, parent), ["took 1", "exit"]);
}

#[test]
fn who_ends_with_an_untaken_message_has_not_taken_it() {
    for listens in [false, true] {
        let mut world = World::new(1);
        let parent = world.waiting(0);
        let child = world.spawn(Some(parent), &WATCHED);
        world.rest();
        if listens {
            world.on(0, |kernel, _| kernel.listen(child.slot, &"work".into())).unwrap();
        }
        for _ in 0..2 {
            hand(&mut world, parent, child, message("work", parent)).unwrap();
        }
        if listens {
            let unlisten = |kernel: &mut Kernel, _: &mut Step<'_>| {
                let queue = kernel.listen(child.slot, &"work".into()).unwrap();
                kernel.unlisten(child.slot, queue);
            };
            world.on(0, unlisten);
        }
        take(&mut world, child);
        world.crash(child);
        assert_eq!(told(&mut world, parent), ["took 1", "exit"]);
    }
}

#[test]
fn what_is_under_way_to_the_dead_is_not_taken() {
    let mut world = World::new(2);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &WATCHED);
    world.rest();
    world.migrate(child, 1);
    hand(&mut world, parent, child, message("work", parent)).unwrap();
    world.carry();
    let slot = world.kernels[1].processes(0, 9).iter().find(|(_, pid)| *pid == child).unwrap().0;
    assert!(world.on(1, |kernel, cx| kernel.receive(cx, slot, QueueId::INBOX)).is_some());
    hand(&mut world, parent, child, message("late", parent)).unwrap();
    world.on(1, |kernel, cx| kernel.terminate(cx, child)).unwrap();
    world.carry();
    assert_eq!(told(&mut world, parent), ["took 1", "exit"]);
    let kind = |result: Result<(), Error>| result.unwrap_err().kind;
    let refused = hand(&mut world, parent, child, message("late", parent));
    assert_eq!(kind(refused), ErrorKind::NotFound);
}

#[test]
fn only_a_parent_hands_and_only_what_fits() {
    let mut world = World::new(1);
    world.limits.mailbox_messages_max = 2;
    let (parent, other) = (world.waiting(0), world.waiting(0));
    let child = world.spawn(Some(parent), &PLAIN);
    world.rest();
    let kind = |result: Result<(), Error>| result.unwrap_err().kind;
    let refused = hand(&mut world, other, child, message("work", other));
    assert_eq!(kind(refused), ErrorKind::Invalid);
    hand(&mut world, parent, child, message("work", other)).unwrap();
    world.send(other, child, "more").unwrap();
    let refused = hand(&mut world, parent, child, message("work", other));
    assert_eq!(kind(refused), ErrorKind::RateLimited);
    assert_eq!(world.kernels[0].waiting(child.slot), 2);
    assert_eq!(world.kernels[0].counts().sent, 2);
}

#[test]
fn a_paused_child_is_handed_nothing() {
    let mut world = World::new(1);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &PLAIN);
    world.rest();
    world.on(0, |kernel, cx| kernel.pause(cx, child)).unwrap();
    let refused = hand(&mut world, parent, child, message("work", parent));
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Conflict);
    world.on(0, |kernel, cx| kernel.resume(cx, child)).unwrap();
    hand(&mut world, parent, child, message("work", parent)).unwrap();
}
