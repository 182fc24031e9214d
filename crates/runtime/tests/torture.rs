//! A bank whose accounts are durable processes, on a node that is killed at random moments: no money is made
//! or lost, no transfer that was acknowledged is lost, and none is done twice.
//!
//! The test starts itself again as the node, with [`NODE`] set. `cargo xtask torture --minutes N` runs it for
//! longer.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use procession_environment::{Dialect, Durability, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks};
use procession_store::{DiskConfig, DiskStore, Store, verify};
use procession_types::{
    Context, ExitReason, FragmentBuilder, Message, ProgramLimits, SmolStr, word,
};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The directory of the store, for the node.
const NODE: &str = "PROCESSION_TORTURE_NODE";
/// How long the run takes.
const MINUTES: &str = "PROCESSION_TORTURE_MINUTES";
/// Kills of a run in the tests.
const KILLS: u32 = 12;
const ACCOUNTS: u64 = 24;
const BALANCE: i64 = 1000;
const PATIENCE: Duration = Duration::from_secs(60);

const ACCOUNT: &str = "return { main = function(name, balance)
  local inbox = process.inbox()
  local seen, count, twice = {}, 0, 0
  while true do
    local message = inbox:receive():payload()
    local kind, id, to, amount = message.kind, message.id, message.to, message.amount
    if kind == 'transfer' then
      if seen[id] then twice = twice + 1 end
      seen[id], count = true, count + 1
      if balance >= amount then
        balance = balance - amount
        process.send(to, 'x', { kind = 'credit', amount = amount })
      end
    elseif kind == 'credit' then
      balance = balance + amount
    elseif kind == 'report' then
      process.send(to, 'report', { balance = balance, count = count, twice = twice })
    elseif kind == 'has' then
      process.send(to, 'report', seen[id] and 1 or 0)
    end
  end
end }";

/// Asks all accounts; gives the sum of balances, transfers, and transfers that came twice.
const REPORT: &str = "return { main = function(accounts)
  local inbox = process.inbox()
  local money, count, twice = 0, 0, 0
  for at = 0, accounts - 1 do
    assert(process.send('account-' .. at, 'x', { kind = 'report', to = process.pid() }))
  end
  for _ = 1, accounts do
    local said = inbox:receive():payload()
    money, count, twice = money + said.balance, count + said.count, twice + said.twice
  end
  return money .. ' ' .. count .. ' ' .. twice
end }";

/// Whether an account has seen a transfer.
const HAS: &str = "return { main = function(account, id)
  process.send(account, 'x', { kind = 'has', id = id, to = process.pid() })
  return tostring(process.inbox():receive():payload())
end }";

fn program(name: &str, source: &str, durability: Option<Durability>) -> Program {
    Program {
        id: format!("bank:{name}"),
        main: Module {
            name: format!("bank:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability,
        limits: ProgramLimits::default(),
    }
}

fn request(program: &str, build: impl FnOnce(&mut FragmentBuilder) -> Vec<u64>) -> SpawnRequest {
    let mut builder = FragmentBuilder::new();
    let values = build(&mut builder);
    SpawnRequest {
        program: SmolStr::new(format!("bank:{program}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments: builder.finish(&values),
        ..SpawnRequest::default()
    }
}

/// The node: reads what to do line by line, and answers with a line each.
fn serve(directory: &Path) {
    let (store, _) = DiskStore::open(directory, DiskConfig::default()).unwrap();
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.hosts[0].hibernate_after_ns = Some(20_000_000);
    config.store = Some(Arc::new(store) as Arc<dyn Store>);
    config.programs = vec![
        program("account", ACCOUNT, Some(Durability::default())),
        program("report", REPORT, None),
        program("has", HAS, None),
    ];
    let node = Node::start(config).unwrap();
    for at in 0..ACCOUNTS {
        let name = format!("account-{at}");
        if node.lookup(&name).is_some() {
            continue;
        }
        let mut request = request("account", |builder| {
            vec![builder.string(name.as_bytes()), word::int_wrapping(BALANCE)]
        });
        request.name = Some(SmolStr::new(&name));
        node.spawn(request, Context::default()).unwrap();
    }
    println!("ready");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["transfer", from, id, to, amount] => {
                let mut builder = FragmentBuilder::new();
                let (kind, to) = (builder.string(b"transfer"), builder.string(to.as_bytes()));
                let number = |text: &str| word::int_wrapping(text.parse().unwrap());
                let (id, amount) = (number(id), number(amount));
                let fields = [("kind", kind), ("id", id), ("to", to), ("amount", amount)];
                let payload = builder.record(&fields);
                let payload = builder.finish(&[payload]);
                let message = Message { topic: SmolStr::new("x"), from: None, payload };
                node.send(node.lookup(from).unwrap(), message).unwrap();
                println!("done");
            }
            ["report"] => {
                let accounts = word::int_wrapping(ACCOUNTS as i64);
                println!("{}", answer(&node, request("report", |_| vec![accounts])));
            }
            ["has", account, id] => {
                let id = word::int_wrapping(id.parse().unwrap());
                let request =
                    request("has", |builder| vec![builder.string(account.as_bytes()), id]);
                println!("{}", answer(&node, request));
            }
            _ => break,
        }
    }
    node.shutdown(PATIENCE);
}

fn answer(node: &Node, request: SpawnRequest) -> String {
    let started = node.spawn(request, Context::default()).unwrap();
    let reason = started.ending.unwrap().wait_for(PATIENCE).expect("an answer");
    match &*reason {
        ExitReason::Normal(value) => {
            String::from_utf8(value.string(value.values()[0]).unwrap()).unwrap()
        }
        ExitReason::Failed(_) => panic!("{reason:?}"),
    }
}

/// The node as its user sees it.
struct Bank {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Bank {
    fn start(directory: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["a_bank_survives_kill_9", "--exact", "--nocapture", "--quiet"])
            .env(NODE, directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut bank = Self { child, input, output: BufReader::new(output) };
        // The test harness has something to say first.
        while bank.line().expect("the node starts") != "ready" {}
        bank
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// `None` when the node was killed before it answered.
    fn ask(&mut self, what: &str) -> Option<String> {
        self.input.write_all(format!("{what}\n").as_bytes()).ok()?;
        self.line()
    }
}

/// The same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// One life of the node: transfers until it is killed by another thread.
fn live(
    bank: &mut Bank,
    random: &mut Random,
    next: &mut i64,
    acknowledged: &mut BTreeMap<i64, u64>,
) {
    let pid = bank.child.id().to_string();
    let micros = 2_000 + random.below(120_000);
    let killer = std::thread::spawn(move || {
        // The moment is what is tried: nothing comes here but the end of the time.
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_micros(micros));
        Command::new("kill").args(["-9", &pid]).status().unwrap();
    });
    loop {
        let (from, to) = (random.below(ACCOUNTS), random.below(ACCOUNTS));
        let (id, amount) = (*next, random.below(50));
        *next += 1;
        match bank.ask(&format!("transfer account-{from} {id} account-{to} {amount}")) {
            Some(answer) => assert_eq!(answer, "done"),
            None => break,
        }
        acknowledged.insert(id, from);
    }
    killer.join().unwrap();
    bank.child.wait().unwrap();
}

/// What the accounts say, when nothing is on its way between them any more.
fn settled(bank: &mut Bank) -> (i64, i64, i64) {
    let started = Instant::now();
    loop {
        let report = bank.ask("report").expect("the node lives");
        let numbers: Vec<i64> = report.split(' ').map(|number| number.parse().unwrap()).collect();
        let is_over = started.elapsed() > PATIENCE;
        if numbers[0] == ACCOUNTS as i64 * BALANCE || is_over {
            return (numbers[0], numbers[1], numbers[2]);
        }
    }
}

#[test]
fn a_bank_survives_kill_9() {
    if let Some(directory) = std::env::var_os(NODE) {
        return serve(Path::new(&directory));
    }
    let minutes = std::env::var(MINUTES).ok().map(|text| text.parse::<f64>().unwrap());
    let end = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let directory = std::env::temp_dir().join(format!("torture-{}", std::process::id()));
    let _removed = Removed(directory.clone());
    let mut random = Random(u64::from(std::process::id()));
    let (mut next, mut acknowledged, mut kills) = (1, BTreeMap::new(), 0);
    println!("seed {}", random.0);
    while end.map_or(kills < KILLS, |end| Instant::now() < end) {
        let mut bank = Bank::start(&directory);
        live(&mut bank, &mut random, &mut next, &mut acknowledged);
        kills += 1;
    }
    let mut bank = Bank::start(&directory);
    let (money, count, twice) = settled(&mut bank);
    println!("{kills} kills, {} transfers acknowledged, {count} done", acknowledged.len());
    assert_eq!(money, ACCOUNTS as i64 * BALANCE, "money is conserved");
    assert_eq!(twice, 0, "no transfer is done twice");
    assert!(count >= acknowledged.len() as i64, "{count} of {}", acknowledged.len());
    assert!(count < next, "none comes from nowhere");
    for (id, account) in acknowledged.iter().rev().take(500) {
        let has = bank.ask(&format!("has account-{account} {id}"));
        assert_eq!(has.as_deref(), Some("1"), "transfer {id} was acknowledged");
    }
    drop(bank.input);
    bank.child.wait().unwrap();
    let (store, _) = DiskStore::open(&directory, DiskConfig::default()).unwrap();
    for shard in 0..2 {
        for account in 1..=ACCOUNTS {
            verify(&store, shard << 48 | account, 0).unwrap();
        }
    }
}

/// Removes a directory at the end.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
