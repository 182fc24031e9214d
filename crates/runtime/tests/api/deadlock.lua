--- program app.test:main
local check = require("check")
local eq, has, exit_of, run = check.eq, check.has, check.exit_of, check.run

local HOST = "app:processes"

local function dead(how)
    local result = run("app.test:stuck", how)
    eq(result.value, nil, how .. ": value")
    assert(result.error ~= nil, how .. ": wanted the error deadlock, got none")
    has(result.error, "deadlock", how)
    return result.error
end

local function alive(how, answer)
    local pid = assert(process.spawn_monitored("app.test:alive", HOST, how))
    assert(process.send(pid, "wake", "up"))
    local result = exit_of(pid)
    eq(result.error, nil, how .. ": error")
    eq(result.value, answer, how .. ": value")
end

local function main()
    -- all coroutines wait on channels that nothing can ever feed
    local err = dead("receive on a channel of one's own")
    has(err, ":3", "it says where: the line")
    err = dead("send without a receiver")
    has(err, ":5", "it says where: the line")
    dead("send on a full channel")
    dead("select")
    dead("two wait for each other")
    dead("inside pcall")
    dead("inside an ordinary coroutine")
    dead("after work is done")
    err = dead("two at different places")
    has(err, ":30", "it says where each one waits: main")
    has(err, ":28", "it says where each one waits: the coroutine")

    -- what something may still feed is no deadlock
    alive("inbox in another coroutine", "up")
    alive("topic in another coroutine", "up")
    alive("subscribed channel", "up")
    alive("events in another coroutine", "cancelled")
    alive("timer", "time")
    alive("sleep in another coroutine", "slept")
    alive("call in another coroutine", "called")
    alive("select with the inbox", "up")
end

return {main = main}

--- program app.test:stuck
local ways = {}
ways["receive on a channel of one's own"] = function()
    channel.new():receive()
end
ways["send without a receiver"] = function() channel.new():send(1) end
ways["send on a full channel"] = function()
    local ch = channel.new(1)
    ch:send(1) ch:send(2)
end
ways["select"] = function()
    channel.select{channel.new():case_receive(), channel.new():case_send(1)}
end
ways["two wait for each other"] = function()
    local a, b = channel.new(), channel.new()
    coroutine.spawn(function() a:receive() b:send(1) end)
    b:receive() a:send(1)
end
ways["inside pcall"] = function() pcall(function() channel.new():receive() end) end
ways["inside an ordinary coroutine"] = function()
    coroutine.wrap(function() channel.new():receive() end)()
end
ways["after work is done"] = function()
    local ch = channel.new()
    coroutine.spawn(function() for i = 1, 3 do ch:send(i) end end)
    for _ = 1, 4 do ch:receive() end
end
ways["two at different places"] = function() local a, b = channel.new(), channel.new() coroutine.spawn(function()
    a:receive() end)
    -- main
    b:receive()
end
return {main = function(how) ways[how]() end}

--- program app.test:alive
local time = require("time")
local function feeding(f)
    local ch = channel.new()
    coroutine.spawn(function() ch:send(f()) end)
    return (ch:receive())
end
local ways = {}
ways["inbox in another coroutine"] = function()
    return feeding(function() return process.inbox():receive():payload() end)
end
ways["topic in another coroutine"] = function()
    return feeding(function() return process.listen("wake"):receive() end)
end
ways["subscribed channel"] = function()
    local ch = channel.new()
    subscribe("wake", ch)
    return (ch:receive())
end
ways["events in another coroutine"] = function()
    coroutine.spawn(function() process.inbox():receive() process.cancel(process.pid()) end)
    return feeding(function()
        return process.events():receive().kind == process.event.CANCEL and "cancelled"
    end)
end
ways["timer"] = function() time.after("5ms"):receive() return "time" end
ways["sleep in another coroutine"] = function()
    return feeding(function() time.sleep("5ms") return "slept" end)
end
ways["call in another coroutine"] = function()
    return feeding(function() return process.call("app.test:callee", "app:processes") end)
end
ways["select with the inbox"] = function()
    return channel.select{channel.new():case_receive(), process.inbox():case_receive()}.value:payload()
end
return {main = function(how) return ways[how]() end}

--- program app.test:callee
return {main = function() return "called" end}
