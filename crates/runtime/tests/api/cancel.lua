--- program app.test:main
local time = require("time")
local check = require("check")
local eq, fails, has, recv, exit_of = check.eq, check.fails, check.has, check.recv, check.exit_of

local events = process.events()

local HOST = "app:processes"

local function start(how)
    local pid = assert(process.spawn_monitored("app.test:worker", HOST, process.pid(), how))
    eq(recv(process.listen("ready"), how .. " to be ready"), pid, "who is ready")
    return pid
end

local function main()
    -- without a deadline: an event, and what the process makes of it
    local pid = start("obeys")
    local ok, err = process.cancel(pid)
    eq(ok, true, "first result of cancel")
    eq(err, nil, "second result of cancel")
    local result = exit_of(pid)
    eq(result.error, nil, "error of one that obeys")
    eq(result.value.kind, process.event.CANCEL, "kind of the event")
    eq(result.value.from, process.pid(), "from of the event")
    eq(result.value.deadline, nil, "deadline of the event")
    eq(result.value.reason, nil, "reason of the event")

    -- nothing enforces a cancel without a deadline
    pid = start("ignores")
    assert(process.cancel(pid))
    assert(process.send(pid, "ping"))
    eq(recv(process.listen("pong"), "an answer after cancel"), pid, "who answers after an ignored cancel")
    assert(process.terminate(pid))
    exit_of(pid)

    -- all spellings of a deadline; those who obey in time end as they like
    for _, deadline in ipairs{"5s", "1m30s", "90s", "1h", 60000, 5000} do
        pid = start("obeys")
        assert(process.cancel(pid, deadline))
        result = exit_of(pid)
        local what = "deadline " .. tostring(deadline)
        eq(result.error, nil, what .. ": error")
        eq(type(result.value.deadline), "string", what .. ": type of the event's deadline")
        eq(result.value.reason, nil, what .. ": reason")
    end

    -- whoever still lives at the deadline is terminated: waiting, busy, or busy with other things
    for _, how in ipairs{"ignores", "loops", "waits on a channel", "reads events and goes on"} do
        for _, deadline in ipairs{"20ms", 20} do
            local what = how .. ", " .. tostring(deadline)
            pid = start(how)
            assert(process.cancel(pid, deadline))
            result = exit_of(pid)
            eq(result.value, nil, what .. ": value")
            eq(result.error:kind(), errors.TIMEOUT, what .. ": kind of '" .. tostring(result.error) .. "'")
            has(result.error, "deadline exceeded", what)
        end
    end

    -- another string is the reason
    pid = start("obeys")
    assert(process.cancel(pid, "we are closing"))
    result = exit_of(pid)
    eq(result.value.reason, "we are closing", "reason")
    eq(result.value.deadline, nil, "deadline of a cancel with a reason")

    -- what makes no sense, and nobody hears of it
    pid = start("obeys")
    fails(errors.INVALID, "a negative deadline", process.cancel(pid, -5))
    assert(process.cancel(pid, "after the bad one"))
    eq(exit_of(pid).value.reason, "after the bad one", "the first CANCEL that arrived")

    -- by name; after the end: NotFound
    pid = start("obeys")
    assert(process.registry.register("the-worker", pid))
    assert(process.cancel("the-worker", "5s"))
    eq(exit_of(pid).value.kind, process.event.CANCEL, "cancel by name")
    fails(errors.NOT_FOUND, "cancel of an ended process", process.cancel(pid, "5s"))
    fails(errors.NOT_FOUND, "cancel by a name that is gone", process.cancel("the-worker"))

    -- a deadline of one that ended in time hits nobody else
    for _ = 1, 20 do
        pid = start("obeys")
        assert(process.cancel(pid, "30ms"))
        local ended = exit_of(pid)
        if ended.error then has(ended.error, "deadline exceeded", "the only other way to end") end
    end
    pid = start("ignores")
    time.sleep("60ms")
    assert(process.send(pid, "ping"))
    eq(recv(process.listen("pong"), "an answer"), pid, "a process that nobody cancelled")

    -- cancelling oneself
    assert(process.cancel(process.pid(), "1h"))
    eq(recv(process.events(), "our own CANCEL").from, process.pid(), "from of our own CANCEL")
end

return {main = main}

--- program app.test:worker
local ways = {}
function ways.obeys() return (process.events():receive()) end
function ways.ignores(top)
    while true do
        process.inbox():receive()
        process.send(top, "pong", process.pid())
    end
end
function ways.loops() while true do end end
ways["waits on a channel"] = function()
    local ch = channel.new()
    coroutine.spawn(function() process.inbox():receive() end)
    pcall(function() ch:receive() end)
end
ways["reads events and goes on"] = function()
    process.events():receive()
    while true do process.events():receive() end
end
return {main = function(top, how)
    process.send(top, "ready", process.pid())
    return ways[how](top)
end}
