//! Pools by hand: every input is given, every action is looked at.

mod durable;
mod pace;

use super::*;
use procession_types::definition::{Lifecycle, Monitoring, PoolSize, Recovery, Restart};
use procession_types::{ErrorKind, ExitReason, Failure, Fragment, Limit, Message};
use std::sync::Arc;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

fn definition(least: u32, most: u32) -> Definition {
    Definition {
        id: "app:pool".into(),
        program: "app:worker".into(),
        host: "app:processes".into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: least, max_size: most, idle_timeout_ns: 60 * S },
        queue_max: 100,
        monitoring: Monitoring {
            health_check_interval_ns: 30 * S,
            health_check_timeout_ns: 5 * S,
            ..Monitoring::default()
        },
        recovery: Recovery { restart_delay_ns: 10 * S, ..Recovery::default() },
        lifecycle: Lifecycle {
            restart: Restart { jitter: 0.0, ..Restart::default() },
            ..Lifecycle::default()
        },
    }
}

/// A pool with its mailbox; members are numbered in the order in which they were started.
struct World {
    pool: Pool,
    now: Timestamp,
    mailbox: VecDeque<Message>,
    started: u32,
    /// Spawns that will be refused.
    refusals: VecDeque<Error>,
    /// Messages that members were handed.
    handed: BTreeMap<u32, u64>,
    /// Members that are paused.
    paused: Vec<u32>,
    /// Members that do not answer checks.
    hanging: Vec<u32>,
    /// What was asked for besides spawns, in words.
    seen: Vec<String>,
    finished: Option<Result<(), Error>>,
}

impl World {
    fn new(definition: Definition) -> Self {
        let mut world = Self::unstarted(definition);
        world.input(Input::Start);
        world
    }

    fn unstarted(definition: Definition) -> Self {
        Self {
            pool: Pool::new(definition),
            now: Timestamp(1_000 * S as i64),
            mailbox: VecDeque::new(),
            started: 0,
            refusals: VecDeque::new(),
            handed: BTreeMap::new(),
            paused: Vec::new(),
            hanging: Vec::new(),
            seen: Vec::new(),
            finished: None,
        }
    }

    /// A pool whose members are all idle.
    fn ready(least: u32, most: u32) -> Self {
        let mut world = Self::new(definition(least, most));
        (1..=least).for_each(|number| world.idle(number));
        world.seen.clear();
        world
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, waiting: self.mailbox.len() as u32, queued: 0, random: 1 << 63 }
    }

    fn input(&mut self, input: Input) {
        let mut actions = Actions::new();
        self.pool.handle(self.moment(), input, &mut actions);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, mut actions: Actions) {
        loop {
            while let Some(action) = actions.pop() {
                self.act(action, &mut actions);
            }
            if !self.pool.wants_work() {
                return;
            }
            let Some(message) = self.mailbox.pop_front() else { return };
            self.pool.handle(self.moment(), Input::Work(message), &mut actions);
        }
    }

    fn act(&mut self, action: Action, actions: &mut Actions) {
        assert!(self.finished.is_none(), "{action:?} after the end");
        let seen = match action {
            Action::Spawn { member } => {
                let input = match self.refusals.pop_front() {
                    Some(error) => Input::Refused { member, error },
                    None => {
                        self.started += 1;
                        Input::Spawned { member, pid: pid(self.started) }
                    }
                };
                return self.pool.handle(self.moment(), input, actions);
            }
            Action::AskIdle { .. } => return,
            Action::Hand { pid, message, .. } if self.paused.contains(&pid.slot) => {
                self.seen.push(format!("hand {} to {}", message.topic, pid.slot));
                let error = Error::new(ErrorKind::Conflict, "the process is paused");
                let input = Input::NotHanded { pid, error };
                return self.pool.handle(self.moment(), input, actions);
            }
            Action::Hand { pid, message, .. } => {
                *self.handed.entry(pid.slot).or_default() += 1;
                format!("hand {} to {}", message.topic, pid.slot)
            }
            Action::Check { pid } if self.hanging.contains(&pid.slot) => {
                format!("check {}", pid.slot)
            }
            Action::Check { pid } => {
                return self.pool.handle(self.moment(), Input::WaitPoint { pid }, actions);
            }
            Action::Done { pid, queued } => format!("{} has done {queued}", pid.slot),
            Action::Cancel { pid, .. } => format!("cancel {}", pid.slot),
            Action::Rest { pid } => format!("rest {}", pid.slot),
            Action::Terminate { pid } => format!("terminate {}", pid.slot),
            Action::DeadLetter(dead) => {
                format!("dead {} after {}: {}", dead.message.topic, dead.attempts, dead.error)
            }
            Action::Report(report) => format!("report {}", report.kind()),
            Action::Finish(result) => {
                self.finished = Some(result);
                return;
            }
        };
        self.seen.push(seen);
    }

    fn send(&mut self, topic: &str) {
        self.mailbox.push_back(Message { topic: topic.into(), ..message() });
        // What a driver does when its mailbox has something.
        if self.pool.wants_work() {
            self.carry_out(Actions::new());
        } else {
            self.input(Input::Tick);
        }
    }

    fn idle(&mut self, number: u32) {
        let taken = self.handed.get(&number).copied().unwrap_or_default();
        self.input(Input::Idle { pid: pid(number), taken });
    }

    /// It has taken all that it was handed.
    fn took_all(&mut self, number: u32) {
        let count = self.handed.get(&number).copied().unwrap_or_default();
        self.input(Input::Took { pid: pid(number), count });
    }

    fn ends(&mut self, number: u32) {
        self.took_all(number);
        let reason = Arc::new(ExitReason::Normal(Fragment::nil()));
        self.input(Input::Ended { pid: pid(number), reason });
    }

    fn fails(&mut self, number: u32) {
        self.took_all(number);
        let failure = Failure::Error(Error::new(ErrorKind::Internal, "crash"));
        let reason = Arc::new(ExitReason::failed(failure));
        self.input(Input::Ended { pid: pid(number), reason });
    }

    /// Lets time pass; the pool looks whenever it wants to.
    fn pass(&mut self, nanoseconds: u64) {
        let end = self.now.after(nanoseconds);
        while let Some(at) = self.pool.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Tick);
        }
        self.now = end;
    }

    fn take_seen(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen)
    }

    fn size(&self) -> u32 {
        self.pool.status(0).size
    }
}

fn message() -> Message {
    Message { topic: "m".into(), from: None, payload: Fragment::nil() }
}

fn pid(number: u32) -> Pid {
    Pid { host: 0, shard: 0, epoch: 1, slot: number, generation: 0 }
}

#[test]
fn it_starts_the_least_and_hands_messages_to_who_is_idle_in_their_order() {
    let mut world = World::new(definition(2, 4));
    assert_eq!(world.started, 2);
    world.send("a");
    assert!(world.take_seen().is_empty(), "nobody waits for messages yet");
    world.idle(1);
    world.idle(2);
    world.send("b");
    world.send("c");
    assert_eq!(world.take_seen(), ["hand a to 1", "hand b to 2"]);
    world.idle(2);
    assert_eq!(world.take_seen(), ["hand c to 2"]);
    world.idle(1);
    world.idle(2);
    assert_eq!((world.pool.counts().handed, world.pool.counts().done), (3, 3));
}

#[test]
fn work_that_waits_for_a_moment_brings_nobody_and_work_that_waits_longer_does() {
    let mut world = World::ready(1, 8);
    (0..6).for_each(|_| world.send("m"));
    world.pass(GROW_AFTER_NS - 1);
    assert_eq!(world.size(), 1);
    world.pass(1);
    assert_eq!(world.size(), 2);
    world.pass(GROW_AFTER_NS);
    assert_eq!(world.size(), 4);
    // As many as there are messages, not more: five wait, and three are starting.
    world.pass(GROW_AFTER_NS);
    assert_eq!(world.size(), 6);
    world.pass(100 * GROW_AFTER_NS);
    assert_eq!(world.size(), 6);
    assert_eq!(world.pool.counts().grown, 5);
}

#[test]
fn it_never_grows_above_the_most_and_says_why() {
    let mut world = World::ready(1, 2);
    (0..9).for_each(|_| world.send("m"));
    world.pass(S);
    world.idle(2);
    world.pass(S);
    assert_eq!(world.size(), 2);
    let status = world.pool.status(7);
    assert_eq!(status.stall, Some(Stall::AtMost { most: 2 }));
    assert_eq!((status.members.busy, status.waiting), (2, 7));
}

#[test]
fn members_that_nobody_needs_end_after_the_idle_timeout_those_idle_for_longest_first() {
    let mut world = World::ready(1, 3);
    (0..3).for_each(|_| world.send("m"));
    world.pass(10 * MS);
    world.idle(2);
    world.idle(3);
    assert_eq!(world.size(), 3);
    (1..=3).for_each(|number| world.idle(number));
    world.take_seen();
    world.pass(59 * S);
    assert_eq!(world.size(), 3);
    world.pass(S);
    assert_eq!(world.size(), 1);
    let seen = world.take_seen();
    let ended: Vec<_> = seen.iter().filter(|it| it.starts_with("cancel")).collect();
    assert_eq!(ended, ["cancel 1", "cancel 2"]);
    // They do not listen to CANCEL: they come to wait for the next message.
    world.idle(1);
    assert_eq!(world.take_seen(), ["terminate 1"]);
    world.ends(1);
    world.ends(2);
    world.send("m");
    assert_eq!(world.take_seen(), ["hand m to 3"]);
    assert_eq!(world.pool.counts().failures, 0);
}

#[test]
fn what_a_failed_member_had_goes_to_another_first() {
    let mut world = World::ready(2, 2);
    world.send("a");
    world.send("b");
    world.send("c");
    world.take_seen();
    world.fails(1);
    assert_eq!(world.take_seen(), ["report member_failed"]);
    world.idle(2);
    assert_eq!(world.take_seen(), ["hand b to 2"], "b was in the hands of 1, which was idle last");
    assert_eq!(world.pool.counts().redelivered, 1);
    world.idle(2);
    assert_eq!(world.take_seen(), ["hand c to 2"]);
}

#[test]
fn a_message_that_no_member_can_do_is_a_dead_letter_and_the_pool_lives() {
    let mut world = World::ready(1, 1);
    world.send("poison");
    for number in 1..=4 {
        world.fails(number);
        assert!(world.finished.is_none(), "one message does not end a pool");
        world.pass(10 * S);
        world.idle(number + 1);
    }
    let dead: Vec<_> = world.take_seen().into_iter().filter(|it| it.starts_with("dead")).collect();
    assert_eq!(dead, ["dead poison after 4: crash"]);
    assert_eq!(world.pool.counts().restarts, 4);
    world.send("good");
    world.idle(5);
    assert_eq!(world.pool.counts().done, 1);
}

#[test]
fn a_program_that_can_do_nothing_ends_the_pool_and_delays_grow() {
    let mut world = World::new(definition(1, 1));
    world.send("m");
    for (number, delay) in [(1, 10), (2, 20), (3, 40)] {
        world.fails(number);
        world.pass(delay * S - 1);
        assert_eq!(world.started, number, "it waits {delay} s");
        world.pass(1);
        assert_eq!(world.started, number + 1);
    }
    world.fails(4);
    let error = world.finished.unwrap().unwrap_err();
    assert_eq!(error.message, "pool app:pool failed after 4 failures in a row: crash");
    assert!(world.seen.contains(&"report failed".to_owned()));
    assert!(world.seen.iter().any(|it| it.starts_with("dead m after 0: pool app:pool failed")));
}

#[test]
fn a_message_that_was_done_ends_a_row_of_failures() {
    let mut world = World::ready(1, 1);
    for number in 1..20 {
        world.send("good");
        world.idle(number);
        world.send("bad");
        world.fails(number);
        world.pass(10 * S);
        world.idle(number + 1);
        world.idle(number + 1);
    }
    assert!(world.finished.is_none());
    assert_eq!(world.pool.counts().failures, 19);
}

#[test]
fn a_member_that_was_not_reached_has_not_tried() {
    let mut world = World::ready(2, 2);
    for (number, count) in [(2, None), (1, Some(0))] {
        world.send("m");
        if let Some(count) = count {
            world.input(Input::Took { pid: pid(number), count });
        }
        let reason = Arc::new(ExitReason::Normal(Fragment::nil()));
        world.input(Input::Ended { pid: pid(number), reason });
        world.idle(number + 2);
        assert_eq!(world.pool.counts().redelivered, 0);
    }
    assert!(world.take_seen().contains(&"hand m to 1".to_owned()));
    assert_eq!(world.pool.counts().failures, 0);
}

#[test]
fn an_answer_from_before_the_last_message_means_nothing() {
    let mut world = World::ready(1, 1);
    world.send("a");
    world.idle(1);
    world.send("b");
    world.input(Input::Idle { pid: pid(1), taken: 1 });
    assert_eq!(world.pool.counts().done, 1, "that was about a");
    world.fails(1);
    world.pass(10 * S);
    world.take_seen();
    world.idle(2);
    assert_eq!(world.take_seen(), ["hand b to 2"]);
}

#[test]
fn a_member_may_do_its_last_message_and_end() {
    let mut world = World::ready(1, 1);
    world.send("m");
    world.ends(1);
    assert_eq!((world.pool.counts().done, world.pool.counts().failures), (1, 0));
    assert_eq!(world.started, 2, "a fresh one takes its place at once");
    world.ends(2);
    assert_eq!(world.pool.counts().failures, 1, "one that has done nothing has failed");
}

#[test]
fn who_does_not_come_to_a_wait_point_is_ended_and_its_message_goes_on() {
    let mut world = World::ready(2, 2);
    world.hanging.push(2);
    world.send("m");
    world.take_seen();
    world.pass(30 * S);
    assert_eq!(world.take_seen(), ["check 2"]);
    world.pass(5 * S);
    assert_eq!(world.take_seen(), ["report unhealthy", "terminate 2"]);
    world.fails(2);
    assert_eq!(world.take_seen(), ["report member_failed", "hand m to 1"]);
    assert_eq!(world.pool.counts().unhealthy, 1);
    let errors = world.pool.status(0).errors;
    assert_eq!(errors[0].error.message, "the member did not come to a wait point in 5 s");
}

#[test]
fn a_paused_member_is_not_unhealthy() {
    let mut world = World::ready(1, 1);
    world.hanging.push(1);
    world.send("m");
    world.pass(30 * S);
    let is_paused = true;
    let (memory_bytes, memory_bytes_max) = (1, 100);
    let pid = pid(1);
    world.input(Input::Measured { pid, memory_bytes, memory_bytes_max, is_paused });
    world.pass(29 * S);
    assert_eq!(world.pool.counts().unhealthy, 0);
}

#[test]
fn what_a_paused_member_would_have_got_goes_to_another() {
    let mut world = World::ready(2, 2);
    world.paused.push(2);
    world.send("m");
    assert_eq!(world.take_seen(), ["hand m to 2", "hand m to 1"]);
    assert_eq!((world.pool.counts().handed, world.pool.counts().redelivered), (1, 0));
    assert_eq!((world.pool.members().paused, world.size()), (1, 2));
    world.pass(200 * S);
    assert_eq!(world.pool.counts().unhealthy, 0);
    world.paused.clear();
    world.idle(2);
    world.send("n");
    assert_eq!(world.take_seen(), ["hand n to 2"]);
}

#[test]
fn a_member_that_hangs_after_it_was_paused_is_found() {
    let mut world = World::ready(2, 2);
    world.paused.push(2);
    world.send("m");
    world.idle(1);
    world.hanging.push(2);
    world.take_seen();
    world.pass(35 * S);
    assert_eq!(world.take_seen(), ["check 2", "report unhealthy", "terminate 2"]);
}

#[test]
fn a_member_that_holds_memory_while_idle_is_replaced_without_delay() {
    let mut world = World::ready(1, 1);
    world.pass(30 * S);
    let measured = |memory_bytes| {
        let (pid, memory_bytes_max, is_paused) = (pid(1), 100, false);
        Input::Measured { pid, memory_bytes, memory_bytes_max, is_paused }
    };
    world.input(measured(25));
    assert!(world.take_seen().is_empty());
    world.input(measured(26));
    assert_eq!(world.take_seen(), ["report reclaimed", "cancel 1"]);
    world.ends(1);
    assert_eq!((world.started, world.pool.counts().reclaimed_bytes), (2, 26));
    assert_eq!(world.pool.counts().failures, 0);
}

#[test]
fn a_member_that_does_not_start_in_time_has_failed() {
    let mut world = World::new(definition(1, 1));
    world.pass(10 * S);
    assert_eq!(world.take_seen(), ["report unhealthy", "terminate 1"]);
    world.fails(1);
    world.pass(10 * S);
    assert_eq!(world.started, 2);
}

#[test]
fn a_full_host_stops_growth_for_a_while_and_never_the_pool() {
    let mut world = World::ready(1, 4);
    let full = || Error::limit(Limit::Processes, "host app:processes runs 1 processes");
    world.refusals.extend([full(), full()]);
    (0..4).for_each(|_| world.send("m"));
    world.pass(GROW_AFTER_NS);
    let stall = world.pool.status(3).stall.unwrap().to_string();
    assert_eq!(stall, "a member could not be started: host app:processes runs 1 processes");
    assert!(world.take_seen().contains(&"report scale_refused".to_owned()));
    world.pass(10 * S);
    world.pass(10 * S);
    assert_eq!((world.started, world.pool.counts().refused), (2, 2));
    assert!(world.finished.is_none());
}

#[test]
fn a_program_that_does_not_load_ends_the_pool() {
    let mut world = World::ready(0, 4);
    let broken = || Error::invalid("worker.lua:1: unexpected symbol");
    world.refusals.extend([broken(), broken(), broken(), broken()]);
    world
        .pool
        .scale(world.moment(), Scale { min_size: Some(1), ..Scale::default() }, &mut Actions::new())
        .unwrap();
    world.pass(200 * S);
    let error = world.finished.unwrap().unwrap_err();
    assert!(error.message.ends_with("4 failures in a row: worker.lua:1: unexpected symbol"));
}

#[test]
fn the_size_can_be_set_and_given_back_to_the_load() {
    let mut world = World::ready(2, 8);
    let scale = |world: &mut World, scale: Scale| {
        let mut actions = Actions::new();
        let done = world.pool.scale(world.moment(), scale, &mut actions);
        world.carry_out(actions);
        world.pass(0);
        done
    };
    scale(&mut world, Scale { size: Some(Some(5)), ..Scale::default() }).unwrap();
    assert_eq!((world.size(), world.started), (5, 5));
    (3..=5).for_each(|number| world.idle(number));
    world.pass(1000 * S);
    assert_eq!(world.size(), 5, "idle or not");
    for error in [
        scale(&mut world, Scale { size: Some(Some(9)), ..Scale::default() }),
        scale(&mut world, Scale { min_size: Some(9), ..Scale::default() }),
        scale(&mut world, Scale { max_size: Some(0), ..Scale::default() }),
    ] {
        assert_eq!(error.unwrap_err().kind, ErrorKind::Invalid);
    }
    world.send("m");
    world.take_seen();
    scale(&mut world, Scale { size: Some(Some(2)), ..Scale::default() }).unwrap();
    assert_eq!(world.take_seen(), ["cancel 1", "cancel 2", "cancel 3", "report shrunk"]);
    scale(&mut world, Scale { size: Some(None), max_size: Some(2), ..Scale::default() }).unwrap();
    assert_eq!((world.size(), world.pool.definition().size.max_size), (2, 2));
}

#[test]
fn busy_members_that_are_too_many_end_after_their_message() {
    let mut world = World::ready(2, 2);
    world.send("a");
    world.send("b");
    world.take_seen();
    let scale = Scale { min_size: Some(1), size: Some(Some(1)), ..Scale::default() };
    let mut actions = Actions::new();
    world.pool.scale(world.moment(), scale, &mut actions).unwrap();
    world.carry_out(actions);
    assert_eq!(world.take_seen(), ["report shrunk"]);
    world.idle(1);
    assert_eq!(world.take_seen(), ["cancel 1"]);
    world.idle(2);
    world.send("c");
    assert_eq!(world.take_seen(), ["hand c to 2"]);
}

#[test]
fn it_does_what_waits_before_it_stops() {
    let mut world = World::ready(1, 1);
    (0..3).for_each(|_| world.send("m"));
    world.input(Input::Stop { deadline: Some(world.now.after(8 * S)) });
    world.idle(1);
    world.idle(1);
    assert!(world.finished.is_none());
    world.idle(1);
    assert_eq!(world.take_seen(), ["hand m to 1", "hand m to 1", "hand m to 1", "cancel 1"]);
    world.ends(1);
    assert_eq!(world.finished, Some(Ok(())));
}

#[test]
fn what_is_not_done_when_it_must_stop_is_a_dead_letter() {
    let mut world = World::ready(1, 1);
    (0..3).for_each(|_| world.send("m"));
    world.input(Input::Stop { deadline: Some(world.now.after(8 * S)) });
    world.take_seen();
    world.pass(6 * S);
    let dead = "dead m after 0: the pool was stopped before its turn came";
    assert_eq!(world.take_seen(), [dead, dead]);
    world.fails(1);
    let seen = world.take_seen();
    assert!(seen.contains(&"dead m after 1: crash".to_owned()));
    // However many there are, they are told of once.
    assert_eq!(seen.last().unwrap(), "report abandoned");
    assert!(!seen.contains(&"report dead_letter".to_owned()));
    assert_eq!(world.finished, Some(Ok(())));
}

fn redefine(world: &mut World, least: u32, most: u32) {
    let mut actions = Actions::new();
    let changed =
        Definition { queue_max: 7, program: "app:other".into(), ..definition(least, most) };
    world.pool.redefine(world.moment(), changed, &mut actions);
    world.carry_out(actions);
    world.input(Input::Tick);
}

fn retire(world: &mut World, which: Option<&[Pid]>) {
    let mut actions = Actions::new();
    world.pool.retire(world.moment(), which, &mut actions);
    world.carry_out(actions);
    world.input(Input::Tick);
}

#[test]
fn other_bounds_hold_at_once_and_members_stay() {
    let mut world = World::ready(2, 2);
    redefine(&mut world, 3, 4);
    assert_eq!(world.pool.members().starting, 1);
    world.idle(3);
    let status = world.pool.status(0);
    assert_eq!((status.size, status.bounds, status.waiting_max), (3, (3, 4), 7));
    assert_eq!(world.pool.definition().program, "app:other");
    // A size that somebody has set stays while it is within the bounds.
    let scale = Scale { size: Some(Some(3)), ..Scale::default() };
    let mut actions = Actions::new();
    world.pool.scale(world.moment(), scale, &mut actions).unwrap();
    redefine(&mut world, 1, 3);
    assert_eq!(world.pool.status(0).pinned, Some(3));
    world.take_seen();
    redefine(&mut world, 1, 1);
    assert_eq!(world.pool.status(0).pinned, None);
    assert_eq!(world.take_seen(), ["cancel 1", "cancel 2", "report shrunk"]);
}

#[test]
fn members_that_make_room_do_what_they_have_and_others_take_their_places() {
    let mut world = World::ready(2, 2);
    world.send("a");
    world.take_seen();
    retire(&mut world, None);
    assert_eq!(world.take_seen(), ["cancel 1"]);
    world.send("b");
    assert_eq!(world.take_seen(), Vec::<String>::new());
    world.ends(1);
    assert_eq!(world.pool.members().starting, 1);
    world.idle(3);
    assert_eq!(world.take_seen(), ["hand b to 3"]);
    world.idle(2);
    assert_eq!(world.take_seen(), ["cancel 2"]);
    world.ends(2);
    assert_eq!(world.pool.members().starting, 1);
    assert_eq!(world.pool.counts().dead_letters, 0);
    // One of them, and one that is none of its members.
    world.idle(4);
    retire(&mut world, Some(&[pid(4), pid(77)]));
    assert_eq!(world.take_seen(), ["cancel 4"]);
}

#[test]
fn without_restarts_it_shrinks_and_fails_with_the_last() {
    let mut definition = definition(2, 2);
    definition.recovery.auto_restart = false;
    let mut world = World::new(definition);
    world.idle(1);
    world.idle(2);
    world.fails(1);
    world.pass(100 * S);
    assert_eq!((world.size(), world.started), (1, 2));
    world.fails(2);
    assert!(world.finished.unwrap().is_err());
}

#[test]
fn a_message_that_fits_into_no_mailbox_is_tried_as_often_as_any_other() {
    let mut world = World::ready(1, 1);
    world.mailbox.push_back(message());
    world.carry_out(Actions::new());
    for _ in 0..4 {
        let error = Error::limit(Limit::Mailbox, "mailbox is full");
        world.input(Input::NotHanded { pid: pid(1), error });
    }
    assert_eq!(world.take_seen().last().unwrap(), "dead m after 4: mailbox is full");
    assert_eq!(world.pool.members().idle, 1);
}
