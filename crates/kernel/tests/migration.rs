//! Processes that live on another shard than their own are the same to everybody.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::{PLAIN, World, failed};

fn away() -> (World, Pid, Pid, Pid, SlotIndex) {
    let mut world = World::new(3);
    let (a, b, c) = (world.waiting(0), world.waiting(1), world.waiting(2));
    world.migrate(a, 1);
    world.carry();
    let (slot, _) =
        world.kernels[1].processes(0, 99).into_iter().find(|(_, pid)| *pid == a).unwrap();
    (world, a, b, c, slot)
}

fn inbox(world: &mut World, shard: u16, slot: SlotIndex) -> Vec<String> {
    std::iter::from_fn(|| {
        let message = world.on(shard, |k, cx| k.receive(cx, slot, QueueId::INBOX))?;
        Some(message.topic.to_string())
    })
    .collect()
}

#[test]
fn messages_find_it_in_order_from_everywhere_and_home_again() {
    let mut world = World::new(3);
    let (a, b, c) = (world.waiting(0), world.waiting(1), world.waiting(2));
    let d = world.waiting(0);
    for from in [b, c, d] {
        world.send(from, a, &format!("{} 0", from.shard)).unwrap();
    }
    world.migrate(a, 1);
    for from in [b, c, d] {
        world.send(from, a, &format!("{} 1", from.shard)).unwrap();
    }
    world.carry();
    for from in [b, c, d] {
        world.send(from, a, &format!("{} 2", from.shard)).unwrap();
    }
    // The shard where it is wants to be rid of it, while more is under way.
    let (slot, _) =
        world.kernels[1].processes(0, 99).into_iter().find(|(_, pid)| *pid == a).unwrap();
    assert!(world.on(1, |kernel, cx| kernel.emigrate(cx, slot, 0)));
    for from in [b, c, d] {
        world.send(from, a, &format!("{} 3", from.shard)).unwrap();
    }
    world.carry();
    assert_eq!(world.place(a), 0);
    let got = inbox(&mut world, 0, a.slot);
    assert_eq!(got.len(), 12);
    for shard in 0..3 {
        let mine: Vec<&String> = got.iter().filter(|t| t.starts_with(&shard.to_string())).collect();
        assert!(mine.is_sorted(), "{got:?}");
    }
}

#[test]
fn it_acts_as_itself_and_its_end_is_known_everywhere() {
    let (mut world, a, b, c, slot) = away();
    for watcher in [b, c] {
        world.on(watcher.shard, |k, cx| k.monitor(cx, watcher.slot, a)).unwrap();
    }
    world.on(1, |k, cx| k.register(cx, slot, "moved", a)).unwrap();
    world.on(1, |k, cx| k.send(cx, slot, a, Topic::new("self"), Fragment::nil())).unwrap();
    world.on(1, |k, cx| k.link(cx, slot, c)).unwrap();
    world.carry();
    assert_eq!(inbox(&mut world, 1, slot), ["self"]);
    world.kernels[2].set_trap_links(c.slot, true);
    world.exit(a, failed("x"));
    world.carry();
    assert!(!world.alive(a) && world.directory.holder("moved").is_none());
    assert_eq!((world.events(b).len(), world.events(c).len()), (1, 2));
    for from in [b, c] {
        assert_eq!(world.send(from, a, "late").unwrap_err().kind, ErrorKind::NotFound);
    }
    let reborn = world.waiting(0);
    assert_eq!((reborn.slot, reborn.generation), (a.slot, a.generation + 1));
}

#[test]
fn it_can_be_ended_anywhere_even_under_way() {
    for point in 0..4 {
        let mut world = World::new(2);
        let (a, b) = (world.waiting(0), world.waiting(1));
        let deadline = Some(world.now.after(100));
        world
            .on(0, |k, cx| k.cancel(cx, a, Cancel { from: None, deadline, reason: None }))
            .unwrap();
        world.on(1, |k, cx| k.monitor(cx, b.slot, a)).unwrap();
        world.carry();
        world.migrate(a, 1);
        match point {
            0 => world.on(0, |k, cx| k.terminate(cx, a)).unwrap(),
            1 => world.on(1, |k, cx| k.terminate(cx, a)).unwrap(),
            2 => world.carry(),
            _ => {
                // On its way home.
                world.carry();
                world.on(0, |k, cx| k.signal(cx, Signal::Return { to: a }));
                world.on(1, |k, cx| k.terminate(cx, a)).unwrap();
            }
        }
        world.carry();
        world.now = world.now.after(200);
        world.on(0, |k, cx| k.tick(cx));
        world.on(1, |k, cx| k.tick(cx));
        world.carry();
        assert!(!world.alive(a), "{point}");
        assert_eq!(world.events(b).len(), 1, "{point}");
        assert_eq!(world.reason(a), if point == 2 { "deadline" } else { "terminated" });
        assert_eq!(world.kernels[1].load().processes, 1);
    }
}

#[test]
fn what_is_for_the_dead_of_another_shard_does_not_reach_a_namesake() {
    // `a` of shard 0 and `c` of shard 2 have the same slot and generation; `a` is away.
    let (mut world, a, _, c, _) = away();
    assert_eq!((a.slot, a.generation), (c.slot, c.generation));
    // Forwarded to shard 0 by the home of `c`, where it was, but has ended since.
    let reply = Signal::Reply { to: c, call: CallId(1), result: Ok(Fragment::nil()) };
    world.on(0, |kernel, cx| kernel.signal(cx, reply));
    assert!(world.queues.iter().all(|queue| queue.is_empty()));
}

#[test]
fn a_question_follows_it_and_is_answered_once_whatever_happens() {
    let ask = |world: &mut World, shard, to, number| {
        world.on(shard, |k, cx| k.inspect(cx, to, Asker::Outside(number)))
    };
    let (mut world, a, b, _, slot) = away();
    ask(&mut world, 2, a, 1).unwrap();
    world.carry();
    assert_eq!(std::mem::take(&mut world.inspected), [(a, Some(slot))]);
    // Called back home, while a question is under way and another comes.
    ask(&mut world, 0, a, 2).unwrap();
    world.on(0, |k, cx| k.signal(cx, Signal::Return { to: a }));
    ask(&mut world, 0, a, 3).unwrap();
    world.carry();
    assert_eq!(std::mem::take(&mut world.inspected), [(a, Some(slot)), (a, Some(a.slot))]);
    // It ends before the question comes.
    ask(&mut world, 1, a, 4).unwrap();
    world.on(0, |k, cx| k.terminate(cx, a)).unwrap();
    world.carry();
    assert_eq!(std::mem::take(&mut world.inspected), [(a, None)]);
    assert_eq!(ask(&mut world, 1, a, 5).unwrap_err().kind, ErrorKind::NotFound);
    ask(&mut world, 1, b, 6).unwrap();
    assert_eq!(world.inspected, [(b, Some(b.slot))]);
}

#[test]
fn a_question_about_rest_follows_the_child_and_the_answer_the_parent() {
    let mut world = World::new(3);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &PLAIN);
    world.rest();
    world.migrate(child, 1);
    let ask = |kernel: &mut Kernel, cx: &mut Step<'_>| {
        kernel.ask_rest(cx, parent.slot, child, Rest::WaitPoint)
    };
    world.on(0, ask).unwrap();
    world.migrate(parent, 2);
    world.carry();
    world.rest();
    let slot = world.kernels[2].processes(0, 9).iter().find(|(_, pid)| *pid == parent).unwrap().0;
    let event = world.kernels[2].receive_event(slot);
    assert!(matches!(event, Some(Event::Rest { from, .. }) if from == child), "{event:?}");
}
