//! Messages per second through a pool of 8 members, beside the same messages sent to 8 processes
//! directly: `cargo run --release -p procession-runtime --example pool_figures -- [MESSAGES]`.
//!
//! One process sends, with a thousand messages under way, and each is answered to it: so a message
//! is two messages, and through a pool three, of which one is handed on.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_types::definition::{self, Lifecycle, Monitoring, PoolSize, Recovery};
use procession_types::{Context, FragmentBuilder, Limits};
use std::collections::BTreeMap;
use std::time::Instant;

const WORKER: &str = r#"
return {main = function(loops)
  local inbox = process.inbox()
  while true do
    local msg = inbox:receive()
    local sum = 0
    for i = 1, loops do sum = sum + i end
    process.send(msg:from(), "done", sum)
  end
end}
"#;

const SENDER: &str = r#"
return {main = function(way, count, loops)
  local done = process.listen("done")
  local to = {}
  if way == "pool" then
    to[1] = "app:pool" .. loops
  else
    for i = 1, 8 do to[i] = process.spawn_linked("app:worker", "app:processes", loops) end
  end
  local sent = 0
  for i = 1, math.min(1000, count) do
    sent = sent + 1
    assert(process.send(to[sent % #to + 1], "job", sent))
  end
  for i = 1, count do
    done:receive()
    if sent < count then
      sent = sent + 1
      assert(process.send(to[sent % #to + 1], "job", sent))
    end
  end
end}
"#;

fn program(id: &str, source: &str) -> Program {
    Program {
        id: id.into(),
        main: Module {
            name: id.into(),
            file: format!("{id}.lua"),
            source: source.as_bytes().to_vec().into(),
        },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: Limits::default().into(),
    }
}

fn pool(loops: i64) -> definition::Pool {
    let mut builder = FragmentBuilder::new();
    let value = builder.integer(loops);
    definition::Pool {
        id: format!("app:pool{loops}"),
        program: "app:worker".into(),
        host: HOST_NORMAL.into(),
        arguments: vec![builder.finish(&[value])],
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: 8, max_size: 8, ..PoolSize::default() },
        queue_max: 10_000,
        monitoring: Monitoring::default(),
        recovery: Recovery::default(),
        lifecycle: Lifecycle::default(),
    }
}

/// Messages per second.
fn measure(node: &Node, way: &str, count: i64, loops: i64) -> f64 {
    let mut builder = FragmentBuilder::new();
    let values = [builder.string(way.as_bytes()), builder.integer(count), builder.integer(loops)];
    let request = SpawnRequest {
        program: "app:sender".into(),
        host: HOST_NORMAL.into(),
        arguments: builder.finish(&values),
        ..SpawnRequest::default()
    };
    let began = Instant::now();
    let started = node.spawn(request, Context::default()).unwrap();
    let reason = started.ending.unwrap().wait().unwrap();
    assert!(!reason.is_abnormal(), "{reason:?}");
    count as f64 / began.elapsed().as_secs_f64()
}

fn main() {
    let count: i64 = std::env::args().nth(1).map_or(300_000, |text| text.parse().unwrap());
    for shards in [1, 2] {
        let mut config =
            NodeConfig::new(std::sync::Arc::new(procession_lua::LuaEnvironment::new()));
        config.shards = shards;
        config.sinks = Sinks::none();
        config.programs = vec![program("app:worker", WORKER), program("app:sender", SENDER)];
        let node = Node::start(config).unwrap();
        for loops in [0, 1000, 10_000] {
            node.define_pool(&pool(loops)).unwrap();
            let started = node.start_pool(&format!("app:pool{loops}")).unwrap();
            let count = if loops > 1000 { count / 10 } else { count };
            for way in ["direct", "pool"] {
                // The best of three: the machine has other things to do.
                let best = (0..3).map(|_| measure(&node, way, count, loops)).fold(0.0, f64::max);
                println!(
                    "{shards} shards, {loops:>5} loops a message, {way:<6}: {best:>10.0} messages/s"
                );
            }
            node.terminate(started.pid).unwrap();
        }
    }
}
