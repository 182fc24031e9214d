//! No wake-up is lost, wherever a turn ends: a guest never waits for what is there already.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Queue, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{Fragment, Limits, Message, Topic};
use support::TestHost;
use support::session::program;

const WAYS: [&str; 3] = [
    "process.inbox():receive()",
    "channel.select{process.inbox():case_receive(), channel.new(1):case_receive()}",
    "coroutine.spawn(function() channel.new(1):receive() end)
     channel.select{channel.new(1):case_receive(), process.inbox():case_receive()}",
];

/// A turn of `budget` instructions, then a message, then a long turn, which must see the message.
fn sees_the_message(way: &str, budget: u64) -> bool {
    let source = format!("return {{ main = function() {way} print(\"seen\") end }}");
    let program = program("waits.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
    let mut host = TestHost::default();
    let first = guest.run(&mut host, budget);
    assert!(matches!(first, Turn::Preempted | Turn::Waiting), "{first:?}");
    let topic = Topic::new("late");
    host.inbox.push_back(Message { topic, from: None, payload: Fragment::nil() });
    matches!(guest.run(&mut host, 1_000_000), Turn::Exited(_)) && host.output == b"seen\n"
}

#[test]
fn what_comes_between_two_turns_is_seen() {
    for way in WAYS {
        for budget in 1..600 {
            assert!(sees_the_message(way, budget), "{way}\nafter {budget} instructions");
        }
    }
}

#[test]
fn a_guest_says_whether_it_would_take_a_message() {
    for (way, expected) in [
        ("channel.select{process.events():case_receive(), channel.new(1):case_receive()}", false),
        (
            "local function wait(list) return (channel.select(list)) end
             pcall(wait, {process.events():case_receive(), process.inbox():case_receive()})",
            true,
        ),
        ("process.inbox():receive()", true),
        ("process.events():receive()", false),
        (WAYS[1], true),
        (
            "coroutine.spawn(function() process.inbox():receive() end) process.events():receive()",
            true,
        ),
        (
            "coroutine.spawn(function() channel.new(1):receive() end) process.events():receive()",
            false,
        ),
    ] {
        let source = format!("return {{ main = function() {way} end }}");
        let program = program("waits.lua", source.as_bytes());
        let image = LuaEnvironment::new().load(&program).expect("loads");
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
        assert!(matches!(guest.run(&mut TestHost::default(), 10_000), Turn::Waiting), "{way}");
        assert_eq!(guest.receives(None), expected, "{way}");
        assert!(guest.hibernate());
        assert_eq!(guest.receives(None), expected, "{way}, hibernating");
    }
}

#[test]
fn a_guest_says_of_which_queue_it_would_take_a_message() {
    for (way, expected) in [
        ("process.inbox():receive()", true),
        ("process.listen(\"reply\"):receive()", false),
        (
            "local reply = process.listen(\"reply\")
             channel.select{reply:case_receive(), process.events():case_receive()}",
            false,
        ),
        (
            "local reply = process.listen(\"reply\")
             channel.select{reply:case_receive(), process.inbox():case_receive()}",
            true,
        ),
    ] {
        let source = format!("return {{ main = function() {way} end }}");
        let program = program("waits.lua", source.as_bytes());
        let image = LuaEnvironment::new().load(&program).expect("loads");
        let mut guest = image.spawn(&Fragment::default(), &Limits::default()).expect("spawns");
        assert!(matches!(guest.run(&mut TestHost::default(), 10_000), Turn::Waiting), "{way}");
        assert_eq!(guest.receives(Some(Queue::INBOX)), expected, "{way}");
        assert!(guest.receives(None), "{way}");
    }
}
