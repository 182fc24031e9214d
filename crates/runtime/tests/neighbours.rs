//! Neighbours of a process that wants everything keep at least 90 % of what they would have: of the
//! instructions of one shard with twenty workers and one such process, the workers get that much.
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started};
use procession_types::{Context, ProgramLimits, SmolStr};
use std::sync::Arc;

const WORKERS: usize = 20;
/// Instructions of the workers together after which the shares are compared.
const ENOUGH: u64 = 100_000_000;

const WORKER: &str = "return { main = function()
  local sum = 0
  while true do for i = 1, 100 do sum = sum + i end end
end }";

const CULPRITS: [(&str, &str); 5] = [
    ("runs for ever", "while true do end"),
    ("eats memory", "local t = {} while true do t[#t % 200000 + 1] = ('x'):rep(200) .. #t end"),
    ("recurses without end", "local function f() return 1 + f() end while true do pcall(f) end"),
    ("matches a pattern bomb", "while true do (('a'):rep(60)):find(('a*'):rep(30) .. 'b') end"),
    (
        "floods a mailbox",
        "local me = process.pid() while true do process.send(me, 'flood', 'more') end",
    ),
];

fn program(id: &str, source: &str) -> Program {
    Program {
        id: id.to_owned(),
        main: Module {
            name: id.to_owned(),
            file: "main.lua".to_owned(),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits { memory_bytes_max: Some(64 << 20), ..ProgramLimits::default() },
    }
}

fn start(node: &Node, id: &str) -> Started {
    let request = SpawnRequest {
        program: SmolStr::new(id),
        host: SmolStr::new(HOST_NORMAL),
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap()
}

fn instructions(node: &Node, started: &Started) -> u64 {
    node.info(started.pid).map_or(0, |info| info.process.instructions)
}

#[test]
fn neighbours_keep_nine_tenths() {
    for (what, source) in CULPRITS {
        let culprit = format!("return {{ main = function() {source} end }}");
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        config.shards = 1;
        config.programs = vec![program("app:worker", WORKER), program("app:culprit", &culprit)];
        config.sinks = Sinks::none();
        let node = Node::start(config).unwrap();
        let culprit = start(&node, "app:culprit");
        let workers: Vec<Started> = (0..WORKERS).map(|_| start(&node, "app:worker")).collect();
        let before = instructions(&node, &culprit);
        let worked = loop {
            let worked: u64 = workers.iter().map(|worker| instructions(&node, worker)).sum();
            if worked >= ENOUGH {
                break worked;
            }
        };
        let taken = instructions(&node, &culprit) - before;
        let share = worked as f64 / (worked + taken) as f64;
        assert!(share >= 0.9, "beside one that {what} the workers get {share:.3}");
        assert!(taken > 0, "the one that {what} had turns as well");
    }
}
