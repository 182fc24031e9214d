//! Pools of many members: no step is long.

use super::*;

/// More than a few steps' worth.
const MANY: u32 = 10 * STEP_MEMBERS_MAX + 7;

/// The most that one step has asked for, with its actions carried out.
fn longest_step(world: &mut World) -> usize {
    let mut most = 0;
    while world.pool.next_deadline().is_some_and(|at| at <= world.now) {
        let mut actions = Actions::new();
        world.pool.handle(world.moment(), Input::Tick, &mut actions);
        most = most.max(actions.list.len());
        world.carry_out(actions);
    }
    most
}

fn scale(world: &mut World, size: u32) -> usize {
    let scale = Scale { size: Some(Some(size)), ..Scale::default() };
    let mut actions = Actions::new();
    world.pool.scale(world.moment(), scale, &mut actions).unwrap();
    let first = actions.list.len();
    world.carry_out(actions);
    first.max(longest_step(world))
}

/// What a step may ask for: a deed for each member, and one report.
const MOST: usize = STEP_MEMBERS_MAX as usize + 1;

fn many() -> World {
    let mut world = World::ready(0, 2 * MANY);
    assert!(scale(&mut world, MANY) <= MOST);
    (1..=MANY).for_each(|number| world.idle(number));
    world.take_seen();
    world
}

#[test]
fn a_large_least_is_reached_in_steps() {
    let mut world = World::unstarted(definition(MANY, MANY));
    let mut actions = Actions::new();
    world.pool.handle(world.moment(), Input::Start, &mut actions);
    assert_eq!(actions.list.len(), STEP_MEMBERS_MAX as usize);
    // Members that are there bring no others: those come at the next tick, after whatever waits.
    world.carry_out(actions);
    assert_eq!(world.started, STEP_MEMBERS_MAX);
    assert!(!world.pool.is_up());
    assert_eq!(longest_step(&mut world), STEP_MEMBERS_MAX as usize);
    assert_eq!((world.started, world.size()), (MANY, MANY));
    (1..=MANY).for_each(|number| world.idle(number));
    assert!(world.pool.is_up());
}

#[test]
fn a_size_that_is_set_is_reached_in_steps_up_and_down() {
    let mut world = many();
    assert_eq!(world.size(), MANY);
    assert!(scale(&mut world, 3) <= MOST);
    assert_eq!(world.size(), 3);
    let seen = world.take_seen();
    assert_eq!(seen.iter().filter(|it| it.starts_with("cancel")).count(), MANY as usize - 3);
    assert_eq!(seen.iter().filter(|it| *it == "report shrunk").count(), 1, "told of once");
    assert_eq!(world.pool.counts().shrunk, u64::from(MANY) - 3);
    // Those that are left became idle last.
    world.send("m");
    assert_eq!(world.take_seen(), [format!("hand m to {MANY}")]);
}

#[test]
fn busy_members_that_are_too_many_are_found_in_steps() {
    let mut world = many();
    (0..MANY).for_each(|_| world.send("m"));
    world.take_seen();
    assert!(scale(&mut world, 5) <= MOST);
    assert_eq!(world.size(), 5);
    assert_eq!(world.take_seen(), ["report shrunk"]);
    // Another size while it is on its way: what is not ended yet stays.
    let mut world = many();
    let mut actions = Actions::new();
    let down = Scale { size: Some(Some(1)), ..Scale::default() };
    world.pool.scale(world.moment(), down, &mut actions).unwrap();
    world.carry_out(actions);
    scale(&mut world, MANY);
    assert_eq!(
        world.size(),
        MANY - STEP_MEMBERS_MAX,
        "those that end take their places until they have"
    );
    (1..=STEP_MEMBERS_MAX).for_each(|number| world.ends(number));
    assert_eq!(world.size(), MANY);
    let ended = world.seen.iter().filter(|it| it.starts_with("cancel")).count();
    assert_eq!(ended, STEP_MEMBERS_MAX as usize);
}

#[test]
fn growth_under_load_is_in_steps() {
    let mut world = World::ready(1, MANY);
    (0..2 * MANY).for_each(|_| world.mailbox.push_back(message()));
    while world.size() < MANY {
        let before = world.started;
        world.now = world.now.after(GROW_AFTER_NS);
        world.input(Input::Tick);
        assert!(world.started - before <= STEP_MEMBERS_MAX);
    }
}

#[test]
fn all_that_make_room_and_all_that_end_with_the_pool_do_it_in_steps() {
    let mut world = many();
    let mut actions = Actions::new();
    world.pool.retire(world.moment(), None, &mut actions);
    assert_eq!(actions.list.len(), STEP_MEMBERS_MAX as usize);
    world.carry_out(actions);
    // For each that goes another one comes.
    assert!(longest_step(&mut world) <= 2 * MOST);
    let ended = world.seen.iter().filter(|it| it.starts_with("cancel")).count();
    assert_eq!(ended, MANY as usize);
    world.take_seen();

    let mut world = many();
    let mut actions = Actions::new();
    world.pool.handle(world.moment(), Input::Stop { deadline: None }, &mut actions);
    assert_eq!(actions.list.len(), STEP_MEMBERS_MAX as usize);
    world.carry_out(actions);
    assert!(longest_step(&mut world) <= MOST);
    (1..=MANY).for_each(|number| world.ends(number));
    assert_eq!(world.finished, Some(Ok(())));
}

#[test]
fn checks_and_idle_timeouts_of_many_are_in_steps() {
    let mut world = many();
    world.now = world.now.after(30 * S);
    assert_eq!(longest_step(&mut world), STEP_MEMBERS_MAX as usize);
    assert_eq!(world.pool.counts().checks, u64::from(MANY));
    let back = Scale { size: Some(None), ..Scale::default() };
    let mut actions = Actions::new();
    world.pool.scale(world.moment(), back, &mut actions).unwrap();
    world.carry_out(actions);
    world.now = world.now.after(60 * S);
    assert!(longest_step(&mut world) <= 2 * MOST);
    assert_eq!(world.size(), 0);
}
