//! Children whose processes are durable.

use super::*;

fn halted(world: &mut World, id: &str) {
    let pid = world.pid(world.at(id));
    world.input(Input::Halted { pid, reason: "boom".into() });
}

#[test]
fn what_is_durable_rests_in_its_turn_and_all_else_ends() {
    let children = vec![child("web", &[1]), child("kept", &[2]), child("db", &[])];
    let mut world = World::new(Strategy::OneForOne, children).up();
    let kept = world.pid(1);
    world.input(Input::Rest);
    world.saw(&["web stopping"]);
    world.end("web");
    world.saw(&["web exited", "web stopped", "rest 2"]);
    assert_eq!(
        (world.states().as_str(), world.reason("kept").as_str()),
        ("stopped stopping running", "it is put to rest")
    );
    world.input(Input::Rested { pid: kept });
    world.saw(&["kept rested", "db stopping"]);
    // It is nobody's any more.
    world.input(Input::Exited { pid: kept, reason: Arc::new(ExitReason::Normal(Fragment::nil())) });
    world.saw(&[]);
    world.end("db");
    world.saw(&["db exited", "db stopped", "finish well"]);
}

#[test]
fn one_that_is_not_put_to_rest_in_time_is_let_go_and_not_ended() {
    let mut world = World::new(Strategy::OneForOne, vec![child("kept", &[])]).up();
    world.input(Input::Rest);
    world.saw(&["rest 1"]);
    world.pass(5);
    world.saw(&["kept rested", "finish well"]);
}

#[test]
fn whoever_is_told_to_stop_ends_what_is_durable_too() {
    let mut world = World::new(Strategy::OneForOne, vec![child("kept", &[])]).up();
    world.input(Input::Stop);
    world.saw(&["kept stopping"]);
    world.pass(5);
    world.saw(&["kept overdue", "terminate 1"]);
}

#[test]
fn one_that_comes_back_has_all_the_time_it_needs() {
    let mut world = World::new(Strategy::OneForOne, vec![child("kept", &[])]);
    world.returns = true;
    world.input(Input::Begin);
    world.pass(1000);
    world.ready(0);
    world.saw(&["kept adopted", "kept running"]);
}

#[test]
fn one_that_stands_still_waits_for_somebody() {
    let mut world = World::new(Strategy::OneForAll, vec![child("kept", &[]), child("b", &[])]).up();
    halted(&mut world, "kept");
    world.saw(&["kept halted"]);
    assert_eq!(
        (world.states().as_str(), world.reason("kept").as_str()),
        ("halted running", "boom")
    );
    assert!(world.supervisor.is_settled() && !world.supervisor.is_ready());
    world.pass(1000);
    world.command(Verb::Start, "kept", 1);
    world.saw(&["#1 Unavailable"]);

    // Somebody has let it go on.
    world.ready(0);
    world.saw(&["kept running"]);
    halted(&mut world, "kept");
    world.command(Verb::Restart, "kept", 2);
    world.saw(&["kept halted", "kept stopping", "terminate 1"]);
    world.exit("kept", ExitReason::failed(Failure::Terminated));
    world.ready(0);
    world.saw(&["kept exited", "kept started", "kept running", "#2 ok"]);
}

#[test]
fn a_group_takes_what_is_durable_along_and_who_gives_up_does_not() {
    let intensity = Intensity { restarts: 1, within_ns: 60 * SECOND };
    let children = vec![child("kept", &[]), child("b", &[])];
    let mut world = World::bearing(Strategy::OneForAll, Some(intensity), children).up();
    world.crash("b");
    world.saw(&["b exited", "b backoff", "! group_restart", "kept stopping"]);
    world.end("kept");
    world.pass(10);
    world.ready(0);
    world.ready(1);
    world.log.clear();
    world.crash("b");
    world.end("kept");
    world.log.clear();
    world.pass(10);
    world.saw(&["b waiting", "! gave_up", "b stopped", "kept stopped", "finish failed"]);

    let mut world = World::bearing(
        Strategy::OneForOne,
        Some(Intensity { restarts: 0, ..intensity }),
        vec![child("kept", &[]), child("b", &[])],
    )
    .up();
    world.crash("b");
    world.pass(10);
    world.log.retain(|it| it.starts_with("rest") || it.starts_with("kept"));
    world.saw(&["rest 1"]);
}
