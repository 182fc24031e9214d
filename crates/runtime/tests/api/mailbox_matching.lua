--- program app.test:main
local check = require("check")
local eq, recv, exit_of = check.eq, check.recv, check.exit_of

local HOST = "app:processes"

local function none(ch, what)
    local got = channel.select{ch:case_receive(), default = true}
    eq(got.default, true, what .. ": nothing must wait; default")
end

local function main()
    local me = process.pid()

    -- nothing sent before the receiver asked is lost, and it comes in order
    for i = 1, 5 do
        assert(process.send(me, "early", i))
        assert(process.send(me, "other", i * 10))
    end
    local early = process.listen("early")
    for i = 1, 5 do eq(recv(early), i, "message sent before listen") end
    none(early, "after the early ones")
    local inbox = process.inbox()
    for i = 1, 5 do
        local message = recv(inbox)
        eq(message:topic(), "other", "topic of what no listener claimed")
        eq(message:payload(), i * 10, "payload of what no listener claimed")
    end
    none(inbox, "after the others")

    -- a listener takes exactly its topic: no prefix, no case folding, no pattern
    local exact = process.listen("topic")
    for _, topic in ipairs{"topic.sub", "top", "Topic", "topic ", "*", "t.*"} do
        assert(process.send(me, topic, topic))
    end
    assert(process.send(me, "topic", "exact"))
    eq(recv(exact), "exact", "what arrives on the exact topic")
    none(exact, "other topics on the exact channel")
    for _, topic in ipairs{"topic.sub", "top", "Topic", "topic ", "*", "t.*"} do
        eq(recv(inbox):topic(), topic, "the rest is in the inbox, in order")
    end

    -- interleaved: two listeners and the inbox each see their own, in order
    local a, b = process.listen("a"), process.listen("b")
    for i = 1, 20 do
        assert(process.send(me, "a", i))
        assert(process.send(me, "c", i))
        assert(process.send(me, "b", i))
    end
    for i = 1, 20 do eq(recv(b), i, "b in order") end
    for i = 1, 20 do eq(recv(inbox):payload(), i, "inbox in order") end
    for i = 1, 20 do eq(recv(a), i, "a in order") end
    none(a, "a") none(b, "b") none(inbox, "the inbox")

    -- a listener's messages never show in the inbox, also when nobody reads them
    assert(process.send(me, "a", "unread"))
    assert(process.send(me, "z", "read"))
    eq(recv(inbox):topic(), "z", "first in the inbox")
    eq(recv(a), "unread", "what waited for its listener")

    -- selective: an inbox that was opened first, then a listener for what waits there
    assert(process.send(me, "later", 1))
    assert(process.send(me, "plain", 2))
    local later = process.listen("later")
    assert(process.send(me, "later", 3))
    eq(recv(later), 1, "what waited before the listener came")
    eq(recv(later), 3, "what came after")
    eq(recv(inbox):topic(), "plain", "what is left in the inbox")

    -- waiting messages make a channel ready
    assert(process.send(me, "a", "ready"))
    local got = channel.select{inbox:case_receive(), a:case_receive(), default = true}
    eq(got.channel, a, "the channel that select found ready")
    eq(got.value, "ready", "its value")
    eq(got.ok, true, "its ok")
    assert(process.send(me, "q", "ready"))
    got = channel.select{inbox:case_receive(), a:case_receive(), default = true}
    eq(got.channel, inbox, "the inbox is ready")
    eq(got.value:topic(), "q", "its message")

    -- another process whose messages arrive while it has not asked yet
    local pid = assert(process.spawn_monitored("app.test:late_listener", HOST))
    for i = 1, 50 do assert(process.send(pid, "work", i)) end
    assert(process.send(pid, "start"))
    eq(exit_of(pid).value, 50 * 51 // 2, "sum of what a late listener got")
end

return {main = main}

--- program app.test:late_listener
return {main = function()
    -- wait for "start" only; then all the work has arrived, unasked for
    process.listen("start"):receive()
    local work, sum = process.listen("work"), 0
    for _ = 1, 50 do sum = sum + work:receive() end
    return sum
end}
