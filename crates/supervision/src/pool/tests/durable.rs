//! Members whose processes are durable.

use super::*;
use procession_types::EPOCH_OF_STORE;

fn kept(number: u32) -> Pid {
    Pid { epoch: 1 | EPOCH_OF_STORE, ..pid(number) }
}

/// A pool of `least` to 2 members, the first two of which were there before.
fn adopted(least: u32) -> World {
    let mut world = World::unstarted(definition(least, 2));
    let mut actions = Actions::new();
    for number in [1, 2] {
        world.pool.adopt(world.moment(), kept(number), None, &mut actions);
    }
    world.carry_out(actions);
    world.input(Input::Start);
    world.seen.clear();
    world
}

fn idle(world: &mut World, number: u32, taken: u64) {
    world.input(Input::Idle { pid: kept(number), taken });
}

#[test]
fn what_was_there_before_has_all_the_time_it_needs_and_counts() {
    let mut world = adopted(2);
    world.pass(1000 * S);
    world.send("a");
    assert_eq!((world.started, world.take_seen()), (0, vec![]));
    idle(&mut world, 2, 0);
    assert_eq!(world.take_seen(), ["hand a to 2"]);
    assert!(!world.pool.is_up());
    idle(&mut world, 1, 0);
    assert!(world.pool.is_up());
}

#[test]
fn members_are_put_to_rest_with_what_they_have_and_what_waits_is_left() {
    let mut world = adopted(2);
    idle(&mut world, 1, 0);
    idle(&mut world, 2, 0);
    ["a", "b", "c"].iter().for_each(|topic| world.send(topic));
    assert_eq!(world.take_seen(), ["hand a to 2", "hand b to 1"]);
    world.input(Input::Rest);
    assert_eq!(world.take_seen(), ["rest 1", "rest 2"]);
    world.input(Input::Rested { pid: kept(1) });
    assert!(world.finished.is_none() && !world.pool.wants_work());
    world.input(Input::Rested { pid: kept(2) });
    assert_eq!(world.finished, Some(Ok(())));
    assert_eq!((world.mailbox.len(), world.pool.counts().dead_letters), (1, 0));
    assert!(world.pool.take_waiting().is_empty());
}

#[test]
fn what_came_back_before_the_rest_is_left_too() {
    let mut world = adopted(2);
    idle(&mut world, 1, 0);
    world.send("a");
    let error = Error::new(ErrorKind::Internal, "boom");
    let reason = Arc::new(ExitReason::failed(Failure::Error(error)));
    world.input(Input::Took { pid: kept(1), count: 1 });
    world.input(Input::Ended { pid: kept(1), reason });
    world.input(Input::Rest);
    let left = world.pool.take_waiting();
    assert_eq!(left.iter().map(|it| it.topic.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn one_that_stands_still_keeps_its_message_and_its_place_is_taken() {
    let mut world = adopted(1);
    idle(&mut world, 1, 0);
    idle(&mut world, 2, 0);
    world.pool.definition.size.max_size = 3;
    world.send("a");
    assert_eq!(world.take_seen(), ["hand a to 2"]);
    let error = Error::new(ErrorKind::Internal, "boom");
    world.input(Input::Halted { pid: kept(2), error });
    assert_eq!(world.take_seen(), ["report member_halted"]);
    assert_eq!((world.pool.members().paused, world.pool.members().idle), (1, 1));
    world.pass(1000 * S);
    assert!(!world.seen.iter().any(|it| it.contains("terminate 2")), "{:?}", world.seen);

    // Somebody lets it go on, and it has done what it had.
    idle(&mut world, 2, 1);
    assert_eq!(world.pool.counts().done, 1);
    let error = Error::new(ErrorKind::Internal, "boom");
    world.input(Input::Halted { pid: kept(2), error });
    world.seen.clear();
    world.input(Input::Stop { deadline: None });
    assert!(world.seen.contains(&"terminate 2".to_owned()), "{:?}", world.seen);
}

fn queue(world: &mut World, queued: u64) {
    let message =
        Message { topic: format!("q{queued}").into(), from: None, payload: Fragment::nil() };
    world.input(Input::Queued { queued, message });
}

fn failure() -> Arc<ExitReason> {
    Arc::new(ExitReason::failed(Failure::Error(Error::new(ErrorKind::Internal, "boom"))))
}

#[test]
fn what_the_queue_keeps_is_done_when_a_member_waits_again() {
    let mut world = adopted(2);
    idle(&mut world, 1, 0);
    queue(&mut world, 70);
    assert_eq!(world.take_seen(), ["hand q70 to 1"]);
    idle(&mut world, 1, 1);
    assert_eq!(world.take_seen(), ["1 has done 70"]);
}

#[test]
fn a_member_comes_back_with_what_it_has_from_the_queue() {
    let mut world = World::unstarted(definition(2, 2));
    let mut actions = Actions::new();
    let message = Message { topic: "q70".into(), from: None, payload: Fragment::nil() };
    world.pool.adopt(world.moment(), kept(1), Some((70, message)), &mut actions);
    world.pool.adopt(world.moment(), kept(2), None, &mut actions);
    world.carry_out(actions);
    world.input(Input::Start);
    idle(&mut world, 2, 0);
    world.take_seen();
    // That was before it was told of what it has.
    idle(&mut world, 1, 0);
    assert_eq!((world.take_seen(), world.pool.counts().done), (vec![], 0));
    world.input(Input::Took { pid: kept(1), count: 1 });
    world.input(Input::Ended { pid: kept(1), reason: failure() });
    assert!(world.take_seen().contains(&"hand q70 to 2".to_owned()));
    idle(&mut world, 2, 1);
    assert_eq!(world.take_seen(), ["2 has done 70"]);
}

#[test]
fn what_the_queue_keeps_outlives_a_pool_that_fails() {
    let mut definition = definition(1, 2);
    definition.recovery.max_restarts = 0;
    let mut world = World::unstarted(definition);
    let mut actions = Actions::new();
    for number in [1, 2] {
        world.pool.adopt(world.moment(), kept(number), None, &mut actions);
    }
    world.carry_out(actions);
    world.input(Input::Start);
    [1, 2].iter().for_each(|number| idle(&mut world, *number, 0));
    queue(&mut world, 70);
    ["a", "b"].iter().for_each(|topic| world.send(topic));
    world.take_seen();
    world.input(Input::Took { pid: kept(2), count: 1 });
    world.input(Input::Ended { pid: kept(2), reason: failure() });
    // The other one goes on, and says so, while what nobody keeps becomes dead letters.
    idle(&mut world, 1, 1);
    assert!(matches!(world.finished, Some(Err(_))));
    let dead: Vec<String> =
        world.take_seen().into_iter().filter(|it| it.starts_with("dead")).collect();
    assert!(!dead.is_empty() && dead.iter().all(|it| !it.contains("q70")), "{dead:?}");
}
