--- program app.test:main
local check = require("check")
local eq, has, recv = check.eq, check.has, check.recv

local events = process.events()

local HOST = "app:processes"

-- A thousand monitored children: every EXIT is seen, exactly once, with the right result.
local CHILDREN = 1000

local function main()
    local number = {}
    for i = 1, CHILDREN do
        local pid = assert(process.spawn_monitored("app.test:child", HOST, i))
        assert(not number[pid], "PID " .. pid .. " was given twice")
        number[pid] = i
    end
    local seen = {}
    for i = 1, CHILDREN do
        local event = recv(events, "EXIT " .. i)
        eq(event.kind, process.event.EXIT, "kind of an event")
        local n = number[event.from]
        assert(n, "an EXIT of a process we did not start: " .. tostring(event.from))
        assert(not seen[n], "a second EXIT of child " .. n)
        seen[n] = true
        if n % 10 == 0 then
            eq(event.result.value, nil, "value of child " .. n)
            has(event.result.error, "child " .. n .. " failed", "error of child " .. n)
        else
            eq(event.result.error, nil, "error of child " .. n)
            eq(event.result.value, n * n, "value of child " .. n)
        end
    end
    eq(#seen, CHILDREN, "children whose EXIT was seen")
    local got = channel.select{events:case_receive(), default = true}
    eq(got.default, true, "no event is left; default")

    -- the same with all alive at once, ended in another order
    local pids = {}
    for i = 1, CHILDREN do pids[i] = assert(process.spawn_monitored("app.test:waiting", HOST)) end
    for i = CHILDREN, 1, -1 do
        if i % 2 == 0 then assert(process.send(pids[i], "end", i)) else assert(process.terminate(pids[i])) end
    end
    local results = {}
    for i = 1, CHILDREN do
        local event = recv(events, "EXIT " .. i .. " of those who waited")
        assert(not results[event.from], "a second EXIT of " .. event.from)
        results[event.from] = event.result
    end
    for i = 1, CHILDREN do
        local result = results[pids[i]]
        assert(result, "no EXIT of child " .. i)
        if i % 2 == 0 then
            eq(result.value, i, "value of child " .. i)
        else
            has(result.error, "process terminated", "error of child " .. i)
        end
    end
end

return {main = main}

--- program app.test:child
return {main = function(i)
    if i % 10 == 0 then error("child " .. i .. " failed") end
    return i * i
end}

--- program app.test:waiting
return {main = function() return process.inbox():receive():payload() end}
