//! Prints what the kernel alone costs: nanoseconds per send and receive, per spawn and exit, bytes
//! per idle process. `cargo run --release -p procession-kernel --example kernel_figures`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use procession_kernel::{
    Definition, Effects, HostConfig, Kernel, KernelConfig, NoPlaces, QueueId, SingleDirectory,
    Spawn, Spawned, Step, TurnEnd,
};
use procession_types::{
    Context, Event, ExitReason, Fragment, Limits, Pid, SmolStr, Timestamp, Topic,
};
use std::sync::Arc;
use std::time::Instant;

struct Shard {
    kernel: Kernel,
    directory: SingleDirectory,
    effects: Effects,
    definition: Arc<Definition>,
    context: Arc<Context>,
}

impl Shard {
    fn new() -> Self {
        let hosts = Arc::from([HostConfig::new("app:processes")]);
        Self {
            kernel: Kernel::new(KernelConfig::single(1, hosts)),
            directory: SingleDirectory::new(),
            effects: Effects::new(),
            definition: Arc::new(Definition {
                program: SmolStr::new("app:x"),
                limits: Limits::default(),
                built_in: false,
            }),
            context: Arc::new(Context::default()),
        }
    }

    fn step<T>(&mut self, act: impl FnOnce(&mut Kernel, &mut Step<'_>) -> T) -> T {
        let mut cx = Step {
            now: Timestamp(0),
            directory: &self.directory,
            effects: &mut self.effects,
            places: &mut NoPlaces,
        };
        act(&mut self.kernel, &mut cx)
    }

    fn spawn(&mut self, parent: Option<u32>) -> Pid {
        let spawn = Spawn {
            pid: None,
            host: 0,
            definition: Arc::clone(&self.definition),
            context: Arc::clone(&self.context),
            parent,
            monitored: parent.is_some(),
            linked: false,
            called: false,
            name: None,
            messages: Vec::new(),
        };
        self.step(|kernel, cx| {
            let Spawned::New { slot, pid, .. } = kernel.spawn(cx, spawn).unwrap() else {
                unreachable!("no name was asked for")
            };
            kernel.launch(cx, slot, 0);
            pid
        })
    }

    fn wait_all(&mut self) {
        while let Some(run) = self.kernel.next_ready(Timestamp(0)) {
            self.step(|kernel, cx| kernel.end_turn(cx, run.slot, 1, TurnEnd::Waiting));
        }
    }
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn per(label: &str, count: u64, start: Instant) {
    println!("{label:<34}{:>8.1} ns", start.elapsed().as_nanos() as f64 / count as f64);
}

fn main() {
    let mut shard = Shard::new();
    let (a, b) = (shard.spawn(None), shard.spawn(None));
    shard.wait_all();
    let topic = Topic::new("ping");
    let count = 5_000_000;

    let start = Instant::now();
    for _ in 0..count {
        shard.step(|kernel, cx| {
            kernel.send(cx, a.slot, b, topic.clone(), Fragment::nil()).unwrap();
            kernel.receive(cx, b.slot, QueueId::INBOX).unwrap();
        });
    }
    per("send + receive", count, start);
    shard.wait_all();

    shard.step(|k, cx| k.send(cx, a.slot, a, topic.clone(), Fragment::nil()).unwrap());
    let start = Instant::now();
    for _ in 0..2 * count {
        let run = shard.kernel.next_ready(Timestamp(0)).unwrap();
        let to = if run.pid == a { b } else { a };
        shard.step(|kernel, cx| {
            kernel.receive(cx, run.slot, QueueId::INBOX).unwrap();
            kernel.send(cx, run.slot, to, topic.clone(), Fragment::nil()).unwrap();
            kernel.end_turn(cx, run.slot, 100, TurnEnd::Waiting);
        });
    }
    per("ping-pong round trip", count, start);
    shard.wait_all();

    let start = Instant::now();
    for _ in 0..count / 5 {
        let child = shard.spawn(Some(a.slot));
        let run = shard.kernel.next_ready(Timestamp(0)).unwrap();
        assert_eq!(run.pid, child);
        shard.step(|kernel, cx| {
            let end = TurnEnd::Exited(ExitReason::Normal(Fragment::nil()));
            kernel.end_turn(cx, run.slot, 10, end);
            cx.effects.drain().for_each(drop);
        });
        shard.wait_all();
        assert!(matches!(shard.kernel.receive_event(a.slot), Some(Event::Exit { .. })));
    }
    per("spawn monitored, exit, EXIT", count / 5, start);

    let before = resident_bytes();
    let idle = 1_000_000;
    for _ in 0..idle {
        shard.spawn(None);
    }
    shard.wait_all();
    println!("{:<34}{:>8} B", "idle process", (resident_bytes() - before) / idle);
}
