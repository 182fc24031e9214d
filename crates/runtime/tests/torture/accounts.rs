//! The node of the torture: the accounts, and what the test asks of them, line by line.

use crate::variant::Variant;
use procession_environment::{Dialect, Durability, Module, Program, SpawnRequest};
use procession_runtime::{HOST_NORMAL, Node, NodeConfig, Sinks, When};
use procession_store::{DiskStore, Store};
use procession_types::{
    Context, Error, ExitReason, Fragment, FragmentBuilder, Message, ProgramLimits, SmolStr, Topic,
    word, word::Word,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ACCOUNTS: u64 = 24;
pub(crate) const BALANCE: i64 = 1000;
/// In front of what the node says.
pub(crate) const SIGN: &str = "> ";

/// How long an account may take to answer, and the node to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// Version after version has the same source but for a number in front, so that each is another program.
///
/// Who is frozen says what it has, and takes nothing until it is another program, or a later life of the node
/// thaws it: so nothing comes between what it has said and the program that goes on with that.
const ACCOUNT: &str = "return { main = function(state, entries)
  local inbox, thaw = process.inbox(), process.listen('thaw')
  if type(state) == 'table' then
    state.upgrades = state.upgrades + 1
  else
    state = { balance = state, entries = entries, seen = {}, count = 0, twice = 0 }
    state.upgrades, state.held = 0, {}
    for i = 1, entries do state.held[i] = { id = 0, text = 'entry ' .. i } end
  end
  while true do
    local message = inbox:receive():payload()
    local kind, id, to, amount = message.kind, message.id, message.to, message.amount
    if kind == 'transfer' then
      if state.seen[id] then state.twice = state.twice + 1 end
      state.seen[id], state.count = true, state.count + 1
      if state.entries > 0 then state.held[id % state.entries + 1].id = id end
      if state.balance >= amount then
        state.balance = state.balance - amount
        assert(process.send(to, 'x', { kind = 'credit', amount = amount }))
      end
    elseif kind == 'credit' then
      state.balance = state.balance + amount
    elseif kind == 'freeze' then
      assert(process.send(to, 'frozen', state))
      repeat until thaw:receive() > id
    elseif kind == 'report' then
      local said = { balance = state.balance, count = state.count, twice = state.twice }
      said.upgrades = state.upgrades
      assert(process.send(to, 'report', said))
    elseif kind == 'missing' then
      local missing = {}
      for id in message.ids:gmatch('%d+') do
        if not state.seen[math.tointeger(tonumber(id))] then missing[#missing + 1] = id end
      end
      assert(process.send(to, 'report', table.concat(missing, ' ')))
    end
  end
end }";

/// Asks all accounts; gives the sum of balances, transfers, transfers that came twice, and upgrades.
const REPORT: &str = "return { main = function(accounts)
  local inbox = process.inbox()
  local money, count, twice, upgrades = 0, 0, 0, 0
  for at = 0, accounts - 1 do
    assert(process.send('account-' .. at, 'x', { kind = 'report', to = process.pid() }))
  end
  for _ = 1, accounts do
    local said = inbox:receive():payload()
    money, count, twice = money + said.balance, count + said.count, twice + said.twice
    upgrades = upgrades + said.upgrades
  end
  return money .. ' ' .. count .. ' ' .. twice .. ' ' .. upgrades
end }";

/// What a frozen account has.
const FREEZE: &str = "return { main = function(account, id)
  assert(process.send(account, 'x', { kind = 'freeze', id = id, to = process.pid() }))
  return process.inbox():receive():payload()
end }";

/// Which of some transfers an account has not seen.
const MISSING: &str = "return { main = function(account, ids)
  assert(process.send(account, 'x', { kind = 'missing', ids = ids, to = process.pid() }))
  return process.inbox():receive():payload()
end }";

fn program(name: &str, source: String, durability: Option<Durability>) -> Program {
    Program {
        id: format!("bank:{name}"),
        main: Module {
            name: format!("bank:{name}"),
            file: format!("{name}.lua"),
            source: source.into_bytes().into(),
        },
        method: None,
        modules: Vec::new(),
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability,
        limits: ProgramLimits::default(),
    }
}

fn account(version: &str) -> Program {
    let source = format!("local VERSION = {version}\n{ACCOUNT}");
    program("account", source, Some(Durability::default()))
}

fn request(program: &str, build: impl FnOnce(&mut FragmentBuilder) -> Vec<Word>) -> SpawnRequest {
    let mut builder = FragmentBuilder::new();
    let values = build(&mut builder);
    SpawnRequest {
        program: SmolStr::new(format!("bank:{program}")),
        host: SmolStr::new(HOST_NORMAL),
        arguments: builder.finish(&values),
        ..SpawnRequest::default()
    }
}

fn number(text: &str) -> Word {
    word::int_wrapping(text.parse().unwrap())
}

/// Starts the node, says `ready`, and answers each line with a line: `done`, `refused: …`, or what was asked
/// for. It stops when there are no more lines.
pub(crate) fn serve(directory: &Path, variant: Variant, life: u64) {
    let store: Arc<dyn Store> = match DiskStore::open(directory, variant.disk(life)) {
        Ok((store, _)) => Arc::new(store),
        Err(error) => return say(&format!("the store can't be opened: {error}")),
    };
    let mut config = NodeConfig::new(Arc::new(procession_lua::LuaEnvironment::new()));
    config.shards = 2;
    config.sinks = Sinks::none();
    config.store = Some(Arc::clone(&store));
    config.programs = vec![
        account("0"),
        program("report", REPORT.to_owned(), None),
        program("freeze", FREEZE.to_owned(), None),
        program("missing", MISSING.to_owned(), None),
    ];
    variant.configure(&mut config);
    let node = match Node::start(config) {
        Ok(node) => node,
        Err(error) => return say(&format!("the node can't start: {error}")),
    };
    if let Err(error) = open_accounts(&node, variant, life) {
        return say(&format!("an account can't be opened: {error:?}"));
    }
    say("ready");
    for line in std::io::stdin().lines() {
        say(&answer(&node, &*store, life, &line.unwrap()));
    }
    node.shutdown(PATIENCE);
    say("closed");
}

/// Lines for whoever asks have a sign in front: the test harness has something to say, too.
fn say(line: &str) {
    println!("{SIGN}{line}");
}

fn open_accounts(node: &Node, variant: Variant, life: u64) -> Result<(), Error> {
    for at in 0..ACCOUNTS {
        let name = format!("account-{at}");
        if let Some(pid) = node.lookup(&name) {
            if variant == Variant::Upgrade {
                // The life that had it frozen was over before it was upgraded.
                let payload = FragmentBuilder::new().finish(&[word::int_wrapping(life as i64)]);
                node.send(pid, Message { topic: Topic::new("thaw"), from: None, payload })?;
            }
            continue;
        }
        let entries = variant.entries(at);
        let mut request =
            request("account", |_| vec![word::int_wrapping(BALANCE), word::int_wrapping(entries)]);
        request.name = Some(SmolStr::new(&name));
        node.spawn(request, Context::default())?;
    }
    Ok(())
}

fn answer(node: &Node, store: &dyn Store, life: u64, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["transfer", from, id, to, amount] => said(transfer(node, from, [id, to, amount])),
        ["upgrade", name, version] => {
            node.define(account(version));
            upgrade(node, name, life).unwrap_or_else(|refusal| refusal)
        }
        ["compact"] => match store.compact() {
            Ok(()) => "done".to_owned(),
            Err(error) => format!("refused: {error}"),
        },
        ["report"] => {
            let accounts = word::int_wrapping(ACCOUNTS as i64);
            text(node, request("report", |_| vec![accounts]))
        }
        ["missing", account, ref ids @ ..] => {
            let ids = ids.join(" ");
            let build = |builder: &mut FragmentBuilder| {
                vec![builder.string(account.as_bytes()), builder.string(ids.as_bytes())]
            };
            text(node, request("missing", build))
        }
        ["resident"] => {
            let used = node.hosts()[0].durable;
            format!("{} {} {}", used.processes, used.sleeping, used.bytes)
        }
        _ => format!("refused: what is \"{line}\"?"),
    }
}

fn said(result: Result<(), Error>) -> String {
    match result {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("refused: {:?}: {}", error.kind, error.message),
    }
}

fn message(build: impl FnOnce(&mut FragmentBuilder) -> Vec<(&'static str, Word)>) -> Message {
    let mut builder = FragmentBuilder::new();
    let fields = build(&mut builder);
    let payload = builder.record(&fields);
    Message { topic: Topic::new("x"), from: None, payload: builder.finish(&[payload]) }
}

fn transfer(node: &Node, from: &str, [id, to, amount]: [&str; 3]) -> Result<(), Error> {
    let message = message(|builder| {
        let (kind, to) = (builder.string(b"transfer"), builder.string(to.as_bytes()));
        vec![("kind", kind), ("id", number(id)), ("to", to), ("amount", number(amount))]
    });
    node.send(node.lookup(from).unwrap(), message)
}

/// Has an account say what it has, and go on with that as another program.
fn upgrade(node: &Node, name: &str, life: u64) -> Result<String, String> {
    let state = value(
        node,
        request("freeze", |builder| {
            vec![builder.string(name.as_bytes()), word::int_wrapping(life as i64)]
        }),
    )?;
    let pid = node.lookup(name).unwrap();
    Ok(said(node.upgrade(pid, None, state, When::AtRest(PATIENCE))))
}

/// The text that a process ends with.
fn text(node: &Node, request: SpawnRequest) -> String {
    let told = value(node, request);
    told.map_or_else(
        |refusal| refusal,
        |value| String::from_utf8(value.string(value.values()[0]).unwrap()).unwrap(),
    )
}

/// What a process ends with.
fn value(node: &Node, request: SpawnRequest) -> Result<Fragment, String> {
    let program = request.program.clone();
    let started = node.spawn(request, Context::default()).unwrap();
    let Ok(reason) = started.ending.unwrap().wait_for(PATIENCE) else {
        return Err(format!("refused: no answer to {program} in {PATIENCE:?}; {}", silent(node)));
    };
    match &*reason {
        ExitReason::Normal(value) => Ok(value.clone()),
        ExitReason::Failed(_) => Err(format!("refused: {program}: {reason:?}")),
    }
}

/// The accounts that have something to do and do not do it: where they are, and what they did last.
fn silent(node: &Node) -> String {
    let mut lines = Vec::new();
    for at in 0..ACCOUNTS {
        let name = format!("account-{at}");
        let Some(pid) = node.lookup(&name) else {
            lines.push(format!("{name} has no process"));
            continue;
        };
        let info = match node.info(pid) {
            Ok(info) if info.process.mailbox_messages == 0 => continue,
            Ok(info) => info,
            Err(error) => {
                lines.push(format!("{name}: {}, halted: {:?}", error.message, node.halt(pid)));
                continue;
            }
        };
        let (state, waiting) = (info.process.state, info.process.mailbox_messages);
        let place = info.place.unwrap_or_default();
        lines.push(format!("{name}: {state:?} at {place}, {waiting} messages wait"));
        let past = node.history(pid, 0, usize::MAX).unwrap_or_default();
        let last = past.iter().rev().take(8).rev();
        lines.extend(last.map(|record| format!("    {record:?}")));
    }
    lines.join("; ")
}
