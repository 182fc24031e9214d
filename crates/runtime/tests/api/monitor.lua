--- program app.test:main
local check = require("check")
local eq, has, recv = check.eq, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

local function start()
    return assert(process.spawn("app.test:sitter", HOST))
end

local function quiet(what)
    -- a process that starts now is the next to be heard of: nothing else is queued
    local pid = assert(process.spawn_monitored("app.test:nothing", HOST))
    eq(recv(events, what).from, pid, what .. ": the next event")
end

local function over(pid)
    -- returns when others know that the process has ended
    assert(process.spawn("app.test:watcher", HOST, process.pid(), pid))
    eq(recv(process.listen("over"), "word of the watcher"), pid, "who is over")
end

local function main()
    -- EXIT once, on any end
    local pid = start()
    local ok, err = process.monitor(pid)
    eq(ok, true, "result of monitor")
    eq(err, nil, "second result of monitor")
    assert(process.send(pid, "return"))
    local event = recv(events, "EXIT of a normal end")
    eq(event.from, pid, "from")
    eq(event.result.value, "returned", "value")
    pid = start()
    assert(process.monitor(pid))
    assert(process.send(pid, "fail"))
    event = recv(events, "EXIT of an abnormal end")
    eq(event.from, pid, "from")
    has(event.result.error, "sitter failed", "error")
    quiet("after two EXITs")

    -- a monitor goes one way: our end is nothing to it, its end does not end us
    -- monitoring twice is one monitor, also on top of spawn_monitored
    pid = start()
    assert(process.monitor(pid))
    assert(process.monitor(pid))
    assert(process.send(pid, "return"))
    eq(recv(events, "the one EXIT").from, pid, "from")
    quiet("monitored twice")
    pid = assert(process.spawn_monitored("app.test:sitter", HOST))
    assert(process.monitor(pid))
    assert(process.send(pid, "return"))
    eq(recv(events, "the one EXIT").from, pid, "from")
    quiet("spawn_monitored and monitored")

    -- a process that has ended already: EXIT at once, kind NotFound
    over(pid)
    ok = process.monitor(pid)
    eq(ok, true, "monitor of an ended process")
    event = recv(events, "EXIT of one that had ended before")
    eq(event.kind, process.event.EXIT, "kind")
    eq(event.from, pid, "from")
    eq(event.result.error:kind(), errors.NOT_FOUND, "kind of its error")
    eq(event.result.value, nil, "its value")

    -- unmonitor: no EXIT; idempotent
    pid = start()
    assert(process.monitor(pid))
    eq(process.unmonitor(pid), true, "unmonitor")
    eq(process.unmonitor(pid), true, "unmonitor twice")
    assert(process.send(pid, "return"))
    over(pid)
    quiet("unmonitored before the end")
    eq(process.unmonitor(start()), true, "unmonitor of one never monitored")
    pid = assert(process.spawn_monitored("app.test:sitter", HOST))
    eq(process.unmonitor(pid), true, "unmonitor after spawn_monitored")
    assert(process.send(pid, "fail"))
    over(pid)
    quiet("spawn_monitored, then unmonitored")

    -- it also removes an EXIT that is queued and not yet read, and only that one
    for _ = 1, 20 do
        local other
        pid, other = start(), start()
        assert(process.monitor(pid))
        assert(process.monitor(other))
        assert(process.send(other, "return"))
        over(other)
        assert(process.send(pid, "return"))
        over(pid)
        eq(process.unmonitor(pid), true, "unmonitor of one whose EXIT is queued")
        eq(recv(events, "EXIT of the other").from, other, "the other's EXIT stays; from")
        quiet("the removed EXIT")
    end

    -- monitoring anew after unmonitor works
    pid = start()
    assert(process.monitor(pid))
    assert(process.unmonitor(pid))
    assert(process.monitor(pid))
    assert(process.send(pid, "return"))
    eq(recv(events, "EXIT after monitoring anew").from, pid, "from")

    -- by name: the event names the PID
    pid = start()
    assert(process.registry.register("seen", pid))
    assert(process.monitor("seen"))
    assert(process.send("seen", "return"))
    eq(recv(events, "EXIT of a named one").from, pid, "from of one monitored by name")

    -- many watchers, each hears once
    pid = start()
    local said, ready = process.listen("over"), process.listen("watching")
    for _ = 1, 50 do assert(process.spawn("app.test:watcher", HOST, process.pid(), pid)) end
    for _ = 1, 50 do recv(ready, "the watchers") end
    assert(process.send(pid, "return"))
    for i = 1, 50 do eq(recv(said, "watcher " .. i), pid, "what a watcher saw") end
end

return {main = main}

--- program app.test:nothing
return {main = function() end}

--- program app.test:sitter
return {main = function()
    local message = process.inbox():receive()
    if message:topic() == "fail" then error("sitter failed") end
    return "returned"
end}

--- program app.test:watcher
return {main = function(top, pid)
    process.monitor(pid)
    process.send(top, "watching")
    process.send(top, "over", process.events():receive().from)
end}
