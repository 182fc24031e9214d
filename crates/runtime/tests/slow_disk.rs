//! What a slow disk leaves undecided: whoever starts durable processes faster than it takes them is told so before
//! they fill the memory, and nobody is forgotten who waits for it.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::{PATIENCE, numbers, program, send, start, text, until};
use procession_environment::{OnError, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{Commit, MemoryStore, Store, StoreError, forward_store};
use procession_types::{Context, Error, ErrorKind, ExitReason};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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

/// Starts a process that the disk is to know.
const PARENT: &str = "return { main = function()
  assert(process.spawn('app:sleeper', 'app:processes'))
  process.registry.register('done')
  process.inbox():receive()
end }";

/// A store that takes nothing while a test has its gate, or that has failed.
#[derive(Default)]
struct SlowDisk {
    inner: MemoryStore,
    gate: Mutex<()>,
    has_failed: AtomicBool,
}

impl Store for SlowDisk {
    forward_store!(inner: get inspect log_ends trimmed_logs compact size);

    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        // A test that has failed has let go of it.
        let _open = self.gate.lock();
        if self.has_failed.load(Ordering::SeqCst) {
            let failed = || Err(StoreError::Failed { what: "the test".to_owned() });
            return commits.iter().map(|_| failed()).collect();
        }
        self.inner.apply(commits)
    }
}

fn node(disk: &Arc<SlowDisk>, programs: &[(&str, &str, Option<OnError>)]) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 1;
    config.sinks = Sinks::none();
    let programs = programs.iter();
    config.programs = programs.map(|&(name, source, rule)| program(name, source, rule)).collect();
    config.store = Some(Arc::clone(disk) as Arc<dyn Store>);
    Node::start(config).unwrap()
}

#[test]
fn births_wait_for_the_disk() {
    let disk = Arc::new(SlowDisk::default());
    let node = node(&disk, &[("sleeper", SLEEPER, Some(OnError::Skip)), ("crowd", CROWD, None)]);
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

#[test]
fn a_birth_that_is_not_on_disk_is_told_to_nobody() {
    let disk = Arc::new(SlowDisk::default());
    let node = node(&disk, &[("sleeper", SLEEPER, Some(OnError::Skip))]);
    disk.has_failed.store(true, Ordering::SeqCst);
    let request = SpawnRequest {
        program: "app:sleeper".into(),
        host: HOST_NORMAL.into(),
        ..SpawnRequest::default()
    };
    let error = node.spawn(request, Context::default()).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
}

/// One that has failed comes back when its commits are decided; by then it is being taken back to a snapshot.
#[test]
fn one_that_was_to_come_back_meanwhile_comes_back_after_a_restore() {
    let adder = "return { main = function()
      local inbox, sum = process.inbox(), 0
      while true do sum = sum + inbox:receive():payload() end
    end }";
    let disk = Arc::new(SlowDisk::default());
    let node = node(&disk, &[("adder", adder, Some(OnError::Skip))]);
    let pid = start(&node, "adder", numbers(&[])).pid;
    send(&node, pid, numbers(&[1]));
    let made = node.make_snapshot(pid, None).unwrap();
    node.pause(pid).unwrap();
    send(&node, pid, numbers(&[2]));
    send(&node, pid, text("not a number"));
    let closed = disk.gate.lock().unwrap();
    node.resume(pid).unwrap();
    // Its failure has taken it out of memory.
    until(|| node.processes(1).is_empty());
    let is_conflict = |error: &Error| error.kind == ErrorKind::Conflict;
    std::thread::scope(|scope| {
        let restored = scope.spawn(|| {
            let mut restored = None;
            // Another attempt is in its way now and then.
            until(|| {
                let attempt = node.restore(pid, made.n, None);
                restored = attempt.map_err(|error| assert!(is_conflict(&error), "{error:?}")).ok();
                restored.is_some()
            });
        });
        // As long as it is under way, nobody else does it.
        until(|| is_conflict(&node.restore(pid, made.n, Some(Instant::now())).unwrap_err()));
        drop(closed);
        restored.join().unwrap();
    });
    node.info(pid).unwrap();
}

#[test]
fn a_node_that_can_not_end_says_what_it_waits_for() {
    let disk = Arc::new(SlowDisk::default());
    let programs = [("sleeper", SLEEPER, Some(OnError::Skip)), ("parent", PARENT, None)];
    let node = node(&disk, &programs);
    let closing = node.closing();
    assert_eq!(closing.waits_for(), "");
    std::thread::scope(|scope| {
        // Let go of in here, so that a test that fails ends, too.
        let closed = disk.gate.lock().unwrap();
        start(&node, "parent", numbers(&[]));
        until(|| node.lookup("done").is_some());
        let end = scope.spawn(|| node.shutdown(Duration::ZERO));
        until(|| closing.waits_for() == "what durable processes leave in the store");
        assert!(!end.is_finished());
        drop(closed);
        end.join().unwrap();
    });
    assert_eq!(closing.waits_for(), "the store to close");
}
