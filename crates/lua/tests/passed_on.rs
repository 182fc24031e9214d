//! What arrives with a message is what was sent, and nothing of what the sender has noted about it.
#![allow(missing_docs)]

mod support;

use procession_environment::{Environment, Turn};
use procession_lua::LuaEnvironment;
use procession_types::{ExitReason, Fragment, Limits};
use support::TestHost;
use support::session::program;

/// How a program ends, and what it prints.
fn end(source: &str, arguments: &Fragment) -> (ExitReason, String) {
    let program = program("passed.lua", source.as_bytes());
    let image = LuaEnvironment::new().load(&program).expect("loads");
    let mut guest = image.spawn(arguments, &Limits::default()).expect("spawns");
    let mut host = TestHost::default();
    match guest.run(&mut host, 1_000_000) {
        Turn::Exited(reason) => (reason, String::from_utf8(host.output).expect("text")),
        turn => panic!("{turn:?}"),
    }
}

const RECEIVER: &str = "return { main = function(received)
    local finalized, left = 0, 0
    local function drop(t) setmetatable(t, { __gc = function() finalized = finalized + 1 end }) end
    drop(received[1])
    received[1] = nil
    local weak = setmetatable({}, received[2])
    for i = 1, 3 do weak[{}] = i end
    collectgarbage()
    for _ in pairs(weak) do left = left + 1 end
    print(finalized, left)
end }";

#[test]
fn notes_of_the_collector_stay_behind() {
    for collections in 1..=2 {
        // A process that fails calls no finalizers, so that both tables are sent as they are.
        let source = format!(
            "return {{ main = function()
               local had = setmetatable({{}}, {{ __gc = function() end }})
               setmetatable(had, nil)
               local meta = {{ __mode = 'k' }}
               local weak = setmetatable({{}}, meta)
               for i = 1, {collections} do collectgarbage() end
               meta.__mode = nil
               error({{ had, meta }})
             end }}"
        );
        let error = end(&source, &Fragment::default()).0.error().expect("it fails");
        let sent = error.details.expect("what it raised");
        assert_eq!(end(RECEIVER, &sent).1, "1\t3\n", "after {collections} collections");
    }
}

#[test]
fn what_is_sent_keeps_the_senders_own_notes() {
    // The test host takes no messages, but what is sent has been packed by then.
    let source = "return { main = function()
        local finalized = 0
        local meta = { __gc = function() finalized = finalized + 1 end }
        local had = setmetatable({}, meta)
        process.send(process.pid(), 'topic', { had })
        setmetatable(had, meta)
        had = nil
        collectgarbage()
        collectgarbage()
        print(finalized)
    end }";
    assert_eq!(end(source, &Fragment::default()).1, "1\n", "one finalizer, called once");
}

#[test]
fn what_cannot_be_sent_is_named() {
    let source = "return { main = function()
        local function why(...) print(select(2, process.send('x', 't', ...))) end
        local deep = print
        for i = 1, 20 do deep = { deep } end
        local circle = {} circle.circle = circle circle.f = print
        why(print)
        why(1, { a = { 2, coroutine.create(print) } })
        why { [{ x = string }] = 1 }
        why { ['not a name'] = { [2.5] = { [true] = process.inbox() } } }
        why(payload.new { payload.new { f = print } })
        why(circle)
        why { 1, {}, { {}, {} }, { n = print } }
        why(deep)
        why { [('k'):rep(1000)] = print }
    end }";
    let long = "k".repeat(200);
    let deep = "[1]".repeat(20);
    let expected = format!(
        "payload[1]: cannot send a function
payload[2].a[2]: cannot send a coroutine
payload[1][table: 0x000000000001].x: cannot send a library table
payload[1][\"not a name\"][2.5][true]: cannot send a channel
payload[1]:data()[1]:data().f: cannot send a function
payload[1].f: cannot send a function
payload[1][4].n: cannot send a function
payload[1]{deep}: cannot send a function
payload[1].{long}: cannot send a function
"
    );
    assert_eq!(end(source, &Fragment::default()).1, expected);
}

/// Floats whose usual hash is the same, which is why their table uses another one.
#[test]
fn chosen_keys_are_found_where_they_arrive() {
    let keys = "local multiplier, keys = 0x9E3779B97F4A7C15, {}
        local inverse = multiplier
        for _ = 1, 6 do inverse = inverse * (2 - multiplier * inverse) end
        for i = 1, 400 do keys[i] = string.unpack('d', string.pack('j', i * inverse & (1 << 62) - 1)) end";
    let source = format!(
        "return {{ main = function()
           {keys}
           local t = {{}}
           for i, key in ipairs(keys) do t[key] = i end
           error({{ t }})
         end }}"
    );
    let error = end(&source, &Fragment::default()).0.error().expect("it fails");
    let sent = error.details.expect("what it raised");
    let checked = Fragment::from_foreign(sent.words().into(), sent.values().len() as u32);
    for arrived in [*sent, checked.expect("is sound")] {
        let source = format!(
            "return {{ main = function(received)
               {keys}
               local t, found = received[1], 0
               for i, key in ipairs(keys) do if t[key] == i then found = found + 1 end end
               for i, key in ipairs(keys) do t[key + 1] = i t['name ' .. i] = i end
               for i, key in ipairs(keys) do if t['name ' .. i] == i then found = found + 1 end end
               print(found)
             end }}"
        );
        assert_eq!(end(&source, &arrived).1, "800\n");
    }
}
