//! A node with a store, and programs for it.
#![allow(dead_code, reason = "each test needs some of it")]

use procession_environment::{Dialect, Durability, Module, OnError, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, Started};
use procession_store::{MemoryStore, Store};
use procession_types::{
    Context, Fragment, FragmentBuilder, Message, Pid, ProgramLimits, SmolStr, Topic, word,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn program(name: &str, source: &str, on_error: Option<OnError>) -> Program {
    Program {
        id: format!("app:{name}"),
        main: Module {
            name: format!("app:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["time".to_owned(), "channel".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: on_error.map(|on_error| Durability { on_error, ..Durability::default() }),
        limits: ProgramLimits::default(),
    }
}

pub(crate) fn node(store: &Arc<MemoryStore>, programs: Vec<Program>) -> Node {
    node_on(Arc::clone(store) as Arc<dyn Store>, programs)
}

pub(crate) fn node_on(store: Arc<dyn Store>, programs: Vec<Program>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.programs = programs;
    config.store = Some(store);
    Node::start(config).unwrap()
}

pub(crate) fn numbers(values: &[i64]) -> Fragment {
    let words: Vec<_> = values.iter().map(|&value| word::int_wrapping(value)).collect();
    FragmentBuilder::new().finish(&words)
}

pub(crate) fn text(value: &str) -> Fragment {
    let mut builder = FragmentBuilder::new();
    let value = builder.string(value.as_bytes());
    builder.finish(&[value])
}

pub(crate) fn start(node: &Node, name: &str, arguments: Fragment) -> Started {
    let request = SpawnRequest {
        program: SmolStr::new(format!("app:{name}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments,
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap()
}

pub(crate) fn send(node: &Node, to: Pid, payload: Fragment) {
    node.send(to, Message { topic: Topic::new("x"), from: None, payload }).unwrap();
}

/// Waits until something is so.
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "it has not come to that");
        std::thread::yield_now();
    }
}
