//! Looking inside Lua processes from outside of the node and from another shard.
#![allow(clippy::unwrap_used)]

use procession_environment::{Activity, Dialect, Module, Program, SpawnRequest};
use procession_runtime::{
    COROUTINES_MAX, Coroutine, HOST_NORMAL, Node, NodeConfig, ProcessInfo, Sinks, Started,
};
use procession_types::{
    Context, ErrorKind, ExitReason, Fragment, FragmentBuilder, Pid, ProgramLimits, SmolStr,
};
use std::sync::Arc;

const LOOP: &str = "
return function()
  local function spin() while true do end end
  spin()
end";

/// Asks about the processes until each is in its loop, and returns their states and tracebacks.
const ASKER: &str = "
return function(...)
  local texts = {}
  for i, pid in ipairs{...} do
    local info
    repeat info = assert(process.info(pid)) until info.line
    texts[i] = info.state .. ' ' .. info.coroutines[1].traceback
  end
  return table.concat(texts, '\\n')
end";

const CROWD: &str = "
local function wait() process.inbox():receive() end
local function deep(n) if n == 0 then wait() else deep(n - 1) return 0 end end
return function()
  for i = 1, 2000 do coroutine.spawn(wait) end
  deep(100000)
end";

/// Many objects, and coroutines of all kinds behind them.
const HALL: &str = "
local function wait() process.inbox():receive() end
return function()
  local kept = {}
  for i = 1, 50000 do kept[i] = { i } end
  for i = 1, 300 do coroutine.spawn(wait) end
  for i = 1, 300 do
    local co = coroutine.create(function() coroutine.yield(i) end)
    if i % 3 > 0 then coroutine.resume(co) end
    kept[#kept + 1] = co
  end
  wait()
  return #kept
end";

/// How many coroutines a process has that do something, and whether these are all.
const COUNTER: &str = "
return function(pid)
  local info, counts = assert(process.info(pid)), {}
  for _, coroutine in ipairs(info.coroutines) do
    counts[coroutine.status] = (counts[coroutine.status] or 0) + 1
  end
  return ('%d %d %d %s'):format(counts.waiting, counts.suspended, counts['not started'], info.coroutines_cut)
end";

const SLEEPER: &str = "return function() process.inbox():receive() end";

/// Whether another process is packed.
const WATCHER: &str = "return function(pid) return process.info(pid).hibernating end";

fn node(shards: u16) -> Node {
    node_with(shards, None)
}

fn node_with(shards: u16, hibernate_after_ns: Option<u64>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = shards;
    config.sinks = Sinks::none();
    config.hosts[0].hibernate_after_ns = hibernate_after_ns;
    let sources = [
        ("loop", LOOP),
        ("asker", ASKER),
        ("crowd", CROWD),
        ("sleeper", SLEEPER),
        ("watcher", WATCHER),
        ("hall", HALL),
        ("counter", COUNTER),
    ];
    config.programs = sources.iter().map(|(name, source)| program(name, source)).collect();
    Node::start(config).unwrap()
}

fn program(name: &str, source: &str) -> Program {
    let id = format!("app:{name}");
    Program {
        main: Module {
            name: id.clone(),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        id,
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

fn start(node: &Node, name: &str, arguments: Fragment) -> Started {
    let request = SpawnRequest {
        program: SmolStr::new(format!("app:{name}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments,
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap()
}

/// What is known about a process as soon as it is as wanted.
fn info_when(node: &Node, pid: Pid, is_so: impl Fn(&ProcessInfo) -> bool) -> ProcessInfo {
    for _ in 0..1_000_000 {
        let info = node.info(pid).unwrap();
        if is_so(&info) {
            return info;
        }
        std::thread::yield_now();
    }
    panic!("the process never was as wanted");
}

#[test]
fn who_is_packed_is_seen_to_be_and_stays_so() {
    for (after_ns, is_packed) in [(Some(0), true), (None, false)] {
        let node = node_with(2, after_ns);
        let sleeper = start(&node, "sleeper", Fragment::default()).pid;
        let waits = |info: &ProcessInfo| info.coroutines.iter().any(|it| it.awaited.is_some());
        let info = info_when(&node, sleeper, waits);
        assert_eq!(info.is_hibernating, is_packed);
        // To be looked at wakes nobody, and what it would hold is the same.
        let again = node.info(sleeper).unwrap();
        assert_eq!((again.is_hibernating, again.memory_bytes), (is_packed, info.memory_bytes));
        assert_eq!(again.process.instructions, info.process.instructions);
        let (metrics, count) = (node.metrics(), u8::from(is_packed));
        let series =
            "procession_program_hibernating{program=\"app:sleeper\",host=\"app:processes\"}";
        assert!(metrics.contains(&format!("{series} {count}\n")), "{metrics}");
        let mut builder = FragmentBuilder::new();
        let text = builder.string(node.pid_text(sleeper).as_bytes());
        let watcher = start(&node, "watcher", builder.finish(&[text]));
        let reason = watcher.ending.unwrap().wait().unwrap();
        let ExitReason::Normal(result) = &*reason else { panic!("{reason:?}") };
        assert_eq!(result.values(), [procession_types::word::from_bool(is_packed)]);
    }
}

#[test]
fn a_loop_is_seen_from_outside_and_from_the_other_shard() {
    let node = node(2);
    let one = start(&node, "loop", Fragment::default()).pid;
    // The next one goes to the shard with the fewest, once that is known.
    let mut others = (0..1000).map(|_| start(&node, "loop", Fragment::default()).pid);
    let other = others.find(|other| other.shard != one.shard).unwrap();
    for pid in [one, other] {
        let info = info_when(&node, pid, |info| info.place.is_some());
        assert_eq!(info.place.as_deref(), Some("loop.lua:3"));
        let [coroutine] = &info.coroutines[..] else { panic!("{info:?}") };
        assert_eq!(coroutine.info.activity, Activity::Ready);
        let traceback = &coroutine.info.traceback;
        assert!(traceback.contains("loop.lua:3: in local 'spin'"), "{traceback}");
        let later =
            info_when(&node, pid, |later| later.process.instructions > info.process.instructions);
        assert!(later.process.since >= info.process.since);
    }
    // Whichever shard the asker is on, one of the two is on the other.
    let mut builder = FragmentBuilder::new();
    let texts = [one, other].map(|pid| builder.string(node.pid_text(pid).as_bytes()));
    let asker = start(&node, "asker", builder.finish(&texts));
    let reason = asker.ending.unwrap().wait().unwrap();
    let ExitReason::Normal(result) = &*reason else { panic!("{reason:?}") };
    let text = String::from_utf8(result.string(result.values()[0]).unwrap()).unwrap();
    assert_eq!(text.matches("ready stack traceback:").count(), 2, "{text}");
    assert_eq!(text.matches("loop.lua:3: in local 'spin'").count(), 2, "{text}");
    for pid in [one, other] {
        node.terminate(pid).unwrap();
        assert_eq!(node.info(pid).unwrap_err().kind, ErrorKind::NotFound);
    }
}

#[test]
fn what_does_not_fit_into_a_slice_is_seen_in_further_ones() {
    let node = node(2);
    let pid = start(&node, "hall", Fragment::default()).pid;
    let waits = |it: &&Coroutine| matches!(it.info.activity, Activity::Waiting(_));
    let info = info_when(&node, pid, |info| info.coroutines.iter().filter(waits).count() == 301);
    let count = |activity| info.coroutines.iter().filter(|it| it.info.activity == activity).count();
    assert_eq!((count(Activity::Suspended), count(Activity::NotStarted)), (200, 100));
    assert_eq!((info.coroutines.len(), info.rest), (601, None));
    // Whichever shard the asker is on.
    for _ in 0..8 {
        let mut builder = FragmentBuilder::new();
        let text = builder.string(node.pid_text(pid).as_bytes());
        let counter = start(&node, "counter", builder.finish(&[text]));
        let reason = counter.ending.unwrap().wait().unwrap();
        let ExitReason::Normal(result) = &*reason else { panic!("{reason:?}") };
        assert_eq!(result.string(result.values()[0]).unwrap(), b"301 200 100 false");
    }
}

#[test]
fn an_answer_has_an_end() {
    let node = node(1);
    let pid = start(&node, "crowd", Fragment::default()).pid;
    let info = info_when(&node, pid, |info| info.process.instructions > 400_000);
    let info = info_when(&node, pid, |later| {
        later.process.state == procession_runtime::State::Waiting
            && later.process.since >= info.process.since
    });
    assert!(info.rest.is_some());
    // The first task is a hundred thousand calls deep; neither that nor their number costs much.
    let deep = &info.coroutines[0].info.traceback;
    assert!(deep.contains("(skipping ") && deep.ends_with("(and more)"), "{deep}");
    assert!(deep.lines().count() < 30, "{deep}");
    let most = COROUTINES_MAX + 20;
    assert!((COROUTINES_MAX..most).contains(&info.coroutines.len()), "{}", info.coroutines.len());
}
