--- program app.test:main
local queue = require("queue")
local check = require("check")
local eq, fails, recv = check.eq, check.fails, check.recv

local HOST = "app:processes"

local function delays()
    assert(queue.publish("later", "delayed", {delay = "30ms"}))
    assert(queue.publish("later", "more delayed", {delay = "40ms"}))
    assert(queue.publish("later", "at once", {delay = 0}))
    local info = queue.info("later")
    eq(info.delayed, 2, "delayed") eq(info.ready, 1, "ready")
    for _, want in ipairs{"at once", "delayed", "more delayed"} do
        -- who consumes waits until it is ready
        local delivery = assert(queue.consume("later"))
        eq(delivery:payload(), want, "in the order in which they are ready")
        eq(delivery:attempt(), 1, "a delay is no attempt")
        assert(delivery:ack())
    end
    eq(queue.info("later").bytes, 0, "nothing is left")

    assert(queue.publish("never", 1, {delay = "1h"}))
    assert(queue.publish("never", 2))
    eq(queue.purge("never"), 2, "purged, the delayed one too")
    local rest = queue.info("never")
    eq(rest.delayed, 0, "delayed after purge") eq(rest.bytes, 0, "bytes after purge")
    fails("Timeout", "purged for good", queue.consume("never", {timeout = "1ms"}))

    assert(queue.declare("small", {messages_max = 1}))
    assert(queue.publish("small", 1, {delay = "1h"}))
    fails("RateLimited", "a delayed message counts", queue.publish("small", 2))
    eq(queue.purge("small"), 1, "purged")
end

local function declare(ack_timeout)
    assert(queue.declare("timed", {ack_timeout = ack_timeout, deliveries_max = 3, dead_letter = "late"}))
end

local function timeouts()
    declare("20ms")
    assert(queue.publish("timed", "work"))
    assert(process.spawn_monitored("app.test:holder", HOST, process.pid()))
    local holder, attempt = table.unpack((recv(process.listen("held"), "the holder to have it")))
    eq(attempt, 1, "its attempt")
    -- What is handed out from now on has more time.
    declare("1h")
    -- The holder lives and does not acknowledge: another gets it.
    local delivery = assert(queue.consume("timed"))
    eq(delivery:payload(), "work", "what was taken back")
    eq(delivery:attempt(), 2, "one attempt more")
    assert(process.send(holder, "ack"))
    eq(recv(process.listen("answer"), "the holder's ack"), "NotFound", "it does not hold it any more")
    assert(delivery:ack())
    eq(queue.info("timed").in_flight, 0, "acknowledged in time")
    declare("20ms")

    -- Nobody ever acknowledges: after three attempts it is a dead letter.
    assert(queue.publish("timed", "hopeless"))
    for attempt = 1, 3 do
        eq(assert(queue.consume("timed")):attempt(), attempt, "attempt")
    end
    local dead = assert(queue.consume("late"))
    eq(dead:payload(), "hopeless", "the dead letter")
    assert(dead:ack())
    eq(queue.info("timed").bytes, 0, "nothing is left of it")
end

local function mistakes()
    for _, options in ipairs{{ack_timeout = "soon"}, {ack_timeout = 0}, {ack_timeout = "-1s"}, {ack = "1s"}} do
        fails("Invalid", "declare", queue.declare("q", options))
    end
    for _, options in ipairs{{delay = "later"}, {later = "1s"}} do
        fails("Invalid", "publish", queue.publish("q", 1, options))
    end
end

local function main()
    delays()
    timeouts()
    mistakes()
end

return {main = main}

--- program app.test:holder
local queue = require("queue")

return {main = function(top)
    local delivery = assert(queue.consume("timed"))
    process.send(top, "held", process.pid(), delivery:attempt())
    process.listen("ack"):receive()
    local _, err = delivery:ack()
    process.send(top, "answer", err and err:kind() or "done")
end}
