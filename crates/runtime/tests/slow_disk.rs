//! Whoever starts durable processes faster than the disk takes them is told so before they fill the memory.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::{PATIENCE, numbers, program, start, until};
use procession_environment::OnError;
use procession_runtime::{Node, NodeConfig, Sinks};
use procession_store::{Commit, MemoryStore, Store, StoreError, forward_store};
use procession_types::ExitReason;
use std::sync::{Arc, Mutex};

const SLEEPER: &str = "return { main = function() process.inbox():receive() end }";
/// Starts processes until it is refused, says so, and ends with how many there are once it may start one more.
const CROWD: &str = "return { main = function()
  local time, born = require('time'), 0
  local pid, err
  repeat
    pid, err = process.spawn('app:sleeper', 'app:processes')
    if pid then born = born + 1 end
  until not pid
  process.registry.register('refused: ' .. tostring(err:retryable()) .. ', ' .. err:message())
  repeat
    time.sleep('1ms')
    pid = process.spawn('app:sleeper', 'app:processes')
  until pid
  return born + 1
end }";

/// A store that takes nothing while a test has its gate.
#[derive(Default)]
struct SlowDisk {
    inner: MemoryStore,
    gate: Mutex<()>,
}

impl Store for SlowDisk {
    forward_store!(inner: get inspect log_ends trimmed_logs compact size);

    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        // A test that has failed has let go of it.
        let _open = self.gate.lock();
        self.inner.apply(commits)
    }
}

#[test]
fn births_wait_for_the_disk() {
    let disk = Arc::new(SlowDisk::default());
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 1;
    config.sinks = Sinks::none();
    config.programs =
        vec![program("sleeper", SLEEPER, Some(OnError::Skip)), program("crowd", CROWD, None)];
    config.store = Some(Arc::clone(&disk) as Arc<dyn Store>);
    let node = Node::start(config).unwrap();
    let closed = disk.gate.lock().unwrap();
    let crowd = start(&node, "crowd", numbers(&[]));
    let refused = "refused: true, too many commits wait for the disk: try again later";
    until(|| node.lookup(refused).is_some());
    drop(closed);
    let reason = crowd.ending.unwrap().wait_for(PATIENCE).unwrap();
    let ExitReason::Normal(born) = &*reason else { panic!("{reason:?}") };
    let born = born.integer(born.values()[0]).unwrap();
    assert!((1_000..20_000).contains(&born), "{born}");
    // Those who were born are, whatever the disk was at.
    node.flush_store();
    let of_host = node.hosts()[0].durable;
    assert_eq!(of_host.processes + of_host.sleeping, born as u64);
}
