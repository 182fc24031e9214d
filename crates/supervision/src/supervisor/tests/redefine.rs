//! Another definition for a supervisor that runs.

use super::*;

fn redefine(world: &mut World, strategy: Strategy, children: Vec<ChildDefinition>) {
    let id = SmolStr::new("app:tree");
    let definition = Box::new(Definition { id, strategy, intensity: None, children });
    world.input(Input::Redefine { ticket: Some(Ticket(77)), definition });
}

fn one_for_one(world: &mut World, children: Vec<ChildDefinition>) {
    redefine(world, Strategy::OneForOne, children);
}

#[test]
fn who_is_in_both_is_not_touched_and_what_is_new_starts_after_what_it_requires() {
    let children = vec![child("web", &[1]), child("db", &[])];
    let mut world = World::new(Strategy::OneForOne, children).up();
    let pids = [world.pid(0), world.pid(1)];
    let children = vec![child("db", &[]), child("cache", &[]), child("web", &[0, 1, 3])];
    one_for_one(&mut world, [children, vec![child("log", &[1])]].concat());
    world.saw(&["cache started", "log waiting", "#77 ok"]);
    // What it requires only from now on is no reason to go down.
    assert_eq!(world.states(), "running starting running waiting");
    assert_eq!([world.pid(world.at("web")), world.pid(world.at("db"))], pids);
    world.ready(world.at("cache"));
    world.ready(world.at("log"));
    assert!(world.supervisor.is_ready());
    // It is told of its processes by their PIDs as before.
    world.log.clear();
    world.crash("db");
    world.saw(&["db exited", "db backoff"]);
    world.pass(1);
    world.saw(&["db started"]);
    world.input(Input::Stop);
    world.saw(&["web stopping"]);
}

#[test]
fn what_is_gone_stops_in_order_and_is_forgotten() {
    let children = vec![child("db", &[]), child("cache", &[0]), child("web", &[1])];
    let mut world = World::new(Strategy::OneForOne, children).up();
    one_for_one(&mut world, vec![child("db", &[])]);
    world.saw(&["web stopping"]);
    assert!(world.supervisor.is_ready());
    assert!(world.supervisor.position("web").is_none());
    let at = |world: &World, id: &str| {
        world.supervisor.definitions().position(|child| child.id == id).unwrap()
    };
    let web = world.pid(at(&world, "web"));
    let normal = || Arc::new(ExitReason::Normal(Fragment::nil()));
    world.input(Input::Exited { pid: web, reason: normal() });
    world.saw(&["web exited", "web stopped", "-web", "cache stopping"]);
    world.command(Verb::Start, "cache", 1);
    world.saw(&["#1 NotFound"]);
    let cache = world.pid(at(&world, "cache"));
    world.input(Input::Exited { pid: cache, reason: normal() });
    world.saw(&["cache exited", "cache stopped", "-cache", "#77 ok"]);
    // The next definition has their places.
    one_for_one(&mut world, vec![child("other", &[]), child("db", &[0])]);
    world.saw(&["other started", "#77 ok"]);
    assert_eq!(world.states(), "starting running");
}

#[test]
fn who_is_gone_without_a_process_is_forgotten_at_once_and_who_waits_for_it_is_told() {
    let children = vec![child("db", &[]), child("web", &[0])];
    let mut world = World::new(Strategy::OneForOne, children).up();
    world.crash("db");
    world.command(Verb::Stop, "db", 5);
    world.log.clear();
    world.crash("web");
    world.log.clear();
    one_for_one(&mut world, Vec::new());
    world.saw(&["-db", "-web", "#77 ok"]);
    assert!(world.supervisor.is_ready());
    assert_eq!(world.supervisor.next_deadline(), None);
    world.pass(100);
    world.saw(&[]);
}

#[test]
fn who_comes_back_before_it_has_ended_is_started_again() {
    let mut world = World::new(Strategy::OneForOne, vec![child("db", &[])]).up();
    one_for_one(&mut world, Vec::new());
    world.saw(&["db stopping"]);
    redefine(&mut world, Strategy::OneForAll, vec![child("db", &[])]);
    world.saw(&["#77 ok", "#77 ok"]);
    world.end("db");
    world.saw(&["db exited", "db started"]);
}

#[test]
fn what_was_stopped_by_hand_stays_so_and_what_now_starts_by_itself_does() {
    let by_hand = child("by hand", &[]);
    let later = ChildDefinition { auto_start: false, ..child("later", &[]) };
    let mut world = World::new(Strategy::OneForOne, vec![by_hand, later.clone()]).up();
    world.command(Verb::Stop, "by hand", 1);
    world.end("by hand");
    world.log.clear();
    let now = ChildDefinition { auto_start: true, ..later };
    one_for_one(&mut world, vec![now, child("by hand", &[])]);
    world.saw(&["later started", "#77 ok"]);
    assert_eq!(world.states(), "starting stopped");
}

#[test]
fn a_group_that_is_restarting_goes_on_in_the_new_order() {
    let children = vec![child("a", &[]), child("b", &[0]), child("c", &[1])];
    let mut world = World::new(Strategy::RestForOne, children).up();
    world.crash("b");
    world.saw(&["b exited", "b backoff", "! group_restart", "c stopping"]);
    let children = vec![child("new", &[]), child("a", &[]), child("c", &[1]), child("b", &[1])];
    redefine(&mut world, Strategy::OneForAll, children);
    world.saw(&["new started", "#77 ok"]);
    world.ready(0);
    world.end("c");
    world.log.clear();
    assert_eq!(world.states(), "running running waiting backoff");
    world.pass(1);
    world.saw(&["b waiting", "c started", "b started"]);
    assert_eq!(world.states(), "running running starting starting");
}

#[test]
fn one_that_is_about_to_end_takes_no_definition() {
    let mut world = World::new(Strategy::OneForOne, vec![child("db", &[])]).up();
    world.input(Input::Stop);
    world.log.clear();
    one_for_one(&mut world, Vec::new());
    world.saw(&["#77 Unavailable"]);
}

#[test]
fn what_waits_for_a_child_that_has_failed_is_settled_and_not_ready() {
    let fails = with("db", &[], |it| it.max_attempts = Some(0));
    let children = vec![fails, child("web", &[0]), child("front", &[1]), child("other", &[])];
    let mut world = World::new(Strategy::OneForOne, children);
    world.input(Input::Begin);
    world.crash("db");
    assert!(!world.supervisor.is_settled(), "the other one is starting");
    world.ready(3);
    assert!(world.supervisor.is_settled() && !world.supervisor.is_ready());
    let failures: Vec<_> = world.supervisor.failures().map(|(at, _)| at).collect();
    assert_eq!(failures, [0]);
    // Somebody gives it another chance.
    world.command(Verb::Start, "db", 1);
    assert!(!world.supervisor.is_settled());
    world.ready(0);
    world.ready(1);
    world.ready(2);
    assert!(world.supervisor.is_settled() && world.supervisor.is_ready());
}
