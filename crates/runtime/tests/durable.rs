//! Durable processes outlive the node.
#![allow(clippy::unwrap_used)]

mod keeping;

use keeping::{PATIENCE, node, numbers, program, send, start, text};
use procession_environment::{OnError, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig};
use procession_store::{Change, Commit, MemoryStore, Store};
use procession_types::{
    Context, ErrorKind, ExitReason, Fragment, FragmentBuilder, Message, Pid, SmolStr, Topic,
};
use std::sync::Arc;

/// Adds up what it receives; at 0 it ends with the sum.
const COUNTER: &str = "return { main = function(sum)
  local inbox = process.inbox()
  while true do
    local value = inbox:receive():payload()
    if value == 0 then return sum end
    if value == 'fail' then error('as asked') end
    sum = sum + value
  end
end }";

fn result(reason: &ExitReason) -> i64 {
    match reason {
        ExitReason::Normal(value) => value.integer(value.values()[0]).unwrap(),
        ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

/// How a process ends when something is done.
fn end_after(node: &Node, pid: Pid, act: impl FnOnce()) -> Arc<ExitReason> {
    let (sender, receiver) = std::sync::mpsc::channel();
    // Before it is done: afterwards there may be nothing to watch.
    let watching = node.watch(pid, move |reason| drop(sender.send(Arc::clone(reason))));
    act();
    let reason = receiver.recv_timeout(PATIENCE).unwrap();
    drop(watching);
    reason
}

#[test]
fn a_process_goes_on_where_it_was() {
    let store = Arc::new(MemoryStore::default());
    let counter = || vec![program("counter", COUNTER, Some(OnError::Skip))];
    let first = node(&store, counter());
    let pid = start(&first, "counter", numbers(&[0])).pid;
    assert!(pid.is_durable());
    (1..=10).for_each(|value| send(&first, pid, numbers(&[value])));
    drop(first);
    for _ in 0..3 {
        let next = node(&store, counter());
        send(&next, pid, numbers(&[100]));
        next.shutdown(PATIENCE);
    }
    let last = node(&store, counter());
    let ending = end_after(&last, pid, || send(&last, pid, numbers(&[0])));
    assert_eq!(result(&ending), 355);
    assert_eq!(
        last.send(pid, Message { topic: "x".into(), from: None, payload: numbers(&[1]) })
            .unwrap_err()
            .kind,
        ErrorKind::NotFound
    );
    drop(last);
    let after = node(&store, counter());
    assert_eq!(after.wait(pid).unwrap_err().kind, ErrorKind::NotFound, "it does not come back");
}

#[test]
fn an_input_that_fails_is_skipped() {
    let store = Arc::new(MemoryStore::default());
    let counter = || vec![program("counter", COUNTER, Some(OnError::Skip))];
    let first = node(&store, counter());
    let started = start(&first, "counter", numbers(&[0]));
    let pid = started.pid;
    for value in 1..=5 {
        send(&first, pid, numbers(&[value]));
        send(&first, pid, text("fail"));
    }
    send(&first, pid, numbers(&[0]));
    let ending = started.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert_eq!(result(&ending), 15);
}

#[test]
fn messages_between_durable_processes_come_once() {
    let store = Arc::new(MemoryStore::default());
    // Hands on what it gets, plus one.
    let forward = "return { main = function(to)
  local inbox = process.inbox()
  while true do process.send(to, 'x', inbox:receive():payload() + 1) end
end }";
    let programs = || {
        vec![
            program("counter", COUNTER, Some(OnError::Skip)),
            program("forward", forward, Some(OnError::Skip)),
        ]
    };
    let first = node(&store, programs());
    let counter = start(&first, "counter", numbers(&[0])).pid;
    let forward = start(&first, "forward", text(&first.pid_text(counter))).pid;
    drop(first);
    for round in 0..20 {
        let next = node(&store, programs());
        for value in 0..10 {
            send(&next, forward, numbers(&[round * 10 + value]));
        }
        // Wherever they are by now.
        drop(next);
    }
    let last = node(&store, programs());
    let ending = end_after(&last, counter, || send(&last, forward, numbers(&[-1])));
    assert_eq!(result(&ending), (1..=200).sum::<i64>());
}

/// What a name is given to: a process that answers with what it holds.
const MEMORY: &str = "local time = require('time')
return { main = function()
  local inbox = process.inbox()
  local events = process.events()
  local said = {}
  while true do
    local result = channel.select({ inbox:case_receive(), events:case_receive() })
    if result.channel == events then
      said[#said + 1] = result.value.kind == process.event.EXIT and 'EXIT' or '?'
    else
      local message = result.value
      local value = message:payload()
      if message:topic() == 'say' then
        process.send(value, 'said', table.concat(said, ' '))
      elseif message:topic() == 'watch' then
        process.monitor(value)
      elseif message:topic() == 'sleep' then
        coroutine.spawn(function()
          time.sleep('50ms')
          said[#said + 1] = 'slept'
        end)
      elseif message:topic() == 'stop' then
        return 0
      else
        said[#said + 1] = value
      end
    end
  end
end }";

/// Asks the process with a name what it holds, until that is what is expected or the patience is over.
const ASK: &str = "return { main = function(name, expected)
  local said
  for _ = 1, 2000 do
    process.send(name, 'say', process.pid())
    said = process.inbox():receive():payload()
    if said == expected then break end
    require('time').sleep('5ms')
  end
  return said
end }";

fn keepers() -> Vec<Program> {
    vec![program("memory", MEMORY, Some(OnError::Skip)), program("ask", ASK, None)]
}

fn ask(node: &Node, name: &str, expected: &str) -> String {
    let mut builder = FragmentBuilder::new();
    let values = [builder.string(name.as_bytes()), builder.string(expected.as_bytes())];
    let started = start(node, "ask", builder.finish(&values));
    let reason = started.ending.unwrap().wait_for(PATIENCE).unwrap();
    match &*reason {
        ExitReason::Normal(value) => {
            String::from_utf8(value.string(value.values()[0]).unwrap()).unwrap()
        }
        ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

fn remember(node: &Node, name: &str) -> Pid {
    let request = SpawnRequest {
        program: SmolStr::new("app:memory"),
        host: SmolStr::new(HOST_NORMAL),
        name: Some(SmolStr::new(name)),
        ..SpawnRequest::default()
    };
    node.spawn(request, Context::default()).unwrap().pid
}

fn tell(node: &Node, to: Pid, topic: &str, payload: Fragment) {
    node.send(to, Message { topic: Topic::new(topic), from: None, payload }).unwrap();
}

#[test]
fn names_timers_and_monitors_outlive_the_node() {
    let store = Arc::new(MemoryStore::default());
    let first = node(&store, keepers());
    let (one, two) = (remember(&first, "one"), remember(&first, "two"));
    tell(&first, one, "x", text("begun"));
    tell(&first, one, "watch", text("two"));
    tell(&first, one, "sleep", numbers(&[0]));
    assert_eq!(ask(&first, "one", "begun"), "begun");
    first.shutdown(PATIENCE);
    let second = node(&store, keepers());
    assert_eq!(second.lookup("one"), Some(one));
    assert_eq!(ask(&second, "one", "begun slept"), "begun slept");
    drop(second);
    let third = node(&store, keepers());
    tell(&third, two, "stop", numbers(&[0]));
    let expected = "begun slept EXIT";
    assert_eq!(ask(&third, "one", expected), expected);
    drop(third);
    let last = node(&store, keepers());
    assert_eq!(ask(&last, "one", expected), expected, "it is told once");
    assert_eq!(last.lookup("two"), None);
}

#[test]
fn an_upgrade_is_a_record() {
    let store = Arc::new(MemoryStore::default());
    let other = COUNTER.replace("return sum", "return -sum");
    let first = node(&store, vec![program("counter", COUNTER, Some(OnError::Skip))]);
    let pid = start(&first, "counter", numbers(&[0])).pid;
    (1..=10).for_each(|value| send(&first, pid, numbers(&[value])));
    first.define(program("counter", &other, Some(OnError::Skip)));
    let when = procession_runtime::When::AtRest(PATIENCE);
    first.upgrade(pid, None, numbers(&[1000]), when).unwrap();
    send(&first, pid, numbers(&[5]));
    first.define(program("counter", "return { main = function() error('no') end", None));
    assert!(first.upgrade(pid, None, numbers(&[0]), when).is_err());
    drop(first);
    let second = node(&store, vec![program("counter", COUNTER, Some(OnError::Skip))]);
    let ending = end_after(&second, pid, || send(&second, pid, numbers(&[0])));
    let sum = result(&ending);
    assert!((-1060..=-1005).contains(&sum), "what was unread is the new program's: {sum}");
}

/// Adds up the lengths of what it gets.
const LENGTHS: &str = "return { main = function()
  local inbox, sum = process.inbox(), 0
  while true do
    local message = inbox:receive()
    local value = message:payload()
    if message:topic() == 'say' then
      process.send(value, 'said', tostring(sum))
    else
      sum = sum + #value
    end
  end
end }";

#[test]
fn a_store_of_another_version_is_refused() {
    let store = Arc::new(MemoryStore::default());
    drop(node(&store, keepers()));
    let change = Change::put(procession_store::Space::Meta, b"format", 1_u32.to_le_bytes());
    store.apply(vec![Commit::of(vec![change])]).pop().unwrap().unwrap();
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.store = Some(store as Arc<dyn Store>);
    let error = Node::start(config).err().unwrap().to_string();
    assert!(error.contains("version 1") && error.contains("version 2"), "{error}");
}

#[test]
fn much_work_leads_to_snapshots() {
    let store = Arc::new(MemoryStore::default());
    let programs =
        || vec![program("lengths", LENGTHS, Some(OnError::Skip)), program("ask", ASK, None)];
    let first = node(&store, programs());
    let pid = start(&first, "lengths", numbers(&[])).pid;
    // Each is worth an eighth of a snapshot.
    let long = text(&"7".repeat(150_000));
    (0..20).for_each(|_| send(&first, pid, long.clone()));
    let name = first.pid_text(pid);
    assert_eq!(ask(&first, &name, "3000000"), "3000000");
    let begun = std::time::Instant::now();
    while snapshots(&*store) == 0 {
        assert!(begun.elapsed() < PATIENCE, "no snapshot was made");
        assert_eq!(ask(&first, &name, "3000000"), "3000000");
    }
    first.shutdown(PATIENCE);
    let last = node(&store, programs());
    assert_eq!(ask(&last, &name, "3000000"), "3000000");
}

fn snapshots(store: &dyn Store) -> usize {
    let mut count = 0;
    let look = &mut |_: &[u8], _: &[u8]| {
        count += 1;
        true
    };
    store.scan(procession_store::Space::Snapshot, &[], &[], false, look).unwrap();
    count
}

#[test]
fn a_durable_process_starts_others_once() {
    let parent = "return { main = function()
  local inbox = process.inbox()
  while true do
    local name = inbox:receive():payload()
    local child = assert(process.with_context({}):with_name(name):spawn('app:memory', 'app:processes'))
    process.send(child, 'x', name)
  end
end }";
    let store = Arc::new(MemoryStore::default());
    let programs = || {
        let mut programs = keepers();
        programs.push(program("parent", parent, Some(OnError::Halt)));
        programs
    };
    let first = node(&store, programs());
    let pid = start(&first, "parent", numbers(&[])).pid;
    let names: Vec<_> = (0..10).map(|at| format!("child-{at}")).collect();
    names.iter().for_each(|name| send(&first, pid, text(name)));
    // Wherever it is with them by now.
    drop(first);
    for _ in 0..2 {
        let next = node(&store, programs());
        for name in &names {
            keeping::until(|| next.lookup(name).is_some());
            assert_eq!(ask(&next, name, name), *name, "it was started, and told, once");
        }
    }
}
