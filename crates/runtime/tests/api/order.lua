--- program app.test:main
local check = require("check")
local eq, recv, exit_of = check.eq, check.recv, check.exit_of

local HOST = "app:processes"

-- Messages of one pair arrive in order, whatever else goes on and wherever the two run.
local WORKERS, MESSAGES = 8, 200

local function main()
    local me = process.pid()
    local workers = {}
    for i = 1, WORKERS do workers[i] = assert(process.spawn_monitored("app.test:echo", HOST, me, i)) end

    -- interleaved to all, answered by all
    for n = 1, MESSAGES do
        for i = 1, WORKERS do assert(process.send(workers[i], "n", n)) end
    end
    local echoes, next_of = process.listen("echo"), {}
    for _ = 1, WORKERS * MESSAGES do
        local got = recv(echoes, "an echo")
        local i, n = got[1], got[2]
        eq(n, (next_of[i] or 0) + 1, "next echo of worker " .. tostring(i))
        next_of[i] = n
    end
    for i = 1, WORKERS do eq(next_of[i], MESSAGES, "echoes of worker " .. i) end

    -- by name and by PID in turn: it is one pair
    assert(process.registry.register("first", workers[1]))
    for n = MESSAGES + 1, MESSAGES + 100 do
        assert(process.send(n % 2 == 0 and "first" or workers[1], "n", n))
    end
    for n = MESSAGES + 1, MESSAGES + 100 do
        eq(recv(echoes, "an echo")[2], n, "echo of what was sent by name and by PID")
    end

    -- over different topics to one inbox
    for n = 1, 100 do assert(process.send(me, "topic " .. n % 7, n)) end
    for n = 1, 100 do eq(recv(process.inbox()):payload(), n, "message over several topics") end

    -- from several coroutines of one process: each in its own order
    local pid = assert(process.spawn_monitored("app.test:many_coroutines", HOST, me))
    local last, from = {}, process.listen("from")
    for _ = 1, 5 * 50 do
        local got = recv(from, "a message of a coroutine")
        eq(got[2], (last[got[1]] or 0) + 1, "next message of coroutine " .. got[1])
        last[got[1]] = got[2]
    end
    eq(exit_of(pid).error, nil, "error of the one with many coroutines")

    -- big and small ones do not overtake each other
    for n = 1, 40 do assert(process.send(workers[2], "n", n, n % 2 == 0 and ("x"):rep(100000) or nil)) end
    for n = 1, 40 do
        local payload = recv(echoes, "an echo")[2]
        if type(payload) == "table" then payload = payload[1] end
        eq(payload, n, "big and small messages")
    end

    -- a relay keeps order: main -> a -> b -> main
    local b = assert(process.spawn("app.test:relay", HOST, me, "arrived"))
    local a = assert(process.spawn("app.test:relay", HOST, b, "hop"))
    for n = 1, 100 do assert(process.send(a, "hop", n)) end
    for n = 1, 100 do eq(recv(process.listen("arrived"), "through the relay"), n, "order through a relay") end
end

return {main = main}

--- program app.test:echo
return {main = function(top, i)
    local inbox = process.inbox()
    while true do assert(process.send(top, "echo", i, inbox:receive():payload())) end
end}

--- program app.test:many_coroutines
return {main = function(top)
    local done = channel.new()
    for c = 1, 5 do
        coroutine.spawn(function()
            for n = 1, 50 do assert(process.send(top, "from", c, n)) end
            done:send(c)
        end)
    end
    for _ = 1, 5 do done:receive() end
end}

--- program app.test:relay
return {main = function(following, topic)
    local inbox = process.inbox()
    while true do assert(process.send(following, topic, inbox:receive():payload())) end
end}
