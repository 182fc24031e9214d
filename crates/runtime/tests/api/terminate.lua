--- program app.test:main
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
    for _, how in ipairs{"waits on the inbox", "waits on a channel", "waits for events", "sleeps", "waits in a call",
        "loops", "loops in pcall", "loops in a coroutine", "pattern", "replaces", "sorts", "builds strings", "recurses",
        "closes", "sends to itself"} do
        local pid = start(how)
        local ok, err = process.terminate(pid)
        eq(ok, true, how .. ": result of terminate")
        eq(err, nil, how .. ": second result of terminate")
        local result = exit_of(pid)
        eq(result.value, nil, how .. ": value")
        has(result.error, "process terminated", how .. ": error")
        fails(errors.NOT_FOUND, how .. ": terminate once more", process.terminate(pid))
    end

    -- by name
    local pid = start("waits on the inbox")
    assert(process.registry.register("victim", pid))
    assert(process.terminate("victim"))
    has(exit_of(pid).error, "process terminated", "terminate by name")
    fails(errors.NOT_FOUND, "the name afterwards", process.registry.lookup("victim"))

    -- trapping links is no protection against terminate
    pid = start("traps")
    assert(process.terminate(pid))
    has(exit_of(pid).error, "process terminated", "terminate of one that traps links")

    -- two who terminate the same one: one EXIT (exit_of refuses a second)
    pid = start("loops")
    assert(process.terminate(pid))
    process.terminate(pid)
    has(exit_of(pid).error, "process terminated", "terminated twice")

    -- messages sent before do not save it, and it does not run on: it would have answered
    pid = start("waits on the inbox")
    assert(process.terminate(pid))
    exit_of(pid)
    local after = start("waits on the inbox")
    assert(process.send(after, "go"))
    eq(recv(process.listen("went on"), "one who was not terminated"), after, "who went on")
    exit_of(after)
end

return {main = main}

--- program app.test:worker
local time = require("time")
local ways = {}
ways["waits on the inbox"] = function(top)
    process.inbox():receive()
    process.send(top, "went on", process.pid())
end
ways["waits on a channel"] = function()
    local ch = channel.new()
    coroutine.spawn(function() process.inbox():receive() end)
    ch:receive()
end
ways["waits for events"] = function() process.events():receive() end
ways["sleeps"] = function() time.sleep("1h") end
ways["waits in a call"] = function() process.call("app.test:sitter", "app:processes") end
ways["loops"] = function() while true do end end
ways["loops in pcall"] = function() while true do pcall(function() while true do end end) end end
ways["loops in a coroutine"] = function() coroutine.wrap(function() while true do end end)() end
ways["pattern"] = function() return (("a"):rep(40)):find(("a*"):rep(30) .. "b") end
ways["replaces"] = function()
    while true do (("x"):rep(100000)):gsub("x", function() return "y" end) end
end
ways["sorts"] = function()
    while true do
        local t = {}
        for i = 1, 100000 do t[i] = (i * 7919) % 100003 end
        table.sort(t, function(a, b) return a < b end)
    end
end
ways["builds strings"] = function() while true do local _ = ("x"):rep(10000000) end end
ways["recurses"] = function()
    local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end
    while true do f(1000) end
end
ways["closes"] = function()
    -- neither a to-be-closed variable nor an error handler can stand in the way
    while true do
        pcall(function()
            local guard <close> = setmetatable({}, {__close = function() while true do end end})
            return guard
        end)
    end
end
ways["sends to itself"] = function()
    local inbox = process.inbox()
    while true do
        process.send(process.pid(), "again")
        inbox:receive()
    end
end
ways["traps"] = function()
    process.set_options{trap_links = true}
    process.events():receive()
end
return {main = function(top, how)
    process.send(top, "ready", process.pid())
    return ways[how](top)
end}

--- program app.test:sitter
return {main = function() process.inbox():receive() end}
