--- program app.test:main
local check = require("check")
local eq, recv, run = check.eq, check.recv, check.run

local function main()
    local me = process.pid()
    eq(type(me), "string", "type of a PID")
    assert(me:match("^{app:processes|[^|{}]+}$"), "a PID looks like {app:processes|id}, got " .. me)
    eq(process.pid(), me, "pid() asked twice")
    eq(process.id(), "app.test:main", "id() is the program id")
    eq(tostring(me), me, "tostring of a PID")
    eq(({[me] = "found"})[process.pid()], "found", "a PID as a table key")
    coroutine.wrap(function() eq(process.pid(), me, "pid() in a coroutine") end)()
    local done = channel.new(1)
    coroutine.spawn(function() done:send(process.pid()) end)
    eq(recv(done), me, "pid() in a spawned coroutine")

    -- what the child says of itself, what spawn says and what EXIT says agree
    local result, child = run("app.test:teller")
    eq(result.value.pid, child, "the child's own pid()")
    eq(result.value.id, "app.test:teller", "the child's own id()")
    assert(child ~= me, "a child must have a PID of its own, got " .. child)

    -- the PID survives a message as key and as value
    process.send(me, "pids", {[child] = me})
    local message = recv(process.inbox())
    eq(message:from(), me, "from() of a message to oneself")
    eq(message:payload()[child], me, "PIDs inside a payload")

    -- never reused: a slot that is free again gives another PID
    local seen = {[me] = true, [child] = true}
    for i = 1, 50 do
        local _, pid = run("app.test:teller")
        assert(not seen[pid], "PID " .. pid .. " was given twice (round " .. i .. ")")
        seen[pid] = true
    end

    -- no PIDs: their programs are the same, their globals are not
    eq(rawget(_G, "told"), nil, "a global that the children set")
    result = run("app.test:teller")
    eq(result.value.told_before, nil, "a global that an earlier process of the same program set")
end

return {main = main}

--- program app.test:teller
return {main = function()
    local told_before = rawget(_G, "told")
    rawset(_G, "told", true)
    string.told = true
    return {pid = process.pid(), id = process.id(), told_before = told_before}
end}
