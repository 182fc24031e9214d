//! While the disk is full durable processes stand still; nothing is lost, and they go on when there is room.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::{PATIENCE, numbers, program, send, start, until};
use procession_environment::{OnError, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{
    Change, Commit, MemoryStore, Size, Space, Store, StoreError, forward_store,
};
use procession_types::{Context, ErrorKind, ExitReason, Message, Pid, SmolStr, Topic};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SUM: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return sum end
    sum = sum + value
  end
end }";

/// A store on a disk that is full when the test says so, and counts who looks.
#[derive(Default)]
struct SmallDisk {
    inner: MemoryStore,
    is_full: AtomicBool,
    looks_when_full: AtomicUsize,
}

impl SmallDisk {
    fn fill(&self) {
        self.looks_when_full.store(0, Ordering::SeqCst);
        self.is_full.store(true, Ordering::SeqCst);
    }

    fn make_room(&self) {
        self.is_full.store(false, Ordering::SeqCst);
    }

    /// Whoever looks again has drawn its conclusion from the look before.
    fn is_known_to_be_full(&self) -> bool {
        self.looks_when_full.load(Ordering::SeqCst) >= 2
    }
}

impl Store for SmallDisk {
    forward_store!(inner: apply get inspect log_ends trimmed_logs compact);

    fn size(&self) -> Result<Size, StoreError> {
        let is_full = self.is_full.load(Ordering::SeqCst);
        if is_full {
            self.looks_when_full.fetch_add(1, Ordering::SeqCst);
        }
        Ok(Size { bytes: 0, free_bytes: if is_full { 0 } else { 2 }, reserve_bytes: 1 })
    }
}

/// Makes room when the test ends, also by a failed assertion: otherwise those who wait would wait on.
struct RoomAtLast<'a>(&'a SmallDisk);

impl Drop for RoomAtLast<'_> {
    fn drop(&mut self) {
        self.0.make_room();
    }
}

fn node(disk: &Arc<SmallDisk>) -> Node {
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.sinks = Sinks::none();
    config.programs = vec![program("sum", SUM, Some(OnError::Skip))];
    config.store = Some(Arc::clone(disk) as Arc<dyn Store>);
    Node::start(config).unwrap()
}

fn message(value: i64) -> Message {
    Message { topic: Topic::new("x"), from: None, payload: numbers(&[value]) }
}

/// Starts a process and gives it 1; when this returns all of that is on the disk, and nothing else is to be.
fn started(node: &Node) -> Pid {
    let pid = start(node, "sum", numbers(&[])).pid;
    send(node, pid, numbers(&[1]));
    until(|| {
        let past = node.history(pid, 0, usize::MAX).unwrap();
        past.iter().map(|record| record.inputs).sum::<u32>() == 1
    });
    pid
}

/// What the process with a PID ends with when it is told to.
fn sum(node: &Node, pid: Pid) -> i64 {
    let (sender, receiver) = std::sync::mpsc::channel();
    let watching = node.watch(pid, move |reason| drop(sender.send(Arc::clone(reason))));
    send(node, pid, numbers(&[0]));
    let reason = receiver.recv_timeout(PATIENCE).unwrap();
    drop(watching);
    match &*reason {
        ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

#[test]
fn a_full_disk_is_waited_for_and_new_work_refused() {
    let disk = Arc::new(SmallDisk::default());
    let node = node(&disk);
    let pid = started(&node);
    std::thread::scope(|scope| {
        let room = RoomAtLast(&disk);
        disk.fill();
        // Nobody knows it yet: this one is on its way, and waits.
        let waits = scope.spawn(|| node.send(pid, message(10)));
        until(|| disk.is_known_to_be_full());
        let request = SpawnRequest {
            program: SmolStr::new("app:sum"),
            host: SmolStr::new(HOST_NORMAL),
            ..SpawnRequest::default()
        };
        let refused = [
            node.send(pid, message(100)).unwrap_err(),
            node.spawn(request, Context::default()).map(drop).unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
            assert_eq!(error.retryable, Some(true), "{error}");
            assert!(error.to_string().contains("disk"), "it says what is wrong: {error}");
        }
        assert!(!waits.is_finished(), "what is not on the disk is not acknowledged");
        drop(room);
        waits.join().unwrap().unwrap();
    });
    until(|| node.send(pid, message(1000)).is_ok());
    assert_eq!(sum(&node, pid), 1011);
}

#[test]
fn a_node_that_ends_while_the_disk_is_full_loses_nothing_that_was_acknowledged() {
    let disk = Arc::new(SmallDisk::default());
    let first = node(&disk);
    let pid = started(&first);
    std::thread::scope(|scope| {
        let room = RoomAtLast(&disk);
        disk.fill();
        let waits = scope.spawn(|| first.send(pid, message(10)));
        until(|| disk.is_known_to_be_full());
        drop(room);
        waits.join().unwrap().unwrap();
        disk.fill();
    });
    first.shutdown(PATIENCE);
    disk.make_room();
    assert_eq!(sum(&node(&disk), pid), 11);
}

#[test]
fn a_node_starts_on_a_disk_that_is_full() {
    let store = Arc::new(MemoryStore::bounded(1 << 20));
    let programs = || vec![program("sum", SUM, Some(OnError::Skip))];
    let first = keeping::node(&store, programs());
    let pid = started(&first);
    first.shutdown(PATIENCE);
    let mut junk = Vec::new();
    for bytes in [4096, 64, 1] {
        loop {
            let key = format!("junk/{:06}", junk.len());
            let change = Change::put(Space::Meta, key.clone(), vec![1; bytes]);
            match store.apply(vec![Commit::of(vec![change])]).pop().unwrap() {
                Ok(()) => junk.push(Change::remove(Space::Meta, key)),
                Err(error) => break assert!(matches!(error, StoreError::Full { .. }), "{error}"),
            }
        }
    }
    let second = keeping::node(&store, programs());
    assert_eq!(second.state_at(pid, u64::MAX).unwrap().slot, 1);
    let error = second.send(pid, message(10)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    store.apply(vec![Commit::of(junk)]).pop().unwrap().unwrap();
    until(|| second.send(pid, message(100)).is_ok());
    // Nobody has the number of another.
    let other = start(&second, "sum", numbers(&[])).pid;
    assert!(other != pid && second.is_alive(other));
    assert_eq!(sum(&second, pid), 101);
}
