//! Paused processes stand still, keep what comes for them, and can be ended.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use world::{PLAIN, World};

impl World {
    /// Asked for on a shard, and carried.
    fn pause(&mut self, shard: u16, pid: Pid) {
        self.on(shard, |kernel, cx| kernel.pause(cx, pid)).unwrap();
        self.carry();
    }

    fn resume(&mut self, shard: u16, pid: Pid) {
        self.on(shard, |kernel, cx| kernel.resume(cx, pid)).unwrap();
        self.carry();
    }

    fn state(&mut self, pid: Pid) -> State {
        let place = self.place(pid);
        self.on(place, |kernel, cx| kernel.info(cx, pid)).unwrap().state
    }

    fn pass(&mut self, nanoseconds: u64) {
        self.now = self.now.after(nanoseconds);
        for shard in 0..self.kernels.len() as u16 {
            self.on(shard, |kernel, cx| kernel.tick(cx));
        }
    }

    fn turn(&mut self, shard: u16) -> Option<Run> {
        self.kernels[usize::from(shard)].next_ready(self.now)
    }

    fn paused(&self) -> usize {
        self.kernels.iter().map(|kernel| kernel.load().paused).sum()
    }
}

#[test]
fn it_gets_no_turns_and_goes_on_where_it_was() {
    let mut world = World::new(2);
    let a = world.waiting(0);
    // Waiting, from its own shard and from another.
    for shard in [0, 1] {
        world.pause(shard, a);
        assert_eq!((world.state(a), world.paused()), (State::Paused, 1));
        assert!(world.turn(0).is_none());
        world.resume(shard, a);
        assert_eq!((world.state(a), world.paused()), (State::Waiting, 0));
        assert!(world.turn(0).is_none());
    }
    // Ready: its old place in the queue is of no use to it, and it has one place when it is resumed.
    world.send(a, a, "x").unwrap();
    for _ in 0..3 {
        world.pause(0, a);
        assert!(world.turn(0).is_none());
        world.resume(0, a);
        world.pause(0, a);
        world.resume(0, a);
    }
    let run = world.turn(0).unwrap();
    assert!(run.pid == a && world.turn(0).is_none());
    // Running: at the end of the turn, however it ends.
    for end in [TurnEnd::Waiting, TurnEnd::Preempted] {
        world.pause(0, a);
        assert_eq!((world.state(a), world.paused()), (State::Running, 0));
        let ready = matches!(end, TurnEnd::Preempted);
        world.on(0, |kernel, cx| kernel.end_turn(cx, a.slot, 1, end));
        assert_eq!((world.state(a), world.paused()), (State::Paused, 1));
        assert!(world.turn(0).is_none());
        world.resume(0, a);
        assert_eq!(world.state(a), if ready { State::Ready } else { State::Waiting });
        if !ready {
            world.send(a, a, "y").unwrap();
        }
        assert_eq!(world.turn(0).map(|run| run.pid), Some(a));
    }
    // Taken back before the turn is over.
    world.pause(0, a);
    world.resume(0, a);
    world.on(0, |kernel, cx| kernel.end_turn(cx, a.slot, 1, TurnEnd::Waiting));
    assert_eq!(world.state(a), State::Waiting);
    let counts = world.kernels[0].counts();
    assert_eq!((counts.pauses, counts.resumes), (10, 10));
}

#[test]
fn twice_is_once_and_the_dead_are_not_found() {
    let mut world = World::new(2);
    let a = world.waiting(0);
    world.resume(0, a);
    assert_eq!(world.state(a), State::Waiting);
    world.pause(0, a);
    world.pause(1, a);
    assert_eq!(world.paused(), 1);
    world.resume(0, a);
    world.resume(1, a);
    assert_eq!((world.state(a), world.paused()), (State::Waiting, 0));
    let counts = world.kernels[0].counts();
    assert_eq!((counts.pauses, counts.resumes), (1, 1));
    world.crash(a);
    for shard in [0, 1] {
        let refused = [
            world.on(shard, |kernel, cx| kernel.pause(cx, a)),
            world.on(shard, |kernel, cx| kernel.resume(cx, a)),
        ];
        for result in refused {
            assert_eq!(result.unwrap_err().kind, ErrorKind::NotFound);
        }
    }
}

#[test]
fn one_that_is_being_started_stands_still_before_its_first_turn() {
    let mut world = World::new(1);
    let Spawned::New { slot, pid, .. } = world.embryo(None, &PLAIN).unwrap() else { panic!() };
    world.pause(0, pid);
    world.on(0, |kernel, cx| kernel.launch(cx, slot, 0));
    assert!(world.state(pid) == State::Paused && world.turn(0).is_none());
    world.resume(0, pid);
    assert_eq!(world.turn(0).map(|run| run.pid), Some(pid));
}

#[test]
fn what_comes_for_it_waits_within_its_limits() {
    let mut world = World::new(2);
    world.limits.mailbox_messages_max = 2;
    let (a, b, c) = (world.waiting(0), world.waiting(0), world.waiting(1));
    world.on(0, |kernel, cx| kernel.monitor(cx, a.slot, b)).unwrap();
    let call = world.kernels[0].open_call(a.slot, CallKind::Driver).unwrap();
    world.pause(0, a);
    world.send(b, a, "1").unwrap();
    world.send(c, a, "2").unwrap();
    world.carry();
    for from in [b, c] {
        assert_eq!(world.send(from, a, "3").unwrap_err().kind, ErrorKind::RateLimited);
    }
    world.crash(b);
    world.on(0, |kernel, cx| kernel.reply(cx, a, call, Ok(Fragment::nil())));
    assert!(world.turn(0).is_none() && world.alive(a));
    world.resume(1, a);
    assert_eq!(world.turn(0).map(|run| run.pid), Some(a));
    let topics: Vec<String> = std::iter::from_fn(|| world.receive(a, QueueId::INBOX)).collect();
    assert_eq!(topics, ["1", "2"]);
    assert!(matches!(world.events(a)[..], [Event::Exit { .. }]));
    assert!(world.kernels[0].is_finished(a.slot, call));
}

#[test]
fn its_own_timers_keep_the_rest_of_their_time() {
    let mut world = World::new(1);
    world.limits.wall_clock_ns_max = Some(1000);
    let a = world.waiting(0);
    let until = world.now.after(100);
    let sleep = world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
    let call = world.kernels[0].open_call(a.slot, CallKind::Driver).unwrap();
    world.kernels[0].limit_call(a.slot, call, world.now.after(200)).unwrap();
    world.pass(60);
    for _ in 0..2 {
        world.pause(0, a);
        world.pass(5000);
        assert!(!world.kernels[0].is_finished(a.slot, sleep));
        assert!(!world.kernels[0].is_finished(a.slot, call));
        world.resume(0, a);
        assert!(world.turn(0).is_none());
    }
    // At the same moment: the timers that were set before are still the right ones.
    world.pause(0, a);
    world.resume(0, a);
    for (after, slept, late, lives) in
        [(39, false, false, true), (1, true, false, true), (100, true, true, true)]
    {
        world.pass(after);
        assert_eq!(world.kernels[0].is_finished(a.slot, sleep), slept);
        assert_eq!(world.kernels[0].is_finished(a.slot, call), late);
        assert_eq!(world.alive(a), lives);
    }
    world.pass(799);
    assert!(world.alive(a));
    world.pass(1);
    assert_eq!(world.reason(a), "limit");
    assert_eq!(world.kernels[0].load().timers, 0, "nothing is left in the heap that counts");
}

#[test]
fn whatever_ends_a_process_ends_it() {
    for how in 0..4 {
        let mut world = World::new(2);
        let (a, b) = (world.waiting(0), world.waiting(1));
        world.on(1, |kernel, cx| kernel.link(cx, b.slot, a)).unwrap();
        world.carry();
        let until = world.now.after(10);
        world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
        world.pause(0, a);
        let deadline = Some(world.now.after(100));
        let cancel = Cancel { from: Some(b), deadline, reason: None };
        match how {
            0 => world.on(0, |kernel, cx| kernel.terminate(cx, a)).unwrap(),
            1 => world.on(1, |kernel, cx| kernel.terminate(cx, a)).unwrap(),
            2 => world.on(1, |kernel, cx| kernel.cancel(cx, a, cancel)).unwrap(),
            _ => world.crash(b),
        }
        world.carry();
        if how == 2 {
            world.pass(99);
            assert!(world.alive(a));
            world.pass(1);
        }
        let expected = ["terminated", "terminated", "deadline", "linked"];
        assert_eq!(world.reason(a), expected[how]);
        assert_eq!(world.paused(), 0);
    }
}

#[test]
fn one_that_is_away_or_under_way_is_reached() {
    let mut world = World::new(2);
    let a = world.waiting(0);
    let until = world.now.after(100);
    let sleep = world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
    // Under way when it is asked for.
    world.migrate(a, 1);
    world.pause(0, a);
    assert_eq!((world.place(a), world.state(a), world.paused()), (1, State::Paused, 1));
    assert!(world.turn(1).is_none());
    // Called back home, it stays as it is.
    world.on(0, |kernel, cx| kernel.signal(cx, Signal::Return { to: a }));
    world.carry();
    assert_eq!((world.place(a), world.state(a), world.paused()), (0, State::Paused, 1));
    assert!(world.turn(0).is_none() && world.turn(1).is_none());
    world.pass(1000);
    world.resume(1, a);
    assert_eq!(world.turn(0).map(|run| run.pid), Some(a));
    world.pass(99);
    assert!(!world.kernels[0].is_finished(a.slot, sleep));
    world.pass(1);
    assert!(world.kernels[0].is_finished(a.slot, sleep));
    // Called back home and paused in its turn.
    world.on(0, |kernel, cx| kernel.end_turn(cx, a.slot, 1, TurnEnd::Preempted));
    assert!(world.on(0, |kernel, cx| kernel.emigrate(cx, a.slot, 1)));
    world.carry();
    let run = world.turn(1).unwrap();
    world.on(0, |kernel, cx| kernel.signal(cx, Signal::Return { to: a }));
    world.pause(0, a);
    world.on(1, |kernel, cx| kernel.end_turn(cx, run.slot, 1, TurnEnd::Preempted));
    world.carry();
    assert_eq!((world.place(a), world.state(a), world.paused()), (0, State::Paused, 1));
    world.resume(0, a);
    assert_eq!(world.turn(0).map(|run| run.pid), Some(a));
}

#[test]
fn pausing_leaves_nothing_behind() {
    let mut world = World::new(1);
    world.limits.wall_clock_ns_max = Some(1_000_000_000);
    let a = world.spawn(None, &PLAIN);
    let until = world.now.after(1_000_000);
    world.kernels[0].open_call(a.slot, CallKind::Sleep { until }).unwrap();
    for _ in 0..10_000 {
        world.pause(0, a);
        world.pass(1);
        world.resume(0, a);
        assert!(world.kernels[0].load().timers <= 130);
    }
    world.rest();
    assert_eq!(world.kernels[0].load().ready, 0);
    world.pause(0, a);
    world.on(0, |kernel, cx| kernel.terminate(cx, a)).unwrap();
    assert_eq!(world.kernels[0].load().paused, 0);
    let b = world.waiting(0);
    assert_eq!((b.slot, world.state(b)), (a.slot, State::Waiting));
}

#[test]
fn a_parent_hears_of_the_rest_of_its_child_when_it_is_resumed() {
    let mut world = World::new(1);
    let parent = world.waiting(0);
    let child = world.spawn(Some(parent), &PLAIN);
    world.rest();
    world.pause(0, child);
    world.on(0, |k, cx| k.ask_rest(cx, parent.slot, child, Rest::WaitPoint)).unwrap();
    assert!(world.events(parent).is_empty());
    world.resume(0, child);
    assert!(matches!(world.events(parent)[..], [Event::Rest { .. }]));
}
