//! Figures of durable processes: `cargo run --release -p procession-runtime --example durable_figures [DIR]`.
//! Beside them is what the same disk does: one small append and sync after the other.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use procession_environment::{Dialect, Durability, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{DiskConfig, DiskStore, Store};
use procession_types::{Context, FragmentBuilder, Message, Pid, ProgramLimits, SmolStr, word};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_secs(3);
const SLEEPERS: usize = 100_000;
const SLOTS: i64 = 100_000;

/// Counts what it gets; a PID gets the count.
const COUNTER: &str = "return { main = function()
  local inbox, count = process.inbox(), 0
  while true do
    local value = inbox:receive():payload()
    if type(value) == 'string' then process.send(value, 'count', count) else count = count + 1 end
  end
end }";

/// Hands a message on, for ever.
const BACK: &str = "return { main = function()
  local inbox, count = process.inbox(), 0
  while true do
    local message = inbox:receive()
    local value = message:payload()
    if message:topic() == 'count' then
      process.send(value, 'count', count)
    else
      count = count + 1
      process.send(value, 'x', process.pid())
    end
  end
end }";

/// Asks for a count.
const ASK: &str = "return { main = function(pid, topic)
  process.send(pid, topic, process.pid())
  return process.inbox():receive():payload()
end }";

/// Sends a process so many messages.
const FEED: &str = "return { main = function(pid, count)
  local time = require('time')
  for i = 1, count do
    while not process.send(pid, 'x', i) do time.sleep('1ms') end
  end
  process.send(pid, 'x', process.pid())
  return process.inbox():receive():payload()
end }";

fn program(name: &str, source: &str, is_durable: bool) -> Program {
    Program {
        id: format!("app:{name}"),
        main: Module {
            name: format!("app:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["time".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: is_durable.then(Durability::default),
        limits: ProgramLimits::default(),
    }
}

fn node(directory: &Path) -> Node {
    let (store, _) = DiskStore::open(directory, DiskConfig::default()).unwrap();
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.sinks = Sinks::none();
    config.store = Some(Arc::new(store) as Arc<dyn Store>);
    config.hosts[0].hibernate_after_ns = Some(200_000_000);
    config.programs = vec![
        program("counter", COUNTER, true),
        program("back", BACK, true),
        program("ask", ASK, false),
        program("feed", FEED, false),
    ];
    Node::start(config).unwrap()
}

fn request(name: &str, arguments: &[&str], number: Option<i64>) -> SpawnRequest {
    let mut builder = FragmentBuilder::new();
    let mut values: Vec<_> = arguments.iter().map(|text| builder.string(text.as_bytes())).collect();
    values.extend(number.map(word::int_wrapping));
    SpawnRequest {
        program: SmolStr::new(format!("app:{name}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments: builder.finish(&values),
        ..SpawnRequest::default()
    }
}

fn start(node: &Node, name: &str) -> Pid {
    node.spawn(request(name, &[], None), Context::default()).unwrap().pid
}

fn result(node: &Node, request: SpawnRequest) -> i64 {
    let started = node.spawn(request, Context::default()).unwrap();
    let reason = started.ending.unwrap().wait_for(Duration::from_secs(600)).unwrap();
    match &*reason {
        procession_types::ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        procession_types::ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

fn number(value: i64) -> Message {
    let payload = FragmentBuilder::new().finish(&[word::int_wrapping(value)]);
    Message { topic: SmolStr::new("x"), from: None, payload }
}

/// Appends of 200 bytes with a sync each, per second.
fn disk(directory: &Path) -> f64 {
    let mut file = std::fs::File::create(directory.join("disk")).unwrap();
    let (started, mut count) = (Instant::now(), 0);
    while started.elapsed() < TIME {
        file.write_all(&[7; 200]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// Messages from outside that are acknowledged when they are on disk, per second.
fn senders(node: &Arc<Node>, count: usize) -> (f64, Duration, Duration) {
    let pids: Vec<Pid> = (0..64.min(count)).map(|_| start(node, "counter")).collect();
    let sent = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let threads = (0..count).map(|at| {
        let (node, sent, pid) = (Arc::clone(node), Arc::clone(&sent), pids[at % pids.len()]);
        std::thread::spawn(move || {
            let mut took = Vec::new();
            while started.elapsed() < TIME {
                let begun = Instant::now();
                if node.send(pid, number(1)).is_ok() {
                    took.push(begun.elapsed());
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            }
            took
        })
    });
    let threads: Vec<_> = threads.collect();
    let mut took: Vec<Duration> = threads.into_iter().flat_map(|it| it.join().unwrap()).collect();
    took.sort_unstable();
    let rate = sent.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    (rate, took[took.len() / 2], took[took.len() * 99 / 100])
}

/// Messages between durable processes, in pairs that play ping-pong, per second.
fn pairs(node: &Node, count: usize) -> f64 {
    let pairs: Vec<(Pid, Pid)> =
        (0..count).map(|_| (start(node, "back"), start(node, "back"))).collect();
    for (one, other) in &pairs {
        let mut builder = FragmentBuilder::new();
        let value = builder.string(node.pid_text(*other).as_bytes());
        let payload = builder.finish(&[value]);
        node.send(*one, Message { topic: SmolStr::new("x"), from: None, payload }).unwrap();
    }
    let counted = || -> i64 {
        let all = pairs.iter().flat_map(|(one, other)| [*one, *other]);
        all.map(|pid| result(node, request("ask", &[&node.pid_text(pid), "count"], None))).sum()
    };
    let (before, started) = (counted(), Instant::now());
    std::thread::sleep(TIME);
    let rate = (counted() - before) as f64 / started.elapsed().as_secs_f64();
    pairs.iter().for_each(|(one, other)| {
        node.terminate(*one).unwrap();
        node.terminate(*other).unwrap();
    });
    rate
}

fn main() {
    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = base.join(format!("durable-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    println!("disk: {:.0} appends with a sync each per second", disk(&directory));
    let store = directory.join("store");
    let running = Arc::new(node(&store));
    for count in [1, 64, 1024] {
        let (rate, half, most) = senders(&running, count);
        println!("{count} senders from outside: {rate:.0}/s, p50 {half:.1?}, p99 {most:.1?}");
    }
    for count in [1, 64, 512] {
        println!("{count} durable pairs: {:.0} messages/s", pairs(&running, count));
    }
    let counter = start(&running, "counter");
    let begun = Instant::now();
    let text = running.pid_text(counter);
    let got = result(&running, request("feed", &[&text], Some(SLOTS)));
    let took = begun.elapsed().as_secs_f64();
    println!("one process takes {got} messages: {:.0}/s", got as f64 / took);
    let begun = Instant::now();
    let sleepers: Vec<Pid> = (0..SLEEPERS).map(|_| start(&running, "counter")).collect();
    println!("{SLEEPERS} born in {:.1} s", begun.elapsed().as_secs_f64());
    Arc::into_inner(running).unwrap().shutdown(Duration::from_secs(60));
    let begun = Instant::now();
    let running = node(&store);
    let one = running.pid_text(sleepers[SLEEPERS / 2]);
    let got = result(&running, request("ask", &[&one, "x"], None));
    println!("start to the first answer of one of them ({got}): {:.0?}", begun.elapsed());
    drop(running);
    let bytes: u64 = walk(&store).unwrap();
    println!("{} MB on disk", bytes >> 20);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn walk(directory: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { walk(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}
