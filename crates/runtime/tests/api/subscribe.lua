--- program app.test:main
local check = require("check")
local eq, fails, raises, recv = check.eq, check.fails, check.raises, check.recv

-- subscribe(topic, ch) feeds a channel of one's own from a topic; both are globals.
local function main()
    local me = process.pid()
    local inbox = process.inbox()
    local ch = channel.new(10)

    fails(errors.INVALID, "subscribe without arguments", subscribe())
    fails(errors.INVALID, "subscribe without a channel", subscribe("t"))
    fails(errors.INVALID, "subscribe to an empty topic", subscribe("", ch))
    fails(errors.INVALID, "subscribe to @events", subscribe("@events", ch))
    raises("subscribe to a table", "bad argument", subscribe, {}, ch)

    assert(process.send(me, "news", "before"))
    assert(subscribe("news", ch))
    assert(process.send(me, "news", "after"))
    assert(process.send(me, "other", "elsewhere"))
    eq(recv(ch, "what waited before"), "before", "nothing sent before is lost")
    eq(recv(ch, "what came after"), "after", "in order")
    eq(recv(inbox):topic(), "other", "other topics stay in the inbox")

    -- the channel is still one's own: local sends work too
    ch:send("local")
    eq(recv(ch), "local", "a local send on a subscribed channel")

    -- a channel without a buffer works as well
    local direct = channel.new()
    assert(subscribe("direct", direct))
    for i = 1, 5 do assert(process.send(me, "direct", i)) end
    for i = 1, 5 do eq(recv(direct, "direct message"), i, "an unbuffered channel, in order") end

    -- more messages than the buffer holds are not lost
    local small = channel.new(1)
    assert(subscribe("many", small))
    for i = 1, 50 do assert(process.send(me, "many", i)) end
    for i = 1, 50 do eq(recv(small, "message " .. i), i, "a small buffer, in order") end

    -- after unsubscribe the topic goes to the inbox and the channel stays open
    assert(unsubscribe(ch))
    assert(process.send(me, "news", "late"))
    local message = recv(inbox, "what came after unsubscribe")
    eq(message:topic(), "news", "topic of what came after unsubscribe")
    eq(message:payload(), "late", "its payload")
    local got = channel.select{ch:case_receive(), default = true}
    eq(got.default, true, "nothing more is fed, and the channel is not closed; default")
    ch:send("still open")
    eq(recv(ch), "still open", "a send after unsubscribe")

    -- waiting on a subscribed channel is no deadlock
    local waiting = channel.new()
    assert(subscribe("wake", waiting))
    local done = channel.new(1)
    coroutine.spawn(function() done:send(waiting:receive()) end)
    assert(process.send(me, "wake", "woken"))
    eq(recv(done), "woken", "a waiter on a subscribed channel")
end

return {main = main}
