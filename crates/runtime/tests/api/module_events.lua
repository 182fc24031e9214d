--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, recv, exit_of =
    check.eq, check.fails, check.raises, check.recv, check.exit_of

local events = process.events()

local news = require("events")

local function main()
    -- nobody, then oneself
    eq(news.publish("a.b", 1), 0, "nobody has subscribed")
    local ch = assert(news.subscribe("a.b"))
    eq(news.subscribe("a.b"), ch, "the same pattern gives the same channel")
    eq(news.publish("a.b", 1, {2}, "three"), 1, "one subscriber")
    local m = recv(ch, "an event")
    eq(m:topic(), "a.b", "topic") eq(m:from(), process.pid(), "from")
    eq(m:payload()[1], 1, "first value") eq(m:payload()[2][1], 2, "second") eq(m:payload()[3], "three", "third")
    eq(news.publish("a.c", 1), 0, "another topic")
    news.publish("a.b")
    eq(recv(ch):payload(), nil, "no payload")
    news.publish("a.b", {x = 1})
    eq(recv(ch):payload().x, 1, "one value is the payload")
    news.publish("a.b", nil, 2)
    eq(recv(ch):payload()[2], 2, "a nil and a value")

    -- wildcards, in order, each on its own channel
    local all, below, starts = news.subscribe("*"), news.subscribe("a.*"), news.subscribe("a*")
    eq(news.publish("a.b", "x"), 4, "four subscriptions")
    for name, c in pairs{exact = ch, all = all, below = below, starts = starts} do
        local got = recv(c, name)
        eq(got:topic(), "a.b", name .. ", topic") eq(got:payload(), "x", name .. ", payload")
    end
    eq(news.publish("abc", "y"), 2, "prefix and all")
    eq(news.publish("a.b.c", "z"), 3, "deeper below")
    eq(recv(below):topic(), "a.b.c", "below")
    eq(recv(starts):topic(), "abc", "prefix, first") eq(recv(starts):topic(), "a.b.c", "prefix, second")
    eq(recv(all):topic(), "abc", "all, first") eq(recv(all):topic(), "a.b.c", "all, second")
    for i = 1, 100 do news.publish("a.b", i) end
    for i = 1, 100 do eq(recv(ch):payload(), i, "in order") end
    local got = channel.select{ch:case_receive(), default = true}
    eq(got.default, true, "nothing more")

    -- the end of a subscription: closed, and nothing of it in the inbox
    news.publish("a.b", "last")
    eq(news.unsubscribe(ch), true, "unsubscribe")
    local value, ok = ch:receive()
    assert(value == nil and ok == false, "a channel that ended is closed")
    for _, c in ipairs{all, below, starts} do news.unsubscribe(c) end
    eq(news.publish("a.b", 1), 0, "nobody any more")
    got = channel.select{process.inbox():case_receive(), time.after("10ms"):case_receive()}
    assert(got.channel ~= process.inbox(), "nothing of it may be in the inbox")
    fails(errors.INVALID, "unsubscribe again", news.unsubscribe(ch))
    local again = news.subscribe("a.b")
    assert(again ~= ch, "a new subscription has a new channel")
    news.publish("a.b", "new")
    eq(recv(again):payload(), "new", "and works")
    news.unsubscribe(again)

    -- other processes, on both shards; those that end are forgotten
    local ready = process.listen("ready")
    local heard = process.listen("heard")
    local pids = {}
    for i = 1, 20 do pids[i] = process.spawn_monitored("app.test:listener", "app:processes", process.pid()) end
    for i = 1, 20 do recv(ready, "listener " .. i) end
    eq(news.publish("order.paid", {id = 7}), 20, "twenty listeners")
    local seen = {}
    for i = 1, 20 do
        local from = recv(heard, "what listener " .. i .. " heard")
        assert(not seen[from], "twice: " .. from)
        seen[from] = true
    end
    for _, pid in ipairs(pids) do
        local result = exit_of(pid)
        assert(result.error == nil, tostring(result.error))
        eq(result.value, process.pid(), "who published")
    end
    eq(news.publish("order.paid", {id = 8}), 0, "they have ended")

    -- a full mailbox misses it, the publisher does not fail
    local busy = process.spawn_monitored("app.test:busy", "app:processes", process.pid())
    recv(ready, "the busy one")
    local delivered = 0
    for i = 1, 10100 do delivered = delivered + news.publish("flood", i) end
    assert(delivered >= 9000 and delivered <= 10000, "about what fits: " .. delivered)
    process.terminate(busy)
    exit_of(busy)

    -- mistakes
    fails(errors.INVALID, "publish of nothing", news.publish())
    fails(errors.INVALID, "publish to a pattern", news.publish("a.*", 1))
    fails(errors.INVALID, "publish to an empty topic", news.publish("", 1))
    fails(errors.INVALID, "publish to a long topic", news.publish(("x"):rep(241), 1))
    raises("publish to a table", "string expected", news.publish, {})
    local err = fails(errors.INVALID, "publish of a function", news.publish("a", 1, {f = print}))
    assert(err:message():find("payload[2].f", 1, true), "it must say where: " .. err:message())
    fails(errors.UNAVAILABLE, "publish of too much", news.publish("a", ("x"):rep(17 << 20)))
    fails(errors.INVALID, "subscribe to nothing", news.subscribe())
    fails(errors.INVALID, "subscribe to an empty pattern", news.subscribe(""))
    fails(errors.INVALID, "subscribe to a * inside", news.subscribe("a.*.b"))
    fails(errors.INVALID, "subscribe to a long pattern", news.subscribe(("x"):rep(241)))
    raises("subscribe to a table", "string expected", news.subscribe, {})
    fails(errors.INVALID, "unsubscribe of nothing", news.unsubscribe())
    fails(errors.INVALID, "unsubscribe of another channel", news.unsubscribe(channel.new()))
    raises("unsubscribe of a text", "channel expected", news.unsubscribe, "a.b")
    fails(errors.INVALID, "nobody can send to a subscription", process.send(process.pid(), "@events/a.b", "a.b", 1))

    -- the limit of topics holds for subscriptions
    for i = 1, 1000 do
        local c
        c, err = news.subscribe("many" .. i)
        if not c then break end
    end
    eq(err and err:kind(), errors.UNAVAILABLE, "too many subscriptions")
    eq(err:details().limit, "topics", "their limit")
    eq(news.publish("many1", 1), 1, "the others work")
end

return {main = main}

--- program app.test:listener
local news = require("events")
return {main = function(parent)
    local ch = news.subscribe("order.*")
    process.send(parent, "ready")
    local event = ch:receive()
    assert(event:topic() == "order.paid" and event:payload().id == 7)
    process.send(parent, "heard", process.pid())
    return event:from()
end}

--- program app.test:busy
local news = require("events")
return {main = function(parent)
    news.subscribe("flood")
    process.send(parent, "ready")
    process.listen("never"):receive()
end}
