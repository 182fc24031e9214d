//! The queue: what was accepted for good is done once, whatever ends in between.

use super::*;
use procession_types::{ErrorKind, Topic};

/// Passes on jobs, with a name for each.
const BOSS: &str = "return { main = function()
  local inbox, refused = process.inbox(), 0
  while true do
    local job = inbox:receive():payload()
    for at = 1, 3 do
      local ok = process.send('app:pool', 'job', job .. at)
      if not ok then refused = refused + 1 end
    end
    if process.registry.lookup('app:desk') then process.send('app:desk', 'done', 'refused ' .. refused) end
  end
end }";

/// Keeps the first dead letter, and gives it to whoever comes.
const GRAVES: &str = "return { main = function()
  process.registry.register('app:graves')
  local letter = process.inbox():receive():payload()
  process.listen('who'):receive()
  process.send('app:desk', 'done', letter.payload .. ' ' .. letter.attempts)
  process.inbox():receive()
end }";

fn begun(store: &Arc<MemoryStore>, pool: &Pool, rule: OnError) -> Node {
    let keeps = Some(OnError::Exit);
    let programs = vec![
        program("member", MEMBER, Some(rule)),
        program("desk", DESK, None),
        program("boss", BOSS, keeps),
        program("graves", GRAVES, keeps),
    ];
    with(store, programs, pool)
}

/// Waits until a member has taken 'hold', and says who.
fn held(node: &Node) -> Pid {
    job(node, "hold");
    until(|| status(node).members.busy == 1);
    let member = *members(node).first().unwrap();
    until(|| {
        let it = node.info(member).unwrap().process;
        it.mailbox_messages == 0 && it.state == State::Waiting
    });
    member
}

#[test]
fn what_was_acknowledged_waits_over_a_kill_and_is_done_once() {
    let store = Arc::new(MemoryStore::default());
    let first = begun(&store, &pool(1, 1), OnError::Exit);
    let member = held(&first);
    ["a", "b", "c"].iter().for_each(|what| job(&first, what));
    first.flush_store();
    drop(first);

    let second = begun(&store, &pool(1, 1), OnError::Exit);
    until(|| status(&second).waiting == 3 && status(&second).members.busy == 1);
    let done = desk(&second, 4);
    let_go(&second, member);
    assert_eq!(said(done), "a 2, b 3, c 4, hold 1");
    until(|| status(&second).members.idle == 1);
    second.flush_store();
    drop(second);
    // Nothing of it is kept any more.
    let third = begun(&store, &pool(1, 1), OnError::Exit);
    until(|| status(&third).members.idle == 1);
    assert_eq!((status(&third).waiting, status(&third).counts.handed), (0, 0));
    assert_eq!(kept_in(&store), 0);
}

/// How many entries of queues the store has.
fn kept_in(store: &MemoryStore) -> usize {
    use procession_store::{Space, Store};
    let mut count = 0;
    for (from, to) in [(b"queue/", b"queue0"), (b"taken/", b"taken0")] {
        let mut see = |_: &[u8], _: &[u8]| {
            count += 1;
            true
        };
        store.scan(Space::Meta, from, to, false, &mut see).unwrap();
    }
    count
}

#[test]
fn what_a_durable_process_has_sent_waits_over_a_kill() {
    let store = Arc::new(MemoryStore::default());
    let first = begun(&store, &pool(1, 1), OnError::Exit);
    let boss = start(&first, "boss", numbers(&[])).pid;
    let member = held(&first);
    send(&first, boss, text("x"));
    until(|| status(&first).waiting == 3);
    first.flush_store();
    drop(first);

    let second = begun(&store, &pool(1, 1), OnError::Exit);
    let done = desk(&second, 5);
    send(&second, boss, text("y"));
    // Seven jobs and a word of the boss, of which it wants five.
    let_go(&second, member);
    let said = said(done);
    assert!(said.starts_with("hold 1, ") && said.contains("x1 2, x2 3, x3 4"), "{said}");
    until(|| status(&second).counts.done == 7);
    assert_eq!(status(&second).counts.redelivered, 0);
    until(|| kept_in(&store) == 0);
}

#[test]
fn what_a_member_had_goes_to_another_when_it_ends_after_a_kill() {
    let store = Arc::new(MemoryStore::default());
    let first = begun(&store, &pool(1, 1), OnError::Exit);
    let member = held(&first);
    first.flush_store();
    drop(first);
    let second = begun(&store, &pool(1, 1), OnError::Exit);
    until(|| status(&second).members.busy == 1);
    second.terminate(member).unwrap();
    until(|| status(&second).counts.redelivered == 1 && status(&second).members.busy == 1);
    let other = *members(&second).first().unwrap();
    assert_ne!(other, member);
    until(|| second.info(other).unwrap().process.mailbox_messages == 0);
    let done = desk(&second, 1);
    let_go(&second, other);
    assert_eq!(said(done), "hold 1");
}

#[test]
fn a_pool_that_is_killed_hands_nothing_out_twice() {
    let store = Arc::new(MemoryStore::default());
    let node = begun(&store, &pool(1, 1), OnError::Exit);
    let member = held(&node);
    ["a", "b"].iter().for_each(|what| job(&node, what));
    let process = node.lookup(POOL).unwrap();
    node.terminate(process).unwrap();
    until(|| node.lookup(POOL).is_some_and(|pid| pid != process));
    until(|| status(&node).waiting == 2 && status(&node).members.busy == 1);
    let done = desk(&node, 3);
    let_go(&node, member);
    assert_eq!(said(done), "a 2, b 3, hold 1");
    until(|| status(&node).members.idle == 1);
    assert_eq!(status(&node).counts.handed, 2);
}

#[test]
fn a_full_queue_refuses_everybody_who_is_to_wait() {
    let store = Arc::new(MemoryStore::default());
    let small = Pool { queue_max: 2, ..pool(1, 1) };
    let node = begun(&store, &small, OnError::Exit);
    let member = held(&node);
    ["a", "b"].iter().for_each(|what| job(&node, what));
    let message = Message { topic: Topic::new("job"), from: None, payload: text("c") };
    let error = node.send(node.lookup(POOL).unwrap(), message).unwrap_err();
    assert_eq!((error.kind, error.retryable), (ErrorKind::RateLimited, Some(true)));
    let boss = start(&node, "boss", numbers(&[])).pid;
    let done = desk(&node, 1);
    send(&node, boss, text("x"));
    assert_eq!(said(done), "refused 3");
    let done = desk(&node, 3);
    let_go(&node, member);
    assert_eq!(said(done), "a 2, b 3, hold 1");
}

#[test]
fn a_dead_letter_for_a_durable_process_is_kept() {
    let store = Arc::new(MemoryStore::default());
    let mut hard = pool(1, 1);
    hard.recovery.redeliveries_max = 0;
    hard.recovery.dead_letter = Some("app:graves".into());
    let first = begun(&store, &hard, OnError::Exit);
    let graves = start(&first, "graves", numbers(&[])).pid;
    until(|| first.lookup("app:graves") == Some(graves));
    job(&first, "fail");
    until(|| status(&first).counts.dead_letters == 1);
    first.flush_store();
    drop(first);
    let second = begun(&store, &hard, OnError::Exit);
    let done = desk(&second, 1);
    let who = Message { topic: Topic::new("who"), from: None, payload: text("me") };
    second.send(graves, who).unwrap();
    assert_eq!(said(done), "fail 1");
    until(|| status(&second).members.idle == 1);
    assert_eq!((status(&second).waiting, kept_in(&store)), (0, 0));
}

#[test]
fn a_member_that_stands_still_keeps_what_it_was_just_handed_over_a_kill() {
    let store = Arc::new(MemoryStore::default());
    let first = begun(&store, &pool(1, 1), OnError::Halt);
    let halted = *members(&first).first().unwrap();
    job(&first, "fail");
    until(|| status(&first).members.paused == 1);
    job(&first, "a");
    first.flush_store();
    drop(first);
    let second = begun(&store, &pool(1, 1), OnError::Halt);
    until(|| status(&second).members.paused == 1 && status(&second).waiting == 1);
    let done = desk(&second, 1);
    second.skip(halted).unwrap();
    assert_eq!(said(done), "a 1");
    until(|| kept_in(&store) == 0);
}
