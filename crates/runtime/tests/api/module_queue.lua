--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, raises, recv, exit_of, good =
    check.eq, check.fails, check.raises, check.recv, check.exit_of, check.good

local queue = require("queue")

local function next_of(name)
    local delivery, err = queue.consume(name, {timeout = "5s"})
    assert(delivery, "consume of " .. name .. ": " .. tostring(err))
    return delivery
end

local function main()
    -- publish, consume, ack; in order; all kinds of values
    for i, value in ipairs{1, 2.5, true, false, "text", ("long"):rep(1000), {a = {1, 2}}} do
        eq(queue.publish("q", value), true, "publish " .. i)
    end
    eq(queue.info("q").ready, 7, "ready")
    local d = next_of("q")
    eq(d:payload(), 1, "payload") eq(d:attempt(), 1, "attempt") eq(d:queue(), "q", "queue")
    local info = queue.info("q")
    eq(info.ready, 6, "ready") eq(info.in_flight, 1, "in flight") eq(info.waiting, 0, "waiting")
    eq(d:ack(), true, "ack")
    fails(errors.NOT_FOUND, "ack again", d:ack())
    fails(errors.NOT_FOUND, "nack after ack", d:nack())
    for _, want in ipairs{2.5, true, false, "text", ("long"):rep(1000)} do
        d = next_of("q")
        eq(d:payload(), want, "payload")
        d:ack()
    end
    d = next_of("q")
    eq(d:payload().a[2], 2, "a table")
    d:ack()
    info = queue.info("q")
    eq(info.ready + info.in_flight + info.bytes, 0, "nothing is left")

    -- an empty queue: wait, or not for ever
    fails(errors.TIMEOUT, "consume of nothing", queue.consume("q", {timeout = "5ms"}))
    fails(errors.TIMEOUT, "consume without waiting", queue.consume("q", {timeout = 0}))
    eq(queue.info("q").waiting, 0, "nobody waits any more")
    local got = channel.new()
    coroutine.spawn(function() got:send(next_of("q")) end)
    time.sleep("1ms")
    eq(queue.info("q").waiting, 1, "a coroutine waits")
    queue.publish("q", "for you")
    d = recv(got, "what it waited for")
    eq(d:payload(), "for you", "payload")

    -- nack: again, at the front, with another attempt
    queue.publish("q", "second")
    eq(d:nack(), true, "nack")
    fails(errors.NOT_FOUND, "ack after nack", d:ack())
    d = next_of("q")
    eq(d:payload(), "for you", "it comes first") eq(d:attempt(), 2, "second attempt")
    d:ack()
    d = next_of("q")
    eq(d:nack{requeue = false}, true, "nack without another attempt")
    eq(queue.info("q").dropped, 1, "without dead letters it is dropped")
    eq(queue.info("q").ready, 0, "and gone")

    -- so many attempts, then the dead letters
    assert(queue.declare("work", {deliveries_max = 3, dead_letter = "dead"}))
    queue.publish("work", {job = 1})
    for attempt = 1, 3 do
        d = next_of("work")
        eq(d:attempt(), attempt, "attempt")
        d:nack()
    end
    eq(queue.info("work").ready, 0, "no fourth attempt")
    d = next_of("dead")
    eq(d:payload().job, 1, "a dead letter") eq(d:attempt(), 1, "its attempt")
    d:ack()
    queue.publish("work", {job = 2})
    next_of("work"):nack{requeue = false}
    eq(next_of("dead"):payload().job, 2, "one that was refused is dead at once")

    -- a consumer that ends without ack gives back what it had
    queue.publish("q", "one")
    queue.publish("q", "two")
    good("app.test:careless", 2)
    for _, want in ipairs{"one", "two"} do
        d = next_of("q")
        eq(d:payload(), want, "given back in order") eq(d:attempt(), 2, "second attempt")
        d:ack()
    end
    local pid = process.spawn_monitored("app.test:careless", "app:processes", 1)
    local deadline = time.now() + 5000000000
    while queue.info("q").waiting == 0 and time.now() < deadline do time.sleep("1ms") end
    process.terminate(pid)
    exit_of(pid)
    queue.publish("q", "after")
    eq(next_of("q"):payload(), "after", "one that has ended while it waited gets nothing")
    -- what another process holds is not ours
    queue.publish("r", "mine")
    local held = next_of("r")
    eq(good("app.test:thief"), "none", "a process finds nothing of what another holds")
    eq(held:ack(), true, "ours is still ours")

    -- many producers and consumers, on both shards: each message once
    local pids = {}
    for i = 1, 6 do pids[#pids + 1] = process.spawn_monitored("app.test:consumer", "app:processes", 100) end
    for i = 1, 3 do pids[#pids + 1] = process.spawn_monitored("app.test:producer", "app:processes", i, 200) end
    local sum = 0
    for _, p in ipairs(pids) do
        local result = exit_of(p)
        assert(result.error == nil, tostring(result.error))
        sum = sum + (result.value or 0)
    end
    local want = 0
    for i = 1, 3 do for n = 1, 200 do want = want + i * 1000 + n end end
    eq(sum, want, "what all consumers got")
    info = queue.info("busy")
    eq(info.ready + info.in_flight + info.waiting, 0, "nothing is left")

    -- purge
    for i = 1, 5 do queue.publish("p", i) end
    held = next_of("p")
    eq(queue.purge("p"), 4, "purge")
    eq(queue.purge("p"), 0, "purge again")
    eq(queue.purge("nothing"), 0, "purge of no queue")
    eq(held:ack(), true, "what is in flight stays")
    eq(queue.info("p").bytes, 0, "bytes after purge")

    -- limits
    assert(queue.declare("small", {messages_max = 2}))
    assert(queue.publish("small", 1))
    assert(queue.publish("small", 2))
    local err = fails(errors.RATE_LIMITED, "a full queue", queue.publish("small", 3))
    eq(err:details().limit, "queue", "its limit") eq(err:retryable(), true, "it may be tried again")
    held = next_of("small")
    fails(errors.RATE_LIMITED, "what is in flight counts", queue.publish("small", 3))
    held:ack()
    assert(queue.publish("small", 3))
    err = fails(errors.UNAVAILABLE, "a message too large", queue.publish("q", ("x"):rep((16 << 20) + 1)))
    eq(err:details().limit, "message_size", "its limit")
    for i = 1, 300 do
        local ok
        ok, err = queue.publish("large", ("x"):rep(4 << 20))
        if not ok then break end
    end
    eq(err and err:kind(), errors.RATE_LIMITED, "a queue with too many bytes")
    queue.purge("large")
    for i = 1, 1001 do
        local ok
        ok, err = queue.publish("many" .. i, i)
        if not ok then break end
    end
    eq(err and err:kind(), errors.UNAVAILABLE, "too many queues")
    eq(err:details().limit, "queue", "their limit")
    queue.purge("many1")
    assert(queue.publish("another", 1), "one that is empty makes room for another")
    queue.purge("another")

    -- mistakes
    for _, name in ipairs{"publish", "consume", "declare", "info", "purge"} do
        fails(errors.INVALID, name .. " of nothing", queue[name]())
        raises(name .. " of a table", "string expected", queue[name], {})
    end
    fails(errors.INVALID, "publish of no value", queue.publish("q"))
    fails(errors.INVALID, "publish to an empty name", queue.publish("", 1))
    err = fails(errors.INVALID, "publish of a function", queue.publish("q", {f = print}))
    assert(err:message():find("value.f", 1, true), "it must say where: " .. err:message())
    for _, options in ipairs{{deliveries_max = 0}, {deliveries_max = "x"}, {messages_max = 0}, {messages_max = -1},
        {messages_max = 1000001}, {dead_letter = ""}, {dead_letter = "q"}, {dead_letter = 1}, {unknown = 1}} do
        fails(errors.INVALID, "declare", queue.declare("q", options))
    end
    for want, options in pairs{
        ["option deliveries_max must be an integer, got 1.5"] = {deliveries_max = 1.5},
        ["option messages_max must be an integer, got the string \"ten\""] = {messages_max = "ten"},
        ["option messages_max must be an integer, got the string \"" .. ("x"):rep(40) .. "…\""] =
            {messages_max = ("x"):rep(41)},
        ["option messages_max must be an integer, got a table"] = {messages_max = {}},
        ["option dead_letter must be a string, got true"] = {dead_letter = true},
    } do
        err = fails(errors.INVALID, "declare", queue.declare("q", options))
        eq(err:message(), want, "the message")
    end
    raises("options that are none", "table expected", queue.declare, "q", 1)
    fails(errors.INVALID, "an unknown option of consume", queue.consume("q", {wait = 1}))
    fails(errors.INVALID, "a timeout that is none", queue.consume("q", {timeout = "soon"}))
    queue.publish("r", 1)
    d = next_of("r")
    fails(errors.INVALID, "an unknown option of nack", d:nack{delay = 1})
    fails(errors.INVALID, "an option of the wrong type", d:nack{requeue = 1})
    eq(d:ack(), true, "it is still held")
end

return {main = main}

--- program app.test:careless
local queue = require("queue")
return {main = function(count)
    for i = 1, count do queue.consume("q") end
end}

--- program app.test:thief
local queue = require("queue")
return {main = function()
    local delivery, err = queue.consume("r", {timeout = "1ms"})
    return delivery and "some" or err:kind() == errors.TIMEOUT and "none"
end}

--- program app.test:producer
local queue = require("queue")
return {main = function(i, count)
    for n = 1, count do assert(queue.publish("busy", i * 1000 + n)) end
end}

--- program app.test:consumer
local queue = require("queue")
return {main = function(count)
    local sum = 0
    for i = 1, count do
        local delivery = assert(queue.consume("busy", {timeout = "20s"}))
        sum = sum + delivery:payload()
        assert(delivery:ack())
    end
    return sum
end}
