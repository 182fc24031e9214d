--- program app.test:main
local time = require("time")
local check = require("check")
local eq, raises, recv = check.eq, check.raises, check.recv

local function main()
    local a, b = channel.new(2), channel.new(2)

    -- default, when nothing is ready
    local got = channel.select{a:case_receive(), b:case_receive(), default = true}
    eq(got.default, true, "default") eq(got.ok, true, "ok of default")
    eq(got.channel, nil, "channel of default") eq(got.value, nil, "value of default")
    got = channel.select{default = true}
    eq(got.default, true, "no case at all; default")

    -- what is ready wins over default
    a:send("from a")
    got = channel.select{a:case_receive(), b:case_receive(), default = true}
    eq(got.channel, a, "channel") eq(got.value, "from a", "value") eq(got.ok, true, "ok")
    eq(got.default, nil, "default of a ready case")

    -- the first ready case in table order, every time
    for _ = 1, 20 do
        a:send("a") b:send("b")
        got = channel.select{b:case_receive(), a:case_receive()}
        eq(got.channel, b, "the first in table order")
        got = channel.select{b:case_receive(), a:case_receive()}
        eq(got.channel, a, "the only one left")
    end

    -- exactly one case happens: the other channel keeps its value
    a:send("kept")
    b:send("taken")
    got = channel.select{b:case_receive(), a:case_receive()}
    eq(got.value, "taken", "value")
    eq(recv(a), "kept", "the other's value")

    -- sending
    got = channel.select{a:case_send("x"), default = true}
    eq(got.channel, a, "channel of a send") eq(got.ok, true, "ok of a send")
    eq(got.value, nil, "value of a send")
    eq(recv(a), "x", "what was sent")
    a:send(1) a:send(2)
    got = channel.select{a:case_send(3), default = true}
    eq(got.default, true, "a full channel; default")
    eq(recv(a), 1, "first") eq(recv(a), 2, "second")
    got = channel.select{a:case_receive(), default = true}
    eq(got.default, true, "a case that was not chosen has no effect; default")
    got = channel.select{a:case_receive(), b:case_send("y")}
    eq(got.channel, b, "send or receive, whichever is ready")
    eq(recv(b), "y", "what was sent")

    -- waiting: for a value
    local direct = channel.new()
    coroutine.spawn(function() direct:send("later") end)
    got = channel.select{a:case_receive(), direct:case_receive(), time.after("5s"):case_receive()}
    eq(got.channel, direct, "the channel that became ready") eq(got.value, "later", "its value")
    -- for a receiver
    local out = channel.new(1)
    coroutine.spawn(function() out:send(direct:receive()) end)
    got = channel.select{direct:case_send("handed over"), time.after("5s"):case_receive()}
    eq(got.channel, direct, "a send that found its receiver")
    eq(recv(out), "handed over", "what the receiver got")
    -- two selects meet
    coroutine.spawn(function()
        local r = channel.select{direct:case_send("met"), a:case_receive()}
        out:send(r.channel == direct)
    end)
    got = channel.select{b:case_receive(), direct:case_receive(), time.after("5s"):case_receive()}
    eq(got.value, "met", "a select that sends meets one that receives")
    eq(recv(out), true, "the sending select's channel")

    -- a case that waited and lost is withdrawn
    got = channel.select{a:case_receive(), default = true}
    eq(got.default, true, "nothing in a; default")
    a:send("not stolen")
    eq(recv(a), "not stolen", "no left-over waiter takes a value")

    -- closed channels are ready
    direct:close()
    got = channel.select{a:case_receive(), direct:case_receive(), default = true}
    eq(got.channel, direct, "a closed channel is ready") eq(got.value, nil, "its value") eq(got.ok, false, "its ok")
    local closing = channel.new()
    coroutine.spawn(function() closing:close() end)
    got = channel.select{closing:case_receive(), time.after("5s"):case_receive()}
    eq(got.channel, closing, "closing wakes a select") eq(got.ok, false, "its ok")

    -- nil and false are values
    a:send(nil)
    got = channel.select{a:case_receive(), default = true}
    eq(got.channel, a, "a nil that waits makes the channel ready") eq(got.value, nil, "value") eq(got.ok, true, "ok")
    a:send(false)
    eq(channel.select{a:case_receive()}.value, false, "a false")

    -- elements that are no cases are ignored
    a:send("found")
    got = channel.select{"text", 5, {}, a, false, a:case_receive(), name = b:case_receive(), default = true}
    eq(got.channel, a, "the only case") eq(got.value, "found", "its value")
    got = channel.select{"text", 5, {}, a:case_receive(), default = true}
    eq(got.default, true, "default among elements that are no cases")
    -- default = false is no default
    a:send("x")
    eq(channel.select{a:case_receive(), default = false}.value, "x", "default = false")

    -- mailbox channels and timers are like any other
    local me = process.pid()
    local topic = process.listen("topic")
    assert(process.send(me, "topic", "t"))
    assert(process.send(me, "inbox", "i"))
    got = channel.select{a:case_receive(), topic:case_receive(), process.inbox():case_receive()}
    eq(got.channel, topic, "a topic") eq(got.value, "t", "its value")
    got = channel.select{a:case_receive(), topic:case_receive(), process.inbox():case_receive()}
    eq(got.channel, process.inbox(), "the inbox") eq(got.value:payload(), "i", "its message")
    assert(process.cancel(me, "why"))
    got = channel.select{process.events():case_receive(), time.after("5s"):case_receive()}
    eq(got.channel, process.events(), "events") eq(got.value.reason, "why", "the event")
    local soon = time.after("1ms")
    got = channel.select{a:case_receive(), soon:case_receive()}
    eq(got.channel, soon, "a timer")

    raises("select of a string", "", channel.select, "x")
end

return {main = main}
