--- program app.test:main
local time = require("time")
local check = require("check")
local eq, has = check.eq, check.has

local HOST = "app:processes"
local inbox = process.inbox()

-- Asks until the process is as wanted: where it is at a moment is up to the scheduler.
local function info_when(pid, what, is_so)
    for _ = 1, 2000 do
        local info, err = process.info(pid)
        assert(info, tostring(err))
        if is_so(info) then return info end
        time.sleep("1ms")
    end
    error("never " .. what)
end

local function waits(n)
    return function(info)
        if info.state ~= "waiting" or #info.coroutines ~= n then return false end
        for _, c in ipairs(info.coroutines) do
            if c.task and c.status == "ready" then return false end
        end
        return true
    end
end

process.set_options{trap_links = true}
-- A process that waits in several ways at once.
local started = time.now()
local pid = assert(process.spawn_linked_monitored("app.test:worker", HOST, process.pid()))
eq(inbox:receive():payload(), "there", "the worker is there")
process.send(pid, "other", "one")
process.send(pid, "other", ("x"):rep(1000))
local info = info_when(pid, "waiting in seven coroutines", waits(8))
eq(info.pid, pid, "pid")
eq(info.program, "app.test:worker", "program")
eq(info.host, HOST, "host")
assert(info.started >= started and info.since >= info.started, "times")
assert(info.since <= time.now(), "since")
assert(info.memory_bytes > 1000 and info.memory_bytes < 1000000, "memory " .. info.memory_bytes)
assert(info.instructions > 10, "instructions " .. info.instructions)
eq(info.mailbox_messages, 2, "messages")
assert(info.mailbox_bytes > 1000, "bytes " .. info.mailbox_bytes)
eq(info.parent, process.pid(), "parent")
eq(table.concat(info.names, ","), "the worker", "names")
eq(info.links[1], process.pid(), "links")
eq(info.links_count, 1, "links")
eq(info.monitored_by[1], process.pid(), "monitored by")
eq(#info.monitors, 1, "monitors")
eq(info.topics, 1, "topics")
eq(info.trap_links, false, "trap_links")
eq(info.limits.mailbox_messages, 10000, "limits")
eq(info.limits.instructions, nil, "no limit")
local lines = {}
for _, c in ipairs(info.coroutines) do lines[c.line or 0] = true end
assert(lines[info.line], "line " .. tostring(info.line) .. " is one of its coroutines'")
eq(info.coroutines_cut, false, "everything fits")
eq(info.actor, nil, "no actor")

local awaited = {}
for i, c in ipairs(info.coroutines) do
    awaited[i] = c.status .. " " .. tostring(c.waits_for) .. (c.task and " task" or "")
    if c.status ~= "not started" then
        has(c.traceback, "stack traceback:\n\t", awaited[i])
        has(c.line, "info.lua:", awaited[i])
    end
end
eq(table.concat(awaited, "\n"), table.concat({
    "normal nil task", "waiting events",
    "waiting topic news task", "waiting time task",
    "waiting coroutine task", "waiting anything task",
    "suspended nil", "not started nil",
}, "\n"), "what they wait for")
has(info.coroutines[2].traceback, "in upvalue 'deep'", "traceback of the inner coroutine")
has(info.coroutines[1].traceback, "in function 'coroutine.resume'", "traceback of the outer one")
eq(info.coroutines[7].line, "info.lua:" .. tostring(inbox:receive():payload()), "where it yielded")

-- It may be asked by name, and says the same twice.
local again = assert(process.info("the worker"))
eq(again.pid, pid, "by name")
eq(again.instructions, info.instructions, "asking costs it nothing")
eq(again.memory_bytes, info.memory_bytes, "nor memory")
eq(again.since, info.since, "nor does it wake")

-- Oneself.
local own = assert(process.info(process.pid()))
eq(own.pid, process.pid(), "own pid")
eq(own.state, "waiting", "it waits for the answer")
has(own.coroutines[1].traceback, "process.info", "in the call itself")
eq(own.coroutines[1].waits_for, "reply", "for the reply")

-- Calls, and those that have no file.
local sleeper = assert(process.spawn("app.test:sleeper", HOST, process.pid()))
local callee = inbox:receive():payload()
local seen = info_when(sleeper, "waiting for its callee", waits(1))
eq(seen.coroutines[1].waits_for, "process " .. callee, "what a caller waits for")
eq(assert(process.info(callee)).caller, sleeper, "whose call it is")
eq(assert(process.info(callee)).coroutines[1].waits_for, "time", "a sleep")

-- One that has not executed anything yet, and one that never waits.
local loops = assert(process.spawn("app.test:loop", HOST))
local busy = info_when(loops, "in the loop", function(info) return info.line ~= nil end)
eq(busy.state, "ready", "state of a loop between two slices")
has(busy.coroutines[1].traceback, "in local 'spin'", "where a loop is")
local later = info_when(loops, "further", function(info)
    return info.instructions > busy.instructions
end)
assert(later.since >= busy.since, "since when")

-- Those who are not there.
for _, pid in ipairs{loops, sleeper, pid} do
    process.terminate(pid)
    local none, err = process.info(pid)
    while none do none, err = process.info(pid) end
    eq(err:kind(), errors.NOT_FOUND, "a dead process")
    has(err, "not found", "a dead process")
end
local _, err = process.info("nobody")
eq(err:kind(), errors.NOT_FOUND, "no name")
local _, err = process.info()
eq(err:kind(), errors.INVALID, "nothing")
local ok = pcall(process.info, {})
eq(ok, false, "a table")

--- program app.test:worker
local function deep(n)
    if n == 0 then return process.events():receive() end
    local event = deep(n - 1)
    return event
end

local function step(note)
    note(debug.traceback():match("info.lua:(%d+)") + 1)
    coroutine.yield()
end

return {main = function(parent)
    process.registry.register("the worker")
    process.monitor(parent)
    process.send(parent, "hello", "there")
    coroutine.spawn(function() return process.listen("news"):receive() end)
    coroutine.spawn(function() return require("time").sleep("1h") end)
    coroutine.spawn(function() return channel.new():receive() end)
    coroutine.spawn(function()
        return channel.select{channel.new():case_receive(), process.listen("news"):case_receive()}
    end)
    local suspended = coroutine.create(step)
    coroutine.resume(suspended, function(line) process.send(parent, "line", line) end)
    local fresh = coroutine.create(step)
    local resumed = coroutine.create(function() return deep(3), suspended, fresh end)
    return coroutine.resume(resumed)
end}

--- program app.test:sleeper
return {main = function(parent) return process.call("app.test:callee", "app:processes", parent) end}

--- program app.test:callee
return {main = function(parent)
    process.send(parent, "callee", process.pid())
    require("time").sleep("1h")
end}

--- program app.test:loop
return {main = function()
    local function spin()
        while true do end
    end
    spin()
end}
