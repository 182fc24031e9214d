//! Health checks of services.

use super::*;
use procession_types::definition::HealthCheck;

/// Asked every 30 seconds, with 5 seconds to answer.
fn asked(id: &str, requires: &[usize]) -> ChildDefinition {
    let health = HealthCheck { interval_ns: 30 * SECOND, timeout_ns: 5 * SECOND };
    ChildDefinition { health: Some(health), ..child(id, requires) }
}

#[test]
fn who_answers_is_asked_again_after_the_interval() {
    let mut world = World::new(Strategy::OneForOne, vec![asked("a", &[])]).up();
    assert_eq!(world.supervisor.status(0).until, None);
    world.pass(29);
    world.saw(&[]);
    world.pass(1);
    world.saw(&["check 1"]);
    world.pass(4);
    world.ready(0);
    let status = world.supervisor.status(0);
    assert_eq!((status.checked, status.unhealthy), (Some(world.now), 0));
    world.pass(29);
    world.saw(&[]);
    world.pass(1);
    world.saw(&["check 1"]);
    assert_eq!(world.supervisor.next_deadline_beside_checks(), None);
}

#[test]
fn who_does_not_answer_in_time_has_failed() {
    let mut world = World::new(Strategy::OneForOne, vec![asked("a", &[])]).up();
    let pid = world.pid(0);
    world.pass(30);
    world.pass(5);
    world.saw(&["check 1", "look at 1"]);
    // Nothing is decided before somebody has looked.
    world.pass(100);
    world.saw(&[]);
    world.looked(pid, false);
    world.saw(&["a unhealthy", "terminate 1"]);
    assert_eq!(world.reason("a"), "it did not answer a health check in time");
    world.exit("a", ExitReason::failed(Failure::Terminated));
    world.saw(&["a exited", "a backoff"]);
    let expected = "attempt 1 follows; unhealthy: it did not answer a health check within 5s";
    assert_eq!(world.reason("a"), expected);
    assert_eq!(world.supervisor.status(0).unhealthy, 1);
    world.pass(1);
    world.ready(0);
    world.saw(&["a started", "a running"]);
    world.pass(30);
    world.saw(&["check 2"]);
}

#[test]
fn its_policy_says_whether_it_is_started_again() {
    for (policy, expected) in [
        (RestartPolicy::Permanent, "backoff"),
        (RestartPolicy::Transient, "backoff"),
        (RestartPolicy::Temporary, "failed"),
    ] {
        let mut child = asked("a", &[]);
        child.restart.policy = policy;
        let mut world = World::new(Strategy::OneForOne, vec![child]).up();
        let pid = world.pid(0);
        world.pass(30);
        world.pass(5);
        world.looked(pid, false);
        world.exit("a", ExitReason::failed(Failure::Terminated));
        assert_eq!(world.state("a"), expected, "{policy:?}");
    }
}

#[test]
fn who_is_paused_is_well() {
    let mut world = World::new(Strategy::OneForOne, vec![asked("a", &[])]).up();
    let pid = world.pid(0);
    world.pass(30);
    world.pass(5);
    world.looked(pid, true);
    world.saw(&["check 1", "look at 1"]);
    assert_eq!(world.state("a"), "running");
    // An answer that comes when nobody waits for it changes nothing.
    world.ready(0);
    world.pass(29);
    world.saw(&[]);
    world.pass(1);
    world.saw(&["check 1"]);
}

#[test]
fn a_late_answer_counts_until_somebody_has_looked() {
    let mut world = World::new(Strategy::OneForOne, vec![asked("a", &[])]).up();
    let pid = world.pid(0);
    world.pass(30);
    world.pass(5);
    world.ready(0);
    world.looked(pid, false);
    world.saw(&["check 1", "look at 1"]);
    assert_eq!(world.state("a"), "running");
}

#[test]
fn a_look_that_comes_late_says_nothing_of_the_next() {
    let mut world = World::new(Strategy::OneForOne, vec![asked("a", &[])]).up();
    let pid = world.pid(0);
    world.pass(30);
    world.pass(5);
    world.ready(0);
    world.pass(30);
    world.pass(5);
    world.input(Input::Looked { pid, number: 1, is_paused: false });
    world.saw(&["check 1", "look at 1", "check 1", "look at 1"]);
    world.input(Input::Looked { pid, number: 2, is_paused: false });
    world.saw(&["a unhealthy", "terminate 1"]);
}

#[test]
fn a_command_comes_before_a_check() {
    let children = vec![asked("a", &[]), child("b", &[0])];
    let mut world = World::new(Strategy::OneForOne, children).up();
    let pid = world.pid(0);
    world.pass(30);
    world.command(Verb::Restart, "a", 1);
    world.saw(&["check 1", "a stopping"]);
    world.looked(pid, false);
    world.saw(&[]);
    world.end("a");
    world.ready(0);
    world.saw(&["a exited", "a started", "a running", "#1 ok"]);
    assert_eq!(world.state("b"), "running");
}

#[test]
fn attempts_are_forgotten_by_who_was_stable_before_it_hung() {
    let mut child = asked("a", &[]);
    child.restart.max_attempts = Some(1);
    let mut world = World::new(Strategy::OneForOne, vec![child]).up();
    for _ in 0..3 {
        let pid = world.pid(0);
        world.pass(30);
        world.pass(5);
        world.looked(pid, false);
        world.exit("a", ExitReason::failed(Failure::Terminated));
        assert_eq!(world.supervisor.status(0).attempts, 1);
        world.pass(1);
        world.ready(0);
    }
}
