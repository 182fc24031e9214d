//! Lua processes that are ended by what they do themselves: nothing further of them runs.
#![allow(clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_types::{Context, ProgramLimits, SmolStr};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a process does that ends it, and how it has ended then.
const WAYS: [(&str, &str, &str); 5] = [
    ("itself", "process.terminate(process.pid())", "terminated"),
    (
        "in a coroutine",
        "coroutine.wrap(function() process.terminate(process.pid()) end)()",
        "terminated",
    ),
    ("in a protected call", "pcall(process.terminate, process.pid())", "terminated"),
    (
        "a link to the dead",
        "local pid = process.spawn_monitored('app:short', 'app:processes')
         process.events():receive() process.link(pid)",
        "linked",
    ),
    (
        "its child's top level",
        "process.registry.register('parent') process.spawn('app:killer', 'app:processes')",
        "terminated",
    ),
];

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn program(id: &str, source: String) -> Program {
    Program {
        id: id.to_owned(),
        main: Module {
            name: id.to_owned(),
            file: "main.lua".to_owned(),
            source: source.into_bytes().into(),
        },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: ProgramLimits::default(),
    }
}

#[test]
fn who_ends_itself_does_nothing_more() {
    for (what, act, label) in WAYS {
        let printed = Printed::default();
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        config.shards = 1;
        config.sinks = Sinks { print: Box::new(printed.clone()), ..Sinks::none() };
        let source = format!(
            "return {{ main = function() print('before') {act} print('after') while true do end end }}"
        );
        config.programs = vec![
            program("app:main", source),
            program("app:short", "return { main = function() end }".to_owned()),
            program(
                "app:killer",
                "process.terminate('parent') return { main = function() end }".to_owned(),
            ),
        ];
        let node = Node::start(config).unwrap();
        let request = SpawnRequest {
            program: SmolStr::new("app:main"),
            host: SmolStr::new(HOST_NORMAL),
            ..SpawnRequest::default()
        };
        let started = node.spawn(request, Context::default()).unwrap();
        let reason = started.ending.unwrap().wait_for(Duration::from_secs(20)).unwrap();
        assert_eq!(reason.label(), label, "{what}");
        let instructions = node.stats().counts.instructions;
        assert!(instructions < 1000, "{what}: {instructions} instructions");
        node.flush_output();
        assert_eq!(*printed.0.lock().unwrap(), b"before\n", "{what}");
    }
}
