//! What would come of a message.
#![allow(clippy::unwrap_used)]

#[path = "keeping/mod.rs"]
mod keeping;

use keeping::*;
use procession_environment::OnError;
use procession_runtime::{DryRun, DryRunLimits, HistoryFrom, Node, Outcome};
use procession_store::MemoryStore;
use procession_types::{Error, ErrorKind, Fragment, Limit, Pid, Topic};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SHOP: &str = "local time, http = require('time'), require('http')
return { main = function()
  local inbox, stock = process.inbox(), 3
  process.listen('other')
  while true do
    local message = inbox:receive()
    local what = message:payload()
    if what == 'buy' then
      stock = stock - 1
      process.send(message:from(), 'sold', stock)
      process.send('watcher', 'stock', stock)
      process.spawn('app:watcher', 'app:processes')
      print('left: ' .. stock)
    elseif what == 'sleep' then
      local before = time.now()
      time.sleep('1h')
      process.send(message:from(), 'slept', (time.now() - before) // 1000000000)
    elseif what == 'web' then
      local _, err = http.get('http://127.0.0.1:9/')
      process.send(message:from(), 'web', err and err:kind() or 'sent')
    elseif what == 'loop' then
      while true do end
    elseif what == 'end' then
      return stock
    else
      error('no such thing')
    end
  end
end }";

fn shop() -> (Node, Pid, Pid) {
    let mut program_ = program("shop", SHOP, Some(OnError::Halt));
    program_.modules = vec!["time".into(), "http".into()];
    let watcher = "return function() while true do process.inbox():receive() end end";
    let programs = vec![program_, program("watcher", watcher, Some(OnError::Skip))];
    let node = node(&Arc::new(MemoryStore::default()), programs);
    let request = procession_environment::SpawnRequest {
        program: "app:watcher".into(),
        host: procession_runtime::HOST_NORMAL.into(),
        name: Some("watcher".into()),
        ..Default::default()
    };
    let watcher = node.spawn(request, Default::default()).unwrap().pid;
    let pid = start(&node, "shop", numbers(&[])).pid;
    // Its birth, and its first turn.
    until(|| node.history(pid, 0, 2).unwrap().len() == 2);
    (node, pid, watcher)
}

fn try_it(node: &Node, pid: Pid, topic: &str, what: Fragment) -> Result<DryRun, Error> {
    let until = Instant::now() + Duration::from_secs(60);
    let limits = DryRunLimits { instructions: 1_000_000, until };
    node.dry_run(pid, (Topic::new(topic), what), limits)
}

fn tried(node: &Node, pid: Pid, what: &str) -> DryRun {
    try_it(node, pid, "x", text(what)).unwrap()
}

fn answer(run: &DryRun) -> Option<String> {
    let first = run.answers.first()?;
    let value = first.values()[0];
    let words = first.string(value).map(|it| String::from_utf8(it.to_vec()).unwrap());
    words.or_else(|| first.integer(value).map(|it| it.to_string()))
}

#[test]
fn what_would_come_of_it_is_told_and_nothing_does() {
    let (node, pid, watcher) = shop();
    let before = node.history_page(pid, HistoryFrom::Slot(0), 100).unwrap();
    let processes = node.stats().processes;
    for _ in 0..2 {
        let run = tried(&node, pid, "buy");
        assert_eq!((run.slot, run.is_taken, &run.outcome), (0, true, &Outcome::Waits));
        assert_eq!((answer(&run).as_deref(), run.has_changed), (Some("2"), Some(true)));
        let kinds: Vec<_> = run.went.list.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, ["send", "send", "spawn", "print"]);
        assert_eq!(run.went.list[1].peer, Some(watcher));
        assert_eq!(run.went.list[3].text, "left: 2");
        assert!(run.instructions > 0 && run.memory_bytes > 0);
    }
    assert_eq!(node.history_page(pid, HistoryFrom::Slot(0), 100).unwrap(), before);
    assert_eq!(node.stats().processes, processes);
    assert_eq!(node.history_page(watcher, HistoryFrom::Slot(0), 1).unwrap().slots, 0);
}

#[test]
fn failures_and_ends_are_told() {
    let (node, pid, _) = shop();
    let failed = tried(&node, pid, "fly");
    let Outcome::Failed(error) = &failed.outcome else { panic!("{failed:?}") };
    assert!(error.message.contains("no such thing") && error.traceback.is_some());
    let ended = tried(&node, pid, "end");
    assert!(matches!(ended.outcome, Outcome::Returned(_)) && ended.has_changed.is_none());
    // One that stands still shows whether it would get past it.
    send(&node, pid, text("fly"));
    until(|| node.is_halted(pid));
    assert_eq!(answer(&tried(&node, pid, "buy")).as_deref(), Some("2"));
    assert!(node.is_halted(pid));
    let left = try_it(&node, pid, "other", text("buy")).unwrap();
    assert!(!left.is_taken && left.outcome == Outcome::Waits, "{left:?}");
}

#[test]
fn nothing_leaves_the_node_and_time_is_not_waited_for() {
    let (node, pid, _) = shop();
    let web = tried(&node, pid, "web");
    assert_eq!(answer(&web).as_deref(), Some("Unavailable"));
    assert_eq!(web.went.list[0].kind, "call");
    let slept = tried(&node, pid, "sleep");
    assert_eq!(answer(&slept).as_deref(), Some("3600"), "{slept:?}");
}

#[test]
fn limits_hold() {
    let (node, pid, _) = shop();
    let looped = tried(&node, pid, "loop");
    let Outcome::Failed(error) = &looped.outcome else { panic!("{looped:?}") };
    assert_eq!(error.limit, Some(Limit::Instructions));
    let limits =
        DryRunLimits { instructions: u64::MAX, until: Instant::now() + Duration::from_millis(200) };
    let late = node.dry_run(pid, ("x".into(), text("loop")), limits).unwrap();
    let Outcome::Failed(error) = &late.outcome else { panic!("{late:?}") };
    assert_eq!(error.kind, ErrorKind::Timeout);
    node.terminate(pid).unwrap();
    until(|| !node.is_alive(pid));
    assert_eq!(try_it(&node, pid, "x", text("buy")).unwrap_err().kind, ErrorKind::Conflict);
    let nobody = Pid { slot: pid.slot + 1000, ..pid };
    assert_eq!(try_it(&node, nobody, "x", text("buy")).unwrap_err().kind, ErrorKind::NotFound);
}
