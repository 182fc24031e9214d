//! What hosts share of a shard, counted in instructions.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod world;

use procession_kernel::*;
use procession_types::*;
use std::sync::Arc;
use world::{Child, PLAIN, World};

fn world(hosts: &[(Priority, u32)]) -> World {
    let host = |(at, (priority, weight)): (usize, &(Priority, u32))| HostConfig {
        priority: *priority,
        weight: *weight,
        ..HostConfig::new(&format!("app:h{at}"))
    };
    World::with_hosts(2, hosts.iter().enumerate().map(host).collect::<Arc<[HostConfig]>>())
}

fn spawn(world: &mut World, host: u16, count: usize) -> Vec<Pid> {
    (0..count).map(|_| world.spawn(None, &Child { host, ..PLAIN })).collect()
}

/// Gives turns until so many instructions are used up; `turn` says how many a process of a host
/// takes at a time. Returns what each host got.
fn share<const HOSTS: usize>(
    world: &mut World,
    instructions: u64,
    turn: impl Fn(Pid) -> u64,
) -> [u64; HOSTS] {
    let mut used = [0; HOSTS];
    while used.iter().sum::<u64>() < instructions {
        let run = world.kernels[0].next_ready(world.now).unwrap();
        let taken = turn(run.pid).min(run.budget);
        used[usize::from(run.pid.host)] += taken;
        world.on(0, |k, cx| k.end_turn(cx, run.slot, taken, TurnEnd::Preempted));
    }
    used
}

/// Whether each has its part, to a hundredth of the whole.
#[track_caller]
fn assert_parts(used: &[u64], parts: &[u64]) {
    let (all, whole) = (used.iter().sum::<u64>(), parts.iter().sum::<u64>());
    for (used, part) in used.iter().zip(parts) {
        let expected = all * part / whole;
        assert!(used.abs_diff(expected) * 100 <= all, "{used} of {all}, not {part} of {whole}");
    }
}

const NORMAL: Priority = Priority::Normal;

#[test]
fn hosts_get_what_their_weights_say_however_many_processes_they_have() {
    let mut world = world(&[(NORMAL, 1), (NORMAL, 2), (NORMAL, 5)]);
    for (host, count) in [(0, 50), (1, 7), (2, 1)] {
        spawn(&mut world, host, count);
    }
    assert_parts(&share::<3>(&mut world, 1_000_000, |_| 100), &[1, 2, 5]);
    // One leaves: the others share as before.
    let gone: Vec<(SlotIndex, Pid)> = world.kernels[0].processes(0, 99);
    for (_, pid) in gone.into_iter().filter(|(_, pid)| pid.host == 1) {
        world.on(0, |kernel, cx| kernel.terminate(cx, pid)).unwrap();
    }
    assert_parts(&share::<3>(&mut world, 1_000_000, |_| 100), &[1, 0, 5]);
}

#[test]
fn short_turns_are_as_good_as_long_ones() {
    let mut world = world(&[(NORMAL, 1), (NORMAL, 1)]);
    spawn(&mut world, 0, 3);
    spawn(&mut world, 1, 3);
    let used: [u64; 2] = share(&mut world, 1_000_000, |pid| if pid.host == 0 { 100 } else { 50 });
    // The switch counts too.
    assert_parts(&used, &[100 * 66, 50 * 116]);
}

#[test]
fn nobody_saves_up_for_later() {
    let mut world = world(&[(NORMAL, 1), (NORMAL, 1)]);
    spawn(&mut world, 0, 2);
    assert_eq!(share::<2>(&mut world, 1_000_000, |_| 100)[1], 0);
    spawn(&mut world, 1, 2);
    // It gets its half from now on, not everything until it has caught up.
    assert_parts(&share::<2>(&mut world, 10_000, |_| 100), &[1, 1]);
    assert_parts(&share::<2>(&mut world, 1_000_000, |_| 100), &[1, 1]);
}

#[test]
fn system_comes_first_and_normal_does_not_starve() {
    let mut world =
        world(&[(NORMAL, 3), (NORMAL, 1), (Priority::System, 1), (Priority::System, 4)]);
    for host in 0..4 {
        spawn(&mut world, host, 5);
    }
    // Eight turns of nine are the system's; each class is shared by weight.
    assert_parts(&share::<4>(&mut world, 1_000_000, |_| 100), &[15, 5, 32, 128]);
}

#[test]
fn within_a_host_everybody_is_next_in_turn() {
    let mut world = world(&[(NORMAL, 7), (NORMAL, 1)]);
    let pids = spawn(&mut world, 0, 3);
    spawn(&mut world, 1, 1);
    let mut order = Vec::new();
    while order.len() < 9 {
        let run = world.kernels[0].next_ready(world.now).unwrap();
        world.on(0, |k, cx| k.end_turn(cx, run.slot, 100, TurnEnd::Preempted));
        if run.pid.host == 0 {
            order.push(run.pid);
        }
    }
    assert_eq!(order, [&pids[..], &pids[..], &pids[..]].concat());
}

#[test]
fn who_leaves_the_queue_without_a_turn_leaves_nothing_in_it() {
    let mut world = world(&[(NORMAL, 1), (NORMAL, 1)]);
    let stays = spawn(&mut world, 0, 1)[0];
    for _ in 0..10_000 {
        let pid = spawn(&mut world, 1, 1)[0];
        world.on(0, |kernel, cx| kernel.terminate(cx, pid)).unwrap();
        world.on(0, |kernel, cx| kernel.pause(cx, stays)).unwrap();
        world.on(0, |kernel, cx| kernel.resume(cx, stays)).unwrap();
        assert!(world.kernels[0].load().ready <= 130);
    }
    let run = world.kernels[0].next_ready(world.now).unwrap();
    assert!(run.pid == stays && world.kernels[0].next_ready(world.now).is_none());
}
