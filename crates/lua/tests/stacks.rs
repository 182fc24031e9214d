//! What coroutines keep alive, and what they take: nothing that lies above the frames that are in use.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Guest, Image, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, FragmentBuilder, Limits, Message, Topic};
use std::sync::Arc;
use support::TestHost;
use support::session::{self, program};

fn image(source: &str) -> Arc<dyn Image> {
    LuaEnvironment::new().load(&program("stacks.lua", source.as_bytes())).expect("loads")
}

/// Runs a program until it waits for its first message.
fn waiting(image: &dyn Image, host: &mut TestHost) -> Box<dyn Guest> {
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    wait(&mut *guest, host);
    guest
}

fn wait(guest: &mut dyn Guest, host: &mut TestHost) {
    loop {
        match guest.run(host, 100_000) {
            Turn::Waiting => return,
            Turn::Preempted => {}
            Turn::Aside => guest.work(),
            turn => panic!("{turn:?}"),
        }
    }
}

fn message(number: i64) -> Message {
    let mut builder = FragmentBuilder::new();
    let number = builder.integer(number);
    Message { topic: Topic::new("number"), from: None, payload: builder.finish(&[number]) }
}

/// What its tasks have used since they last waited, before a collection that its message asks for.
const TASKS: &str = "
    local function work(size) local a = ('x'):rep(size) local b, c = a:upper(), {} return #b end
    local go = channel.new(100)
    for i = 1, 100 do coroutine.spawn(function() while true do work(100000) go:receive() end end) end
    local weak, finalized = setmetatable({}, { __mode = 'v' }), 0
    coroutine.spawn(function()
        local function helper() weak[1] = setmetatable({}, { __gc = function() finalized = finalized + 1 end }) return 1 end
        helper() go:receive() end)
    process.inbox():receive() collectgarbage() collectgarbage()
    print(collectgarbage('count') < 300, weak[1], finalized)
    process.inbox():receive()";

#[test]
fn waiting_tasks_keep_what_they_can_use() {
    let (image, mut host) = (image(TASKS), TestHost::default());
    let mut guest = waiting(&*image, &mut host);
    host.inbox.push_back(message(1));
    wait(&mut *guest, &mut host);
    assert_eq!(String::from_utf8_lossy(&host.output), "true\tnil\t1\n");
}

/// A process that waits, and has used more before than it holds now.
const IDLE: &str = "
    local function deep(n, text) if n > 0 then return 1 + deep(n - 1, text) end return #text end
    local function work(n) local text = ('text'):rep(n) local upper = text:upper() return deep(n, upper) end
    local inbox = process.inbox()
    while true do work(inbox:receive():payload()) end";

#[test]
fn an_idle_process_takes_no_more_than_before_its_work() {
    let (image, mut host) = (image(IDLE), TestHost::default());
    let mut guest = waiting(&*image, &mut host);
    guest.trim();
    let before = (guest.usage().memory_bytes, guest.snapshot().expect("a snapshot").len());
    for number in [5000, 3, 20_000] {
        host.inbox.push_back(message(number));
        wait(&mut *guest, &mut host);
        guest.trim();
        let after = (guest.usage().memory_bytes, guest.snapshot().expect("a snapshot").len());
        assert!(after.0 <= before.0 + 2048 && after.1 <= before.1 + 2048, "{before:?}, {after:?}");
    }
}

/// The state says nothing of what was done on the way to it.
#[test]
fn what_was_called_before_is_no_part_of_the_state() {
    let source = "
        local function one(n) local a, b, c, d = n, n + 1, { n }, 'long text ' .. n return #d end
        local inbox = process.inbox()
        while true do one(inbox:receive():payload()) end";
    let image = image(source);
    let states = [3, 5].map(|number| {
        let mut host = TestHost::default();
        let mut guest = waiting(&*image, &mut host);
        host.inbox.push_back(message(number));
        wait(&mut *guest, &mut host);
        guest.trim();
        guest.snapshot().expect("a snapshot")
    });
    assert!(states[0] == states[1]);
}

/// Coroutines that ended, were closed, died of an error, wait deep down or have become shallow.
const MANY: &str = "
    local function deep(n) if n > 0 then return 1 + deep(n - 1) end return coroutine.yield() or 0 end
    kept = {}
    for i = 1, 4 do
        local function body(...) local x <close> = setmetatable({}, { __close = function() end })
            deep(1000 * i) if i == 2 then error('died') end coroutine.yield(...) return 1 end
        local co = coroutine.create(body) kept[#kept + 1] = co
        coroutine.resume(co, 1, 2) if i > 1 then coroutine.resume(co) end
        if i == 3 then coroutine.close(co) end
        if i == 4 then coroutine.resume(co) end
        kept[#kept + 1] = coroutine.create(body)
    end
    coroutine.close(kept[#kept])
    process.inbox():receive()
    for i, co in ipairs(kept) do print(debug.traceback(co, i .. coroutine.status(co))) print(coroutine.close(co)) end
    process.inbox():receive()";

#[test]
fn a_snapshot_after_a_collection_is_sound() {
    let (image, mut host) = (image(MANY), TestHost::default());
    let mut guest = waiting(&*image, &mut host);
    let mut ends = Vec::new();
    for restored in [false, true] {
        if restored {
            guest = waiting(&*image, &mut host);
            for _ in 0..3 {
                guest.trim();
                guest = session::restored(&image, &*guest, &Limits::default(), true);
            }
        }
        host.inbox.push_back(message(1));
        wait(&mut *guest, &mut host);
        ends.push(String::from_utf8_lossy(&std::mem::take(&mut host.output)).into_owned());
    }
    assert!(ends[0].contains("died") && ends[0].contains("skipping"), "{}", ends[0]);
    assert_eq!(ends[0], ends[1]);
}
