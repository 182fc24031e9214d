//! Looking inside Lua processes from outside of the node and from another shard.
#![allow(clippy::unwrap_used)]

use procession_environment::{Activity, Dialect, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, ProcessInfo, Sinks, Started};
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
  for i = 1, 1000 do coroutine.spawn(wait) end
  deep(100000)
end";

fn node(shards: u16) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = shards;
    config.sinks = Sinks::none();
    let sources = [("loop", LOOP), ("asker", ASKER), ("crowd", CROWD)];
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
fn what_does_not_fit_into_a_slice_is_left_out() {
    let node = node(1);
    let pid = start(&node, "crowd", Fragment::default()).pid;
    let info = info_when(&node, pid, |info| info.process.instructions > 400_000);
    let info = info_when(&node, pid, |later| {
        later.process.state == procession_runtime::State::Waiting
            && later.process.since >= info.process.since
    });
    assert!(info.is_cut);
    // The first task is a hundred thousand calls deep; neither that nor their number costs much.
    let deep = &info.coroutines[0].info.traceback;
    assert!(deep.contains("(skipping ") && deep.ends_with("(and more)"), "{deep}");
    assert!(deep.lines().count() < 30, "{deep}");
    assert!((2..100).contains(&info.coroutines.len()), "{}", info.coroutines.len());
}
