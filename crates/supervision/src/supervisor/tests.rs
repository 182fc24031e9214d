//! Tables: what happens to a supervisor, and what it does. The driver here starts what it is told to
//! start, unless it is told to refuse.

mod durable;
mod health;
mod redefine;

use super::*;
use procession_types::definition::{Restart, RestartPolicy};
use procession_types::{EPOCH_OF_STORE, ErrorKind, ExitReason, Failure, Fragment};
use std::collections::BTreeSet;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

struct World {
    supervisor: Supervisor,
    now: Timestamp,
    /// What has happened, in short.
    log: Vec<String>,
    /// Children that can't be started.
    refused: BTreeSet<&'static str>,
    /// Whoever is started lives already.
    returns: bool,
    processes: u32,
    finished: Option<Option<Error>>,
}

fn child(id: &str, requires: &[usize]) -> ChildDefinition {
    ChildDefinition {
        id: SmolStr::new(id),
        auto_start: true,
        start_timeout_ns: Some(10 * SECOND),
        stop_timeout_ns: 5 * SECOND,
        health: None,
        restart: Restart { jitter: 0.0, ..Restart::default() },
        requires: requires.to_vec(),
    }
}

fn with(id: &str, requires: &[usize], change: impl FnOnce(&mut Restart)) -> ChildDefinition {
    let mut child = child(id, requires);
    change(&mut child.restart);
    child
}

fn short(actions: &Action, names: &[String]) -> Option<String> {
    let name = |at: &usize| names[*at].clone();
    Some(match actions {
        Action::Publish { child: Some(at), news } => format!("{} {}", name(at), news.name()),
        Action::Publish { child: None, news } => format!("! {}", news.name()),
        Action::Answer { ticket, result: Ok(()) } => format!("#{} ok", ticket.0),
        Action::Answer { ticket, result: Err(error) } => format!("#{} {}", ticket.0, error.kind),
        Action::Terminate { pid } => format!("terminate {}", pid.slot),
        Action::Rest { pid } => format!("rest {}", pid.slot),
        Action::Check { pid } => format!("check {}", pid.slot),
        Action::Look { pid, .. } => format!("look at {}", pid.slot),
        Action::Gone { id } => format!("-{id}"),
        Action::Finish { failure } => {
            format!("finish {}", if failure.is_some() { "failed" } else { "well" })
        }
        Action::Spawn { .. } | Action::Cancel { .. } | Action::Changed { .. } => return None,
    })
}

impl World {
    fn new(strategy: Strategy, children: Vec<ChildDefinition>) -> Self {
        Self::bearing(strategy, None, children)
    }

    fn bearing(
        strategy: Strategy,
        intensity: Option<Intensity>,
        children: Vec<ChildDefinition>,
    ) -> Self {
        let id = SmolStr::new("app:tree");
        let definition = Definition { id, strategy, intensity, children };
        Self {
            supervisor: Supervisor::new(definition),
            now: Timestamp(1_000 * SECOND as i64),
            log: Vec::new(),
            refused: BTreeSet::new(),
            returns: false,
            processes: 0,
            finished: None,
        }
    }

    /// Everybody up.
    fn up(mut self) -> Self {
        self.input(Input::Begin);
        while let Some(at) = self.first(StateName::Starting) {
            self.ready(at);
        }
        self.log.clear();
        self
    }

    fn first(&self, state: StateName) -> Option<usize> {
        (0..self.supervisor.children.len()).find(|at| self.supervisor.status(*at).state == state)
    }

    fn at(&self, id: &str) -> usize {
        self.supervisor.position(id).unwrap()
    }

    fn input(&mut self, input: Input) {
        let moment = Moment { now: self.now, random: 0 };
        let mut actions = Actions::new();
        self.supervisor.handle(moment, input, &mut actions);
        let children = self.supervisor.definitions().map(|it| it.id.to_string());
        let names: Vec<String> = children.collect();
        for action in actions.drain() {
            self.log.extend(short(&action, &names));
            match action {
                Action::Spawn { child } if self.refused.contains(names[child].as_str()) => {
                    let error = Error::new(ErrorKind::AlreadyExists, "name is taken");
                    self.input(Input::Refused { child, error });
                }
                Action::Spawn { child } => {
                    self.processes += 1;
                    let slot = self.processes;
                    let is_durable = names[child].starts_with("kept");
                    let epoch = if is_durable { 1 | EPOCH_OF_STORE } else { 1 };
                    let pid = Pid { host: 0, shard: 0, epoch, slot, generation: 0 };
                    self.input(match self.returns {
                        true => Input::Adopted { child, pid },
                        false => Input::Spawned { child, pid },
                    });
                }
                Action::Finish { failure } => self.finished = Some(failure),
                _ => {}
            }
        }
    }

    /// Somebody has looked at a child, as was asked last.
    fn looked(&mut self, pid: Pid, is_paused: bool) {
        let number = self.supervisor.looks;
        self.input(Input::Looked { pid, number, is_paused });
    }

    fn pid(&self, at: usize) -> Pid {
        self.supervisor.status(at).pid.unwrap()
    }

    fn ready(&mut self, at: usize) {
        self.input(Input::Ready { pid: self.pid(at) });
    }

    fn crash(&mut self, id: &str) {
        let error = Error::new(ErrorKind::Internal, "boom");
        self.exit(id, ExitReason::failed(Failure::Error(error)));
    }

    fn end(&mut self, id: &str) {
        self.exit(id, ExitReason::Normal(Fragment::nil()));
    }

    fn exit(&mut self, id: &str, reason: ExitReason) {
        let pid = self.pid(self.at(id));
        self.input(Input::Exited { pid, reason: Arc::new(reason) });
    }

    fn command(&mut self, verb: Verb, child: &str, ticket: u64) {
        let child = SmolStr::new(child);
        self.input(Input::Command { ticket: Some(Ticket(ticket)), verb, child });
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.after(seconds * SECOND);
        self.input(Input::Tick);
    }

    fn state(&self, id: &str) -> &'static str {
        self.supervisor.status(self.at(id)).state.name()
    }

    fn reason(&self, id: &str) -> String {
        self.supervisor.status(self.at(id)).reason.unwrap_or_default()
    }

    /// The states of all children.
    fn states(&self) -> String {
        let children = self.supervisor.definitions().map(|it| self.state(&it.id));
        children.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn saw(&mut self, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut self.log), expected);
    }
}

#[test]
fn children_start_after_what_they_require_and_stop_before_it() {
    let children = vec![child("web", &[1, 2]), child("db", &[]), child("cache", &[1])];
    let mut world = World::new(Strategy::OneForOne, children);
    world.input(Input::Begin);
    world.saw(&["web waiting", "cache waiting", "db started"]);
    assert_eq!(world.reason("web"), "it requires db, which is starting");
    world.ready(1);
    world.saw(&["db running", "cache started"]);
    assert!(!world.supervisor.is_ready());
    world.ready(2);
    world.ready(0);
    world.saw(&["cache running", "web started", "web running"]);
    assert!(world.supervisor.is_ready());
    world.input(Input::Stop);
    world.saw(&["web stopping"]);
    world.end("web");
    world.saw(&["web exited", "web stopped", "cache stopping"]);
    world.end("cache");
    world.end("db");
    world.saw(&[
        "cache exited",
        "cache stopped",
        "db stopping",
        "db exited",
        "db stopped",
        "finish well",
    ]);
    assert_eq!(world.finished, Some(None));
}

#[test]
fn policies_say_who_is_started_again() {
    use RestartPolicy::{Permanent, Temporary, Transient};
    for (policy, crashes, expected) in [
        (Permanent, true, "backoff"),
        (Permanent, false, "backoff"),
        (Transient, true, "backoff"),
        (Transient, false, "exited"),
        (Temporary, true, "failed"),
        (Temporary, false, "exited"),
    ] {
        let one = with("one", &[], |restart| restart.policy = policy);
        let mut world = World::new(Strategy::OneForOne, vec![one]).up();
        if crashes {
            world.crash("one")
        } else {
            world.end("one")
        }
        assert_eq!(world.state("one"), expected, "{policy:?}, crashes: {crashes}");
    }
}

#[test]
fn delays_grow_until_it_is_stable_and_not_before() {
    let mut world = World::new(Strategy::OneForOne, vec![child("one", &[])]).up();
    for (runs_for, delay) in [(0, 1), (4, 2), (4, 4), (4, 8), (5, 1), (0, 2), (100, 1)] {
        world.pass(runs_for);
        world.crash("one");
        let until = world.supervisor.next_deadline().unwrap();
        assert_eq!(until, world.now.after(delay * SECOND), "after it ran for {runs_for} s");
        world.pass(delay);
        world.ready(0);
    }
    assert_eq!(world.supervisor.status(0).restarts, 7);
}

#[test]
fn the_time_between_start_and_ready_makes_nobody_stable() {
    let mut world = World::new(Strategy::OneForOne, vec![child("one", &[])]).up();
    world.crash("one");
    world.pass(1);
    world.pass(9);
    world.crash("one");
    assert_eq!(world.supervisor.status(0).attempts, 2);
}

#[test]
fn it_is_given_up_after_its_attempts() {
    let one = with("one", &[], |restart| restart.max_attempts = Some(2));
    let mut world = World::new(Strategy::OneForOne, vec![one, child("other", &[])]).up();
    for delay in [1, 2] {
        world.crash("one");
        world.pass(delay);
    }
    world.log.clear();
    world.crash("one");
    world.saw(&["one exited", "one failed"]);
    assert_eq!(world.reason("one"), "given up after 2 attempts in a row; error: boom");
    assert_eq!(world.states(), "failed running");
    world.command(Verb::Start, "one", 1);
    world.saw(&["one started"]);
    world.ready(0);
    world.saw(&["one running", "#1 ok"]);
    assert_eq!(world.supervisor.status(0).attempts, 0);
}

#[test]
fn who_is_not_ready_in_time_has_failed() {
    let mut world = World::new(Strategy::OneForOne, vec![child("slow", &[])]);
    world.input(Input::Begin);
    world.pass(10);
    world.saw(&["slow started", "slow not_ready", "terminate 1"]);
    world.exit("slow", ExitReason::failed(Failure::Terminated));
    world.saw(&["slow exited", "slow backoff"]);
    let expected = "attempt 1 follows; not_ready: it was not ready within 10s";
    assert_eq!(world.reason("slow"), expected);
}

#[test]
fn a_spawn_that_fails_is_a_failure() {
    let mut world = World::new(Strategy::OneForOne, vec![child("one", &[])]);
    world.refused.insert("one");
    world.input(Input::Begin);
    world.saw(&["one refused", "one backoff"]);
    assert_eq!(world.reason("one"), "attempt 1 follows; refused: name is taken");
    world.pass(1);
    assert_eq!(world.supervisor.status(0).attempts, 2);
    world.refused.clear();
    world.pass(2);
    world.ready(0);
    world.saw(&["one refused", "one backoff", "one started", "one running"]);
    assert_eq!(world.supervisor.status(0).attempts, 2, "it is not stable yet");
}

#[test]
fn who_does_not_end_when_asked_is_terminated() {
    let mut world = World::new(Strategy::OneForOne, vec![child("deaf", &[])]).up();
    world.input(Input::Stop);
    world.pass(4);
    world.saw(&["deaf stopping"]);
    world.pass(1);
    world.saw(&["deaf overdue", "terminate 1"]);
    world.exit("deaf", ExitReason::failed(Failure::Terminated));
    world.saw(&["deaf exited", "deaf stopped", "finish well"]);
}

#[test]
fn a_group_is_started_again_with_the_one_that_failed() {
    let children = || vec![child("a", &[]), child("b", &[0]), child("c", &[1]), child("d", &[])];
    for (strategy, asked, expected) in [
        (Strategy::OneForOne, &[][..], "running backoff running running"),
        (Strategy::RestForOne, &["d", "c"], "running backoff waiting waiting"),
        (Strategy::OneForAll, &["d", "c", "a"], "waiting backoff waiting waiting"),
    ] {
        let mut world = World::new(strategy, children()).up();
        world.crash("b");
        for id in asked {
            assert_eq!(world.state(id), "stopping", "{strategy:?} {id}");
            world.end(id);
        }
        assert_eq!(world.states(), expected, "{strategy:?}");
        world.pass(1);
        while let Some(at) = world.first(StateName::Starting) {
            world.ready(at);
        }
        assert_eq!(world.states(), "running running running running", "{strategy:?}");
        let restarted = (0..4).filter(|at| world.supervisor.status(*at).restarts == 1);
        assert_eq!(restarted.count(), 1 + asked.len(), "{strategy:?}");
    }
}

#[test]
fn a_group_waits_for_all_of_its_children_to_end() {
    let children = vec![child("a", &[]), child("b", &[])];
    let mut world = World::new(Strategy::OneForAll, children).up();
    world.crash("a");
    world.pass(2);
    assert_eq!(world.states(), "waiting stopping");
    assert_eq!(world.reason("a"), "its group is started again, since a has failed");
    world.pass(3);
    world.saw(&[
        "a exited",
        "a backoff",
        "! group_restart",
        "b stopping",
        "a waiting",
        "b overdue",
        "terminate 2",
    ]);
    world.exit("b", ExitReason::failed(Failure::Terminated));
    world.saw(&["b exited", "b waiting", "a started", "b started"]);
}

#[test]
fn who_fails_while_its_group_is_swept_adds_its_own_delay() {
    // b can't be asked to end before c has ended.
    let children = vec![child("a", &[]), child("b", &[]), child("c", &[1])];
    let mut world = World::new(Strategy::OneForAll, children).up();
    for delay in [1, 2] {
        world.crash("b");
        world.end("c");
        world.end("a");
        world.pass(delay);
        while let Some(at) = world.first(StateName::Starting) {
            world.ready(at);
        }
    }
    world.crash("a");
    assert_eq!(world.states(), "backoff running stopping");
    world.crash("b");
    world.end("c");
    assert_eq!(world.states(), "backoff backoff waiting");
    world.pass(1);
    assert_eq!(world.states(), "waiting backoff waiting", "b waits for 4 s");
    world.pass(3);
    assert_eq!(world.states(), "starting starting waiting");
}

#[test]
fn a_partial_success_of_a_group_resets_nothing() {
    let children = vec![child("a", &[]), child("b", &[0])];
    let mut world = World::new(Strategy::OneForAll, children).up();
    for attempt in 1..=4 {
        world.crash("b");
        world.end("a");
        assert_eq!(world.supervisor.status(1).attempts, attempt);
        world.pass(1 << (attempt - 1));
        // a is up again, b has only begun.
        world.ready(0);
        assert_eq!(world.states(), "running starting");
    }
}

#[test]
fn a_supervisor_gives_up_above_its_intensity() {
    let intensity = Some(Intensity { restarts: 2, within_ns: 5 * SECOND });
    let fast = |id| with(id, &[], |restart| restart.initial_delay_ns = 0);
    let children = vec![fast("a"), child("b", &[])];
    let mut world = World::bearing(Strategy::OneForOne, intensity, children).up();
    for pause in [0, 4, 1] {
        world.pass(pause);
        world.crash("a");
        world.pass(0);
        world.ready(0);
        assert_eq!(world.states(), "running running");
    }
    world.log.clear();
    world.crash("a");
    world.pass(0);
    world.saw(&["a exited", "a backoff", "! gave_up", "b stopping", "a stopped"]);
    world.command(Verb::Start, "a", 1);
    world.end("b");
    world.saw(&["#1 Unavailable", "b exited", "b stopped", "finish failed"]);
    let error = world.finished.unwrap().unwrap();
    let expected = "app:tree gave up: more than 2 restarts within 5s; the last to fail was a: \
                    error: boom";
    assert_eq!(error.message, expected);
}

#[test]
fn a_group_that_can_not_be_whole_makes_its_supervisor_give_up() {
    let a = with("a", &[], |restart| restart.max_attempts = Some(0));
    let mut world = World::new(Strategy::OneForAll, vec![a, child("b", &[])]).up();
    world.crash("a");
    world.saw(&["a exited", "a failed", "! gave_up", "b stopping"]);
    world.end("b");
    assert!(world.finished.unwrap().unwrap().message.contains("given up after 0 attempts"));
}

#[test]
fn a_stop_takes_down_what_requires_it_and_a_start_brings_it_back() {
    let mut world =
        World::new(Strategy::OneForOne, vec![child("db", &[]), child("web", &[0])]).up();
    world.command(Verb::Stop, "db", 1);
    world.saw(&["web stopping"]);
    world.end("web");
    world.saw(&["web exited", "db stopping", "web waiting"]);
    assert_eq!(world.reason("web"), "it requires db, which is stopping");
    world.end("db");
    world.saw(&["db exited", "db stopped", "#1 ok"]);
    world.command(Verb::Start, "web", 2);
    world.saw(&["db started"]);
    world.ready(0);
    world.ready(1);
    world.saw(&["db running", "web started", "web running", "#2 ok"]);
}

#[test]
fn a_restart_touches_nobody_else() {
    let mut world =
        World::new(Strategy::OneForAll, vec![child("db", &[]), child("web", &[0])]).up();
    world.command(Verb::Restart, "db", 1);
    world.saw(&["db stopping"]);
    world.crash("db");
    world.saw(&["db exited", "db started"]);
    world.ready(0);
    world.saw(&["db running", "#1 ok"]);
    assert_eq!(world.states(), "running running");
    assert_eq!(world.supervisor.status(0).restarts, 1);
}

#[test]
fn commands_that_cross() {
    let mut world = World::new(Strategy::OneForOne, vec![child("one", &[])]).up();
    world.command(Verb::Stop, "one", 1);
    world.command(Verb::Start, "one", 2);
    world.saw(&["one stopping", "#1 Conflict"]);
    world.end("one");
    world.saw(&["one exited", "one started"]);
    world.command(Verb::Stop, "one", 3);
    world.saw(&["one stopping"]);
    world.end("one");
    world.saw(&["one exited", "one stopped", "#2 Canceled", "#3 ok"]);
    world.command(Verb::Stop, "one", 4);
    world.command(Verb::Start, "nobody", 5);
    world.saw(&["#4 ok", "#5 NotFound"]);
    world.command(Verb::Restart, "one", 6);
    world.crash("one");
    world.saw(&["one started", "one exited", "one backoff", "#6 Unavailable"]);
    world.command(Verb::Start, "one", 7);
    world.saw(&["one started"]);
    world.input(Input::Stop);
    world.command(Verb::Start, "one", 8);
    world.saw(&["one stopping", "#8 Unavailable"]);
    world.end("one");
    world.saw(&["one exited", "one stopped", "#7 Canceled", "finish well"]);
}

#[test]
fn a_stop_is_undone_by_the_start_of_one_that_requires_it() {
    let mut world =
        World::new(Strategy::OneForOne, vec![child("db", &[]), child("web", &[0])]).up();
    world.command(Verb::Stop, "db", 1);
    world.command(Verb::Start, "web", 2);
    world.saw(&["web stopping", "#1 Conflict"]);
    world.end("web");
    world.ready(1);
    world.saw(&["web exited", "web started", "web running", "#2 ok"]);
}

#[test]
fn those_who_wait_are_limited() {
    let mut world = World::new(Strategy::OneForOne, vec![child("one", &[])]);
    world.input(Input::Begin);
    for ticket in 0..=WAITERS_MAX as u64 {
        world.command(Verb::Start, "one", ticket);
    }
    world.saw(&["one started", "#100 RateLimited"]);
    world.ready(0);
    assert_eq!(world.log.iter().filter(|line| line.ends_with("ok")).count(), WAITERS_MAX);
}

#[test]
fn who_does_not_start_by_itself_starts_when_it_is_required() {
    let lazy =
        |id, requires: &[usize]| ChildDefinition { auto_start: false, ..child(id, requires) };
    let children = vec![lazy("a", &[]), lazy("b", &[]), child("c", &[1]), lazy("d", &[0])];
    let mut world = World::new(Strategy::OneForOne, children);
    world.input(Input::Begin);
    assert_eq!(world.states(), "stopped starting waiting stopped");
    assert_eq!(world.reason("a"), "it does not start by itself");
    world.ready(1);
    world.ready(2);
    assert!(world.supervisor.is_ready(), "nobody else is wanted");
}

#[test]
fn one_that_has_done_its_work_is_as_good_as_running() {
    let setup = with("setup", &[], |restart| restart.policy = RestartPolicy::Transient);
    let mut world = World::new(Strategy::OneForOne, vec![setup, child("web", &[0])]);
    world.input(Input::Begin);
    world.end("setup");
    world.saw(&["setup started", "web waiting", "setup exited", "setup completed", "web started"]);
    world.ready(1);
    assert!(world.supervisor.is_ready());
}

#[test]
fn what_is_done_is_held_with_what_it_required() {
    let setup = with("setup", &[0], |restart| restart.policy = RestartPolicy::Transient);
    let children = vec![child("db", &[]), setup, child("web", &[1])];
    let mut world = World::new(Strategy::OneForOne, children).up();
    world.end("setup");
    world.command(Verb::Stop, "db", 1);
    world.end("web");
    world.end("db");
    assert_eq!(world.states(), "stopped exited waiting");
    assert_eq!(world.reason("web"), "it requires setup, which requires db, which is stopped");
}

#[test]
fn a_process_that_nobody_asked_for_does_not_stay() {
    let mut world = World::new(Strategy::OneForOne, vec![child("one", &[])]).up();
    let stray = Pid { host: 0, shard: 0, epoch: 1, slot: 99, generation: 0 };
    world.input(Input::Spawned { child: 0, pid: stray });
    world.input(Input::Spawned { child: 7, pid: stray });
    world.input(Input::Ready { pid: stray });
    world.saw(&["terminate 99"]);
    assert_eq!(world.state("one"), "running");
}

#[test]
fn temporary_children_are_not_started_again_with_their_group() {
    let b = with("b", &[], |restart| restart.policy = RestartPolicy::Temporary);
    let c = with("c", &[], |restart| restart.policy = RestartPolicy::Transient);
    let mut world = World::new(Strategy::OneForAll, vec![child("a", &[]), b, c]).up();
    world.end("c");
    world.crash("a");
    world.end("b");
    world.pass(1);
    assert_eq!(world.states(), "starting stopped starting");
}

#[test]
fn one_that_is_stopped_while_it_waits_for_its_attempt_stays_down() {
    let mut world = World::new(Strategy::OneForAll, vec![child("a", &[]), child("b", &[])]).up();
    world.crash("a");
    world.command(Verb::Stop, "a", 1);
    world.end("b");
    world.pass(1);
    assert_eq!(world.states(), "stopped starting");
}
