--- program app.test:main
local check = require("check")
local eq, has, recv, exit_of = check.eq, check.has, check.recv, check.exit_of

local HOST = "app:processes"

-- What goes wrong in one process ends that process, with the right EXIT, while neighbours go on.
local neighbours = {}

local function answer_all(what)
    for i, pid in ipairs(neighbours) do assert(process.send(pid, "ping", i)) end
    local pongs, seen = process.listen("pong"), 0
    for _ = 1, #neighbours do seen = seen + recv(pongs, what .. ": a neighbour's answer") end
    eq(seen, #neighbours * (#neighbours + 1) // 2, what .. ": sum of the neighbours' answers")
end

local function start(how)
    local pid = assert(process.spawn_monitored("app.test:culprit", HOST, process.pid(), how))
    eq(recv(process.listen("ready"), how .. " to be ready"), pid, how .. ": who is ready")
    return pid
end

local function fails(how, kind, part, limit)
    local pid = start(how)
    answer_all("beside " .. how)
    local result = exit_of(pid)
    eq(result.value, nil, how .. ": value")
    assert(result.error ~= nil, how .. ": wanted an error, got none")
    eq(result.error:kind(), kind, how .. ": kind of '" .. tostring(result.error) .. "'")
    has(result.error, part, how .. ": message")
    if limit then eq(result.error:details().limit, limit, how .. ": details().limit") end
    answer_all("after " .. how)
end

local function endless(how)
    local pid = start(how)
    for _ = 1, 5 do answer_all("beside " .. how) end
    assert(process.terminate(pid))
    has(exit_of(pid).error, "process terminated", how)
    answer_all("after " .. how)
end

local function main()
    for i = 1, 10 do neighbours[i] = assert(process.spawn("app.test:neighbour", HOST, process.pid())) end
    answer_all("at the start")

    endless("loops")
    endless("catches everything")
    endless("pattern bomb of lazy dots")
    endless("pattern bomb of stars")
    endless("gsub bomb")
    endless("sorts without end")

    fails("eats memory in a table", errors.UNAVAILABLE, "memory", "memory")
    fails("eats memory in a string", errors.UNAVAILABLE, "memory", "memory")
    fails("catches its memory limit", errors.UNAVAILABLE, "memory", "memory")
    fails("raises", errors.INTERNAL, "on purpose")
    fails("raises nil", errors.INTERNAL, "nil")
    fails("raises a table", errors.INTERNAL, "")
    fails("raises from __close", errors.INTERNAL, "closing")
    fails("raises in a message handler", errors.INTERNAL, "")

    -- recursion ends by an error of Lua's or by the memory limit, and pcall may catch the former
    local pid = start("recurses")
    answer_all("beside recurses")
    local result = exit_of(pid)
    eq(result.value, nil, "recurses: value")
    assert(result.error, "recurses: wanted an error, got none")
    answer_all("after recurses")

    -- all at once
    local pids = {}
    for _, how in ipairs{"loops", "pattern bomb of stars", "raises", "recurses", "eats memory in a table"} do
        pids[#pids + 1] = start(how)
    end
    for _ = 1, 5 do answer_all("beside all of them") end
    for _, culprit in ipairs(pids) do process.terminate(culprit) end
    for _, culprit in ipairs(pids) do assert(exit_of(culprit).error, "each of them must end with an error") end
    answer_all("at the end")
end

return {main = main}

--- program app.test:neighbour
return {main = function(top)
    local inbox = process.inbox()
    while true do process.send(top, "pong", inbox:receive():payload()) end
end}

--- program app.test:culprit memory=16MiB
local ways = {}
function ways.loops() while true do end end
ways["catches everything"] = function() while true do pcall(function() while true do end end) end end
ways["pattern bomb of lazy dots"] = function() while true do
    string.find(("a"):rep(60), (".-"):rep(30) .. "b$") end
end
ways["pattern bomb of stars"] = function() while true do
    string.find(("a"):rep(60), ("a*"):rep(30) .. "b") end
end
ways["gsub bomb"] = function() while true do
    string.gsub(("a"):rep(60), ("a*"):rep(30) .. "b", "x") end
end
ways["sorts without end"] = function()
    table.sort({3, 2, 1}, function() while true do end end)
end
ways["eats memory in a table"] = function()
    local t = {}
    for i = 1, math.huge do t[i] = ("x"):rep(1 << 20) .. i end
end
ways["eats memory in a string"] = function()
    local s = "x"
    while true do s = s .. s end
end
ways["catches its memory limit"] = function()
    local s = "x"
    while true do pcall(function() while true do s = s .. s end end) end
end
ways["raises"] = function() error("on purpose") end
ways["raises nil"] = function() error(nil) end
ways["raises a table"] = function() error({code = 1}) end
ways["raises from __close"] = function()
    local guard <close> = setmetatable({}, {__close = function() error("closing") end})
    return guard ~= nil
end
ways["raises in a message handler"] = function()
    local ok, err = xpcall(error, function() error("handler") end, "first")
    error(err)
end
ways["recurses"] = function()
    local function f(n) return 1 + f(n + 1) end
    return f(1)
end
return {main = function(top, how)
    process.send(top, "ready", process.pid())
    return ways[how]()
end}
