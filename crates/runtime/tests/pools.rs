//! Pools of real Lua programs. Nothing is waited for by the clock: main programs wait for replies and
//! for the pool's events.
#![allow(clippy::unwrap_used, unreachable_pub)]

use procession_environment::{Dialect, Module, Program, SpawnRequest};
use procession_runtime::telemetry::{EventKind, Query};
use procession_runtime::*;
use procession_types::definition::{self, Lifecycle, Monitoring, PoolSize, Recovery, Restart};
use procession_types::*;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const MS: u64 = 1_000_000;
const POOL: &str = "app:pool";

/// Does what its message says, and tells the sender who did it.
const WORKER: &str = r#"
local time = require("time")
local kept = {}
return {main = function(...)
  local inbox = process.inbox()
  while true do
    local msg = inbox:receive()
    local what, number = msg:topic(), msg:payload()
    if what == "crash" then error("crash " .. tostring(number)) end
    if what == "later" then
      time.sleep("5ms")
      error("later " .. tostring(number))
    end
    if what == "hang" then while true do end end
    if what == "hold" then
      process.send(msg:from(), "held", number, process.pid())
      process.listen("release"):receive()
    end
    if what == "leak" then
      for i = 1, 60000 do kept[#kept + 1] = "line " .. i .. " of what is never given back" end
    end
    if what == "last" then
      process.send(msg:from(), "done", number, process.pid(), what)
      return
    end
    process.send(msg:from(), "done", number, process.pid(), what, ...)
  end
end}
"#;

/// What every main program has.
const PRELUDE: &str = r#"
local time, events = require("time"), require("events")
local pool = "app:pool"
local function recv(ch, what)
  local got = channel.select{ch:case_receive(), time.after("20s"):case_receive()}
  assert(got.channel == ch, "nothing came for 20 s: " .. what)
  return got.value
end
local function eq(got, want, what)
  assert(got == want, what .. ": wanted " .. tostring(want) .. ", got " .. tostring(got))
end
local function send(...) assert(process.send(pool, ...)) end
local inbox, done, held = process.inbox(), process.listen("done"), process.listen("held")
"#;

#[derive(Clone)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Bench {
    node: Node,
    log: Written,
}

fn program(id: &str, source: String, limits: Limits) -> Program {
    Program {
        id: id.into(),
        main: Module {
            name: id.into(),
            file: format!("{}.lua", id.trim_start_matches("app:")),
            source: source.into_bytes().into(),
        },
        method: None,
        modules: procession_lua::module_names().iter().map(ToString::to_string).collect(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: None,
        limits: limits.into(),
    }
}

/// A pool that is quick to act, so that tests are.
fn definition(least: u32, most: u32) -> definition::Pool {
    definition::Pool {
        id: POOL.into(),
        program: "app:worker".into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: least, max_size: most, idle_timeout_ns: 60_000 * MS },
        queue_max: 1000,
        monitoring: Monitoring { health_check_interval_ns: 0, ..Monitoring::default() },
        recovery: Recovery { restart_delay_ns: MS, ..Recovery::default() },
        lifecycle: Lifecycle {
            stop_timeout_ns: 20_000 * MS,
            restart: Restart { max_delay_ns: 5 * MS, ..Restart::default() },
            ..Lifecycle::default()
        },
    }
}

impl Bench {
    /// A node on which the pool runs; `main` is what [`Bench::run`] runs.
    fn new(definition: &definition::Pool, main: &str) -> Self {
        let log = Written(Arc::default());
        let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
        config.shards = 2;
        config.sinks = Sinks { print: Box::new(std::io::sink()), log: Box::new(log.clone()) };
        let limits = Limits { memory_bytes_max: 8 << 20, ..Limits::default() };
        let main = format!("{PRELUDE}\nreturn {{main = function()\n{main}\nend}}");
        config.programs = vec![
            program("app:worker", WORKER.to_owned(), limits),
            program("app:main", main, Limits::default()),
        ];
        let node = Node::start(config).unwrap();
        node.define_pool(definition).unwrap();
        Self { node, log }
    }

    fn start(&self) -> Started {
        self.node.start_pool(POOL).unwrap()
    }

    /// Runs the main program to its end, which must be normal.
    fn run(&self) {
        let request = SpawnRequest {
            program: "app:main".into(),
            host: HOST_NORMAL.into(),
            name: Some("app:main".into()),
            ..SpawnRequest::default()
        };
        let started = self.node.spawn(request, Context::default()).unwrap();
        let reason = started.ending.unwrap().wait_for(PATIENCE).unwrap();
        let log = self.log();
        assert!(!reason.is_abnormal(), "{}\n{log}", reason.error().unwrap());
    }

    fn status(&self) -> PoolStatus {
        self.node.pool_status(POOL).unwrap()
    }

    fn log(&self) -> String {
        self.node.flush_output();
        String::from_utf8_lossy(&self.log.0.lock().unwrap()).into_owned()
    }
}

fn run(definition: &definition::Pool, main: &str) -> Bench {
    let bench = Bench::new(definition, main);
    let _ = bench.start();
    bench.run();
    bench
}

#[test]
fn work_goes_to_members_with_topic_sender_and_payload() {
    let mut definition = definition(4, 4);
    let mut builder = FragmentBuilder::new();
    let text = builder.string(b"an argument for all members");
    definition.arguments = vec![builder.finish(&[text]), Fragment::nil()];
    let bench = run(
        &definition,
        r#"
        local by = {}
        for i = 1, 200 do send("job", i) end
        for _ = 1, 200 do
          local reply = recv(done, "a reply")
          eq(reply[3], "job", "topic")
          eq(reply[4], "an argument for all members", "argument")
          by[reply[1]] = reply[2]
        end
        for i = 1, 200 do assert(by[i], "message " .. i .. " is lost") end
        local members = {}
        for i = 1, 4 do send("hold", i) end
        for i = 1, 4 do
          local reply = recv(held, "a member")
          assert(not members[reply[2]], "two messages in the hands of one member")
          members[reply[2]] = true
        end
        for member in pairs(members) do process.send(member, "release") end
        for i = 1, 4 do recv(done, "the release") end
        "#,
    );
    let status = bench.status();
    assert_eq!((status.size, status.counts.handed, status.waiting), (4, 204, 0));
    assert_eq!((status.counts.redelivered, status.counts.failures), (0, 0));
}

#[test]
fn the_flow_of_process_management() {
    // Creation, monitoring, healthy?, recovery, monitoring again, termination.
    let mut definition = definition(1, 3);
    definition.size.idle_timeout_ns = 100 * MS;
    definition.monitoring.health_check_interval_ns = 10 * MS;
    definition.monitoring.health_check_timeout_ns = 100 * MS;
    let main = r#"
        local news = {}
        for _, kind in ipairs{"grown", "unhealthy", "member_failed", "dead_letter", "shrunk"} do
          news[kind] = events.subscribe("pool." .. kind)
        end
        local function hear(kind) return recv(news[kind], kind):payload() end
        -- Creation: members for all that waits.
        for i = 1, 3 do send("hold", i) end
        local members = {}
        for i = 1, 3 do members[i] = recv(held, "a member")[2] end
        eq(hear("grown").pool, pool, "whose news")
        -- Healthy: they answer while they do their work, so nobody is touched.
        time.sleep("60ms")
        for i = 1, 3 do process.send(members[i], "release") end
        for i = 1, 3 do recv(done, "a healthy member") end
        -- Not healthy: it hangs, is ended, and its message goes to another, where it hangs again.
        send("hang", 1)
        for attempt = 1, 4 do
          local event = hear("unhealthy")
          eq(event.pool, pool, "whose news")
          assert(hear("member_failed").error:find("did not come to a wait point in 0.1 s", 1, true))
        end
        eq(hear("dead_letter").attempts, "4", "attempts")
        -- Recovery: it works as before.
        send("job", 5)
        eq(recv(done, "the job")[1], 5, "the job")
        -- Complete: those that nobody needs end.
        hear("shrunk")
    "#;
    let bench = Bench::new(&definition, main);
    let pool = bench.start();
    bench.run();
    let status = bench.status();
    assert_eq!((status.counts.unhealthy, status.counts.restarts > 0), (4, true), "{status:?}");
    assert!(status.counts.checks > 3 && status.counts.grown >= 2, "{status:?}");
    // Termination.
    bench.node.cancel(pool.pid, Some(PATIENCE), "the test is over").unwrap();
    let reason = pool.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert!(!reason.is_abnormal(), "{reason:?}");
    assert_eq!(bench.node.stats().processes, 0);
    let log = bench.log();
    assert!(log.contains("a member of a pool hangs and is ended"), "{log}");
    let kept = |kind: EventKind| {
        let (service, kinds) = (Some(SmolStr::new(POOL)), vec![kind]);
        let query = Query { service, kinds, ..Query::default() };
        bench.node.events(&query).records.len()
    };
    assert_eq!((kept(EventKind::HealthFailed), kept(EventKind::PoolDeadLetter)), (4, 1));
    assert!(kept(EventKind::PoolScaled) >= 2 && kept(EventKind::AlertRaised) >= 2);
    // Those of its members are told by its id, too.
    assert!(kept(EventKind::ProcessExited) >= 4);
}

#[test]
fn what_crashes_in_the_middle_of_its_work_loses_nothing() {
    let mut definition = definition(3, 3);
    definition.recovery.dead_letter = Some("app:main".into());
    let bench = run(
        &definition,
        r#"
        local letters = process.listen("dead-letter")
        for i = 1, 30 do
          send("job", i)
          -- In the middle: it sleeps before it fails, so it has been at a wait point with it.
          if i % 10 == 0 then send("later", i) end
          if i % 10 == 5 then send("crash", i) end
        end
        local seen = {}
        for i = 1, 30 do seen[recv(done, "a job")[1]] = true end
        for i = 1, 30 do assert(seen[i], "job " .. i .. " is lost") end
        local dead = {}
        for i = 1, 6 do
          local letter = recv(letters, "a dead letter")
          eq(letter.attempts, 4, "attempts")
          eq(letter.pool, pool, "pool")
          eq(letter.from, process.pid(), "sender")
          local want = letter.topic .. " " .. letter.payload
          assert(letter.error.message:find(want, 1, true), letter.error.message)
          dead[want] = true
        end
        for _, want in ipairs{"later 10", "later 20", "later 30", "crash 5", "crash 15", "crash 25"} do
          assert(dead[want], want .. " is missing")
        end
        "#,
    );
    let status = bench.status();
    assert_eq!(status.counts.failures, 24);
    assert_eq!((status.counts.dead_letters, status.counts.lost), (6, 0));
    assert_eq!(status.errors.len(), 8);
}

#[test]
fn a_full_queue_tells_the_sender() {
    let mut definition = definition(1, 1);
    definition.queue_max = 10;
    let bench = run(
        &definition,
        r#"
        send("hold", 0)
        local member = recv(held, "the member")[2]
        for i = 1, 10 do send("job", i) end
        local sent, err = process.send(pool, "job", 11)
        eq(sent, nil, "sent")
        eq(err:kind(), "RateLimited", "kind")
        process.send(member, "release")
        for i = 0, 10 do eq(recv(done, "a job")[1], i, "order") end
        send("job", 12)
        recv(done, "the next")
        "#,
    );
    assert_eq!(bench.status().waiting_max, 10);
}

#[test]
fn the_size_is_set_from_outside() {
    let bench = run(
        &definition(1, 2),
        r#"
        send("hold", 1)
        send("hold", 2)
        send("job", 3)
        for i = 1, 2 do recv(held, "a member") end
        "#,
    );
    let status = bench.status();
    assert_eq!((status.size, status.members.busy, status.waiting), (2, 2, 1));
    let why = status.stall.unwrap().to_string();
    assert_eq!(why, "it has 2 members, its most (max_size)");
    let status = bench
        .node
        .scale_pool(POOL, Scale { max_size: Some(8), size: Some(Some(5)), ..Scale::default() });
    assert_eq!(status.unwrap().size, 5);
    let refused = bench.node.scale_pool(POOL, Scale { size: Some(Some(9)), ..Scale::default() });
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid);
    let status = bench.node.scale_pool(POOL, Scale { size: Some(Some(1)), ..Scale::default() });
    assert_eq!(status.unwrap().size, 1);
    let metrics = bench.node.metrics();
    for line in [
        "# TYPE procession_pool_members gauge\n",
        "procession_pool_members_max{pool=\"app:pool\"} 8\n",
        "procession_pool_scaled_down_total{pool=\"app:pool\"} 4\n",
    ] {
        assert!(metrics.contains(line), "wanted {line}in\n{metrics}");
    }
    assert!(metrics.contains("procession_pool_members{pool=\"app:pool\",state=\"busy\"} "));
}

#[test]
fn a_pool_is_there_once_and_is_stopped_with_its_members() {
    let bench = Bench::new(&definition(2, 2), "for i = 1, 50 do send('job', i) end");
    let missing = bench.node.pool_status(POOL).unwrap_err();
    assert_eq!(missing.message, "pool \"app:pool\" does not run");
    let pool = bench.start();
    let again = bench.node.start_pool(POOL).unwrap_err();
    assert_eq!(again.kind, ErrorKind::AlreadyExists);
    assert_eq!(bench.node.pool_status("app:other").unwrap_err().kind, ErrorKind::NotFound);
    bench.run();
    // What waits is done first.
    bench.node.cancel(pool.pid, Some(PATIENCE), "enough").unwrap();
    let reason = pool.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert!(!reason.is_abnormal(), "{reason:?}");
    assert_eq!(bench.node.stats().processes, 0);
    assert!(!bench.log().contains("dead letter"), "{}", bench.log());
    // A member ends with a pool that is killed.
    let pool = bench.start();
    assert_eq!(bench.status().size, 2);
    bench.node.terminate(pool.pid).unwrap();
    let reason = pool.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert!(reason.is_abnormal());
    assert_eq!(bench.node.stats().processes, 0);
}

#[test]
fn a_program_that_fails_ends_the_pool_with_its_error() {
    let mut definition = definition(1, 1);
    definition.program = "app:missing".into();
    let bench = Bench::new(&definition, "");
    let pool = bench.start();
    let reason = pool.ending.unwrap().wait_for(PATIENCE).unwrap();
    let error = reason.error().unwrap();
    assert_eq!(
        error.message,
        "pool app:pool failed after 4 failures in a row: program \"app:missing\" not found"
    );
    assert!(bench.log().contains("a pool has failed"));
}

#[test]
fn a_member_that_keeps_memory_while_idle_is_replaced() {
    let mut definition = definition(1, 1);
    definition.monitoring.health_check_interval_ns = 10 * MS;
    let bench = run(
        &definition,
        r#"
        local news = events.subscribe("pool.reclaimed")
        send("leak", 1)
        local leaky = recv(done, "the leak")[2]
        local event = recv(news, "what is reclaimed"):payload()
        eq(event.pid, leaky, "who")
        assert(tonumber(event.memory_bytes) > 2 << 20, event.memory_bytes)
        send("job", 2)
        assert(recv(done, "the job")[2] ~= leaky, "a fresh member")
        "#,
    );
    let counts = bench.status().counts;
    assert_eq!((counts.reclaimed, counts.failures), (1, 0));
}

#[test]
fn whoever_asks_a_pool_that_ends_hears_so() {
    let bench = Bench::new(&definition(1, 1), "");
    for _ in 0..20 {
        let pool = bench.start();
        bench.node.pause(pool.pid).unwrap();
        std::thread::scope(|scope| {
            let asked: Vec<_> =
                (0..4).map(|_| scope.spawn(|| bench.node.pool_status(POOL))).collect();
            // Most of them have asked by then.
            (0..20).for_each(|_| assert!(bench.node.stats().processes > 0));
            bench.node.terminate(pool.pid).unwrap();
            for asked in asked {
                let error = asked.join().unwrap().unwrap_err();
                assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
            }
        });
        pool.ending.unwrap().wait_for(PATIENCE).unwrap();
    }
}

/// While a pool does not run, anybody may have its name.
#[test]
fn a_stranger_with_the_name_of_a_pool_is_not_taken_for_it() {
    let bench = Bench::new(&definition(1, 1), "process.inbox():receive()");
    let request = SpawnRequest {
        program: "app:main".into(),
        host: HOST_NORMAL.into(),
        name: Some(POOL.into()),
        ..SpawnRequest::default()
    };
    let stranger = bench.node.spawn(request, Context::default()).unwrap().pid;
    assert_eq!(bench.node.lookup(POOL), Some(stranger));
    assert_eq!(bench.node.pool_status(POOL).unwrap_err().kind, ErrorKind::NotFound);
    bench.node.redefine_pool(&definition(2, 2)).unwrap();
    assert_eq!(bench.node.info(stranger).unwrap().process.program, "app:main");
}

#[test]
fn what_a_paused_member_would_get_goes_to_others() {
    let bench = Bench::new(
        &definition(2, 2),
        r#"
        send("job", 1)
        local first = recv(done, "a job")[2]
        process.send(recv(inbox, "the test"):payload(), "member", first)
        recv(inbox, "the pause")
        for i = 1, 20 do
          send("job", i)
          assert(recv(done, "a job")[2] ~= first, "a paused member has done something")
        end
        "#,
    );
    let _ = bench.start();
    // Says who the member is by ending with it.
    let relay = "return {main = function() return process.inbox():receive():payload() end}";
    bench.node.define(program("app:relay", relay.to_owned(), Limits::default()));
    let spawn = |id: &str| {
        let (program, host) = (SmolStr::new(id), SmolStr::new(HOST_NORMAL));
        let request = SpawnRequest { program, host, ..SpawnRequest::default() };
        bench.node.spawn(request, Context::default()).unwrap()
    };
    let (main, relay) = (spawn("app:main"), spawn("app:relay"));
    let tell = |text: &str| {
        let mut builder = FragmentBuilder::new();
        let value = builder.string(text.as_bytes());
        let payload = builder.finish(&[value]);
        bench.node.send(main.pid, Message { topic: "go".into(), from: None, payload }).unwrap();
    };
    tell(&bench.node.pid_text(relay.pid));
    let said = relay.ending.unwrap().wait_for(PATIENCE).unwrap();
    let ExitReason::Normal(said) = &*said else { panic!("{said:?}") };
    let member = String::from_utf8(said.string(said.values()[0]).unwrap()).unwrap();
    let all = bench.node.processes(100);
    let member = all.iter().find(|it| bench.node.pid_text(it.pid) == member).unwrap().pid;
    bench.node.pause(member).unwrap();
    tell("paused");
    let reason = main.ending.unwrap().wait_for(PATIENCE).unwrap();
    assert!(!reason.is_abnormal(), "{}\n{}", reason.error().unwrap(), bench.log());
    assert_eq!(bench.status().members.paused, 1);
    bench.node.resume(member).unwrap();
    assert_eq!(bench.status().counts.failures, 0);
}

#[test]
fn a_member_may_end_after_its_last_message() {
    let bench = run(
        &definition(1, 1),
        r#"
        local seen = {}
        for i = 1, 10 do send("last", i) end
        for i = 1, 10 do
          local reply = recv(done, "a last message")
          eq(reply[1], i, "order")
          assert(not seen[reply[2]], "each by a fresh member")
          seen[reply[2]] = true
        end
        "#,
    );
    let counts = bench.status().counts;
    assert_eq!((counts.redelivered, counts.failures), (0, 0));
}

#[test]
fn alerts_are_posted_to_the_webhook() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut definition = definition(1, 1);
    definition.recovery.redeliveries_max = 0;
    definition.monitoring.webhook =
        Some(format!("http://{}/alerts", listener.local_addr().unwrap()));
    let bench = Bench::new(&definition, "send('crash', '\"7\"') send('crash', 8)");
    let _ = bench.start();
    bench.run();
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(head.starts_with("POST /alerts HTTP/1.1\r\n"), "{head}");
    let start = r#"{"pool":"app:pool","kind":"dead_letter","message":"no member of a pool could do a message","held_back":0,"time_ns":"#;
    assert!(body.starts_with(start), "{body}");
    assert!(body.contains(r#""topic":"crash","attempts":"1","error":"worker.lua:"#), "{body}");
    assert!(body.contains(r#"crash \"7\"""#), "{body}");
}
