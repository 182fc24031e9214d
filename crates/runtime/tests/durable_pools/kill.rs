//! A node with a durable pool that is killed with SIGKILL at any moment: each job that a durable process has
//! sent, and each that was acknowledged to somebody outside, is done exactly once.

use super::*;
use procession_store::{DiskConfig, DiskStore, Store};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The directory of the store, for the node.
const NODE: &str = "PROCESSION_POOL_NODE";
const LIVES: u64 = 8;
/// Jobs that the boss sends; those from outside have higher numbers.
const JOBS: i64 = 1500;

const BOSS: &str = "local time = require('time')
return { main = function(jobs)
  process.registry.register('app:boss')
  local at = 1
  while at <= jobs do
    if process.send('app:pool', 'job', at) then at = at + 1 end
    if at % 5 == 0 then time.sleep('1ms') end
  end
  process.inbox():receive()
end }";

const MEMBER: &str = "return { main = function()
  local inbox = process.inbox()
  while true do assert(process.send('app:book', 'done', inbox:receive():payload())) end
end }";

/// Knows which jobs were done, and how many twice.
const BOOK: &str = "return { main = function()
  process.registry.register('app:book')
  local done, ask, seen, count, twice = process.listen('done'), process.listen('ask'), {}, 0, 0
  while true do
    local got = channel.select({ done:case_receive(), ask:case_receive() })
    if got.channel == done then
      local job = got.value
      if seen[job] then twice = twice + 1 end
      seen[job], count = true, count + 1
    else
      process.send('app:desk', 'told', count .. ' ' .. twice)
    end
  end
end }";

const ASK: &str = "return { main = function()
  process.send('app:book', 'ask', 1)
  return process.inbox():receive():payload()
end }";

fn life(directory: &Path) -> Node {
    let disk = DiskConfig::default();
    let store: Arc<dyn Store> = Arc::new(DiskStore::open(directory, disk).unwrap().0);
    let keeps = Some(OnError::Exit);
    let programs = vec![
        program("member", MEMBER, keeps),
        program("boss", BOSS, keeps),
        program("book", BOOK, keeps),
        program("ask", ASK, None),
    ];
    let node = keeping::node_on(store, programs);
    if node.lookup("app:book").is_none() {
        start(&node, "book", numbers(&[]));
        until(|| node.lookup("app:book").is_some());
        // Its name, too, is on disk then.
        node.flush_store();
    }
    let crew = Pool { queue_max: 100_000, ..pool(4, 4) };
    begin(&node, &crew);
    if node.lookup("app:boss").is_none() {
        start(&node, "boss", numbers(&[JOBS]));
    }
    node
}

/// What the book says: jobs done, and jobs done twice.
fn asked(node: &Node) -> (i64, i64) {
    let request = SpawnRequest {
        program: SmolStr::new("app:ask"),
        host: SmolStr::new(HOST_NORMAL),
        name: Some(SmolStr::new("app:desk")),
        ..SpawnRequest::default()
    };
    let said = said(node.spawn(request, Context::default()).unwrap().ending.unwrap());
    let (count, twice) = said.split_once(' ').unwrap();
    (count.parse().unwrap(), twice.parse().unwrap())
}

fn send_job(node: &Node, number: i64) -> bool {
    let payload = numbers(&[number]);
    let message = Message { topic: Topic::new("job"), from: None, payload };
    node.lookup(POOL).is_some_and(|pool| node.send(pool, message).is_ok())
}

/// Lives until it is killed: sends jobs, and says which were acknowledged.
fn live(directory: &Path) -> ! {
    let node = life(directory);
    // What was not acknowledged may have come all the same: no number is used twice.
    let own = i64::from(std::process::id()) << 32;
    for number in own.. {
        if send_job(&node, number) {
            println!("\n> {number}");
        }
    }
    unreachable!("it is killed");
}

#[test]
fn nothing_is_lost_and_nothing_done_twice_whenever_the_node_is_killed() {
    if let Some(directory) = std::env::var_os(NODE) {
        live(Path::new(&directory));
    }
    let directory = std::env::temp_dir().join(format!("pool-kill-{}", std::process::id()));
    let (mut acknowledged, mut wait) = (0, 0x9e37_79b9_u64);
    for _ in 0..LIVES {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::nothing_is_lost_and_nothing_done_twice_whenever_the_node_is_killed"])
            .args(["--exact", "--nocapture"])
            .env(NODE, &directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = lines.map_while(Result::ok).filter(|line| line.starts_with("> "));
        // It lives from its first job on, for a while that is another one each time.
        acknowledged += told.next().iter().count();
        wait = wait.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::park_timeout(Duration::from_micros((wait >> 33) % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged += told.count();
    }
    let node = life(&directory);
    let least = JOBS + acknowledged as i64;
    until(|| asked(&node).0 >= least && status(&node).members.busy == 0);
    until(|| status(&node).waiting == 0 && status(&node).members.idle == 4);
    let (count, twice) = asked(&node);
    // One of each life may have come without having been acknowledged.
    assert!(twice == 0 && count <= least + LIVES as i64, "{count} of {least}, {twice} twice");
    drop(node);
    std::fs::remove_dir_all(directory).unwrap();
}
