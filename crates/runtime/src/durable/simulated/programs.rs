//! The programs of the simulation: accounts that move money between each other in every way in which a
//! process can be told something, and say what they have done.

use procession_environment::{Dialect, Durability, Module, OnError, Program, Promise};
use procession_types::{FragmentBuilder, Message, ProgramLimits, Topic, word};

/// What an account begins with.
pub(super) const BALANCE: i64 = 500;
/// What accounts do; each with a number that comes once.
pub(super) const KINDS: [&str; 9] =
    ["transfer", "fail", "later", "child", "burst", "look", "link", "cancel", "renew"];

/// Answers `report` with all it knows.
const ACCOUNT: &str = "local time = require('time')
return { main = function(name, old)
  process.set_options({ trap_links = true })
  local inbox, events = process.inbox(), process.events()
  old = old or { balance = 500, twice = 0, exits = 0, downs = 0, seen = {}, moved = {}, credits = {} }
  local balance, twice, exits, downs = old.balance, old.twice, old.exits, old.downs
  local seen, moved, credits, sleepers = old.seen, old.moved, old.credits, 0
  local kinds = { [seen] = 'seen', [moved] = 'moved', [credits] = 'credited' }
  local function once(list, id)
    if list[id] then
      twice = twice + 1
      print('twice ' .. name .. ' ' .. kinds[list] .. ' ' .. id)
    end
    list[id] = true
  end
  local function give(to, id, amount)
    balance = balance - amount
    once(moved, id)
    process.send(to, 'x', { kind = 'credit', id = id, amount = amount })
  end
  local function sorted(list)
    local ids = {}
    for id in pairs(list) do ids[#ids + 1] = id end
    table.sort(ids)
    return table.concat(ids, ',')
  end
  while true do
    local got = channel.select({ inbox:case_receive(), events:case_receive() })
    if got.channel == events then
      if got.value.kind == process.event.EXIT then
        exits = exits + 1
        print('exit ' .. name .. ' ' .. tostring(got.value.result.value or got.value.result.error))
      elseif got.value.kind == process.event.LINK_DOWN then
        downs = downs + 1
        print('down ' .. name .. ' ' .. downs)
      end
    else
      local message = got.value:payload()
      local kind, id, to, amount = message.kind, message.id, message.to, message.amount
      if kind == 'credit' then
        once(credits, id)
        balance = balance + amount
      elseif kind == 'report' then
        print(table.concat({ 'report', name, balance, twice, exits, downs, sorted(seen), sorted(moved),
          sorted(credits) }, ' | '))
      elseif kind == 'look' then
        -- Nothing but a turn.
        once(seen, id)
      else
        once(seen, id)
        if kind == 'transfer' then
          if balance >= amount then give(to, id, amount) end
        elseif kind == 'later' then
          sleepers = sleepers + 1
          coroutine.spawn(function()
            time.sleep(amount .. 'ms')
            sleepers = sleepers - 1
            give(to, id, amount)
            print('did wake ' .. id)
          end)
        elseif kind == 'child' then
          balance = balance - amount
          once(moved, id)
          assert(process.spawn_monitored('app:child', 'app:processes', to, id, amount))
        elseif kind == 'link' then
          balance = balance - amount
          once(moved, id)
          assert(process.spawn_linked('app:broken', 'app:processes', to, id, amount))
        elseif kind == 'cancel' then
          balance = balance - amount
          once(moved, id)
          local waiter = assert(process.spawn_monitored('app:waiter', 'app:processes', to, id, amount))
          assert(process.cancel(waiter, '1h'))
        elseif kind == 'burst' then
          for part = 1, 5 do give(to, 1000000 + id * 10 + part, amount) end
        elseif kind == 'fail' then
          give(to, id, amount)
          print('never ' .. id)
          error('as asked')
        end
        print('did ' .. kind .. ' ' .. id)
        -- What sleeps would be gone with the program.
        if kind == 'renew' and sleepers == 0 then
          old = { balance = balance, twice = twice, exits = exits, downs = downs }
          old.seen, old.moved, old.credits = seen, moved, credits
          process.upgrade(OTHER, name, old)
        end
      end
    end
  end
end }";

/// Brings the money, and fails: whoever is linked to it hears that once.
const BROKEN: &str = "local time = require('time')
return { main = function(to, id, amount)
  if id % 2 == 0 then time.sleep('3ms') end
  process.send(to, 'x', { kind = 'credit', id = id, amount = amount })
  error('broken ' .. id)
end }";

/// Brings the money when it is asked to end.
const WAITER: &str = "return { main = function(to, id, amount)
  repeat until process.events():receive().kind == process.event.CANCEL
  process.send(to, 'x', { kind = 'credit', id = id, amount = amount })
  return id
end }";

/// Brings the money, and ends.
const CHILD: &str = "local time = require('time')
return { main = function(to, id, amount)
  if id % 2 == 0 then time.sleep('3ms') end
  process.send(to, 'x', { kind = 'credit', id = id, amount = amount })
  return id
end }";

fn program(name: &str, source: &str, on_error: OnError, promise: Promise) -> Program {
    Program {
        id: format!("app:{name}"),
        main: Module {
            name: format!("app:{name}"),
            file: format!("{name}.lua"),
            source: source.as_bytes().into(),
        },
        method: None,
        modules: vec!["time".to_owned(), "channel".to_owned()],
        imports: Vec::new(),
        dialect: Dialect::Plain,
        durability: Some(Durability { on_error, promise }),
        limits: ProgramLimits::default(),
    }
}

/// All of them. An account becomes the other kind of account when it is told to.
pub(super) fn programs(promise: Promise) -> Vec<Program> {
    let account = |other: &str| format!("local OTHER = 'app:{other}'\n{ACCOUNT}");
    vec![
        program("account", &account("other"), OnError::Skip, promise),
        program("other", &account("account"), OnError::Skip, promise),
        program("child", CHILD, OnError::Skip, promise),
        program("broken", BROKEN, OnError::Exit, promise),
        program("waiter", WAITER, OnError::Skip, promise),
    ]
}

/// What an account is told.
pub(super) fn message(kind: &str, id: i64, to: &str, amount: i64) -> Message {
    let mut builder = FragmentBuilder::new();
    let (kind, to) = (builder.string(kind.as_bytes()), builder.string(to.as_bytes()));
    let (id, amount) = (word::int_wrapping(id), word::int_wrapping(amount));
    let fields = [("kind", kind), ("id", id), ("to", to), ("amount", amount)];
    let payload = builder.record(&fields);
    let payload = builder.finish(&[payload]);
    Message { topic: Topic::new("x"), from: None, payload }
}
