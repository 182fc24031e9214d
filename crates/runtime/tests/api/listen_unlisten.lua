--- program app.test:main
local check = require("check")
local eq, fails, raises, recv = check.eq, check.fails, check.raises, check.recv

local function main()
    local me = process.pid()
    local inbox = process.inbox()

    -- what is refused
    fails(errors.INVALID, "listen without a topic", process.listen())
    fails(errors.INVALID, "listen on an empty topic", process.listen(""))
    fails(errors.INVALID, "listen on @inbox", process.listen("@inbox"))
    fails(errors.INVALID, "listen on @events", process.listen("@events"))
    raises("listen on a table", "bad argument", process.listen, {})
    fails(errors.INVALID, "unlisten of nothing", process.unlisten())

    -- the same topic, the same channel
    local a = process.listen("a")
    assert(a == process.listen("a"), "listen twice must give the same channel")
    assert(a ~= process.listen("b"), "another topic must give another channel")
    assert(inbox == process.inbox(), "inbox twice must give the same channel")
    assert(process.events() == process.events(), "events twice must give the same channel")

    -- payloads
    assert(process.send(me, "a", "one"))
    local value, ok = recv(a)
    eq(value, "one", "one value is the value")
    eq(ok, true, "ok")
    assert(process.send(me, "a", 1, nil, 3))
    value = recv(a)
    eq(value[1], 1, "several are an array; first")
    eq(value[2], nil, "second")
    eq(value[3], 3, "third")
    assert(process.send(me, "a"))
    value, ok = recv(a)
    eq(value, nil, "no value is nil")
    eq(ok, true, "with ok")
    assert(process.send(me, "a", nil))
    value, ok = recv(a)
    eq(value, nil, "a nil is nil")
    eq(ok, true, "with ok")
    assert(process.send(me, "a", false))
    value, ok = recv(a)
    eq(value, false, "false is false")
    eq(ok, true, "with ok")

    -- message objects on request
    local objects = process.listen("objects", {message = true})
    assert(process.send(me, "objects", "x"))
    value = recv(objects)
    eq(value:topic(), "objects", "topic()")
    eq(value:from(), me, "from()")
    eq(value:payload(), "x", "payload()")
    local raw = process.listen("raw", {message = false})
    assert(process.send(me, "raw", "x"))
    eq(recv(raw), "x", "message = false gives the value")

    -- unlisten closes, wakes waiters, and the topic goes to the inbox
    local about, woken = channel.new(2), channel.new(2)
    for _ = 1, 2 do
        coroutine.spawn(function()
            about:send(true)
            local v, k = a:receive()
            woken:send({v == nil, k})
        end)
    end
    for _ = 1, 2 do recv(about, "the two to be about to wait") end
    eq(process.unlisten(a), true, "unlisten")
    for i = 1, 2 do
        local got = recv(woken, "waiter " .. i .. " to be woken")
        eq(got[1], true, "value of a woken waiter is nil")
        eq(got[2], false, "ok of a woken waiter")
    end
    for _ = 1, 2 do
        value, ok = recv(a)
        eq(value, nil, "receive on an unlistened channel")
        eq(ok, false, "its ok")
    end
    assert(process.send(me, "a", "to the inbox"))
    local message = recv(inbox)
    eq(message:topic(), "a", "a topic nobody listens to any more; its topic")
    eq(message:payload(), "to the inbox", "its payload")
    local got = channel.select{a:case_receive(), default = true}
    eq(got.ok == false or got.default == true, true, "nothing more arrives on the closed channel")

    -- others are not touched
    assert(process.send(me, "b", "b lives"))
    eq(recv(process.listen("b")), "b lives", "another topic after unlisten")

    -- listening anew works
    local again = process.listen("a")
    assert(process.send(me, "a", "again"))
    eq(recv(again), "again", "a topic listened to anew")
    eq(process.unlisten(again), true, "unlisten of the new one")
end

return {main = main}
